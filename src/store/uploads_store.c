#include "store/uploads_store.h"

#include "store/sql.h"

static void read_upload(DbRows *row, Arena *arena, void *item)
{
    *(Upload *)item = (Upload){
        .key = db_get_text(row, 0, arena),
        .fingerprint = db_get_text(row, 1, arena),
        .document = db_get_text(row, 2, arena),
        .response = db_get_text(row, 3, arena),
        .created_at_ms = db_get_int(row, 4),
        .expires_at_ms = db_get_int(row, 5),
    };
}

bool upload_begin(DbTx *tx, const Scope *scope, Arena *arena, Upload *upload, int64_t now_ms,
                  bool *is_new_r, Error *err)
{
    Upload found;
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("DELETE FROM uploads WHERE workspace = $1 AND key_text = $2"
                         " AND expires_at <= $3"),
                 DB_ARGS(db_text(scope->workspace), db_text(upload->key), db_int(now_ms)), NULL,
                 err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO uploads (workspace, key_text, fingerprint, document,"
                         " response, created_at, expires_at) VALUES ($1, $2, $3, '', '', $4, $5)"
                         " ON CONFLICT (workspace, key_text) DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(upload->key),
                         db_text(upload->fingerprint), db_int(now_ms),
                         db_int(upload->expires_at_ms)),
                 &changed, err) ||
        !sql_find(tx, arena,
                  DB_SAME("SELECT key_text, fingerprint, document, response, created_at,"
                          " expires_at FROM uploads WHERE workspace = $1 AND key_text = $2"),
                  DB_ARGS(db_text(scope->workspace), db_text(upload->key)), read_upload, &found,
                  "request", upload->key, err))
        return false;
    if (!str_equal(found.fingerprint, upload->fingerprint))
        return fail(err, ERROR_CONFLICT,
                    "the Idempotency-Key '" STR_FMT "' was used for another request",
                    STR_ARG(str_slice(upload->key, 0, 100)));
    *upload = found;
    *is_new_r = changed > 0;
    return true;
}

bool upload_end(DbTx *tx, const Scope *scope, Str key, Str document, Str response, Error *err)
{
    return sql_change(
        tx,
        DB_SAME("UPDATE uploads SET document = $3, response = $4"
                " WHERE workspace = $1 AND key_text = $2"),
        DB_ARGS(db_text(scope->workspace), db_text(key), db_text(document), db_text(response)),
        "request", key, err);
}

bool upload_remove(DbTx *tx, const Scope *scope, Str key, Error *err)
{
    return db_exec(tx, DB_SAME("DELETE FROM uploads WHERE workspace = $1 AND key_text = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(key)), NULL, err);
}

bool upload_remove_expired(DbTx *tx, const Scope *scope, int64_t now_ms, int64_t *removed_r,
                           Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("DELETE FROM uploads WHERE expires_at <= $1"),
                   DB_ARGS(db_int(now_ms)), removed_r, err);
}
