/* stop.h - the question of long work whether anybody still wants it.
 *
 * Whoever does the work asks between pieces of it, often; whoever began it makes the question
 * cheap, and once it is answered with yes it stays so. */
#pragma once

#include "base/base.h"

typedef struct StopCheck {
    bool (*is_stopped)(void *self); /* on the thread that works; NULL: never */
    void *self;
} StopCheck;

/* `stop` may be NULL: nobody stops it. */
static inline bool stop_is_wished(const StopCheck *stop)
{
    return stop && stop->is_stopped && stop->is_stopped(stop->self);
}

/* False with ERROR_CANCELLED when it is. */
MUST_CHECK static inline bool stop_go_on(const StopCheck *stop, Error *err)
{
    return !stop_is_wished(stop) || fail(err, ERROR_CANCELLED, "nobody waits for it any more");
}
