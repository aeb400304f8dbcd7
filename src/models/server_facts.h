/* server_facts.h - what is known of the server itself, for alerts about it (models_alerts.h): how
 * each node does, when the last backup was made, how far replicas of the database are.
 *
 *     each node's thread -> its row, twice a minute -> judged with all others by whoever has the
 *     minute's job "alerts" -> told to the administrators of the oldest workspace
 *
 * The rows are settings of the whole server, so any node sees those of all. A node that cannot
 * reach the database says so in its log and its reports (base/report.h) at once, and in its row
 * once it is back. */
#pragma once

#include "models/models_alerts.h"
#include "store/database_facts.h"

typedef struct NodeFacts {
    Str name;                     /* of its machine */
    double disk_used;             /* per cent of where the data folder lies */
    double memory_free;           /* per cent; -1: nobody says */
    int64_t certificate_until_ms; /* 0: there is none */
    double vectors_missing; /* per cent of the passages with one; -1: it was not to be judged */
    int64_t away_ms;        /* how long it could not use the database when that was last so */
    int64_t back_at_ms;     /* when that ended; 0: never was */
    int64_t seen_at_ms;
} NodeFacts;

typedef struct ServerFacts {
    NodeFacts *nodes;
    size_t node_count;
    const DatabaseReplica *replicas;
    size_t replica_count;
    int64_t backup_at_ms;    /* 0: none was made by `lectern backup` */
    int64_t backup_failures; /* in a row, of those to backup_to */
    int64_t started_at_ms;   /* when the oldest workspace was made */
} ServerFacts;

/* System scope. */
MUST_CHECK bool server_facts_find(DbTx *tx, const Scope *system, Arena *arena, ServerFacts *facts_r,
                                  Error *err);
void alerts_judge_server(const ServerFacts *facts, int64_t now_ms, AlertFound *found, void *self);

/* --- This node's row --- */

typedef struct NodeWatch NodeWatch;

/* Per cent of the passages whose vector is missing in the store; -1: it cannot be said now. */
typedef double NodeVectorsMissing(void *argument);

typedef struct NodeWatchOptions {
    Db *db;
    const char *folder;            /* the data folder */
    const char *certificate, *key; /* NULL: plain HTTP */
    NodeVectorsMissing *vectors_missing;
    void *argument;
} NodeWatchOptions;

/* The texts of the options are borrowed. */
NodeWatch *node_watch_start(const NodeWatchOptions *options);
void node_watch_stop(NodeWatch *watch); /* NULL is fine */

/* What came of one try to write the row, at `now_ms`: for tests. */
typedef struct NodeAway {
    int64_t since_ms; /* 0: the database answers */
    int64_t last_ms, back_at_ms;
    bool is_told;
} NodeAway;
/* True when it should be told now that it is away, or back. */
bool node_away_look(NodeAway *away, bool answers, int64_t now_ms);
