/* db_sqlite.c - SQLite: one writer thread, a pool of readers, listeners in this process. */
#include "db/db_sqlite.h"

#include "db/db_pool.h"

typedef struct SqliteDb {
    Db base;
    char *path, *notes;
    DbOptions options;
    Connection *writing;
    SqliteWriter *writer;
    DbPool *readers;
    DbNews *news;
} SqliteDb;

static bool open_reader(void *owner, void **connection_r, Error *err)
{
    SqliteDb *db = owner;
    Connection *connection;
    if (!sqlite_connection_open(db->path, false, &db->options, &connection, err))
        return false;
    connection->notes = db->notes;
    *connection_r = connection;
    return true;
}

static void close_reader(void *connection) { sqlite_connection_close(connection); }

static bool read_rows(SqliteDb *db, DbWork *work, void *argument, Error *err)
{
    DbPooled pooled;
    Error ignored;

    if (!db_pool_take(db->readers, &pooled, err))
        return false;
    Connection *connection = pooled.connection;
    SqliteTx tx = { .base = { .driver = &db_sqlite_driver, .kind = DB_SQLITE },
                    .connection = connection };
    sqlite_wait_at_most(connection, db_patience().wait_ms);
    bool ok = sqlite_run(connection, "BEGIN", err);
    if (ok) {
        ok = db_work_run(&tx.base, work, argument, err);
        sqlite_close_statements(connection);
        if (!sqlite3_get_autocommit(connection->sqlite))
            (void)!sqlite_run(connection, "ROLLBACK", &ignored);
    }
    db_pool_give(db->readers, &pooled);
    return ok;
}

/* --- The driver ---------------------------------------------------------------------- */

static bool sqlite_db_run(Db *base, DbMode mode, const DbWho *who, DbWork *work, void *argument,
                          Error *err)
{
    SqliteDb *db = (SqliteDb *)base;
    (void)who; /* the statements themselves name the workspace */
    return mode == DB_MODE_READ ? read_rows(db, work, argument, err)
                                : sqlite_writer_run(db->writer, work, argument, err);
}

static bool sqlite_listen(Db *base, const char *channel, DbListener *listener, void *argument,
                          Error *err)
{
    return db_news_listen(((SqliteDb *)base)->news, channel, listener, argument, err);
}

static void sqlite_unlisten(Db *base, const char *channel, DbListener *listener, void *argument)
{
    db_news_unlisten(((SqliteDb *)base)->news, channel, listener, argument);
}

static void sqlite_missed(Db *base) { db_news_post(((SqliteDb *)base)->news, NULL, STR_NONE); }

static bool sqlite_copy(Db *base, const char *path, Error *err)
{
    return db_copy_file(((SqliteDb *)base)->path, path, err);
}

static bool sqlite_forget(Db *base, Error *err)
{
    return sqlite_writer_forget(((SqliteDb *)base)->writer, err);
}

static void sqlite_describe(Db *base, Buf *json_members)
{
    SqliteDb *db = (SqliteDb *)base;
    buf_addf(json_members, "\"kind\":\"sqlite\",\"version\":\"%s\"", sqlite3_libversion());
    db_pool_describe(db->readers, json_members);
    sqlite_writer_describe(db->writer, json_members);
}

static void sqlite_close(Db *base)
{
    SqliteDb *db = (SqliteDb *)base;

    sqlite_writer_stop(db->writer);
    db_news_free(db->news);
    db_pool_free(db->readers);
    sqlite_connection_close(db->writing); /* the last one empties the log */
    free(db->path);
    free(db->notes);
    free(db);
}

const DbDriver db_sqlite_driver = {
    .run = sqlite_db_run,
    .exec = sqlite_exec,
    .exec_many = sqlite_exec_many,
    .load = sqlite_exec_many,
    .exec_script = sqlite_exec_script,
    .query = sqlite_query,
    .next = sqlite_next,
    .get = sqlite_get,
    .rows_close = sqlite_rows_close,
    .notify = sqlite_notify,
    .listen = sqlite_listen,
    .unlisten = sqlite_unlisten,
    .missed = sqlite_missed,
    .forget = sqlite_forget,
    .copy = sqlite_copy,
    .describe = sqlite_describe,
    .close = sqlite_close,
};

/* SQLite's own count of its memory takes a lock at every allocation. */
static void configure_sqlite(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

static bool open_sqlite(const char *path, Str notes, const DbOptions *options, Db **db_r,
                        Error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure_sqlite);

    SqliteDb *db = heap_alloc(sizeof *db);
    db->base = (Db){ &db_sqlite_driver, DB_SQLITE };
    db->path = heap_text(path);
    db->notes = notes.length ? strndup(notes.at, notes.length) : NULL;
    db->options = *options;
    db->readers = db_pool_new((DbPoolOwner){ open_reader, close_reader, db },
                              options->connection_max, options->timeout_ms);
    db->news = db_news_new();
    if (sqlite_connection_open(db->path, true, options, &db->writing, err) &&
        sqlite_writer_start(db->writing, db->news, &db->writer, err)) {
        db->writing->notes = db->notes;
        *db_r = &db->base;
        return true;
    }
    sqlite_close(&db->base);
    return false;
}

bool db_sqlite_open(const char *path, const DbOptions *options, Db **db_r, Error *err)
{
    return open_sqlite(path, STR_NONE, options, db_r, err);
}

bool db_noting_open(const char *text, const DbOptions *options, Db **db_r, Error *err)
{
    Str path = str(text), notes;
    if (!str_next(&path, ':', &notes) || !notes.length || !path.length)
        return fail_field(err, "database",
                          "a database that notes is noting:FILE:PATH, not 'noting:%s'", text);
    return open_sqlite(path.at, notes, options, db_r, err);
}
