/* move_test.c - a library with a row in every table, carried from one kind of database to the other
 * and back. */
#include "store/isolation_world_test.h"

#include "store/migrate.h"
#include "store/move.h"

TestSuite(move, .timeout = 120);

static Db *open_empty(Arena *arena, DbKind kind)
{
    const char *url = test_db_url(arena, kind);
    Error err = { 0 };
    Db *db;
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    return db;
}

static MoveReport moved(Arena *arena, Db *from, Db *to)
{
    MoveOptions options = { .from = from, .to = to };
    MoveReport report;
    Error err = { 0 };
    cr_assert(database_move(arena, &options, &report, &err), "%s", err.message);
    return report;
}

/* Both times every table has the same rows, by number and by hash. */
static void expect_same(const MoveReport *a, const MoveReport *b)
{
    cr_assert_eq(a->count, b->count);
    cr_assert_gt(a->count, 90);
    for (size_t i = 0; i < a->count; i++) {
        cr_expect(a->tables[i].rows == b->tables[i].rows, STR_FMT, STR_ARG(a->tables[i].name));
        cr_expect_str_eq(a->tables[i].sha256, b->tables[i].sha256, STR_FMT,
                         STR_ARG(a->tables[i].name));
    }
}

/* Numbers go on where they were, and what refers to rows finds them. */
static bool goes_on(DbTx *tx, World *world, Error *err)
{
    const DbSql changes = DB_SAME("SELECT max(sequence) FROM index_changes");
    const DbSql chunks = DB_SAME("SELECT max(number) FROM chunks");
    int64_t change, last_change, chunk, last_chunk;
    Document document;
    CALL(db_query_int(tx, changes, DB_NO_ARGS, 0, &change, err));
    CALL(db_query_int(tx, chunks, DB_NO_ARGS, 0, &chunk, err));
    CALL(world_ready(tx, world, &world->ours, "more.txt", "more", 2, &document, err));
    CALL(db_query_int(tx, changes, DB_NO_ARGS, 0, &last_change, err));
    CALL(db_query_int(tx, chunks, DB_NO_ARGS, 0, &last_chunk, err));
    EXPECT(change > 0 && last_change > change);
    EXPECT(last_chunk == chunk + 2);
    return true;
}

/* A table of a new migration is empty here until isolation_fill() or world_open() fills it. */
static void expect_filled(const MoveReport *report)
{
    for (size_t i = 0; i < report->count; i++)
        cr_expect(report->tables[i].rows > 0,
                  STR_FMT " is empty: fill it in isolation_world_test.c",
                  STR_ARG(report->tables[i].name));
}

/* Rows of a table without a primary key that differ by their workspace, none or ours, in more
 * pages than one. */
#define MINUTES 3000
static bool add_minutes(DbTx *tx, World *world, Error *err)
{
    return db_exec(tx,
                   DB_SAME("WITH RECURSIVE n (i) AS"
                           " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)"
                           " INSERT INTO job_minutes (workspace, type, minute, done, failed, dead,"
                           " run_ms, wait_ms) SELECT CASE WHEN b.i = 1 THEN $1 END, 'counted',"
                           " a.i, b.i, 0, 0, 0, 0 FROM n a, n b WHERE b.i < 3"),
                   DB_ARGS(db_text(world->ours.workspace), db_int(MINUTES)), NULL, err);
}

static void expect_minutes(const MoveReport *report)
{
    for (size_t i = 0; i < report->count; i++)
        if (str_is(report->tables[i].name, "job_minutes"))
            cr_expect_geq(report->tables[i].rows, 2 * MINUTES);
}

static void move_there_and_back(DbKind kind)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    DbKind other = kind == DB_SQLITE ? DB_POSTGRES : DB_SQLITE;
    World world, away;
    if (!test_has_postgres())
        return;
    world_open(&world, test_db_ready(arena, kind));
    world_write(&world, &world.ours, isolation_fill);
    world_write(&world, &world.system, add_minutes);
    Db *there = open_empty(arena, other), *back = open_empty(arena, kind);
    MoveReport out = moved(arena, world.db, there), home = moved(arena, there, back);
    cr_assert_gt(out.rows, 100);
    expect_same(&out, &home);
    expect_filled(&out);
    expect_minutes(&out);
    away = world;
    away.db = there;
    world_write(&away, &world.ours, goes_on);
    away.db = back;
    world_write(&away, &world.ours, goes_on);
    db_close(there);
    db_close(back);
    world_close(&world);
}

Test(move, a_library_goes_from_sqlite_to_postgresql_and_back) { move_there_and_back(DB_SQLITE); }
Test(move, a_library_goes_from_postgresql_to_sqlite_and_back) { move_there_and_back(DB_POSTGRES); }

typedef struct FrameLines {
    Arena *arena;
    VEC(Str) at;
} FrameLines;

/* Indexes, constraints and the guard of every table, one line each. */
static bool read_frame(DbTx *tx, void *argument, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    FrameLines *lines = argument;
    DbStep step;
    if (!db_query(tx,
                  DB_SAME("SELECT pg_get_indexdef(indexrelid) FROM pg_index i JOIN pg_class c"
                          " ON c.oid = i.indrelid"
                          " WHERE c.relnamespace = current_schema()::regnamespace"
                          " UNION ALL SELECT conrelid::regclass || ' ' || conname || ' '"
                          "  || pg_get_constraintdef(oid) FROM pg_constraint"
                          " WHERE connamespace = current_schema()::regnamespace"
                          " UNION ALL SELECT relname || ' ' || relforcerowsecurity FROM pg_class"
                          " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
                          " ORDER BY 1"),
                  DB_NO_ARGS, &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW)
        *vec_push(lines->arena, &lines->at) = db_get_text(&rows, 0, lines->arena);
    return step == DB_END;
}

static FrameLines frame_of(Arena *arena, Db *db)
{
    const DbWho system = { .is_system = true };
    FrameLines lines = { .arena = arena };
    Error err = { 0 };
    cr_assert(db_read(db, &system, read_frame, &lines, &err), "%s", err.message);
    return lines;
}

Test(move, postgresql_has_its_indexes_keys_and_guards_again_afterwards)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    World world;
    Error err = { 0 };
    if (!test_has_postgres())
        return;
    world_open(&world, test_db_url(arena, DB_SQLITE));
    world_write(&world, &world.ours, isolation_fill);
    Db *there = open_empty(arena, DB_POSTGRES);
    cr_assert(migrate_up(there, &err), "%s", err.message);
    FrameLines before = frame_of(arena, there);
    (void)moved(arena, world.db, there);
    FrameLines after = frame_of(arena, there);
    cr_assert_gt(before.at.count, 300);
    cr_assert_eq(before.at.count, after.at.count);
    for (size_t i = 0; i < before.at.count; i++)
        cr_expect_str_eq(before.at.at[i].at, after.at.at[i].at);
    db_close(there);
    world_close(&world);
}

static bool count_people(DbTx *tx, void *argument, Error *err)
{
    return db_query_int(tx, DB_SAME("SELECT count(*) FROM users"), DB_NO_ARGS, -1, argument, err);
}

TEST_BOTH_EMPTY(move, a_move_that_fails_leaves_the_target_empty_and_can_be_done_again)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    const DbWho system = { .is_system = true };
    World world;
    Error err = { 0 };
    MoveReport report;
    int64_t people = -1;
    Db *to, *failing;
    cr_assert(db_open(url, NULL, &to, &err), "%s", err.message);
    world_open(&world, test_db_ready(arena, DB_SQLITE));
    world_write(&world, &world.ours, isolation_fill);
    Str name = str_format(arena, "failing:60:%s", world.url);
    cr_assert(db_open(name.at, NULL, &failing, &err), "%s", err.message);
    MoveOptions options = { .from = failing, .to = to };
    cr_assert(!database_move(arena, &options, &report, &err));
    cr_assert(db_read(to, &system, count_people, &people, &err), "%s", err.message);
    cr_assert_eq(people, 0);
    options.from = world.db;
    cr_assert(database_move(arena, &options, &report, &err), "%s", err.message);
    cr_assert(!database_move(arena, &options, &report, &err));
    cr_assert_eq(err.code, ERROR_CONFLICT);
    cr_assert(strstr(err.message, "holds a library already"), "%s", err.message);
    db_close(failing);
    db_close(to);
    world_close(&world);
}
