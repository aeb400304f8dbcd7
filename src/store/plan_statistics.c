/* plan_statistics.c - see plan_statistics.h. The form of sqlite_stat1 is in SQLite's src/analyze.c:
 * for each index the rows, then how many share the first column, the first two, and so on. */
#include "store/plan_statistics.h"

/* Of a table that is not listed. */
#define ROWS_USUAL 10000
/* That share a column that is not listed: with other conditions it is one of few. */
#define ROWS_SHARED 10
/* An index with a condition has one of so many rows. */
#define PARTIAL_SHARE 100

static const struct {
    const char *table;
    int64_t rows;
} tables[] = {
#define PLAN_TABLE(table, rows) { #table, rows },
#include "store/plan_statistics.def"
};

static const struct {
    const char *table, *column;
    int64_t values;
} columns[] = {
#define PLAN_COLUMN(table, column, values) { #table, #column, values },
#include "store/plan_statistics.def"
};

typedef struct PlanRow {
    Str table, index; /* index empty: the table has none */
    Str statistic;
} PlanRow;

typedef VEC(PlanRow) PlanRows;

static int64_t rows_of(Str table)
{
    for (size_t i = 0; i < COUNT(tables); i++)
        if (str_is(table, tables[i].table))
            return tables[i].rows;
    return ROWS_USUAL;
}

/* A line for the table itself counts before one for all tables. 0: nothing is said. */
static int64_t values_of(Str table, Str column)
{
    int64_t values = 0;
    for (size_t i = 0; i < COUNT(columns); i++)
        if (str_is(column, columns[i].column)) {
            if (str_is(table, columns[i].table))
                return columns[i].values;
            if (strcmp(columns[i].table, "ANY") == 0)
                values = columns[i].values;
        }
    return values;
}

/* Rows that share one more column. */
static int64_t shared_rows(int64_t rows, Str table, Str column)
{
    int64_t values = values_of(table, column);
    return values ? MAX(rows / values, 1) : MIN(rows, ROWS_SHARED);
}

/* --- What is there --- */

/* The primary key of a table WITHOUT ROWID goes by the table's name. */
static const char list_indexes[] =
    "SELECT t.name, CASE WHEN t.wr AND x.origin = 'pk' THEN t.name ELSE x.name END AS named,"
    " x.\"unique\", x.partial, c.name"
    " FROM pragma_table_list t LEFT JOIN pragma_index_list(t.name) x"
    " LEFT JOIN pragma_index_info(x.name) c"
    " WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    " ORDER BY t.name, named, c.seqno";

typedef struct Reading {
    PlanRows *rows;
    Arena *arena;
    Buf text;
    int64_t shared;
    bool is_unique;
} Reading;

static void end_index(Reading *in)
{
    if (!in->rows->count)
        return;
    Str text = buf_str(&in->text);
    /* Of a unique one the last number is 1 whatever was worked out. */
    if (in->is_unique) {
        while (text.length && text.at[text.length - 1] != ' ')
            text.length--;
        in->text.length = text.length;
        buf_add_char(&in->text, '1');
    }
    /* Plans that leave the first column out serve only few values of it. */
    if (in->rows->at[in->rows->count - 1].index.length)
        buf_add(&in->text, S(" noskipscan"));
    in->rows->at[in->rows->count - 1].statistic = str_copy(in->arena, buf_str(&in->text));
}

static void begin_index(Reading *in, Str table, Str index, DbRows *row)
{
    end_index(in);
    *vec_push(in->arena, in->rows) = (PlanRow){ .table = table, .index = index };
    in->shared = MAX(rows_of(table) / (db_get_int(row, 3) ? PARTIAL_SHARE : 1), 1);
    in->is_unique = db_get_int(row, 2);
    in->text.length = 0;
    buf_addf(&in->text, "%" PRId64, in->shared);
}

static bool work_out(DbTx *tx, Arena *arena, PlanRows *rows_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    Reading in = { .rows = rows_r, .arena = arena, .text = buf_new(arena, KB(4)) };
    DbStep step;
    if (!db_query(tx, DB_SQL(list_indexes, NULL), DB_NO_ARGS, &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        Str table = db_get_text(&rows, 0, arena), index = db_get_text(&rows, 1, arena);
        const PlanRow *last = rows_r->count ? &rows_r->at[rows_r->count - 1] : NULL;
        if (!last || !str_equal(last->table, table) || !str_equal(last->index, index))
            begin_index(&in, table, index, &rows);
        if (!index.length)
            continue;
        in.shared = shared_rows(in.shared, table, db_get_text(&rows, 4, arena));
        buf_addf(&in.text, " %" PRId64, in.shared);
    }
    end_index(&in);
    return step == DB_END;
}

/* --- What is written --- */

static bool is_written(DbTx *tx, Arena *arena, const PlanRows *wanted, bool *written_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    int64_t there;
    size_t same = 0, count = 0;
    DbStep step;
    *written_r = false;
    if (!db_query_int(tx, DB_SAME("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'"),
                      DB_NO_ARGS, 0, &there, err) ||
        !there)
        return !there;
    if (!db_query(tx, DB_SAME("SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY tbl, idx"),
                  DB_NO_ARGS, &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        const PlanRow *row = count < wanted->count ? &wanted->at[count] : NULL;
        same += row && str_equal(db_get_text(&rows, 0, arena), row->table) &&
                str_equal(db_get_text(&rows, 1, arena), row->index) &&
                str_equal(db_get_text(&rows, 2, arena), row->statistic);
        count++;
    }
    *written_r = same == wanted->count && count == wanted->count;
    return step == DB_END;
}

/* ANALYZE of the schema measures nothing: it makes the table, and reads it again. */
static bool write_all(DbTx *tx, Arena *arena, const PlanRows *wanted, Error *err)
{
    DbValue *values = arena_new_array(arena, DbValue, 3 * wanted->count);
    for (size_t i = 0; i < wanted->count; i++) {
        values[3 * i] = db_text(wanted->at[i].table);
        values[3 * i + 1] = db_text_or_null(wanted->at[i].index);
        values[3 * i + 2] = db_text(wanted->at[i].statistic);
    }
    return db_exec_script(tx, "ANALYZE sqlite_schema; DELETE FROM sqlite_stat1", err) &&
           db_exec_many(tx,
                        DB_SAME("INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ($1, $2, $3)"),
                        values, 3, wanted->count, err) &&
           db_exec_script(tx, "ANALYZE sqlite_schema", err);
}

bool plan_statistics_update(DbTx *tx, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    PlanRows wanted = { 0 };
    bool is_there = true;
    if (db_tx_kind(tx) != DB_SQLITE)
        return true;
    return (work_out(tx, arena, &wanted, err) && is_written(tx, arena, &wanted, &is_there, err) &&
            (is_there || write_all(tx, arena, &wanted, err))) ||
           fail_in(err, "the statistics of SQLite's planner");
}
