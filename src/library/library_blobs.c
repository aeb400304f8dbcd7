/* library_blobs.c - originals that are no document's. */
#include "base/clock.h"
#include "library/library_int.h"
#include "store/erase_store.h"
#include "store/workspaces_store.h"

const char *library_incoming(Library *library) { return blob_incoming(library->blobs); }

/* --- Adding --- */

typedef struct RemovalsWork {
    const Scope *scope;
    Arena *arena;
    StrList blobs;
    BlobRemovals removals;
} RemovalsWork;

static bool removals_work(DbTx *tx, void *argument, Error *err)
{
    RemovalsWork *work = argument;
    return blob_removals_find(tx, work->scope, work->arena, &work->blobs, &work->removals, err);
}

/* What was asked for and has not ended, ends first: its node may be gone. */
static bool end_removals(Library *library, RemovalsWork *work, Error *err)
{
    if (!store_read(library->db, work->scope, removals_work, work, err))
        return false;
    if (!work->removals.is_wanted)
        return true;
    pthread_rwlock_wrlock(&library->blobs_in_use);
    bool good = originals_remove(library, work->scope, work->arena, work->blobs, err);
    pthread_rwlock_unlock(&library->blobs_in_use);
    return good;
}

bool originals_import(KeptOriginals *kept, Library *library, const Scope *scope, Arena *arena,
                      const BlobItem *items, size_t count, Error *err)
{
    RemovalsWork work = { .scope = scope, .arena = arena };
    Str *blobs = arena_new_array(arena, Str, count);
    *kept = (KeptOriginals){ .library = NULL };
    for (size_t i = 0; i < count; i++)
        blobs[i] = items[i].sha256;
    work.blobs = (StrList){ blobs, count };
    if (count && !end_removals(library, &work, err))
        return false;
    pthread_rwlock_rdlock(&library->blobs_in_use);
    *kept =
        (KeptOriginals){ .library = library, .scope = scope, .arena = arena, .blobs = work.blobs };
    if (count && !store_read(library->db, scope, removals_work, &work, err))
        return false;
    kept->removals = work.removals;
    return blob_import(library->blobs, scope->workspace, items, count, err);
}

typedef struct StoreWork {
    const KeptOriginals *kept;
    DbWork *work;
    void *argument;
} StoreWork;

static bool store_work(DbTx *tx, void *argument, Error *err)
{
    const StoreWork *store = argument;
    const KeptOriginals *kept = store->kept;
    BlobRemovals now;
    if (!blobs_lock(tx, kept->scope, kept->arena, &kept->blobs, false, err) ||
        !blob_removals_find(tx, kept->scope, kept->arena, &kept->blobs, &now, err))
        return false;
    if (now.is_wanted || !str_equal(now.state, kept->removals.state))
        return fail(err, ERROR_BUSY,
                    "the same file was being erased while it came in, so it was not stored; send it"
                    " again");
    return store->work(tx, store->argument, err);
}

bool originals_store(const KeptOriginals *kept, DbWork *work, void *argument, Error *err)
{
    StoreWork store = { kept, work, argument };
    return store_write(kept->library->db, kept->scope, store_work, &store, err);
}

bool library_keep_originals(Library *library, const Scope *scope, const BlobItem *items,
                            size_t count, DbWork *work, void *argument, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    AUTO_ORIGINALS KeptOriginals kept = { .library = NULL };
    return originals_import(&kept, library, scope, arena, items, count, err) &&
           originals_store(&kept, work, argument, err);
}

/* --- Reading --- */

bool library_open_by_digest(Library *library, const Scope *scope, Str sha256, int *fd_r,
                            uint64_t *size_r, Error *err)
{
    return blob_open(library->blobs, scope->workspace, sha256, fd_r, size_r, err);
}

/* --- Removing --- */

typedef struct RemoveWork {
    Library *library;
    const Scope *scope;
    Arena *arena;
    StrList blobs;
} RemoveWork;

/* The originals go before the commit, while nobody else can add a row that names them. A commit
 * that fails leaves the removal asked for, and so unsafe to rely on. */
static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    const RemoveWork *work = argument;
    StrList unused = work->blobs;
    if (!blobs_lock(tx, work->scope, work->arena, &work->blobs, true, err) ||
        !blob_removals_settle(tx, work->scope, work->arena, &work->blobs, err) ||
        !blobs_keep_unused(tx, work->scope, work->arena, &unused, err))
        return false;
    for (size_t i = 0; i < unused.count; i++)
        if (!blob_remove(work->library->blobs, work->scope->workspace, unused.at[i], err))
            return false;
    return blob_removals_count(tx, work->scope, work->arena, &unused, now_ms(), err);
}

bool originals_remove(Library *library, const Scope *scope, Arena *arena, StrList blobs, Error *err)
{
    RemoveWork work = { library, scope, arena, blobs };
    if (!blobs.count)
        return true;
    /* Everybody who writes into SQLite waits for this: a store that is away is found out before. */
    if (db_kind(library->db) == DB_SQLITE && !blob_probe(library->blobs, err))
        return false;
    return store_write(library->db, scope, remove_work, &work, err);
}

typedef struct DropWork {
    const Scope *scope;
    Arena *arena;
    StrList blobs;
    DbWork *work;
    void *argument;
} DropWork;

static bool drop_work(DbTx *tx, void *argument, Error *err)
{
    const DropWork *drop = argument;
    return drop->work(tx, drop->argument, err) &&
           blob_removals_ask(tx, drop->scope, drop->arena, &drop->blobs, now_ms(), err);
}

bool library_drop_original(Library *library, const Scope *scope, Str sha256, DbWork *work,
                           void *argument, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    DropWork drop = { scope, arena, { &sha256, 1 }, work, argument };
    pthread_rwlock_wrlock(&library->blobs_in_use);
    bool good = store_write(library->db, scope, drop_work, &drop, err) &&
                originals_remove(library, scope, arena, drop.blobs, err);
    pthread_rwlock_unlock(&library->blobs_in_use);
    return good;
}

/* --- What was left --- */

#define DAY_MS INT64_C(86400000)
#define LEFT_MS 60000 /* a removal of this age has no node that still works on it */
#define LEFT_AT_ONCE 1000

typedef struct LeftWork {
    Library *library;
    Job *job;
    int64_t now_ms;
    BlobKeyList left; /* removals that did not end */
    /* Originals of one workspace that are to be looked at, and those of them without a row. */
    Arena *batch;
    Scope scope;
    VEC(Str) found;
    StrList spare;
} LeftWork;

static bool left_work(DbTx *tx, void *argument, Error *err)
{
    LeftWork *work = argument;
    const Scope *system = &work->library->system;
    return blob_removals_list_wanted(tx, system, work->job->arena, work->now_ms - LEFT_MS,
                                     LEFT_AT_ONCE, &work->left, err);
}

static bool nothing_else(DbTx *tx, void *argument, Error *err)
{
    (void)tx, (void)argument, (void)err;
    return true;
}

static bool remove_left(LeftWork *work, Str workspace, Str blob, Error *err)
{
    Scope scope = { .workspace = workspace, .role = ROLE_OWNER };
    return library_drop_original(work->library, &scope, blob, nothing_else, NULL, err);
}

/* Of a workspace that the database does not know nothing is touched: it may be another's folder. */
static bool spare_work(DbTx *tx, void *argument, Error *err)
{
    LeftWork *work = argument;
    Workspace workspace;
    work->spare = (StrList){ NULL, 0 };
    if (!workspace_find(tx, &work->scope, work->batch, work->scope.workspace, &workspace, err))
        return err->code == ERROR_NOT_FOUND;
    work->spare = (StrList){ work->found.at, work->found.count };
    return blobs_keep_unused(tx, &work->scope, work->batch, &work->spare, err);
}

/* The looking changes nothing; those without a row are then looked at again, under the lock. */
static bool remove_spare(LeftWork *work, Error *err)
{
    if (work->found.count && !store_read(work->library->db, &work->scope, spare_work, work, err))
        return false;
    for (size_t i = 0; work->found.count && i < work->spare.count; i++)
        if (!remove_left(work, work->scope.workspace, work->spare.at[i], err))
            return false;
    memset(&work->found, 0, sizeof(work->found));
    arena_reset(work->batch);
    return true;
}

/* An upload stores its original a moment before its row: young ones are left alone. */
static bool see_original(void *self, const BlobFound *found, Error *err)
{
    LeftWork *work = self;
    if (found->changed_ms >= work->now_ms - DAY_MS)
        return true;
    if (job_is_stopped(work->job))
        return job_stopped(work->job, err);
    if (work->found.count == LEFT_AT_ONCE || !str_equal(work->scope.workspace, found->workspace)) {
        if (!remove_spare(work, err))
            return false;
        work->scope = (Scope){ .workspace = str_copy(work->job->arena, found->workspace),
                               .role = ROLE_OWNER };
    }
    *vec_push(work->batch, &work->found) = str_copy(work->batch, found->sha256);
    return true;
}

bool originals_remove_left(Library *library, Job *job, Error *err)
{
    LeftWork work = { .library = library, .job = job, .now_ms = now_ms() };
    if (!store_read(library->db, &library->system, left_work, &work, err))
        return false;
    for (size_t i = 0; i < work.left.count; i++) {
        if (job_is_stopped(job))
            return job_stopped(job, err);
        if (!remove_left(&work, work.left.at[i].workspace, work.left.at[i].blob, err))
            return false;
    }
    return true;
}

static bool forget_work(DbTx *tx, void *argument, Error *err)
{
    const LeftWork *work = argument;
    return blob_removals_forget(tx, &work->library->system, work->now_ms - 2 * DAY_MS, err);
}

bool originals_tidy(Library *library, Job *job, Error *err)
{
    AUTO_ARENA Arena *batch = arena_new(MB(16));
    LeftWork work = { .library = library, .job = job, .now_ms = now_ms(), .batch = batch };
    if (!store_write(library->db, &library->system, forget_work, &work, err) ||
        !originals_remove_left(library, job, err))
        return false;
    return blob_list(library->blobs, see_original, &work, err) && remove_spare(&work, err);
}
