/* document_access_lists.c - with whom collections and documents are shared: the lists of grants.
 * See document_access.h. */
#include "base/clock.h"
#include "store/collection_guard.h"
#include "store/document_access_sql.h"
#include "store/documents_row.h"
#include "store/index_changes_store.h"

static bool is_admin(DbTx *tx, const Scope *scope, bool *is_r, Error *err)
{
    int64_t found;

    *is_r = scope->is_system || scope->role >= ROLE_ADMIN;
    if (*is_r)
        return true;
    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM memberships WHERE workspace = $1"
                              " AND user_id = $2 AND role IN ($3, $4)"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_int(ROLE_ADMIN),
                              db_int(ROLE_OWNER)),
                      0, &found, err))
        return false;
    *is_r = found > 0;
    return true;
}

static bool owns(const Scope *scope, Guarded what, const AccessRow *row)
{
    if (what == GUARDED_COLLECTION)
        return !row->has_documents;
    return scope->user.length && str_equal(scope->user, row->created_by);
}

static bool may_share(DbTx *tx, const Scope *scope, Guarded what, const AccessRow *row,
                      bool *is_admin_r, bool *may_r, Error *err)
{
    if (!is_admin(tx, scope, is_admin_r, err))
        return false;
    bool is_theirs = row->guard.length ? row->may_edit : owns(scope, what, row);
    *may_r = *is_admin_r || (scope->role >= ROLE_EDITOR && is_theirs);
    return true;
}

static void read_grant(DbRows *row, Arena *arena, void *item)
{
    *(Grant *)item = (Grant){ .kind = grant_kind_named(db_get_text(row, 0, arena)),
                              .subject = db_get_text(row, 1, arena),
                              .name = db_get_text(row, 2, arena),
                              .level = grant_level_named(db_get_text(row, 3, arena)),
                              .given_by = db_get_text(row, 4, arena),
                              .given_at_ms = db_get_int(row, 5) };
}

bool access_find(DbTx *tx, const Scope *scope, Arena *arena, Guarded what, Str id, Access *access_r,
                 Error *err)
{
    SqlItems items;
    bool ignored;
    AccessRow row;

    if (!access_find_row(tx, scope, arena, what, id, &row, err) ||
        !sql_list(tx, arena,
                  DB_SAME("SELECT g.kind, g.subject, coalesce(CASE g.kind"
                          " WHEN 'user' THEN (SELECT coalesce(nullif(u.name, ''), u.email)"
                          "  FROM users u WHERE u.id = g.subject)"
                          " WHEN 'group' THEN (SELECT w.name FROM workspace_groups w"
                          "  WHERE w.workspace = g.workspace AND w.id = g.subject)"
                          " ELSE (SELECT k.name FROM api_keys k"
                          "  WHERE k.workspace = g.workspace AND k.id = g.subject) END, ''),"
                          " g.level, g.given_by, g.given_at FROM grants g"
                          " WHERE g.workspace = $1 AND g.guard = $2 ORDER BY 1, 3, 2"),
                  DB_ARGS(db_text(scope->workspace), db_text(row.guard)), read_grant, sizeof(Grant),
                  &items, err))
        return false;
    *access_r = (Access){ .guard = row.guard, .at = items.at, .count = items.count };
    return may_share(tx, scope, what, &row, &ignored, &access_r->may_change, err);
}

/* What the scope may share otherwise, with its row. */
static bool find_own(DbTx *tx, const Scope *scope, Arena *arena, Guarded what, Str id,
                     AccessRow *row_r, bool *is_admin_r, Error *err)
{
    bool may;

    if (!access_find_row(tx, scope, arena, what, id, row_r, err) ||
        !may_share(tx, scope, what, row_r, is_admin_r, &may, err))
        return false;
    if (row_r->parent.length)
        return fail(err, ERROR_CONFLICT,
                    "it came inside the document " STR_FMT " and follows it: share that one",
                    STR_ARG(row_r->parent));
    return may || fail(err, ERROR_DENIED,
                       "who sees this %s is decided by those who may edit it and by administrators",
                       guarded_kinds[what].name);
}

/* Asked first, so that PostgreSQL's transaction goes on. */
#define COPIES(is_root)                                                                            \
    "SELECT o.name FROM documents d JOIN documents o"                                              \
    " ON o.workspace = d.workspace AND o.blob = d.blob AND o.id <> d.id"                           \
    " AND o.parent IS NULL AND " ACCESS_GUARD_OF(                                                  \
        "o") " = $3"                                                                               \
             " WHERE d.workspace = $1 AND (d.id = $2 OR (d.guard = $2 AND d.guard <> ''))"         \
             " AND " is_root " LIMIT 1"

static bool check_copies(DbTx *tx, const Scope *scope, Arena *arena, Str id, Str guard, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SQL(COPIES("+d.parent IS NULL"), COPIES("d.parent IS NULL")),
                  DB_ARGS(db_text(scope->workspace), db_text(id), db_text(guard)), sql_read_text,
                  sizeof(Str), &items, err))
        return false;
    return !items.count ||
           fail(err, ERROR_CONFLICT,
                "the same bytes are there already as '" STR_FMT "'; remove one of the two first",
                STR_ARG(str_slice(((Str *)items.at)[0], 0, 200)));
}

/* Triggers of 0111 write the changes. */
static bool set_guard(DbTx *tx, const Scope *scope, Guarded what, Str id, Str guard, Error *err)
{
    if (what == GUARDED_COLLECTION)
        return collection_set_guard(tx, scope, id, guard, err);
    return db_exec(
               tx,
               DB_SAME(DOCUMENT_FAMILY "UPDATE documents SET guard = $3, twin = " ACCESS_TWIN_AT(
                   "$3") " WHERE workspace = $1 AND id IN (SELECT id FROM family)"),
               DB_ARGS(db_text(scope->workspace), db_text(id), db_text(guard)), NULL, err) &&
           index_change_hint(tx, scope, err);
}

static bool add_grant(DbTx *tx, const Scope *scope, Str guard, const Grant *grant, Error *err)
{
    static const char *const found_in[] = {
        [GRANT_TO_user] = "SELECT 1 FROM memberships WHERE workspace = $1 AND user_id = $3",
        [GRANT_TO_group] = "SELECT 1 FROM workspace_groups WHERE workspace = $1 AND id = $3",
        [GRANT_TO_key] = "SELECT 1 FROM api_keys WHERE workspace = $1 AND id = $3"
                         " AND revoked_at = 0",
    };
    AUTO_ARENA Arena *arena = arena_new(KB(16));
    Str sql = str_format(arena,
                         "INSERT INTO grants (workspace, guard, subject, kind, level, given_by,"
                         " given_at) SELECT $1, $2, $3, $4, $5, $6, $7 WHERE EXISTS (%s)"
                         " ON CONFLICT (workspace, guard, subject) DO UPDATE SET"
                         " level = excluded.level",
                         found_in[grant->kind]);

    return sql_change(tx, DB_SAME(sql.at),
                      DB_ARGS(db_text(scope->workspace), db_text(guard), db_text(grant->subject),
                              db_text(str(grant_kind_name(grant->kind))),
                              db_text(str(grant_level_name(grant->level))), db_text(scope->user),
                              db_int(now_ms())),
                      grant_kind_name(grant->kind), grant->subject, err);
}

/* Nobody shuts themselves out. */
static bool add_own_grant(DbTx *tx, const Scope *scope, Str guard, Error *err)
{
    bool is_person = scope->user.length > 0;
    Grant own = { .kind = is_person ? GRANT_TO_user : GRANT_TO_key,
                  .subject = is_person ? scope->user : scope->key,
                  .level = GRANT_edit };

    return !own.subject.length || add_grant(tx, scope, guard, &own, err);
}

bool access_restrict(DbTx *tx, const Scope *scope, Guarded what, Str id, const Grant *grants,
                     size_t count, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    bool is_admin;
    AccessRow row;

    if (count > GRANTS_MAX)
        return fail_field(err, "grants", "at most %d, not %zu", GRANTS_MAX, count);
    if (!find_own(tx, scope, arena, what, id, &row, &is_admin, err) ||
        !access_forget(tx, scope, id, err) ||
        !db_exec(
            tx, DB_SAME("INSERT INTO guards (workspace, id, kind) VALUES ($1, $2, $3)"),
            DB_ARGS(db_text(scope->workspace), db_text(id), db_text(str(guarded_kinds[what].name))),
            NULL, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!add_grant(tx, scope, id, &grants[i], err))
            return false;
    return (is_admin || add_own_grant(tx, scope, id, err)) &&
           (str_equal(row.guard, id) || set_guard(tx, scope, what, id, id, err));
}

bool access_open(DbTx *tx, const Scope *scope, Guarded what, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    bool is_admin;
    AccessRow row;

    return (what == GUARDED_COLLECTION || collection_guard_hold(tx, scope, id, err)) &&
           find_own(tx, scope, arena, what, id, &row, &is_admin, err) &&
           (!str_equal(row.guard, id) ||
            (check_copies(tx, scope, arena, id, row.collection_guard, err) &&
             access_forget(tx, scope, id, err) &&
             set_guard(tx, scope, what, id, row.collection_guard, err)));
}

bool access_forget(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return db_exec(tx, DB_SAME("DELETE FROM guards WHERE workspace = $1 AND id = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(id)), NULL, err);
}

bool access_forget_subject(DbTx *tx, const Scope *scope, Str subject, Error *err)
{
    return db_exec(tx, DB_SAME("DELETE FROM grants WHERE workspace = $1 AND subject = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(subject)), NULL, err);
}
