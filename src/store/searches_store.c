#include "store/searches_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
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

    added.id = id_new(arena);
    added.user = scope->user;
    added.created_at_ms = now_ms();
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO searches (workspace, id, user_id, query, query_fold, mode,"
                         " result_count, took_ms, created_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"),
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

static void read_miss(DbRows *row, Arena *arena, void *item)
{
    *(SearchMiss *)item =
        (SearchMiss){ db_get_text(row, 0, arena), db_get_int(row, 1), db_get_int(row, 2) };
}

bool search_misses(DbTx *tx, const Scope *scope, Arena *arena, int64_t limit,
                   SearchMissList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT max(query), count(*), max(created_at) FROM searches"
                          " WHERE workspace = $1 AND result_count = 0 GROUP BY query_fold"
                          " ORDER BY count(*) DESC, max(created_at) DESC, query_fold LIMIT $2"),
                  DB_ARGS(db_text(scope->workspace), db_int(limit)), read_miss, sizeof(SearchMiss),
                  &items, err))
        return false;
    *list_r = (SearchMissList){ items.at, items.count };
    return true;
}

bool search_remove_old(DbTx *tx, const Scope *scope, int64_t before_ms, int64_t *removed_r,
                       Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("DELETE FROM searches WHERE created_at < $1"),
                   DB_ARGS(db_int(before_ms)), removed_r, err);
}
