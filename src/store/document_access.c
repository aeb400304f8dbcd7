/* document_access.c - see document_access.h. */
#include "store/document_access_sql.h"

#include "base/clock.h"
#include "store/documents_row.h"
#include "store/index_changes_store.h"

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

/* What is guarded, how a row of it is said in statements, and its column with the collection. */
static const struct {
    const char *name, *row, *collection;
} guarded[] = {
    [GUARDED_COLLECTION] = { "collection", "c", "id" },
    [GUARDED_DOCUMENT] = { "document", "d", "collection" },
};

/* --- In a statement --- */

bool access_sees_all(const Scope *scope)
{
    return scope->is_system ||
           (!scope->collections.length && (scope->is_unguarded || scope->role >= ROLE_ADMIN));
}

/* The guards that are granted to the scope, at one level or (NULL) any. */
static void add_granted(SqlBuild *build, const Scope *scope, const char *level)
{
    sql_add(build, "(SELECT g.guard FROM grants g WHERE g.workspace = ");
    sql_value(build, db_text(scope->workspace));
    if (level) {
        sql_add(build, " AND g.level = ");
        sql_value(build, db_text(str(level)));
    }
    sql_add(build, " AND (g.subject IN (");
    sql_value(build, db_text(scope->user));
    sql_add(build, ", ");
    sql_value(build, db_text(scope->key));
    sql_add(build, ") OR g.subject IN (SELECT m.group_id FROM group_members m"
                   " WHERE m.workspace = ");
    sql_value(build, db_text(scope->workspace));
    sql_add(build, " AND m.user_id = ");
    sql_value(build, db_text(scope->user));
    sql_add(build, ")))");
}

/* Work is done with less than the role of its person, or of a key that is nobody's: they see what
 * they see. */
static void add_passing(SqlBuild *build, const Scope *scope)
{
    bool is_of_key = scope->key.length && !scope->user.length;
    sql_add(build, is_of_key ? "EXISTS (SELECT 1 FROM api_keys p WHERE p.user_id IS NULL"
                               " AND p.workspace = "
                             : "EXISTS (SELECT 1 FROM memberships p WHERE p.workspace = ");
    sql_value(build, db_text(scope->workspace));
    sql_add(build, is_of_key ? " AND p.id = " : " AND p.user_id = ");
    sql_value(build, db_text(is_of_key ? scope->key : scope->user));
    buf_addf(&build->text, " AND p.role IN (%d, %d))", ROLE_ADMIN, ROLE_OWNER);
}

/* Whatever is granted besides, a limited key sees nothing else. */
static void add_limit(SqlBuild *build, const Scope *scope, Guarded what, const char *row)
{
    Str collections = scope->collections, id;
    const char *between = "";

    if (!collections.length)
        return;
    buf_addf(&build->text, " AND coalesce(%s.%s, '') IN (", row, guarded[what].collection);
    while (str_next(&collections, ' ', &id)) {
        sql_add(build, between);
        sql_value(build, db_text(id));
        between = ", ";
    }
    sql_add(build, ")");
}

static void add_guards(SqlBuild *build, const Scope *scope, Guarded what, const char *row)
{
    add_limit(build, scope, what, row);
    buf_addf(&build->text, " AND (%s.guard = '' OR %s.guard IN ", row, row);
    add_granted(build, scope, NULL);
    if (scope->guard.length) {
        buf_addf(&build->text, " OR %s.guard = ", row);
        sql_value(build, db_text(scope->guard));
    }
    sql_add(build, " OR ");
    add_passing(build, scope);
    sql_add(build, ")");
}

static void add_seen(SqlBuild *build, const Scope *scope, Guarded what)
{
    if (!access_sees_all(scope))
        add_guards(build, scope, what, guarded[what].row);
}

void access_add(SqlBuild *build, const Scope *scope) { add_seen(build, scope, GUARDED_DOCUMENT); }

void access_add_collections(SqlBuild *build, const Scope *scope)
{
    add_seen(build, scope, GUARDED_COLLECTION);
}

/* What is open is most of it, and seen by all but limited keys; what is not has an index. */
static void add_hidden(SqlBuild *build, const Scope *scope, Guarded what, const char *row)
{
    if (!scope->collections.length)
        buf_addf(&build->text, " AND %s.guard <> ''", row);
    sql_add(build, " AND NOT (1 = 1");
    add_guards(build, scope, what, row);
    sql_add(build, ")");
}

void access_add_hidden(SqlBuild *build, const Scope *scope)
{
    if (access_sees_all(scope))
        sql_add(build, " AND 1 = 0");
    else
        add_hidden(build, scope, GUARDED_DOCUMENT, "d");
}

/* " AND NOT EXISTS (...": no hidden row of the table has... */
static void begin_none_hidden(SqlBuild *build, const Scope *scope, Guarded what)
{
    buf_addf(&build->text, " AND NOT EXISTS (SELECT 1 FROM %ss hidden WHERE hidden.workspace = ",
             guarded[what].name);
    sql_value(build, db_text(scope->workspace));
    add_hidden(build, scope, what, "hidden");
}

void access_add_named(SqlBuild *build, const Scope *scope, const char *column)
{
    if (access_sees_all(scope))
        return;
    for (size_t i = 0; i < COUNT(guarded); i++) {
        begin_none_hidden(build, scope, (Guarded)i);
        buf_addf(&build->text, " AND hidden.id = %s)", column);
    }
}

bool access_list_named(DbTx *tx, const Scope *scope, Arena *arena, const SqlPart *parts,
                       const DbValue *args, size_t count, SqlReader *read, size_t item_size,
                       SqlItems *items_r, Error *err)
{
    SqlBuild build = sql_build_on(tx, arena, parts->text, args, count);

    access_add_named(&build, scope, parts->named);
    sql_add(&build, parts->rest);
    return sql_list(tx, arena, sql_text(&build), build.args, build.count, read, item_size, items_r,
                    err);
}

void access_add_mentioned(SqlBuild *build, const Scope *scope, const char *column)
{
    if (access_sees_all(scope))
        return;
    begin_none_hidden(build, scope, GUARDED_DOCUMENT);
    buf_addf(&build->text, " AND %s(%s, hidden.id) > 0)",
             build->kind == DB_SQLITE ? "instr" : "strpos", column);
}

void access_add_document_counts(SqlBuild *build, const Scope *scope)
{
    if (access_sees_all(scope)) {
        sql_add(build, "document_counts d");
        return;
    }
    sql_add(build, "(SELECT d.workspace, CASE WHEN d.deleted_at > 0 THEN 1 ELSE 0 END AS in_trash,"
                   " coalesce(d.collection, '') AS collection, d.format, d.state, d.vector_model,"
                   " 1 AS documents, d.version AS versions, d.page_count AS pages,"
                   " d.chunk_count AS chunks, d.vector_count AS vectors, d.text_bytes,"
                   " d.size_bytes AS file_bytes FROM documents d WHERE d.workspace = ");
    sql_value(build, db_text(scope->workspace));
    access_add(build, scope);
    sql_add(build, ") d");
}

void access_add_tag_counts(SqlBuild *build, const Scope *scope)
{
    if (access_sees_all(scope)) {
        sql_add(build, "tag_counts t");
        return;
    }
    sql_add(build, "(SELECT t.workspace, t.tag, 1 AS documents FROM document_tags t"
                   " WHERE t.workspace = ");
    sql_value(build, db_text(scope->workspace));
    access_add_named(build, scope, "t.document");
    sql_add(build, ") t");
}

bool access_sight(DbTx *tx, const Scope *scope, Arena *arena, Sight *sight_r, Error *err)
{
    SqlBuild build = sql_build(tx, arena);
    SqlItems items;
    Str rest = scope->collections, id;
    VEC(Str) collections = { 0 }, guards = { 0 };

    *sight_r = (Sight){ .sees_guarded = access_sees_all(scope) };
    if (sight_r->sees_guarded)
        return true;
    while (scope->collections.length && str_next(&rest, ' ', &id))
        *vec_push(arena, &collections) = id;
    sql_add(&build, "SELECT '' WHERE ");
    add_passing(&build, scope);
    sql_add(&build, " UNION ALL SELECT s.guard FROM ");
    add_granted(&build, scope, NULL);
    sql_add(&build, " s");
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, sql_read_text, sizeof(Str),
                  &items, err))
        return false;
    for (size_t i = 0; i < items.count; i++)
        if (((Str *)items.at)[i].length)
            *vec_push(arena, &guards) = ((Str *)items.at)[i];
        else
            sight_r->sees_guarded = true;
    if (scope->guard.length)
        *vec_push(arena, &guards) = scope->guard;
    sight_r->collections = (StrList){ collections.at, collections.count };
    sight_r->guards = (StrList){ guards.at, guards.count };
    return true;
}

/* --- Asking --- */

typedef struct Row {
    Str guard;
    bool may_edit;
    Str parent, created_by; /* of a document */
    Str collection_guard;   /* of the collection that it is in */
    bool has_documents;     /* a collection */
} Row;

static void read_row(DbRows *row, Arena *arena, void *item)
{
    *(Row *)item = (Row){ .guard = db_get_text(row, 0, arena),
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

/* ERROR_NOT_FOUND also when the scope does not see it. */
static bool find_row(DbTx *tx, const Scope *scope, Arena *arena, Guarded what, Str id, Row *row_r,
                     Error *err)
{
    SqlBuild build = sql_build(tx, arena);
    const char *row = guarded[what].row;

    buf_addf(&build.text, "SELECT %s.guard, CASE WHEN ", row);
    if (access_sees_all(scope)) {
        sql_add(&build, "1 = 1");
    } else {
        buf_addf(&build.text, "%s.guard = '' OR %s.guard IN ", row, row);
        add_granted(&build, scope, grant_level_name(GRANT_edit));
        sql_add(&build, " OR ");
        add_passing(&build, scope);
    }
    sql_add(&build, " THEN 1 ELSE 0 END");
    sql_add(&build, what == GUARDED_DOCUMENT ? DOCUMENT_ROW : COLLECTION_ROW);
    sql_value(&build, db_text(scope->workspace));
    buf_addf(&build.text, " AND %s.id = ", row);
    sql_value(&build, db_text(id));
    add_seen(&build, scope, what);
    return sql_find(tx, arena, sql_text(&build), build.args, build.count, read_row, row_r,
                    guarded[what].name, id, err);
}

bool access_may_see(DbTx *tx, const Scope *scope, Str document, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Row row;

    return access_sees_all(scope) ||
           find_row(tx, scope, arena, GUARDED_DOCUMENT, document, &row, err);
}

bool access_may_change(DbTx *tx, const Scope *scope, Guarded what, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Row row;

    if (access_sees_all(scope))
        return true;
    return find_row(tx, scope, arena, what, id, &row, err) &&
           (row.may_edit || fail(err, ERROR_DENIED, "this %s is shared with you to be read only",
                                 guarded[what].name));
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
                      DB_SAME("SELECT count(*) FROM documents WHERE workspace = $1 AND id = $2"
                              " AND guard <> ''"),
                      DB_ARGS(db_text(scope->workspace), db_text(document)), 0, &guarded_count,
                      err))
        return false;
    *is_r = !guarded_count;
    return true;
}

/* --- Lists --- */

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

static bool owns(const Scope *scope, Guarded what, const Row *row)
{
    if (what == GUARDED_COLLECTION)
        return !row->has_documents;
    return scope->user.length && str_equal(scope->user, row->created_by);
}

static bool may_share(DbTx *tx, const Scope *scope, Guarded what, const Row *row, bool *is_admin_r,
                      bool *may_r, Error *err)
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
    Row row;

    if (!find_row(tx, scope, arena, what, id, &row, err) ||
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
static bool find_own(DbTx *tx, const Scope *scope, Arena *arena, Guarded what, Str id, Row *row_r,
                     bool *is_admin_r, Error *err)
{
    bool may;

    if (!find_row(tx, scope, arena, what, id, row_r, err) ||
        !may_share(tx, scope, what, row_r, is_admin_r, &may, err))
        return false;
    if (row_r->parent.length)
        return fail(err, ERROR_CONFLICT,
                    "it came inside the document " STR_FMT " and follows it: share that one",
                    STR_ARG(row_r->parent));
    return may || fail(err, ERROR_DENIED,
                       "who sees this %s is decided by those who may edit it and by administrators",
                       guarded[what].name);
}

/* Asked first, so that PostgreSQL's transaction goes on. */
#define COPIES(is_root)                                                                            \
    "SELECT o.name FROM documents d JOIN documents o"                                              \
    " ON o.workspace = d.workspace AND o.blob = d.blob AND o.id <> d.id"                           \
    " AND o.parent IS NULL AND o.guard = $3"                                                       \
    " WHERE d.workspace = $1 AND (d.id = $2 OR (d.guard = $2 AND d.guard <> ''))"                  \
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

/* Those of a collection that have no list of their own. */
static bool set_guard(DbTx *tx, const Scope *scope, Guarded what, Str id, Str guard, Error *err)
{
    const DbValue args[] = { db_text(scope->workspace), db_text(id), db_text(guard) };

    if (what == GUARDED_DOCUMENT)
        return db_exec(tx,
                       DB_SAME(DOCUMENT_FAMILY "UPDATE documents SET guard = $3"
                                               " WHERE workspace = $1"
                                               " AND id IN (SELECT id FROM family)"),
                       args, COUNT(args), NULL, err) &&
               index_change_filters(tx, scope, id, true, err);
    return db_exec(tx,
                   DB_SAME("UPDATE collections SET guard = $3 WHERE workspace = $1 AND id = $2"),
                   args, COUNT(args), NULL, err) &&
           db_exec(tx,
                   DB_SAME("UPDATE documents SET guard = $3 WHERE workspace = $1"
                           " AND collection = $2 AND guard IN ('', $2)"),
                   args, COUNT(args), NULL, err) &&
           index_change_guard(tx, scope, id, err);
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
                              db_text(str(kind_names[grant->kind])),
                              db_text(str(level_names[grant->level])), db_text(scope->user),
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
    Row row;

    if (count > GRANTS_MAX)
        return fail_field(err, "grants", "at most %d, not %zu", GRANTS_MAX, count);
    if (!find_own(tx, scope, arena, what, id, &row, &is_admin, err) ||
        !access_forget(tx, scope, id, err) ||
        !db_exec(tx, DB_SAME("INSERT INTO guards (workspace, id, kind) VALUES ($1, $2, $3)"),
                 DB_ARGS(db_text(scope->workspace), db_text(id), db_text(str(guarded[what].name))),
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
    Row row;

    return find_own(tx, scope, arena, what, id, &row, &is_admin, err) &&
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
