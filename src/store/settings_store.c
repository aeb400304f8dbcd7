#include "store/settings_store.h"

#include "base/clock.h"
#include "store/sql.h"

static void read_setting(DbRows *row, Arena *arena, void *item)
{
    *(Setting *)item = (Setting){
        .name = db_get_text(row, 0, arena),
        .value = db_get_text(row, 1, arena),
        .updated_at_ms = db_get_int(row, 2),
    };
}

bool setting_set(DbTx *tx, const Scope *scope, Str name, Str value, Error *err)
{
    return db_exec(
        tx,
        DB_SAME("INSERT INTO settings (workspace, name, value, updated_at)"
                " VALUES ($1, $2, $3, $4) ON CONFLICT (workspace, name) DO UPDATE"
                " SET value = excluded.value, updated_at = excluded.updated_at"),
        DB_ARGS(db_text(scope->workspace), db_text(name), db_text(value), db_int(now_ms())), NULL,
        err);
}

bool setting_replace(DbTx *tx, const Scope *scope, Str name, Str was, Str value, Error *err)
{
    int64_t changed;

    if (!db_exec(tx,
                 DB_SAME("INSERT INTO settings (workspace, name, value, updated_at)"
                         " VALUES ($1, $2, $3, $4) ON CONFLICT (workspace, name) DO UPDATE"
                         " SET value = excluded.value, updated_at = excluded.updated_at"
                         " WHERE settings.value = $5"),
                 DB_ARGS(db_text(scope->workspace), db_text(name), db_text(value), db_int(now_ms()),
                         db_text(was)),
                 &changed, err))
        return false;
    return changed ||
           fail(err, ERROR_CONFLICT, "the setting '" STR_FMT "' was changed meanwhile; try again",
                STR_ARG(name));
}

bool setting_find(DbTx *tx, const Scope *scope, Arena *arena, Str name, Str *value_r, Error *err)
{
    return sql_find(tx, arena,
                    DB_SAME("SELECT value FROM settings WHERE workspace = $1 AND name = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(name)), sql_read_text, value_r,
                    "setting", name, err);
}

bool setting_list(DbTx *tx, const Scope *scope, Arena *arena, SettingList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT name, value, updated_at FROM settings WHERE workspace = $1"
                          " ORDER BY name"),
                  DB_ARGS(db_text(scope->workspace)), read_setting, sizeof(Setting), &items, err))
        return false;
    *list_r = (SettingList){ .at = items.at, .count = items.count };
    return true;
}

bool setting_remove(DbTx *tx, const Scope *scope, Str name, Error *err)
{
    return db_exec(tx, DB_SAME("DELETE FROM settings WHERE workspace = $1 AND name = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(name)), NULL, err);
}
