/* db.c - the public face: chooses a driver by URL and passes each call on. See db.h. */
#include "db/db.h"

#include "base/trace.h"
#include "db/db_driver.h"

#include <assert.h>

static bool is_postgres(Str url)
{
    return str_starts(url, S("postgresql://")) || str_starts(url, S("postgres://"));
}

bool db_open(const char *url, const DbOptions *options, Db **db_r, Error *err)
{
    DbOptions full = options ? *options : (DbOptions){ 0 };
    Str text = str(url);

    if (full.connection_max <= 0)
        full.connection_max = 20;
    if (full.timeout_ms <= 0)
        full.timeout_ms = 30000;
    if (full.cache_kb <= 0)
        full.cache_kb = 16384;
    if (!text.length)
        return fail_field(err, "database", "the database has no name; give a path or a URL");
    if (is_postgres(text))
        return db_postgres_open(url, &full, db_r, err);
    if (str_starts(text, S("failing:")))
        return db_failing_open(url + S("failing:").length, &full, db_r, err);
    if (str_starts(text, S("noting:")))
        return db_noting_open(url + S("noting:").length, &full, db_r, err);
    if (str_find(text, S("://")) >= 0 && !str_starts(text, S("file:")))
        return fail_field(err, "database",
                          "'" STR_FMT "' is no database that is spoken here; give "
                          "postgresql://..., or a path for SQLite",
                          STR_ARG(text));
    return db_sqlite_open(url, &full, db_r, err);
}

bool db_is_away(const char *url) { return is_postgres(str(url)) && db_postgres_is_away(url); }

void db_close(Db *db)
{
    if (db)
        db->driver->close(db);
}

DbKind db_kind(const Db *db) { return db->kind; }

DbKind db_tx_kind(const DbTx *tx) { return tx->kind; }

void db_describe(Db *db, Buf *json_members) { db->driver->describe(db, json_members); }

bool db_forget(Db *db, Error *err) { return db->driver->forget(db, err); }

bool db_copy(Db *db, const char *path, Error *err)
{
    if (!db->driver->copy)
        return fail(err, ERROR_UNSUPPORTED, "this database is copied with its own tools (pg_dump)");
    return db->driver->copy(db, path, err);
}

static const char *text_for(const DbTx *tx, DbSql sql)
{
    const char *text = tx->kind == DB_SQLITE ? sql.sqlite : sql.postgres;
    assert(text);
    return text;
}

/* --- Patience ------------------------------------------------------------------------ */

static _Thread_local DbPatience patience_here;

void db_set_patience(DbPatience patience) { patience_here = patience; }

DbPatience db_patience(void) { return patience_here; }

int64_t db_limit_ms(int64_t limit_ms, int64_t patience_ms)
{
    return patience_ms ? MIN(limit_ms, patience_ms) : limit_ms;
}

/* --- Transactions -------------------------------------------------------------------- */

/* SQLite's writer works for many callers: for each in its own trace. */
typedef struct Carried {
    DbWork *work;
    void *argument;
    TraceContext context;
} Carried;

static bool work_there(DbTx *tx, void *argument, Error *err)
{
    const Carried *carried = argument;
    TraceContext before = *trace_here();
    trace_set_here(&carried->context);
    bool is_done = carried->work(tx, carried->argument, err);
    trace_set_here(&before);
    return is_done;
}

static bool carry(Db *db, const DbWho *who, DbWork *work, void *argument, Error *err)
{
    Carried carried = { work, argument, *trace_here() };
    return db->driver->run(db, DB_MODE_WRITE, who, work_there, &carried, err);
}

/* With the time that it waits for its turn. */
static bool run(Db *db, DbMode mode, const DbWho *who, DbWork *work, void *argument, Error *err)
{
    TraceSpan span;
    span_begin_here(&span, TRACE_CLIENT, mode == DB_MODE_READ ? "db read" : "db write");
    span_add_text(&span, "db.system.name", db->kind == DB_SQLITE ? S("sqlite") : S("postgresql"));
    bool carries = mode == DB_MODE_WRITE && db->kind == DB_SQLITE && trace_here()->is_set;
    bool is_done = carries ? carry(db, who, work, argument, err)
                           : db->driver->run(db, mode, who, work, argument, err);
    if (!is_done)
        span_fail(&span, str(error_name(err->code)));
    span_end(&span);
    return is_done;
}

bool db_write(Db *db, const DbWho *who, DbWork *work, void *argument, Error *err)
{
    return run(db, DB_MODE_WRITE, who, work, argument, err);
}

bool db_read(Db *db, const DbWho *who, DbWork *work, void *argument, Error *err)
{
    return run(db, DB_MODE_READ, who, work, argument, err);
}

bool db_write_schema(Db *db, DbWork *work, void *argument, Error *err)
{
    DbWho system = { .is_system = true };
    return db->driver->run(db, DB_MODE_SCHEMA, &system, work, argument, err);
}

/* --- Statements ---------------------------------------------------------------------- */

/* PostgreSQL ends a transaction at the first failure. SQLite would go on; we do not let it, so that
 * work behaves the same in both. */
static bool check(DbTx *tx, bool ok)
{
    if (!ok)
        tx->is_broken = true;
    return ok;
}

static bool is_whole(const DbTx *tx, Error *err)
{
    return !tx->is_broken ||
           fail(err, ERROR_INTERNAL, "a statement of this transaction has failed before");
}

bool db_work_run(DbTx *tx, DbWork *work, void *argument, Error *err)
{
    return work(tx, argument, err) && is_whole(tx, err);
}

bool db_exec(DbTx *tx, DbSql sql, const DbValue *args, size_t count, int64_t *changed_r, Error *err)
{
    assert(count <= DB_ARGS_MAX);
    return is_whole(tx, err) &&
           check(tx, tx->driver->exec(tx, text_for(tx, sql), args, count, changed_r, err));
}

bool db_exec_many(DbTx *tx, DbSql sql, const DbValue *values, size_t column_count, size_t row_count,
                  Error *err)
{
    assert(column_count > 0 && column_count <= DB_ARGS_MAX);
    return is_whole(tx, err) &&
           (row_count == 0 || check(tx, tx->driver->exec_many(tx, text_for(tx, sql), values,
                                                              column_count, row_count, err)));
}

bool db_load(DbTx *tx, DbSql sql, const DbValue *values, size_t column_count, size_t row_count,
             Error *err)
{
    assert(column_count > 0 && column_count <= DB_ARGS_MAX);
    return is_whole(tx, err) &&
           (row_count == 0 || check(tx, tx->driver->load(tx, text_for(tx, sql), values,
                                                         column_count, row_count, err)));
}

bool db_exec_script(DbTx *tx, const char *sql, Error *err)
{
    return is_whole(tx, err) && check(tx, tx->driver->exec_script(tx, sql, err));
}

bool db_query(DbTx *tx, DbSql sql, const DbValue *args, size_t count, DbRows *rows_r, Error *err)
{
    assert(count <= DB_ARGS_MAX);
    assert(!rows_r->state); /* close it before using it again */
    return is_whole(tx, err) &&
           check(tx, tx->driver->query(tx, text_for(tx, sql), args, count, rows_r, err));
}

DbStep db_next(DbRows *rows, Error *err)
{
    DbStep step = rows->tx->driver->next(rows, err);
    (void)check(rows->tx, step != DB_FAILED);
    return step;
}

void db_rows_close(DbRows *rows)
{
    if (rows->state)
        rows->tx->driver->rows_close(rows);
    *rows = (DbRows){ 0 };
}

bool db_is_null(DbRows *rows, int column)
{
    return rows->tx->driver->get(rows, column).type == DB_NULL;
}

int64_t db_get_int(DbRows *rows, int column)
{
    DbValue value = rows->tx->driver->get(rows, column);
    int64_t number = 0;

    switch (value.type) {
    case DB_INT: return value.integer;
    case DB_REAL: return (int64_t)value.real;
    case DB_TEXT: (void)str_to_int(value.text, INT64_MIN, INT64_MAX, &number); return number;
    case DB_NULL:
    case DB_BLOB: break;
    }
    return 0;
}

double db_get_real(DbRows *rows, int column)
{
    DbValue value = rows->tx->driver->get(rows, column);
    double number = 0;

    switch (value.type) {
    case DB_INT: return (double)value.integer;
    case DB_REAL: return value.real;
    case DB_TEXT: (void)str_to_double(value.text, &number); return number;
    case DB_NULL:
    case DB_BLOB: break;
    }
    return 0;
}

Str db_get_text(DbRows *rows, int column, Arena *arena)
{
    DbValue value = rows->tx->driver->get(rows, column);

    switch (value.type) {
    case DB_INT: return str_format(arena, "%" PRId64, value.integer);
    case DB_REAL: return str_format(arena, "%.17g", value.real);
    case DB_TEXT:
    case DB_BLOB: return str_copy(arena, value.text);
    case DB_NULL: break;
    }
    return STR_NONE;
}

Str db_get_blob(DbRows *rows, int column, Arena *arena) { return db_get_text(rows, column, arena); }

bool db_query_int(DbTx *tx, DbSql sql, const DbValue *args, size_t count, int64_t missing,
                  int64_t *number_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    if (!db_query(tx, sql, args, count, &rows, err))
        return false;
    switch (db_next(&rows, err)) {
    case DB_FAILED: return false;
    case DB_END: *number_r = missing; return true;
    case DB_ROW: *number_r = db_get_int(&rows, 0); return true;
    }
    return false;
}

/* --- News ---------------------------------------------------------------------------- */

static bool channel_is_valid(const char *channel, Error *err)
{
    size_t length = strlen(channel);
    for (size_t i = 0; i < length; i++)
        if (!((channel[i] >= 'a' && channel[i] <= 'z') || channel[i] == '_'))
            return fail(err, ERROR_INVALID, "channel '%s' has other characters than a-z and _",
                        channel);
    if (length == 0 || length > DB_CHANNEL_MAX)
        return fail(err, ERROR_INVALID, "a channel's name has 1 to %d characters", DB_CHANNEL_MAX);
    return true;
}

static bool note_is_valid(const char *channel, Str text, Error *err)
{
    if (!channel_is_valid(channel, err))
        return false;
    return text.length <= DB_NOTE_MAX ||
           fail(err, ERROR_TOO_LARGE, "news of %zu bytes; at most %d fit", text.length,
                DB_NOTE_MAX);
}

bool db_notify(DbTx *tx, const char *channel, Str text, Error *err)
{
    return note_is_valid(channel, text, err) && is_whole(tx, err) &&
           check(tx, tx->driver->notify(tx, channel, text, err));
}

static bool hint(DbTx *tx, const char *channel, Str text, bool is_here, Error *err)
{
    if (!tx->driver->hint)
        return db_notify(tx, channel, text, err);
    return note_is_valid(channel, text, err) && is_whole(tx, err) &&
           check(tx, tx->driver->hint(tx, channel, text, is_here, err));
}

bool db_hint(DbTx *tx, const char *channel, Str text, Error *err)
{
    return hint(tx, channel, text, false, err);
}

bool db_hint_here(DbTx *tx, const char *channel, Str text, Error *err)
{
    return hint(tx, channel, text, true, err);
}

bool db_listen(Db *db, const char *channel, DbListener *listener, void *argument, Error *err)
{
    return channel_is_valid(channel, err) &&
           db->driver->listen(db, channel, listener, argument, err);
}

bool db_watch(Db *db, const char *channel, const char *sql)
{
    return db->driver->watch && db->driver->watch(db, channel, sql);
}

void db_missed_news(Db *db)
{
    if (db->driver->missed)
        db->driver->missed(db);
}

void db_unlisten(Db *db, const char *channel, DbListener *listener, void *argument)
{
    db->driver->unlisten(db, channel, listener, argument);
}
