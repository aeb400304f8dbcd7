#include "store/passkeys_store.h"

#include "base/id.h"
#include "store/sql.h"

#define PASSKEYS                                                                                   \
    "SELECT id, user_id, credential, handle, public_key, counter, may_be_synced, transports, "     \
    "name,"                                                                                        \
    " created_at, last_used_at FROM passkeys WHERE "

static void read_passkey(DbRows *row, Arena *arena, void *item)
{
    *(Passkey *)item = (Passkey){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .credential = db_get_text(row, 2, arena),
        .handle = db_get_text(row, 3, arena),
        .public_key = db_get_blob(row, 4, arena),
        .counter = db_get_int(row, 5),
        .may_be_synced = db_get_int(row, 6) != 0,
        .transports = db_get_text(row, 7, arena),
        .name = db_get_text(row, 8, arena),
        .created_at_ms = db_get_int(row, 9),
        .last_used_at_ms = db_get_int(row, 10),
    };
}

bool passkey_add(DbTx *tx, const Scope *scope, Arena *arena, Passkey *passkey, Error *err)
{
    int64_t changed, count;

    if (!passkey_count(tx, scope, passkey->user, &count, err))
        return false;
    if (count >= PASSKEYS_MAX)
        return fail(err, ERROR_CONFLICT, "a person has at most %d passkeys; remove one first",
                    PASSKEYS_MAX);
    passkey->id = id_new(arena);
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO passkeys (id, user_id, credential, handle, public_key,"
                         " counter, may_be_synced, transports, name, created_at, last_used_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0)"
                         " ON CONFLICT (credential) DO NOTHING"),
                 DB_ARGS(db_text(passkey->id), db_text(passkey->user), db_text(passkey->credential),
                         db_text(passkey->handle), db_blob(passkey->public_key),
                         db_int(passkey->counter), db_int(passkey->may_be_synced),
                         db_text(passkey->transports), db_text(passkey->name),
                         db_int(passkey->created_at_ms)),
                 &changed, err))
        return false;
    return changed || fail(err, ERROR_CONFLICT, "this passkey is known here already");
}

bool passkey_list(DbTx *tx, const Scope *scope, Arena *arena, Str user, PasskeyList *list_r,
                  Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena, DB_SAME(PASSKEYS "user_id = $1 ORDER BY created_at, id"),
                  DB_ARGS(db_text(user)), read_passkey, sizeof(Passkey), &items, err))
        return false;
    *list_r = (PasskeyList){ .at = items.at, .count = items.count };
    return true;
}

bool passkey_count(DbTx *tx, const Scope *scope, Str user, int64_t *count_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_query_int(tx, DB_SAME("SELECT count(*) FROM passkeys WHERE user_id = $1"),
                        DB_ARGS(db_text(user)), 0, count_r, err);
}

bool passkey_find_credential(DbTx *tx, const Scope *scope, Arena *arena, Str credential,
                             Passkey *passkey_r, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_find(tx, arena, DB_SAME(PASSKEYS "credential = $1"), DB_ARGS(db_text(credential)),
                    read_passkey, passkey_r, "passkey", str_slice(credential, 0, 8), err);
}

bool passkey_rename(DbTx *tx, const Scope *scope, Str user, Str id, Str name, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_change(tx, DB_SAME("UPDATE passkeys SET name = $3 WHERE id = $1 AND user_id = $2"),
                      DB_ARGS(db_text(id), db_text(user), db_text(name)), "passkey", id, err);
}

bool passkey_remove(DbTx *tx, const Scope *scope, Str user, Str id, Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_change(tx, DB_SAME("DELETE FROM passkeys WHERE id = $1 AND user_id = $2"),
                      DB_ARGS(db_text(id), db_text(user)), "passkey", id, err);
}

bool passkey_remove_of_user(DbTx *tx, const Scope *scope, Str user, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("DELETE FROM passkeys WHERE user_id = $1"), DB_ARGS(db_text(user)),
                   NULL, err);
}

bool passkey_used(DbTx *tx, const Scope *scope, const Passkey *passkey, int64_t counter,
                  int64_t now_ms, bool *is_newer_r, Error *err)
{
    int64_t changed = 0;
    bool ok =
        sql_needs_system(scope, err) &&
        db_exec(tx,
                DB_SAME("UPDATE passkeys SET counter = $2, last_used_at = $3 WHERE id = $1"
                        " AND (may_be_synced = 1 OR counter < $2"
                        "      OR (counter = 0 AND $2 = 0))"),
                DB_ARGS(db_text(passkey->id), db_int(counter), db_int(now_ms)), &changed, err);

    *is_newer_r = changed > 0;
    return ok;
}
