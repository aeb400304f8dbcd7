/* limits.c - see limits.h. */
#include "gateway/limits.h"

#include <assert.h>
#include <pthread.h>

#include "base/clock.h"
#include "gateway/shares.h"

#define MINUTE_US INT64_C(60000000) /* also the parts of one item */
#define DEBT_MAX (INT64_MIN / 4)

struct LimitState {
    pthread_mutex_t lock;
    Bucket requests, tokens;
    int64_t concurrent, running;
};

/* --- Buckets --- */

static void fill(Bucket *bucket, int64_t now_us)
{
    int64_t full = bucket->limit * MINUTE_US, passed_us = now_us - bucket->at_us;
    if (passed_us <= 0)
        return;
    bucket->at_us = now_us;
    /* A debt of more than a bucket takes longer than a minute, so time is cut, not the sum. */
    int64_t short_us = (full - bucket->level) / MAX(bucket->limit, (int64_t)1) + 1;
    bucket->level += bucket->limit * MIN(passed_us, short_us);
    bucket->level = MIN(bucket->level, full);
}

void bucket_set(Bucket *bucket, int64_t limit, int64_t now_us)
{
    limit = MIN(limit, BUCKET_LIMIT_MAX);
    if (limit == bucket->limit)
        return;
    fill(bucket, now_us);
    bucket->level += (limit - bucket->limit) * MINUTE_US;
    bucket->limit = limit;
    bucket->at_us = now_us;
}

int64_t bucket_wait_us(Bucket *bucket, int64_t count, int64_t now_us)
{
    if (!bucket->limit)
        return 0;
    fill(bucket, now_us);
    int64_t needed = MIN(count, bucket->limit) * MINUTE_US - bucket->level;
    return needed <= 0 ? 0 : (needed + bucket->limit - 1) / bucket->limit;
}

void bucket_take(Bucket *bucket, int64_t count)
{
    if (!bucket->limit)
        return;
    count = MAX(MIN(count, BUCKET_LIMIT_MAX), -BUCKET_LIMIT_MAX);
    bucket->level = MAX(bucket->level - count * MINUTE_US, DEBT_MAX);
    bucket->level = MIN(bucket->level, bucket->limit * MINUTE_US);
}

int64_t bucket_left(const Bucket *bucket) { return MAX(bucket->level, (int64_t)0) / MINUTE_US; }

/* Until it is full again. */
static int64_t bucket_full_us(const Bucket *bucket)
{
    return bucket->limit ? (bucket->limit * MINUTE_US - bucket->level) / bucket->limit : 0;
}

/* --- What somebody has used --- */

LimitState *limit_state_new(void)
{
    LimitState *state = heap_alloc(sizeof *state);
    pthread_mutex_init(&state->lock, NULL);
    return state;
}

void limit_state_free(LimitState *state)
{
    if (!state)
        return;
    pthread_mutex_destroy(&state->lock);
    free(state);
}

void limit_state_set(LimitState *state, const LimitRates *rates)
{
    int64_t now_us = monotonic_us();
    pthread_mutex_lock(&state->lock);
    bucket_set(&state->requests, rates->requests_per_minute, now_us);
    bucket_set(&state->tokens, rates->tokens_per_minute, now_us);
    state->concurrent = rates->concurrent;
    pthread_mutex_unlock(&state->lock);
}

/* Nobody knows when a running call ends. */
#define PLACE_WAIT_MS 1000

static RateKind refused_by(LimitState *state, int64_t tokens, bool is_patient, int64_t now_us,
                           int64_t *wait_us_r)
{
    int64_t requests = 1 + SHARE_SPARE(state->requests.limit, is_patient);
    tokens += SHARE_SPARE(state->tokens.limit, is_patient);
    if (state->concurrent &&
        state->running >= state->concurrent - SHARE_SPARE(state->concurrent, is_patient))
        return *wait_us_r = PLACE_WAIT_MS * 1000, RATE_CONCURRENT;
    if ((*wait_us_r = bucket_wait_us(&state->requests, requests, now_us)))
        return RATE_REQUESTS;
    if ((*wait_us_r = bucket_wait_us(&state->tokens, tokens, now_us)))
        return RATE_TOKENS;
    return RATE_NONE;
}

RateKind limit_take(LimitState *state, int64_t tokens, bool is_patient, int64_t *wait_ms_r)
{
    int64_t now_us = monotonic_us(), wait_us = 0;
    pthread_mutex_lock(&state->lock);
    RateKind kind = refused_by(state, tokens, is_patient, now_us, &wait_us);
    if (kind == RATE_NONE) {
        bucket_take(&state->requests, 1);
        bucket_take(&state->tokens, tokens);
        state->running++;
    }
    pthread_mutex_unlock(&state->lock);
    *wait_ms_r = (wait_us + 999) / 1000;
    return kind;
}

static void give_back(LimitState *state, int64_t requests, int64_t tokens)
{
    pthread_mutex_lock(&state->lock);
    assert(state->running > 0);
    state->running--;
    bucket_take(&state->requests, -requests);
    bucket_take(&state->tokens, -tokens);
    pthread_mutex_unlock(&state->lock);
}

void limit_end(LimitState *state, int64_t tokens, int64_t used)
{
    give_back(state, 0, tokens - used);
}

void limit_undo(LimitState *state, int64_t tokens) { give_back(state, 1, tokens); }

LimitView limit_view(LimitState *state)
{
    int64_t now_us = monotonic_us();
    pthread_mutex_lock(&state->lock);
    (void)bucket_wait_us(&state->requests, 0, now_us);
    (void)bucket_wait_us(&state->tokens, 0, now_us);
    LimitView view = { .requests = state->requests.limit,
                       .requests_left = bucket_left(&state->requests),
                       .requests_full_ms = bucket_full_us(&state->requests) / 1000,
                       .tokens = state->tokens.limit,
                       .tokens_left = bucket_left(&state->tokens),
                       .tokens_full_ms = bucket_full_us(&state->tokens) / 1000,
                       .concurrent = state->concurrent,
                       .running = state->running };
    pthread_mutex_unlock(&state->lock);
    return view;
}
