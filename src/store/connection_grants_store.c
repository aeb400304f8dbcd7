#include "store/connection_grants_store.h"

#include "base/clock.h"
#include "store/sql.h"

static void read_grant(DbRows *row, Arena *arena, void *item)
{
    *(ConnectionGrant *)item = (ConnectionGrant){
        .connection = db_get_text(row, 0, arena),
        .settings = db_get_text(row, 1, arena),
        .sealed = db_get_blob(row, 2, arena),
        .state_digest = db_get_text(row, 3, arena),
        .state_until_ms = db_get_int(row, 4),
        .expires_at_ms = db_get_int(row, 5),
        .version = db_get_int(row, 6),
        .error = db_get_text(row, 7, arena),
        .updated_at_ms = db_get_int(row, 8),
    };
}

bool connection_grant_begin(DbTx *tx, const Scope *scope, const ConnectionGrant *grant, Error *err)
{
    return db_exec(
        tx,
        DB_SAME("INSERT INTO connection_grants (workspace, connection, settings, sealed,"
                " state_digest, state_until, expires_at, refreshing_until, version, error,"
                " updated_at) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 1, '', $7)"
                " ON CONFLICT (workspace, connection) DO UPDATE SET settings = excluded.settings,"
                " sealed = excluded.sealed, state_digest = excluded.state_digest,"
                " state_until = excluded.state_until, expires_at = 0, refreshing_until = 0,"
                " version = connection_grants.version + 1, error = '',"
                " updated_at = excluded.updated_at"),
        DB_ARGS(db_text(scope->workspace), db_text(grant->connection), db_text(grant->settings),
                db_blob(grant->sealed), db_text(grant->state_digest), db_int(grant->state_until_ms),
                db_int(now_ms())),
        NULL, err);
}

bool connection_grant_find(DbTx *tx, const Scope *scope, Arena *arena, Str connection,
                           ConnectionGrant *grant_r, Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME("SELECT connection, settings, sealed, state_digest, state_until,"
                            " expires_at, version, error, updated_at FROM connection_grants"
                            " WHERE workspace = $1 AND connection = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(connection)), read_grant, grant_r,
                    "grant of connection", connection, err);
}

bool connection_grant_save(DbTx *tx, const Scope *scope, const ConnectionGrant *grant, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("UPDATE connection_grants SET sealed = $4, expires_at = $5, error = $6,"
                         " state_digest = '', state_until = 0, refreshing_until = 0,"
                         " version = version + 1, updated_at = $7"
                         " WHERE workspace = $1 AND connection = $2 AND version = $3"),
                 DB_ARGS(db_text(scope->workspace), db_text(grant->connection),
                         db_int(grant->version), db_blob(grant->sealed),
                         db_int(grant->expires_at_ms), db_text(grant->error), db_int(now_ms())),
                 &changed, err))
        return false;
    return changed || fail(err, ERROR_CONFLICT, "the connection was authorised anew meanwhile");
}

bool connection_grant_claim(DbTx *tx, const Scope *scope, const ConnectionGrant *grant,
                            int64_t now_ms, int64_t until_ms, bool *is_won_r, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("UPDATE connection_grants SET refreshing_until = $5"
                         " WHERE workspace = $1 AND connection = $2 AND version = $3"
                         " AND refreshing_until < $4"),
                 DB_ARGS(db_text(scope->workspace), db_text(grant->connection),
                         db_int(grant->version), db_int(now_ms), db_int(until_ms)),
                 &changed, err))
        return false;
    *is_won_r = changed > 0;
    return true;
}
