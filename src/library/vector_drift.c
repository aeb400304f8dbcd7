/* vector_drift.c - the rows of a space beside what its store lists: vector_drift_find() of
 * vector_follower.h, and the writing of rows to a store; see vector_drift.h. */
#include "library/vector_drift.h"

#include "base/hash.h"

#define ROWS 512
#define PARTS_MAX 16

/* --- Rows as the store has them --- */

static uint32_t vector_row_sum(const Vector *row, size_t part, size_t dims)
{
    size_t size = dims * (row->form == VECTOR_INT8 ? sizeof(int8_t) : sizeof(float));
    uint32_t sum = crc32c((uint32_t)row->form, &row->scale, sizeof row->scale);
    return crc32c(sum, row->bytes.at + part * size, size);
}

/* Parts of another width, and more than a key may have, are left out. */
static size_t parts_of(const Vector *row, size_t dims)
{
    size_t parts = vector_parts(row, dims);
    return parts > PARTS_MAX ? 0 : parts;
}

bool vector_rows_put(VectorStore *store, const VectorSpace *space, const VectorList *rows,
                     Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    VEC(StoredVector) all = { 0 };
    for (size_t i = 0; i < rows->count; i++)
        for (size_t part = 0; part < parts_of(&rows->at[i], space->dims); part++) {
            float *values = arena_new_array(arena, float, space->dims);
            vector_values(&rows->at[i], part, space->dims, values);
            *vec_push(arena, &all) =
                (StoredVector){ (uint64_t)rows->at[i].number, (uint32_t)part,
                                vector_row_sum(&rows->at[i], part, space->dims), values };
        }
    for (size_t at = 0; at < all.count; at += ROWS)
        if (!store->upsert(store, space, all.at + at, MIN(ROWS, all.count - at), err))
            return false;
    return true;
}

/* --- Both lists side by side --- */

typedef struct Walk {
    Db *db;
    VectorStore *store;
    const VectorSpace *space;
    const VectorMender *mender; /* NULL: nothing is mended */
    Arena *arena;               /* of the page of rows */
    Scope scope;
    ChunkCursor cursor;
    VectorList rows;
    Arena *list_arena;
    StoredMarks marks; /* not yet compared from `at` on */
    size_t at;
    bool is_listed; /* to its end */
    StoredMark last;
    bool has_last;
    VectorDrift drift;
    VectorBatch wrong; /* chunks that the store has otherwise, beside this page of rows */
} Walk;

static bool next_rows(DbTx *tx, void *argument, Error *err)
{
    Walk *walk = argument;
    ChunkCursor cursor = walk->cursor;
    return vector_scan(tx, &walk->scope, walk->arena, walk->space->model, &cursor, ROWS,
                       &walk->rows, err);
}

/* The next mark; NULL: there is none. */
static bool next_mark(Walk *walk, const StoredMark **mark_r, Error *err)
{
    *mark_r = NULL;
    if (walk->at == walk->marks.count && !walk->is_listed) {
        arena_reset(walk->list_arena);
        if (!walk->store->list(walk->store, walk->space, walk->list_arena,
                               walk->has_last ? &walk->last : NULL, &walk->marks, err))
            return false;
        walk->at = 0;
        walk->is_listed = !walk->marks.count;
        walk->drift.stored += (int64_t)walk->marks.count;
        if (walk->marks.count) {
            walk->last = walk->marks.at[walk->marks.count - 1];
            walk->has_last = true;
        }
    }
    if (walk->at < walk->marks.count)
        *mark_r = &walk->marks.at[walk->at];
    return true;
}

static bool mend(Walk *walk, Error *err)
{
    const VectorMender *mender = walk->mender;
    if (mender && walk->wrong.count && !mender->mend(mender->self, &walk->wrong, err))
        return false;
    walk->wrong.count = 0;
    return true;
}

/* `removes`: the store has parts of it that are too many. */
static bool add_wrong(Walk *walk, int64_t number, bool removes, Error *err)
{
    VectorBatch *wrong = &walk->wrong;
    if (wrong->count && wrong->numbers[wrong->count - 1] == number) {
        wrong->removes[wrong->count - 1] |= removes;
        return true;
    }
    if (wrong->count == VECTOR_BATCH && !mend(walk, err))
        return false;
    wrong->numbers[wrong->count] = number;
    wrong->removes[wrong->count++] = removes;
    return true;
}

/* Marks before the row are of chunks that are not live any more. */
static bool skip_before(Walk *walk, uint64_t key, Error *err)
{
    const StoredMark *mark;
    do {
        if (!next_mark(walk, &mark, err))
            return false;
        if (mark && mark->key < key) {
            walk->drift.too_many++;
            walk->at++;
            if (!add_wrong(walk, (int64_t)mark->key, true, err))
                return false;
        }
    } while (mark && mark->key < key);
    return true;
}

static bool compare_row(Walk *walk, const Vector *row, Error *err)
{
    size_t parts = parts_of(row, walk->space->dims), seen = 0;
    bool is_wrong = false, has_more = false;
    const StoredMark *mark;
    if (!skip_before(walk, (uint64_t)row->number, err))
        return false;
    walk->drift.rows += (int64_t)parts;
    for (;;) {
        if (!next_mark(walk, &mark, err))
            return false;
        if (!mark || mark->key != (uint64_t)row->number)
            break;
        bool is_known = mark->part < parts;
        bool is_same = is_known && mark->sum == vector_row_sum(row, mark->part, walk->space->dims);
        walk->drift.too_many += !is_known;
        has_more |= !is_known;
        walk->drift.different += is_known && !is_same;
        is_wrong |= !is_same;
        seen += is_known;
        walk->at++;
    }
    walk->drift.lacking += (int64_t)(parts - MIN(seen, parts));
    return (!is_wrong && seen >= parts) || add_wrong(walk, row->number, has_more, err);
}

static bool walk_page(Walk *walk, bool *is_end_r, Error *err)
{
    walk->drift.rows_failed = !store_read(walk->db, &walk->scope, next_rows, walk, err);
    if (walk->drift.rows_failed)
        return false;
    *is_end_r = !walk->rows.count;
    for (size_t i = 0; i < walk->rows.count; i++)
        if (!compare_row(walk, &walk->rows.at[i], err))
            return false;
    if (walk->rows.count) /* its text lies in the arena that goes */
        walk->cursor = (ChunkCursor){ .workspace = walk->space->workspace,
                                      .number = walk->rows.at[walk->rows.count - 1].number };
    return (!*is_end_r || skip_before(walk, UINT64_MAX, err)) && mend(walk, err);
}

bool vector_drift_mend(Db *db, VectorStore *store, const VectorSpace *space,
                       const VectorMender *mender, VectorDrift *drift_r, Error *err)
{
    AUTO_ARENA Arena *list_arena = arena_new(MB(256));
    Walk walk = { .db = db,
                  .store = store,
                  .space = space,
                  .mender = mender,
                  .list_arena = list_arena,
                  .scope = { .workspace = space->workspace, .role = ROLE_OWNER } };
    bool is_end = false, is_good = true;
    while (is_good && !is_end) {
        AUTO_ARENA Arena *arena = arena_new(MB(512));
        walk.arena = arena;
        is_good = (!mender || mender->between(mender->self, err)) && walk_page(&walk, &is_end, err);
    }
    *drift_r = walk.drift;
    return is_good;
}

bool vector_drift_find(Db *db, VectorStore *store, const VectorSpace *space, VectorDrift *drift_r,
                       Error *err)
{
    return vector_drift_mend(db, store, space, NULL, drift_r, err);
}
