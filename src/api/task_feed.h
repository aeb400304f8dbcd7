/* task_feed.h - whose tasks the secret of a feed shows. */
#pragma once

#include "api/api.h"

/* A reader's scope of the feed's person, and the feed's name. ERROR_NOT_FOUND: there is no such
 * feed. */
MUST_CHECK bool task_feed_open(const ApiRequest *request, Str secret, Scope *scope_r, Str *name_r,
                               Error *err);
