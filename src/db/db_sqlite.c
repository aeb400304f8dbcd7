/* db_sqlite.c - SQLite: one writer thread, a pool of readers, listeners in this process. */
#include "db/db_sqlite.h"

#include "base/clock.h"

#include <errno.h>

typedef struct SqliteDb {
    Db base;
    char *path;
    DbOptions options;
    Connection *writing;
    SqliteWriter *writer;
    DbNews *news;

    pthread_mutex_t lock; /* of the readers below */
    pthread_cond_t returned;
    Connection **idle;
    int idle_count, open_count;
} SqliteDb;

/* --- Readers -----------------------------------------------------------------------------------
 */

static bool wait_for_reader(SqliteDb *db, Error *err)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += db->options.timeout_ms / 1000 + 1;
    while (!db->idle_count && db->open_count >= db->options.connection_max)
        if (pthread_cond_timedwait(&db->returned, &db->lock, &until) == ETIMEDOUT)
            return fail(err, ERROR_BUSY, "all %d connections to the database are busy",
                        db->options.connection_max);
    return true;
}

static bool take_reader(SqliteDb *db, Connection **connection_r, Error *err)
{
    Connection *connection = NULL;

    pthread_mutex_lock(&db->lock);
    bool ok = wait_for_reader(db, err);
    if (ok && db->idle_count)
        connection = db->idle[--db->idle_count];
    else if (ok)
        db->open_count++;
    pthread_mutex_unlock(&db->lock);
    if (ok && !connection &&
        !sqlite_connection_open(db->path, false, db->options.timeout_ms, &connection, err)) {
        pthread_mutex_lock(&db->lock);
        db->open_count--;
        pthread_cond_signal(&db->returned);
        pthread_mutex_unlock(&db->lock);
        return false;
    }
    if (ok)
        *connection_r = connection;
    return ok;
}

static void return_reader(SqliteDb *db, Connection *connection)
{
    pthread_mutex_lock(&db->lock);
    db->idle[db->idle_count++] = connection;
    pthread_cond_signal(&db->returned);
    pthread_mutex_unlock(&db->lock);
}

static bool read_rows(SqliteDb *db, DbWork *work, void *argument, Error *err)
{
    Connection *connection;
    Error ignored;

    if (!take_reader(db, &connection, err))
        return false;
    SqliteTx tx = { .base = { &db_sqlite_driver, DB_SQLITE }, .connection = connection };
    bool ok = sqlite_run(connection, "BEGIN", err);
    if (ok) {
        ok = work(&tx.base, argument, err);
        sqlite_close_statements(connection);
        if (!sqlite3_get_autocommit(connection->sqlite))
            (void)!sqlite_run(connection, "ROLLBACK", &ignored);
    }
    return_reader(db, connection);
    return ok;
}

/* --- The driver --------------------------------------------------------------------------------
 */

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

static bool sqlite_forget(Db *base, Error *err)
{
    return sqlite_writer_forget(((SqliteDb *)base)->writer, err);
}

static void sqlite_describe(Db *base, Buf *json_members)
{
    SqliteDb *db = (SqliteDb *)base;
    pthread_mutex_lock(&db->lock);
    int open_count = db->open_count, idle_count = db->idle_count;
    pthread_mutex_unlock(&db->lock);
    buf_addf(json_members,
             "\"kind\":\"sqlite\",\"version\":\"%s\",\"connections\":%d,\"busy\":%d,"
             "\"connection_max\":%d",
             sqlite3_libversion(), open_count + 1, open_count - idle_count,
             db->options.connection_max);
    sqlite_writer_describe(db->writer, json_members);
}

static void sqlite_close(Db *base)
{
    SqliteDb *db = (SqliteDb *)base;

    sqlite_writer_stop(db->writer);
    db_news_free(db->news);
    for (int i = 0; i < db->idle_count; i++)
        sqlite_connection_close(db->idle[i]);
    sqlite_connection_close(db->writing); /* the last one empties the log */
    pthread_cond_destroy(&db->returned);
    pthread_mutex_destroy(&db->lock);
    free(db->idle);
    free(db->path);
    free(db);
}

const DbDriver db_sqlite_driver = {
    .run = sqlite_db_run,
    .exec = sqlite_exec,
    .exec_many = sqlite_exec_many,
    .exec_script = sqlite_exec_script,
    .query = sqlite_query,
    .next = sqlite_next,
    .get = sqlite_get,
    .rows_close = sqlite_rows_close,
    .notify = sqlite_notify,
    .listen = sqlite_listen,
    .forget = sqlite_forget,
    .describe = sqlite_describe,
    .close = sqlite_close,
};

/* SQLite's own count of its memory takes a lock at every allocation. */
static void configure_sqlite(void) { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

bool db_sqlite_open(const char *path, const DbOptions *options, Db **db_r, Error *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure_sqlite);

    SqliteDb *db = heap_alloc(sizeof *db);
    db->base = (Db){ &db_sqlite_driver, DB_SQLITE };
    db->path = heap_text(path);
    db->options = *options;
    db->idle = heap_alloc(sizeof(Connection *) * (size_t)options->connection_max);
    db->news = db_news_new();
    pthread_mutex_init(&db->lock, NULL);
    pthread_cond_init(&db->returned, NULL);
    if (sqlite_connection_open(path, true, options->timeout_ms, &db->writing, err) &&
        sqlite_writer_start(db->writing, db->news, &db->writer, err)) {
        *db_r = &db->base;
        return true;
    }
    sqlite_close(&db->base);
    return false;
}
