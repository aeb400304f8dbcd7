/* db_postgres_connection.c - connecting to PostgreSQL, waiting for answers, what errors mean. */
#include "db/db_postgres.h"

#include "base/clock.h"

#include <poll.h>

/* The oldest server that is tested. */
#define OLDEST_SERVER 150000
/* How much later than the server we lose patience with it. */
#define GRACE_MS 5000

/* --- Errors -------------------------------------------------------------------------- */

/* PostgreSQL's manual, appendix A; the first row whose text begins the state counts. */
static const struct {
    const char *state;
    ErrorCode code;
} states[] = {
    { "23505", ERROR_CONFLICT }, /* unique_violation */
    { "23503", ERROR_CONFLICT }, /* foreign_key_violation */
    { "23001", ERROR_CONFLICT }, /* restrict_violation */
    { "23", ERROR_INVALID },     /* not null, check */
    { "22", ERROR_INVALID },     /* a value does not fit its type */
    { "40", ERROR_BUSY },        /* serialization failure, deadlock */
    { "42501", ERROR_DENIED },   /* row-level security, or no right to the table */
    { "53100", ERROR_FULL },     /* disk_full */
    { "53", ERROR_BUSY },        /* too many connections, out of memory */
    { "54", ERROR_TOO_LARGE },   /* program limit exceeded */
    { "55P03", ERROR_BUSY },     /* lock_not_available */
    { "57014", ERROR_TIMEOUT },  /* query_canceled */
    { "57", ERROR_BUSY },        /* shut down, crashed, starting */
    { "58", ERROR_IO },          /* system error */
    { "08", ERROR_BUSY },        /* connection exception */
    { "XX001", ERROR_DAMAGED },  /* data_corrupted */
    { "XX002", ERROR_DAMAGED },  /* index_corrupted */
};

static ErrorCode code_from_state(const char *state)
{
    for (size_t i = 0; i < COUNT(states); i++)
        if (strncmp(state, states[i].state, strlen(states[i].state)) == 0)
            return states[i].code;
    return ERROR_INTERNAL;
}

/* By its class, or because the server says that it hangs up (severities FATAL and PANIC). */
static bool ends_connection(const PGresult *result, const char *state)
{
    const char *severity =
        result ? pq.resultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED) : NULL;
    return (state && (strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0)) ||
           (severity && (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0));
}

bool pg_fail(PgConnection *connection, const PGresult *result, const char *doing, Error *err,
             char sqlstate_r[6])
{
    const char *state = result ? pq.resultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *primary = result ? pq.resultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;

    snprintf(sqlstate_r, 6, "%s", state ? state : "");
    if (pq.status(connection->pg) == CONNECTION_BAD || ends_connection(result, state))
        connection->is_lost = true;
    if (connection->is_lost && !state)
        return fail(err, ERROR_BUSY, "%s: the connection to PostgreSQL was lost", doing);
    if (!state)
        return fail(err, ERROR_INTERNAL, "%s: %.200s", doing,
                    str_trim(str(pq.errorMessage(connection->pg))).at);
    if (strcmp(state, "55P03") == 0)
        return fail(err, ERROR_BUSY,
                    "another session of PostgreSQL holds a lock on what this needs for too long "
                    "(setting request_wait); try again later (pg_stat_activity says who)");
    return fail(err, code_from_state(state), "%s: %s (%s)", doing, primary ? primary : "failed",
                state);
}

/* --- Waiting ------------------------------------------------------------------------- */

PGresult *pg_next_result(PgConnection *connection)
{
    int64_t patience_ms = db_patience().answer_ms;
    int64_t limit_ms =
        db_limit_ms(connection->timeout_ms, patience_ms ? patience_ms + GRACE_MS : 0);
    int64_t until_ms = monotonic_ms() + limit_ms;

    while (!connection->is_lost && pq.isBusy(connection->pg)) {
        struct pollfd fd = { .fd = pq.socket(connection->pg), .events = POLLIN };
        int64_t left_ms = until_ms - monotonic_ms();
        connection->is_silent = left_ms <= 0 || poll(&fd, 1, (int)MIN(left_ms, INT32_MAX)) == 0;
        connection->is_lost = connection->is_silent || !pq.consumeInput(connection->pg);
    }
    return connection->is_lost ? NULL : pq.getResult(connection->pg);
}

PGresult *pg_run(PgConnection *connection, const char *sql, Error *err, char sqlstate_r[6])
{
    PGresult *last = NULL, *result;

    sqlstate_r[0] = '\0';
    if (!pq.sendQuery(connection->pg, sql)) {
        (void)pg_fail(connection, NULL, sql, err, sqlstate_r);
        return NULL;
    }
    while ((result = pg_next_result(connection))) {
        pq.clear(last);
        last = result;
    }
    if (!connection->is_lost && last && pq.resultStatus(last) != PGRES_FATAL_ERROR)
        return last;
    (void)pg_fail(connection, last, "running", err, sqlstate_r);
    (void)fail_in(err, "%.100s", sql);
    pq.clear(last);
    return NULL;
}

/* --- Opening ------------------------------------------------------------------------- */

static void ignore_notice(void *argument, const PGresult *result)
{
    (void)argument;
    (void)result;
}

static bool settle(PgConnection *connection, const char *sql, Error *err)
{
    char state[6];
    PGresult *result = pg_run(connection, sql, err, state);
    pq.clear(result);
    return result;
}

/* Some services let nobody ask this: they keep their old primaries away by themselves, and there is
 * nothing to compare. */
static void read_history(PgConnection *connection, PgServer *server)
{
    char state[6];
    Error ignored;
    PGresult *result =
        pg_run(connection,
               "SELECT system_identifier::text, CASE WHEN pg_is_in_recovery() THEN '0'"
               " ELSE left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) END"
               " FROM pg_control_system()",
               &ignored, state);
    if (!result)
        return;
    snprintf(server->system, sizeof server->system, "%s", pq.getvalue(result, 0, 0));
    server->timeline = (int64_t)strtoul(pq.getvalue(result, 0, 1), NULL, 16);
    pq.clear(result);
}

bool pg_is_on(const PgConnection *connection, const char *parameter)
{
    const char *value = pq.parameterStatus(connection->pg, parameter);
    return value && strcmp(value, "on") == 0;
}

static bool read_server(PgConnection *connection, PgServer *server_r, Error *err)
{
    char state[6];
    PGresult *result = pg_run(connection,
                              "SELECT current_setting('max_connections')::int"
                              " - current_setting('superuser_reserved_connections')::int,"
                              " (rolsuper OR rolbypassrls)"
                              " AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'lectern_app')"
                              " FROM pg_roles WHERE rolname = session_user",
                              err, state);
    if (!result)
        return false;
    int64_t connection_max = 0;
    (void)str_to_int(str(pq.getvalue(result, 0, 0)), 0, INT32_MAX, &connection_max);
    *server_r = (PgServer){
        .version = pq.serverVersion(connection->pg),
        .connection_max = (int)connection_max,
        .is_restricted = pq.getvalue(result, 0, 1)[0] == 't',
        .is_standby = pg_is_on(connection, "in_hot_standby"),
        .is_read_only = pg_is_on(connection, "default_transaction_read_only"),
    };
    pq.clear(result);
    read_history(connection, server_r);
    return true;
}

static bool set_up(PgConnection *connection, int64_t timeout_ms, PgServer *server_r, Error *err)
{
    char text[300];

    if (pq.serverVersion(connection->pg) < OLDEST_SERVER)
        return fail(err, ERROR_UNSUPPORTED,
                    "PostgreSQL %d is too old; version %d or later is needed",
                    pq.serverVersion(connection->pg) / 10000, OLDEST_SERVER / 10000);
    snprintf(text, sizeof text,
             "SET statement_timeout = %" PRId64
             "; SET idle_in_transaction_session_timeout = 300000;"
             "SET client_min_messages = error;"
             "SELECT set_config('synchronous_commit', 'on', false)"
             " WHERE current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')",
             timeout_ms);
    if (!settle(connection, text, err) || !read_server(connection, server_r, err))
        return false;
    return !server_r->is_restricted || settle(connection, "SET ROLE lectern_app", err) ||
           fail_in(err, "run as a superuser: GRANT lectern_app TO \"%s\"", pq.user(connection->pg));
}

/* What stands before the address it may say otherwise. A machine that is gone without a word is
 * noticed after ten seconds; one of several is given three to answer. */
static PGconn *connect(const char *url, const PgHost *host)
{
    const char *const options[][2] = {
        { "target_session_attrs", "read-write" },
        { "connect_timeout", host ? "3" : "10" },
        { "keepalives_idle", "4" },
        { "keepalives_interval", "2" },
        { "keepalives_count", "3" },
        { "tcp_user_timeout", "10000" },
        { "dbname", url },
        { "fallback_application_name", "lectern" },
        { "client_encoding", "UTF8" },
        { "target_session_attrs", host ? "any" : "" },
        { "host", host ? host->host : "" },
        { "hostaddr", host ? host->address : "" },
        { "port", host ? host->port : "" },
    };
    const char *names[COUNT(options) + 1] = { 0 }, *values[COUNT(options) + 1] = { 0 };
    for (size_t i = 0; i < COUNT(options); i++) {
        names[i] = options[i][0];
        values[i] = options[i][1];
    }
    return pq.connectdbParams(names, values, 1);
}

/* libpq would repeat what it cannot read, and a password with it. */
static bool check_address(const char *url, Error *err)
{
    PQconninfoOption *options = pq.conninfoParse(url, NULL);
    bool is_good = options != NULL;
    for (PQconninfoOption *one = options; one && one->keyword; one++)
        if (strcmp(one->keyword, "port") == 0 && one->val)
            is_good = strspn(one->val, "0123456789,") == strlen(one->val);
    pq.conninfoFree(options);
    return is_good || fail(err, ERROR_INVALID,
                           "its address cannot be read: it is postgresql://USER:PASSWORD@HOST:PORT/"
                           "NAME, where what is no letter or digit in the password is written as "
                           "%%XX, '/' as %%2F");
}

bool pg_connection_open(const char *url, const PgHost *host, int64_t timeout_ms,
                        PgConnection **connection_r, PgServer *server_r, Error *err)
{
    if (!check_address(url, err))
        return fail_in(err, "connecting to PostgreSQL");
    PgConnection *connection = heap_alloc(sizeof *connection);
    connection->timeout_ms = timeout_ms + GRACE_MS;
    connection->pg = connect(url, host);
    if (pq.status(connection->pg) != CONNECTION_OK) {
        Str reason = str_trim(str(pq.errorMessage(connection->pg)));
        (void)fail(err, ERROR_BUSY, STR_FMT, (int)MIN(reason.length, 250), reason.at);
    } else {
        pq.setNoticeReceiver(connection->pg, ignore_notice, NULL);
        if (set_up(connection, timeout_ms, server_r, err)) {
            *connection_r = connection;
            return true;
        }
    }
    pg_connection_close(connection);
    return fail_in(err, "connecting to PostgreSQL");
}

void pg_connection_close(PgConnection *connection)
{
    if (!connection)
        return;
    for (size_t i = 0; i < connection->prepared_count; i++)
        pg_prepared_free(connection->prepared[i]);
    pq.finish(connection->pg);
    free(connection);
}
