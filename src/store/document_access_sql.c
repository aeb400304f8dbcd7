/* document_access_sql.c - see document_access_sql.h. */
#include "store/document_access_sql.h"

const GuardedKind guarded_kinds[] = {
    [GUARDED_COLLECTION] = { "collection", "c", "id" },
    [GUARDED_DOCUMENT] = { "document", "d", "collection" },
};

bool access_sees_all(const Scope *scope)
{
    return scope->is_system ||
           (!scope->collections.length && (scope->is_unguarded || scope->role >= ROLE_ADMIN));
}

void access_add_granted(SqlBuild *build, const Scope *scope, const char *level)
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
void access_add_passing(SqlBuild *build, const Scope *scope)
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
    buf_addf(&build->text, " AND coalesce(%s.%s, '') IN (", row, guarded_kinds[what].collection);
    while (str_next(&collections, ' ', &id)) {
        sql_add(build, between);
        sql_value(build, db_text(id));
        between = ", ";
    }
    sql_add(build, ")");
}

/* Collections whose documents follow them still (collection_guard.h). */
static void add_following(SqlBuild *build, const Scope *scope)
{
    sql_add(build, "(SELECT f.id FROM collections f WHERE f.workspace = ");
    sql_value(build, db_text(scope->workspace));
    sql_add(build, " AND f.guard_follows > 0 AND ");
}

/* It has this guard of its own accord, or one that is granted. */
static void add_granted_guard(SqlBuild *build, const Scope *scope, const char *row,
                              const char *level)
{
    buf_addf(&build->text, "%s.guard IN ", row);
    access_add_granted(build, scope, level);
    if (!level && scope->guard.length) {
        buf_addf(&build->text, " OR %s.guard = ", row);
        sql_value(build, db_text(scope->guard));
    }
}

/* What the row says of its guard holds, but where it follows its collection still: then what that
 * one says does. Never NULL, of which NOT would be NULL too. */
static void add_document_guards(SqlBuild *build, const Scope *scope, const char *row,
                                const char *level)
{
    buf_addf(&build->text, "(%s.guard = '' AND (%s.collection IS NULL OR %s.collection NOT IN ",
             row, row, row);
    add_following(build, scope);
    sql_add(build, "f.guard <> ''))) OR ");
    add_granted_guard(build, scope, row, level);
    buf_addf(&build->text,
             " OR (%s.guard IN ('', coalesce(%s.collection, ''))"
             " AND coalesce(%s.collection, '') IN ",
             row, row, row);
    add_following(build, scope);
    sql_add(build, "(f.guard = '' OR ");
    add_granted_guard(build, scope, "f", level);
    sql_add(build, ")))");
}

void access_add_guards(SqlBuild *build, const Scope *scope, Guarded what, const char *row,
                       const char *level)
{
    if (what == GUARDED_DOCUMENT) {
        add_document_guards(build, scope, row, level);
    } else {
        buf_addf(&build->text, "%s.guard = '' OR ", row);
        add_granted_guard(build, scope, row, level);
    }
    sql_add(build, " OR ");
    access_add_passing(build, scope);
}

static void add_guards(SqlBuild *build, const Scope *scope, Guarded what, const char *row)
{
    add_limit(build, scope, what, row);
    sql_add(build, " AND (");
    access_add_guards(build, scope, what, row, NULL);
    sql_add(build, ")");
}

void access_add_seen(SqlBuild *build, const Scope *scope, Guarded what)
{
    if (!access_sees_all(scope))
        add_guards(build, scope, what, guarded_kinds[what].row);
}

void access_add(SqlBuild *build, const Scope *scope)
{
    access_add_seen(build, scope, GUARDED_DOCUMENT);
}

void access_add_collections(SqlBuild *build, const Scope *scope)
{
    access_add_seen(build, scope, GUARDED_COLLECTION);
}

/* Where what is hidden is looked for. */
typedef enum Hiding {
    HIDDEN_BY_ROW,        /* its own row has a guard */
    HIDDEN_BY_COLLECTION, /* a document's has none, but it follows a collection that has one */
    HIDING_COUNT
} Hiding;

static size_t hidings(const Scope *scope, Guarded what)
{
    return scope->collections.length || what == GUARDED_COLLECTION ? 1 : HIDING_COUNT;
}

/* What is open is most of it, and seen by all but limited keys; what is not has an index. */
static void add_hidden(SqlBuild *build, const Scope *scope, Guarded what, Hiding hiding,
                       const char *row)
{
    if (hiding == HIDDEN_BY_COLLECTION) {
        buf_addf(&build->text, " AND %s.guard = '' AND %s.collection IN ", row, row);
        add_following(build, scope);
        sql_add(build, "f.guard <> '')");
    } else if (!scope->collections.length) {
        buf_addf(&build->text, " AND %s.guard <> ''", row);
    }
    sql_add(build, " AND NOT (1 = 1");
    add_guards(build, scope, what, row);
    sql_add(build, ")");
}

void access_add_hidden(SqlBuild *build, const Scope *scope)
{
    if (access_sees_all(scope)) {
        sql_add(build, " AND 1 = 0");
        return;
    }
    Str text = str_copy(build->text.arena, buf_str(&build->text));
    add_hidden(build, scope, GUARDED_DOCUMENT, HIDDEN_BY_ROW, "d");
    if (hidings(scope, GUARDED_DOCUMENT) == 1)
        return;
    sql_add(build, " UNION ALL ");
    buf_add(&build->text, text);
    add_hidden(build, scope, GUARDED_DOCUMENT, HIDDEN_BY_COLLECTION, "d");
}

/* " AND NOT EXISTS (...": no row of the table that is hidden so has... */
static void begin_none_hidden(SqlBuild *build, const Scope *scope, Guarded what, Hiding hiding)
{
    buf_addf(&build->text, " AND NOT EXISTS (SELECT 1 FROM %ss hidden WHERE hidden.workspace = ",
             guarded_kinds[what].name);
    sql_value(build, db_text(scope->workspace));
    add_hidden(build, scope, what, hiding, "hidden");
}

void access_add_named(SqlBuild *build, const Scope *scope, const char *column)
{
    if (access_sees_all(scope))
        return;
    for (size_t i = 0; i < COUNT(guarded_kinds); i++)
        for (size_t k = 0; k < hidings(scope, (Guarded)i); k++) {
            begin_none_hidden(build, scope, (Guarded)i, (Hiding)k);
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
    for (size_t k = 0; k < hidings(scope, GUARDED_DOCUMENT); k++) {
        begin_none_hidden(build, scope, GUARDED_DOCUMENT, (Hiding)k);
        buf_addf(&build->text, " AND %s(%s, hidden.id) > 0)",
                 build->kind == DB_SQLITE ? "instr" : "strpos", column);
    }
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
    access_add_passing(&build, scope);
    sql_add(&build, " UNION ALL SELECT s.guard FROM ");
    access_add_granted(&build, scope, NULL);
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
