/* s3_sign.h - AWS Signature Version 4, as S3 wants it: in headers, or in an address that works for
 * whoever has it. Nothing here asks anybody anything, so every case is a table of known answers.
 *
 * Threads: any. */
#pragma once

#include "net/http.h"

#define S3_HEADERS_MAX 24

typedef struct S3Signer {
    Str access_key, secret_key;
    Str session_token; /* empty: none */
    Str region;
    int64_t time_ms; /* as the server's clock has it */
} S3Signer;

typedef struct S3Signed {
    const char *method;
    Str host;                /* as the Host header has it */
    Str path;                /* percent-encoded, begins with a slash */
    HttpPairs query;         /* not encoded, in any order */
    const HttpPair *headers; /* names in lower case; all are signed */
    size_t header_count;     /* at most S3_HEADERS_MAX - 5 */
    Str payload_sha256;      /* lower-case hex of the body's SHA-256 */
} S3Signed;

/* The path of a key: each part between slashes is encoded. */
Str s3_path(Arena *arena, Str key);
/* "a=1&b=x%20y" in the order that is signed; what the request has to be sent with. */
Str s3_query(Arena *arena, HttpPairs query);
/* The headers to send: the given ones and those that sign them. */
HttpPairs s3_sign(Arena *arena, const S3Signer *signer, const S3Signed *request);
/* The query that makes the request good for so many seconds (at most 7 days) without any header. */
Str s3_presign(Arena *arena, const S3Signer *signer, const S3Signed *request, int64_t seconds);
