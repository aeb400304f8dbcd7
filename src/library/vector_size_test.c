/* vector_size_test.c - stores of vectors with tens of thousands of them: filters with few matches,
 * many that go at once, and what was lost put back while searches go on. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "db/fixture_test.h"
#include "index/vectors.h"
#include "index/weaviate_store.h"
#include "library/outside_stores_test.h"
#include "library/pgvector_store.h"
#include "library/vector_drift.h"
#include "library/vector_exact.h"
#include "store/documents_store.h"
#include "store/migrate.h"
#include "store/workspaces_store.h"

#define DIMS 32
#define MANY_MAX 20400
#define FEWER 4080 /* both are multiples of 60 and 12 */
#define DOCUMENTS 12
#define K 30
#define SEARCHES_MAX 100

static Error err;
static size_t many = MANY_MAX;

/* Of searches with a filter: how long they took, how many they gave, how many of the best. */
typedef struct Filtered {
    int64_t us[SEARCHES_MAX];
    size_t count, found, near;
} Filtered;

typedef struct Bench {
    Arena *arena;
    VectorStore *store;
    VectorSpace space;
    const char *postgres;
    Db *db; /* of the rows */
    OutsideWeaviate weaviate;
    int64_t numbers[MANY_MAX]; /* keys of the vectors, rising; key i is of values[i] */
    float (*values)[DIMS];
    size_t document; /* that is written */
    bool is_exact;   /* what these filters allow is compared one by one */
    Filtered filtered;
} Bench;

/* --- Vectors --- */

/* Half of them lie around one place, half around the opposite one. */
static void make_values(Bench *bench)
{
    uint64_t random = 4711;
    bench->values = arena_alloc(bench->arena, sizeof(float[DIMS]) * many);
    for (size_t i = 0; i < many; i++) {
        float *own = bench->values[i], sum = 0;
        for (size_t d = 0; d < DIMS; d++) {
            random ^= random >> 12, random ^= random << 25, random ^= random >> 27;
            own[d] = (float)(int64_t)(random * 0x2545f4914f6cdd1du) / 9.3e18f;
        }
        own[0] += i % 2 ? 3 : -3;
        for (size_t d = 0; d < DIMS; d++)
            sum += own[d] * own[d];
        for (size_t d = 0; d < DIMS; d++)
            own[d] /= sqrtf(sum);
    }
}

static float cosine(const float *a, const float *b)
{
    float sum = 0;
    for (size_t d = 0; d < DIMS; d++)
        sum += a[d] * b[d];
    return sum;
}

static void put(Bench *bench, size_t from, size_t count)
{
    for (size_t at = from; at < from + count; at += 4000) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        size_t size = MIN((size_t)4000, from + count - at);
        StoredVector *all = arena_new_array(arena, StoredVector, size);
        for (size_t i = 0; i < size; i++)
            all[i] =
                (StoredVector){ (uint64_t)bench->numbers[at + i], 0, 1, bench->values[at + i] };
        cr_assert(bench->store->upsert(bench->store, &bench->space, all, size, &err), "%s",
                  err.message);
    }
}

/* --- Searching --- */

typedef bool Allowed(size_t i);
static bool of_our_half(size_t i) { return i % 2; }
static bool of_other_half(size_t i) { return i % 2 == 0; } /* more than are named in one query */
static bool one_in_five(size_t i) { return i % 5 == 0; }
static bool one_in_a_thousand(size_t i) { return i % 1000 == 8; }
static bool three(size_t i) { return i == 2 || i == many / 2 || i == many - 2; }
static bool last_quarter(size_t i) { return i >= many / 4 * 3; }
static bool any(size_t i) { return i < many; }

static int by_score(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x < y) - (x > y);
}

/* The score of the k-th best of all that are allowed and there. */
static float score_at(const Bench *bench, const float *query, Allowed *allowed, size_t from,
                      size_t k)
{
    float *scores = arena_new_array(bench->arena, float, many);
    size_t count = 0;
    for (size_t i = from; i < many; i++)
        if (allowed(i))
            scores[count++] = cosine(query, bench->values[i]);
    qsort(scores, count, sizeof *scores, by_score);
    return scores[MIN(k, count) - 1];
}

static ptrdiff_t place_of(const Bench *bench, uint64_t key)
{
    size_t low = 0, high = many;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if ((uint64_t)bench->numbers[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < many && (uint64_t)bench->numbers[low] == key ? (ptrdiff_t)low : -1;
}

static KeyFilter filter_of(Bench *bench, Allowed *allowed)
{
    size_t bit_count = (size_t)bench->numbers[many - 1] + 1;
    uint64_t *bits = arena_new_array(bench->arena, uint64_t, bit_count / 64 + 1);
    for (size_t i = 0; i < many; i++)
        if (allowed(i))
            bits[bench->numbers[i] / 64] |= UINT64_C(1) << (bench->numbers[i] % 64);
    return (KeyFilter){ .bits = bits, .bit_count = bit_count };
}

static void note_filtered(Filtered *filtered, int64_t us, size_t found, size_t near)
{
    if (filtered->count < SEARCHES_MAX)
        filtered->us[filtered->count++] = us;
    filtered->found += found;
    filtered->near += near;
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void tell_filtered(const char *store, Filtered *filtered)
{
    qsort(filtered->us, filtered->count, sizeof filtered->us[0], by_time);
    cr_log_info("%s, %zu vectors, %zu searches with a filter: p50 %.2f ms, p95 %.2f ms, %zu of %zu "
                "among the exact best",
                store, many, filtered->count, (double)filtered->us[filtered->count / 2] / 1000,
                (double)filtered->us[filtered->count * 95 / 100] / 1000, filtered->near,
                filtered->found);
}

/* `from`: what lies before was removed. */
static void check_search(Bench *bench, const char *about, Allowed *allowed, size_t from)
{
    KeyFilter filter = filter_of(bench, allowed);
    size_t there = 0, found = 0, near = 0, wanted = 0;
    for (size_t i = from; i < many; i++)
        there += allowed(i);
    for (size_t q = 0; q < 5; q++) {
        LegHit hits[K];
        size_t count = 0;
        const float *query = bench->values[q * 802 + 1]; /* around the first place */
        int64_t began_us = monotonic_us();
        cr_assert(bench->store->search(bench->store, &bench->space, bench->arena, query,
                                       allowed == any ? NULL : &filter, K, hits, &count, &err),
                  "%s: %s", about, err.message);
        int64_t took_us = monotonic_us() - began_us;
        cr_expect(took_us < 2000 * VECTOR_SEARCH_MS, "%s", about);
        cr_expect_eq(count, MIN((size_t)K, there), "%s: %zu of %zu", about, count, there);
        float worst = score_at(bench, query, allowed, from, K);
        size_t best = 0;
        for (size_t i = 0; i < count; i++) {
            ptrdiff_t place = place_of(bench, hits[i].key);
            cr_expect(place >= (ptrdiff_t)from && allowed((size_t)place), "%s", about);
            best += hits[i].score > worst - 0.01f;
        }
        near += best;
        found += count;
        if (allowed != any)
            note_filtered(&bench->filtered, took_us, count, best);
        wanted += MIN((size_t)K, there);
    }
    cr_expect(near * 10 >= found * 9 && found == wanted, "%s: %zu of %zu", about, near, wanted);
    cr_expect(!bench->is_exact || allowed == any || near == found, "%s: %zu", about, near);
}

static const struct {
    const char *about;
    Allowed *allowed;
} filters[] = {
    { "all", any },
    { "half, where the query is", of_our_half },
    { "half, where it is not", of_other_half },
    { "one in five", one_in_five },
    { "one in a thousand, where it is not", one_in_a_thousand },
    { "three", three },
    { "the last quarter", last_quarter },
};

static int64_t count_of(Bench *bench)
{
    int64_t count = -1;
    cr_assert(bench->store->count(bench->store, &bench->space, &count, &err), "%s", err.message);
    return count;
}

static void remove_first(Bench *bench, size_t count)
{
    uint64_t *keys = arena_new_array(bench->arena, uint64_t, count);
    for (size_t i = 0; i < count; i++)
        keys[i] = (uint64_t)bench->numbers[i];
    for (size_t at = 0; at < count; at += 4096)
        cr_assert(bench->store->remove(bench->store, &bench->space, keys + at,
                                       MIN((size_t)4096, count - at), &err),
                  "%s", err.message);
}

static void check_filters(Bench *bench, size_t from)
{
    for (size_t i = 0; i < COUNT(filters); i++)
        check_search(bench, filters[i].about, filters[i].allowed, from);
}

static void filters_and_removals(Bench *bench)
{
    cr_expect_eq(count_of(bench), (int64_t)many);
    check_filters(bench, 0);

    size_t gone = many / 4 * 3 - 100;
    remove_first(bench, gone);
    cr_expect_eq(count_of(bench), (int64_t)(many - gone));
    check_filters(bench, gone);
}

/* --- Rows, and what a store has lost of them --- */

static bool add_workspace(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    Scope system = scope_system();
    Workspace ours = { .name = S("Ours"), .settings = S("{}") };
    bool ok = workspace_add(tx, &system, bench->arena, &ours, error);
    bench->space = (VectorSpace){ ours.id, S("m"), DIMS };
    return ok;
}

static bool write_document(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Scope scope = { .workspace = bench->space.workspace, .role = ROLE_OWNER };
    Document document, given = { .name = S("a.txt"), .format = S("text"), .source = S("upload") };
    size_t each = many / DOCUMENTS, first = bench->document * each;
    Chunk *chunks = arena_new_array(arena, Chunk, each);
    Vector *vectors = arena_new_array(arena, Vector, each);
    bool is_new;
    given.blob = sha256_hex(arena, str_format(arena, "%zu", bench->document));
    for (size_t i = 0; i < each; i++)
        chunks[i] = (Chunk){ .start = (int64_t)i, .length = 1, .text = S("word"), .place = S("") };
    if (!document_add(tx, &scope, arena, &given, &document, &is_new, error) ||
        !chunk_replace(tx, &scope, arena, document.id, 1, chunks, each, error))
        return false;
    for (size_t i = 0; i < each; i++) {
        bench->numbers[first + i] = chunks[i].number;
        vectors[i] = (Vector){ .number = chunks[i].number,
                               .form = VECTOR_FLOAT,
                               .bytes = { (const char *)bench->values[first + i],
                                          sizeof bench->values[0] } };
    }
    return vector_add(tx, &scope, arena, document.id, S("m"), vectors, each, error);
}

static void write_rows(Bench *bench)
{
    Scope system = scope_system();
    cr_assert(store_write(bench->db, &system, add_workspace, bench, &err), "%s", err.message);
    Scope scope = { .workspace = bench->space.workspace, .role = ROLE_OWNER };
    for (bench->document = 0; bench->document < DOCUMENTS; bench->document++)
        cr_assert(store_write(bench->db, &scope, write_document, bench, &err), "%s", err.message);
    cr_assert(bench->store->create(bench->store, &bench->space, &err), "%s", err.message);
}

typedef struct Mending {
    Bench *bench;
    size_t mended;
    VectorDrift drift;
} Mending;

typedef struct FindRows {
    Arena *arena;
    const VectorSpace *space;
    const VectorBatch *wrong;
    VectorList rows;
} FindRows;

static bool find_rows(DbTx *tx, void *argument, Error *error)
{
    FindRows *find = argument;
    Scope scope = { .workspace = find->space->workspace, .role = ROLE_OWNER };
    return vector_find_many(tx, &scope, find->arena, find->space->model, find->wrong->numbers,
                            find->wrong->count, &find->rows, error);
}

static bool mend(void *self, const VectorBatch *wrong, Error *error)
{
    Mending *mending = self;
    Bench *bench = mending->bench;
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    FindRows find = { .arena = arena, .space = &bench->space, .wrong = wrong };
    Scope scope = { .workspace = bench->space.workspace, .role = ROLE_OWNER };
    uint64_t gone[VECTOR_BATCH];
    size_t gone_count = 0;
    for (size_t i = 0; i < wrong->count; i++)
        if (wrong->removes[i])
            gone[gone_count++] = (uint64_t)wrong->numbers[i];
    mending->mended += wrong->count;
    return store_read(bench->db, &scope, find_rows, &find, error) &&
           (!gone_count ||
            bench->store->remove(bench->store, &bench->space, gone, gone_count, error)) &&
           vector_rows_put(bench->store, &bench->space, &find.rows, error);
}

static bool go_on(void *self, Error *error)
{
    (void)self, (void)error;
    return true;
}

static atomic_bool is_mended;

static void *mend_all(void *argument)
{
    Mending *mending = argument;
    Bench *bench = mending->bench;
    const VectorMender mender = { mend, go_on, mending };
    Error why = { 0 };
    cr_expect(
        vector_drift_mend(bench->db, bench->store, &bench->space, &mender, &mending->drift, &why),
        "%s", why.message);
    atomic_store(&is_mended, true);
    return NULL;
}

static VectorDrift drift_of(Bench *bench)
{
    VectorDrift drift;
    cr_assert(vector_drift_find(bench->db, bench->store, &bench->space, &drift, &err), "%s",
              err.message);
    return drift;
}

/* A third is gone, a tenth is otherwise, and there are some that nobody knows. */
static void damage(Bench *bench)
{
    remove_first(bench, many / 3);
    put(bench, many - many / 10, many / 10); /* with another sum */
    StoredVector strange[50];
    for (size_t i = 0; i < COUNT(strange); i++)
        strange[i] =
            (StoredVector){ (uint64_t)bench->numbers[many - 1] + 1 + i, 0, 1, bench->values[i] };
    cr_assert(bench->store->upsert(bench->store, &bench->space, strange, COUNT(strange), &err),
              "%s", err.message);
}

static void rebuilt_while_it_is_searched(Bench *bench)
{
    Mending mending = { .bench = bench };
    (void)mend_all(&mending); /* it is empty */
    cr_expect_eq(mending.drift.lacking, (int64_t)(many));
    VectorDrift drift = drift_of(bench);
    cr_expect_eq(drift.lacking + drift.different + drift.too_many, 0);
    damage(bench);
    drift = drift_of(bench);
    cr_expect_eq(drift.lacking, (int64_t)(many / 3));
    cr_expect_eq(drift.different, (int64_t)(many / 10));
    cr_expect_eq(drift.too_many, 50);

    pthread_t thread;
    size_t searches = 0;
    atomic_store(&is_mended, false);
    mending = (Mending){ .bench = bench };
    pthread_create(&thread, NULL, mend_all, &mending);
    while (!atomic_load(&is_mended)) {
        LegHit hits[K];
        size_t count = 0;
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        size_t at = many / 3 + searches++ % (many / 3); /* what was not touched */
        cr_assert(bench->store->search(bench->store, &bench->space, arena, bench->values[at], NULL,
                                       K, hits, &count, &err),
                  "%s", err.message);
        cr_expect(count == K && hits[0].key == (uint64_t)bench->numbers[at]);
    }
    pthread_join(thread, NULL);
    cr_expect(searches > 3);
    cr_expect_eq(mending.mended, many / 3 + many / 10 + 50);
    drift = drift_of(bench);
    cr_expect_eq(drift.lacking + drift.different + drift.too_many, 0);
    cr_expect_eq(drift.stored, (int64_t)(many));
    check_search(bench, "after mending", any, 0);
}

/* --- Each store --- */

static Bench *bench_new(void)
{
    Arena *arena = arena_new(GB(4));
    Bench *bench = arena_new_one(arena, Bench);
    bench->arena = arena;
    make_values(bench);
    return bench;
}

static void bench_close(Bench *bench)
{
    outside_close(bench->store, bench->db, bench->postgres, &bench->weaviate);
    arena_free(bench->arena);
}

Test(vector_size, embedded_finds_among_many)
{
    Bench *bench = bench_new();
    const char *folder = path_join(bench->arena, str(test_folder(bench->arena)), S("index"));
    EmbeddedStore embedded = vector_store_embedded(vectors_new(folder, DIMS, 1, true));
    bench->store = &embedded.store;
    bench->space = (VectorSpace){ S("w"), S("m"), DIMS };
    for (size_t i = 0; i < many; i++)
        bench->numbers[i] = (int64_t)i + 1;
    put(bench, 0, many);
    filters_and_removals(bench);
    tell_filtered("embedded", &bench->filtered);
    vectors_free(embedded.vectors);
    bench_close(bench);
}

static void open_rows(Bench *bench, const char *url)
{
    cr_assert(db_open(url, NULL, &bench->db, &err), "%s", err.message);
    cr_assert(migrate_up(bench->db, &err), "%s", err.message);
}

TEST_BOTH(vector_size, rows_are_compared_exactly_within_their_workspace_until_the_time_is_over)
{
    Bench *bench = bench_new();
    const char *folder = path_join(bench->arena, str(test_folder(bench->arena)), S("index"));
    EmbeddedStore embedded = vector_store_embedded(vectors_new(folder, DIMS, 1, true));
    LegHit hits[K];
    size_t count = 0;
    bench->store = &embedded.store;
    open_rows(bench, url);
    write_rows(bench);
    VectorExact exact = vector_exact_of(bench->db);
    KeyFilter filter = filter_of(bench, of_other_half);
    const float *query = bench->values[1];
    int64_t began_us = monotonic_us(), soon_ms = monotonic_ms() + 60000;
    cr_assert(exact.nearest(exact.self, &bench->space, bench->arena, query, &filter, K, soon_ms,
                            hits, &count, &err),
              "%s", err.message);
    cr_log_info("%zu rows were compared in %.1f ms", many / 2,
                (double)(monotonic_us() - began_us) / 1000);
    cr_assert_eq(count, (size_t)K);
    for (size_t i = 0; i < K; i++) {
        ptrdiff_t place = place_of(bench, hits[i].key);
        cr_expect(place >= 0 && of_other_half((size_t)place));
        cr_expect_float_eq(hits[i].score, score_at(bench, query, of_other_half, 0, i + 1), 1e-5);
    }

    VectorSpace strange = { S("another"), bench->space.model, DIMS };
    cr_expect(exact.nearest(exact.self, &strange, bench->arena, query, &filter, K, soon_ms, hits,
                            &count, &err) &&
              count == 0);
    cr_expect(!exact.nearest(exact.self, &bench->space, bench->arena, query, &filter, K,
                             monotonic_ms() - 1, hits, &count, &err) &&
              err.code == ERROR_TIMEOUT);
    vectors_free(embedded.vectors);
    bench_close(bench);
}

static void check_outside(const char *store, Bench *bench)
{
    write_rows(bench);
    rebuilt_while_it_is_searched(bench);
    filters_and_removals(bench);
    tell_filtered(store, &bench->filtered);
}

/* Their graphs take a millisecond or more for each that comes; VECTORS_ALL in the environment: as
 * many as of the embedded one. */
static Bench *bench_outside(void)
{
    if (!getenv("VECTORS_ALL"))
        many = FEWER;
    return bench_new();
}

Test(vector_size, pgvector_finds_among_many_and_is_mended_while_it_is_searched)
{
    Bench *bench = bench_outside();
    const char *url = outside_pgvector(bench->arena, &bench->postgres);
    if (url) {
        open_rows(bench, url);
        cr_assert(pgvector_store_open(bench->db, &bench->store, &err), "%s", err.message);
        bench->is_exact = true;
        check_outside("pgvector", bench);
    }
    bench_close(bench);
}

static void open_weaviate(Bench *bench, VectorExact exact, VectorStore **store_r)
{
    WeaviateOptions options = { .url = str(bench->weaviate.url), .exact = exact };
    cr_assert(weaviate_store_open(&options, store_r, &err), "%s", err.message);
}

Test(vector_size, weaviate_finds_among_many_and_is_mended_while_it_is_searched)
{
    Bench *bench = bench_outside();
    if (outside_weaviate(bench->arena, &bench->weaviate)) {
        open_rows(bench, test_db_ready(bench->arena, DB_SQLITE));
        open_weaviate(bench, (VectorExact){ 0 }, &bench->store);
        check_outside("weaviate without the rows", bench);
    }
    bench_close(bench);
}

Test(vector_size, weaviate_with_the_rows_finds_what_is_allowed_and_what_it_has_lost)
{
    Bench *bench = bench_outside();
    if (outside_weaviate(bench->arena, &bench->weaviate)) {
        open_rows(bench, test_db_ready(bench->arena, DB_SQLITE));
        open_weaviate(bench, vector_exact_of(bench->db), &bench->store);
        write_rows(bench);
        (void)mend_all(&(Mending){ .bench = bench });
        check_filters(bench, 0);
        tell_filtered("weaviate", &bench->filtered);
        remove_first(bench, many);
        check_search(bench, "three that are lost", three, 0);
        check_search(bench, "a fifth that is lost", one_in_five, 0);
    }
    bench_close(bench);
}
