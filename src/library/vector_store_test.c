/* vector_store_test.c - every store of vectors keeps to the same cases. */
#include "index/vector_store.h"

#include <math.h>
#include <pthread.h>

#include "base/clock.h"
#include "base/file.h"
#include "db/fixture_test.h"
#include "index/vectors.h"
#include "index/weaviate_store.h"
#include "library/outside_stores_test.h"
#include "library/pgvector_store.h"
#include "store/migrate.h"
#include "store/near_vectors_store.h"
#include "store/workspaces_store.h"

#define DIMS 16
#define MANY 1000

static Error err;

typedef struct Bench {
    Arena *arena;
    VectorStore *store;
    const char *folder; /* of the embedded one and of PostgreSQL */
    Db *db;             /* of pgvector */
    OutsideWeaviate weaviate;
    bool is_one_space; /* has a single space, and no sums */
    Str workspace;     /* that was made last */
    size_t spaces;
} Bench;

/* --- Vectors that are the same at each call --- */

static void fill(uint64_t key, uint32_t part, float *values)
{
    uint64_t random = (key + 1) * 0x9e3779b97f4a7c15u + part * 0xbf58476d1ce4e5b9u;
    float sum = 0;
    for (size_t i = 0; i < DIMS; i++) {
        random ^= random >> 12, random ^= random << 25, random ^= random >> 27;
        values[i] = (float)(int64_t)(random * 0x2545f4914f6cdd1du) / 9.3e18f;
        sum += values[i] * values[i];
    }
    for (size_t i = 0; i < DIMS; i++)
        values[i] /= sqrtf(sum);
}

static const float *one(Bench *bench, uint64_t key, uint32_t part)
{
    float *values = arena_new_array(bench->arena, float, DIMS);
    fill(key, part, values);
    return values;
}

static void put(Bench *bench, const VectorSpace *space, uint64_t first, size_t count,
                uint32_t parts)
{
    StoredVector *all = arena_new_array(bench->arena, StoredVector, count * parts);
    for (size_t i = 0; i < count * parts; i++) {
        uint64_t key = first + i / parts;
        uint32_t part = (uint32_t)(i % parts);
        all[i] = (StoredVector){ key, part, (uint32_t)key + part, one(bench, key, part) };
    }
    for (size_t at = 0; at < count * parts; at += 4096)
        cr_assert(bench->store->upsert(bench->store, space, all + at,
                                       MIN((size_t)4096, count * parts - at), &err),
                  "%s", err.message);
}

static int64_t count_of(Bench *bench, const VectorSpace *space)
{
    int64_t count = -1;
    cr_assert(bench->store->count(bench->store, space, &count, &err), "%s", err.message);
    return count;
}

static size_t find(Bench *bench, const VectorSpace *space, const float *query,
                   const KeyFilter *filter, size_t k, LegHit *hits)
{
    size_t count = 0;
    cr_assert(bench->store->search(bench->store, space, bench->arena, query, filter, k, hits,
                                   &count, &err),
              "%s", err.message);
    return count;
}

/* --- The cases --- */

static void what_is_put_is_listed_in_order(Bench *bench, const VectorSpace *space)
{
    StoredMarks marks;
    size_t seen = 0;
    StoredMark last = { 0 };
    put(bench, space, 1, 600, 2);
    cr_expect_eq(count_of(bench, space), 1200);
    do {
        cr_assert(bench->store->list(bench->store, space, bench->arena, seen ? &last : NULL, &marks,
                                     &err),
                  "%s", err.message);
        for (size_t i = 0; i < marks.count; i++, seen++) {
            last = marks.at[i];
            cr_assert_eq(last.key, 1 + seen / 2);
            cr_assert_eq(last.part, seen % 2);
            cr_assert(bench->is_one_space || last.sum == last.key + last.part);
        }
    } while (marks.count);
    cr_expect_eq(seen, 1200u);
}

static void what_is_put_again_replaces(Bench *bench, const VectorSpace *space)
{
    LegHit hits[1];
    StoredVector other = { 7, 0, 1, one(bench, 5000, 0) };
    put(bench, space, 1, 50, 1);
    put(bench, space, 1, 50, 1);
    cr_assert(bench->store->upsert(bench->store, space, &other, 1, &err), "%s", err.message);
    cr_expect_eq(count_of(bench, space), 50);
    cr_expect_eq(find(bench, space, one(bench, 5000, 0), NULL, 1, hits), 1u);
    cr_expect_eq(hits[0].key, 7u);
    cr_expect_float_eq(hits[0].score, 1, 0.02);
}

static void what_is_removed_is_not_found(Bench *bench, const VectorSpace *space)
{
    LegHit hits[20];
    uint64_t gone[] = { 3, 4, 99999 };
    put(bench, space, 1, 20, 3);
    cr_assert(bench->store->remove(bench->store, space, gone, COUNT(gone), &err), "%s",
              err.message);
    cr_expect_eq(count_of(bench, space), 18 * 3);
    cr_expect_eq(find(bench, space, one(bench, 3, 1), NULL, 20, hits), 18u);
    for (size_t i = 0; i < 18; i++)
        cr_expect(hits[i].key != 3 && hits[i].key != 4);
}

static void a_key_counts_once_as_its_best(Bench *bench, const VectorSpace *space)
{
    LegHit hits[40];
    put(bench, space, 1, 40, 8);
    cr_expect_eq(find(bench, space, one(bench, 11, 5), NULL, 40, hits), 40u);
    cr_expect_eq(hits[0].key, 11u);
    cr_expect_eq(hits[0].part, 5u);
    for (size_t i = 1; i < 40; i++)
        cr_expect(hits[i].score <= hits[i - 1].score);
}

static float cosine(const float *a, const float *b)
{
    float sum = 0;
    for (size_t i = 0; i < DIMS; i++)
        sum += a[i] * b[i];
    return sum;
}

/* The k-th best score of the allowed keys. */
static float score_at(Bench *bench, const float *query, const KeyFilter *filter, size_t k)
{
    LegHit *all = arena_new_array(bench->arena, LegHit, MANY);
    size_t count = 0;
    for (uint64_t key = 1; key <= MANY; key++)
        if (key_allowed(filter, key))
            all[count++] = (LegHit){ key, cosine(query, one(bench, key, 0)), 0 };
    return all[vector_store_best(all, count, k) - 1].score;
}

static void filters_give_the_best_of_what_they_allow(Bench *bench, const VectorSpace *space)
{
    static const uint64_t every[] = { 1, 2, 10, 100, 999 };
    uint64_t bits[MANY / 64 + 1];
    LegHit hits[30];
    put(bench, space, 1, MANY, 1);
    for (size_t i = 0; i < COUNT(every); i++) {
        size_t allowed = 0, near = 0;
        memset(bits, 0, sizeof bits);
        for (uint64_t key = 1; key <= MANY; key += every[i], allowed++)
            bits[key / 64] |= UINT64_C(1) << (key % 64);
        KeyFilter filter = { .bits = bits, .bit_count = MANY + 1 };
        const float *query = one(bench, 77777 + i, 0);
        size_t wanted = MIN(allowed, 30), found = find(bench, space, query, &filter, 30, hits);
        cr_expect_eq(found, wanted, "one in %d: %zu of %zu", (int)every[i], found, wanted);
        float worst = score_at(bench, query, &filter, wanted);
        for (size_t h = 0; h < found; h++) {
            cr_expect(key_allowed(&filter, hits[h].key));
            near += hits[h].score > worst - 0.02f;
        }
        cr_expect(near * 20 >= wanted * 19, "one in %d: %zu of %zu", (int)every[i], near, wanted);
    }
}

static void fewer_than_are_asked_for_are_all_given(Bench *bench, const VectorSpace *space)
{
    LegHit hits[500];
    put(bench, space, 1, 30, 1);
    cr_expect_eq(find(bench, space, one(bench, 1, 0), NULL, 500, hits), 30u);
    uint64_t none[1] = { 0 };
    KeyFilter nothing = { .bits = none, .bit_count = 64 };
    cr_expect_eq(find(bench, space, one(bench, 1, 0), &nothing, 500, hits), 0u);
}

static void what_is_cleared_can_be_filled_again(Bench *bench, const VectorSpace *space)
{
    LegHit hits[5];
    put(bench, space, 1, 40, 1);
    cr_assert(bench->store->clear(bench->store, space, &err), "%s", err.message);
    cr_expect_eq(count_of(bench, space), 0);
    cr_expect_eq(find(bench, space, one(bench, 1, 0), NULL, 5, hits), 0u);
    put(bench, space, 1, 3, 1);
    cr_expect_eq(count_of(bench, space), 3);
}

static void large_keys_are_kept_as_they_are(Bench *bench, const VectorSpace *space)
{
    LegHit hits[2];
    put(bench, space, (UINT64_C(1) << 52) - 2, 2, 1);
    cr_expect_eq(find(bench, space, one(bench, (UINT64_C(1) << 52) - 1, 0), NULL, 2, hits), 2u);
    cr_expect_eq(hits[0].key, (UINT64_C(1) << 52) - 1);
}

static const struct {
    const char *about;
    void (*check)(Bench *bench, const VectorSpace *space);
} cases[] = {
    { "listed", what_is_put_is_listed_in_order },
    { "replaced", what_is_put_again_replaces },
    { "removed", what_is_removed_is_not_found },
    { "parts", a_key_counts_once_as_its_best },
    { "filters", filters_give_the_best_of_what_they_allow },
    { "fewer", fewer_than_are_asked_for_are_all_given },
    { "cleared", what_is_cleared_can_be_filled_again },
    { "large keys", large_keys_are_kept_as_they_are },
};

/* --- Spaces --- */

static bool add_workspace(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    Scope system = scope_system();
    Workspace made = { .name = S("W"), .settings = S("{}") };
    bool ok = workspace_add(tx, &system, bench->arena, &made, error);
    bench->workspace = made.id;
    return ok;
}

static VectorSpace new_space(Bench *bench, const char *model)
{
    Scope system = scope_system();
    if (bench->db)
        cr_assert(store_write(bench->db, &system, add_workspace, bench, &err), "%s", err.message);
    else
        bench->workspace = str_format(bench->arena, "w%zu", ++bench->spaces);
    VectorSpace space = { bench->workspace, str(model), DIMS };
    if (bench->is_one_space) {
        EmbeddedStore *embedded = (EmbeddedStore *)bench->store;
        vectors_free(embedded->vectors);
        embedded->vectors = vectors_new(
            path_join(bench->arena, str(bench->folder), space.workspace), DIMS, 1, true);
    }
    for (int i = 0; i < 2; i++) /* again is harmless */
        cr_assert(bench->store->create(bench->store, &space, &err), "%s", err.message);
    return space;
}

static void check_cases(Bench *bench)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        VectorSpace space = new_space(bench, "all-MiniLM \"日本語\" {modèle}");
        cases[i].check(bench, &space);
    }
    cr_log_info("%zu cases of a store were tried", COUNT(cases));
}

static void spaces_are_apart(Bench *bench)
{
    LegHit hits[10];
    VectorSpace ours = new_space(bench, "m"), theirs = new_space(bench, "m"), other = ours;
    uint64_t gone[] = { 1, 2, 3 };
    other.model = S("another model");
    cr_assert(bench->store->create(bench->store, &other, &err), "%s", err.message);
    put(bench, &ours, 1, 5, 1);
    put(bench, &theirs, 4, 5, 1);
    put(bench, &other, 20, 1, 1);
    cr_assert(bench->store->remove(bench->store, &theirs, gone, 3, &err), "%s", err.message);
    cr_expect_eq(count_of(bench, &ours), 5);
    cr_expect_eq(count_of(bench, &other), 1);
    cr_expect_eq(find(bench, &ours, one(bench, 8, 0), NULL, 10, hits), 5u);
    for (size_t i = 0; i < 5; i++)
        cr_expect(hits[i].key <= 5);
    cr_assert(bench->store->clear(bench->store, &theirs, &err), "%s", err.message);
    cr_expect_eq(count_of(bench, &ours), 5);
    put(bench, &theirs, 4, 5, 1);
    if (!bench->store->forget) /* its rows go with the workspace's */
        return;
    for (int i = 0; i < 2; i++) /* again is harmless */
        cr_assert(bench->store->forget(bench->store, ours.workspace, &err), "%s", err.message);
    cr_assert(bench->store->create(bench->store, &ours, &err), "%s", err.message);
    cr_assert(bench->store->create(bench->store, &other, &err), "%s", err.message);
    cr_expect_eq(count_of(bench, &ours), 0);
    cr_expect_eq(count_of(bench, &other), 0, "of whatever model");
    cr_expect_eq(count_of(bench, &theirs), 5);
}

/* --- What the database lets through --- */

typedef struct Peek {
    Arena *arena;
    Scope scope; /* that the statement names */
    int64_t seen;
} Peek;

static bool peek(DbTx *tx, void *argument, Error *error)
{
    Peek *at = argument;
    NearSpace space = { S("m"), DIMS };
    return near_count(tx, &at->scope, at->arena, &space, &at->seen, error);
}

static void rows_of_others_are_not_seen(Bench *bench)
{
    VectorSpace ours = new_space(bench, "m"), theirs = new_space(bench, "m");
    Scope us = { .workspace = ours.workspace, .role = ROLE_OWNER };
    Scope them = { .workspace = theirs.workspace, .role = ROLE_OWNER };
    Peek at = { bench->arena, us, -1 };
    put(bench, &ours, 1, 5, 1);
    cr_assert(store_read(bench->db, &us, peek, &at, &err), "%s", err.message);
    cr_expect_eq(at.seen, 5);
    cr_assert(store_read(bench->db, &them, peek, &at, &err), "%s", err.message);
    cr_expect_eq(at.seen, 0); /* though the statement asks for them */
}

/* --- Each store --- */

static VectorStore *opened(Bench *bench, bool ok)
{
    cr_assert(ok, "%s", err.message);
    return bench->store;
}

static bool open_pgvector(Bench *bench)
{
    const char *url = outside_pgvector(bench->arena, &bench->folder);
    if (!url)
        return false;
    cr_assert(db_open(url, NULL, &bench->db, &err), "%s", err.message);
    cr_assert(migrate_up(bench->db, &err), "%s", err.message);
    return opened(bench, pgvector_store_open(bench->db, &bench->store, &err));
}

static bool open_weaviate(Bench *bench)
{
    if (!outside_weaviate(bench->arena, &bench->weaviate))
        return false;
    WeaviateOptions options = { .url = str(bench->weaviate.url) };
    return opened(bench, weaviate_store_open(&options, &bench->store, &err));
}

static void bench_close(Bench *bench)
{
    outside_close(bench->store, bench->db, bench->db ? bench->folder : NULL, &bench->weaviate);
    arena_free(bench->arena);
}

Test(vector_store, embedded_keeps_to_the_cases)
{
    Bench bench = { .arena = arena_new(GB(4)), .is_one_space = true };
    EmbeddedStore embedded = vector_store_embedded(NULL);
    bench.store = &embedded.store;
    bench.folder = test_folder(bench.arena);
    check_cases(&bench);
    vectors_free(embedded.vectors);
    bench_close(&bench);
}

/* Written until the server is gone, in the middle of it. */
typedef struct Writing {
    Bench *bench;
    VectorSpace space;
    _Atomic size_t done;
    Error why;
} Writing;

static void *write_until_it_fails(void *argument)
{
    Writing *writing = argument;
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    for (uint64_t key = 1;; key += 50) {
        StoredVector batch[50];
        for (size_t i = 0; i < 50; i++) {
            float *values = arena_new_array(arena, float, DIMS);
            fill(key + i, 0, values);
            batch[i] = (StoredVector){ key + i, 0, 1, values };
        }
        VectorStore *store = writing->bench->store;
        if (!store->upsert(store, &writing->space, batch, 50, &writing->why))
            return NULL;
        writing->done += 50;
    }
}

static void killed_in_a_batch(Bench *bench)
{
    Writing writing = { .bench = bench, .space = new_space(bench, "m") };
    LegHit hits[3];
    size_t found;
    pthread_t thread;
    pthread_create(&thread, NULL, write_until_it_fails, &writing);
    for (int64_t until = monotonic_ms() + 10000; writing.done < 500 && monotonic_ms() < until;)
        sleep_ms(1);
    if (bench->db)
        outside_pgvector_stop(bench->folder);
    else
        outside_weaviate_kill(&bench->weaviate);
    pthread_join(thread, NULL);
    cr_expect(!bench->store->search(bench->store, &writing.space, bench->arena, one(bench, 1, 0),
                                    NULL, 3, hits, &found, &err));
    if (bench->db)
        outside_pgvector_start(bench->folder);
    else
        outside_weaviate_start(&bench->weaviate);
    cr_expect(count_of(bench, &writing.space) >= (int64_t)writing.done);
    put(bench, &writing.space, 1, writing.done + 50, 1);
    cr_expect_eq(count_of(bench, &writing.space), (int64_t)writing.done + 50);
}

static void check_store(bool (*open)(Bench *bench), void (*check)(Bench *bench))
{
    Bench bench = { .arena = arena_new(GB(4)) };
    if (open(&bench))
        check(&bench);
    bench_close(&bench);
}

static void check_all(Bench *bench)
{
    check_cases(bench);
    spaces_are_apart(bench);
    if (bench->db)
        rows_of_others_are_not_seen(bench);
    killed_in_a_batch(bench);
}

Test(vector_store, pgvector_keeps_to_the_cases) { check_store(open_pgvector, check_all); }

Test(vector_store, weaviate_keeps_to_the_cases) { check_store(open_weaviate, check_all); }
