/* cache.h - answers that are kept in memory, and calls that wait for the answer of an equal one.
 *
 *     cache_ask() -> CACHE_HIT    the entry is held: cache_release()
 *                 -> CACHE_LEADS  make the answer: [cache_put()] cache_land()
 *                 -> CACHE_WAITS  until waiter->wake(), or cache_leave()
 *
 * Least recently used answers go when the limit of bytes is reached. Sixteen shards, a lock each,
 * held for nanoseconds.
 *
 * Threads: any. */
#pragma once

#include <stdatomic.h>

#include "gateway/model.h"

#define CACHE_ANSWER_MAX MB(1) /* a larger answer is not kept */

typedef struct CacheKey {
    unsigned char digest[32];
    unsigned char check[32]; /* two calls of one digest must agree in it; zeros: nothing to check */
} CacheKey;

/* How an answer was written. */
typedef enum CacheForm { CACHE_WHOLE, CACHE_STREAM, CACHE_STREAM_USAGE } CacheForm;

/* An answer as its client got it. Never changed; freed with its last holder. */
typedef struct CacheEntry {
    atomic_int holders;
    CacheKey key;
    uint64_t workspace; /* hash of its id */
    CacheForm form;
    Str bytes;
    Str question; /* its last words as they were asked, of an entry that is found by them; "" */
    ModelUsage usage;
    int64_t cost;             /* what the answer cost, pico-dollars; -1: unknown */
    int64_t made_ms, ends_ms; /* monotonic */
    /* The table's own. */
    struct CacheEntry *next, *newer, *older;
} CacheEntry;
void cache_release(CacheEntry *entry);

typedef enum CacheOutcome {
    CACHE_KEPT,   /* ask again: it is there */
    CACHE_PASSED, /* answered, but such an answer is not kept: everybody for himself */
    CACHE_FAILED  /* somebody else may try */
} CacheOutcome;

typedef struct CacheFlight CacheFlight;

/* Members of who leads and who waits; the cache's own but for wake and owner. */
typedef struct CacheWaiter {
    CacheFlight *flight; /* NULL: not waiting any more */
    struct CacheWaiter *next;
    /* On the leader's thread; nothing else of the waiter is used after it. */
    void (*wake)(struct CacheWaiter *waiter, CacheOutcome outcome);
    void *owner;
    CacheOutcome outcome; /* told before wake() */
} CacheWaiter;

struct CacheFlight {
    CacheKey key;
    CacheWaiter *waiters;
    CacheFlight *next;
};

typedef struct Cache Cache;
Cache *cache_new(size_t bytes_max);
/* Nobody leads or waits any more. NULL is fine. */
void cache_free(Cache *cache);

typedef enum CacheVerdict {
    CACHE_HIT,
    CACHE_LEADS,
    CACHE_WAITS,
    CACHE_MISS, /* not there, and only_if_cached */
    CACHE_CLASH /* the digest is there with another check */
} CacheVerdict;

typedef struct CacheQuestion {
    const CacheKey *key;
    int64_t age_max_ms; /* -1: any */
    bool only_if_cached;
    CacheFlight *flight; /* of CACHE_LEADS */
    CacheWaiter *waiter; /* of CACHE_WAITS */
} CacheQuestion;
CacheVerdict cache_ask(Cache *cache, const CacheQuestion *question, CacheEntry **entry_r);
/* Whoever leads has come to an end, in one way or another. */
void cache_land(Cache *cache, CacheFlight *flight, CacheOutcome outcome);
/* Wait no more. False: it is too late, wake() has been or will be called. */
bool cache_leave(Cache *cache, const CacheKey *key, CacheWaiter *waiter);

/* Keep a copy; `model` has all but holders and ends_ms, and made_ms when it is older than now. */
void cache_put(Cache *cache, const CacheEntry *model, int64_t ttl_ms);
/* The entry of this digest, held, if it is fresh; NULL. */
CacheEntry *cache_find(Cache *cache, const CacheKey *key, int64_t age_max_ms);
/* Drop what a workspace has; 0: everything. */
void cache_forget(Cache *cache, uint64_t workspace);

typedef struct CacheCounts {
    uint64_t entries, bytes, hits, misses, joined, evicted;
} CacheCounts;
CacheCounts cache_counts(Cache *cache);
