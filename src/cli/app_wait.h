/* app_wait.h - a server that starts before its database, or while that is down, waits for it. */
#pragma once

#include "db/db.h"

/* After a failure to open it: waits a moment when the database is away and a failure of now says
 * nothing about later; false with `err` as it was (or cancelled by SIGINT or SIGTERM, which the
 * caller has blocked) when there is nothing to wait for. The first time is told in the log. */
MUST_CHECK bool app_wait_for_database(const char *url, bool *has_told, Error *err);
