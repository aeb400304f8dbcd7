/* vector_follower_test.c - whatever happens to a store of vectors, it ends as the database says. */
#include "library/vector_follower.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "db/fixture_test.h"
#include "index/weaviate_store.h"
#include "library/follower.h"
#include "library/outside_stores_test.h"
#include "library/pgvector_store.h"
#include "store/documents_store.h"
#include "store/migrate.h"
#include "store/vectors_store.h"
#include "store/workspaces_store.h"

#define CHUNKS 40
#define DIMS 4
#define WAIT_MS 30000

static Error err;

typedef struct Bench {
    Arena *arena;
    Db *db;
    VectorStore *store;
    Follower *follower;
    Scope scope;
    Str document;
    char version;
    const char *postgres;
    OutsideWeaviate weaviate;
} Bench;

static bool add_workspace(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    Scope system = scope_system();
    Workspace ours = { .name = S("Ours"), .settings = S("{}") };
    bool ok = workspace_add(tx, &system, bench->arena, &ours, error);
    bench->scope = (Scope){ .workspace = ours.id, .role = ROLE_OWNER };
    return ok;
}

/* New chunks with vectors in place of those that were there. */
static bool write_work(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    Document document, given = { .name = S("a.txt"), .format = S("text"), .source = S("upload") };
    Chunk chunks[CHUNKS];
    Vector vectors[CHUNKS];
    bool is_new;
    given.blob = sha256_hex(bench->arena, S("a"));
    bench->version++;
    for (size_t i = 0; i < CHUNKS; i++)
        chunks[i] = (Chunk){ .start = (int64_t)i, .length = 1, .text = S("word"), .place = S("") };
    if (!document_add(tx, &bench->scope, bench->arena, &given, &document, &is_new, error) ||
        !chunk_replace(tx, &bench->scope, bench->arena, document.id, 1, chunks, CHUNKS, error))
        return false;
    bench->document = document.id;
    for (size_t i = 0; i < CHUNKS; i++)
        vectors[i] = (Vector){ .number = chunks[i].number,
                               .scale = 0.5,
                               .bytes = { &"\1\2\3\4\5\6\7"[bench->version % 4], DIMS } };
    return vector_add(tx, &bench->scope, bench->arena, document.id, S("one"), vectors, CHUNKS,
                      error);
}

static void write_document(Bench *bench)
{
    cr_assert(store_write(bench->db, &bench->scope, write_work, bench, &err), "%s", err.message);
}

static void start(Bench *bench)
{
    const char *folder = test_folder(bench->arena);
    bench->follower = follower_start(bench->db, folder, S("one"), DIMS, false, bench->store, false);
}

static VectorDrift drift_of(Bench *bench)
{
    VectorSpace space = { bench->scope.workspace, S("one"), DIMS };
    VectorDrift drift = { 0 };
    cr_assert(vector_drift_find(bench->db, bench->store, &space, &drift, &err), "%s", err.message);
    return drift;
}

static void expect_equal(Bench *bench)
{
    VectorDrift drift = drift_of(bench);
    cr_expect_eq(drift.rows, CHUNKS);
    cr_expect_eq(drift.stored, CHUNKS);
    cr_expect_eq(drift.lacking + drift.different + drift.too_many, 0);
}

/* A store is compared behind what follows the changes. */
static void wait_mended(Bench *bench)
{
    int64_t until = monotonic_ms() + WAIT_MS;
    for (;;) {
        VectorDrift drift = drift_of(bench);
        if (!(drift.lacking + drift.different + drift.too_many) || monotonic_ms() > until)
            break;
        sleep_ms(100);
    }
    expect_equal(bench);
}

/* As a search does; true: the store has answered. */
static bool finds(Bench *bench, size_t count)
{
    size_t dims, found;
    Str model;
    IndexHit hits[CHUNKS * 2];
    Error why = { 0 };
    const float query[DIMS] = { 1, 2, 3, 4 };
    Index *index = follower_borrow(bench->follower, bench->scope.workspace, &dims, &model);
    found = index_search(
        index, bench->arena,
        &(IndexSearch){
            .text = S("word"), .vector = query, .count = CHUNKS * 2, .vector_failed_r = &why },
        hits);
    follower_release(bench->follower, index);
    cr_expect_eq(found, count);
    if (found && why.code == ERROR_NONE)
        cr_expect(hits[0].vector_rank > 0);
    return why.code == ERROR_NONE;
}

/* Tampered with behind our back: one too many, one otherwise, one gone. */
static void tamper(Bench *bench)
{
    VectorSpace space = { bench->scope.workspace, S("one"), DIMS };
    StoredMarks marks;
    const float values[DIMS] = { 1 };
    cr_assert(bench->store->list(bench->store, &space, bench->arena, NULL, &marks, &err));
    StoredVector wrong[] = { { 1000000, 0, 9, values }, { marks.at[1].key, 0, 9, values } };
    cr_assert(bench->store->remove(bench->store, &space, &marks.at[0].key, 1, &err));
    cr_assert(bench->store->upsert(bench->store, &space, wrong, 2, &err), "%s", err.message);
    VectorDrift drift = drift_of(bench);
    cr_expect_eq(drift.lacking, 1);
    cr_expect_eq(drift.different, 1);
    cr_expect_eq(drift.too_many, 1);
}

static void check_following(Bench *bench)
{
    Scope system = scope_system();
    cr_assert(store_write(bench->db, &system, add_workspace, bench, &err), "%s", err.message);
    start(bench);
    write_document(bench);
    cr_assert(follower_wait(bench->follower, WAIT_MS));
    expect_equal(bench);
    cr_expect(finds(bench, CHUNKS));
    write_document(bench); /* the chunks of before are not live any more */
    cr_assert(follower_wait(bench->follower, WAIT_MS));
    expect_equal(bench);
    follower_stop(bench->follower);

    tamper(bench); /* found and mended by the next start */
    start(bench);
    cr_assert(follower_wait(bench->follower, WAIT_MS));
    wait_mended(bench);
}

static void bench_close(Bench *bench)
{
    follower_stop(bench->follower);
    outside_close(bench->store, bench->db, bench->postgres, &bench->weaviate);
    arena_free(bench->arena);
}

Test(vector_follower, pgvector_ends_as_the_database_says)
{
    Bench bench = { .arena = arena_new(GB(4)) };
    const char *url = outside_pgvector(bench.arena, &bench.postgres);
    if (!url) {
        arena_free(bench.arena);
        return;
    }
    cr_assert(db_open(url, NULL, &bench.db, &err), "%s", err.message);
    cr_assert(migrate_up(bench.db, &err), "%s", err.message);
    cr_assert(pgvector_store_open(bench.db, &bench.store, &err), "%s", err.message);
    check_following(&bench);
    bench_close(&bench);
}

Test(vector_follower, weaviate_ends_as_the_database_says_though_it_was_away)
{
    Bench bench = { .arena = arena_new(GB(4)) };
    if (!outside_weaviate(bench.arena, &bench.weaviate)) {
        arena_free(bench.arena);
        return;
    }
    WeaviateOptions options = { .url = str(bench.weaviate.url) };
    cr_assert(db_open(test_db_ready(bench.arena, DB_SQLITE), NULL, &bench.db, &err));
    cr_assert(weaviate_store_open(&options, &bench.store, &err), "%s", err.message);
    check_following(&bench);
    cr_expect(finds(&bench, CHUNKS));

    outside_weaviate_kill(&bench.weaviate); /* words are found without it, new ones too */
    write_document(&bench);
    cr_assert(follower_wait(bench.follower, WAIT_MS));
    cr_expect(!finds(&bench, CHUNKS));

    outside_weaviate_start(&bench.weaviate);
    wait_mended(&bench);
    bench_close(&bench);
}

Test(vector_follower, pgvector_is_refused_without_postgresql)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    VectorStore *store;
    Db *db;
    cr_assert(db_open(path_join(arena, str(test_folder(arena)), S("unit.db")), NULL, &db, &err));
    cr_expect(!pgvector_store_open(db, &store, &err));
    cr_expect(strstr(err.message, "set database to"));
    db_close(db);
    const char *url = test_db_url(arena, DB_POSTGRES); /* Debian's own, without the extension */
    if (!url)
        return;
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    cr_expect(!pgvector_store_open(db, &store, &err));
    cr_expect(strstr(err.message, "no extension pgvector"), "%s", err.message);
    db_close(db);
}
