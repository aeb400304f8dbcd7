#include "store/blob_removals_store.h"

#include "store/sql.h"

/* Locks are of groups of originals, so that thousands of members of an archive do not use up what
 * the database has for locks; taken in order, so that two who need several do not wait for each
 * other. SQLite has one writer at a time. */
#define LOCK_KEYS                                                                                  \
    "(SELECT DISTINCT hashtext($1 || '/' || blob) & 1023 AS key"                                   \
    " FROM json_array_elements_text($2::json) AS blobs (blob) ORDER BY key) AS keys"
#define LOCK_CLASS "541739"

bool blobs_lock(DbTx *tx, const Scope *scope, Arena *arena, const StrList *blobs, bool alone,
                Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    DbStep step = DB_END;
    if (db_tx_kind(tx) != DB_POSTGRES || !blobs->count)
        return true;
    if (!db_query(tx,
                  alone ? DB_SAME("SELECT pg_advisory_xact_lock(" LOCK_CLASS ", key)"
                                  " FROM " LOCK_KEYS)
                        : DB_SAME("SELECT pg_advisory_xact_lock_shared(" LOCK_CLASS ", key)"
                                  " FROM " LOCK_KEYS),
                  DB_ARGS(db_text(scope->workspace), sql_texts(arena, blobs->at, blobs->count)),
                  &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW)
        ;
    return step != DB_FAILED;
}

bool blob_removals_find(DbTx *tx, const Scope *scope, Arena *arena, const StrList *blobs,
                        BlobRemovals *removals_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    Buf state = buf_new(arena, MB(64));
    DbStep step;
    *removals_r = (BlobRemovals){ 0 };
    if (!blobs->count)
        return true;
    if (!db_query(tx,
                  SQL_IN_TEXTS("SELECT blob, is_wanted, removals FROM blob_removals"
                               " WHERE workspace = $1 AND blob",
                               2, "ORDER BY blob"),
                  DB_ARGS(db_text(scope->workspace), sql_texts(arena, blobs->at, blobs->count)),
                  &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        Str blob = db_get_text(&rows, 0, arena);
        removals_r->is_wanted |= db_get_int(&rows, 1) != 0;
        buf_addf(&state, STR_FMT " %lld\n", STR_ARG(blob), (long long)db_get_int(&rows, 2));
    }
    removals_r->state = buf_str(&state);
    return step != DB_FAILED;
}

#define INSERT_EACH(before, after)                                                                 \
    DB_SQL("INSERT INTO blob_removals (workspace, blob, is_wanted, removals, changed_at)"          \
           " SELECT DISTINCT $1, value, " before ", $3 FROM json_each($2) WHERE true"              \
           " ORDER BY 2 ON CONFLICT (workspace, blob) DO UPDATE SET " after,                       \
           "INSERT INTO blob_removals (workspace, blob, is_wanted, removals, changed_at)"          \
           " SELECT DISTINCT $1, value, " before ", CAST($3 AS BIGINT)"                            \
           " FROM json_array_elements_text($2::json) AS blobs (value)"                             \
           " ORDER BY 2 ON CONFLICT (workspace, blob) DO UPDATE SET " after)

bool blob_removals_ask(DbTx *tx, const Scope *scope, Arena *arena, const StrList *blobs,
                       int64_t now_ms, Error *err)
{
    return !blobs->count ||
           db_exec(tx, INSERT_EACH("1, 0", "is_wanted = 1, changed_at = excluded.changed_at"),
                   DB_ARGS(db_text(scope->workspace), sql_texts(arena, blobs->at, blobs->count),
                           db_int(now_ms)),
                   NULL, err);
}

bool blob_removals_settle(DbTx *tx, const Scope *scope, Arena *arena, const StrList *blobs,
                          Error *err)
{
    return !blobs->count ||
           db_exec(tx,
                   SQL_IN_TEXTS("UPDATE blob_removals SET is_wanted = 0"
                                " WHERE workspace = $1 AND blob",
                                2, ""),
                   DB_ARGS(db_text(scope->workspace), sql_texts(arena, blobs->at, blobs->count)),
                   NULL, err);
}

bool blob_removals_count(DbTx *tx, const Scope *scope, Arena *arena, const StrList *blobs,
                         int64_t now_ms, Error *err)
{
    return !blobs->count ||
           db_exec(tx,
                   INSERT_EACH("0, 1", "removals = blob_removals.removals + 1,"
                                       " changed_at = excluded.changed_at"),
                   DB_ARGS(db_text(scope->workspace), sql_texts(arena, blobs->at, blobs->count),
                           db_int(now_ms)),
                   NULL, err);
}

static void read_key(DbRows *row, Arena *arena, void *item)
{
    *(BlobKey *)item = (BlobKey){ db_get_text(row, 0, arena), db_get_text(row, 1, arena) };
}

bool blob_removals_list_wanted(DbTx *tx, const Scope *scope, Arena *arena, int64_t before_ms,
                               int64_t limit, BlobKeyList *list_r, Error *err)
{
    SqlItems items;
    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena,
                  DB_SAME("SELECT workspace, blob FROM blob_removals"
                          " WHERE is_wanted = 1 AND changed_at < $1 LIMIT $2"),
                  DB_ARGS(db_int(before_ms), db_int(limit)), read_key, sizeof(BlobKey), &items,
                  err))
        return false;
    *list_r = (BlobKeyList){ .at = items.at, .count = items.count };
    return true;
}

bool blob_removals_forget(DbTx *tx, const Scope *scope, int64_t before_ms, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("DELETE FROM blob_removals WHERE is_wanted = 0 AND changed_at < $1"),
                   DB_ARGS(db_int(before_ms)), NULL, err);
}
