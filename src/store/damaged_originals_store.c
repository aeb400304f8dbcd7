#include "store/damaged_originals_store.h"

#include "store/sql.h"

#define NEXT_OF(table)                                                                             \
    "SELECT blob FROM (SELECT DISTINCT blob FROM " table                                           \
    " WHERE workspace = $1 AND blob > $2 ORDER BY blob LIMIT $3) AS " table "_next"

bool originals_list(DbTx *tx, const Scope *scope, Arena *arena, Str after, int64_t limit,
                    StrList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME(NEXT_OF("document_versions") " UNION " NEXT_OF(
                      "client_files") " UNION " NEXT_OF("file_upload_parts") " ORDER BY blob"
                                                                             " LIMIT $3"),
                  DB_ARGS(db_text(scope->workspace), db_text(after), db_int(limit)), sql_read_text,
                  sizeof(Str), &items, err))
        return false;
    *list_r = (StrList){ .at = items.at, .count = items.count };
    return true;
}

bool damaged_original_set(DbTx *tx, const Scope *scope, Str blob, Str reason, int64_t now_ms,
                          Error *err)
{
    return db_exec(
        tx,
        DB_SAME("INSERT INTO damaged_originals (workspace, blob, reason, found_at)"
                " VALUES ($1, $2, $3, $4) ON CONFLICT (workspace, blob)"
                " DO UPDATE SET reason = excluded.reason"),
        DB_ARGS(db_text(scope->workspace), db_text(blob), db_text(reason), db_int(now_ms)), NULL,
        err);
}

bool damaged_original_remove(DbTx *tx, const Scope *scope, Str blob, Error *err)
{
    return db_exec(tx, DB_SAME("DELETE FROM damaged_originals WHERE workspace = $1 AND blob = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(blob)), NULL, err);
}

/* What a file of a program or a part of an upload needs is damage too. */
#define IS_NAMED                                                                                   \
    "(EXISTS (SELECT 1 FROM document_versions v WHERE v.workspace = d.workspace"                   \
    " AND v.blob = d.blob)"                                                                        \
    " OR EXISTS (SELECT 1 FROM client_files f WHERE f.workspace = d.workspace"                     \
    " AND f.blob = d.blob)"                                                                        \
    " OR EXISTS (SELECT 1 FROM file_upload_parts p WHERE p.workspace = d.workspace"                \
    " AND p.blob = d.blob))"

static void read_damaged(DbRows *row, Arena *arena, void *item)
{
    *(DamagedOriginal *)item = (DamagedOriginal){ .blob = db_get_text(row, 0, arena),
                                                  .reason = db_get_text(row, 1, arena),
                                                  .found_at_ms = db_get_int(row, 2),
                                                  .document = db_get_text(row, 3, arena),
                                                  .name = db_get_text(row, 4, arena) };
}

bool damaged_original_list(DbTx *tx, const Scope *scope, Arena *arena, int64_t limit,
                           DamagedOriginalList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT d.blob, d.reason, d.found_at, n.document, n.name"
                          " FROM damaged_originals d LEFT JOIN document_versions n"
                          "  ON n.workspace = d.workspace AND n.blob = d.blob"
                          "  AND n.document = (SELECT min(m.document) FROM document_versions m"
                          "   WHERE m.workspace = d.workspace AND m.blob = d.blob)"
                          " WHERE d.workspace = $1 AND " IS_NAMED
                          " ORDER BY d.found_at, d.blob LIMIT $2"),
                  DB_ARGS(db_text(scope->workspace), db_int(limit)), read_damaged,
                  sizeof(DamagedOriginal), &items, err))
        return false;
    *list_r = (DamagedOriginalList){ .at = items.at, .count = items.count };
    return true;
}

bool damaged_original_count(DbTx *tx, const Scope *scope, int64_t *count_r, Error *err)
{
    return db_query_int(tx,
                        DB_SAME("SELECT count(*) FROM damaged_originals d"
                                " WHERE (d.workspace = $1 OR $2 <> 0) AND " IS_NAMED),
                        DB_ARGS(db_text(scope->workspace), db_int(scope->is_system)), 0, count_r,
                        err);
}
