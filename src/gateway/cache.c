/* cache.c - see cache.h. */
#include "gateway/cache.h"

#include <pthread.h>

#include "base/clock.h"

#define SHARDS 16
#define BUCKETS_MIN 64

typedef struct Shard {
    pthread_mutex_t lock;
    CacheEntry **buckets;
    size_t bucket_count; /* a power of two; 0 until the first entry */
    CacheEntry *newest, *oldest;
    CacheFlight *flights; /* few: calls that run at this moment */
    CacheCounts counts;
} __attribute__((aligned(64))) Shard;

struct Cache {
    Shard shards[SHARDS];
    size_t shard_max; /* bytes */
};

/* The digest is keyed, so its bytes are as good as random. */
static uint64_t number_of(const CacheKey *key)
{
    uint64_t number;
    memcpy(&number, key->digest, sizeof number);
    return number;
}

static Shard *shard_of(Cache *cache, const CacheKey *key)
{
    return &cache->shards[number_of(key) % SHARDS];
}

static bool same_digest(const CacheKey *a, const CacheKey *b)
{
    return !memcmp(a->digest, b->digest, sizeof a->digest);
}

static bool same_check(const CacheKey *a, const CacheKey *b)
{
    return !memcmp(a->check, b->check, sizeof a->check);
}

Cache *cache_new(size_t bytes_max)
{
    Cache *cache = heap_alloc_lines(sizeof *cache);
    cache->shard_max = bytes_max / SHARDS;
    for (size_t i = 0; i < SHARDS; i++)
        pthread_mutex_init(&cache->shards[i].lock, NULL);
    return cache;
}

void cache_release(CacheEntry *entry)
{
    if (entry && atomic_fetch_sub(&entry->holders, 1) == 1)
        free(entry);
}

/* --- One shard; its lock is held --- */

static size_t size_of(const CacheEntry *entry)
{
    return sizeof *entry + entry->bytes.length + entry->question.length;
}

static CacheEntry **bucket_of(Shard *shard, const CacheKey *key)
{
    return &shard->buckets[(number_of(key) / SHARDS) & (shard->bucket_count - 1)];
}

static void unlist(Shard *shard, CacheEntry *entry)
{
    *(entry->newer ? &entry->newer->older : &shard->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &shard->oldest) = entry->newer;
}

static void list_newest(Shard *shard, CacheEntry *entry)
{
    entry->newer = NULL;
    entry->older = shard->newest;
    *(shard->newest ? &shard->newest->newer : &shard->oldest) = entry;
    shard->newest = entry;
}

static void drop(Shard *shard, CacheEntry *entry)
{
    CacheEntry **link = bucket_of(shard, &entry->key);
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    unlist(shard, entry);
    shard->counts.entries--;
    shard->counts.bytes -= size_of(entry);
    cache_release(entry);
}

static void grow(Shard *shard)
{
    size_t old_count = shard->bucket_count;
    CacheEntry **old = shard->buckets;
    if (shard->counts.entries < old_count)
        return;
    shard->bucket_count = MAX(old_count * 2, (size_t)BUCKETS_MIN);
    shard->buckets = heap_alloc(shard->bucket_count * sizeof *shard->buckets);
    for (size_t i = 0; i < old_count; i++)
        for (CacheEntry *entry = old[i], *next; entry; entry = next) {
            CacheEntry **bucket = bucket_of(shard, &entry->key);
            next = entry->next;
            entry->next = *bucket;
            *bucket = entry;
        }
    free(old);
}

static CacheEntry *find(Shard *shard, const CacheKey *key)
{
    CacheEntry *entry = shard->bucket_count ? *bucket_of(shard, key) : NULL;
    while (entry && !same_digest(&entry->key, key))
        entry = entry->next;
    if (!entry || monotonic_ms() < entry->ends_ms)
        return entry;
    drop(shard, entry);
    return NULL;
}

static CacheEntry *find_fresh(Shard *shard, const CacheKey *key, int64_t age_max_ms)
{
    CacheEntry *entry = find(shard, key);
    if (!entry || (age_max_ms >= 0 && monotonic_ms() - entry->made_ms > age_max_ms))
        return NULL;
    unlist(shard, entry);
    list_newest(shard, entry);
    return entry;
}

static CacheFlight **flight_of(Shard *shard, const CacheKey *key)
{
    CacheFlight **link = &shard->flights;
    while (*link && !same_digest(&(*link)->key, key))
        link = &(*link)->next;
    return link;
}

/* --- Asking --- */

static CacheVerdict join(Shard *shard, const CacheQuestion *question)
{
    CacheFlight *flight = *flight_of(shard, question->key);
    CacheWaiter *waiter = question->waiter;
    if (!flight) {
        flight = question->flight;
        *flight = (CacheFlight){ .key = *question->key, .next = shard->flights };
        shard->flights = flight;
        shard->counts.misses++;
        return CACHE_LEADS;
    }
    if (!same_check(&flight->key, question->key))
        return CACHE_CLASH;
    waiter->flight = flight;
    waiter->next = flight->waiters;
    flight->waiters = waiter;
    shard->counts.joined++;
    return CACHE_WAITS;
}

CacheVerdict cache_ask(Cache *cache, const CacheQuestion *question, CacheEntry **entry_r)
{
    Shard *shard = shard_of(cache, question->key);
    CacheVerdict verdict = CACHE_HIT;
    pthread_mutex_lock(&shard->lock);
    CacheEntry *entry = find_fresh(shard, question->key, question->age_max_ms);
    if (entry && !same_check(&entry->key, question->key)) {
        verdict = CACHE_CLASH;
    } else if (entry) {
        entry->holders++;
        shard->counts.hits++;
        *entry_r = entry;
    } else {
        verdict = question->only_if_cached ? CACHE_MISS : join(shard, question);
    }
    pthread_mutex_unlock(&shard->lock);
    return verdict;
}

void cache_land(Cache *cache, CacheFlight *flight, CacheOutcome outcome)
{
    Shard *shard = shard_of(cache, &flight->key);
    pthread_mutex_lock(&shard->lock);
    CacheFlight **link = flight_of(shard, &flight->key);
    CacheWaiter *waiter = flight->waiters;
    *link = flight->next;
    /* From here on cache_leave() finds that it is too late. */
    for (CacheWaiter *one = waiter; one; one = one->next) {
        one->flight = NULL;
        one->outcome = outcome;
    }
    pthread_mutex_unlock(&shard->lock);
    for (CacheWaiter *next; waiter; waiter = next) {
        next = waiter->next;
        waiter->wake(waiter, outcome);
    }
}

bool cache_leave(Cache *cache, const CacheKey *key, CacheWaiter *waiter)
{
    Shard *shard = shard_of(cache, key);
    pthread_mutex_lock(&shard->lock);
    CacheFlight *flight = waiter->flight;
    CacheWaiter **link = flight ? &flight->waiters : NULL;
    while (link && *link != waiter)
        link = &(*link)->next;
    if (link)
        *link = waiter->next;
    waiter->flight = NULL;
    pthread_mutex_unlock(&shard->lock);
    return link != NULL;
}

/* --- Keeping --- */

static CacheEntry *copy_of(const CacheEntry *model, int64_t ttl_ms)
{
    size_t length = model->bytes.length;
    CacheEntry *entry = heap_alloc(sizeof *entry + length + model->question.length);
    char *bytes = (char *)(entry + 1);
    memcpy(bytes, model->bytes.at, length);
    if (model->question.length)
        memcpy(bytes + length, model->question.at, model->question.length);
    *entry = (CacheEntry){ .holders = 1,
                           .key = model->key,
                           .workspace = model->workspace,
                           .form = model->form,
                           .bytes = { bytes, length },
                           .question = { bytes + length, model->question.length },
                           .usage = model->usage,
                           .cost = model->cost,
                           .made_ms = model->made_ms ? model->made_ms : monotonic_ms(),
                           .ends_ms = monotonic_ms() + ttl_ms };
    return entry;
}

void cache_put(Cache *cache, const CacheEntry *model, int64_t ttl_ms)
{
    Shard *shard = shard_of(cache, &model->key);
    CacheEntry *entry = copy_of(model, ttl_ms), *old;
    if (size_of(entry) > cache->shard_max || model->bytes.length > CACHE_ANSWER_MAX) {
        cache_release(entry);
        return;
    }
    pthread_mutex_lock(&shard->lock);
    if ((old = find(shard, &model->key)))
        drop(shard, old);
    while (shard->oldest && shard->counts.bytes + size_of(entry) > cache->shard_max) {
        drop(shard, shard->oldest);
        shard->counts.evicted++;
    }
    grow(shard);
    CacheEntry **bucket = bucket_of(shard, &entry->key);
    entry->next = *bucket;
    *bucket = entry;
    list_newest(shard, entry);
    shard->counts.entries++;
    shard->counts.bytes += size_of(entry);
    pthread_mutex_unlock(&shard->lock);
}

CacheEntry *cache_find(Cache *cache, const CacheKey *key, int64_t age_max_ms)
{
    Shard *shard = shard_of(cache, key);
    pthread_mutex_lock(&shard->lock);
    CacheEntry *entry = find_fresh(shard, key, age_max_ms);
    if (entry) {
        entry->holders++;
        shard->counts.hits++;
    }
    pthread_mutex_unlock(&shard->lock);
    return entry;
}

void cache_forget(Cache *cache, uint64_t workspace)
{
    for (size_t i = 0; i < SHARDS; i++) {
        Shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        for (CacheEntry *entry = shard->newest, *older; entry; entry = older) {
            older = entry->older;
            if (!workspace || entry->workspace == workspace)
                drop(shard, entry);
        }
        pthread_mutex_unlock(&shard->lock);
    }
}

void cache_free(Cache *cache)
{
    if (!cache)
        return;
    cache_forget(cache, 0);
    for (size_t i = 0; i < SHARDS; i++) {
        free(cache->shards[i].buckets);
        pthread_mutex_destroy(&cache->shards[i].lock);
    }
    free(cache);
}

CacheCounts cache_counts(Cache *cache)
{
    CacheCounts sum = { 0 };
    for (size_t i = 0; i < SHARDS; i++) {
        Shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        sum.entries += shard->counts.entries;
        sum.bytes += shard->counts.bytes;
        sum.hits += shard->counts.hits;
        sum.misses += shard->counts.misses;
        sum.joined += shard->counts.joined;
        sum.evicted += shard->counts.evicted;
        pthread_mutex_unlock(&shard->lock);
    }
    return sum;
}
