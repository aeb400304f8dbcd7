/* db_sqlite_statement.c - SQLite connections, prepared statements, values in and out. */
#include "db/db_sqlite.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

/* How often a running statement looks at the clock, in SQLite's virtual operations. */
#define OPERATIONS_PER_LOOK 20000
/* For what another process has locked. */
#define BUSY_MS 10000

static ErrorCode code_from_sqlite(int extended)
{
    switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
    case SQLITE_CONSTRAINT_FOREIGNKEY:
    case SQLITE_CONSTRAINT_TRIGGER: return ERROR_CONFLICT;
    default: break;
    }
    switch (extended & 0xff) {
    case SQLITE_CONSTRAINT: return ERROR_INVALID;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return ERROR_BUSY;
    case SQLITE_FULL: return ERROR_FULL;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY: return ERROR_IO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return ERROR_DAMAGED;
    case SQLITE_INTERRUPT: return ERROR_TIMEOUT;
    case SQLITE_TOOBIG: return ERROR_TOO_LARGE;
    default: return ERROR_INTERNAL;
    }
}

bool sqlite_fail(Connection *connection, const char *doing, Error *err)
{
    int extended = sqlite3_extended_errcode(connection->sqlite);
    ErrorCode code = code_from_sqlite(extended);
    int system = sqlite3_system_errno(connection->sqlite);

    if (code == ERROR_IO && (system == ENOSPC || system == EDQUOT))
        code = ERROR_FULL; /* of the files beside the database SQLite tells no more than this */
    switch (code) {
    case ERROR_FULL:
        return fail(err, code, "%s: the disk of %s is full; make room", doing, connection->path);
    case ERROR_IO:
        return fail(err, code, "%s: reading or writing %s failed: %s (%d)", doing, connection->path,
                    sqlite3_errmsg(connection->sqlite), extended);
    case ERROR_DAMAGED:
        return fail(err, code, "the database %s is damaged: %s; restore a backup (found by: %s)",
                    connection->path, sqlite3_errmsg(connection->sqlite), doing);
    case ERROR_TIMEOUT:
        return fail(err, code, "%s: the statement took longer than %" PRId64 " ms", doing,
                    connection->timeout_us / 1000);
    default: return fail(err, code, "%s: %s", doing, sqlite3_errmsg(connection->sqlite));
    }
}

/* --- Connections --------------------------------------------------------------------- */

static int look_at_clock(void *argument)
{
    Connection *connection = argument;
    return connection->deadline_us && monotonic_us() > connection->deadline_us;
}

bool sqlite_run(Connection *connection, const char *sql, Error *err)
{
    connection->deadline_us = 0;
    return sqlite3_exec(connection->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ||
           sqlite_fail(connection, sql, err);
}

void sqlite_wait_at_most(Connection *connection, int64_t wait_ms)
{
    sqlite3_busy_timeout(connection->sqlite, (int)db_limit_ms(BUSY_MS, wait_ms));
}

/* The writer works for callers, on a thread that is patient. */
static int64_t deadline_us(const Connection *connection)
{
    return monotonic_us() +
           db_limit_ms(connection->timeout_us / 1000, db_patience().answer_ms) * 1000;
}

static bool set_up(Connection *connection, bool is_writer, int64_t cache_kb, Error *err)
{
    char cache[64];
    snprintf(cache, sizeof cache, "PRAGMA cache_size = -%" PRId64, cache_kb);
    sqlite3_extended_result_codes(connection->sqlite, 1);
    sqlite_wait_at_most(connection, 0);
    sqlite3_progress_handler(connection->sqlite, OPERATIONS_PER_LOOK, look_at_clock, connection);
    sqlite3_db_config(connection->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    /* trusted_schema: triggers keep full-text tables; there is no function here that a schema could
     * misuse. secure_delete: erased text must not stay in free pages. WAL: readers never wait. */
    return sqlite_run(connection,
                      "PRAGMA trusted_schema = ON; PRAGMA foreign_keys = ON;"
                      "PRAGMA secure_delete = ON; PRAGMA mmap_size = 268435456;"
                      "PRAGMA temp_store = MEMORY",
                      err) &&
           sqlite_run(connection, cache, err) &&
           (is_writer ? sqlite_run(connection,
                                   "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                   "PRAGMA wal_autocheckpoint = 0;"
                                   "PRAGMA journal_size_limit = 67108864",
                                   err)
                      : sqlite_run(connection, "PRAGMA query_only = ON", err));
}

bool sqlite_connection_open(const char *path, bool is_writer, const DbOptions *options,
                            Connection **connection_r, Error *err)
{
    Connection *connection = heap_alloc(sizeof *connection);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (is_writer ? SQLITE_OPEN_CREATE : 0);

    connection->path = path;
    connection->timeout_us = options->timeout_ms * 1000;
    if (sqlite3_open_v2(path, &connection->sqlite, flags, NULL) != SQLITE_OK)
        (void)sqlite_fail(connection, "opening the database", err);
    else if (set_up(connection, is_writer, options->cache_kb, err)) {
        *connection_r = connection;
        return true;
    }
    sqlite_connection_close(connection);
    return fail_in(err, "%s", path);
}

static void statement_free(Statement *statement)
{
    sqlite3_finalize(statement->handle);
    free(statement->sql);
    free(statement);
}

void sqlite_connection_close(Connection *connection)
{
    if (!connection)
        return;
    sqlite_close_statements(connection);
    for (size_t i = 0; i < connection->statement_count; i++)
        statement_free(connection->statements[i]);
    sqlite3_close(connection->sqlite);
    free(connection);
}

/* --- Statements ---------------------------------------------------------------------- */

static void statement_close(Statement *statement)
{
    Connection *connection = statement->connection;

    sqlite3_reset(statement->handle);
    sqlite3_clear_bindings(statement->handle);
    statement->is_open = false;
    statement->was_stepped = false;
    if (!statement->is_spare)
        return;
    for (Statement **at = &connection->spares; *at; at = &(*at)->next_spare)
        if (*at == statement) {
            *at = statement->next_spare;
            break;
        }
    statement_free(statement);
}

void sqlite_close_statements(Connection *connection)
{
    while (connection->spares)
        statement_close(connection->spares);
    for (size_t i = 0; i < connection->statement_count; i++)
        if (connection->statements[i]->is_open)
            statement_close(connection->statements[i]);
}

/* In one write, so that those of several connections stay apart. */
static void note(const char *file, const char *sql)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    (void)!write(fd, sql, strlen(sql) + 1);
    close(fd);
}

static Statement *prepare(Connection *connection, const char *sql, uint64_t hash, Error *err)
{
    Statement *statement = heap_alloc(sizeof *statement);

    if (sqlite3_prepare_v3(connection->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT,
                           &statement->handle, NULL) != SQLITE_OK) {
        (void)sqlite_fail(connection, "preparing", err);
        (void)fail_in(err, "%.100s", sql);
        free(statement);
        return NULL;
    }
    if (connection->notes)
        note(connection->notes, sql);
    statement->connection = connection;
    statement->sql = heap_text(sql);
    statement->hash = hash;
    for (int i = 1; i <= sqlite3_bind_parameter_count(statement->handle); i++) {
        const char *name = sqlite3_bind_parameter_name(statement->handle, i);
        int64_t number;
        if (name && name[0] == '$' && str_to_int(str(name + 1), 1, DB_ARGS_MAX, &number))
            statement->index[number] = (int16_t)i;
    }
    return statement;
}

static Statement *find_cached(Connection *connection, const char *sql, uint64_t hash)
{
    for (size_t i = 0; i < connection->statement_count; i++) {
        Statement *statement = connection->statements[i];
        if (statement->hash == hash && strcmp(statement->sql, sql) == 0)
            return statement;
    }
    return NULL;
}

/* Puts it in the place of the least recently used one when the cache is full. False: all of
 * them are open. */
static bool keep(Connection *connection, Statement *statement)
{
    if (connection->statement_count < STATEMENT_MAX) {
        connection->statements[connection->statement_count++] = statement;
        return true;
    }
    size_t oldest = STATEMENT_MAX;
    for (size_t i = 0; i < STATEMENT_MAX; i++)
        if (!connection->statements[i]->is_open &&
            (oldest == STATEMENT_MAX ||
             connection->statements[i]->used_at < connection->statements[oldest]->used_at))
            oldest = i;
    if (oldest == STATEMENT_MAX)
        return false;
    statement_free(connection->statements[oldest]);
    connection->statements[oldest] = statement;
    return true;
}

static Statement *statement_open(Connection *connection, const char *sql, Error *err)
{
    uint64_t hash = str_hash(str(sql));
    Statement *statement = find_cached(connection, sql, hash);

    if (!statement || statement->is_open) {
        bool is_cached = statement;
        statement = prepare(connection, sql, hash, err);
        if (!statement)
            return NULL;
        if (is_cached || !keep(connection, statement)) {
            statement->is_spare = true;
            statement->next_spare = connection->spares;
            connection->spares = statement;
        }
    }
    statement->used_at = ++connection->use_count;
    statement->is_open = true;
    connection->deadline_us = deadline_us(connection);
    return statement;
}

static int bind_one(Statement *statement, int index, const DbValue *value,
                    sqlite3_destructor_type lifetime)
{
    const char *bytes = value->text.at ? value->text.at : "";

    switch (value->type) {
    case DB_NULL: return sqlite3_bind_null(statement->handle, index);
    case DB_INT: return sqlite3_bind_int64(statement->handle, index, value->integer);
    case DB_REAL: return sqlite3_bind_double(statement->handle, index, value->real);
    case DB_TEXT:
        return sqlite3_bind_text64(statement->handle, index, bytes, value->text.length, lifetime,
                                   SQLITE_UTF8);
    case DB_BLOB:
        return sqlite3_bind_blob64(statement->handle, index, bytes, value->text.length, lifetime);
    }
    return SQLITE_MISUSE;
}

static bool bind(Statement *statement, const DbValue *args, size_t count,
                 sqlite3_destructor_type lifetime, Error *err)
{
    for (size_t i = 0; i < count; i++) {
        int index = statement->index[i + 1];
        if (!index) /* the other database's text uses it */
            continue;
        if (bind_one(statement, index, &args[i], lifetime) != SQLITE_OK)
            return sqlite_fail(statement->connection, "binding a value", err);
        if (args[i].type == DB_TEXT || args[i].type == DB_BLOB)
            statement->connection->written_bytes += args[i].text.length;
    }
    return true;
}

static bool step_to_end(Statement *statement, Error *err)
{
    int step;
    while ((step = sqlite3_step(statement->handle)) == SQLITE_ROW)
        ;
    return step == SQLITE_DONE || (sqlite_fail(statement->connection, "running", err),
                                   fail_in(err, "%.100s", statement->sql));
}

/* --- The driver's functions ---------------------------------------------------------- */

static Connection *connection_of(DbTx *tx) { return ((SqliteTx *)(void *)tx)->connection; }

bool sqlite_exec(DbTx *tx, const char *sql, const DbValue *args, size_t count, int64_t *changed_r,
                 Error *err)
{
    Connection *connection = connection_of(tx);
    Statement *statement = statement_open(connection, sql, err);

    if (!statement)
        return false;
    bool ok = bind(statement, args, count, SQLITE_STATIC, err) && step_to_end(statement, err);
    bool is_change = !sqlite3_stmt_readonly(statement->handle);
    statement_close(statement);
    if (ok && changed_r)
        *changed_r = is_change ? sqlite3_changes64(connection->sqlite) : 0;
    return ok;
}

bool sqlite_exec_many(DbTx *tx, const char *sql, const DbValue *values, size_t column_count,
                      size_t row_count, Error *err)
{
    Statement *statement = statement_open(connection_of(tx), sql, err);
    bool ok = statement;

    for (size_t i = 0; ok && i < row_count; i++) {
        ok = bind(statement, values + i * column_count, column_count, SQLITE_STATIC, err) &&
             step_to_end(statement, err);
        sqlite3_reset(statement->handle);
        statement->connection->deadline_us = deadline_us(statement->connection);
    }
    if (statement)
        statement_close(statement);
    return ok;
}

bool sqlite_exec_script(DbTx *tx, const char *sql, Error *err)
{
    return sqlite_run(connection_of(tx), sql, err);
}

/* The first step happens here, so that a failure is seen where the query is written. */
bool sqlite_query(DbTx *tx, const char *sql, const DbValue *args, size_t count, DbRows *rows_r,
                  Error *err)
{
    Statement *statement = statement_open(connection_of(tx), sql, err);

    if (!statement)
        return false;
    bool ok = bind(statement, args, count, SQLITE_TRANSIENT, err);
    if (ok) {
        statement->first_step = sqlite3_step(statement->handle);
        statement->was_stepped = true;
        ok = statement->first_step == SQLITE_ROW || statement->first_step == SQLITE_DONE ||
             (sqlite_fail(statement->connection, "running", err), fail_in(err, "%.100s", sql));
    }
    if (!ok) {
        statement_close(statement);
        return false;
    }
    *rows_r = (DbRows){ .tx = tx, .state = statement };
    return true;
}

DbStep sqlite_next(DbRows *rows, Error *err)
{
    Statement *statement = rows->state;
    int step = statement->first_step;

    if (!statement->was_stepped) {
        if (step == SQLITE_DONE)
            return DB_END; /* another step would begin again */
        statement->connection->deadline_us = deadline_us(statement->connection);
        step = statement->first_step = sqlite3_step(statement->handle);
    }
    statement->was_stepped = false;
    if (step == SQLITE_ROW)
        return DB_ROW;
    if (step == SQLITE_DONE)
        return DB_END;
    sqlite_fail(statement->connection, "reading rows", err);
    fail_in(err, "%.100s", statement->sql);
    return DB_FAILED;
}

DbValue sqlite_get(DbRows *rows, int column)
{
    sqlite3_stmt *handle = ((Statement *)rows->state)->handle;
    const char *bytes;

    switch (sqlite3_column_type(handle, column)) {
    case SQLITE_INTEGER: return db_int(sqlite3_column_int64(handle, column));
    case SQLITE_FLOAT: return db_real(sqlite3_column_double(handle, column));
    case SQLITE_TEXT:
        bytes = (const char *)sqlite3_column_text(handle, column);
        return db_text((Str){ bytes, (size_t)sqlite3_column_bytes(handle, column) });
    case SQLITE_BLOB:
        bytes = sqlite3_column_blob(handle, column);
        return db_blob((Str){ bytes, (size_t)sqlite3_column_bytes(handle, column) });
    default: return db_null();
    }
}

void sqlite_rows_close(DbRows *rows) { statement_close(rows->state); }

bool sqlite_notify(DbTx *base, const char *channel, Str text, Error *err)
{
    SqliteTx *tx = (SqliteTx *)(void *)base;

    if (!tx->may_write)
        return fail(err, ERROR_INTERNAL, "news can only be sent by work that writes");
    SqliteNote *note = heap_alloc(sizeof *note + text.length);
    snprintf(note->channel, sizeof note->channel, "%s", channel);
    note->length = text.length;
    if (text.length)
        memcpy(note->text, text.at, text.length);
    if (tx->notes)
        tx->notes_last->next = note;
    else
        tx->notes = note;
    tx->notes_last = note;
    return true;
}
