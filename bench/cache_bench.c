/* cache_bench.c - what a kept answer costs the gateway itself: cache_bench [entries]
 *
 * Wall time of each step of a hit among so many entries (100,000): reading the request, its key,
 * the look into the table. Bodies of 600 bytes, answers of 900; median and 99th percentile. */
#include <time.h>

#include "gateway/cache_key.h"

#define ROUNDS 200000

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static Str body_of(Arena *arena, unsigned number)
{
    return str_format(
        arena,
        "{\"model\":\"gpt-5-mini\",\"temperature\":0,\"messages\":[{\"role\":\"system\","
        "\"content\":\"%0400d\"},{\"role\":\"user\",\"content\":\"What is %u?\"}]}",
        7, number);
}

static CacheKey key_of(Arena *arena, unsigned number)
{
    static const unsigned char secret[CACHE_SECRET_SIZE] = { 1 };
    CacheKey key = { 0 };
    CacheRequest request;
    Error err;
    if (!cache_request_read(arena, body_of(arena, number), &request, &err))
        abort();
    const Str parts[] = { S("exact"), S("workspace/user/key"), S("openai_chat"), request.text };
    cache_digest(secret, parts, COUNT(parts), key.digest);
    return key;
}

int main(int argc, char **argv)
{
    int64_t entries = 100000;
    static char bytes[900];
    static int64_t took[ROUNDS];
    Arena *arena = arena_new(MB(64));
    if (argc > 1)
        (void)str_to_int(str(argv[1]), 1, 10000000, &entries);
    Cache *cache = cache_new(GB(2));
    for (int64_t i = 0; i < entries; i++, arena_reset(arena)) {
        CacheEntry entry = { .key = key_of(arena, (unsigned)i), .bytes = { bytes, sizeof bytes } };
        cache_put(cache, &entry, 3600000);
    }
    unsigned seed = 3;
    for (size_t i = 0; i < ROUNDS; i++, arena_reset(arena)) {
        unsigned number = (unsigned)rand_r(&seed) % (unsigned)entries;
        int64_t start = now_ns();
        CacheKey key = key_of(arena, number);
        CacheEntry *entry = cache_find(cache, &key, -1);
        if (!entry)
            abort();
        cache_release(entry);
        took[i] = now_ns() - start;
    }
    qsort(took, ROUNDS, sizeof *took, by_value);
    printf("a hit among %" PRId64 " entries: p50 %.2f us, p99 %.2f us\n", entries,
           (double)took[ROUNDS / 2] / 1000, (double)took[ROUNDS / 100 * 99] / 1000);
    cache_free(cache);
    arena_free(arena);
    return 0;
}
