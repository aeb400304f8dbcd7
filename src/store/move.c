/* move.c - see move.h. */
#include "store/move.h"

#include "db/db_servers.h"
#include "store/counts_store.h"
#include "store/migrate.h"
#include "store/move_int.h"

typedef struct Move {
    Arena *arena;
    const MoveOptions *options;
    DbTx *from, *to;
    const MoveShape *shape;
    DbSql load;
    MoveProgress progress;
    MoveReport report;
    bool has_begun;
} Move;

static const DbWho system_who = { .is_system = true };

/* --- Numbers that only grow --- */

/* The last that was given, 0: none. */
static const DbSql last_chunk = { "SELECT last FROM counters WHERE name = 'chunk'",
                                  "SELECT COALESCE(pg_sequence_last_value('chunk_numbers'), 0)" };
static const DbSql set_chunk = { "UPDATE counters SET last = $1 WHERE name = 'chunk'",
                                 "SELECT setval('chunk_numbers', GREATEST($1::bigint, 1),"
                                 " $1::bigint > 0)" };
static const DbSql last_change = {
    "SELECT seq FROM sqlite_sequence WHERE name = 'index_changes'",
    "SELECT COALESCE(pg_sequence_last_value(pg_get_serial_sequence('index_changes', 'sequence')), "
    "0)"
};
static const DbSql forget_change = { "DELETE FROM sqlite_sequence WHERE name = 'index_changes'",
                                     "SELECT 1" };
static const DbSql set_change = {
    "INSERT INTO sqlite_sequence (name, seq) VALUES ('index_changes', $1)",
    "SELECT setval(pg_get_serial_sequence('index_changes', 'sequence'), GREATEST($1::bigint, 1),"
    " $1::bigint > 0)"
};

static bool copy_number(Move *move, DbSql last, DbSql set, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    int64_t number;
    return db_query_int(move->from, last, DB_NO_ARGS, 0, &number, err) &&
           db_query(move->to, set, DB_ARGS(db_int(number)), &rows, err) &&
           db_next(&rows, err) != DB_FAILED;
}

static bool copy_numbers(Move *move, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    return (copy_number(move, last_chunk, set_chunk, err) &&
            db_query(move->to, forget_change, DB_NO_ARGS, &rows, err) &&
            db_next(&rows, err) != DB_FAILED && copy_number(move, last_change, set_change, err)) ||
           fail_in(err, "numbers that only grow");
}

/* --- Tables --- */

static bool is_empty(DbTx *tx, Error *err)
{
    int64_t count;
    return db_query_int(tx,
                        DB_SAME("SELECT (SELECT count(*) FROM workspaces)"
                                " + (SELECT count(*) FROM users)"),
                        DB_NO_ARGS, 0, &count, err) &&
           (!count || fail(err, ERROR_CONFLICT,
                           "the database to move into holds a library already; name an empty one"));
}

static void tell(Move *move, size_t more)
{
    move->progress.done += (int64_t)more;
    if (move->options->progress)
        move->options->progress(move->options->argument, &move->progress);
}

static bool take_page(void *argument, const MovePage *page, Error *err)
{
    Move *move = argument;
    tell(move, page->count);
    return db_load(move->to, move->load, page->values, move->shape->column_count, page->count, err);
}

static bool compare_page(void *argument, const MovePage *page, Error *err)
{
    (void)err;
    tell(argument, page->count);
    return true;
}

/* For the progress alone. */
static bool count_rows(Move *move, const MoveShapes *shapes, Error *err)
{
    move->progress = (MoveProgress){ 0 };
    for (size_t i = 0; i < shapes->count && move->options->progress; i++) {
        int64_t count;
        Str text = str_format(move->arena, "SELECT count(*) FROM \"" STR_FMT "\"",
                              STR_ARG(shapes->at[i].name));
        if (!db_query_int(move->from, DB_SAME(text.at), DB_NO_ARGS, 0, &count, err))
            return fail_in(err, "counting " STR_FMT, STR_ARG(shapes->at[i].name));
        move->progress.total += 2 * count;
    }
    return true;
}

static bool copy_table(Move *move, const MoveShape *shape, MoveTable *table, Error *err)
{
    char there[65];
    int64_t rows;
    move->shape = shape;
    move->load = move_load_text(move->arena, shape);
    table->name = move->progress.table = shape->name;
    if (!move_read_table(move->from, shape, take_page, move, &table->rows, table->sha256, err) ||
        !move_read_table(move->to, shape, compare_page, move, &rows, there, err))
        return false;
    if (rows != table->rows || strcmp(there, table->sha256) != 0)
        return fail(err, ERROR_DAMAGED,
                    "the table " STR_FMT " differs after it was copied (%" PRId64
                    " rows of %" PRId64 "); nothing was moved",
                    STR_ARG(shape->name), rows, table->rows);
    move->report.rows += rows;
    if (move->options->listener)
        move->options->listener(move->options->argument, table);
    return true;
}

static bool copy_tables(Move *move, const MoveShapes *shapes, Error *err)
{
    move->report.tables = arena_new_array(move->arena, MoveTable, shapes->count);
    for (; move->report.count < shapes->count; move->report.count++)
        if (!copy_table(move, &shapes->at[move->report.count],
                        &move->report.tables[move->report.count], err))
            return false;
    return true;
}

static bool make_later(Move *move, MoveTarget *target, Error *err)
{
    move->progress = (MoveProgress){ .total = (int64_t)target->later.count, .is_indexing = true };
    for (size_t i = 0; i < target->later.count; i++) {
        tell(move, i > 0);
        if (!move_target_make(target, i, err))
            return false;
    }
    return true;
}

static bool copy_all(DbTx *from, void *argument, Error *err)
{
    Move *move = argument;
    MoveTarget target = { .tx = move->to, .arena = move->arena };
    MoveShapes shapes, there;
    /* What was copied lies in the target's transaction already. */
    if (move->has_begun)
        return fail(err, ERROR_BUSY,
                    "the database that is copied broke off the reading; try again");
    move->has_begun = true;
    move->from = from;
    move->report = (MoveReport){ 0 };
    return is_empty(move->to, err) && move_shapes(from, move->arena, &shapes, err) &&
           move_shapes(move->to, move->arena, &there, err) &&
           move_same_shapes(&shapes, &there, err) && count_rows(move, &shapes, err) &&
           counts_pause(move->to, err) && move_target_open(&target, &shapes, err) &&
           copy_tables(move, &shapes, err) && copy_numbers(move, err) &&
           make_later(move, &target, err) && counts_rebuild(move->to, err) &&
           move_target_analyze(&target, &shapes, err);
}

static bool hash_all(DbTx *tx, void *argument, Error *err)
{
    Move *move = argument;
    MoveShapes shapes;
    move->report = (MoveReport){ 0 };
    if (!move_shapes(tx, move->arena, &shapes, err))
        return false;
    move->report.tables = arena_new_array(move->arena, MoveTable, shapes.count);
    for (; move->report.count < shapes.count; move->report.count++) {
        MoveTable *table = &move->report.tables[move->report.count];
        table->name = shapes.at[move->report.count].name;
        if (!move_read_table(tx, &shapes.at[move->report.count], NULL, NULL, &table->rows,
                             table->sha256, err))
            return false;
        move->report.rows += table->rows;
    }
    return true;
}

bool database_tables(Arena *arena, Db *db, MoveReport *report_r, Error *err)
{
    Move move = { .arena = arena };
    if (!db_read(db, &system_who, hash_all, &move, err))
        return fail_in(err, "comparing the database");
    *report_r = move.report;
    return true;
}

/* Inside the target's transaction the source's snapshot is read. */
static bool write_all(DbTx *to, void *argument, Error *err)
{
    Move *move = argument;
    move->to = to;
    move->has_begun = false;
    return db_read_replica(move->options->from, &system_who, copy_all, move, err);
}

bool database_move(Arena *arena, const MoveOptions *options, MoveReport *report_r, Error *err)
{
    Move move = { .arena = arena, .options = options };
    MigrateStatus status;
    if (!migrate_status(options->from, &status, err))
        return false;
    if (status.applied != status.newest)
        return fail(err, ERROR_CONFLICT,
                    "the database to move is at migration %d of %d; run `lectern migrate up` first",
                    status.applied, status.newest);
    if (!migrate_up(options->to, err) || !db_write_schema(options->to, write_all, &move, err))
        return fail_in(err, "moving the database");
    *report_r = move.report;
    return true;
}
