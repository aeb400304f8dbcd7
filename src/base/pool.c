/* pool.c - see pool.h. */
#include "base/pool.h"

#include <pthread.h>

typedef struct Piece {
    PoolWork *work;
    void *argument;
} Piece;

typedef struct Lane {
    Piece *queue; /* a ring of queue_max */
    size_t first, waiting;
    int running, at_once_max;
} Lane;

enum { FIRST, SECOND, LANES };

struct Pool {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    char name[16];
    pthread_t *threads;
    int thread_count, thread_max, idle_count;
    size_t queue_max;
    Lane lanes[LANES];
    int passed;     /* the second lane by the first, while one of it could have begun */
    bool is_waking; /* a thread was called and has not come yet */
    bool stopping;
};

/* --- Under the lock --- */

static size_t may_begin(const Lane *lane)
{
    return MIN(lane->waiting, (size_t)(lane->at_once_max - lane->running));
}

/* NULL: nothing may begin. */
static Lane *next_lane(Pool *pool)
{
    Lane *first = &pool->lanes[FIRST], *second = &pool->lanes[SECOND];
    if (!may_begin(second))
        return may_begin(first) ? first : NULL;
    bool passes = may_begin(first) && pool->passed < POOL_PASS_MAX;
    pool->passed = passes ? pool->passed + 1 : 0;
    return passes ? first : second;
}

static Piece take_piece(const Pool *pool, Lane *lane)
{
    Piece piece = lane->queue[lane->first];
    lane->first = (lane->first + 1) % pool->queue_max;
    lane->waiting--;
    lane->running++;
    return piece;
}

/* Whether a thread is to be called for what waits. One at a time: each that comes calls the next
 * when there is more, so that short pieces are done by the few threads that are awake anyway. A
 * thread for every piece cost four changes of thread a request. */
static bool begin_wake(Pool *pool)
{
    bool has_work = may_begin(&pool->lanes[FIRST]) || may_begin(&pool->lanes[SECOND]);
    bool needs_wake = has_work && pool->idle_count && !pool->is_waking;
    if (needs_wake)
        pool->is_waking = true;
    return needs_wake;
}

/* --- Threads --- */

/* NULL: the pool ends. What waits in a lane that is full of running work is taken by those who run
 * it. */
static Lane *wait_for_work(Pool *pool)
{
    Lane *lane;
    while (!(lane = next_lane(pool)) && !pool->stopping) {
        pool->idle_count++;
        pthread_cond_wait(&pool->wake, &pool->lock);
        pool->idle_count--;
        pool->is_waking = false;
    }
    return lane;
}

static void *run(void *argument)
{
    Pool *pool = argument;
    Lane *lane;
    pthread_mutex_lock(&pool->lock);
    while ((lane = wait_for_work(pool))) {
        Piece piece = take_piece(pool, lane);
        bool needs_wake = begin_wake(pool);
        pthread_mutex_unlock(&pool->lock);
        if (needs_wake)
            pthread_cond_signal(&pool->wake);
        piece.work(piece.argument);
        pthread_mutex_lock(&pool->lock);
        lane->running--;
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

static void start_thread(Pool *pool)
{
    pthread_t *thread = &pool->threads[pool->thread_count];
    if (pool->thread_count == pool->thread_max || pthread_create(thread, NULL, run, pool) != 0)
        return;
    pthread_setname_np(*thread, pool->name);
    pool->thread_count++;
}

/* --- From outside --- */

Pool *pool_new(const char *name, int thread_max, size_t queue_max)
{
    Pool *pool = heap_alloc(sizeof *pool);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    snprintf(pool->name, sizeof pool->name, "%s", name);
    pool->thread_max = thread_max;
    pool->queue_max = queue_max;
    pool->threads = heap_alloc(sizeof(pthread_t) * (size_t)thread_max);
    pool->lanes[FIRST].queue = heap_alloc(sizeof(Piece) * queue_max);
    pool->lanes[FIRST].at_once_max = thread_max;
    return pool;
}

void pool_open_lane(Pool *pool, int at_once_max)
{
    pool->lanes[SECOND].queue = heap_alloc(sizeof(Piece) * pool->queue_max);
    pool->lanes[SECOND].at_once_max = at_once_max;
}

static bool add(Pool *pool, Lane *lane, PoolWork *work, void *argument)
{
    pthread_mutex_lock(&pool->lock);
    bool room = lane->waiting < pool->queue_max && !pool->stopping, needs_wake = false;
    if (room) {
        lane->queue[(lane->first + lane->waiting++) % pool->queue_max] = (Piece){ work, argument };
        if ((size_t)pool->idle_count <
            may_begin(&pool->lanes[FIRST]) + may_begin(&pool->lanes[SECOND]))
            start_thread(pool);
        needs_wake = begin_wake(pool);
    }
    pthread_mutex_unlock(&pool->lock);
    if (needs_wake)
        pthread_cond_signal(&pool->wake); /* unlocked: who comes need not wait for the lock */
    return room;
}

bool pool_add(Pool *pool, PoolWork *work, void *argument)
{
    return add(pool, &pool->lanes[FIRST], work, argument);
}

bool pool_add_to_lane(Pool *pool, PoolWork *work, void *argument)
{
    return add(pool, &pool->lanes[SECOND], work, argument);
}

size_t pool_waiting(Pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    size_t waiting = pool->lanes[FIRST].waiting + pool->lanes[SECOND].waiting;
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
    for (size_t i = 0; i < LANES; i++)
        free(pool->lanes[i].queue);
    free(pool);
}
