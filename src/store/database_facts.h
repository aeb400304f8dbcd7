/* database_facts.h - how the database itself is set up, for whoever looks after the server.
 *
 * SQLite has only a version; the rest is PostgreSQL's. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

typedef struct DatabaseReplica {
    Str name, state;   /* of its application, "streaming" */
    int64_t lag_bytes; /* -1: the login may not know */
    bool is_synchronous;
} DatabaseReplica;

typedef struct DatabaseFacts {
    Str version;            /* "15.8" */
    int64_t major;          /* 15 */
    bool passes_row_rules;  /* the role that rows are read as is bound by none of them */
    int64_t unguarded;      /* tables without forced row-level security */
    bool is_recovering;     /* a replica: nothing can be written */
    bool keeps_commits;     /* fsync and full_page_writes are on */
    bool is_encrypted;      /* the connection */
    int64_t connection_max; /* that this login may open, all nodes together */
    int64_t connection_count;
    int64_t clock_ms; /* what it takes for now */
    Str extensions;   /* names with commas between */
    DatabaseReplica *replicas;
    size_t replica_count;
} DatabaseFacts;

/* A statement that waits for no table; whether it comes back is all there is to it. */
MUST_CHECK bool database_answer(DbTx *tx, const Scope *scope, Error *err);
/* System scope. */
MUST_CHECK bool database_facts_find(DbTx *tx, const Scope *system, Arena *arena,
                                    DatabaseFacts *facts_r, Error *err);
