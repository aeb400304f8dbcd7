/* app_replicas.h - the setting database_replicas. */
#pragma once

#include "cli/settings.h"
#include "db/db.h"

/* Nothing is wrong with the setting: it is empty, or up to DB_REPLICAS_MAX addresses. */
MUST_CHECK bool replicas_check(const Settings *settings, Error *err);
/* Once, before the database is read from. */
void app_use_replicas(Arena *arena, const Settings *settings, Db *db);
