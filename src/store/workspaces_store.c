#include "store/workspaces_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/sql.h"

#define COLUMNS "id, name, settings, created_at"
#define HAS_GUARDS                                                                                 \
    "CASE WHEN EXISTS (SELECT 1 FROM guards g WHERE g.workspace = w.id) THEN 1 ELSE 0 END"

static void read_workspace(DbRows *row, Arena *arena, void *item)
{
    *(Workspace *)item = (Workspace){
        .id = db_get_text(row, 0, arena),
        .name = db_get_text(row, 1, arena),
        .settings = db_get_text(row, 2, arena),
        .created_at_ms = db_get_int(row, 3),
        .has_guards = db_get_int(row, 4) != 0,
    };
}

bool workspace_add(DbTx *tx, const Scope *scope, Arena *arena, Workspace *workspace, Error *err)
{
    Workspace added = *workspace;

    added.id = id_new(arena);
    added.created_at_ms = now_ms();
    if (!added.settings.length)
        added.settings = S("{}");
    if (!sql_needs_system(scope, err) ||
        !db_exec(tx, DB_SAME("INSERT INTO workspaces (" COLUMNS ") VALUES ($1, $2, $3, $4)"),
                 DB_ARGS(db_text(added.id), db_text(added.name), db_text(added.settings),
                         db_int(added.created_at_ms)),
                 NULL, err))
        return false;
    *workspace = added;
    return true;
}

bool workspace_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Workspace *workspace_r,
                    Error *err)
{
    if (!scope->is_system && !str_equal(scope->workspace, id))
        return sql_not_found(err, "workspace", id);
    return sql_find(tx, arena,
                    DB_SAME("SELECT " COLUMNS ", " HAS_GUARDS " FROM workspaces w WHERE id = $1"),
                    DB_ARGS(db_text(id)), read_workspace, workspace_r, "workspace", id, err);
}

bool workspace_list(DbTx *tx, const Scope *scope, Arena *arena, WorkspaceList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SAME("SELECT " COLUMNS ", " HAS_GUARDS " FROM workspaces w"
                          " ORDER BY created_at, id"),
                  DB_NO_ARGS, read_workspace, sizeof(Workspace), &items, err))
        return false;
    *list_r = (WorkspaceList){ .at = items.at, .count = items.count };
    return true;
}

bool workspace_update(DbTx *tx, const Scope *scope, Str name, Str settings, Error *err)
{
    return sql_change(tx, DB_SAME("UPDATE workspaces SET name = $2, settings = $3 WHERE id = $1"),
                      DB_ARGS(db_text(scope->workspace), db_text(name), db_text(settings)),
                      "workspace", scope->workspace, err);
}

/* Tables that later migrations add are found too; the workspace's own row goes first, because the
 * audit log is held as long as it is there. */
bool workspace_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    SqlItems tables;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SQL("SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c"
                         " WHERE m.type = 'table' AND c.name = 'workspace' ORDER BY m.name",
                         "SELECT table_name::text FROM information_schema.columns"
                         " WHERE table_schema = current_schema() AND column_name = 'workspace'"
                         " ORDER BY table_name"),
                  DB_NO_ARGS, sql_read_text, sizeof(Str), &tables, err) ||
        !sql_change(tx, DB_SAME("DELETE FROM workspaces WHERE id = $1"), DB_ARGS(db_text(id)),
                    "workspace", id, err))
        return false;
    for (size_t i = 0; i < tables.count; i++) {
        Str sql = str_format(arena, "DELETE FROM \"" STR_FMT "\" WHERE workspace = $1",
                             STR_ARG(((Str *)tables.at)[i]));
        if (!db_exec(tx, DB_SAME(sql.at), DB_ARGS(db_text(id)), NULL, err))
            return false;
    }
    return true;
}
