#include "store/saved_searches_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/chunks_store.h"
#include "store/sql.h"

#define COLUMNS                                                                                    \
    "SELECT id, name, query, mode, filters, seen_number, last_run_at, created_at, updated_at,"     \
    " tells, told_number, workspace, user_id FROM saved_searches "
#define SAVED COLUMNS "WHERE workspace = $1 AND user_id = $2 "

static void read_saved(DbRows *row, Arena *arena, void *item)
{
    *(SavedSearch *)item = (SavedSearch){
        .id = db_get_text(row, 0, arena),
        .name = db_get_text(row, 1, arena),
        .query = db_get_text(row, 2, arena),
        .mode = db_get_text(row, 3, arena),
        .filters = db_get_text(row, 4, arena),
        .seen_number = db_get_int(row, 5),
        .last_run_at_ms = db_get_int(row, 6),
        .created_at_ms = db_get_int(row, 7),
        .updated_at_ms = db_get_int(row, 8),
        .tells = db_get_int(row, 9) != 0,
        .told_number = db_get_int(row, 10),
        .workspace = db_get_text(row, 11, arena),
        .user = db_get_text(row, 12, arena),
    };
}

/* Another one of the person's has this name. */
static bool check_name(DbTx *tx, const Scope *scope, Arena *arena, const SavedSearch *saved,
                       Error *err)
{
    int64_t count;
    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM saved_searches WHERE workspace = $1"
                              " AND user_id = $2 AND name_fold = $3 AND id <> $4"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                              db_text(utf8_fold(arena, saved->name)), db_text(saved->id)),
                      0, &count, err))
        return false;
    return !count || fail(err, ERROR_CONFLICT, "there is a saved search '" STR_FMT "' already",
                          STR_ARG(str_slice(saved->name, 0, 100)));
}

static bool check_room(DbTx *tx, const Scope *scope, Error *err)
{
    int64_t count;
    if (!db_query_int(tx,
                      DB_SAME("SELECT count(*) FROM saved_searches WHERE workspace = $1"
                              " AND user_id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope))), 0, &count,
                      err))
        return false;
    return count < SAVED_SEARCHES_MAX ||
           fail(err, ERROR_CONFLICT, "there are %d saved searches already; remove one first",
                SAVED_SEARCHES_MAX);
}

bool saved_search_add(DbTx *tx, const Scope *scope, Arena *arena, SavedSearch *saved, Error *err)
{
    SavedSearch added = *saved;

    added.id = id_new(arena);
    added.created_at_ms = added.updated_at_ms = now_ms();
    added.last_run_at_ms = 0;
    if (!check_room(tx, scope, err) || !check_name(tx, scope, arena, &added, err) ||
        !chunk_newest(tx, scope, &added.seen_number, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO saved_searches (workspace, id, user_id, name, name_fold,"
                         " query, mode, filters, seen_number, last_run_at, created_at, updated_at,"
                         " tells, told_number)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $10, $11, $9)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(scope_keeper(scope)),
                         db_text(added.name), db_text(utf8_fold(arena, added.name)),
                         db_text(added.query), db_text(added.mode), db_text(added.filters),
                         db_int(added.seen_number), db_int(added.created_at_ms),
                         db_int(added.tells)),
                 NULL, err))
        return false;
    *saved = added;
    return true;
}

bool saved_search_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, SavedSearch *saved_r,
                       Error *err)
{
    return sql_find(tx, arena, DB_SAME(SAVED "AND id = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id)),
                    read_saved, saved_r, "saved search", id, err);
}

bool saved_search_list(DbTx *tx, const Scope *scope, Arena *arena, SavedSearchList *list_r,
                       Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(SAVED "ORDER BY name_fold"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope))), read_saved,
                  sizeof(SavedSearch), &items, err))
        return false;
    *list_r = (SavedSearchList){ .at = items.at, .count = items.count };
    return true;
}

bool saved_search_update(DbTx *tx, const Scope *scope, Arena *arena, SavedSearch *saved, Error *err)
{
    SavedSearch was, now = *saved;

    if (!saved_search_find(tx, scope, arena, saved->id, &was, err) ||
        !check_name(tx, scope, arena, saved, err))
        return false;
    now.updated_at_ms = now_ms();
    now.created_at_ms = was.created_at_ms;
    now.last_run_at_ms = was.last_run_at_ms;
    now.seen_number = was.seen_number;
    bool is_same = str_equal(was.query, now.query) && str_equal(was.filters, now.filters);
    if ((!is_same && !chunk_newest(tx, scope, &now.seen_number, err)) ||
        !db_exec(
            tx,
            DB_SAME("UPDATE saved_searches SET name = $4, name_fold = $5, query = $6,"
                    " mode = $7, filters = $8, seen_number = $9, updated_at = $10, tells = $11,"
                    " told_number = CASE WHEN $11 = 1 AND tells = 0 OR $9 > told_number"
                    " THEN $9 ELSE told_number END"
                    " WHERE workspace = $1 AND user_id = $2 AND id = $3"),
            DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(now.id),
                    db_text(now.name), db_text(utf8_fold(arena, now.name)), db_text(now.query),
                    db_text(now.mode), db_text(now.filters), db_int(now.seen_number),
                    db_int(now.updated_at_ms), db_int(now.tells)),
            NULL, err))
        return false;
    *saved = now;
    return true;
}

bool saved_search_list_telling(DbTx *tx, const Scope *scope, Arena *arena, Str after,
                               SavedSearchList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_needs_system(scope, err) ||
        !sql_list(tx, arena, DB_SAME(COLUMNS "WHERE tells = 1 AND id > $1 ORDER BY id LIMIT 100"),
                  DB_ARGS(db_text(after)), read_saved, sizeof(SavedSearch), &items, err))
        return false;
    *list_r = (SavedSearchList){ .at = items.at, .count = items.count };
    return true;
}

bool saved_search_mark_told(DbTx *tx, const Scope *scope, Str id, int64_t number, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE saved_searches SET told_number = $4"
                              " WHERE workspace = $1 AND user_id = $2 AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id),
                              db_int(number)),
                      "saved search", id, err);
}

bool saved_search_mark_seen(DbTx *tx, const Scope *scope, Str id, int64_t number, Error *err)
{
    return sql_change(tx,
                      DB_SAME("UPDATE saved_searches SET seen_number = $4, last_run_at = $5"
                              " WHERE workspace = $1 AND user_id = $2 AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id),
                              db_int(number), db_int(now_ms())),
                      "saved search", id, err);
}

bool saved_search_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx,
                      DB_SAME("DELETE FROM saved_searches WHERE workspace = $1 AND user_id = $2"
                              " AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id)),
                      "saved search", id, err);
}
