/* db_driver.h - what a kind of database must do. Private to src/db.
 *
 * A driver's own Db and DbTx structs begin with these. Rows belong to the driver of rows->tx, so a
 * driver that wraps another may hand out the inner one's rows. */
#pragma once

#include "db/db.h"
#include "db/db_servers.h"

#define DB_ARGS_MAX 192
#define DB_CHANNEL_MAX 60
#define DB_NOTE_MAX 7000

typedef enum DbMode { DB_MODE_READ, DB_MODE_WRITE, DB_MODE_SCHEMA } DbMode;

typedef struct DbDriver {
    bool (*run)(Db *db, DbMode mode, const DbWho *who, DbWork *work, void *argument, Error *err);
    bool (*exec)(DbTx *tx, const char *sql, const DbValue *args, size_t count, int64_t *changed_r,
                 Error *err);
    bool (*exec_many)(DbTx *tx, const char *sql, const DbValue *values, size_t column_count,
                      size_t row_count, Error *err);
    bool (*load)(DbTx *tx, const char *sql, const DbValue *values, size_t column_count,
                 size_t row_count, Error *err);
    bool (*exec_script)(DbTx *tx, const char *sql, Error *err);
    bool (*query)(DbTx *tx, const char *sql, const DbValue *args, size_t count, DbRows *rows_r,
                  Error *err);
    DbStep (*next)(DbRows *rows, Error *err);
    /* The value in the current row; its text is valid until the next row. */
    DbValue (*get)(DbRows *rows, int column);
    void (*rows_close)(DbRows *rows);
    bool (*notify)(DbTx *tx, const char *channel, Str text, Error *err);
    /* is_here: to this process alone. NULL: as notify, which nobody else hears. */
    bool (*hint)(DbTx *tx, const char *channel, Str text, bool is_here, Error *err);
    bool (*listen)(Db *db, const char *channel, DbListener *listener, void *argument, Error *err);
    void (*unlisten)(Db *db, const char *channel, DbListener *listener, void *argument);
    bool (*watch)(Db *db, const char *channel, const char *sql); /* NULL: it does not */
    void (*missed)(Db *db); /* NULL: news of other processes come by themselves */
    bool (*forget)(Db *db, Error *err);
    bool (*copy)(Db *db, const char *path, Error *err); /* NULL: it cannot */
    void (*describe)(Db *db, Buf *json_members);
    size_t (*servers)(Db *db, Arena *arena, DbServer **servers_r); /* NULL: it has none */
    bool (*remember)(Db *db, const char *path, Error *err);
    void (*use_replicas)(Db *db, const DbReplicaOptions *options);
    bool (*read_replica)(Db *db, const DbWho *who, DbWork *work, void *argument, Error *err);
    size_t (*replica_counts)(Db *db, DbReplicaCounts counts_r[DB_REPLICAS_MAX]);
    void (*close)(Db *db);
} DbDriver;

struct Db {
    const DbDriver *driver;
    DbKind kind;
};

/* Of this thread; see db_set_patience(). */
DbPatience db_patience(void);
/* The shorter of a limit and what patience has of it. */
int64_t db_limit_ms(int64_t limit_ms, int64_t patience_ms);

struct DbTx {
    const DbDriver *driver;
    DbKind kind;
    bool is_broken; /* a statement failed, so nothing more can be done in it */
};

/* Runs the work, and fails when it returns success after a statement that failed. */
MUST_CHECK bool db_work_run(DbTx *tx, DbWork *work, void *argument, Error *err);

MUST_CHECK bool db_copy_file(const char *from_path, const char *to_path, Error *err);

/* Each driver's way to open; the text is what follows its prefix. */
bool db_sqlite_open(const char *path, const DbOptions *options, Db **db_r, Error *err);
bool db_postgres_open(const char *url, const DbOptions *options, Db **db_r, Error *err);
bool db_postgres_is_away(const char *url);
bool db_noting_open(const char *text, const DbOptions *options, Db **db_r, Error *err);
bool db_failing_open(const char *text, const DbOptions *options, Db **db_r, Error *err);
