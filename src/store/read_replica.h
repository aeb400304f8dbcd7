/* read_replica.h - reading that takes long and that nobody waits for: exports, backups, scans of
 * everything, reports. */
#pragma once

#include "db/db_servers.h"
#include "store/scope.h"

/* As store_read(), on a replica of the database where there is one that has everything that was
 * committed before this call (db/db_servers.h). */
MUST_CHECK bool store_read_replica(Db *db, const Scope *scope, DbWork *work, void *argument,
                                   Error *err);
