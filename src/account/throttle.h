/* throttle.h - slows down guessing: after five failures a key must wait, longer each time.
 * Any thread. Remembers at most 4,096 keys; the oldest are forgotten first. */
#pragma once

#include "base/base.h"

typedef struct Throttle Throttle;

/* How long to wait after so many failures in a row; 0: not yet. */
int64_t throttle_wait_ms(int64_t failures);

Throttle *throttle_new(void);
void throttle_free(Throttle *throttle);
/* Fails with ERROR_LIMITED and the seconds to wait. */
MUST_CHECK bool throttle_allows(Throttle *throttle, Str key, Error *err);
void throttle_failed(Throttle *throttle, Str key);
void throttle_succeeded(Throttle *throttle, Str key);
