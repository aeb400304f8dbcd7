#include "store/idempotency_store.h"

#include "store/sql.h"

static void read_key(DbRows *row, Arena *arena, void *item)
{
    *(IdempotencyKey *)item = (IdempotencyKey){
        .key_hash = db_get_text(row, 0, arena),
        .fingerprint = db_get_text(row, 1, arena),
        .holder = db_get_text(row, 2, arena),
        .held_until_ms = db_get_int(row, 3),
        .status = (int)db_get_int(row, 4),
        .answer = db_get_blob(row, 5, arena),
        .expires_at_ms = db_get_int(row, 6),
        .changes = db_get_int(row, 7),
    };
}

static bool add(DbTx *tx, const Scope *scope, const IdempotencyKey *key, int64_t now_ms,
                int64_t *added_r, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM idempotency_keys WHERE workspace = $1 AND key_hash = $2"
                           " AND expires_at <= $3"),
                   DB_ARGS(db_text(scope->workspace), db_text(key->key_hash), db_int(now_ms)), NULL,
                   err) &&
           db_exec(tx,
                   DB_SAME("INSERT INTO idempotency_keys (workspace, key_hash, user_id,"
                           " fingerprint, holder, held_until, status, answer, created_at,"
                           " expires_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9)"
                           " ON CONFLICT (workspace, key_hash) DO NOTHING"),
                   DB_ARGS(db_text(scope->workspace), db_text(key->key_hash), db_text(scope->user),
                           db_text(key->fingerprint), db_text(key->holder),
                           db_int(key->held_until_ms), db_blob(S("")), db_int(now_ms),
                           db_int(key->expires_at_ms)),
                   added_r, err);
}

/* Of two who find the holder gone, one gets it. */
static bool take_over(DbTx *tx, const Scope *scope, const IdempotencyKey *key, Str holder,
                      bool *is_taken_r, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("UPDATE idempotency_keys SET holder = $4, held_until = $5,"
                         " expires_at = $6 WHERE workspace = $1 AND key_hash = $2 AND holder = $3"
                         " AND status = 0 AND changes = 0"),
                 DB_ARGS(db_text(scope->workspace), db_text(key->key_hash), db_text(holder),
                         db_text(key->holder), db_int(key->held_until_ms),
                         db_int(key->expires_at_ms)),
                 &changed, err))
        return false;
    *is_taken_r = changed > 0;
    return true;
}

bool idempotency_begin(DbTx *tx, const Scope *scope, Arena *arena, IdempotencyKey *key,
                       int64_t now_ms, bool *is_new_r, Error *err)
{
    IdempotencyKey found;
    int64_t added;

    *is_new_r = false;
    if (!add(tx, scope, key, now_ms, &added, err) ||
        !sql_find(tx, arena,
                  DB_SAME("SELECT key_hash, fingerprint, holder, held_until, status, answer,"
                          " expires_at, changes FROM idempotency_keys WHERE workspace = $1"
                          " AND key_hash = $2"),
                  DB_ARGS(db_text(scope->workspace), db_text(key->key_hash)), read_key, &found,
                  "request", key->key_hash, err))
        return false;
    if (!str_equal(found.fingerprint, key->fingerprint))
        return fail(err, ERROR_REUSED,
                    "this Idempotency-Key was sent with another request before; take a new one "
                    "for each request");
    *is_new_r = added > 0;
    bool is_left = !added && !found.status && found.held_until_ms <= now_ms;
    if (is_left && !found.changes && !take_over(tx, scope, key, found.holder, is_new_r, err))
        return false;
    if (!*is_new_r && !found.status && !(is_left && found.changes))
        return fail(err, ERROR_CONFLICT,
                    "the first request with this Idempotency-Key is still being done; "
                    "ask again in a moment");
    if (!*is_new_r)
        *key = found;
    return true;
}

bool idempotency_hold(DbTx *tx, const Scope *scope, const IdempotencyKey *key, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE idempotency_keys SET held_until = $4 WHERE workspace = $1"
                           " AND key_hash = $2 AND holder = $3 AND status = 0"),
                   DB_ARGS(db_text(scope->workspace), db_text(key->key_hash), db_text(key->holder),
                           db_int(key->held_until_ms)),
                   NULL, err);
}

bool idempotency_change(DbTx *tx, const Scope *scope, const IdempotencyKey *key, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("UPDATE idempotency_keys SET changes = changes + 1, status = $4,"
                         " answer = $5 WHERE workspace = $1 AND key_hash = $2 AND holder = $3"
                         " AND (status = 0 OR status = $4)"),
                 DB_ARGS(db_text(scope->workspace), db_text(key->key_hash), db_text(key->holder),
                         db_int(key->status), db_blob(key->answer)),
                 &changed, err))
        return false;
    return changed > 0 || fail(err, ERROR_CONFLICT,
                               "this request took so long that another one with its "
                               "Idempotency-Key has begun; this one changes nothing more");
}

bool idempotency_end(DbTx *tx, const Scope *scope, const IdempotencyKey *key, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE idempotency_keys SET status = $4, answer = $5"
                           " WHERE workspace = $1 AND key_hash = $2 AND holder = $3"
                           " AND status = 0"),
                   DB_ARGS(db_text(scope->workspace), db_text(key->key_hash), db_text(key->holder),
                           db_int(key->status), db_blob(key->answer)),
                   NULL, err);
}

bool idempotency_drop(DbTx *tx, const Scope *scope, const IdempotencyKey *key, bool is_unsure,
                      Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM idempotency_keys WHERE workspace = $1 AND key_hash = $2"
                           " AND holder = $3 AND status = 0 AND ($4 = 0 OR changes = 0)"),
                   DB_ARGS(db_text(scope->workspace), db_text(key->key_hash), db_text(key->holder),
                           db_int(is_unsure)),
                   NULL, err);
}

bool idempotency_forget_answers(DbTx *tx, const Scope *scope, Error *err)
{
    return db_exec(tx,
                   DB_SAME("UPDATE idempotency_keys SET answer = $2"
                           " WHERE workspace = $1 AND length(answer) > 0"),
                   DB_ARGS(db_text(scope->workspace), db_blob(S(""))), NULL, err);
}
