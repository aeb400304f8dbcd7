/* db_sqlite.h - the parts of the SQLite driver. Private to src/db.
 *
 * A Connection belongs to one thread at a time: the writer thread, or whoever took it from the
 * pool of readers. */
#pragma once

#include "db/db_driver.h"
#include "db/db_news.h"

#include <pthread.h>
#include <sqlite3.h>

/* --- A connection and its prepared statements (db_sqlite_statement.c) ---------------- */

typedef struct Statement {
    sqlite3_stmt *handle;
    struct Connection *connection;
    char *sql;
    uint64_t hash;
    uint64_t used_at;               /* the connection's count of uses, to find the oldest */
    int16_t index[DB_ARGS_MAX + 1]; /* of $n; 0: the text does not use it */
    bool is_open;                   /* rows are being read, or it is running */
    bool is_spare;                  /* the cached one was open already: goes when closed */
    bool was_stepped;               /* the first row is read already */
    int first_step;                 /* what it gave */
    struct Statement *next_spare;
} Statement;

#define STATEMENT_MAX 256

typedef struct Connection {
    sqlite3 *sqlite;
    const char *path;  /* for messages */
    const char *notes; /* the file that gets each statement and a NUL; NULL: none */
    int64_t timeout_us, deadline_us;
    Statement *statements[STATEMENT_MAX];
    size_t statement_count;
    uint64_t use_count;
    Statement *spares;
    size_t written_bytes; /* bound since the group began */
} Connection;

MUST_CHECK bool sqlite_connection_open(const char *path, bool is_writer, const DbOptions *options,
                                       Connection **connection_r, Error *err);
void sqlite_connection_close(Connection *connection); /* NULL is fine */
/* Runs a text without arguments: pragmas, BEGIN, COMMIT. */
MUST_CHECK bool sqlite_run(Connection *connection, const char *sql, Error *err);
/* How long it waits for what another process has locked. */
void sqlite_wait_at_most(Connection *connection, int64_t wait_ms);
/* Closes rows that the work left open. */
void sqlite_close_statements(Connection *connection);
bool sqlite_fail(Connection *connection, const char *doing, Error *err);

/* --- Work on a connection ------------------------------------------------------------ */

typedef struct SqliteNote {
    struct SqliteNote *next;
    char channel[DB_CHANNEL_MAX + 1];
    size_t length;
    char text[];
} SqliteNote;

typedef struct SqliteTx {
    DbTx base;
    Connection *connection;
    SqliteNote *notes, *notes_last; /* to post after the commit */
    bool may_write;
} SqliteTx;

/* The driver's functions that work on statements; see db_driver.h. */
bool sqlite_exec(DbTx *tx, const char *sql, const DbValue *args, size_t count, int64_t *changed_r,
                 Error *err);
bool sqlite_exec_many(DbTx *tx, const char *sql, const DbValue *values, size_t column_count,
                      size_t row_count, Error *err);
bool sqlite_exec_script(DbTx *tx, const char *sql, Error *err);
bool sqlite_query(DbTx *tx, const char *sql, const DbValue *args, size_t count, DbRows *rows_r,
                  Error *err);
DbStep sqlite_next(DbRows *rows, Error *err);
DbValue sqlite_get(DbRows *rows, int column);
void sqlite_rows_close(DbRows *rows);
bool sqlite_notify(DbTx *tx, const char *channel, Str text, Error *err);

extern const DbDriver db_sqlite_driver;

/* --- The writer (db_sqlite_writer.c) ------------------------------------------------- */

typedef struct SqliteWriter SqliteWriter;

MUST_CHECK bool sqlite_writer_start(Connection *connection, DbNews *news, SqliteWriter **writer_r,
                                    Error *err);
/* Runs what waits, then ends the thread; the connection stays open. NULL is fine. */
void sqlite_writer_stop(SqliteWriter *writer);
/* Hands the work to the writer thread and waits until it is durable or has failed. */
MUST_CHECK bool sqlite_writer_run(SqliteWriter *writer, DbWork *work, void *argument, Error *err);
/* Empties the write-ahead log file. */
MUST_CHECK bool sqlite_writer_forget(SqliteWriter *writer, Error *err);
void sqlite_writer_describe(SqliteWriter *writer, Buf *json_members);
