/* buckets.h - the limits of a target that its answers tell of. Not for other folders.
 *
 * Threads: the lock of the target's state is held. */
#pragma once

#include "gateway/target.h"

/* What is left of a limit that the service told of. It is taken for a bucket that fills evenly: it
 * is so at OpenAI, Anthropic and Groq, and where it is not, a 429 tells the rest. */
typedef struct Bucket {
    bool is_known;
    double limit, left;
    double each_ms; /* that come back in a millisecond */
    int64_t at_ms;  /* when `left` was true */
} Bucket;

typedef struct Buckets {
    bool are_known;
    Bucket at[LIMIT_COUNT];
} Buckets;

/* What a call takes out of buckets. Its answer counts when it has come: what a client allows at
 * most is nearly always more than that. */
typedef struct Use {
    int64_t requests, input, output;
} Use;

/* What it takes out of the bucket of this kind of limit. */
double bucket_use(size_t kind, const Use *use);
/* How long until a call has room in each. */
int64_t buckets_wait_ms(Buckets *buckets, int64_t now_ms, const TargetAsk *ask);
void buckets_take(Buckets *buckets, const Use *use);
void buckets_learn(Buckets *buckets, const Hints *hints, int64_t now_ms);
/* What is left of the least, for people; -1: not known. */
int64_t buckets_left(Buckets *buckets, int64_t now_ms, bool of_tokens);
