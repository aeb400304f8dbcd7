/* server_key.c - see server_key.h. */
#include "store/server_key.h"

#include <assert.h>

#include "base/seal.h"
#include "store/secrets_store.h"

typedef struct KeyWork {
    Scope system;
    Arena *arena;
    Str name, key;
} KeyWork;

static char master_bytes[SEAL_KEY_BYTES];
static size_t master_length;

void server_key_set_master(Str master)
{
    assert(master.length == SEAL_KEY_BYTES);
    memcpy(master_bytes, master.at, master.length);
    master_length = master.length;
}

static Str master(void) { return (Str){ master_bytes, master_length }; }

static bool find_key(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    Error why;
    Str stored;
    if (!secret_find(tx, &work->system, work->arena, work->name, &stored, err))
        return false;
    if (!master_length) {
        work->key = stored;
        return true;
    }
    return seal_open(work->arena, master(), stored, &work->key, &why) ||
           fail(err, ERROR_NOT_FOUND, "the key was sealed with another master key");
}

static bool make_key(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    if (find_key(tx, argument, err))
        return true;
    if (err->code != ERROR_NOT_FOUND)
        return false;
    work->key = seal_new_key(work->arena);
    Str stored = work->key;
    return (!master_length || seal_close(work->arena, master(), work->key, &stored, err)) &&
           secret_set(tx, &work->system, work->name, stored, err);
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
