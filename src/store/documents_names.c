/* documents_names.c - documents that have a text somewhere in their name or title.
 *
 * SQLite reads all names from an index of theirs; of many, those that other conditions leave. Large
 * workspaces are looked through in memory (search/document_parts.h). */
#include "base/utf8.h"
#include "store/documents_row.h"

/* To read the names of so many takes some 20 ms. */
#define NAMES_MANY 50000

/* --- Conditions --- */

void document_part_add(SqlBuild *build, const char *column, Str part)
{
    sql_add(build, build->kind == DB_SQLITE ? "instr(" : "strpos(");
    sql_add(build, column);
    sql_add(build, ", ");
    sql_value(build, db_text(part));
    sql_add(build, ") > 0");
}

Str document_name_spaced(Arena *arena, Str text)
{
    Str folded = str_copy(arena, utf8_fold(arena, text));
    char *at = str_c(arena, folded);
    for (size_t i = 0; i < folded.length; i++)
        if (at[i] == '_' || at[i] == '-')
            at[i] = ' ';
    return (Str){ at, folded.length };
}

static void add_names(SqlBuild *build, Arena *arena, const char *name, const char *title, Str part)
{
    Str folded = utf8_fold(arena, part);

    sql_add(build, " AND (");
    document_part_add(build, name, folded);
    sql_add(build, " OR ");
    document_part_add(build, title, folded);
    sql_add(build, ")");
}

void document_name_has_add(SqlBuild *build, Arena *arena, Str part)
{
    if (part.length)
        add_names(build, arena, "d.name_fold", "lower(d.title)", part);
}

/* --- How names are read --- */

static bool count_names(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err)
{
    return db_query_int(tx,
                        DB_SAME("SELECT coalesce(sum(documents), 0) FROM document_counts"
                                " WHERE workspace = $1"),
                        DB_ARGS(db_text(scope->workspace)), 0, count_r, err);
}

bool document_name_look(DbTx *tx, const Scope *scope, bool is_alone, NameLook *look_r, Error *err)
{
    int64_t names = 0;

    if (db_tx_kind(tx) == DB_SQLITE && !is_alone && !count_names(tx, scope, &names, err))
        return false;
    *look_r = db_tx_kind(tx) == DB_SQLITE && names <= NAMES_MANY ? NAMES_BY_INDEX : NAMES_OF_ROWS;
    return true;
}

/* --- Statements --- */

/* CROSS JOIN keeps SQLite in this order. */
static SqlBuild begin_by_index(DbTx *tx, const Scope *scope, Arena *arena, const char *select,
                               const DocumentFilter *filter)
{
    DocumentFilter rest = *filter;
    SqlBuild build = sql_build(tx, arena);

    rest.name_has = S("");
    sql_add(&build, select);
    sql_add(&build, " FROM documents n CROSS JOIN documents d WHERE n.workspace = ");
    sql_value(&build, db_text(scope->workspace));
    if (filter->trash == TRASH_OUTSIDE)
        sql_add(&build, " AND n.deleted_at = 0");
    add_names(&build, arena, "n.name_fold", "lower(n.title)", filter->name_has);
    sql_add(&build, " AND d.workspace = n.workspace AND d.id = n.id");
    document_filter_add(&build, scope, arena, &rest);
    return build;
}

SqlBuild documents_begin_by_name(DbTx *tx, const Scope *scope, Arena *arena, const char *select,
                                 const DocumentFilter *filter, NameLook look)
{
    if (look == NAMES_BY_INDEX)
        return begin_by_index(tx, scope, arena, select, filter);
    Str text = str_format(arena, "%s FROM documents d", select);
    return documents_begin(tx, scope, arena, text.at, filter);
}
