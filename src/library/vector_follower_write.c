/* vector_follower_write.c - writing to a store of vectors that other nodes may write to as well:
 * see vector_follower_int.h.
 *
 * A node that is paused between reading rows and writing them may be replaced meanwhile, and would
 * then put back what the next one has removed. So each batch is written by the rows of that moment,
 * the lease is asked for behind it, and whoever has lost it writes the same chunks again until the
 * rows are as they were when they were read. */
#include "base/hash.h"
#include "base/log.h"
#include "library/vector_follower_int.h"
#include "store/workspaces_store.h"

#define LIST_AT_ONCE 256
#define SETTLE_TRIES 5

/* For the log: whether it was the database that failed, or the store. */
static bool by_database(VectorFollower *follower, bool is_good)
{
    follower->database_failed |= !is_good;
    return is_good;
}

/* --- One batch --- */

typedef struct Rows {
    Arena *arena;
    Scope scope;
    const VectorSpace *space;
    const VectorBatch *batch;
    VectorList found;
} Rows;

static bool find_rows(DbTx *tx, void *argument, Error *err)
{
    Rows *rows = argument;
    return vector_find_many(tx, &rows->scope, rows->arena, rows->space->model, rows->batch->numbers,
                            rows->batch->count, &rows->found, err);
}

static bool read_rows(VectorFollower *follower, Arena *arena, const VectorSpace *space,
                      const VectorBatch *batch, Rows *rows_r, Error *err)
{
    *rows_r = (Rows){ .arena = arena,
                      .scope = { .workspace = space->workspace, .role = ROLE_OWNER },
                      .space = space,
                      .batch = batch };
    return by_database(follower, store_read(follower->db, &rows_r->scope, find_rows, rows_r, err));
}

/* The same for the same rows. */
static uint32_t sum_of(const Rows *rows)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < rows->found.count; i++) {
        const Vector *row = &rows->found.at[i];
        sum = crc32c(sum, &row->number, sizeof row->number);
        sum = crc32c(sum, &row->scale, sizeof row->scale);
        sum = crc32c(sum, row->bytes.at, row->bytes.length);
    }
    return sum;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = ((const Vector *)a)->number, y = ((const Vector *)b)->number;
    return (x > y) - (x < y);
}

static bool is_live(const Rows *rows, int64_t number)
{
    const Vector key = { .number = number };
    return rows->found.count &&
           bsearch(&key, rows->found.at, rows->found.count, sizeof key, by_number);
}

/* What has a live row is written; what has none, or has parts that are too many, is removed. */
static bool write_rows(VectorFollower *follower, const Rows *rows, bool is_mend, Error *err)
{
    VectorStore *store = follower->store;
    const VectorBatch *batch = rows->batch;
    uint64_t gone[VECTOR_BATCH];
    size_t gone_count = 0;
    for (size_t i = 0; i < batch->count; i++)
        if (batch->removes[i] && (is_mend || !is_live(rows, batch->numbers[i])))
            gone[gone_count++] = (uint64_t)batch->numbers[i];
    return (!gone_count || store->remove(store, rows->space, gone, gone_count, err)) &&
           vector_rows_put(store, rows->space, &rows->found, err);
}

static bool is_held(VectorFollower *follower, const ModelSpaces *model, int64_t epoch,
                    int64_t sequence, bool *is_held_r, Error *err)
{
    return by_database(follower, vector_leases_renew(follower->leases, str(model->model),
                                                     model->dims, epoch, sequence, is_held_r, err));
}

/* Another node writes now. */
static bool settle(VectorFollower *follower, const VectorSpace *space, const VectorBatch *batch,
                   uint32_t sum, Error *err)
{
    VectorBatch all = *batch;
    memset(all.removes, true, sizeof all.removes);
    for (int i = 0; i < SETTLE_TRIES; i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(512));
        Rows rows;
        if (!read_rows(follower, arena, space, &all, &rows, err))
            return false;
        if (sum_of(&rows) == sum)
            return true;
        sum = sum_of(&rows);
        if (!write_rows(follower, &rows, false, err))
            return false;
    }
    return true;
}

/* The epoch that a task writes under; 0: none, which is no failure. */
static bool begin_writing(VectorFollower *follower, const Space *space, int64_t *epoch_r,
                          Error *err)
{
    const ModelSpaces *model = space->model;
    pthread_mutex_lock(&follower->lock);
    int64_t epoch = model->lease.epoch, sequence = model->lease.sequence;
    pthread_mutex_unlock(&follower->lock);
    VectorLeaseState state = vector_leases_state(follower->leases, str(model->model), model->dims);
    bool holds = epoch && state.epoch == epoch;
    *epoch_r = 0;
    if (holds && !state.is_sure && !is_held(follower, model, epoch, sequence, &holds, err))
        return false;
    *epoch_r = holds ? epoch : 0;
    return true;
}

/* *sequence_r: how far the store is with it. */
static bool write_batch(VectorFollower *follower, Space *space, const VectorBatch *batch,
                        int64_t epoch, bool is_mend, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Rows rows;
    bool holds;
    if (!read_rows(follower, arena, &space->space, batch, &rows, err) ||
        !write_rows(follower, &rows, is_mend, err))
        return false;
    pthread_mutex_lock(&follower->lock);
    if (!is_mend)
        vector_changes_wrote(&space->changes, batch);
    space->must_count = true;
    int64_t sequence = vectors_written(follower, space->model);
    pthread_mutex_unlock(&follower->lock);
    if (!is_held(follower, space->model, epoch, sequence, &holds, err))
        return false;
    return holds || settle(follower, &space->space, batch, sum_of(&rows), err);
}

int64_t vectors_written(const VectorFollower *follower, const ModelSpaces *model)
{
    int64_t sequence = MIN(follower->noted, model->lists_after);
    for (const Space *at = follower->spaces; at; at = at->next)
        if (at->model == model && !at->goes) {
            if (at->compares == COMPARES_FIRST || (model->left_out && model->lease.sequence >= 0))
                return model->lease.sequence;
            int64_t first = vector_changes_first_waiting(&at->changes);
            sequence = MIN(sequence, first == INT64_MAX ? first : first - 1);
        }
    return MAX(sequence, model->lease.sequence);
}

bool write_vector_changes(VectorFollower *follower, Space *space, Error *err)
{
    VectorBatch batch;
    int64_t epoch;
    if (!begin_writing(follower, space, &epoch, err))
        return false;
    pthread_mutex_lock(&follower->lock);
    vector_changes_batch(&space->changes, &batch);
    pthread_mutex_unlock(&follower->lock);
    return !epoch || !batch.count || write_batch(follower, space, &batch, epoch, false, err);
}

/* --- All of it --- */

typedef struct Mending {
    VectorFollower *follower;
    Space *space;
    int64_t epoch;
} Mending;

static bool mend(void *self, const VectorBatch *wrong, Error *err)
{
    const Mending *mending = self;
    return write_batch(mending->follower, mending->space, wrong, mending->epoch, true, err);
}

static bool between(void *self, Error *err)
{
    const Mending *mending = self;
    return vector_follower_between(mending->follower, mending->space->model, mending->epoch, err);
}

/* What waited before the rows were read is in. */
static bool end_comparison(VectorFollower *follower, Space *space, size_t waited, int64_t epoch,
                           Error *err)
{
    VectorBatch all = { .taken = waited };
    bool holds;
    pthread_mutex_lock(&follower->lock);
    if (space->compares == COMPARES_FIRST)
        vector_changes_wrote(&space->changes, &all);
    space->compares = space->compares_again ? COMPARES_FIRST : COMPARES_NOT;
    space->must_count = true;
    int64_t sequence = vectors_written(follower, space->model);
    pthread_mutex_unlock(&follower->lock);
    return is_held(follower, space->model, epoch, sequence, &holds, err);
}

bool compare_vector_space(VectorFollower *follower, Space *space, Error *err)
{
    Mending mending = { follower, space, 0 };
    const VectorMender mender = { mend, between, &mending };
    VectorDrift drift = { 0 };
    if (!begin_writing(follower, space, &mending.epoch, err))
        return false;
    if (!mending.epoch)
        return true;
    pthread_mutex_lock(&follower->lock);
    size_t waited = space->changes.waiting;
    space->compares_again = false;
    pthread_mutex_unlock(&follower->lock);
    if (!vector_drift_mend(follower->db, follower->store, &space->space, &mender, &drift, err)) {
        (void)by_database(follower, !drift.rows_failed);
        return false;
    }
    int64_t mended = drift.lacking + drift.different + drift.too_many;
    if (mended && drift.stored)
        log_info("vectors", "%s differed from the database in %" PRId64 " vectors and is mended",
                 follower->store->name, mended);
    return end_comparison(follower, space, waited, mending.epoch, err);
}

/* --- Changes that were told before this node listened --- */

typedef struct Listing {
    Arena *arena;
    const Scope *system;
    int64_t after;
    IndexPosition position;
    IndexChangeList list;
} Listing;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    Listing *listing = argument;
    return index_position(tx, listing->system, listing->arena, &listing->position, err) &&
           index_change_list(tx, listing->system, listing->arena, listing->after, LIST_AT_ONCE,
                             &listing->list, err);
}

/* Some of them are not remembered any more. */
static void compare_first(VectorFollower *follower, const ModelSpaces *model)
{
    for (Space *at = follower->spaces; at; at = at->next)
        if (at->model == model && model->lease.epoch)
            at->compares = COMPARES_FIRST;
}

bool list_vector_changes(VectorFollower *follower, ModelSpaces *model, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    const Scope system = scope_system();
    pthread_mutex_lock(&follower->lock);
    Listing listing = { .arena = arena, .system = &system, .after = model->lists_after };
    pthread_mutex_unlock(&follower->lock);
    if (!by_database(follower, store_read(follower->db, &system, list_work, &listing, err)))
        return false;
    bool is_end = listing.list.count < LIST_AT_ONCE;
    for (size_t i = 0; i < listing.list.count; i++)
        vector_follower_note(follower, &listing.list.at[i]);
    pthread_mutex_lock(&follower->lock);
    if (listing.after < listing.position.floor)
        compare_first(follower, model);
    if (model->lists_after >= listing.after) /* else something was left out meanwhile */
        model->lists_after = is_end ? INT64_MAX : listing.list.at[listing.list.count - 1].sequence;
    pthread_mutex_unlock(&follower->lock);
    return true;
}

/* --- Models of before --- */

typedef struct Everybody {
    Arena *arena;
    const Scope *system;
    WorkspaceList list;
} Everybody;

static bool everybody_work(DbTx *tx, void *argument, Error *err)
{
    Everybody *everybody = argument;
    return workspace_list(tx, everybody->system, everybody->arena, &everybody->list, err);
}

bool drop_unwanted_vectors(VectorFollower *follower, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    const Scope system = scope_system();
    Everybody everybody = { .arena = arena, .system = &system };
    VectorSpace space = { 0 };
    int64_t epoch;
    if (!by_database(follower, vector_leases_take_unwanted(follower->leases, arena, &space.model,
                                                           &space.dims, &epoch, err)))
        return false;
    if (!epoch)
        return true;
    if (!by_database(follower, store_read(follower->db, &system, everybody_work, &everybody, err)))
        return false;
    for (size_t i = 0; i < everybody.list.count; i++) {
        space.workspace = everybody.list.at[i].id;
        if (!follower->store->clear(follower->store, &space, err))
            return false;
    }
    return by_database(follower,
                       vector_leases_forget(follower->leases, space.model, space.dims, epoch, err));
}
