/* aside.h - a piece of work that another thread may do while its owner does the next one.
 *
 *     Aside *aside = aside_begin(pool, work, argument);
 *     ...                                                   // what does not need it
 *     aside_end(aside);                                     // it is done now
 *
 * When no thread of the pool has come to it by then, the owner does it: so nobody waits for a busy
 * pool, and nothing is lost without one. */
#pragma once

#include "base/pool.h"

typedef struct Aside Aside;

/* `argument` must stay until aside_end(). NULL or full pool: the owner does it. */
Aside *aside_begin(Pool *pool, PoolWork *work, void *argument);
void aside_end(Aside *aside);
