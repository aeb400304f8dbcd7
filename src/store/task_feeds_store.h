/* task_feeds_store.h - the `task_feeds` table: addresses that show tasks to calendar programs. Only
 * the hash of an address's secret is kept. */
#pragma once

#include "store/scope.h"

#define TASK_FEEDS_MAX 50 /* of one person */

typedef struct TaskFeed {
    Str id, user, name, hash;
    int64_t created_at_ms;
} TaskFeed;

typedef struct TaskFeedList {
    TaskFeed *at;
    size_t count;
} TaskFeedList;

/* Adds it with a new id, set in *feed, for the scope's user. ERROR_CONFLICT: TASK_FEEDS_MAX. */
MUST_CHECK bool task_feed_add(DbTx *tx, const Scope *scope, Arena *arena, TaskFeed *feed,
                              Error *err);
MUST_CHECK bool task_feed_find_by_hash(DbTx *tx, const Scope *scope, Arena *arena, Str hash,
                                       TaskFeed *feed_r, Error *err);
/* Of the scope's user. */
MUST_CHECK bool task_feed_list(DbTx *tx, const Scope *scope, Arena *arena, TaskFeedList *list_r,
                               Error *err);
MUST_CHECK bool task_feed_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
