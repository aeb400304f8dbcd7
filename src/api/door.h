/* door.h - how often one address, and one person or key, may knock: every route, before its work.
 *
 * Threads: any. Remembers some 8,000; who has not come for longest is forgotten first. */
#pragma once

#include "base/base.h"

typedef struct Door Door;

/* Requests a minute; 0: any number. */
Door *door_new(int64_t of_address, int64_t of_user);
void door_free(Door *door); /* NULL is fine */
/* NULL lets everybody in. Fails with ERROR_LIMITED, and *wait_ms_r says when to come again. */
MUST_CHECK bool door_lets_address(Door *door, Str address, int64_t *wait_ms_r, Error *err);
MUST_CHECK bool door_lets_user(Door *door, Str user, int64_t *wait_ms_r, Error *err);
