/* db_failing.c - a database whose every Nth statement fails, for tests: failing:N:URL
 *
 * Statements are counted over all threads: each exec, query, exec_many, load, script and piece of
 * news, and the commit of each write (which then rolls back). */
#include "db/db_driver.h"

#include <stdatomic.h>

typedef struct FailingDb {
    Db base;
    Db *inner;
    int64_t every;
    atomic_int_fast64_t count;
} FailingDb;

typedef struct FailingTx {
    DbTx base;
    FailingDb *db;
    DbTx *inner;
} FailingTx;

static const DbDriver failing_driver;

static FailingTx *failing_tx(DbTx *tx) { return (FailingTx *)(void *)tx; }

static bool may_go_on(FailingDb *db, Error *err)
{
    int64_t number = atomic_fetch_add(&db->count, 1) + 1;
    return number % db->every != 0 ||
           fail(err, ERROR_IO, "statement %" PRId64 " was made to fail", number);
}

/* --- Transactions -------------------------------------------------------------------- */

typedef struct Wrapped {
    FailingDb *db;
    DbMode mode;
    DbWork *work;
    void *argument;
} Wrapped;

static bool run_wrapped(DbTx *inner, void *argument, Error *err)
{
    Wrapped *wrapped = argument;
    FailingTx tx = { .base = { .driver = &failing_driver, .kind = inner->kind },
                     .db = wrapped->db,
                     .inner = inner };
    return db_work_run(&tx.base, wrapped->work, wrapped->argument, err) &&
           (wrapped->mode == DB_MODE_READ || may_go_on(wrapped->db, err));
}

static bool failing_run(Db *base, DbMode mode, const DbWho *who, DbWork *work, void *argument,
                        Error *err)
{
    FailingDb *db = (FailingDb *)base;
    Wrapped wrapped = { .db = db, .mode = mode, .work = work, .argument = argument };
    return db->inner->driver->run(db->inner, mode, who, run_wrapped, &wrapped, err);
}

/* --- Statements ---------------------------------------------------------------------- */

static bool failing_exec(DbTx *tx, const char *sql, const DbValue *args, size_t count,
                         int64_t *changed_r, Error *err)
{
    DbTx *inner = failing_tx(tx)->inner;
    return may_go_on(failing_tx(tx)->db, err) &&
           inner->driver->exec(inner, sql, args, count, changed_r, err);
}

static bool failing_exec_many(DbTx *tx, const char *sql, const DbValue *values, size_t column_count,
                              size_t row_count, Error *err)
{
    DbTx *inner = failing_tx(tx)->inner;
    return may_go_on(failing_tx(tx)->db, err) &&
           inner->driver->exec_many(inner, sql, values, column_count, row_count, err);
}

static bool failing_load(DbTx *tx, const char *sql, const DbValue *values, size_t column_count,
                         size_t row_count, Error *err)
{
    DbTx *inner = failing_tx(tx)->inner;
    return may_go_on(failing_tx(tx)->db, err) &&
           inner->driver->load(inner, sql, values, column_count, row_count, err);
}

static bool failing_exec_script(DbTx *tx, const char *sql, Error *err)
{
    DbTx *inner = failing_tx(tx)->inner;
    return may_go_on(failing_tx(tx)->db, err) && inner->driver->exec_script(inner, sql, err);
}

/* The rows are the inner driver's own: rows_r->tx is the inner transaction. */
static bool failing_query(DbTx *tx, const char *sql, const DbValue *args, size_t count,
                          DbRows *rows_r, Error *err)
{
    DbTx *inner = failing_tx(tx)->inner;
    return may_go_on(failing_tx(tx)->db, err) &&
           inner->driver->query(inner, sql, args, count, rows_r, err);
}

static bool failing_notify(DbTx *tx, const char *channel, Str text, Error *err)
{
    DbTx *inner = failing_tx(tx)->inner;
    return may_go_on(failing_tx(tx)->db, err) && inner->driver->notify(inner, channel, text, err);
}

static bool failing_hint(DbTx *tx, const char *channel, Str text, bool is_here, Error *err)
{
    DbTx *inner = failing_tx(tx)->inner;
    return is_here ? db_hint_here(inner, channel, text, err) : db_hint(inner, channel, text, err);
}

/* --- The rest is passed on ----------------------------------------------------------- */

static bool failing_listen(Db *base, const char *channel, DbListener *listener, void *argument,
                           Error *err)
{
    Db *inner = ((FailingDb *)base)->inner;
    return inner->driver->listen(inner, channel, listener, argument, err);
}

static bool failing_watch(Db *base, const char *channel, const char *sql)
{
    return db_watch(((FailingDb *)base)->inner, channel, sql);
}

static void failing_unlisten(Db *base, const char *channel, DbListener *listener, void *argument)
{
    db_unlisten(((FailingDb *)base)->inner, channel, listener, argument);
}

static bool failing_forget(Db *base, Error *err)
{
    Db *inner = ((FailingDb *)base)->inner;
    return may_go_on((FailingDb *)base, err) && inner->driver->forget(inner, err);
}

static void failing_describe(Db *base, Buf *json_members)
{
    Db *inner = ((FailingDb *)base)->inner;
    inner->driver->describe(inner, json_members);
    buf_addf(json_members, ",\"failing_every\":%" PRId64, ((FailingDb *)base)->every);
}

static void failing_close(Db *base)
{
    db_close(((FailingDb *)base)->inner);
    free(base);
}

static const DbDriver failing_driver = {
    .run = failing_run,
    .exec = failing_exec,
    .exec_many = failing_exec_many,
    .load = failing_load,
    .exec_script = failing_exec_script,
    .query = failing_query,
    .notify = failing_notify,
    .hint = failing_hint,
    .listen = failing_listen,
    .watch = failing_watch,
    .unlisten = failing_unlisten,
    .forget = failing_forget,
    .describe = failing_describe,
    .close = failing_close,
};

bool db_failing_open(const char *text, const DbOptions *options, Db **db_r, Error *err)
{
    Str rest = str(text), number;
    int64_t every;

    if (!str_next(&rest, ':', &number) || !str_to_int(number, 1, INT64_MAX, &every))
        return fail_field(err, "database", "a failing database is failing:N:URL, not 'failing:%s'",
                          text);
    FailingDb *db = heap_alloc(sizeof *db);
    db->every = every;
    if (!db_open(text + number.length + 1, options, &db->inner, err)) {
        free(db);
        return false;
    }
    db->base = (Db){ &failing_driver, db->inner->kind };
    *db_r = &db->base;
    return true;
}
