#include "store/server_key.h"

#include "base/seal.h"
#include "store/secrets_store.h"

typedef struct KeyWork {
    Scope system;
    Arena *arena;
    Str name, key;
} KeyWork;

static bool find_key(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    return secret_find(tx, &work->system, work->arena, work->name, &work->key, err);
}

static bool make_key(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    if (find_key(tx, argument, err))
        return true;
    if (err->code != ERROR_NOT_FOUND)
        return false;
    work->key = seal_new_key(work->arena);
    return secret_set(tx, &work->system, work->name, work->key, err);
}

bool server_key(Db *db, Arena *arena, Str name, Str *key_r, Error *err)
{
    KeyWork work = { scope_system(), arena, name, STR_NONE };
    if (!store_read(db, &work.system, find_key, &work, err) &&
        (err->code != ERROR_NOT_FOUND || !store_write(db, &work.system, make_key, &work, err)))
        return false;
    *key_r = work.key;
    return true;
}
