/* s3_client.h - one request to S3 and its answer: where, signed, tried again when that may help.
 *
 * What does not reach S3, and what S3 says about itself (500, SlowDown, a broken body), is tried
 * again for some seconds; see s3_errors.def. A clock that differs is found out from the answer and
 * allowed for. Keys never reach a message.
 *
 * Threads: any. */
#pragma once

#include "blob/s3_keys.h"
#include "blob/s3_sign.h"
#include "net/http_client.h"

typedef enum S3Addressing { S3_ADDRESS_AUTO, S3_ADDRESS_PATH, S3_ADDRESS_HOST } S3Addressing;

typedef struct S3Options {
    Str bucket;
    Str prefix;   /* of all keys; empty, or without a slash at its ends */
    Str endpoint; /* "https://s3.example.org"; empty: AWS's of the region */
    Str region;
    S3Addressing addressing; /* AUTO: by host at AWS, by path elsewhere */
    S3Keys keys;             /* empty: see s3_keys.h */
    Str encryption;          /* "", "AES256", "aws:kms", "aws:kms:KEY" */
    const char *ca_file;     /* NULL: the system's */
    const Proxy *proxy;      /* borrowed; NULL: none */
    int64_t tries_ms;        /* how long trying again may go on; 0: 3 s */
} S3Options;

/* Whether these can be, whichever bucket they are for; an empty endpoint is AWS's. */
MUST_CHECK bool s3_check_endpoint(Arena *arena, Str endpoint, Error *err);
MUST_CHECK bool s3_check_region(Str region, Error *err);
MUST_CHECK bool s3_check_encryption(Str encryption, Error *err);

typedef struct S3Client S3Client;

/* Copies the options. Fails on a setting that cannot be; asks nobody yet. */
MUST_CHECK bool s3_client_open(const S3Options *options, S3Client **client_r, Error *err);
void s3_client_free(S3Client *client); /* no call may be running. NULL is fine */
const S3Options *s3_client_options(const S3Client *client);

typedef struct S3Call {
    const char *method;
    Str key; /* with the prefix; empty: the bucket */
    HttpPairs query, headers;
    Str body;
    Str sha256; /* of the body, lower-case hex; empty: it is worked out */
    bool once;  /* not tried again */

    /* Before each try; the body of a 2xx as it comes (NULL: it is collected); after a 2xx, where a
     * failure with a temporary code is tried again. Each may be NULL. */
    bool (*begin)(void *self, Error *err);
    bool (*receive)(void *self, Str bytes, Error *err);
    bool (*finish)(void *self, const HttpAnswer *answer, Error *err);
    void *self;
} S3Call;

/* True for 2xx only. ERROR_NOT_FOUND: there is no such key. ERROR_BUSY: it may work in a moment.
 * ERROR_UPSTREAM: somebody has to change something. */
MUST_CHECK bool s3_call(S3Client *client, Arena *arena, const S3Call *call, HttpAnswer *answer_r,
                        Error *err);
/* Since the first call in vain behind the last one that was answered; 0: there is none. */
int64_t s3_failing_ms(const S3Client *client);
/* An address that gives whoever has it this key for so many seconds. */
MUST_CHECK bool s3_address(S3Client *client, Arena *arena, Str key, HttpPairs query,
                           int64_t seconds, Str *url_r, Error *err);
/* How far the clock of who answered is before ours, by its complaint or the head of its answer; 0:
 * it does not say. */
int64_t s3_clock_ahead_ms(Arena *arena, const HttpAnswer *answer);
