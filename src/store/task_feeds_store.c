#include "store/task_feeds_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "store/sql.h"

#define FEED "SELECT id, user_id, name, hash, created_at FROM task_feeds WHERE workspace = $1 "

static void read_feed(DbRows *row, Arena *arena, void *item)
{
    *(TaskFeed *)item = (TaskFeed){ .id = db_get_text(row, 0, arena),
                                    .user = db_get_text(row, 1, arena),
                                    .name = db_get_text(row, 2, arena),
                                    .hash = db_get_text(row, 3, arena),
                                    .created_at_ms = db_get_int(row, 4) };
}

bool task_feed_add(DbTx *tx, const Scope *scope, Arena *arena, TaskFeed *feed, Error *err)
{
    TaskFeed added = *feed;
    TaskFeedList list;

    added.id = id_new(arena);
    added.user = scope->user;
    added.created_at_ms = now_ms();
    if (!task_feed_list(tx, scope, arena, &list, err))
        return false;
    if (list.count >= TASK_FEEDS_MAX)
        return fail(err, ERROR_CONFLICT, "there are %d addresses already; take one away first",
                    TASK_FEEDS_MAX);
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO task_feeds (workspace, id, user_id, name, hash, created_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.user),
                         db_text(added.name), db_text(added.hash), db_int(added.created_at_ms)),
                 NULL, err))
        return false;
    *feed = added;
    return true;
}

bool task_feed_find_by_hash(DbTx *tx, const Scope *scope, Arena *arena, Str hash, TaskFeed *feed_r,
                            Error *err)
{
    return sql_find(tx, arena, DB_SAME(FEED "AND hash = $2"),
                    DB_ARGS(db_text(scope->workspace), db_text(hash)), read_feed, feed_r, "feed",
                    str_slice(hash, 0, 8), err);
}

bool task_feed_list(DbTx *tx, const Scope *scope, Arena *arena, TaskFeedList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena, DB_SAME(FEED "AND user_id = $2 ORDER BY id"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope->user)), read_feed,
                  sizeof(TaskFeed), &items, err))
        return false;
    *list_r = (TaskFeedList){ .at = items.at, .count = items.count };
    return true;
}

bool task_feed_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(
        tx, DB_SAME("DELETE FROM task_feeds WHERE workspace = $1 AND user_id = $2 AND id = $3"),
        DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_text(id)), "feed", id, err);
}
