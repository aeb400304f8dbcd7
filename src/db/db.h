/* db.h - one SQL database, SQLite or PostgreSQL, behind one interface. Only src/store writes SQL.
 *
 *     lectern.db, /abs/path.db      SQLite (WAL, synchronous=FULL)
 *     postgresql://user@host/name   PostgreSQL 15 or later
 *     failing:N:URL                 every Nth statement of the database URL fails; for tests
 *     noting:FILE:PATH              SQLite, whose statements are kept in FILE; for tests
 *
 * Work is a function that is given a transaction. db_write() runs it, commits, and returns only
 * when the commit is durable. SQLite has one writer thread: it runs the work of many callers in one
 * transaction, each in a savepoint of its own (group commit), so that a failure undoes only its
 * own work and a hundred callers share one fsync. PostgreSQL runs it in a transaction of its own
 * on a pooled connection, with the workspace set for row-level security. Work may be run again
 * from its start (a serialization failure, a lost group, a connection that broke before the commit
 * was sent), so it resets its outputs first and
 * touches nothing but the database and its argument; it never waits for another thread.
 * db_read() gives a snapshot on a pooled connection. After a statement that failed the work can
 * only give up (PostgreSQL ends the transaction there): avoid conflicts with ON CONFLICT.
 * In PostgreSQL, writes of others appear between two statements of db_write() (READ COMMITTED):
 * decide by the statement itself (UPDATE ... WHERE state = $2, ON CONFLICT) or lock rows with FOR
 * UPDATE.
 *
 * Placeholders are $1, $2, ... in both; where the texts must differ, DB_SQL(sqlite, postgres).
 * An argument that may be NULL and is tested for it needs a type: CAST($1 AS BIGINT) IS NULL.
 * Times are milliseconds since 1970, UTC; truth values are integers 0 and 1.
 *
 * Threads: a Db may be used by any number; a DbTx and its DbRows belong to the running work. */
#pragma once

#include "base/base.h"

typedef struct Db Db;
typedef struct DbTx DbTx;

/* --- Opening ------------------------------------------------------------------------- */

typedef enum DbKind { DB_SQLITE, DB_POSTGRES } DbKind;

typedef struct DbOptions {
    int connection_max; /* for reads; 0: 20 */
    int64_t timeout_ms; /* of one statement; 0: 30,000 */
    int64_t cache_kb;   /* of SQLite's pages, of each connection; 0: 16 MiB. For filling much */
} DbOptions;

/* Fails with one clear sentence when the database cannot be reached or is damaged. */
MUST_CHECK bool db_open(const char *url, const DbOptions *options, Db **db_r, Error *err);
void db_close(Db *db); /* finishes waiting writes first; NULL is fine */
/* Whether it may open later by itself: a PostgreSQL that is starting, or that nobody answers for.
 */
bool db_is_away(const char *url);
DbKind db_kind(const Db *db);
/* What is connected and how busy, as members of a JSON object: for /health and debugging. */
void db_describe(Db *db, Buf *json_members);
/* After erasing: what was deleted leaves the files too, as far as the database can (SQLite empties
 * its write-ahead log; deleted rows are overwritten with zeros anyway. PostgreSQL reuses the room
 * in its own time; nothing is done). */
MUST_CHECK bool db_forget(Db *db, Error *err);
/* A consistent copy in a new file, taken while others read and write. SQLite only: a PostgreSQL is
 * copied with its own tools. */
MUST_CHECK bool db_copy(Db *db, const char *path, Error *err);

/* --- Transactions -------------------------------------------------------------------- */

/* For whom the work is done: PostgreSQL lets it see rows of this workspace only. */
typedef struct DbWho {
    Str workspace;  /* id; empty: no workspace's rows */
    bool is_system; /* sees all workspaces: log-in, job runners, migrations, clean-up */
} DbWho;

typedef bool DbWork(DbTx *tx, void *argument, Error *err);

MUST_CHECK bool db_write(Db *db, const DbWho *who, DbWork *work, void *argument, Error *err);
MUST_CHECK bool db_read(Db *db, const DbWho *who, DbWork *work, void *argument, Error *err);
DbKind db_tx_kind(const DbTx *tx);
/* For migrations: as db_write() for the system, but in PostgreSQL as the login role itself, which
 * owns the tables. (Other work steps down to the role lectern_app when the login role would
 * pass row-level security: a superuser, or one with BYPASSRLS.) */
MUST_CHECK bool db_write_schema(Db *db, DbWork *work, void *argument, Error *err);

/* How long work that this thread asks for waits for others before it fails with ERROR_BUSY; 0 in a
 * field: as long as it takes, within timeout_ms. Who answers people sets it once; jobs, migrations
 * and moves do not, and db_write_schema() never heeds it. */
typedef struct DbPatience {
    int64_t wait_ms;   /* for a connection, for the turn to write (SQLite), for each lock */
    int64_t answer_ms; /* for the answer to one statement */
} DbPatience;

void db_set_patience(DbPatience patience);

/* Text that the database runs; only the one for its kind. */
typedef struct DbSql {
    const char *sqlite, *postgres;
} DbSql;
#define DB_SQL(sqlite, postgres) ((DbSql){ sqlite, postgres })
#define DB_SAME(text) ((DbSql){ text, text })

/* --- Statements ---------------------------------------------------------------------- */

typedef enum DbType { DB_NULL, DB_INT, DB_REAL, DB_TEXT, DB_BLOB } DbType;

typedef struct DbValue {
    DbType type;
    int64_t integer;
    double real;
    Str text; /* or bytes */
} DbValue;

static inline DbValue db_null(void) { return (DbValue){ .type = DB_NULL }; }
static inline DbValue db_int(int64_t n) { return (DbValue){ .type = DB_INT, .integer = n }; }
static inline DbValue db_real(double n) { return (DbValue){ .type = DB_REAL, .real = n }; }
static inline DbValue db_text(Str s) { return (DbValue){ .type = DB_TEXT, .text = s }; }
static inline DbValue db_blob(Str s) { return (DbValue){ .type = DB_BLOB, .text = s }; }
/* NULL when empty, else the text. */
static inline DbValue db_text_or_null(Str s) { return s.length ? db_text(s) : db_null(); }
#define DB_ARGS(...) (const DbValue[]){ __VA_ARGS__ }, COUNT(((const DbValue[]){ __VA_ARGS__ }))
#define DB_NO_ARGS NULL, 0

/* Runs a statement; *changed_r (may be NULL) gets the number of rows it changed. A broken unique
 * or foreign key is ERROR_CONFLICT. Statements are prepared once a connection and kept. */
MUST_CHECK bool db_exec(DbTx *tx, DbSql sql, const DbValue *args, size_t count, int64_t *changed_r,
                        Error *err);

/* Runs one statement for each of `row_count` rows of `column_count` values, as fast as the
 * database can (one statement many times in SQLite, pipelined in PostgreSQL). */
MUST_CHECK bool db_exec_many(DbTx *tx, DbSql sql, const DbValue *values, size_t column_count,
                             size_t row_count, Error *err);

/* Adds rows to a table as fast as the database can: by an INSERT of one row in SQLite, in
 * PostgreSQL by COPY ... FROM STDIN (FORMAT binary) into columns of BIGINT, DOUBLE PRECISION, TEXT
 * and BYTEA. */
MUST_CHECK bool db_load(DbTx *tx, DbSql sql, const DbValue *values, size_t column_count,
                        size_t row_count, Error *err);

/* Runs a text of several statements that take no arguments. For migrations. */
MUST_CHECK bool db_exec_script(DbTx *tx, const char *sql, Error *err);

/* The result of a query, read row by row (PostgreSQL holds all of it in memory, so read large
 * tables a page of keys at a time). Closed by itself at the end of the block. */
typedef struct DbRows {
    DbTx *tx;
    void *state; /* the driver's */
} DbRows;
void db_rows_close(DbRows *rows);
#define AUTO_DB_ROWS AUTO(db_rows_close)

MUST_CHECK bool db_query(DbTx *tx, DbSql sql, const DbValue *args, size_t count, DbRows *rows_r,
                         Error *err);
typedef enum DbStep { DB_ROW, DB_END, DB_FAILED } DbStep;
MUST_CHECK DbStep db_next(DbRows *rows, Error *err);
/* Columns count from 0. A text or blob is copied into the arena. NULL reads as 0 or empty. */
bool db_is_null(DbRows *rows, int column);
int64_t db_get_int(DbRows *rows, int column);
double db_get_real(DbRows *rows, int column);
Str db_get_text(DbRows *rows, int column, Arena *arena);
Str db_get_blob(DbRows *rows, int column, Arena *arena);

/* The first column of the only row as a number; `missing` when there is no row. */
MUST_CHECK bool db_query_int(DbTx *tx, DbSql sql, const DbValue *args, size_t count,
                             int64_t missing, int64_t *number_r, Error *err);

/* --- News between threads and nodes -------------------------------------------------- */

/* Tell every listener on this channel, on every node, once the transaction has committed
 * (LISTEN/NOTIFY in PostgreSQL, in-process for SQLite). Text of at most 7,000 bytes. */
MUST_CHECK bool db_notify(DbTx *tx, const char *channel, Str text, Error *err);
/* The same for news without which nothing is wrong, only later: it is told after the commit, so it
 * is lost when the process ends in between. PostgreSQL commits transactions with db_notify() one
 * after the other, each with an fsync of its own; with this they share them. */
MUST_CHECK bool db_hint(DbTx *tx, const char *channel, Str text, Error *err);
/* A hint for this process alone. */
MUST_CHECK bool db_hint_here(DbTx *tx, const char *channel, Str text, Error *err);
typedef void DbListener(void *argument, const char *channel, Str text);
/* Called on a thread of the database's own for as long as the Db is open. The text is empty when
 * news may have been missed (a lost connection): look for yourself. */
MUST_CHECK bool db_listen(Db *db, const char *channel, DbListener *listener, void *argument,
                          Error *err);
/* What every node would otherwise look for all the time, in case news were lost: this query, of one
 * row and one text, is asked every few seconds, as the system, in one statement with those of all
 * channels and on the connection that hears the news. Listeners of the channel then hear "watch "
 * and its text. For as long as the Db is open; `sql` is borrowed for so long. False: this database
 * does not do that (SQLite, where no news are lost); look yourself. */
bool db_watch(Db *db, const char *channel, const char *sql);
/* Another process may have written here, whose news do not come to this one: every listener looks
 * for itself. */
void db_missed_news(Db *db);
/* Ends that; waits for a call that is running, so it is not for use inside one. */
void db_unlisten(Db *db, const char *channel, DbListener *listener, void *argument);
