/* sse.h - server-sent events (HTML standard, section 9.2), written and read.
 *
 * Threads: a reader belongs to one. */
#pragma once

#include "base/base.h"

/* One event with its empty line; `event` and `id` may be empty. Line ends in `data` become further
 * "data:" lines; in `event` and `id` they are dropped. */
void sse_write(Buf *out, Str id, Str event, Str data);

typedef struct SseEvent {
    Str event; /* "message" when the stream did not say */
    Str data;
    Str id; /* the last one seen */
} SseEvent;

/* False stops the reading. The event's texts are valid only during the call. */
typedef bool SseReceive(void *self, const SseEvent *event, Error *err);

typedef struct SseReader SseReader;
/* `event_max`: bytes of one event; a longer one is an error. */
SseReader *sse_reader_new(size_t event_max, SseReceive *receive, void *self);
void sse_reader_free(SseReader *reader);
/* Feed bytes as they arrive, in any pieces. */
MUST_CHECK bool sse_read(SseReader *reader, Str bytes, Error *err);
