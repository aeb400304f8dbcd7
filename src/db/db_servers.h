/* db_servers.h - the servers behind a PostgreSQL database: which there are, which of them is
 * written to, and replicas that are read from. For SQLite there are none: every function does
 * nothing, or what db_read() does. Threads as db.h. */
#pragma once

#include "db/db.h"

typedef enum DbServerRole {
    DB_SERVER_PRIMARY,
    DB_SERVER_STANDBY,
    DB_SERVER_OLD_PRIMARY, /* another one has taken over from it */
    DB_SERVER_AWAY
} DbServerRole;

typedef struct DbServer {
    Str name; /* host:port */
    DbServerRole role;
    bool is_read_only;
    int64_t timeline; /* one more after each fail-over; 0: a standby's, or unknown */
    Str reason;       /* of being away */
} DbServer;

/* Each server that the address names, asked now. Takes seconds for each that is silent. */
size_t db_servers(Db *db, Arena *arena, DbServer **servers_r);
/* Remembers in that file which the newest timeline is, so that a primary that another server has
 * taken over from is not used again after a restart either. ERROR_BUSY when only such a one can be
 * reached. Call it before anything is written. */
MUST_CHECK bool db_remember(Db *db, const char *path, Error *err);
