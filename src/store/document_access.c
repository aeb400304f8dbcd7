/* document_access.c - see document_access.h. */
#include "store/document_access_sql.h"

static const char *const kind_names[] = {
#define GRANT_KIND(name) #name,
#include "store/grant_kinds.def"
#undef GRANT_KIND
};
static const char *const level_names[] = {
#define GRANT_LEVEL(name) #name,
#include "store/grant_levels.def"
#undef GRANT_LEVEL
};

static size_t named(const char *const *names, size_t count, Str name)
{
    size_t i = 0;

    while (i < count && !str_is(name, names[i]))
        i++;
    return i;
}

const char *grant_kind_name(GrantKind kind) { return kind_names[kind]; }
const char *grant_level_name(GrantLevel level) { return level_names[level]; }
GrantKind grant_kind_named(Str name)
{
    return (GrantKind)named(kind_names, GRANT_KIND_COUNT, name);
}
GrantLevel grant_level_named(Str name)
{
    return (GrantLevel)named(level_names, GRANT_LEVEL_COUNT, name);
}

static void read_row(DbRows *row, Arena *arena, void *item)
{
    *(AccessRow *)item = (AccessRow){ .guard = db_get_text(row, 0, arena),
                                      .may_edit = db_get_int(row, 1) != 0,
                                      .parent = db_get_text(row, 2, arena),
                                      .created_by = db_get_text(row, 3, arena),
                                      .collection_guard = db_get_text(row, 4, arena),
                                      .has_documents = db_get_int(row, 5) != 0 };
}

#define DOCUMENT_ROW                                                                               \
    ", coalesce(d.parent, ''), d.created_by, coalesce((SELECT k.guard FROM collections k"          \
    " WHERE k.workspace = d.workspace AND k.id = d.collection), ''), 0"                            \
    " FROM documents d WHERE d.workspace = "
#define COLLECTION_ROW                                                                             \
    ", '', '', '', CASE WHEN EXISTS (SELECT 1 FROM documents i WHERE i.workspace = c.workspace"    \
    " AND i.collection = c.id) THEN 1 ELSE 0 END FROM collections c WHERE c.workspace = "

bool access_find_row(DbTx *tx, const Scope *scope, Arena *arena, Guarded what, Str id,
                     AccessRow *row_r, Error *err)
{
    SqlBuild build = sql_build(tx, arena);
    const char *row = guarded_kinds[what].row;

    sql_add(&build, what == GUARDED_DOCUMENT ? "SELECT " ACCESS_GUARD_OF("d") ", CASE WHEN "
                                             : "SELECT c.guard, CASE WHEN ");
    if (access_sees_all(scope))
        sql_add(&build, "1 = 1");
    else
        access_add_guards(&build, scope, what, row, grant_level_name(GRANT_edit));
    sql_add(&build, " THEN 1 ELSE 0 END");
    sql_add(&build, what == GUARDED_DOCUMENT ? DOCUMENT_ROW : COLLECTION_ROW);
    sql_value(&build, db_text(scope->workspace));
    buf_addf(&build.text, " AND %s.id = ", row);
    sql_value(&build, db_text(id));
    access_add_seen(&build, scope, what);
    return sql_find(tx, arena, sql_text(&build), build.args, build.count, read_row, row_r,
                    guarded_kinds[what].name, id, err);
}

bool access_may_see(DbTx *tx, const Scope *scope, Str document, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    AccessRow row;

    return access_sees_all(scope) ||
           access_find_row(tx, scope, arena, GUARDED_DOCUMENT, document, &row, err);
}

bool access_may_change(DbTx *tx, const Scope *scope, Guarded what, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    AccessRow row;

    if (access_sees_all(scope))
        return true;
    return access_find_row(tx, scope, arena, what, id, &row, err) &&
           (row.may_edit || fail(err, ERROR_DENIED, "this %s is shared with you to be read only",
                                 guarded_kinds[what].name));
}

bool access_guard_of(DbTx *tx, const Scope *scope, Arena *arena, Str collection, Str *guard_r,
                     Error *err)
{
    *guard_r = STR_NONE;
    if (!collection.length && scope->collections.length)
        return fail_field(err, "collection",
                          "this API key is limited to collections: name one of them");
    return !collection.length ||
           sql_find(tx, arena,
                    DB_SQL("SELECT guard FROM collections WHERE workspace = $1 AND id = $2",
                           "SELECT guard FROM collections WHERE workspace = $1 AND id = $2"
                           " FOR SHARE"),
                    DB_ARGS(db_text(scope->workspace), db_text(collection)), sql_read_text, guard_r,
                    "collection", collection, err);
}

bool access_guards(DbTx *tx, const Scope *scope, Arena *arena, StrList collections, Str *guards,
                   Error *err)
{
    for (size_t i = 0; i < collections.count; i++) {
        SqlItems items;
        if (!sql_list(tx, arena,
                      DB_SAME("SELECT guard FROM collections WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(collections.at[i])), sql_read_text,
                      sizeof(Str), &items, err))
            return false;
        guards[i] = items.count ? *(Str *)items.at : STR_NONE;
    }
    return true;
}

bool access_audience(DbTx *tx, const Scope *scope, Arena *arena, Str guard, StrList *subjects_r,
                     Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT subject FROM grants WHERE workspace = $1 AND guard = $2"
                          " AND kind <> 'group'"
                          " UNION SELECT m.user_id FROM grants g JOIN group_members m"
                          "  ON m.workspace = g.workspace AND m.group_id = g.subject"
                          "  WHERE g.workspace = $1 AND g.guard = $2"
                          " UNION SELECT p.user_id FROM memberships p"
                          "  WHERE p.workspace = $1 AND p.role IN ($3, $4)"),
                  DB_ARGS(db_text(scope->workspace), db_text(guard), db_int(ROLE_ADMIN),
                          db_int(ROLE_OWNER)),
                  sql_read_text, sizeof(Str), &items, err))
        return false;
    *subjects_r = (StrList){ .at = items.at, .count = items.count };
    return true;
}

bool access_is_for_all(DbTx *tx, const Scope *scope, Str document, bool *is_r, Error *err)
{
    int64_t guarded_count = 0;

    if (document.length &&
        !db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM documents d WHERE d.workspace = $1"
                              " AND d.id = $2 AND " ACCESS_GUARD_OF("d") " <> ''"),
                      DB_ARGS(db_text(scope->workspace), db_text(document)), 0, &guarded_count,
                      err))
        return false;
    *is_r = !guarded_count;
    return true;
}
