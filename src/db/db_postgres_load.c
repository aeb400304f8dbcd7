/* db_postgres_load.c - rows into a PostgreSQL table by COPY: one statement for many rows. */
#include "db/db_postgres.h"

#include <endian.h>

#define CHUNK_BYTES KB(64)

/* The binary format of COPY: this, no flags and no more header; rows; -1 (the manual, "COPY"). */
static const char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
#define HEADER_BYTES 19

typedef struct Sending {
    PGconn *pg;
    size_t filled;
    bool is_lost;
    char bytes[CHUNK_BYTES];
} Sending;

static void send_bytes(Sending *sending, const char *at, size_t length)
{
    sending->is_lost =
        sending->is_lost || (length && pq.putCopyData(sending->pg, at, (int)length) != 1);
}

static void add(Sending *sending, const void *at, size_t length)
{
    if (sending->filled + length > CHUNK_BYTES) {
        send_bytes(sending, sending->bytes, sending->filled);
        sending->filled = 0;
    }
    if (length > CHUNK_BYTES) {
        send_bytes(sending, at, length);
        return;
    }
    memcpy(sending->bytes + sending->filled, at, length);
    sending->filled += length;
}

static void add_16(Sending *sending, int16_t number)
{
    uint16_t bits = htobe16((uint16_t)number);
    add(sending, &bits, sizeof bits);
}

static void add_32(Sending *sending, int32_t number)
{
    uint32_t bits = htobe32((uint32_t)number);
    add(sending, &bits, sizeof bits);
}

static void add_64(Sending *sending, uint64_t bits)
{
    add_32(sending, sizeof bits);
    bits = htobe64(bits);
    add(sending, &bits, sizeof bits);
}

static void add_value(Sending *sending, const DbValue *value)
{
    uint64_t bits;
    switch (value->type) {
    case DB_NULL: add_32(sending, -1); break;
    case DB_INT: add_64(sending, (uint64_t)value->integer); break;
    case DB_REAL:
        memcpy(&bits, &value->real, sizeof bits);
        add_64(sending, bits);
        break;
    case DB_TEXT:
    case DB_BLOB:
        add_32(sending, (int32_t)value->text.length);
        add(sending, value->text.length ? value->text.at : "", value->text.length);
        break;
    }
}

/* What the server says at the end, or instead of beginning. */
static bool receive(PgTx *tx, const char *sql, ExecStatusType wanted, Error *err)
{
    char state[6] = "";
    PGresult *result = pg_next_result(tx->connection);
    bool is_good = result && pq.resultStatus(result) == wanted;
    if (!is_good) {
        (void)pg_fail(tx->connection, result, "adding rows", err, state);
        (void)fail_in(err, "%.100s", sql);
        pg_note_failure(tx, state, err);
    }
    pq.clear(result);
    while ((!is_good || wanted == PGRES_COMMAND_OK) && (result = pg_next_result(tx->connection)))
        pq.clear(result);
    return is_good;
}

static bool send_rows(PGconn *pg, const DbValue *values, size_t column_count, size_t row_count)
{
    AUTO_FREE Sending *sending = heap_alloc(sizeof *sending);
    sending->pg = pg;
    add(sending, header, HEADER_BYTES);
    for (size_t row = 0; row < row_count && !sending->is_lost; row++) {
        add_16(sending, (int16_t)column_count);
        for (size_t i = 0; i < column_count; i++)
            add_value(sending, &values[row * column_count + i]);
    }
    add_16(sending, -1);
    send_bytes(sending, sending->bytes, sending->filled);
    return !sending->is_lost && pq.putCopyEnd(pg, NULL) == 1;
}

bool pg_load(DbTx *base, const char *sql, const DbValue *values, size_t column_count,
             size_t row_count, Error *err)
{
    PgTx *tx = (PgTx *)(void *)base;
    char state[6];
    if (!pg_begin(tx, err))
        return false;
    if (pq.sendQuery(tx->connection->pg, sql) == 1 && !receive(tx, sql, PGRES_COPY_IN, err))
        return false;
    if (send_rows(tx->connection->pg, values, column_count, row_count))
        return receive(tx, sql, PGRES_COMMAND_OK, err);
    tx->connection->is_lost = true;
    (void)pg_fail(tx->connection, NULL, "adding rows", err, state);
    pg_note_failure(tx, state, err);
    return fail_in(err, "%.100s", sql);
}
