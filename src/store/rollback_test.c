/* rollback_test.c - a release that is taken back: migrations undone and done again with a row in
 * every table. */
#include "store/isolation_world_test.h"

#include "store/migrate.h"
#include "store/move.h"
#include "store/move_int.h"

TestSuite(rollback, .timeout = 120);

/* Everything that makes up the tables, as one text. */
static const DbSql schema = {
    "SELECT group_concat(what, char(10)) FROM (SELECT type || ' ' || name || ' ' || coalesce(sql, "
    "'')"
    " AS what FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name)",
    "SELECT string_agg(what, chr(10) ORDER BY what COLLATE \"C\") FROM ("
    "SELECT concat_ws(' ', 'column', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),"
    " a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid)) AS what"
    " FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
    " AND NOT a.attisdropped LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
    " WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'"
    " UNION ALL SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes"
    " WHERE schemaname = current_schema()"
    " UNION ALL SELECT concat_ws(' ', 'key', conrelid::regclass, conname,"
    " pg_get_constraintdef(oid)) FROM pg_constraint"
    " WHERE connamespace = current_schema()::regnamespace"
    " UNION ALL SELECT concat_ws(' ', 'policy', tablename, policyname, cmd, qual, with_check)"
    " FROM pg_policies WHERE schemaname = current_schema()"
    " UNION ALL SELECT concat_ws(' ', 'table', relname, relrowsecurity, relforcerowsecurity)"
    " FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r') AS "
    "all_of"
};

typedef struct SchemaText {
    Arena *arena;
    Str text;
} SchemaText;

static bool read_schema(DbTx *tx, void *argument, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    SchemaText *out = argument;
    if (!db_query(tx, schema, DB_NO_ARGS, &rows, err) || db_next(&rows, err) != DB_ROW)
        return false;
    out->text = db_get_text(&rows, 0, out->arena);
    return true;
}

static Str schema_of(World *world)
{
    const DbWho system = { .is_system = true };
    SchemaText out = { .arena = world->arena };
    Error err = { 0 };
    cr_assert(db_read(world->db, &system, read_schema, &out, &err), "%s", err.message);
    return out.text;
}

/* The first line that only one of them has. */
static void expect_same_schema(Str before, Str after, int number)
{
    Str a, b;
    while (!str_equal(before, after) && str_next(&before, '\n', &a) && str_next(&after, '\n', &b))
        cr_assert(str_equal(a, b), "down to %d and up again: " STR_FMT " is now " STR_FMT, number,
                  STR_ARG(a), STR_ARG(b));
    cr_assert(str_equal(before, after), "down to %d and up again", number);
}

TEST_BOTH(rollback, releases_are_taken_back_and_put_in_again_with_rows_in_every_table)
{
    static const int numbers[] = { 47, 43, 37, 30, 19, 0 };
    World world;
    Error err = { 0 };
    world_open(&world, url);
    world_write(&world, &world.ours, isolation_fill);
    Str before = schema_of(&world);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        MigrateStatus status;
        cr_assert(migrate_down(world.db, numbers[i], &err), "to %d: %s", numbers[i], err.message);
        cr_assert(migrate_status(world.db, &status, &err) && status.applied <= numbers[i]);
        cr_assert(migrate_up(world.db, &err), "up from %d: %s", numbers[i], err.message);
        expect_same_schema(before, schema_of(&world), numbers[i]);
    }
    world_close(&world);
}

/* --- Rows of the tables that a release did not have ------------------------------------------ */

/* A shape of every table, and its rows by number and hash. */
typedef struct Contents {
    MoveShapes shapes;
    MoveReport report;
} Contents;

typedef struct ShapesRead {
    Arena *arena;
    MoveShapes shapes;
} ShapesRead;

static bool read_shapes(DbTx *tx, void *argument, Error *err)
{
    ShapesRead *in = argument;
    return move_shapes(tx, in->arena, &in->shapes, err);
}

static Contents contents_of(World *world)
{
    const DbWho system = { .is_system = true };
    ShapesRead in = { .arena = world->arena };
    Contents contents;
    Error err = { 0 };
    cr_assert(db_read(world->db, &system, read_shapes, &in, &err), "%s", err.message);
    cr_assert(database_tables(world->arena, world->db, &contents.report, &err), "%s", err.message);
    contents.shapes = in.shapes;
    cr_assert_eq(contents.shapes.count, contents.report.count);
    return contents;
}

/* What both have: a table with the same columns has the same rows, and one with others as many. */
static size_t expect_kept(const Contents *before, const Contents *after, int number)
{
    size_t kept = 0;
    for (size_t i = 0; i < before->report.count; i++)
        for (size_t j = 0; j < after->report.count; j++) {
            const MoveTable *a = &before->report.tables[i], *b = &after->report.tables[j];
            const MoveShapes one = { &before->shapes.at[i], 1 },
                             other = { &after->shapes.at[j], 1 };
            Error ignored;
            if (!str_equal(a->name, b->name))
                continue;
            cr_expect_eq(a->rows, b->rows, STR_FMT " without migration %d", STR_ARG(a->name),
                         number);
            if (move_same_shapes(&one, &other, &ignored))
                cr_expect_str_eq(a->sha256, b->sha256, STR_FMT " without migration %d",
                                 STR_ARG(a->name), number);
            kept++;
        }
    return kept;
}

#define OLDEST_UNDONE 74

/* One that has not fired yet is none for older programs. */
static bool fire_alerts(DbTx *tx, World *world, Error *err)
{
    return db_exec(tx, DB_SAME("UPDATE alerts SET fired_at = 1 WHERE workspace = $1"),
                   DB_ARGS(db_text(world->ours.workspace)), NULL, err);
}

TEST_BOTH(rollback, a_migration_that_is_undone_takes_only_its_own_rows)
{
    static const int numbers[] = {
#define MIGRATION(number, name, oldest) 1##number - 10000,
#include "store/migrations.def"
#undef MIGRATION
    };
    World world;
    Error err = { 0 };
    world_open(&world, url);
    world_write(&world, &world.ours, isolation_fill);
    world_write(&world, &world.ours, fire_alerts);
    Contents first = contents_of(&world), before = first;
    for (size_t i = COUNT(numbers) - 1; numbers[i] > OLDEST_UNDONE; i--) {
        cr_assert(migrate_down(world.db, numbers[i - 1], &err), "%s", err.message);
        Contents after = contents_of(&world);
        cr_expect(expect_kept(&before, &after, numbers[i]) > 80);
        before = after;
    }
    cr_assert(migrate_up(world.db, &err), "%s", err.message);
    before = contents_of(&world);
    cr_assert_eq(before.report.count, first.report.count);
    world_close(&world);
}

/* --- Row-level security ------------------------------------------------------------------ */

static bool list_open(DbTx *tx, void *argument, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    SchemaText *out = argument;
    DbStep step = DB_FAILED;
    if (db_query(tx,
                 DB_SAME("SELECT coalesce(string_agg(c.relname, ' ' ORDER BY c.relname), '')"
                         " FROM pg_class c WHERE c.relkind IN ('r', 'p')"
                         " AND c.relnamespace = current_schema()::regnamespace"
                         " AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS"
                         " (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))"),
                 DB_NO_ARGS, &rows, err))
        step = db_next(&rows, err);
    if (step == DB_ROW)
        out->text = db_get_text(&rows, 0, out->arena);
    return step == DB_ROW;
}

Test(rollback, postgres_forces_row_level_security_on_every_table)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const char *url = test_db_ready(arena, DB_POSTGRES);
    const DbWho system = { .is_system = true };
    SchemaText out = { .arena = arena };
    Error err = { 0 };
    Db *db;
    if (!url)
        return;
    cr_assert(db_open(url, NULL, &db, &err) && migrate_up(db, &err), "%s", err.message);
    cr_assert(db_read(db, &system, list_open, &out, &err), "%s", err.message);
    cr_expect(!out.text.length, STR_FMT, STR_ARG(out.text));
    db_close(db);
}
