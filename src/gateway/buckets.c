/* buckets.c - see buckets.h. */
#include "gateway/buckets.h"

static void refill(Bucket *bucket, int64_t now_ms)
{
    double more = (double)(now_ms - bucket->at_ms) * bucket->each_ms;
    bucket->left = MIN(bucket->left + more, bucket->limit);
    bucket->at_ms = now_ms;
}

double bucket_use(size_t kind, const Use *use)
{
    switch (limit_counts[kind]) {
    case COUNTS_REQUESTS: return (double)use->requests;
    case COUNTS_TOKENS: return (double)(use->input + use->output);
    case COUNTS_INPUT: return (double)use->input;
    case COUNTS_OUTPUT: return (double)use->output;
    }
    return 0;
}

int64_t buckets_wait_ms(Buckets *buckets, int64_t now_ms, const TargetAsk *ask)
{
    const Use use = { 1, ask->tokens, 1 };
    double wait_ms = 0;
    for (size_t i = 0; buckets->are_known && i < LIMIT_COUNT; i++) {
        Bucket *bucket = &buckets->at[i];
        if (!bucket->is_known)
            continue;
        refill(bucket, now_ms);
        double need = bucket_use(i, &use) + (ask->is_patient ? bucket->limit / 5 : 0);
        double lacks = MIN(need, bucket->limit) - bucket->left;
        if (lacks > 0)
            wait_ms = MAX(wait_ms, lacks / bucket->each_ms);
    }
    return wait_ms >= (double)HINT_MAX_MS ? HINT_MAX_MS
                                          : (int64_t)wait_ms + (wait_ms > (double)(int64_t)wait_ms);
}

void buckets_take(Buckets *buckets, const Use *use)
{
    for (size_t i = 0; buckets->are_known && i < LIMIT_COUNT; i++)
        if (buckets->at[i].is_known)
            buckets->at[i].left -= bucket_use(i, use);
}

/* Answers overtake each other, and calls are on their way that this one's service had not seen: so
 * what is left by our own count is not made more by what an answer tells. */
static void learn(Bucket *bucket, const LimitTold *told, int64_t now_ms)
{
    double limit = told->limit >= 0 ? (double)told->limit : bucket->limit;
    double left = (double)told->remaining;
    if (limit < 1 || limit < left || told->reset_ms < 1)
        return; /* without them nobody knows when more comes */
    if (bucket->is_known) {
        refill(bucket, now_ms);
        left = MIN(left, bucket->left + (limit - bucket->limit));
    }
    /* A whole bucket fills again no faster than it did. */
    double each_ms = (limit - (double)told->remaining) / (double)told->reset_ms;
    if (each_ms > 0)
        bucket->each_ms = each_ms;
    *bucket = (Bucket){ .is_known = bucket->each_ms > 0,
                        .limit = limit,
                        .left = left,
                        .each_ms = bucket->each_ms,
                        .at_ms = now_ms };
}

void buckets_learn(Buckets *buckets, const Hints *hints, int64_t now_ms)
{
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        if (hints->limits[i].remaining >= 0)
            learn(&buckets->at[i], &hints->limits[i], now_ms);
    buckets->are_known = true;
}

int64_t buckets_left(Buckets *buckets, int64_t now_ms, bool of_tokens)
{
    double least = -1;
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        Bucket *bucket = &buckets->at[i];
        if (!bucket->is_known || (limit_counts[i] != COUNTS_REQUESTS) != of_tokens)
            continue;
        refill(bucket, now_ms);
        double left = MAX(bucket->left, 0);
        least = least < 0 ? left : MIN(least, left);
    }
    return (int64_t)least;
}
