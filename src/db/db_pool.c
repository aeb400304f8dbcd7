/* db_pool.c - see db_pool.h. */
#include "db/db_pool.h"

#include <pthread.h>

#include "base/clock.h"
#include "db/db_driver.h"

struct DbPool {
    pthread_mutex_t lock;
    pthread_cond_t returned;
    DbPoolOwner owner;
    int connection_max, open_count, idle_count;
    int64_t timeout_ms;
    unsigned generation;
    void **idle; /* the last one given back is taken first: its caches are warm */
};

DbPool *db_pool_new(DbPoolOwner owner, int connection_max, int64_t timeout_ms)
{
    DbPool *pool = heap_alloc(sizeof *pool);
    pool->owner = owner;
    pool->connection_max = connection_max;
    pool->timeout_ms = timeout_ms;
    pool->idle = heap_alloc(sizeof(void *) * (size_t)connection_max);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->returned, NULL);
    return pool;
}

void db_pool_begin_with(DbPool *pool, void *connection)
{
    pthread_mutex_lock(&pool->lock);
    pool->idle[pool->idle_count++] = connection;
    pool->open_count++;
    pthread_mutex_unlock(&pool->lock);
}

void db_pool_free(DbPool *pool)
{
    if (!pool)
        return;
    for (int i = 0; i < pool->idle_count; i++)
        pool->owner.close(pool->idle[i]);
    pthread_cond_destroy(&pool->returned);
    pthread_mutex_destroy(&pool->lock);
    free(pool->idle);
    free(pool);
}

static bool wait_for_room(DbPool *pool, Error *err)
{
    int64_t limit_ms = db_limit_ms(pool->timeout_ms, db_patience().wait_ms);
    int64_t until_ms = monotonic_ms() + limit_ms;
    while (!pool->idle_count && pool->open_count >= pool->connection_max)
        if (!cond_wait_until(&pool->returned, &pool->lock, until_ms))
            return fail(err, ERROR_BUSY,
                        "all %d connections to the database are busy, and none was free within "
                        "%" PRId64 " ms; try again in a moment",
                        pool->connection_max, limit_ms);
    return true;
}

bool db_pool_take(DbPool *pool, DbPooled *pooled_r, Error *err)
{
    DbPooled pooled = { 0 };

    pthread_mutex_lock(&pool->lock);
    bool ok = wait_for_room(pool, err);
    if (ok && pool->idle_count)
        pooled.connection = pool->idle[--pool->idle_count];
    else if (ok)
        pool->open_count++;
    pooled.generation = pool->generation;
    pthread_mutex_unlock(&pool->lock);
    if (ok && !pooled.connection) {
        ok = pool->owner.open(pool->owner.owner, &pooled.connection, err);
        if (!ok)
            db_pool_drop(pool, &pooled);
    }
    if (ok)
        *pooled_r = pooled;
    return ok;
}

void db_pool_give(DbPool *pool, DbPooled *pooled)
{
    pthread_mutex_lock(&pool->lock);
    bool is_current =
        pooled->generation == pool->generation && pool->open_count <= pool->connection_max;
    if (is_current) {
        pool->idle[pool->idle_count++] = pooled->connection;
        pthread_cond_signal(&pool->returned);
    }
    pthread_mutex_unlock(&pool->lock);
    if (!is_current)
        db_pool_drop(pool, pooled);
}

void db_pool_drop(DbPool *pool, DbPooled *pooled)
{
    if (pooled->connection)
        pool->owner.close(pooled->connection);
    pthread_mutex_lock(&pool->lock);
    pool->open_count--;
    pthread_cond_signal(&pool->returned);
    pthread_mutex_unlock(&pool->lock);
}

void db_pool_renew(DbPool *pool)
{
    for (;;) {
        pthread_mutex_lock(&pool->lock);
        pool->generation++;
        void *connection = pool->idle_count ? pool->idle[--pool->idle_count] : NULL;
        if (connection)
            pool->open_count--;
        pthread_cond_signal(&pool->returned);
        pthread_mutex_unlock(&pool->lock);
        if (!connection)
            return;
        pool->owner.close(connection);
    }
}

void db_pool_limit(DbPool *pool, int connection_max)
{
    pthread_mutex_lock(&pool->lock);
    pool->connection_max = MIN(pool->connection_max, connection_max);
    pthread_mutex_unlock(&pool->lock);
}

void db_pool_describe(DbPool *pool, Buf *json_members)
{
    pthread_mutex_lock(&pool->lock);
    buf_addf(json_members, ",\"connections\":%d,\"busy\":%d,\"connection_max\":%d",
             pool->open_count, pool->open_count - pool->idle_count, pool->connection_max);
    pthread_mutex_unlock(&pool->lock);
}
