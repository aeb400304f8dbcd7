/* throttle.h - slows down guessing: after five failures a key must wait, longer each time.
 *
 *     a failure -> counted here -> told to the other nodes (NOTIFY) -> counted there
 *
 * So several nodes give no more guesses than one does. Each counts in its own memory: nothing is
 * written, and nobody waits for the database; while that is away, or when very many failures come
 * at once, nodes count for themselves. A node that has just started has counted nothing yet.
 *
 * Any thread. Remembers at most 4,096 keys; the oldest are forgotten first. */
#pragma once

#include "store/scope.h"

typedef struct Throttle Throttle;

/* How long to wait after so many failures in a row; 0: not yet. */
int64_t throttle_wait_ms(int64_t failures);

Throttle *throttle_new(void);
/* From now on all nodes of a PostgreSQL count together, over this channel. Before the first use. */
MUST_CHECK bool throttle_share(Throttle *throttle, Db *db, const char *channel, Error *err);
/* Before its database is closed. NULL is fine. */
void throttle_free(Throttle *throttle);
/* Fails with ERROR_LIMITED and the seconds to wait. */
MUST_CHECK bool throttle_allows(Throttle *throttle, Str key, Error *err);
/* How long it still has to wait; 0: not at all. */
int64_t throttle_left_ms(Throttle *throttle, Str key);
void throttle_failed(Throttle *throttle, Str key);
void throttle_succeeded(Throttle *throttle, Str key);
