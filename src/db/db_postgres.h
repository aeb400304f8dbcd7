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
} PgServer;

MUST_CHECK bool pg_connection_open(const char *url, int64_t timeout_ms, PgConnection **connection_r,
                                   PgServer *server_r, Error *err);
void pg_connection_close(PgConnection *connection);
/* Runs a text of one or more statements outside the pipeline; the last one's result. NULL after a
 * failure. */
PGresult *pg_run(PgConnection *connection, const char *sql, Error *err, char sqlstate_r[6]);
/* The next result, or NULL at the end of one statement's; a connection that does not answer in
 * time is lost. */
PGresult *pg_next_result(PgConnection *connection);
bool pg_fail(PgConnection *connection, const PGresult *result, const char *doing, Error *err,
             char sqlstate_r[6]);

/* --- Statements (db_postgres_statement.c); see db_driver.h --------------------------- */

bool pg_exec(DbTx *tx, const char *sql, const DbValue *args, size_t count, int64_t *changed_r,
             Error *err);
bool pg_exec_many(DbTx *tx, const char *sql, const DbValue *values, size_t column_count,
                  size_t row_count, Error *err);
bool pg_exec_script(DbTx *tx, const char *sql, Error *err);
bool pg_query(DbTx *tx, const char *sql, const DbValue *args, size_t count, DbRows *rows_r,
              Error *err);
DbStep pg_next(DbRows *rows, Error *err);
DbValue pg_get(DbRows *rows, int column);
void pg_rows_close(DbRows *rows);
bool pg_notify(DbTx *tx, const char *channel, Str text, Error *err);
void pg_close_rows(PgTx *tx);
void pg_prepared_free(PgPrepared *prepared);

/* --- Hints (db_postgres_hints.c) ----------------------------------------------------- */

/* A connection of its own, opened with the first hint, on which a thread tells other nodes. */
typedef struct PgHints PgHints;

PgHints *pg_hints_new(const char *url, DbNews *news);
void pg_hints_free(PgHints *hints); /* tells what waits first; NULL is fine */
/* Listeners of this process hear them at once, those of others soon. Takes them over. */
void pg_hints_send(PgHints *hints, PgHint *list);
/* Its news come from here, so this process has heard them. */
bool pg_hints_are_from(PgHints *hints, int backend);
bool pg_hint(DbTx *tx, const char *channel, Str text, bool is_here, Error *err);
void pg_hint_list_free(PgHint *list);

/* --- Listening (db_postgres_listen.c) ------------------------------------------------ */

typedef struct PgListen PgListen;

PgListen *pg_listen_new(const char *url, DbNews *news, PgHints *hints);
void pg_listen_free(PgListen *listen); /* NULL is fine */
/* Waits until the server listens, or a few seconds when it is away (then it follows later). */
MUST_CHECK bool pg_listen_add(PgListen *listen, const char *channel, Error *err);
