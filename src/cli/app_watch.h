/* app_watch.h - what the program's thread that watches its node (models/server_facts.h) looks at.
 */
#pragma once

#include "api/api.h"
#include "cli/settings.h"
#include "models/server_facts.h"

/* The parts and settings must live longer than the watch; `folder` is the data folder. */
NodeWatch *app_watch_start(Arena *arena, Api *api, const Settings *settings, Str folder);
