/* app_fallback.h - what a server does that finds its PostgreSQL away when it starts, where the
 * setting database_fallback asks for it: it serves a library of its own.
 *
 * Nothing of it touches what belongs to the database: rows, originals, index and uploads lie in
 * DATA/fallback, no backup goes where backups of the other go, and vectors lie in its own files. It
 * stays until the server is started anew; nothing is carried over by itself. */
#pragma once

#include "cli/app_int.h"

/* Before the database is opened. Where it is away, app->settings are those of the own library and
 * *folder is its folder from now on; else nothing changes. */
MUST_CHECK bool app_fall_back(App *app, Str *folder, Error *err);
