/* limits.h - how often somebody may call: buckets that fill evenly, and places that are taken.
 *
 * A bucket of 60 requests a minute holds 60 at first and gains one a second. Everything is counted
 * in whole numbers, so nothing is lost or gained by rounding. Each node keeps limits for itself.
 *
 * Threads: a Bucket belongs to whoever locks it; everything else from any. */
#pragma once

#include "base/base.h"

/* `level` counts in parts of an item, 60,000,000 of them each: a limit of n a minute then gains n
 * parts a microsecond. */
typedef struct Bucket {
    int64_t limit; /* a minute; 0: none */
    int64_t level; /* below 0: more was used than was foreseen */
    int64_t at_us;
} Bucket;
#define BUCKET_LIMIT_MAX INT64_C(10000000000)

/* Another limit: what was used stays used. */
void bucket_set(Bucket *bucket, int64_t limit, int64_t now_us);
/* How long until so many are there; 0: now. More than the limit wait for a full bucket. */
int64_t bucket_wait_us(Bucket *bucket, int64_t count, int64_t now_us);
/* Take so many, or with a negative count give them back. */
void bucket_take(Bucket *bucket, int64_t count);
int64_t bucket_left(const Bucket *bucket);

typedef struct LimitRates {
    int64_t requests_per_minute, tokens_per_minute, concurrent; /* 0: none */
} LimitRates;

/* What one key, user or workspace has used of its limits; shared by all its calls. */
typedef struct LimitState LimitState;
LimitState *limit_state_new(void);
void limit_state_free(LimitState *state);
void limit_state_set(LimitState *state, const LimitRates *rates);

typedef enum RateKind { RATE_NONE, RATE_REQUESTS, RATE_TOKENS, RATE_CONCURRENT } RateKind;

/* RATE_NONE: a request, so many tokens and a place are taken, and one of the two below gives the
 * place back. Else nothing is, and *wait_ms_r says when to come again. `is_patient`: a fifth of
 * each limit is left to those who are not. */
RateKind limit_take(LimitState *state, int64_t tokens, bool is_patient, int64_t *wait_ms_r);
/* The call is over; it has used this many of the tokens, or more. */
void limit_end(LimitState *state, int64_t tokens, int64_t used);
/* The call did not begin. */
void limit_undo(LimitState *state, int64_t tokens);

/* For x-ratelimit-* headers; limit 0: none. */
typedef struct LimitView {
    int64_t requests, requests_left, requests_full_ms;
    int64_t tokens, tokens_left, tokens_full_ms;
    int64_t concurrent, running;
} LimitView;
LimitView limit_view(LimitState *state);
