#include "store/searches_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/document_access.h"
#include "store/sql.h"

static void read_search(DbRows *row, Arena *arena, void *item)
{
    *(Search *)item = (Search){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .query = db_get_text(row, 2, arena),
        .mode = db_get_text(row, 3, arena),
        .result_count = db_get_int(row, 4),
        .took_ms = db_get_int(row, 5),
        .created_at_ms = db_get_int(row, 6),
    };
}

bool search_add(DbTx *tx, const Scope *scope, Arena *arena, Search *search, Error *err)
{
    Search added = *search;

    if (!added.id.length)
        added.id = id_new(arena);
    added.user = scope->user;
    if (!added.created_at_ms)
        added.created_at_ms = now_ms();
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO searches (workspace, id, user_id, query, query_fold, mode,"
                         " result_count, took_ms, created_at)"
                         " SELECT $1, $2, $3, $4, $5, $6, CAST($7 AS BIGINT),"
                         " CAST($8 AS BIGINT), CAST($9 AS BIGINT)"
                         " WHERE $3 = '' OR EXISTS (SELECT 1 FROM memberships"
                         " WHERE workspace = $1 AND user_id = $3)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.user),
                         db_text(added.query), db_text(utf8_fold(arena, added.query)),
                         db_text(added.mode), db_int(added.result_count), db_int(added.took_ms),
                         db_int(added.created_at_ms)),
                 NULL, err))
        return false;
    *search = added;
    return true;
}

/* Ids are UUIDv7, so their order is that of time. */
bool search_list(DbTx *tx, const Scope *scope, Arena *arena, Str prefix, const Slice *slice,
                 SearchList *list_r, Error *err)
{
    size_t limit = (size_t)slice_limit(slice);
    Str folded = utf8_fold(arena, prefix), after = slice ? slice->after : STR_NONE;
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT id, user_id, query, mode, result_count, took_ms, created_at"
                          " FROM searches WHERE workspace = $1 AND user_id = $2"
                          " AND ($3 = '' OR id < $3)"
                          " AND substr(query_fold, 1, length($4)) = $4"
                          " ORDER BY id DESC LIMIT $5"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_text(after),
                          db_text(folded), db_int((int64_t)limit + 1)),
                  read_search, sizeof(Search), &items, err))
        return false;
    SearchList list = { .at = items.at, .count = MIN(items.count, limit) };
    if (items.count > limit)
        list.next = list.at[limit - 1].id;
    *list_r = list;
    return true;
}

bool search_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM searches WHERE workspace = $1 AND user_id = $2"
                           " AND ($3 = '' OR id = $3)"),
                   DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_text(id)), NULL,
                   err);
}

/* --- What was opened, and what was not found --- */

static bool has_search(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    int64_t count;
    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM searches WHERE workspace = $1 AND user_id = $2"
                              " AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_text(id)), 0,
                      &count, err))
        return false;
    return count || sql_not_found(err, "search", id);
}

static bool has_document(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    int64_t count;
    if (!access_may_see(tx, scope, id, err) ||
        !db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM documents WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(id)), 0, &count, err))
        return false;
    return count || sql_not_found(err, "document", id);
}

bool search_open(DbTx *tx, const Scope *scope, const SearchOpening *opening, Error *err)
{
    return has_search(tx, scope, opening->search, err) &&
           has_document(tx, scope, opening->document, err) &&
           db_exec(tx,
                   DB_SAME("INSERT INTO search_openings (workspace, search, document, chunk,"
                           " place, created_at) VALUES ($1, $2, $3, $4, $5, $6)"
                           " ON CONFLICT (workspace, search, document, chunk) DO NOTHING"),
                   DB_ARGS(db_text(scope->workspace), db_text(opening->search),
                           db_text(opening->document), db_int(opening->chunk),
                           db_int(opening->rank), db_int(now_ms())),
                   NULL, err);
}

static void read_unfound(DbRows *row, Arena *arena, void *item)
{
    *(UnfoundSearch *)item = (UnfoundSearch){ db_get_text(row, 0, arena), db_get_int(row, 1),
                                              db_get_int(row, 2), db_get_int(row, 3) };
}

/* A query that once led to something is none of them, whoever typed it and however often. */
bool search_unfound(DbTx *tx, const Scope *scope, Arena *arena, UnfoundKind kind, int64_t limit,
                    UnfoundList *list_r, Error *err)
{
    static const char *const kinds[] = {
        [UNFOUND_EITHER] = "",
        [UNFOUND_RESULTS] = " AND max(s.result_count) = 0",
        [UNFOUND_OPENED] = " AND max(s.result_count) > 0",
    };
    SqlBuild build = sql_build(tx, arena);
    SqlItems items;

    sql_add(&build, "SELECT max(s.query), count(DISTINCT s.id), max(s.result_count),"
                    " max(s.created_at) FROM searches s LEFT JOIN search_openings o"
                    " ON o.workspace = s.workspace AND o.search = s.id WHERE s.workspace = ");
    sql_value(&build, db_text(scope->workspace));
    sql_add(&build, " GROUP BY s.query_fold HAVING count(o.search) = 0");
    sql_add(&build, kinds[kind]);
    sql_add(&build, " ORDER BY CASE WHEN max(s.result_count) = 0 THEN 0 ELSE 1 END,"
                    " count(DISTINCT s.id) DESC, max(s.created_at) DESC, s.query_fold LIMIT ");
    sql_value(&build, db_int(limit));
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, read_unfound,
                  sizeof(UnfoundSearch), &items, err))
        return false;
    *list_r = (UnfoundList){ items.at, items.count };
    return true;
}
