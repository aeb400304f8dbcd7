/* db_postgres_statement.c - PostgreSQL statements: values in binary, prepared once, pipelined. */
#include "db/db_postgres.h"

#include <assert.h>
#include <endian.h>
#include <math.h>

/* Rows of exec_many() that travel in one round trip. */
#define ROWS_PER_TRIP 1000
#define BYTES_PER_TRIP MB(4)

/* From PostgreSQL's pg_type.dat, which never changes them. */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_NAME = 19,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_OID = 26,
    OID_JSON = 114,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_UNKNOWN = 705,
    OID_BPCHAR = 1042,
    OID_VARCHAR = 1043,
    OID_NUMERIC = 1700,
    OID_VOID = 2278,
};

/* --- Arguments ----------------------------------------------------------------------- */

typedef struct Params {
    int count;
    char types[DB_ARGS_MAX + 1];
    Oid oids[DB_ARGS_MAX];
    const char *values[DB_ARGS_MAX];
    int lengths[DB_ARGS_MAX], formats[DB_ARGS_MAX];
    uint64_t numbers[DB_ARGS_MAX];
    size_t bytes;
} Params;

static void set_number(Params *params, size_t i, uint64_t bits)
{
    params->numbers[i] = htobe64(bits);
    params->values[i] = (const char *)&params->numbers[i];
    params->lengths[i] = 8;
}

static void params_set(Params *params, const DbValue *args, size_t count)
{
    /* The type of a NULL is left to the server: letters and OIDs in the order of DbType. */
    static const char letters[] = "nirtb";
    static const Oid oids[] = { 0, OID_INT8, OID_FLOAT8, OID_TEXT, OID_BYTEA };
    uint64_t bits;

    params->count = (int)count;
    params->bytes = 0;
    for (size_t i = 0; i < count; i++) {
        params->types[i] = letters[args[i].type];
        params->oids[i] = oids[args[i].type];
        params->formats[i] = 1;
        switch (args[i].type) {
        case DB_NULL: params->values[i] = NULL; break;
        case DB_INT: set_number(params, i, (uint64_t)args[i].integer); break;
        case DB_REAL:
            memcpy(&bits, &args[i].real, 8);
            set_number(params, i, bits);
            break;
        case DB_TEXT:
        case DB_BLOB:
            params->values[i] = args[i].text.at ? args[i].text.at : "";
            params->lengths[i] = (int)args[i].text.length;
            params->bytes += args[i].text.length;
            break;
        }
    }
    params->types[count] = '\0';
}

/* --- Prepared statements ------------------------------------------------------------- */

void pg_prepared_free(PgPrepared *prepared)
{
    free(prepared->sql);
    free(prepared);
}

static PgPrepared *find_prepared(PgConnection *connection, const char *sql, uint64_t hash,
                                 const char *types)
{
    for (size_t i = 0; i < connection->prepared_count; i++) {
        PgPrepared *prepared = connection->prepared[i];
        if (prepared->hash == hash && strcmp(prepared->types, types) == 0 &&
            strcmp(prepared->sql, sql) == 0)
            return prepared;
    }
    return NULL;
}

static PgPrepared *prepared_new(PgConnection *connection, const char *sql, uint64_t hash,
                                const Params *params)
{
    PgPrepared *prepared = heap_alloc(sizeof *prepared);
    prepared->sql = heap_text(sql);
    prepared->hash = hash;
    memcpy(prepared->types, params->types, (size_t)params->count + 1);
    snprintf(prepared->name, sizeof prepared->name, "s%" PRIu64, ++connection->name_count);
    return prepared;
}

/* The server has it now. A full cache loses its least recently used one, there too. */
static bool keep_prepared(PgConnection *connection, PgPrepared *prepared, Error *err)
{
    if (connection->prepared_count < PG_STATEMENT_MAX) {
        connection->prepared[connection->prepared_count++] = prepared;
        return true;
    }
    size_t oldest = 0;
    for (size_t i = 1; i < PG_STATEMENT_MAX; i++)
        if (connection->prepared[i]->used_at < connection->prepared[oldest]->used_at)
            oldest = i;
    char text[64], state[6];
    snprintf(text, sizeof text, "DEALLOCATE %s", connection->prepared[oldest]->name);
    pg_prepared_free(connection->prepared[oldest]);
    connection->prepared[oldest] = prepared;
    PGresult *result = pg_run(connection, text, err, state);
    pq.clear(result);
    return result;
}

/* --- A round trip -------------------------------------------------------------------- */

static const char *begin_text(DbMode mode)
{
    switch (mode) {
    case DB_MODE_READ: return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    case DB_MODE_WRITE:
    case DB_MODE_SCHEMA: break;
    }
    return "BEGIN";
}

/* Whose rows may be seen, and how patient its work is. */
static bool send_who(PgTx *tx)
{
    const DbWho none = { 0 }, *who = tx->who ? tx->who : &none;
    const DbPatience patience = tx->mode == DB_MODE_SCHEMA ? (DbPatience){ 0 } : db_patience();
    const char *values[] = { who->workspace.at ? who->workspace.at : "",
                             who->is_system ? "on" : "off" };
    int lengths[] = { (int)who->workspace.length, who->is_system ? 2 : 3 };
    static const int formats[] = { 1, 1 };
    static const Oid types[] = { OID_TEXT, OID_TEXT };
    char sql[256], locks[64] = "", answers[64] = "";

    if (patience.wait_ms)
        snprintf(locks, sizeof locks, ", set_config('lock_timeout', '%" PRId64 "', true)",
                 patience.wait_ms);
    if (patience.answer_ms)
        snprintf(answers, sizeof answers, ", set_config('statement_timeout', '%" PRId64 "', true)",
                 patience.answer_ms);
    snprintf(sql, sizeof sql,
             "SELECT set_config('lectern.workspace', $1, true),"
             " set_config('lectern.system', $2, true)%s%s",
             locks, answers);
    return pq.sendQueryParams(tx->connection->pg, sql, 2, types, values, lengths, formats, 1);
}

/* BEGIN, whose rows may be seen, and what migrations need. Adds the number of statements sent. */
static bool send_begin(PgTx *tx, int *sent)
{
    PGconn *pg = tx->connection->pg;

    *sent += 2;
    if (!pq.sendQueryParams(pg, begin_text(tx->mode), 0, NULL, NULL, NULL, NULL, 1) ||
        !send_who(tx))
        return false;
    if (tx->mode != DB_MODE_SCHEMA)
        return true;
    *sent += 2;
    return pq.sendQueryParams(pg, "SET LOCAL ROLE NONE", 0, NULL, NULL, NULL, NULL, 1) &&
           pq.sendQueryParams(pg, "SET LOCAL statement_timeout = 0", 0, NULL, NULL, NULL, NULL, 1);
}

/* read_only_sql_transaction, and not by our own wish: this was the primary, and is no more. */
static bool is_demoted(const PgTx *tx, const char *state)
{
    return tx->mode != DB_MODE_READ && strcmp(state, "25006") == 0;
}

void pg_note_failure(PgTx *tx, const char *state, Error *err)
{
    bool is_race = strcmp(state, "40001") == 0 || strcmp(state, "40P01") == 0;
    if (is_demoted(tx, state)) {
        tx->connection->is_lost = true;
        err->code = ERROR_BUSY;
    }
    /* Nothing was committed. Who waited in vain for an answer does not begin to wait again. */
    bool was_broken = tx->connection->is_lost && !tx->connection->is_silent;
    tx->may_run_again = is_race || was_broken;
}

/* Reads the answers of `sent` statements and the sync after them. The last statement's result is
 * handed out when all went well. */
static bool receive(PgTx *tx, int sent, const char *sql, PGresult **last_r, Error *err)
{
    PgConnection *connection = tx->connection;
    PGresult *last = NULL, *result;
    char state[6] = "";
    bool ok = true;

    for (int i = 0; i < sent && !connection->is_lost; i++) {
        result = pg_next_result(connection);
        ExecStatusType status = pq.resultStatus(result);
        if (ok && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
            (void)pg_fail(connection, result, "running", err, state);
            ok = fail_in(err, "%.100s", sql);
        }
        pq.clear(last);
        last = result;
        pq.clear(pg_next_result(connection)); /* the NULL after each statement */
    }
    if (!connection->is_lost)
        pq.clear(pg_next_result(connection)); /* the sync */
    if (ok && connection->is_lost)
        ok = pg_fail(connection, NULL, "waiting for an answer", err, state);
    if (!ok)
        pg_note_failure(tx, state, err);
    else if (last_r) {
        *last_r = last;
        last = NULL;
    }
    pq.clear(last);
    return ok;
}

static bool fail_sending(PgTx *tx, const char *sql, Error *err)
{
    char state[6];
    tx->connection->is_lost = true;
    (void)pg_fail(tx->connection, NULL, "sending", err, state);
    pg_note_failure(tx, state, err);
    return fail_in(err, "%.100s", sql);
}

/* Sends rows of arguments for one statement, with whatever must come before, and waits. */
static bool trip(PgTx *tx, const char *sql, const DbValue *values, size_t column_count,
                 size_t row_count, PGresult **last_r, Error *err)
{
    PgConnection *connection = tx->connection;
    uint64_t hash = str_hash(str(sql));
    PgPrepared *prepared = NULL, *added[8];
    size_t added_count = 0;
    int sent = 0;
    Params params;

    if (connection->is_lost || !pq.enterPipelineMode(connection->pg))
        return fail_sending(tx, sql, err);
    bool ok = tx->is_begun || send_begin(tx, &sent);
    for (size_t i = 0; ok && i < row_count; i++) {
        params_set(&params, values + i * column_count, column_count);
        if (!prepared || strcmp(prepared->types, params.types) != 0) {
            prepared = find_prepared(connection, sql, hash, params.types);
            for (size_t k = 0; !prepared && k < added_count; k++)
                if (strcmp(added[k]->types, params.types) == 0)
                    prepared = added[k];
            if (!prepared && added_count < COUNT(added)) {
                prepared = added[added_count++] = prepared_new(connection, sql, hash, &params);
                ok = pq.sendPrepare(connection->pg, prepared->name, sql, params.count, params.oids);
                sent++;
            }
        }
        if (prepared)
            prepared->used_at = ++connection->use_count;
        ok =
            ok && (prepared ? pq.sendQueryPrepared(connection->pg, prepared->name, params.count,
                                                   params.values, params.lengths, params.formats, 1)
                            : pq.sendQueryParams(connection->pg, sql, params.count, params.oids,
                                                 params.values, params.lengths, params.formats, 1));
        sent++;
    }
    ok = ok && pq.pipelineSync(connection->pg);
    ok = ok ? receive(tx, sent, sql, last_r, err) : fail_sending(tx, sql, err);
    if (!connection->is_lost)
        (void)pq.exitPipelineMode(connection->pg);
    if (ok)
        tx->is_begun = true;
    for (size_t k = 0; k < added_count; k++)
        if (!ok)
            pg_prepared_free(added[k]);
        else if (!keep_prepared(connection, added[k], err))
            ok = false;
    return ok;
}

/* --- The driver's functions ---------------------------------------------------------- */

static PgTx *pg_tx(DbTx *tx) { return (PgTx *)(void *)tx; }

bool pg_exec(DbTx *tx, const char *sql, const DbValue *args, size_t count, int64_t *changed_r,
             Error *err)
{
    PGresult *result;

    if (!trip(pg_tx(tx), sql, args, count, 1, &result, err))
        return false;
    if (changed_r) {
        *changed_r = 0;
        if (strncmp(pq.cmdStatus(result), "SELECT", 6) != 0) /* its rows are not changes */
            (void)str_to_int(str(pq.cmdTuples(result)), 0, INT64_MAX, changed_r);
    }
    pq.clear(result);
    return true;
}

bool pg_exec_many(DbTx *tx, const char *sql, const DbValue *values, size_t column_count,
                  size_t row_count, Error *err)
{
    for (size_t at = 0; at < row_count;) {
        size_t count = 0, bytes = 0;
        while (at + count < row_count && count < ROWS_PER_TRIP && bytes < BYTES_PER_TRIP) {
            for (size_t i = 0; i < column_count; i++)
                bytes += values[(at + count) * column_count + i].text.length;
            count++;
        }
        if (!trip(pg_tx(tx), sql, values + at * column_count, column_count, count, NULL, err))
            return false;
        at += count;
    }
    return true;
}

bool pg_begin(PgTx *tx, Error *err)
{
    return tx->is_begun || trip(tx, "SELECT 1", NULL, 0, 1, NULL, err);
}

bool pg_exec_script(DbTx *base, const char *sql, Error *err)
{
    PgTx *tx = pg_tx(base);
    char state[6];

    if (!pg_begin(tx, err))
        return false;
    PGresult *result = pg_run(tx->connection, sql, err, state);
    if (!result)
        pg_note_failure(tx, state, err);
    pq.clear(result);
    return result;
}

static bool is_readable(Oid type)
{
    switch (type) {
    case OID_BOOL:
    case OID_BYTEA:
    case OID_NAME:
    case OID_INT8:
    case OID_INT2:
    case OID_INT4:
    case OID_TEXT:
    case OID_OID:
    case OID_JSON:
    case OID_FLOAT4:
    case OID_FLOAT8:
    case OID_UNKNOWN:
    case OID_BPCHAR:
    case OID_VARCHAR:
    case OID_NUMERIC:
    case OID_VOID: return true;
    default: return false;
    }
}

bool pg_query(DbTx *base, const char *sql, const DbValue *args, size_t count, DbRows *rows_r,
              Error *err)
{
    PgTx *tx = pg_tx(base);
    PGresult *result;

    if (!trip(tx, sql, args, count, 1, &result, err))
        return false;
    for (int i = 0; i < pq.nfields(result); i++)
        if (!is_readable(pq.ftype(result, i))) {
            (void)fail(err, ERROR_INTERNAL, "column %s has type %u, which is not read; cast it: %s",
                       pq.fname(result, i), pq.ftype(result, i), sql);
            pq.clear(result);
            return false;
        }
    PgRows *rows = heap_alloc(sizeof *rows);
    *rows = (PgRows){ .next = tx->open_rows, .result = result, .row = -1 };
    tx->open_rows = rows;
    *rows_r = (DbRows){ .tx = base, .state = rows };
    return true;
}

DbStep pg_next(DbRows *handle, Error *err)
{
    PgRows *rows = handle->state;
    (void)err;
    if (rows->row + 1 >= pq.ntuples(rows->result))
        return DB_END;
    rows->row++;
    return DB_ROW;
}

void pg_rows_close(DbRows *handle)
{
    PgRows *rows = handle->state;
    for (PgRows **at = &pg_tx(handle->tx)->open_rows; *at; at = &(*at)->next)
        if (*at == rows) {
            *at = rows->next;
            break;
        }
    pq.clear(rows->result);
    free(rows);
}

void pg_close_rows(PgTx *tx)
{
    while (tx->open_rows) {
        PgRows *rows = tx->open_rows;
        tx->open_rows = rows->next;
        pq.clear(rows->result);
        free(rows);
    }
}

/* numeric_send() in PostgreSQL's numeric.c: count, weight, sign and scale as 16 bits each, then
 * digits to base 10,000. sum() and avg() of integers give this type. */
static DbValue read_numeric(const char *bytes)
{
    uint16_t head[4], digit;
    memcpy(head, bytes, sizeof head);
    int count = be16toh(head[0]), weight = (int16_t)be16toh(head[1]);
    bool is_negative = be16toh(head[2]) == 0x4000, is_whole = be16toh(head[3]) == 0;
    __int128 whole = 0;
    double real = 0;

    for (int i = 0; i <= MAX(weight, count - 1) && i < 5000; i++) {
        digit = 0;
        if (i < count)
            memcpy(&digit, bytes + 8 + i * 2, sizeof digit);
        real += be16toh(digit) * pow(10000, weight - i);
        if (i <= weight && i < 5)
            whole = whole * 10000 + be16toh(digit);
    }
    if (is_whole && weight < 5 && whole <= INT64_MAX)
        return db_int((int64_t)(is_negative ? -whole : whole));
    return db_real(is_negative ? -real : real);
}

static double real_from_bits(const char *bytes, bool is_short)
{
    uint64_t bits;
    uint32_t short_bits;
    float short_real;
    double real;

    if (is_short) {
        memcpy(&short_bits, bytes, 4);
        short_bits = be32toh(short_bits);
        memcpy(&short_real, &short_bits, 4);
        return (double)short_real;
    }
    memcpy(&bits, bytes, 8);
    bits = be64toh(bits);
    memcpy(&real, &bits, 8);
    return real;
}

static int64_t integer_from_bytes(const char *bytes, int length)
{
    int64_t number = (signed char)bytes[0];
    for (int i = 1; i < length; i++)
        number = (int64_t)((uint64_t)number << 8 | (unsigned char)bytes[i]);
    return number;
}

DbValue pg_get(DbRows *handle, int column)
{
    PgRows *rows = handle->state;
    const char *bytes = pq.getvalue(rows->result, rows->row, column);
    int length = pq.getlength(rows->result, rows->row, column);

    assert(rows->row >= 0 && column < pq.nfields(rows->result));
    if (pq.getisnull(rows->result, rows->row, column))
        return db_null();
    switch (pq.ftype(rows->result, column)) {
    case OID_BOOL:
    case OID_INT8:
    case OID_INT4:
    case OID_INT2: return db_int(integer_from_bytes(bytes, length));
    case OID_OID: return db_int((int64_t)(uint32_t)integer_from_bytes(bytes, length));
    case OID_FLOAT4: return db_real(real_from_bits(bytes, true));
    case OID_FLOAT8: return db_real(real_from_bits(bytes, false));
    case OID_NUMERIC: return read_numeric(bytes);
    case OID_BYTEA: return db_blob((Str){ bytes, (size_t)length });
    default: return db_text((Str){ bytes, (size_t)length });
    }
}

bool pg_notify(DbTx *tx, const char *channel, Str text, Error *err)
{
    return pg_exec(tx, "SELECT pg_notify($1, $2)", DB_ARGS(db_text(str(channel)), db_text(text)),
                   NULL, err);
}
