/* cache_key.h - which calls are equal: the same request but for how it is written.
 *
 * Members are sorted, white space between them is gone, and what changes only the way an answer is
 * sent (stream, stream_options, user, metadata...) is left out. Numbers and texts are compared as
 * they are written: 1 and 1.0 are two requests, which costs a call and never a wrong answer.
 *
 * Threads: any. */
#pragma once

#include "gateway/cache.h"

typedef struct CacheRequest {
    Str text;       /* canonical */
    bool has_tools; /* a tool has run, or is offered */
    /* The words of the last message when it is a plain text from a user, and where they lie in
     * `text`, quoted; empty otherwise. */
    Str last_words;
    size_t words_start, words_end;
} CacheRequest;

/* Fails with ERROR_INVALID for what is no JSON object. */
MUST_CHECK bool cache_request_read(Arena *arena, Str body, CacheRequest *request_r, Error *err);

#define CACHE_SECRET_SIZE 32
/* The digest of texts, each apart from the next, by this process's own key. */
void cache_digest(const unsigned char secret[CACHE_SECRET_SIZE], const Str *texts, size_t count,
                  unsigned char digest_r[32]);
