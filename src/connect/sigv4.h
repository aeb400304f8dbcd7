/* sigv4.h - requests to S3 and its like, signed in their headers (AWS Signature Version 4). Pure.
 */
#pragma once

#include "net/url.h"

typedef struct SigningKey {
    Str key_id, secret, region;
    Str session_token; /* empty: none */
} SigningKey;

#define SIGNED_HEADERS_MAX 4

typedef struct SignedHeaders {
    HttpPair at[SIGNED_HEADERS_MAX];
    size_t count;
} SignedHeaders;

/* A GET without a body. The path is escaped; the query is not given with the URL but as pairs, in
 * the order of their names. */
void sigv4_sign(Arena *arena, const SigningKey *key, Str host, Str path, const HttpPairs *query,
                int64_t now_ms, SignedHeaders *headers_r);
/* "a=1&b=2" of them, escaped. */
Str sigv4_query(Arena *arena, const HttpPairs *query);
