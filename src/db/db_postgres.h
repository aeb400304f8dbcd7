/* db_postgres.h - the parts of the PostgreSQL driver. Private to src/db.
 *
 * Round trips are what a small transaction costs, so BEGIN, the workspace and the first statement
 * travel together (libpq's pipeline mode), and COMMIT is the second trip. */
#pragma once

#include "db/db_driver.h"
#include "db/db_news.h"
#include "db/db_pool.h"

#include "db/libpq.h"

#define PG_STATEMENT_MAX 256
#define PG_SYSTEM_MAX 24

typedef struct PgPrepared {
    char *sql;
    char types[DB_ARGS_MAX + 1]; /* one letter an argument: NULLs have another type */
    uint64_t hash, used_at;
    char name[24];
} PgPrepared;

typedef struct PgConnection {
    PGconn *pg;
    int64_t timeout_ms; /* of one answer: the server's own limit and a little more */
    PgPrepared *prepared[PG_STATEMENT_MAX];
    size_t prepared_count;
    uint64_t use_count, name_count;
    bool is_lost;   /* of no more use */
    bool is_silent; /* because no answer came in time */
} PgConnection;

typedef struct PgRows {
    struct PgRows *next;
    PGresult *result;
    int row;
} PgRows;

/* Told once the transaction has committed; see db_hint(). */
typedef struct PgHint {
    struct PgHint *next;
    bool is_here; /* for this process alone */
    char channel[DB_CHANNEL_MAX + 1];
    size_t length;
    char text[];
} PgHint;

typedef struct PgTx {
    DbTx base;
    PgConnection *connection;
    DbMode mode;
    const DbWho *who;
    bool is_begun;      /* BEGIN was answered */
    bool may_run_again; /* failed in a way that another try may mend */
    PgRows *open_rows;
    PgHint *hints; /* newest first */
} PgTx;

/* --- Connections (db_postgres_connection.c) ------------------------------------------ */

/* What the server said when a connection was made. */
typedef struct PgServer {
    int version;        /* 150004 */
    int connection_max; /* for all programs together */
    bool is_restricted; /* we took on lectern_app */
    bool is_standby, is_read_only;
    char system[PG_SYSTEM_MAX]; /* the cluster's own number; empty: it does not say */
    int64_t timeline;           /* one more after each fail-over; 0: a standby, or unknown */
} PgServer;

/* One of the servers that an address names; each part may be NULL. */
typedef struct PgHost {
    const char *host, *address, *port;
} PgHost;

/* host: that one alone, whether it can be written to or not; NULL: as the address says. */
MUST_CHECK bool pg_connection_open(const char *url, const PgHost *host, int64_t timeout_ms,
                                   PgConnection **connection_r, PgServer *server_r, Error *err);
void pg_connection_close(PgConnection *connection);
/* Runs a text of one or more statements outside the pipeline; the last one's result. NULL after a
 * failure. */
PGresult *pg_run(PgConnection *connection, const char *sql, Error *err, char sqlstate_r[6]);
/* The next result, or NULL at the end of one statement's; a connection that does not answer in
 * time is lost. */
PGresult *pg_next_result(PgConnection *connection);
/* What the server has said of itself, as of its last answer. */
bool pg_is_on(const PgConnection *connection, const char *parameter);
bool pg_fail(PgConnection *connection, const PGresult *result, const char *doing, Error *err,
             char sqlstate_r[6]);

/* --- The servers of an address (db_postgres_cluster.c); any thread --------------------- */

typedef struct PgCluster PgCluster;

PgCluster *pg_cluster_new(const char *url);
/* To be read from only: whatever answers there. */
PgCluster *pg_cluster_new_reading(const char *url);
/* Whether that server has, or had, the same rows. */
bool pg_cluster_is_same(PgCluster *cluster, const PgServer *server);
/* The newest that was seen of it; 0: it does not say. */
int64_t pg_cluster_timeline(PgCluster *cluster);
/* host:port, as the address has them. */
void pg_cluster_name(const PgCluster *cluster, char *name_r, size_t size);
void pg_cluster_free(PgCluster *cluster); /* NULL is fine */
/* A connection to the primary; ERROR_BUSY while there is none. */
MUST_CHECK bool pg_cluster_connect(PgCluster *cluster, int64_t timeout_ms,
                                   PgConnection **connection_r, PgServer *server_r, Error *err);
/* The server has said that it cannot be written to any more. */
bool pg_cluster_has_left(const PgCluster *cluster, const PgConnection *connection);
/* See db_remember(); the servers have to be chosen anew. */
void pg_cluster_remember(PgCluster *cluster, const char *path);
size_t pg_cluster_servers(PgCluster *cluster, Arena *arena, DbServer **servers_r);

/* --- Replicas (db_postgres_replicas.c); any thread ------------------------------------- */

typedef struct PgReplicas PgReplicas;
/* In the log of the primary, as it writes it. After a fail-over the old one goes on with a log of
 * its own, whose places have the same names: only the timeline tells them apart. */
typedef struct PgPosition {
    char text[24];
    int64_t timeline; /* 0: unknown */
} PgPosition;
typedef enum PgReplicaRead { PG_REPLICA_NONE, PG_REPLICA_DONE, PG_REPLICA_FAILED } PgReplicaRead;

PgReplicas *pg_replicas_new(PgCluster *primary, const DbReplicaOptions *options,
                            int64_t timeout_ms);
void pg_replicas_free(PgReplicas *replicas); /* NULL is fine */
bool pg_position(PgConnection *primary, PgPosition *position_r);
/* PG_REPLICA_NONE: the primary has to be read, the work's outputs are to be reset. */
PgReplicaRead pg_replicas_read(PgReplicas *replicas, const PgPosition *position, const DbWho *who,
                               DbWork *work, void *argument, Error *err);
size_t pg_replicas_counts(PgReplicas *replicas, DbReplicaCounts counts_r[DB_REPLICAS_MAX]);

/* --- Statements (db_postgres_statement.c); see db_driver.h --------------------------- */

bool pg_exec(DbTx *tx, const char *sql, const DbValue *args, size_t count, int64_t *changed_r,
             Error *err);
bool pg_exec_many(DbTx *tx, const char *sql, const DbValue *values, size_t column_count,
                  size_t row_count, Error *err);
bool pg_exec_script(DbTx *tx, const char *sql, Error *err);
/* Sends BEGIN and what goes with it, where nothing was sent yet. */
MUST_CHECK bool pg_begin(PgTx *tx, Error *err);
/* What a failure means for the transaction: whether its work may be run again. */
void pg_note_failure(PgTx *tx, const char *state, Error *err);
bool pg_query(DbTx *tx, const char *sql, const DbValue *args, size_t count, DbRows *rows_r,
              Error *err);
DbStep pg_next(DbRows *rows, Error *err);
DbValue pg_get(DbRows *rows, int column);
void pg_rows_close(DbRows *rows);
bool pg_notify(DbTx *tx, const char *channel, Str text, Error *err);
void pg_close_rows(PgTx *tx);
void pg_prepared_free(PgPrepared *prepared);

/* Rows into a table (db_postgres_load.c) */
bool pg_load(DbTx *tx, const char *sql, const DbValue *values, size_t column_count,
             size_t row_count, Error *err);

/* --- Hints (db_postgres_hints.c) ----------------------------------------------------- */

/* A connection of its own, opened with the first hint, on which a thread tells other nodes. */
typedef struct PgHints PgHints;

PgHints *pg_hints_new(PgCluster *cluster, DbNews *news);
void pg_hints_free(PgHints *hints); /* tells what waits first; NULL is fine */
/* Listeners of this process hear them at once, those of others soon. Takes them over. */
void pg_hints_send(PgHints *hints, PgHint *list);
/* Its news come from here, so this process has heard them. */
bool pg_hints_are_from(PgHints *hints, int backend);
bool pg_hint(DbTx *tx, const char *channel, Str text, bool is_here, Error *err);
void pg_hint_list_free(PgHint *list);

/* --- Work (db_postgres.c) -------------------------------------------------------------- */

/* Once, on this connection. Hints are told to `hints`; NULL for reading. */
bool pg_work_run(PgHints *hints, PgConnection *connection, DbMode mode, const DbWho *who,
                 DbWork *work, void *argument, bool *may_run_again_r, Error *err);

/* --- Listening (db_postgres_listen.c) ------------------------------------------------ */

typedef struct PgListen PgListen;

PgListen *pg_listen_new(PgCluster *cluster, DbNews *news, PgHints *hints);
void pg_listen_free(PgListen *listen); /* NULL is fine */
/* Another connection was lost: see at once whether this one still hears. */
void pg_listen_try(PgListen *listen);
/* Waits until the server listens, or a few seconds when it is away (then it follows later). */
MUST_CHECK bool pg_listen_add(PgListen *listen, const char *channel, Error *err);
/* See db_watch(); once for a channel that is listened to. False: there are too many. */
bool pg_listen_watch(PgListen *listen, const char *channel, const char *sql);
