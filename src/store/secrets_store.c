#include "store/secrets_store.h"

#include "base/clock.h"
#include "store/sql.h"

static void read_sealed(DbRows *row, Arena *arena, void *item)
{
    *(Str *)item = db_get_blob(row, 0, arena);
}

static void read_secret(DbRows *row, Arena *arena, void *item)
{
    *(Secret *)item = (Secret){
        .workspace = db_get_text(row, 0, arena),
        .name = db_get_text(row, 1, arena),
        .sealed = db_get_blob(row, 2, arena),
        .updated_at_ms = db_get_int(row, 3),
    };
}

bool secret_set(DbTx *tx, const Scope *scope, Str name, Str sealed, Error *err)
{
    return db_exec(
        tx,
        DB_SAME("INSERT INTO secrets (workspace, name, sealed, updated_at)"
                " VALUES ($1, $2, $3, $4) ON CONFLICT (workspace, name) DO UPDATE"
                " SET sealed = excluded.sealed, updated_at = excluded.updated_at"),
        DB_ARGS(db_text(scope->workspace), db_text(name), db_blob(sealed), db_int(now_ms())), NULL,
        err);
}

bool secret_replace(DbTx *tx, const Scope *scope, Str name, Str was, Str sealed, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("INSERT INTO secrets (workspace, name, sealed, updated_at)"
                         " VALUES ($1, $2, $3, $4) ON CONFLICT (workspace, name) DO UPDATE"
                         " SET sealed = excluded.sealed, updated_at = excluded.updated_at"
                         " WHERE secrets.sealed = $5"),
                 DB_ARGS(db_text(scope->workspace), db_text(name), db_blob(sealed),
                         db_int(now_ms()), db_blob(was)),
                 &changed, err))
        return false;
    return changed ||
           fail(err, ERROR_CONFLICT, "the secret '" STR_FMT "' was changed meanwhile; try again",
                STR_ARG(name));
}

bool secret_find(DbTx *tx, const Scope *scope, Arena *arena, Str name, Str *sealed_r, Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME("SELECT sealed FROM secrets WHERE workspace = $1 AND name = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(name)), read_sealed, sealed_r,
                    "secret", name, err);
}

bool secret_list(DbTx *tx, const Scope *scope, Arena *arena, SecretList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT workspace, name, sealed, updated_at FROM secrets"
                          " WHERE workspace = $1 OR $2 = 1 ORDER BY workspace, name"),
                  DB_ARGS(db_text(scope->workspace), db_int(scope->is_system)), read_secret,
                  sizeof(Secret), &items, err))
        return false;
    *list_r = (SecretList){ .at = items.at, .count = items.count };
    return true;
}

bool secret_remove(DbTx *tx, const Scope *scope, Str name, Error *err)
{
    return db_exec(tx, DB_SAME("DELETE FROM secrets WHERE workspace = $1 AND name = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(name)), NULL, err);
}
