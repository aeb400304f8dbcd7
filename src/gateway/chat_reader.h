/* chat_reader.h - the bytes of an answer, in any pieces, become its text, tokens and end.
 *
 * Bytes decide what they are, not the declared type: services answer a stream with one JSON object,
 * or send a stream as text/plain. Threads: a reader belongs to one. */
#pragma once

#include "gateway/gateway.h"

typedef struct ChatReader {
    const Dialect *dialect;
    Arena *arena;
    bool (*delta)(void *self, Str text);
    /* Each event of a stream, after it was read; may be NULL. */
    bool (*event)(void *self, const SseEvent *event, Error *err);
    void *self;
    bool is_tap; /* the text is only counted: somebody else keeps it */

    /* Set by the dialect. */
    Str model, finish;
    int64_t input_tokens, output_tokens;
    bool has_usage, is_ended;

    /* The reader's own. */
    Buf text, whole;
    Buf start; /* of the text, while it is not known whether it is a thought */
    enum { THOUGHT_UNKNOWN, THOUGHT_OPEN, THOUGHT_NONE } thought;
    size_t text_bytes;
    SseReader *events;
    enum { CHAT_UNKNOWN, CHAT_EVENTS, CHAT_WHOLE } form;
} ChatReader;

/* `reader` is set up with delta, event, self and is_tap by its maker; released by
 * chat_reader_end(). */
void chat_reader_begin(ChatReader *reader, const Dialect *dialect, Arena *arena);
MUST_CHECK bool chat_reader_feed(ChatReader *reader, Str bytes, Error *err);
/* No more bytes come: fails unless the answer is complete. */
MUST_CHECK bool chat_reader_finish(ChatReader *reader, Error *err);
void chat_reader_end(ChatReader *reader);

/* For dialects: a piece of the text. */
MUST_CHECK bool chat_reader_text(ChatReader *reader, Str text, Error *err);
