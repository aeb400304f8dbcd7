/* http_stream.c - see http_stream.h.
 *
 * The queue is filled by the producer and emptied on the loop's thread: all that waits goes as one
 * chunk, together with the head when that has not gone yet. */
#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/http_private.h"
#include "net/sse.h"

#define QUEUE_KEPT KB(4) /* of memory, when the queue is empty */

struct HttpStream {
    pthread_mutex_t lock;
    pthread_cond_t has_room;
    atomic_int holders; /* the producer and the connection */
    HttpStreamOptions options;
    HttpLoop *loop;
    HttpExchange *exchange; /* only on the loop's thread */
    char *queue;
    size_t start, length, capacity;
    /* What is left of a chunk on its way: what stands before its bytes and behind them. */
    char size_line[20];
    Str before, behind;
    size_t chunk_left;
    bool is_end_on_way;
    bool is_waking; /* the loop will look at it */
    bool is_ended;  /* by the producer: send the rest, then the end */
    bool is_cut;    /* end without an end */
    bool is_gone;   /* the connection is done */
    bool was_full;  /* on_room is to be called */
    bool beats;     /* a comment line is fine in this media type */
    char tail[2];   /* the last bytes queued: whether an event is complete */
    int64_t began_ms, fed_ms;
    ReactorTimer beat;
    bool is_listed;
    HttpStream *next, *previous;
};

static void stream_release(HttpStream *stream)
{
    if (atomic_fetch_sub(&stream->holders, 1) != 1)
        return;
    if (stream->options.on_end)
        stream->options.on_end(stream->options.argument);
    pthread_cond_destroy(&stream->has_room);
    pthread_mutex_destroy(&stream->lock);
    free(stream->queue);
    free(stream);
}

static bool is_open(const HttpStream *stream)
{
    return !stream->is_gone && !stream->is_cut && !stream->is_ended;
}

static void on_wake(void *argument)
{
    HttpStream *stream = argument;
    pthread_mutex_lock(&stream->lock);
    stream->is_waking = false;
    bool is_gone = stream->is_gone;
    pthread_mutex_unlock(&stream->lock);
    if (!is_gone)
        http_link_go(stream->exchange->link);
    stream_release(stream);
}

/* With the lock held: there is something to send, or the end. */
static void wake(HttpStream *stream)
{
    if (stream->is_gone || stream->is_waking)
        return;
    if (reactor_is_here(stream->loop->reactor)) {
        http_link_go_soon(stream->exchange->link);
        return;
    }
    stream->is_waking = true;
    stream->holders++;
    reactor_post(stream->loop->reactor, on_wake, stream);
}

/* --- On the loop's thread --- */

/* With the lock held: whether on_room is due, which is then called without it. */
static bool has_room_again(HttpStream *stream)
{
    bool due = stream->was_full && stream->length <= stream->options.queue_max / 2;
    stream->was_full = stream->was_full && !due;
    return due;
}

/* With the lock held: the next chunk (RFC 9112, section 7.1), or the end. A client of HTTP/1.0 gets
 * the bytes alone, and the end of the connection as theirs. */
static void begin_chunk(HttpStream *stream)
{
    bool is_chunked = stream->exchange->sending.is_chunked;
    bool ends = stream->is_ended && !stream->is_end_on_way;
    stream->chunk_left = stream->length;
    stream->is_end_on_way |= ends;
    if (!is_chunked)
        return;
    if (stream->length) {
        int size = snprintf(stream->size_line, sizeof stream->size_line, "%zx\r\n", stream->length);
        stream->before = (Str){ stream->size_line, (size_t)size };
        stream->behind = ends ? S("\r\n0\r\n\r\n") : S("\r\n");
    } else if (ends) {
        stream->behind = S("0\r\n\r\n");
    }
}

static bool is_chunk_out(const HttpStream *stream)
{
    return !stream->before.length && !stream->chunk_left && !stream->behind.length;
}

/* With the lock held: so many bytes of the queue have gone. */
static void forget_bytes(HttpStream *stream, size_t count)
{
    stream->start += count;
    stream->length -= count;
    stream->chunk_left -= count;
    stream->exchange->bytes_out += count;
    if (!stream->length) {
        stream->start = 0;
        if (stream->capacity > QUEUE_KEPT) {
            free(stream->queue);
            stream->queue = NULL;
            stream->capacity = 0;
        }
    }
    if (count)
        pthread_cond_broadcast(&stream->has_room);
}

/* With the lock held. */
static HttpSent send_chunk(HttpStream *stream)
{
    HttpSending *sending = &stream->exchange->sending;
    Str parts[] = { sending->parts[0],
                    stream->before,
                    { stream->queue ? stream->queue + stream->start : "", stream->chunk_left },
                    stream->behind };
    HttpSent sent = http_link_send(stream->exchange->link, parts, COUNT(parts), 0);
    sending->parts[0] = parts[0];
    stream->before = parts[1];
    forget_bytes(stream, stream->chunk_left - parts[2].length);
    stream->behind = parts[3];
    if (!parts[0].length)
        response_release(stream->exchange);
    return sent;
}

/* An event ends with two line ends, each LF or CRLF: returns do not count. */
static void note_tail(HttpStream *stream, char c)
{
    if (c == '\r')
        return;
    stream->tail[0] = stream->tail[1];
    stream->tail[1] = c;
}

/* Nothing was sent yet, or whole events: bytes that are passed on come in any pieces. */
static bool is_between_events(const HttpStream *stream)
{
    return !stream->tail[1] || (stream->tail[0] == '\n' && stream->tail[1] == '\n');
}

static void put_bytes(HttpStream *stream, Str bytes)
{
    if (stream->start + stream->length + bytes.length > stream->capacity) {
        if (stream->length)
            memmove(stream->queue, stream->queue + stream->start, stream->length);
        stream->start = 0;
        if (stream->length + bytes.length > stream->capacity) {
            stream->capacity = MAX(stream->capacity * 2, stream->length + bytes.length);
            stream->queue = heap_grow(stream->queue, stream->capacity);
        }
    }
    if (bytes.length)
        memcpy(stream->queue + stream->start + stream->length, bytes.at, bytes.length);
    stream->length += bytes.length;
    stream->fed_ms = monotonic_ms();
    for (size_t i = bytes.length - MIN(bytes.length, (size_t)3); i < bytes.length; i++)
        note_tail(stream, bytes.at[i]);
}

/* With the lock held. */
static void beat(HttpStream *stream)
{
    if (stream->length || stream->is_ended || !is_between_events(stream))
        return;
    put_bytes(stream, str(stream->options.heartbeat));
    wake(stream);
}

void stream_beat(HttpStream *stream)
{
    pthread_mutex_lock(&stream->lock);
    if (stream->beats)
        beat(stream);
    pthread_mutex_unlock(&stream->lock);
}

/* With the lock held: these are the last, and the end follows. */
static void finish(HttpStream *stream, Str last)
{
    if (is_open(stream))
        put_bytes(stream, last);
    stream->is_ended = true;
    pthread_cond_broadcast(&stream->has_room);
    wake(stream);
}

/* On the loop: it ends from our side. */
static void leave_client(HttpStream *stream)
{
    const HttpStreamOptions *options = &stream->options;
    bool asks = options->say_last && http_stream_is_open(stream);
    Str last = asks ? options->say_last(options->argument) : options->last_when_leaving;
    pthread_mutex_lock(&stream->lock);
    bool tells = is_open(stream) && options->on_gone;
    stream->is_cut |= is_open(stream) && !options->is_endless && !last.length;
    finish(stream, last);
    pthread_mutex_unlock(&stream->lock);
    if (tells)
        stream->options.on_gone(stream->options.argument);
}

/* When the next heartbeat is due. */
static int64_t beat_by_comment(HttpStream *stream, int64_t now)
{
    pthread_mutex_lock(&stream->lock);
    int64_t due = stream->fed_ms + stream->options.heartbeat_ms;
    if (due <= now) {
        beat(stream);
        due = now + stream->options.heartbeat_ms;
    }
    pthread_mutex_unlock(&stream->lock);
    return due;
}

static void on_beat(ReactorTimer *timer)
{
    HttpStream *stream = timer->owner;
    const HttpStreamOptions *options = &stream->options;
    int64_t now = monotonic_ms(), due = now + options->heartbeat_ms;
    if (options->life_ms && now - stream->began_ms >= options->life_ms) {
        leave_client(stream);
        return;
    }
    if (options->on_beat)
        options->on_beat(options->argument);
    else
        due = beat_by_comment(stream, now);
    reactor_set_timer(stream->loop->reactor, timer, due);
}

static void enter_loop(HttpStream *stream)
{
    HttpLoop *loop = stream->loop;
    stream->next = loop->streams;
    if (loop->streams)
        loop->streams->previous = stream;
    loop->streams = stream;
    stream->is_listed = true;
    loop->server->counts.streams++;
    stream->beat = (ReactorTimer){ .fire = on_beat, .owner = stream };
    if (stream->beats || stream->options.on_beat)
        reactor_set_timer(loop->reactor, &stream->beat,
                          monotonic_ms() + stream->options.heartbeat_ms);
}

static bool has_more(const HttpStream *stream)
{
    return stream->length || (stream->is_ended && !stream->is_end_on_way);
}

HttpSent stream_send(HttpExchange *x)
{
    HttpStream *stream = x->response.stream;
    if (!stream->is_listed)
        enter_loop(stream);
    pthread_mutex_lock(&stream->lock);
    HttpSent sent = HTTP_BROKEN;
    if (!stream->is_cut) {
        do {
            if (is_chunk_out(stream))
                begin_chunk(stream);
            sent = send_chunk(stream);
        } while (sent == HTTP_SENT && has_more(stream));
        if (sent == HTTP_SENT && !stream->is_end_on_way)
            sent = HTTP_WAITS;
    }
    bool tells = has_room_again(stream);
    pthread_mutex_unlock(&stream->lock);
    if (tells && sent != HTTP_BROKEN)
        stream->options.on_room(stream->options.argument);
    return sent;
}

static void leave_loop(HttpStream *stream)
{
    HttpLoop *loop = stream->loop;
    if (!stream->is_listed)
        return;
    if (stream->previous)
        stream->previous->next = stream->next;
    else
        loop->streams = stream->next;
    if (stream->next)
        stream->next->previous = stream->previous;
    loop->server->counts.streams--;
    reactor_clear_timer(loop->reactor, &stream->beat);
}

void stream_gone(HttpStream *stream, bool was_cut)
{
    leave_loop(stream);
    pthread_mutex_lock(&stream->lock);
    stream->is_gone = true;
    bool tells = was_cut && !stream->is_ended && stream->options.on_gone;
    pthread_cond_broadcast(&stream->has_room);
    pthread_mutex_unlock(&stream->lock);
    if (tells)
        stream->options.on_gone(stream->options.argument);
    stream_release(stream);
}

void streams_end(HttpLoop *loop, bool is_all)
{
    for (HttpStream *stream = loop->streams; stream; stream = stream->next)
        if (is_all || stream->options.is_endless)
            leave_client(stream);
}

bool stream_is_two_way(const HttpStream *stream) { return stream->options.on_bytes != NULL; }

void stream_receive(HttpStream *stream, Str bytes)
{
    stream->options.on_bytes(stream->options.argument, bytes);
}

/* --- For producers --- */

HttpStream *http_respond_stream(HttpResponse *response, const HttpStreamOptions *options)
{
    HttpStream *stream = heap_alloc(sizeof *stream);
    HttpExchange *x = response->exchange;
    stream->options = *options;
    if (!options->media_type.length)
        stream->options.media_type = S("text/event-stream");
    if (!options->queue_max)
        stream->options.queue_max = KB(256);
    if (!options->heartbeat_ms)
        stream->options.heartbeat_ms = 15000;
    if (!options->heartbeat)
        stream->options.heartbeat = ": still here\n\n";
    stream->beats = stream->options.heartbeat_ms > 0 && !options->on_bytes &&
                    str_starts(stream->options.media_type, S("text/event-stream"));
    pthread_mutex_init(&stream->lock, NULL);
    pthread_cond_init(&stream->has_room, NULL);
    stream->holders = 2;
    stream->loop = x->loop;
    stream->exchange = x;
    stream->began_ms = stream->fed_ms = monotonic_ms();
    response->stream = stream;
    if (options->handle)
        *options->handle = stream;
    if (options->on_bytes) {
        response->status = 101;
    } else {
        response->media_type = stream->options.media_type;
        http_header(response, "Cache-Control", S("no-store"));
        http_header(response, "X-Accel-Buffering", S("no")); /* nginx in between */
    }
    exchange_answer(x);
    return stream;
}

static bool has_room(const HttpStream *stream, size_t count)
{
    return !stream->length || stream->options.on_room ||
           stream->length + count <= stream->options.queue_max;
}

static void wait_for_room(HttpStream *stream, size_t count)
{
    int64_t until_ms = monotonic_ms() + stream->options.wait_ms;
    while (is_open(stream) && !has_room(stream, count) &&
           cond_wait_until(&stream->has_room, &stream->lock, until_ms))
        ;
}

bool http_stream_write(HttpStream *stream, Str bytes)
{
    pthread_mutex_lock(&stream->lock);
    if (stream->options.wait_ms && !has_room(stream, bytes.length))
        wait_for_room(stream, bytes.length);
    bool sends = is_open(stream);
    if (sends && !has_room(stream, bytes.length)) {
        /* Too slow: a gap in the stream would be worse than its end. */
        if (stream->options.last_when_slow.length)
            finish(stream, stream->options.last_when_slow);
        else
            stream->is_cut = true;
        sends = false;
    }
    if (sends)
        put_bytes(stream, bytes);
    wake(stream);
    pthread_mutex_unlock(&stream->lock);
    return sends;
}

bool http_stream_send_id(HttpStream *stream, Str id, Str event, Str data)
{
    size_t max = data.length * 8 + event.length + id.length + KB(1);
    AUTO_ARENA Arena *arena = arena_new(max * 4 + KB(16));
    Buf text = buf_new(arena, max);
    sse_write(&text, id, event, data);
    return http_stream_write(stream, buf_str(&text));
}

bool http_stream_send(HttpStream *stream, Str event, Str data)
{
    return http_stream_send_id(stream, S(""), event, data);
}

bool http_stream_is_full(HttpStream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool full = is_open(stream) && stream->length > stream->options.queue_max;
    stream->was_full = stream->was_full || (full && stream->options.on_room);
    pthread_mutex_unlock(&stream->lock);
    return full;
}

bool http_stream_is_open(HttpStream *stream)
{
    pthread_mutex_lock(&stream->lock);
    bool open = is_open(stream);
    pthread_mutex_unlock(&stream->lock);
    return open;
}

void http_stream_finish(HttpStream *stream, Str last)
{
    pthread_mutex_lock(&stream->lock);
    finish(stream, last);
    pthread_mutex_unlock(&stream->lock);
}

void http_stream_cut(HttpStream *stream)
{
    pthread_mutex_lock(&stream->lock);
    stream->is_cut = true;
    finish(stream, S(""));
    pthread_mutex_unlock(&stream->lock);
}

void http_stream_close(HttpStream *stream)
{
    if (!stream)
        return;
    http_stream_finish(stream, S(""));
    stream_release(stream);
}

void http_stream_abort(HttpStream *stream)
{
    http_stream_cut(stream);
    stream_release(stream);
}
