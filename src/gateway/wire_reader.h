/* wire_reader.h - the bytes of a service's answer, in any pieces, become frames, events and usage.
 *
 *     bytes -> frames (server-sent events, lines of JSON, or one whole body) -> dialect -> events
 *
 * Sound is neither: it goes on in the pieces that it comes in.
 *
 * Bytes decide what they are, not the declared type: services answer a stream with one JSON object,
 * send a stream where one object was asked for, or call it text/plain. A stream that ends without
 * its dialect's end is a failure. What follows the end is ignored.
 *
 * Threads: a reader belongs to one. */
#pragma once

#include "gateway/model.h"
#include "net/sse.h"

typedef struct Dialect Dialect;

typedef enum WireKind { WIRE_WHOLE, WIRE_EVENTS, WIRE_LINES } WireKind;

typedef struct WireReader {
    /* Set by the maker. */
    const Dialect *dialect;
    Arena *arena;   /* of the call */
    Arena *scratch; /* emptied before each frame, so a long stream takes no memory */
    ModelTask task;
    bool is_stream; /* was asked for */
    bool is_bytes; /* no text: its pieces are its frames, and its end is that of the connection's */
    /* Pieces of the answer; NULL: nobody listens, they are only counted. */
    bool (*event)(void *self, const ModelEvent *event, Error *err);
    /* Each frame of a stream after it was read, as it came: for handing on. May be NULL. */
    bool (*frame)(void *self, Str event, Str data, Error *err);
    /* The answer is no stream although one was asked for, or the other way round; said before
     * anything of it is read. May be NULL. */
    void (*other_form)(void *self);
    void *self;

    /* Set by the dialect. */
    ModelUsage usage;
    FinishReason finish;
    bool is_ended;       /* the dialect's own end has come */
    int failed_status;   /* of a failure inside an answer of status 200; 0: none */
    bool has_usage_only; /* this frame carries usage and nothing else */
    Str model;           /* that answered */
    void *state;         /* the dialect's own, in the arena; NULL at first */

    /* Counted by wire_event(). */
    bool has_content; /* text, reasoning, a tool call: something a client has seen */
    unsigned content_count;
    size_t output_bytes;

    /* The reader's own. */
    WireKind kind;
    bool knows_kind, has_failed;
    Buf whole;
    SseReader *events;
} WireReader;

/* Released by wire_reader_end(). `whole_max`: bytes of an answer in one piece. */
void wire_reader_begin(WireReader *reader, size_t whole_max);
MUST_CHECK bool wire_reader_feed(WireReader *reader, Str bytes, Error *err);
/* The end of a stream has come: what becomes of its connection after that is of no interest. */
bool wire_reader_has_all(const WireReader *reader);
/* No more bytes come: fails unless the answer is complete. */
MUST_CHECK bool wire_reader_finish(WireReader *reader, Error *err);
void wire_reader_end(WireReader *reader);

/* For dialects. */
MUST_CHECK bool wire_event(WireReader *reader, const ModelEvent *event, Error *err);
/* A failure that the service tells of inside an answer of status 200; err gets its code. Always
 * returns false. */
bool wire_fail(WireReader *reader, int status, Str message, Error *err);
