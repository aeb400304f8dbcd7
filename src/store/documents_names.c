/* documents_names.c - documents that have a text somewhere in their name or title.
 *
 * SQLite has an index of the names' trigrams, `document_name_parts`, which is asked for some of the
 * text's; the names that have them are looked at then. For a text that is shorter or that many
 * names have, all names are read from an index of theirs, or those that other conditions leave. */
#include "base/utf8.h"
#include "store/documents_row.h"
#include "store/erase_store.h"

#define TRIGRAM 3
#define TRIGRAMS_MAX 8
/* To look at so many takes some 20 ms, */
#define MATCHES_MANY 20000
/* and so to read the names of so many. */
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

/* --- Trigrams --- */

/* Those that cover the text, as a query: "abc" AND "def"; no text: it is too short. */
static Str trigrams_of(Arena *arena, Str part)
{
    Str text = document_name_spaced(arena, part);
    size_t *starts = arena_new_array(arena, size_t, text.length + 1), count = 0, size;
    Buf query = buf_new(arena, KB(1));

    for (size_t at = 0; at < text.length; at += size) {
        starts[count++] = at;
        utf8_decode(text, at, &size);
    }
    starts[count] = text.length;
    for (size_t i = 0, added = 0; i + TRIGRAM <= count && added < TRIGRAMS_MAX; added++) {
        buf_addf(&query, "%s\"", i ? " AND " : "");
        for (size_t at = starts[i]; at < starts[i + TRIGRAM]; at++) {
            buf_add_char(&query, text.at[at]);
            if (text.at[at] == '"')
                buf_add_char(&query, '"');
        }
        buf_add_char(&query, '"');
        i = i + TRIGRAM < count ? MIN(i + TRIGRAM, count - TRIGRAM) : count;
    }
    return buf_str(&query);
}

/* MATCHES_MANY + 1 when there are more. */
static bool count_matches(DbTx *tx, Str trigrams, int64_t *count_r, Error *err)
{
    return db_query_int(tx,
                        DB_SAME("SELECT count(*) FROM (SELECT 1 FROM document_name_parts"
                                " WHERE document_name_parts MATCH $1 LIMIT $2)"),
                        DB_ARGS(db_text(trigrams), db_int(MATCHES_MANY + 1)), 0, count_r, err);
}

static bool count_names(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err)
{
    return db_query_int(tx,
                        DB_SAME("SELECT coalesce(sum(documents), 0) FROM document_counts"
                                " WHERE workspace = $1"),
                        DB_ARGS(db_text(scope->workspace)), 0, count_r, err);
}

bool document_name_look(DbTx *tx, const Scope *scope, Arena *arena, Str part, bool is_alone,
                        NameLook *look_r, Error *err)
{
    int64_t matches, names;
    Str trigrams = STR_NONE;

    *look_r = NAMES_OF_ROWS;
    if (db_tx_kind(tx) != DB_SQLITE)
        return true;
    trigrams = trigrams_of(arena, part);
    *look_r = NAMES_BY_INDEX;
    if (!trigrams.length)
        return true;
    if (!count_matches(tx, trigrams, &matches, err) || !count_names(tx, scope, &names, err))
        return false;
    /* Most of many matches may be of other workspaces. */
    if (matches <= MATCHES_MANY || (is_alone && names > NAMES_MANY))
        *look_r = NAMES_BY_PARTS;
    else if (names > NAMES_MANY)
        *look_r = NAMES_OF_ROWS;
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

static SqlBuild begin_by_parts(DbTx *tx, const Scope *scope, Arena *arena, const char *select,
                               const DocumentFilter *filter)
{
    SqlBuild build = sql_build(tx, arena);

    sql_add(&build, select);
    sql_add(&build, " FROM document_name_parts n CROSS JOIN documents d"
                    " WHERE n.document_name_parts MATCH ");
    sql_value(&build, db_text(trigrams_of(arena, filter->name_has)));
    sql_add(&build, " AND d.rowid = n.rowid AND +d.workspace = ");
    sql_value(&build, db_text(scope->workspace));
    document_filter_add(&build, scope, arena, filter);
    return build;
}

SqlBuild documents_begin_by_name(DbTx *tx, const Scope *scope, Arena *arena, const char *select,
                                 const DocumentFilter *filter, NameLook look)
{
    switch (look) {
    case NAMES_BY_INDEX: return begin_by_index(tx, scope, arena, select, filter);
    case NAMES_BY_PARTS: return begin_by_parts(tx, scope, arena, select, filter);
    case NAMES_OF_ROWS: break;
    }
    Str text = str_format(arena, "%s FROM documents d", select);
    return documents_begin(tx, scope, arena, text.at, filter);
}

/* --- Erasing --- */

/* Pages of the index that are written anew in one transaction: some tenths of a second. */
#define FORGET_PAGES 500

static bool merge(DbTx *tx, int64_t pages, Error *err)
{
    return db_exec(tx,
                   DB_SAME("INSERT INTO document_name_parts (document_name_parts, rank)"
                           " VALUES ('merge', $1)"),
                   DB_ARGS(db_int(pages)), NULL, err);
}

static bool count_changes(DbTx *tx, int64_t *count_r, Error *err)
{
    return db_query_int(tx, DB_SAME("SELECT total_changes()"), DB_NO_ARGS, 0, count_r, err);
}

/* A negative number begins with all parts of the index; a positive one goes on with them, and with
 * what others have added meanwhile if that is two parts or more. Who had fewer pages to write than
 * allowed has nothing left to do. */
bool document_names_forget(DbTx *tx, bool begins, bool *is_over_r, Error *err)
{
    int64_t before, after;

    *is_over_r = true;
    if (db_tx_kind(tx) != DB_SQLITE)
        return true;
    if (begins && !db_exec(tx,
                           DB_SAME("INSERT INTO document_name_parts (document_name_parts, rank)"
                                   " VALUES ('usermerge', 2)"),
                           DB_NO_ARGS, NULL, err))
        return false;
    if (!count_changes(tx, &before, err) ||
        !merge(tx, begins ? -FORGET_PAGES : FORGET_PAGES, err) || !count_changes(tx, &after, err))
        return false;
    *is_over_r = after - before < FORGET_PAGES;
    return true;
}
