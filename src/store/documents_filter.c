/* documents_filter.c - the conditions of a filter as SQL, and whether it may be asked. */
#include "base/utf8.h"
#include "store/documents_row.h"

#define IDS_MAX 1000

static void add_equal(SqlBuild *build, const char *condition, Str value)
{
    if (value.length) {
        sql_add(build, condition);
        sql_value(build, db_text(value));
    }
}

static void add_number(SqlBuild *build, const char *condition, int64_t value)
{
    if (value) {
        sql_add(build, condition);
        sql_value(build, db_int(value));
    }
}

static void add_states(SqlBuild *build, Arena *arena, unsigned states)
{
    if (states) {
        Str names = document_states_text(arena, states);
        buf_addf(&build->text, " AND d.state IN (" STR_FMT ")", STR_ARG(names));
    }
}

static void add_in(SqlBuild *build, Arena *arena, const char *column, StrList list)
{
    if (list.count) {
        sql_add(build, " AND ");
        sql_value_in(build, arena, column, list);
    }
}

/* One alone is an equality, which an index answers in the order of the list. */
static void add_formats(SqlBuild *build, Arena *arena, StrList formats)
{
    if (formats.count == 1)
        add_equal(build, " AND d.format = ", formats.at[0]);
    else
        add_in(build, arena, "d.format", formats);
}

static void add_tag_list(SqlBuild *build, const Scope *scope, Arena *arena, DocumentTrash trash,
                         StrList tags)
{
    if (tags.count) {
        sql_add(build, " AND (");
        document_tagged_add(build, scope, arena, trash, tags);
        sql_add(build, ")");
    }
}

static void add_name(SqlBuild *build, Arena *arena, const DocumentFilter *filter)
{
    if (filter->name.length) {
        add_equal(build, " AND d.name_fold = ", utf8_fold(arena, filter->name));
        add_equal(build, " AND d.name = ", filter->name);
    }
    document_name_has_add(build, arena, filter->name_has);
}

/* The documents themselves, their members, and the members of those. */
static void add_within(SqlBuild *build, const Scope *scope, Arena *arena, StrList list)
{
    if (!list.count)
        return;
    sql_add(build, " AND d.id IN (WITH RECURSIVE inside (id) AS (SELECT o.id FROM documents o"
                   " WHERE o.workspace = ");
    sql_value(build, db_text(scope->workspace));
    add_in(build, arena, "o.id", list);
    sql_add(build, " UNION SELECT m.id FROM documents m JOIN inside ON m.parent = inside.id"
                   " WHERE m.workspace = ");
    sql_value(build, db_text(scope->workspace));
    sql_add(build, ") SELECT id FROM inside)");
}

void document_filter_add(SqlBuild *build, const Scope *scope, Arena *arena,
                         const DocumentFilter *filter)
{
    static const char *const trash[] = {
        [TRASH_OUTSIDE] = " AND d.deleted_at = 0",
        [TRASH_INSIDE] = " AND d.deleted_at > 0",
        [TRASH_EITHER] = "",
    };

    /* SQLite does not know which values are the frequent ones: a plus sign keeps it from gathering
     * and sorting many, from reading all that is outside the trash for a few that are named, and
     * from taking documents that lie in no other for as few as those of one. */
    static const char *const days[] = { " AND " DOCUMENT_DATE " >= ",
                                        " AND +(" DOCUMENT_DATE ") >= " };
    static const char *const ends[] = { " AND " DOCUMENT_DATE " < ",
                                        " AND +(" DOCUMENT_DATE ") < " };
    bool walks = filter->has_many && build->kind == DB_SQLITE;
    bool is_named = (filter->ids.count || filter->within.count || filter->parent.length) &&
                    build->kind == DB_SQLITE;

    sql_add(build, is_named && filter->trash == TRASH_OUTSIDE ? " AND +d.deleted_at = 0"
                                                              : trash[filter->trash]);
    add_states(build, arena, filter->states);
    if (str_is(filter->collection, "none"))
        sql_add(build, " AND d.collection IS NULL");
    else
        add_equal(build, " AND d.collection = ", filter->collection);
    add_equal(build, " AND d.media_type = ", filter->media_type);
    add_equal(build, " AND d.format = ", filter->format);
    add_formats(build, arena, filter->formats);
    add_tag_list(build, scope, arena, filter->trash,
                 (StrList){ &filter->tag, filter->tag.length > 0 });
    add_tag_list(build, scope, arena, filter->trash, filter->tags_any);
    add_name(build, arena, filter);
    add_equal(build, " AND d.parent = ", filter->parent);
    if (filter->only_roots)
        sql_add(build,
                build->kind == DB_SQLITE ? " AND +d.parent IS NULL" : " AND d.parent IS NULL");
    add_equal(build, " AND d.source = ", filter->source);
    add_equal(build, " AND d.blob = ", filter->blob);
    add_in(build, arena, "d.id", filter->ids);
    add_within(build, scope, arena, filter->within);
    add_number(build, " AND d.created_at >= ", filter->created_from_ms);
    add_number(build, " AND d.created_at < ", filter->created_to_ms);
    add_number(build, days[walks], filter->date_from_ms);
    add_number(build, ends[walks], filter->date_to_ms);
    for (size_t i = 0; i < MIN(filter->fact_count, (size_t)FACT_CONDITIONS_MAX); i++) {
        sql_add(build, " AND ");
        document_fact_add(build, arena, &filter->facts[i]);
    }
    document_clauses_add(build, scope, arena, filter);
    access_add(build, scope);
}

void document_counted_add(SqlBuild *build, Arena *arena, const DocumentFilter *filter)
{
    if (filter->trash != TRASH_EITHER)
        sql_add(build,
                filter->trash == TRASH_INSIDE ? " AND d.in_trash = 1" : " AND d.in_trash = 0");
    if (str_is(filter->collection, "none"))
        sql_add(build, " AND d.collection = ''");
    else
        add_equal(build, " AND d.collection = ", filter->collection);
    add_states(build, arena, filter->states);
    add_equal(build, " AND d.format = ", filter->format);
    add_formats(build, arena, filter->formats);
}

bool document_filter_check(const DocumentFilter *filter, Error *err)
{
    if (filter->ids.count > IDS_MAX)
        return fail_field(err, "ids", "at most %d documents, not %zu", IDS_MAX, filter->ids.count);
    if (filter->within.count > IDS_MAX)
        return fail_field(err, "documents", "at most %d documents, not %zu", IDS_MAX,
                          filter->within.count);
    if (filter->tags_any.count > 20)
        return fail_field(err, "tags", "at most 20 tags, not %zu", filter->tags_any.count);
    size_t conditions = 0;
    for (size_t i = 0; i < filter->clause_count; i++)
        conditions += filter->clauses[i].count;
    if (conditions > DOCUMENT_CONDITIONS_MAX)
        return fail_field(err, "query", "at most %d conditions, not %zu", DOCUMENT_CONDITIONS_MAX,
                          conditions);
    return true;
}

SqlBuild documents_begin(DbTx *tx, const Scope *scope, Arena *arena, const char *select,
                         const DocumentFilter *filter)
{
    SqlBuild build = sql_build(tx, arena);

    sql_add(&build, select);
    sql_add(&build, " WHERE d.workspace = ");
    sql_value(&build, db_text(scope->workspace));
    document_filter_add(&build, scope, arena, filter);
    return build;
}
