/* library_blobs.c - originals that are no document's. */
#include "library/library_int.h"
#include "store/erase_store.h"

const char *library_incoming(Library *library) { return blob_incoming(library->blobs); }

bool library_keep_originals(Library *library, const Scope *scope, const BlobItem *items,
                            size_t count, DbWork *work, void *argument, Error *err)
{
    AUTO_BLOBS_KEPT Library *kept = blobs_keep(library);
    return blob_import(library->blobs, scope->workspace, items, count, err) &&
           store_write(kept->db, scope, work, argument, err);
}

bool library_open_by_digest(Library *library, const Scope *scope, Str sha256, int *fd_r,
                            uint64_t *size_r, Error *err)
{
    return blob_open(library->blobs, scope->workspace, sha256, fd_r, size_r, err);
}

typedef struct DropWork {
    const Scope *scope;
    Arena *arena;
    Str blob;
    StrList unused;
    DbWork *work;
    void *argument;
} DropWork;

static bool drop_work(DbTx *tx, void *argument, Error *err)
{
    DropWork *drop = argument;
    drop->unused = (StrList){ &drop->blob, 1 };
    return drop->work(tx, drop->argument, err) &&
           blobs_keep_unused(tx, drop->scope, drop->arena, &drop->unused, err);
}

bool library_drop_original(Library *library, const Scope *scope, Str sha256, DbWork *work,
                           void *argument, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    DropWork drop = { scope, arena, sha256, { 0 }, work, argument };
    pthread_rwlock_wrlock(&library->blobs_in_use);
    bool good = store_write(library->db, scope, drop_work, &drop, err) &&
                (!drop.unused.count || blob_remove(library->blobs, scope->workspace, sha256, err));
    pthread_rwlock_unlock(&library->blobs_in_use);
    return good;
}
