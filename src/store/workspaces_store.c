#include "store/workspaces_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/sql.h"
#include "store/workspace_removals_store.h"

#define COLUMNS "id, name, settings, created_at"
#define STATE                                                                                      \
    "CASE WHEN EXISTS (SELECT 1 FROM guards g WHERE g.workspace = w.id) THEN 1 ELSE 0 END,"        \
    " COALESCE((SELECT r.due_at FROM workspace_removals r WHERE r.id = w.id), 0),"                 \
    " COALESCE((SELECT r.began_at FROM workspace_removals r WHERE r.id = w.id), 0)"

static void read_workspace(DbRows *row, Arena *arena, void *item)
{
    *(Workspace *)item = (Workspace){
        .id = db_get_text(row, 0, arena),
        .name = db_get_text(row, 1, arena),
        .settings = db_get_text(row, 2, arena),
        .created_at_ms = db_get_int(row, 3),
        .has_guards = db_get_int(row, 4) != 0,
        .removal_due_ms = db_get_int(row, 5),
        .is_leaving = db_get_int(row, 6) != 0,
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
        !db_exec(tx,
                 DB_SAME("INSERT INTO workspaces (" COLUMNS ", guards_follow)"
                         " VALUES ($1, $2, $3, $4, (SELECT count(*) FROM settings"
                         " WHERE workspace = '' AND name = 'guards_follow'))"),
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
                    DB_SAME("SELECT " COLUMNS ", " STATE " FROM workspaces w WHERE id = $1"),
                    DB_ARGS(db_text(id)), read_workspace, workspace_r, "workspace", id, err);
}

bool workspace_list(DbTx *tx, const Scope *scope, Arena *arena, WorkspaceList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SAME("SELECT " COLUMNS ", " STATE " FROM workspaces w"
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

/* The workspace's own row goes first, because the audit log is held as long as it is there. */
bool workspace_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    WorkspaceTableList tables;
    int64_t removed;

    if (!workspace_tables(tx, scope, arena, &tables, err) ||
        !sql_change(tx, DB_SAME("DELETE FROM workspaces WHERE id = $1"), DB_ARGS(db_text(id)),
                    "workspace", id, err))
        return false;
    for (size_t i = 0; i < tables.count; i++)
        if (!workspace_remove_rows(tx, scope, arena, id, &tables.at[i], INT64_MAX, &removed, err))
            return false;
    return true;
}
