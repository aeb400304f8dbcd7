#include "store/workspace_removals_store.h"

#include "store/due.h"
#include "store/sql.h"

#define COLUMNS "id, asker, asked_at, due_at, began_at, ended_at, removed, proof"

static void read_removal(DbRows *row, Arena *arena, void *item)
{
    *(WorkspaceRemoval *)item = (WorkspaceRemoval){
        .id = db_get_text(row, 0, arena),
        .asker = db_get_text(row, 1, arena),
        .asked_at_ms = db_get_int(row, 2),
        .due_at_ms = db_get_int(row, 3),
        .began_at_ms = db_get_int(row, 4),
        .ended_at_ms = db_get_int(row, 5),
        .removed = db_get_text(row, 6, arena),
        .proof = db_get_text(row, 7, arena),
    };
}

/* --- Asking --- */

/* SQLite has one writer anyway. */
bool workspace_removal_lock(DbTx *tx, const Scope *scope, Error *err)
{
    return sql_needs_system(scope, err) &&
           (db_tx_kind(tx) != DB_POSTGRES ||
            db_exec(tx, DB_SAME("SELECT pg_advisory_xact_lock(hashtext('lectern last workspace'))"),
                    DB_NO_ARGS, NULL, err));
}

bool workspace_removal_ask(DbTx *tx, const Scope *scope, const WorkspaceRemoval *removal,
                           Error *err)
{
    int64_t added;

    if (!db_exec(tx,
                 DB_SAME("INSERT INTO workspace_removals (" COLUMNS ")"
                         " VALUES ($1, $2, $3, $4, 0, 0, '{}', '') ON CONFLICT (id) DO NOTHING"),
                 DB_ARGS(db_text(scope->workspace), db_text(removal->asker),
                         db_int(removal->asked_at_ms), db_int(removal->due_at_ms)),
                 &added, err))
        return false;
    return added || fail(err, ERROR_CONFLICT, "this workspace is to be removed already");
}

bool workspace_removal_take_back(DbTx *tx, const Scope *scope, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    WorkspaceRemoval found;

    if (!workspace_removal_find(tx, scope, arena, scope->workspace, &found, err))
        return err->code == ERROR_NOT_FOUND
                   ? fail(err, ERROR_NOT_FOUND, "nobody has asked to remove this workspace")
                   : false;
    if (found.began_at_ms)
        return fail(err, ERROR_CONFLICT, "the removal has begun; it cannot be taken back any more");
    return sql_change(tx, DB_SAME("DELETE FROM workspace_removals WHERE id = $1 AND began_at = 0"),
                      DB_ARGS(db_text(scope->workspace)), "removal of the workspace",
                      scope->workspace, err);
}

bool workspace_removal_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                            WorkspaceRemoval *removal_r, Error *err)
{
    if (!scope->is_system && !str_equal(scope->workspace, id))
        return sql_not_found(err, "removal of the workspace", id);
    return sql_find(tx, arena, DB_SAME("SELECT " COLUMNS " FROM workspace_removals WHERE id = $1"),
                    DB_ARGS(db_text(id)), read_removal, removal_r, "removal of the workspace", id,
                    err);
}

/* --- Doing it --- */

static bool list_removals(DbTx *tx, const Scope *scope, Arena *arena, DbSql sql,
                          const DbValue *args, size_t count, WorkspaceRemovalList *list_r,
                          Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena, sql, args, count, read_removal, sizeof(WorkspaceRemoval), &items, err))
        return false;
    *list_r = (WorkspaceRemovalList){ .at = items.at, .count = items.count };
    return true;
}

bool workspace_removal_list(DbTx *tx, const Scope *scope, Arena *arena,
                            WorkspaceRemovalList *list_r, Error *err)
{
    return list_removals(
        tx, scope, arena,
        DB_SAME("SELECT " COLUMNS " FROM workspace_removals ORDER BY asked_at DESC, id"),
        DB_NO_ARGS, list_r, err);
}

bool workspace_removal_list_due(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                WorkspaceRemovalList *list_r, Error *err)
{
    return list_removals(
        tx, scope, arena,
        DB_SAME("SELECT " COLUMNS " " WORKSPACE_REMOVALS_DUE " ORDER BY due_at, id"),
        DB_ARGS(db_int(now_ms)), list_r, err);
}

bool workspace_removal_save(DbTx *tx, const Scope *scope, const WorkspaceRemoval *removal,
                            Error *err)
{
    return sql_needs_system(scope, err) &&
           sql_change(tx,
                      DB_SAME("UPDATE workspace_removals SET began_at = $2, ended_at = $3,"
                              " removed = $4, proof = $5 WHERE id = $1"),
                      DB_ARGS(db_text(removal->id), db_int(removal->began_at_ms),
                              db_int(removal->ended_at_ms), db_text(removal->removed),
                              db_text(removal->proof)),
                      "removal of the workspace", removal->id, err);
}

/* --- Tables --- */

/* Large ones that no index reads by workspace, since nothing else would use it: looking for the
 * next thousand rows again and again would read all that come before them each time. */
static const struct {
    const char *table, *number;
} walks[] = {
    { "index_changes", "sequence" },
    { "vectors", "number" },
};

static void read_table(DbRows *row, Arena *arena, void *item)
{
    WorkspaceTable *table = item;
    *table = (WorkspaceTable){ .name = db_get_text(row, 0, arena),
                               .key = db_get_text(row, 1, arena),
                               .walked = -1 };
    for (size_t i = 0; i < COUNT(walks); i++)
        if (str_is(table->name, walks[i].table))
            table->walk = str(walks[i].number);
}

typedef struct Reference {
    Str from, to;
} Reference;

static void read_reference(DbRows *row, Arena *arena, void *item)
{
    *(Reference *)item = (Reference){ db_get_text(row, 0, arena), db_get_text(row, 1, arena) };
}

static bool is_among(const WorkspaceTable *tables, size_t count, Str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(tables[i].name, name))
            return true;
    return false;
}

/* Whether one of the tables that are left names it. */
static bool is_named(const WorkspaceTable *left, size_t count, const SqlItems *references, Str name)
{
    const Reference *at = references->at;
    for (size_t i = 0; i < references->count; i++)
        if (str_equal(at[i].to, name) && is_among(left, count, at[i].from))
            return true;
    return false;
}

/* In place; in a circle, which there is none of, the first is as good as any. */
static void put_naming_first(WorkspaceTable *at, size_t count, const SqlItems *references)
{
    for (; count > 1; at++, count--) {
        size_t next = 0;
        while (next < count && is_named(at, count, references, at[next].name))
            next++;
        if (next == count)
            continue;
        WorkspaceTable first = at[next];
        memmove(at + 1, at, next * sizeof *at);
        at[0] = first;
    }
}

bool workspace_tables(DbTx *tx, const Scope *scope, Arena *arena, WorkspaceTableList *list_r,
                      Error *err)
{
    SqlItems tables, references;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SQL("SELECT m.name, COALESCE((SELECT group_concat(name) FROM"
                         " (SELECT '\"' || name || '\"' AS name FROM pragma_table_info(m.name)"
                         "  WHERE pk > 0 ORDER BY pk)), 'rowid')"
                         " FROM sqlite_schema m JOIN pragma_table_info(m.name) c"
                         " WHERE m.type = 'table' AND c.name = 'workspace' ORDER BY m.name",
                         "SELECT c.relname::text, 'ctid' FROM pg_class c JOIN pg_attribute a"
                         " ON a.attrelid = c.oid AND a.attname = 'workspace'"
                         " WHERE c.relkind IN ('r', 'p')"
                         " AND c.relnamespace = current_schema()::regnamespace ORDER BY 1"),
                  DB_NO_ARGS, read_table, sizeof(WorkspaceTable), &tables, err) ||
        !sql_list(tx, arena,
                  DB_SQL("SELECT m.name, f.\"table\" FROM sqlite_schema m"
                         " JOIN pragma_foreign_key_list(m.name) f"
                         " WHERE m.type = 'table' AND f.\"table\" <> m.name",
                         "SELECT c.relname::text, p.relname::text FROM pg_constraint k"
                         " JOIN pg_class c ON c.oid = k.conrelid"
                         " JOIN pg_class p ON p.oid = k.confrelid"
                         " WHERE k.contype = 'f' AND k.conrelid <> k.confrelid"
                         " AND k.connamespace = current_schema()::regnamespace"),
                  DB_NO_ARGS, read_reference, sizeof(Reference), &references, err))
        return false;
    put_naming_first(tables.at, tables.count, &references);
    *list_r = (WorkspaceTableList){ .at = tables.at, .count = tables.count };
    return true;
}

/* Up to the number of the last one of the part. */
static bool remove_walking(DbTx *tx, Arena *arena, Str id, WorkspaceTable *table, int64_t limit,
                           int64_t *removed_r, Error *err)
{
    Str walk = table->walk, name = table->name;
    int64_t last;
    Str find = str_format(arena,
                          "SELECT coalesce(max(n), -1) FROM (SELECT " STR_FMT " AS n FROM " STR_FMT
                          " WHERE workspace = $1 AND " STR_FMT " > $2 ORDER BY " STR_FMT
                          " LIMIT $3) AS part",
                          STR_ARG(walk), STR_ARG(name), STR_ARG(walk), STR_ARG(walk));
    Str remove = str_format(arena,
                            "DELETE FROM " STR_FMT " WHERE workspace = $1 AND " STR_FMT
                            " > $2 AND " STR_FMT " <= $3",
                            STR_ARG(name), STR_ARG(walk), STR_ARG(walk));
    *removed_r = 0;
    if (!db_query_int(tx, DB_SAME(find.at),
                      DB_ARGS(db_text(id), db_int(table->walked), db_int(limit)), -1, &last, err))
        return false;
    if (last <= table->walked)
        return true;
    bool ok = db_exec(tx, DB_SAME(remove.at),
                      DB_ARGS(db_text(id), db_int(table->walked), db_int(last)), removed_r, err);
    table->walked = last;
    return ok;
}

bool workspace_remove_rows(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                           WorkspaceTable *table, int64_t limit, int64_t *removed_r, Error *err)
{
    if (!sql_needs_system(scope, err))
        return false;
    if (table->walk.length && limit < INT64_MAX)
        return remove_walking(tx, arena, id, table, limit, removed_r, err) ||
               fail_in(err, "removing rows of " STR_FMT, STR_ARG(table->name));
    bool is_sqlite = db_tx_kind(tx) == DB_SQLITE;
    Str key = table->key, name = table->name;
    Str sql =
        str_format(arena,
                   "DELETE FROM \"" STR_FMT "\" WHERE workspace = $1 AND (" STR_FMT
                   ") %s(SELECT " STR_FMT " FROM \"" STR_FMT "\" WHERE workspace = $1 LIMIT $2)%s",
                   STR_ARG(name), STR_ARG(key), is_sqlite ? "IN " : "= ANY (ARRAY", STR_ARG(key),
                   STR_ARG(name), is_sqlite ? "" : ")");
    return db_exec(tx, DB_SAME(sql.at), DB_ARGS(db_text(id), db_int(limit)), removed_r, err) ||
           fail_in(err, "removing rows of " STR_FMT, STR_ARG(name));
}

bool workspace_count_rows(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                          const WorkspaceTableList *tables, int64_t *count_r, Error *err)
{
    if (!sql_needs_system(scope, err) ||
        !db_query_int(tx, DB_SAME("SELECT count(*) FROM workspaces WHERE id = $1"),
                      DB_ARGS(db_text(id)), 0, count_r, err))
        return false;
    for (size_t i = 0; i < tables->count; i++) {
        Str sql = str_format(arena, "SELECT count(*) FROM \"" STR_FMT "\" WHERE workspace = $1",
                             STR_ARG(tables->at[i].name));
        int64_t rows;
        if (!db_query_int(tx, DB_SAME(sql.at), DB_ARGS(db_text(id)), 0, &rows, err))
            return fail_in(err, "counting rows of " STR_FMT, STR_ARG(tables->at[i].name));
        *count_r += rows;
    }
    return true;
}
