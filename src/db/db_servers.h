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

/* --- Replicas that are read from ------------------------------------------------------- */

#define DB_REPLICAS_MAX 8

typedef struct DbReplicaOptions {
    const char *urls[DB_REPLICAS_MAX];
    size_t count;
    int connection_max; /* to each */
    int64_t wait_ms;    /* for one to catch up, before the primary is read */
} DbReplicaOptions;

/* For as long as the Db is open; once, and before it is read from. A replica may be away now. */
void db_use_replicas(Db *db, const DbReplicaOptions *options);
/* As db_read(), on a replica where there is one that has all that was committed before this call;
 * else on the primary. For work that takes long, which others should not wait for. */
MUST_CHECK bool db_read_replica(Db *db, const DbWho *who, DbWork *work, void *argument, Error *err);

typedef struct DbReplicaCounts {
    char name[128]; /* host:port */
    int64_t reads;  /* done there */
    /* How often it was left alone, and why; stray: it follows an old primary. */
    int64_t behind, stray, away;
} DbReplicaCounts;
size_t db_replica_counts(Db *db, DbReplicaCounts counts_r[DB_REPLICAS_MAX]);
