/* http_stream.h - a response that goes on: server-sent events, or bytes as they come.
 *
 *     handler: stream = http_respond_stream(...)   head is sent at once
 *     any thread: http_stream_send(...) ...        false once the client is gone
 *     any thread, last: http_stream_close(stream)  ends it and gives the handle back
 *
 * The handler may send everything itself and close before it returns (an answer), or return and
 * leave the stream to another thread (events); it holds no pool thread then. The creator owns one
 * handle and must close it exactly once, also after the client has gone; nothing may use it after.
 *
 * Who produces on a reactor's own thread, where nothing may wait, sets on_room: a write then takes
 * whatever it is given, and the producer stops by itself while http_stream_is_full().
 *
 * A stream may go both ways once the protocol has been changed (on_bytes): then its answer is 101,
 * its bytes go as they are, and the connection ends with it.
 *
 * Threads: every function may be called from any thread; close not together with another call. */
#pragma once

#include "net/http.h"

typedef struct HttpStreamOptions {
    Str media_type;        /* "": text/event-stream */
    size_t queue_max;      /* bytes waiting for a slow client; 0: 256 KiB */
    int64_t wait_ms;       /* how long a send waits for room; 0: not at all. A client that is slower
                            * than that is cut off */
    int64_t heartbeat_ms;  /* a comment line between two events when nothing was sent for so long;
                            * 0: 15,000; -1: never. Of server-sent events only */
    const char *heartbeat; /* said instead of the comment, with its empty line; NULL: the comment */
    /* Called once when the client has gone before the end, or the server stops; from a reactor
     * thread, so it must not block. It may close the stream, and do nothing else with it. May be
     * NULL. */
    void (*on_gone)(void *argument);
    /* Called once for each time that http_stream_is_full() was true, from a reactor thread, when
     * half of queue_max is free again. It may write, and close the stream. */
    void (*on_room)(void *argument);
    /* What the client sends after the answer 101, from the reactor's thread. It may write, finish
     * and cut. NULL: nothing is read. */
    void (*on_bytes)(void *argument, Str bytes);
    /* Instead of the comment, every heartbeat_ms; from the reactor's thread, and like on_bytes. */
    void (*on_beat)(void *argument);
    /* The very last call, when both the producer and the connection are done; any thread. */
    void (*on_end)(void *argument);
    void *argument;
    HttpStream **handle; /* where it is noted before the first of these calls; may be NULL */
    bool is_endless;     /* it never ends by itself: when the server stops it ends at once, while
                          * others have time to come to their end */
    int64_t life_ms;     /* at most; 0: any. Then it ends as when the server stops */
    /* Said last, instead of cutting off a client that is too slow, and when the server stops or its
     * life is over; "": nothing. They must live as long as the stream. */
    Str last_when_slow, last_when_leaving;
    /* Makes last_when_leaving at that moment, from the reactor's thread, with nothing else done to
     * the stream; NULL: it is as it stands. One that is not endless and says nothing is cut off, so
     * that nobody takes it for a complete answer. */
    Str (*say_last)(void *argument);
} HttpStreamOptions;

/* Start the stream: status and headers of `response` are sent now and may not change any more. */
HttpStream *http_respond_stream(HttpResponse *response, const HttpStreamOptions *options);
/* Queue one event; an empty `event` leaves the name out. False when the client has gone or was
 * cut off. */
bool http_stream_send(HttpStream *stream, Str event, Str data);
/* The same with an id, which a browser sends back when it reconnects. */
bool http_stream_send_id(HttpStream *stream, Str id, Str event, Str data);
/* Queue bytes as they are. */
bool http_stream_write(HttpStream *stream, Str bytes);
bool http_stream_is_open(HttpStream *stream);
/* More than queue_max bytes are waiting: stop until on_room. */
bool http_stream_is_full(HttpStream *stream);
/* Say this last: what was queued is still sent, then the response ends. The handle stays, and later
 * writes are refused; nothing happens when it has ended already. */
void http_stream_finish(HttpStream *stream, Str last);
/* End it now, whatever waits; the handle stays. */
void http_stream_cut(HttpStream *stream);
/* What was queued is still sent, then the response ends. NULL is fine. */
void http_stream_close(HttpStream *stream);
/* The same, but the connection is cut, so that the client cannot take it for a complete answer. */
void http_stream_abort(HttpStream *stream);
