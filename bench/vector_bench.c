/* vector_bench.c - how well and how fast the vector index finds, on one thread.
 *
 * usage: vector_bench CACHE [PART...]       parts: flat other filter many deletes; all when none is
 * given
 *
 * CACHE has base.f32, query.f32 and other.f32 of vector_texts. Each line of
 * output is a JSON object; times are of the processor, the best of several passes, as other work
 * on the machine disturbs the clock. bench/vector_peer.py measures other programs the same way. */
#include <math.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "index/vector_kernels.h"
#include "index/vectors.h"

#define QUERY_COUNT 1000
#define K 10
#define PASSES 3
#define MANY 1000000
#define MANY_QUERIES 100
/* Standard deviation of what is added to real vectors to have many; theirs is 0.051. */
#define MANY_NOISE 0.025f

typedef struct Bench {
    Arena *arena;
    const char *cache;
    const float *base, *queries, *others; /* others: twice as many as queries, in two kinds */
    size_t base_count, dims;
} Bench;

static void quit(const Error *err)
{
    fprintf(stderr, "vector_bench: %s\n", err->message);
    exit(1);
}

static int64_t thread_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

static const float *load(const Bench *bench, const char *name, size_t *bytes_r)
{
    Error err = { 0 };
    FileMap map;
    if (!file_map(path_join(bench->arena, str(bench->cache), str(name)), &map, &err))
        quit(&err);
    *bytes_r = map.bytes.length;
    return (const void *)map.bytes.at;
}

/* --- Exact answers --- */

typedef float Eight __attribute__((vector_size(32)));

__attribute__((target_clones("avx2", "default"))) static float inner(const float *a, const float *b,
                                                                     size_t dims)
{
    Eight sums[4] = { 0 }, x, y;
    for (size_t d = 0; d < dims; d += 32)
        for (size_t i = 0; i < 4; i++) {
            memcpy(&x, a + d + i * 8, sizeof(x));
            memcpy(&y, b + d + i * 8, sizeof(y));
            sums[i] += x * y;
        }
    Eight sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    return sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7];
}

typedef struct Best {
    float scores[K];
    uint64_t keys[K];
    size_t count;
} Best;

static void offer(Best *best, uint64_t key, float score)
{
    if (best->count == K && score <= best->scores[K - 1])
        return;
    size_t at = best->count < K ? best->count++ : K - 1;
    for (; at && best->scores[at - 1] < score; at--) {
        best->scores[at] = best->scores[at - 1];
        best->keys[at] = best->keys[at - 1];
    }
    best->scores[at] = score;
    best->keys[at] = key;
}

static size_t found_of(const Best *best, const LegHit *hits, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < best->count; i++)
        for (size_t h = 0; h < count; h++)
            found += hits[h].key == best->keys[i];
    return found;
}

/* The best among keys whose bit is set (NULL: all). */
static Best *exact(const Bench *bench, size_t queries, const uint64_t *bits)
{
    Best *best = heap_alloc(queries * sizeof(*best));
    for (size_t i = 0; i < bench->base_count; i++)
        for (size_t q = 0; q < queries && (!bits || bits[i / 64] >> (i % 64) & 1); q++)
            offer(&best[q], i,
                  inner(bench->queries + q * bench->dims, bench->base + i * bench->dims,
                        bench->dims));
    return best;
}

/* --- Measuring --- */

static VectorIndex *fill(const Bench *bench, const char *folder, bool is_exact, int64_t *spent_us)
{
    VectorIndex *index = vectors_new(folder, bench->dims, 1, is_exact);
    int64_t start = thread_us();
    for (size_t i = 0; i < bench->base_count; i++)
        vectors_add(index, i, 0, bench->base + i * bench->dims);
    vectors_publish(index);
    *spent_us = thread_us() - start;
    return index;
}

typedef struct Rate {
    double recall, processor, clock; /* queries a second */
    size_t short_count;              /* queries with fewer hits than there are */
} Rate;

static Rate measure(const Bench *bench, VectorIndex *index, size_t queries, const KeyFilter *filter,
                    const Best *best)
{
    Rate rate = { 0 };
    AUTO_FREE LegHit *hits = heap_alloc(queries * K * sizeof(*hits));
    AUTO_FREE size_t *counts = heap_alloc(queries * sizeof(*counts));
    for (size_t pass = 0; pass < PASSES; pass++) {
        int64_t processor = thread_us(), clock = monotonic_us();
        for (size_t q = 0; q < queries; q++)
            counts[q] =
                vectors_search(index, bench->queries + q * bench->dims, filter, K, hits + q * K);
        processor = thread_us() - processor, clock = monotonic_us() - clock;
        rate.processor = MAX(rate.processor, (double)queries * 1e6 / (double)MAX(processor, 1));
        rate.clock = MAX(rate.clock, (double)queries * 1e6 / (double)MAX(clock, 1));
    }
    size_t found = 0, all = 0;
    for (size_t q = 0; q < queries; q++) {
        found += found_of(&best[q], hits + q * K, counts[q]);
        all += best[q].count;
        rate.short_count += counts[q] < best[q].count;
    }
    rate.recall = (double)found / (double)MAX(all, 1);
    return rate;
}

static void print(const char *what, const char *how, Rate rate, const char *more)
{
    printf("{\"what\": \"vectors %s\", \"who\": \"lectern %s\", \"recall\": %.4f, \"qps\": %.0f, "
           "\"qps_clock\": %.0f, \"short\": %zu%s}\n",
           what, how, rate.recall, rate.processor, rate.clock, rate.short_count, more);
    fflush(stdout);
}

/* Bytes of a vector and vectors a second of one thread. */
static void about(const Bench *bench, VectorIndex *index, int64_t spent, char more[static 160])
{
    ShelfSize size = vectors_size(index);
    snprintf(more, 160, ", \"bytes\": %.1f, \"build\": %.0f",
             (double)size.bytes / (double)size.entries,
             (double)bench->base_count * 1e6 / (double)spent);
}

static void flat(Bench *bench)
{
    int64_t spent;
    char more[160];
    AUTO_FREE Best *best = exact(bench, QUERY_COUNT, NULL);
    VectorIndex *index = fill(bench, "/nonexistent", false, &spent);
    about(bench, index, spent, more);
    for (size_t i = 0; vector_kernels_all[i]; i++) {
        if (!vector_kernels_all[i]->is_supported())
            continue;
        vectors_use(index, vector_kernels_all[i]);
        print("flat", vector_kernels_all[i]->name, measure(bench, index, QUERY_COUNT, NULL, best),
              more);
    }
    vectors_use(index, vector_kernels());
    vectors_free(index);
    index = fill(bench, "/nonexistent", true, &spent);
    about(bench, index, spent, more);
    print("flat", "half precision", measure(bench, index, QUERY_COUNT, NULL, best), more);
    vectors_free(index);
}

/* Queries that the index was not tuned with. */
static void other(Bench *bench)
{
    static const char *const kinds[] = { "windows", "everyday" };
    int64_t spent;
    VectorIndex *index = fill(bench, "/nonexistent", false, &spent);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        char what[40];
        Bench some = *bench;
        some.queries = bench->others + i * QUERY_COUNT * bench->dims;
        AUTO_FREE Best *best = exact(&some, QUERY_COUNT, NULL);
        snprintf(what, sizeof(what), "other %s", kinds[i]);
        print(what, "cells", measure(&some, index, QUERY_COUNT, NULL, best), "");
    }
    vectors_free(index);
}

/* The keys with a hash below the share; vector_peer.py has the same. */
static uint64_t *filter_bits(size_t count, double share)
{
    uint64_t *bits = heap_alloc((count / 64 + 1) * sizeof(*bits));
    for (uint64_t i = 0; i < count; i++)
        if ((double)(i * 2654435761u % 4294967296u) < share * 4294967296.0)
            bits[i / 64] |= UINT64_C(1) << (i % 64);
    return bits;
}

static void filters(Bench *bench)
{
    enum { QUERIES = 200 };
    static const double shares[] = { 0.001, 0.01, 0.1, 0.5 };
    int64_t spent;
    VectorIndex *index = fill(bench, "/nonexistent", false, &spent);
    for (size_t i = 0; i < COUNT(shares); i++) {
        char what[40];
        AUTO_FREE uint64_t *bits = filter_bits(bench->base_count, shares[i]);
        AUTO_FREE Best *best = exact(bench, QUERIES, bits);
        KeyFilter filter = { .bits = bits, .bit_count = bench->base_count };
        snprintf(what, sizeof(what), "filter %g", shares[i]);
        print(what, "bitmap", measure(bench, index, QUERIES, &filter, best), "");
    }
    vectors_free(index);
}

/* Near normal, from a sum of bytes (Irwin and Hall). */
static float noise(uint64_t *state)
{
    *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
    uint64_t bytes = *state, sum = 0;
    for (int i = 0; i < 8; i++, bytes >>= 8)
        sum += bytes & 255;
    return ((float)sum - 1020) / 209.0f;
}

static void many(Bench *bench)
{
    AUTO_FREE float *vector = heap_alloc(bench->dims * sizeof(*vector));
    AUTO_FREE float *queries = heap_alloc(MANY_QUERIES * bench->dims * sizeof(*queries));
    Bench some = *bench;
    some.queries = queries;
    for (size_t q = 0; q < MANY_QUERIES; q++)
        memcpy(queries + q * bench->dims,
               bench->queries + q * (QUERY_COUNT / MANY_QUERIES) * bench->dims,
               bench->dims * sizeof(*queries));
    AUTO_FREE Best *best = heap_alloc(MANY_QUERIES * sizeof(*best));
    VectorIndex *index = vectors_new("/nonexistent", bench->dims, 1, false);
    uint64_t state = 88172645463325252u;
    int64_t spent = 0;
    char more[120];
    for (size_t i = 0; i < MANY; i++) {
        const float *real = bench->base + i % bench->base_count * bench->dims;
        double square = 0;
        for (size_t d = 0; d < bench->dims; d++) {
            vector[d] = real[d] + MANY_NOISE * noise(&state);
            square += (double)vector[d] * (double)vector[d];
        }
        for (size_t d = 0; d < bench->dims; d++)
            vector[d] = (float)((double)vector[d] / sqrt(square));
        for (size_t q = 0; q < MANY_QUERIES; q++)
            offer(&best[q], i, inner(queries + q * bench->dims, vector, bench->dims));
        int64_t start = thread_us();
        vectors_add(index, i, 0, vector);
        spent += thread_us() - start;
    }
    vectors_publish(index);
    Rate rate = measure(&some, index, MANY_QUERIES, NULL, best);
    snprintf(more, sizeof(more), ", \"ms\": %.3f, \"build\": %.0f", 1e3 / rate.processor,
             MANY * 1e6 / (double)spent);
    print("1,000,000", "cells", rate, more);
    vectors_free(index);
}

/* Half of the keys go and come again, ten times. */
static void deletes(Bench *bench)
{
    enum { ROUNDS = 10 };
    char folder[] = "/tmp/vector-bench-XXXXXX", more[120];
    Error err = { 0 };
    int64_t spent;
    if (!mkdtemp(folder))
        exit(1);
    AUTO_FREE Best *best = exact(bench, QUERY_COUNT, NULL);
    VectorIndex *index = fill(bench, folder, false, &spent);
    if (!vectors_commit(index, 1, &err))
        quit(&err);
    Rate fresh = measure(bench, index, QUERY_COUNT, NULL, best);
    size_t fresh_bytes = vectors_size(index).bytes;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < bench->base_count; i++)
            if ((i * 2654435761u + round * 40503u) >> 7 & 1)
                (void)vectors_delete(index, i);
        for (size_t i = 0; i < bench->base_count; i++)
            if ((i * 2654435761u + round * 40503u) >> 7 & 1)
                vectors_add(index, i, 0, bench->base + i * bench->dims);
        if (!vectors_commit(index, round + 2, &err))
            quit(&err);
    }
    Rate rate = measure(bench, index, QUERY_COUNT, NULL, best);
    snprintf(more, sizeof(more), ", \"recall_fresh\": %.4f, \"size_ratio\": %.3f", fresh.recall,
             (double)vectors_size(index).bytes / (double)fresh_bytes);
    print("deletes", "ten rounds of half", rate, more);
    vectors_free(index);
    if (!folder_remove(folder, &err))
        quit(&err);
}

static const struct {
    const char *name;
    void (*run)(Bench *bench);
} parts[] = { { "flat", flat },
              { "other", other },
              { "filter", filters },
              { "deletes", deletes },
              { "many", many } };

int main(int argc, char **argv)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Bench bench = { .arena = arena, .cache = argc > 1 ? argv[1] : "" };
    size_t base_bytes, query_bytes, other_bytes;
    if (argc < 2)
        return 2;
    bench.base = load(&bench, "base.f32", &base_bytes);
    bench.queries = load(&bench, "query.f32", &query_bytes);
    bench.dims = query_bytes / sizeof(float) / QUERY_COUNT;
    bench.others = load(&bench, "other.f32", &other_bytes);
    if (other_bytes != 2 * query_bytes)
        return 2;
    bench.base_count = base_bytes / sizeof(float) / bench.dims;
    for (size_t p = 0; p < COUNT(parts); p++) {
        bool wanted = argc == 2;
        for (int i = 2; i < argc; i++)
            wanted |= str_equal(str(argv[i]), str(parts[p].name));
        if (wanted)
            parts[p].run(&bench);
    }
    return 0;
}
