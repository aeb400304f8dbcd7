/* documents_counts.c - how many documents there are, and which of them, in every workspace, there
 * is work to do for. */
#include "store/document_access_sql.h"
#include "store/documents_row.h"

/* --- Counts ----------------------------------------------------------------------------- */

bool document_count(DbTx *tx, const Scope *scope, DocumentCounts *counts_r, Error *err)
{
    bool is_all = scope->is_system && !scope->workspace.length;
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    AUTO_DB_ROWS DbRows rows = { 0 };
    DocumentCounts counts = { 0 };
    DbStep step;
    SqlBuild build = sql_build_on(
        tx, arena, "SELECT d.state, d.in_trash, CAST(sum(d.documents) AS BIGINT) FROM ",
        DB_ARGS(db_text(scope->workspace)));

    access_add_document_counts(&build, scope);
    sql_add(&build, is_all ? " WHERE $1 = $1" : " WHERE d.workspace = $1");
    sql_add(&build, " GROUP BY d.state, d.in_trash");
    if (!db_query(tx, sql_text(&build), build.args, build.count, &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        DocumentState state = document_state_named(db_get_text(&rows, 0, arena));
        if (db_get_int(&rows, 1))
            counts.in_trash += db_get_int(&rows, 2);
        else if (state < DOCUMENT_STATE_COUNT)
            counts.by_state[state] += db_get_int(&rows, 2);
    }
    if (step == DB_FAILED)
        return false;
    *counts_r = counts;
    return true;
}

/* --- What is to be done, in every workspace --------------------------------------------- */

static bool list_keys(DbTx *tx, Arena *arena, const char *sql, const DbValue *args, size_t count,
                      DocumentKeyList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(sql), args, count, document_key_read, sizeof(DocumentKey),
                  &items, err))
        return false;
    *list_r = (DocumentKeyList){ .at = items.at, .count = items.count };
    return true;
}

/* Whether there are any: as a rule there are none, and nobody reads an entry of each document. */
static bool any_unembedded(DbTx *tx, Str model, int64_t *any_r, Error *err)
{
#define FROM_DOCUMENTS(by)                                                                         \
    "SELECT CASE WHEN EXISTS (SELECT 1 FROM document_counts WHERE in_trash = 0"                    \
    "  AND state = 'ready' AND chunks > 0 AND vector_model <> $1)"                                 \
    " OR EXISTS (SELECT 1 FROM documents" by " WHERE state = 'ready' AND deleted_at = 0"           \
    "  AND vector_count < chunk_count) THEN 1 ELSE 0 END"
    return db_query_int(
        tx, DB_SQL(FROM_DOCUMENTS(" INDEXED BY documents_unembedded"), FROM_DOCUMENTS("")),
        DB_ARGS(db_text(model)), 0, any_r, err);
#undef FROM_DOCUMENTS
}

bool document_list_unembedded(DbTx *tx, const Scope *scope, Arena *arena, Str model,
                              const DocumentKey *after, int64_t limit, DocumentKeyList *list_r,
                              Error *err)
{
    static const DocumentKey first;
    const DocumentKey *from = after ? after : &first;
    int64_t any;

    *list_r = (DocumentKeyList){ 0 };
    if (!any_unembedded(tx, model, &any, err))
        return false;
    return !any ||
           list_keys(tx, arena,
                     "SELECT workspace, id FROM documents WHERE state = 'ready' AND deleted_at = 0"
                     " AND chunk_count > 0 AND (vector_model <> $1 OR vector_count < chunk_count)"
                     " AND ($2 = 1 OR workspace = $3) AND (workspace, id) > ($5, $6)"
                     " ORDER BY workspace, id LIMIT $4",
                     DB_ARGS(db_text(model), db_int(scope->is_system), db_text(scope->workspace),
                             db_int(limit), db_text(from->workspace), db_text(from->id)),
                     list_r, err);
}

bool document_list_stuck(DbTx *tx, const Scope *scope, Arena *arena, unsigned states,
                         int64_t before_ms, int64_t limit, DocumentKeyList *list_r, Error *err)
{
    Str names = document_states_text(arena, states);
    Str sql = str_format(arena,
                         "SELECT workspace, id FROM documents%s"
                         " WHERE state IN ('queued', 'extracting', 'indexing')"
                         " AND state IN (" STR_FMT ") AND updated_at < $1"
                         " AND ($2 = 1 OR workspace = $3) ORDER BY workspace, updated_at LIMIT $4",
                         db_tx_kind(tx) == DB_SQLITE ? " INDEXED BY documents_unfinished" : "",
                         STR_ARG(names));

    return list_keys(tx, arena, sql.at,
                     DB_ARGS(db_int(before_ms), db_int(scope->is_system), db_text(scope->workspace),
                             db_int(limit)),
                     list_r, err);
}

bool document_list_expired(DbTx *tx, const Scope *scope, Arena *arena, int64_t before_ms,
                           int64_t limit, DocumentKeyList *list_r, Error *err)
{
    return list_keys(tx, arena,
                     "SELECT workspace, id FROM documents WHERE deleted_at > 0 AND deleted_at < $1"
                     " AND parent IS NULL AND ($2 = 1 OR workspace = $3)"
                     " ORDER BY deleted_at, id LIMIT $4",
                     DB_ARGS(db_int(before_ms), db_int(scope->is_system), db_text(scope->workspace),
                             db_int(limit)),
                     list_r, err);
}
