/* server_key.c - see server_key.h. */
#include "store/server_key.h"

#include <assert.h>

#include "base/hash.h"
#include "base/seal.h"
#include "store/secrets_store.h"
#include "store/settings_store.h"

typedef struct KeyWork {
    Scope system;
    Arena *arena;
    Str name, key;
    Str stored; /* as it lies in the database; empty: not there */
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

/* --- The master key ---------------------------------------------------------------------- */

#define CHECK_NAME S("master_key_check")

typedef struct CheckWork {
    Scope system;
    Arena *arena;
    bool is_alone, is_new;
} CheckWork;

/* What the database keeps of a master key: it tells nothing about it. */
static Str master_check(Arena *arena, Str key)
{
    Str digest = hmac_sha256_hex(arena, key, S("the master key of this database"));
    return str_format(arena, "\"" STR_FMT "\"", STR_ARG(digest));
}

static bool check_work(DbTx *tx, void *argument, Error *err)
{
    CheckWork *work = argument;
    Str known, ours = master_check(work->arena, master());
    bool is_known = setting_find(tx, &work->system, work->arena, CHECK_NAME, &known, err);
    if (!is_known && err->code != ERROR_NOT_FOUND)
        return false;
    work->is_new = is_known && !str_equal(known, ours);
    if (is_known && !work->is_new)
        return true;
    if (work->is_new && !work->is_alone)
        return fail(err, ERROR_CONFLICT,
                    "the database is used with another master key; give all its servers the same "
                    "one (the setting master_key, or a copy of master.key in the data folder). "
                    "When that is lost: lectern migrate forget-key");
    return setting_replace(tx, &work->system, CHECK_NAME, is_known ? known : STR_NONE, ours, err);
}

bool server_key_check(Db *db, bool is_alone, bool *is_new_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    CheckWork work = { .system = scope_system(), .arena = arena, .is_alone = is_alone };
    bool ok = !master_length || store_write(db, &work.system, check_work, &work, err);
    /* Another node may have been the first at the same moment. */
    if (!ok && err->code == ERROR_CONFLICT)
        ok = store_write(db, &work.system, check_work, &work, err);
    *is_new_r = work.is_new;
    return ok;
}

static bool forget_work(DbTx *tx, void *system, Error *err)
{
    return setting_remove(tx, system, CHECK_NAME, err);
}

bool server_key_forget(Db *db, Error *err)
{
    Scope system = scope_system();
    return store_write(db, &system, forget_work, &system, err);
}

/* --- Keys of a name ---------------------------------------------------------------------- */

static bool find_key(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    Error why;
    if (!secret_find(tx, &work->system, work->arena, work->name, &work->stored, err))
        return false;
    if (!master_length) {
        work->key = work->stored;
        return true;
    }
    return seal_open(work->arena, master(), work->stored, &work->key, &why) ||
           fail(err, ERROR_NOT_FOUND, "the key was sealed with another master key");
}

/* Keys are made anew when the master key is lost, not by a node that has an old one. */
static bool check_current(DbTx *tx, const KeyWork *work, Error *err)
{
    Str known;
    Error why = { 0 };
    if (!master_length || !setting_find(tx, &work->system, work->arena, CHECK_NAME, &known, &why) ||
        str_equal(known, master_check(work->arena, master()))) {
        *err = why;
        return !why.code || why.code == ERROR_NOT_FOUND;
    }
    return fail(err, ERROR_CONFLICT,
                "the database is used with another master key: start again with that one");
}

static bool make_key(DbTx *tx, void *argument, Error *err)
{
    KeyWork *work = argument;
    work->stored = STR_NONE;
    if (find_key(tx, argument, err))
        return true;
    if (err->code != ERROR_NOT_FOUND || !check_current(tx, work, err))
        return false;
    work->key = seal_new_key(work->arena);
    Str sealed = work->key;
    return (!master_length || seal_close(work->arena, master(), work->key, &sealed, err)) &&
           secret_replace(tx, &work->system, work->name, work->stored, sealed, err);
}

bool server_key(Db *db, Arena *arena, Str name, Str *key_r, Error *err)
{
    KeyWork work = { .system = scope_system(), .arena = arena, .name = name };
    bool ok = store_read(db, &work.system, find_key, &work, err) ||
              (err->code == ERROR_NOT_FOUND && store_write(db, &work.system, make_key, &work, err));
    Error still;
    /* Another node may have made it at the same moment. */
    if (!ok &&
        (err->code != ERROR_CONFLICT || !store_read(db, &work.system, find_key, &work, &still)))
        return false;
    *key_r = work.key;
    return true;
}

bool server_key_make(DbTx *tx, Arena *arena, Str name, Str *key_r, Error *err)
{
    KeyWork work = { scope_system(), arena, name, STR_NONE };
    if (!make_key(tx, &work, err))
        return false;
    *key_r = work.key;
    return true;
}

/* --- Another master key ------------------------------------------------------------------ */

typedef struct RotateWork {
    Scope system;
    Arena *arena;
    Str key;
    bool fits;
} RotateWork;

/* Those of workspaces are sealed with these, and stay as they are. */
static bool rotate_work(DbTx *tx, void *argument, Error *err)
{
    RotateWork *work = argument;
    const KeyWork current = { .system = work->system, .arena = work->arena };
    SecretList list;
    Str opened, sealed, known = STR_NONE;
    Error why;
    if (!check_current(tx, &current, err) ||
        !secret_list(tx, &work->system, work->arena, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (!list.at[i].workspace.length &&
            seal_open(work->arena, master(), list.at[i].sealed, &opened, &why) &&
            (!seal_close(work->arena, work->key, opened, &sealed, err) ||
             !secret_set(tx, &work->system, list.at[i].name, sealed, err)))
            return false;
    if (!setting_find(tx, &work->system, work->arena, CHECK_NAME, &known, &why) &&
        why.code != ERROR_NOT_FOUND) {
        *err = why;
        return false;
    }
    return setting_replace(tx, &work->system, CHECK_NAME, known,
                           master_check(work->arena, work->key), err);
}

bool server_key_rotate(Db *db, Str master_key, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    RotateWork work = { scope_system(), arena, master_key, false };
    assert(master_length);
    if (!store_write(db, &work.system, rotate_work, &work, err))
        return false;
    server_key_set_master(master_key);
    return true;
}

static bool fits_work(DbTx *tx, void *argument, Error *err)
{
    RotateWork *work = argument;
    Str known;
    if (!setting_find(tx, &work->system, work->arena, CHECK_NAME, &known, err))
        return err->code == ERROR_NOT_FOUND;
    work->fits = str_equal(known, master_check(work->arena, work->key));
    return true;
}

bool server_key_fits(Db *db, Str master_key, bool *fits_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    RotateWork work = { scope_system(), arena, master_key, false };
    if (!store_read(db, &work.system, fits_work, &work, err))
        return false;
    *fits_r = work.fits;
    return true;
}
