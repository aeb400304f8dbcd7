/* vector_nodes_test.c - nodes that share a store of vectors: one writes, and whatever becomes of
 * it, the store ends as the database says. The nodes are followers of one database here; what the
 * index's follower tells them the test tells. */
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "db/fixture_test.h"
#include "library/vector_follower.h"
#include "store/documents_store.h"
#include "store/migrate.h"
#include "store/vector_leases_store.h"
#include "store/vectors_store.h"
#include "store/workspaces_store.h"

#define NODES 3
#define CHUNKS 20
#define DIMS 4
#define KEYS_MAX 1000
#define WAIT_MS 30000
/* A machine that is busy with other work lets a thread wait for longer than a beat. */
static const VectorLeaseTimes quick = { .beat_ms = 20, .lost_ms = 1000, .unwanted_ms = 1500 };

static Error err;

/* --- A store in memory, which counts --- */

typedef struct MemoryStore {
    VectorStore store;
    pthread_mutex_t lock;
    bool has[KEYS_MAX];
    uint32_t sums[KEYS_MAX];
    size_t upserts[KEYS_MAX], removes[KEYS_MAX], clears; /* the first two: of each key */
    atomic_bool is_slow, is_waited_for; /* an upsert waits until the first is false again */
} MemoryStore;

static bool create(VectorStore *base, const VectorSpace *space, Error *error)
{
    (void)base, (void)space, (void)error;
    return true;
}

static bool upsert(VectorStore *base, const VectorSpace *space, const StoredVector *vectors,
                   size_t count, Error *error)
{
    MemoryStore *store = (MemoryStore *)base;
    (void)space, (void)error;
    while (count && store->is_slow) {
        store->is_waited_for = true;
        sleep_ms(1);
    }
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < count; i++) {
        cr_assert(vectors[i].key < KEYS_MAX);
        store->has[vectors[i].key] = true;
        store->sums[vectors[i].key] = vectors[i].sum;
        store->upserts[vectors[i].key]++;
    }
    pthread_mutex_unlock(&store->lock);
    return true;
}

static bool take_away(VectorStore *base, const VectorSpace *space, const uint64_t *keys,
                      size_t count, Error *error)
{
    MemoryStore *store = (MemoryStore *)base;
    (void)space, (void)error;
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; i < count; i++) {
        store->has[keys[i]] = false;
        store->removes[keys[i]]++;
    }
    pthread_mutex_unlock(&store->lock);
    return true;
}

static bool clear(VectorStore *base, const VectorSpace *space, Error *error)
{
    (void)space, (void)error;
    ((MemoryStore *)base)->clears++;
    return true;
}

static bool count_all(VectorStore *base, const VectorSpace *space, int64_t *count_r, Error *error)
{
    (void)base, (void)space, (void)error;
    *count_r = 0;
    return true;
}

static bool list(VectorStore *base, const VectorSpace *space, Arena *arena, const StoredMark *after,
                 StoredMarks *marks_r, Error *error)
{
    MemoryStore *store = (MemoryStore *)base;
    (void)space, (void)error;
    *marks_r = (StoredMarks){ arena_new_array(arena, StoredMark, KEYS_MAX), 0 };
    pthread_mutex_lock(&store->lock);
    for (uint64_t key = after ? after->key + 1 : 0; key < KEYS_MAX; key++)
        if (store->has[key])
            marks_r->at[marks_r->count++] = (StoredMark){ key, 0, store->sums[key] };
    pthread_mutex_unlock(&store->lock);
    return true;
}

/* All keys, in order. */
static bool search(VectorStore *base, const VectorSpace *space, Arena *arena, const float *query,
                   const KeyFilter *filter, size_t k, LegHit *hits, size_t *count_r, Error *error)
{
    MemoryStore *store = (MemoryStore *)base;
    (void)space, (void)arena, (void)query, (void)error;
    *count_r = 0;
    pthread_mutex_lock(&store->lock);
    for (uint64_t key = 0; key < KEYS_MAX && *count_r < k; key++)
        if (store->has[key] && (!filter || key_allowed(filter, key)))
            hits[(*count_r)++] = (LegHit){ key, 0.5f, 0 };
    pthread_mutex_unlock(&store->lock);
    return true;
}

static void init_store(MemoryStore *store)
{
    *store = (MemoryStore){ .store = { .name = "memory",
                                       .create = create,
                                       .upsert = upsert,
                                       .remove = take_away,
                                       .clear = clear,
                                       .count = count_all,
                                       .list = list,
                                       .search = search } };
    pthread_mutex_init(&store->lock, NULL);
}

/* --- Nodes --- */

typedef struct Bench {
    Arena *arena;
    Db *db;
    MemoryStore store;
    VectorLeaseTimes times;
    VectorFollower *nodes[NODES];
    Scope scope, system;
    Str document;
    char version;
    int64_t first, told; /* chunk of the document; change */
    IndexChangeList changes;
} Bench;

static bool add_workspace(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    Workspace ours = { .name = S("Ours"), .settings = S("{}") };
    bool ok = workspace_add(tx, &bench->system, bench->arena, &ours, error);
    bench->scope = (Scope){ .workspace = ours.id, .role = ROLE_OWNER };
    return ok;
}

/* New chunks in place of those that were there. */
static bool write_chunks(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    Document document, given = { .name = S("a.txt"), .format = S("text"), .source = S("upload") };
    Chunk chunks[CHUNKS];
    bool is_new;
    given.blob = sha256_hex(bench->arena, S("a"));
    for (size_t i = 0; i < CHUNKS; i++)
        chunks[i] = (Chunk){ .start = (int64_t)i, .length = 1, .text = S("word"), .place = S("") };
    if (!document_add(tx, &bench->scope, bench->arena, &given, &document, &is_new, error) ||
        !chunk_replace(tx, &bench->scope, bench->arena, document.id, 1, chunks, CHUNKS, error))
        return false;
    bench->document = document.id;
    bench->first = chunks[0].number;
    return true;
}

static bool write_vectors(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    Vector vectors[CHUNKS];
    for (size_t i = 0; i < CHUNKS; i++)
        vectors[i] = (Vector){ .number = bench->first + (int64_t)i,
                               .scale = 0.5,
                               .bytes = { &"\1\2\3\4\5\6\7"[bench->version % 4], DIMS } };
    return vector_add(tx, &bench->scope, bench->arena, bench->document, S("one"), vectors, CHUNKS,
                      error);
}

static bool list_work(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    return index_change_list(tx, &bench->system, bench->arena, bench->told, 100, &bench->changes,
                             error);
}

/* As the index's follower of each node does. */
static void tell(Bench *bench)
{
    cr_assert(store_read(bench->db, &bench->system, list_work, bench, &err), "%s", err.message);
    for (size_t i = 0; i < bench->changes.count; i++)
        bench->told = bench->changes.at[i].sequence;
    for (size_t n = 0; n < NODES; n++) {
        for (size_t i = 0; bench->nodes[n] && i < bench->changes.count; i++)
            vector_follower_note(bench->nodes[n], &bench->changes.at[i]);
        if (bench->nodes[n])
            vector_follower_noted(bench->nodes[n], bench->told);
    }
}

static void wait_for_all(Bench *bench)
{
    for (size_t n = 0; n < NODES; n++)
        cr_assert(!bench->nodes[n] || vector_follower_wait(bench->nodes[n], WAIT_MS), "node %zu",
                  n);
}

/* Its vectors come later, as from a job. */
static void write_document(Bench *bench)
{
    bench->version++;
    cr_assert(store_write(bench->db, &bench->scope, write_chunks, bench, &err), "%s", err.message);
    tell(bench);
    wait_for_all(bench);
    cr_assert(store_write(bench->db, &bench->scope, write_vectors, bench, &err), "%s", err.message);
    tell(bench);
}

static void ignore(void *argument) { (void)argument; }

static void start_node(Bench *bench, size_t n, const char *model)
{
    bench->nodes[n] =
        vector_follower_start(bench->db, &bench->store.store, &bench->times, ignore, NULL);
    vector_follower_keep(bench->nodes[n], bench->scope.workspace, str(model), DIMS);
    vector_follower_noted(bench->nodes[n], bench->told);
}

static void stop_node(Bench *bench, size_t n)
{
    vector_follower_stop(bench->nodes[n]);
    bench->nodes[n] = NULL;
}

static void bench_open(Bench *bench, const char *url)
{
    *bench = (Bench){ .arena = arena_new(GB(1)), .system = scope_system(), .times = quick };
    init_store(&bench->store);
    cr_assert(db_open(url, NULL, &bench->db, &err), "%s", err.message);
    cr_assert(migrate_up(bench->db, &err), "%s", err.message);
    cr_assert(store_write(bench->db, &bench->system, add_workspace, bench, &err), "%s",
              err.message);
}

static void bench_close(Bench *bench)
{
    for (size_t n = 0; n < NODES; n++)
        stop_node(bench, n);
    db_close(bench->db);
    arena_free(bench->arena);
}

static void expect_equal(Bench *bench)
{
    VectorSpace space = { bench->scope.workspace, S("one"), DIMS };
    VectorDrift drift;
    cr_assert(vector_drift_find(bench->db, &bench->store.store, &space, &drift, &err), "%s",
              err.message);
    cr_expect_eq(drift.stored, CHUNKS);
    cr_expect_eq(drift.lacking + drift.different + drift.too_many, 0);
}

/* Each chunk that ever was. */
static void expect_each_written_once(const Bench *bench)
{
    for (int64_t key = 1; key < bench->first + CHUNKS; key++) {
        cr_expect(bench->store.upserts[key] <= 1, "chunk %d: %zu times", (int)key,
                  bench->store.upserts[key]);
        cr_expect(bench->store.removes[key] == (key < bench->first), "chunk %d", (int)key);
    }
}

static size_t find(Bench *bench, size_t n, LegHit *hits)
{
    VectorSpace space = { bench->scope.workspace, S("one"), DIMS };
    const float query[DIMS] = { 1, 2, 3, 4 };
    size_t count = 0;
    cr_assert(vector_follower_search(bench->nodes[n], &space, bench->arena, query, NULL, KEYS_MAX,
                                     hits, &count, &err),
              "%s", err.message);
    return count;
}

/* --- The lease, as a node that has gone leaves it --- */

typedef struct Taking {
    Bench *bench;
    VectorLeaseList rows;
    int64_t epoch;
} Taking;

static bool rows_work(DbTx *tx, void *argument, Error *error)
{
    Taking *taking = argument;
    return vector_lease_list(tx, &taking->bench->system, taking->bench->arena, S("memory"),
                             &taking->rows, error);
}

static bool take_work(DbTx *tx, void *argument, Error *error)
{
    Taking *taking = argument;
    VectorLease lease = taking->rows.at[0];
    lease.holder = S("ghost");
    return vector_lease_take(tx, &taking->bench->system, &lease, &taking->epoch, error);
}

static size_t count_rows(Bench *bench)
{
    Taking taking = { .bench = bench };
    cr_assert(store_read(bench->db, &bench->system, rows_work, &taking, &err), "%s", err.message);
    return taking.rows.count;
}

/* Whoever holds it has counted a beat meanwhile, perhaps. */
static void take_away_lease(Bench *bench)
{
    Taking taking = { .bench = bench };
    while (!taking.epoch) {
        cr_assert(store_read(bench->db, &bench->system, rows_work, &taking, &err), "%s",
                  err.message);
        cr_assert(store_write(bench->db, &bench->system, take_work, &taking, &err), "%s",
                  err.message);
    }
}

/* --- The facts --- */

TEST_BOTH(vector_nodes, of_three_nodes_one_writes_each_change_once)
{
    Bench bench;
    bench_open(&bench, url);
    for (size_t n = 0; n < NODES; n++)
        start_node(&bench, n, "one");
    wait_for_all(&bench);
    for (int i = 0; i < 5; i++) {
        write_document(&bench);
        if (i % 2)
            wait_for_all(&bench);
    }
    wait_for_all(&bench);
    expect_equal(&bench);
    for (int64_t key = 1; key < bench.first + CHUNKS; key++)
        cr_expect(bench.store.upserts[key] <= 1, "chunk %d: %zu times", (int)key,
                  bench.store.upserts[key]);
    bench_close(&bench);
}

TEST_BOTH(vector_nodes, when_the_writer_ends_another_goes_on_where_it_was)
{
    Bench bench;
    bench_open(&bench, url);
    start_node(&bench, 0, "one");
    wait_for_all(&bench);
    write_document(&bench);
    wait_for_all(&bench);
    start_node(&bench, 1, "one");
    start_node(&bench, 2, "one");
    wait_for_all(&bench);
    stop_node(&bench, 0);
    write_document(&bench);
    wait_for_all(&bench);
    expect_equal(&bench);
    expect_each_written_once(&bench);
    bench_close(&bench);
}

/* Nobody is left who was told of the change: it is in the database alone. */
TEST_BOTH(vector_nodes, what_a_killed_writer_has_left_is_written_by_one_who_was_not_told)
{
    Bench bench;
    bench_open(&bench, url);
    start_node(&bench, 0, "one");
    wait_for_all(&bench);
    write_document(&bench);
    wait_for_all(&bench);
    stop_node(&bench, 0);
    take_away_lease(&bench);
    write_document(&bench);
    int64_t began = monotonic_ms();
    start_node(&bench, 1, "one");
    start_node(&bench, 2, "one");
    wait_for_all(&bench);
    cr_expect(monotonic_ms() - began >= quick.lost_ms / 2); /* it may have been alive */
    expect_equal(&bench);
    expect_each_written_once(&bench);
    bench_close(&bench);
}

static bool remove_work(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    return document_trash(tx, &bench->scope, bench->document, 1, error);
}

static bool has_any(const Bench *bench)
{
    bool has = false;
    for (int64_t key = bench->first; key < bench->first + CHUNKS; key++)
        has |= bench->store.has[key];
    return has;
}

/* What it was about to write is not live any more when it goes on, and another holds the lease. */
TEST_BOTH(vector_nodes, a_writer_that_stood_still_puts_nothing_back)
{
    Bench bench;
    bench_open(&bench, url);
    bench.times.lost_ms = 2 * WAIT_MS;
    start_node(&bench, 0, "one");
    wait_for_all(&bench);
    bench.store.is_slow = true;
    write_document(&bench);
    while (!bench.store.is_waited_for)
        sleep_ms(1);
    take_away_lease(&bench);
    cr_assert(store_write(bench.db, &bench.scope, remove_work, &bench, &err), "%s", err.message);
    bench.store.is_slow = false;
    while (!bench.store.upserts[bench.first + CHUNKS - 1])
        sleep_ms(1);
    for (int64_t until = monotonic_ms() + WAIT_MS; has_any(&bench) && monotonic_ms() < until;)
        sleep_ms(5);
    cr_expect(!has_any(&bench));
    bench_close(&bench);
}

TEST_BOTH(vector_nodes, every_node_finds_what_the_store_has_still_to_get)
{
    Bench bench;
    LegHit hits[KEYS_MAX];
    bench_open(&bench, url);
    for (size_t n = 0; n < NODES; n++)
        start_node(&bench, n, "one");
    wait_for_all(&bench);
    bench.store.is_slow = true;
    write_document(&bench);
    for (size_t n = 0; n < NODES; n++) {
        cr_assert_eq(find(&bench, n, hits), (size_t)CHUNKS, "node %zu", n);
        cr_expect_eq(hits[0].key, (uint64_t)bench.first);
        cr_expect_float_eq(hits[0].score, hits[CHUNKS - 1].score, 1e-6);
    }
    bench.store.is_slow = false;
    wait_for_all(&bench);
    bench.store.is_slow = true; /* and what it has of before is not found */
    write_document(&bench);
    for (size_t n = 0; n < NODES; n++) {
        cr_assert_eq(find(&bench, n, hits), (size_t)CHUNKS, "node %zu", n);
        cr_expect_eq(hits[0].key, (uint64_t)bench.first);
    }
    bench.store.is_slow = false;
    wait_for_all(&bench);
    expect_equal(&bench);
    bench_close(&bench);
}

TEST_BOTH(vector_nodes, vectors_go_when_no_node_searches_them_any_more)
{
    Bench bench;
    bench_open(&bench, url);
    start_node(&bench, 0, "one");
    start_node(&bench, 1, "one");
    wait_for_all(&bench);
    for (size_t n = 0; n < 2; n++)
        vector_follower_keep(bench.nodes[n], bench.scope.workspace, S("two"), DIMS);
    wait_for_all(&bench);
    vector_follower_drop_others(bench.nodes[0], bench.scope.workspace, S("two"));
    sleep_ms(quick.unwanted_ms + 200);
    cr_expect_eq(bench.store.clears, 0u); /* the other one still does */
    vector_follower_drop_others(bench.nodes[1], bench.scope.workspace, S("two"));
    for (int64_t until = monotonic_ms() + WAIT_MS;
         count_rows(&bench) > 1 && monotonic_ms() < until;)
        sleep_ms(20);
    cr_expect_eq(count_rows(&bench), 1u);
    cr_expect(bench.store.clears >= 1);
    bench_close(&bench);
}
