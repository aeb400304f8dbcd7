/* pool.h - threads that run blocking work in the order it was given.
 *
 * Threads start when needed, up to thread_max, and stay. Any thread may add work. */
#pragma once

#include "base/base.h"

typedef struct Pool Pool;
typedef void PoolWork(void *argument);

Pool *pool_new(const char *name, int thread_max, size_t queue_max);
/* False when queue_max pieces wait already: the caller says "busy" to its own caller. */
MUST_CHECK bool pool_add(Pool *pool, PoolWork *work, void *argument);
size_t pool_waiting(Pool *pool);
/* Waits for the running and waiting work, then ends the threads. NULL is fine. */
void pool_free(Pool *pool);
