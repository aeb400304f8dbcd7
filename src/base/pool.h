/* pool.h - threads that run blocking work in the order it was given.
 *
 * Threads start when needed, up to thread_max, and stay. Any thread may add work.
 *
 * A pool may have a second lane for work of which much can come in one moment: only so many pieces
 * of it run at once, and it lets the first lane pass, but for one piece in POOL_PASS_MAX, so that
 * it comes to its turn however busy the first is. */
#pragma once

#include "base/base.h"

#define POOL_PASS_MAX 8

typedef struct Pool Pool;
typedef void PoolWork(void *argument);

Pool *pool_new(const char *name, int thread_max, size_t queue_max);
/* Opens its second lane, which has a queue_max of its own; once, before work is added. */
void pool_open_lane(Pool *pool, int at_once_max);
/* False when queue_max pieces wait already: the caller says "busy" to its own caller. */
MUST_CHECK bool pool_add(Pool *pool, PoolWork *work, void *argument);
/* The same in the second lane. */
MUST_CHECK bool pool_add_to_lane(Pool *pool, PoolWork *work, void *argument);
/* Pieces of both. */
size_t pool_waiting(Pool *pool);
/* Waits for the running and waiting work, then ends the threads. NULL is fine. */
void pool_free(Pool *pool);
