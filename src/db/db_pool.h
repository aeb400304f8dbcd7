/* db_pool.h - connections that many threads take turns with, opened when needed. Private to src/db.
 *
 * A connection belongs to whoever took it until it is given back. Any thread. */
#pragma once

#include "base/base.h"

typedef struct DbPool DbPool;

typedef struct DbPooled {
    void *connection;
    unsigned generation;
} DbPooled;

typedef struct DbPoolOwner {
    bool (*open)(void *owner, void **connection_r, Error *err);
    void (*close)(void *connection);
    void *owner;
} DbPoolOwner;

DbPool *db_pool_new(DbPoolOwner owner, int connection_max, int64_t timeout_ms);
/* One that its owner has opened already is the first to be taken: before anybody took one. */
void db_pool_begin_with(DbPool *pool, void *connection);
/* All connections must have been given back; NULL is fine. */
void db_pool_free(DbPool *pool);
/* An idle connection, a new one, or the next to be given back; ERROR_BUSY when that takes too
 * long. */
MUST_CHECK bool db_pool_take(DbPool *pool, DbPooled *pooled_r, Error *err);
void db_pool_give(DbPool *pool, DbPooled *pooled);
/* Gives back a connection that is no longer of use: it is closed. */
void db_pool_drop(DbPool *pool, DbPooled *pooled);
/* Closes all connections: the idle ones now, the others when they are given back. */
void db_pool_renew(DbPool *pool);
/* Fewer than at first, when the other side allows no more. */
void db_pool_limit(DbPool *pool, int connection_max);
void db_pool_describe(DbPool *pool, Buf *json_members);
