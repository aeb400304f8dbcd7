/* pool.c - see pool.h. */
#include "base/pool.h"

#include <pthread.h>

typedef struct Piece {
    PoolWork *work;
    void *argument;
} Piece;

struct Pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    char name[16];
    pthread_t *threads;
    int thread_count, thread_max, idle_count;
    Piece *queue; /* a ring of queue_max */
    size_t first, waiting, queue_max;
    bool is_waking; /* a thread was called and has not come yet */
    bool stopping;
};

/* Whether a thread is to be called for what waits. One at a time: each that comes calls the next
 * when there is more, so that short pieces are done by the few threads that are awake anyway. A
 * thread for every piece cost four changes of thread a request. */
static bool begin_wake(Pool *pool)
{
    bool needs_wake = pool->waiting && pool->idle_count && !pool->is_waking;
    if (needs_wake)
        pool->is_waking = true;
    return needs_wake;
}

static void *run(void *argument)
{
    Pool *pool = argument;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->waiting && !pool->stopping) {
            pool->idle_count++;
            pthread_cond_wait(&pool->wake, &pool->lock);
            pool->idle_count--;
            pool->is_waking = false;
        }
        if (!pool->waiting)
            break;
        Piece piece = pool->queue[pool->first];
        pool->first = (pool->first + 1) % pool->queue_max;
        pool->waiting--;
        bool needs_wake = begin_wake(pool);
        pthread_mutex_unlock(&pool->lock);
        if (needs_wake)
            pthread_cond_signal(&pool->wake);
        piece.work(piece.argument);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

Pool *pool_new(const char *name, int thread_max, size_t queue_max)
{
    Pool *pool = heap_alloc(sizeof *pool);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    snprintf(pool->name, sizeof pool->name, "%s", name);
    pool->thread_max = thread_max;
    pool->queue_max = queue_max;
    pool->threads = heap_alloc(sizeof(pthread_t) * (size_t)thread_max);
    pool->queue = heap_alloc(sizeof(Piece) * queue_max);
    return pool;
}

bool pool_add(Pool *pool, PoolWork *work, void *argument)
{
    pthread_mutex_lock(&pool->lock);
    bool room = pool->waiting < pool->queue_max && !pool->stopping, needs_wake = false;
    if (room) {
        size_t at = (pool->first + pool->waiting++) % pool->queue_max;
        pool->queue[at] = (Piece){ work, argument };
        bool needs_thread = (size_t)pool->idle_count < pool->waiting;
        if (needs_thread && pool->thread_count < pool->thread_max &&
            pthread_create(&pool->threads[pool->thread_count], NULL, run, pool) == 0) {
            pthread_setname_np(pool->threads[pool->thread_count], pool->name);
            pool->thread_count++;
        }
        needs_wake = begin_wake(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    if (needs_wake)
        pthread_cond_signal(&pool->wake); /* unlocked: who comes need not wait for the lock */
    return room;
}

size_t pool_waiting(Pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    size_t waiting = pool->waiting;
    pthread_mutex_unlock(&pool->lock);
    return waiting;
}

void pool_free(Pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool->queue);
    free(pool);
}
