/* pgvector_store.c - see pgvector_store.h. */
#include "library/pgvector_store.h"

#include "base/clock.h"
#include "store/near_vectors_store.h"

/* So few are compared one by one: by their numbers, of which each takes some 4 us. The graph would
 * be quicker where what it comes to first is allowed, and miss some where it is not. */
#define COMPARE_MAX 20000
#define KEY_PARTS_MAX 16
/* Where all that is allowed lies far from the query, what the graph comes to first is not the
 * nearest of it: of 20,400 vectors whose farther half was allowed, 24 of 30. */
#define MORE 4
#define SEARCH_ROWS_MAX 20000

typedef struct PgvectorStore {
    VectorStore store;
    Db *db;
} PgvectorStore;

/* What a transaction does. */
typedef struct Work {
    Arena *arena;
    Scope scope;
    NearSpace space;
    const NearVector *vectors;
    const int64_t *numbers;
    size_t count;
    const StoredMark *after;
    NearVectorList *list_r;
    const NearSearch *search;
    NearHitList *hits_r;
    int64_t *number_r;
} Work;

static Work work_of(Arena *arena, const VectorSpace *space)
{
    return (Work){ .arena = arena,
                   .scope = { .workspace = space->workspace, .role = ROLE_OWNER },
                   .space = { space->model, space->dims } };
}

static Db *db_of(VectorStore *store) { return ((PgvectorStore *)store)->db; }

/* --- The table --- */

typedef struct Creation {
    Arena *arena;
    size_t dims;
    bool is_there;
} Creation;

static bool look_work(DbTx *tx, void *argument, Error *err)
{
    Creation *creation = argument;
    return near_is_created(tx, creation->arena, creation->dims, &creation->is_there, err);
}

static bool create_work(DbTx *tx, void *argument, Error *err)
{
    const Creation *creation = argument;
    return near_create(tx, creation->arena, creation->dims, err);
}

static bool extension_work(DbTx *tx, void *argument, Error *err)
{
    (void)argument;
    return near_create_extension(tx, err);
}

static bool create(VectorStore *store, const VectorSpace *space, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Creation creation = { .arena = arena, .dims = space->dims };
    Work work = work_of(arena, space);
    return store_read(db_of(store), &work.scope, look_work, &creation, err) &&
           (creation.is_there || db_write_schema(db_of(store), create_work, &creation, err));
}

/* --- Changes --- */

static bool put_work(DbTx *tx, void *argument, Error *err)
{
    const Work *work = argument;
    return near_put(tx, &work->scope, work->arena, &work->space, work->vectors, work->count, err);
}

static bool upsert(VectorStore *store, const VectorSpace *space, const StoredVector *vectors,
                   size_t count, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Work work = work_of(arena, space);
    NearVector *rows = arena_new_array(arena, NearVector, count);
    for (size_t i = 0; i < count; i++)
        rows[i] = (NearVector){ (int64_t)vectors[i].key, vectors[i].part, vectors[i].sum,
                                vectors[i].values };
    work.vectors = rows;
    work.count = count;
    return !count || store_write(db_of(store), &work.scope, put_work, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    const Work *work = argument;
    return near_remove(tx, &work->scope, work->arena, &work->space, work->numbers, work->count,
                       err);
}

static int64_t *numbers_of(Arena *arena, const uint64_t *keys, size_t count)
{
    int64_t *numbers = arena_new_array(arena, int64_t, count + 1);
    for (size_t i = 0; i < count; i++)
        numbers[i] = (int64_t)keys[i];
    return numbers;
}

static bool take_away(VectorStore *store, const VectorSpace *space, const uint64_t *keys,
                      size_t count, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Work work = work_of(arena, space);
    work.numbers = numbers_of(arena, keys, count);
    work.count = count;
    return store_write(db_of(store), &work.scope, remove_work, &work, err);
}

static bool clear_work(DbTx *tx, void *argument, Error *err)
{
    const Work *work = argument;
    return near_clear(tx, &work->scope, work->arena, &work->space, err);
}

static bool clear(VectorStore *store, const VectorSpace *space, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Work work = work_of(arena, space);
    return store_write(db_of(store), &work.scope, clear_work, &work, err);
}

/* --- Looking --- */

static bool count_work(DbTx *tx, void *argument, Error *err)
{
    const Work *work = argument;
    return near_count(tx, &work->scope, work->arena, &work->space, work->number_r, err);
}

static bool count_all(VectorStore *store, const VectorSpace *space, int64_t *count_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Work work = work_of(arena, space);
    work.number_r = count_r;
    return store_read(db_of(store), &work.scope, count_work, &work, err);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    const Work *work = argument;
    return near_list(tx, &work->scope, work->arena, &work->space,
                     work->after ? (int64_t)work->after->key : -1,
                     work->after ? work->after->part : 0, VECTOR_STORE_LIST_MAX, work->list_r, err);
}

static bool list(VectorStore *store, const VectorSpace *space, Arena *arena,
                 const StoredMark *after, StoredMarks *marks_r, Error *err)
{
    NearVectorList found;
    Work work = work_of(arena, space);
    work.after = after;
    work.list_r = &found;
    if (!store_read(db_of(store), &work.scope, list_work, &work, err))
        return false;
    *marks_r = (StoredMarks){ arena_new_array(arena, StoredMark, found.count + 1), found.count };
    for (size_t i = 0; i < found.count; i++)
        marks_r->at[i] = (StoredMark){ (uint64_t)found.at[i].number, (uint32_t)found.at[i].part,
                                       (uint32_t)found.at[i].sum };
    return true;
}

static bool search_work(DbTx *tx, void *argument, Error *err)
{
    const Work *work = argument;
    return near_search(tx, &work->scope, work->arena, &work->space, work->search, work->hits_r,
                       err);
}

/* One look; *is_all_r: nothing is left that it did not give. */
static bool look(Db *db, Work *work, const NearSearch *search, size_t k, LegHit *hits,
                 size_t *count_r, bool *is_all_r, Error *err)
{
    NearHitList found;
    work->search = search;
    work->hits_r = &found;
    if (!store_read(db, &work->scope, search_work, work, err))
        return false;
    LegHit *all = arena_new_array(work->arena, LegHit, found.count + 1);
    for (size_t i = 0; i < found.count; i++)
        all[i] = (LegHit){ (uint64_t)found.at[i].number, (float)found.at[i].score,
                           (uint32_t)found.at[i].part };
    *count_r = vector_store_best(all, found.count, k);
    if (*count_r)
        memcpy(hits, all, *count_r * sizeof *hits);
    *is_all_r = (int64_t)found.count < search->limit;
    return true;
}

/* Keys have several vectors each, so k of them may take more; the graph may end too early, so the
 * last look compares all. */
static bool search(VectorStore *store, const VectorSpace *space, Arena *arena, const float *query,
                   const KeyFilter *filter, size_t k, LegHit *hits, size_t *count_r, Error *err)
{
    Work work = work_of(arena, space);
    NearSearch near = { .query = query, .limit = (int64_t)k };
    const KeyFilter none = { 0 };
    uint64_t *keys;
    size_t key_count = 0;
    bool is_all = false;
    filter = filter ? filter : &none;
    if (vector_store_allowed(filter, arena, COMPARE_MAX, &keys, &key_count)) {
        near.numbers = numbers_of(arena, keys, key_count);
        near.number_count = key_count;
        near.limit = (int64_t)k * KEY_PARTS_MAX + 1; /* k keys have no more */
    } else if (filter->bits) {
        near.bitmap = (Str){ (const char *)filter->bits, bitmap_words(filter->bit_count) * 8 };
        near.bit_count = (int64_t)filter->bit_count;
        near.limit *= MORE;
    }
    int64_t until_ms = monotonic_ms() + VECTOR_SEARCH_MS;
    near.timeout_ms = VECTOR_SEARCH_MS;
    if (!look(db_of(store), &work, &near, k, hits, count_r, &is_all, err))
        return false;
    while (*count_r < k && !(is_all && (near.is_exact || near.numbers))) {
        near.limit = near.is_exact ? near.limit * 4 : MAX(near.limit, 1);
        near.is_exact = true;
        if (near.limit > SEARCH_ROWS_MAX)
            break;
        int64_t left_ms = until_ms - monotonic_ms();
        near.timeout_ms = MAX(left_ms, 1);
        if (!look(db_of(store), &work, &near, k, hits, count_r, &is_all, err))
            return false;
    }
    return true;
}

static void free_store(VectorStore *store) { free(store); }

bool pgvector_store_open(Db *db, VectorStore **store_r, Error *err)
{
    if (db_kind(db) != DB_POSTGRES)
        return fail(err, ERROR_INVALID,
                    "vector_store_type pgvector needs a PostgreSQL library: set database to "
                    "postgresql://..., or vector_store_type to embedded");
    if (!db_write_schema(db, extension_work, NULL, err))
        return false;
    PgvectorStore *store = heap_alloc(sizeof *store);
    *store = (PgvectorStore){ .store = { .name = "pgvector",
                                         .create = create,
                                         .upsert = upsert,
                                         .remove = take_away,
                                         .clear = clear,
                                         .count = count_all,
                                         .list = list,
                                         .search = search,
                                         .free = free_store },
                              .db = db };
    *store_r = &store->store;
    return true;
}
