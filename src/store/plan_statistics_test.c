/* plan_statistics_test.c - what SQLite's planner knows, and what it makes of it. */
#include "store/plan_statistics.h"

#include "store/migrate.h"
#include "store/sql.h"
#include "store/world_test.h"

static bool count_is(DbTx *tx, World *world, const char *sql, int64_t expected, Error *err)
{
    int64_t count;
    (void)world;
    CALL(db_query_int(tx, DB_SQL(sql, NULL), DB_NO_ARGS, -1, &count, err));
    return count == expected ||
           fail(err, ERROR_INTERNAL, "%" PRId64 " and not %" PRId64 ": %s", count, expected, sql);
}

STORE_TEST(the_planner_knows_of_each_table_and_each_index)
{
    if (db_tx_kind(tx) != DB_SQLITE)
        return true;
    return count_is(tx, world,
                    "SELECT count(*) FROM pragma_table_list t WHERE t.schema = 'main'"
                    " AND t.type = 'table' AND t.name NOT LIKE 'sqlite%'"
                    " AND t.name NOT IN (SELECT tbl FROM sqlite_stat1)",
                    0, err) &&
           count_is(tx, world,
                    "SELECT count(*) FROM pragma_table_list t JOIN pragma_index_list(t.name) x"
                    " WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%'"
                    " AND NOT EXISTS (SELECT 1 FROM sqlite_stat1 s WHERE s.tbl = t.name"
                    "  AND s.idx = CASE WHEN t.wr AND x.origin = 'pk' THEN t.name ELSE x.name END)",
                    0, err);
}

/* A table or column that is renamed or gone has no line any more. */
STORE_TEST(what_is_said_of_a_table_or_a_column_is_of_one_that_is_there)
{
    static const char *const tables[] = {
#define PLAN_TABLE(table, rows) #table,
#include "store/plan_statistics.def"
    };
    static const char *const columns[][2] = {
#define PLAN_COLUMN(table, column, values) { #table, #column },
#include "store/plan_statistics.def"
    };
    int64_t count;
    (void)world;
    if (db_tx_kind(tx) != DB_SQLITE)
        return true;
    for (size_t i = 0; i < COUNT(tables); i++) {
        CALL(db_query_int(tx, DB_SAME("SELECT count(*) FROM sqlite_stat1 WHERE tbl = $1"),
                          DB_ARGS(db_text(str(tables[i]))), 0, &count, err));
        if (!count)
            return fail(err, ERROR_INTERNAL, "there is no table %s", tables[i]);
    }
    for (size_t i = 0; i < COUNT(columns); i++) {
        CALL(db_query_int(tx,
                          DB_SAME("SELECT count(*) FROM sqlite_stat1 s, pragma_index_xinfo(s.idx) c"
                                  " WHERE $1 IN (s.tbl, 'ANY') AND c.name = $2 AND c.key = 1"),
                          DB_ARGS(db_text(str(columns[i][0])), db_text(str(columns[i][1]))), 0,
                          &count, err));
        if (!count)
            return fail(err, ERROR_INTERNAL, "no index of %s begins with or goes on with %s",
                        columns[i][0], columns[i][1]);
    }
    return true;
}

STORE_TEST(a_unique_index_finds_one_row_and_a_workspace_has_many)
{
    if (db_tx_kind(tx) != DB_SQLITE)
        return true;
    return count_is(tx, world,
                    "SELECT count(*) FROM sqlite_stat1 WHERE stat = '10000000 1000000 1 noskipscan'"
                    " AND idx = 'sqlite_autoindex_documents_1'",
                    1, err) &&
           count_is(tx, world,
                    "SELECT count(*) FROM sqlite_stat1 WHERE idx = 'document_tags_by_document'"
                    " AND stat = '20000000 2000000 10 noskipscan'",
                    1, err);
}

static bool spoil(DbTx *tx, World *world, Error *err)
{
    (void)world;
    return db_exec_script(tx,
                          "CREATE INDEX documents_odd ON documents (format, language);"
                          "UPDATE sqlite_stat1 SET stat = '1 1' WHERE idx = 'documents_created';"
                          "DELETE FROM sqlite_stat1 WHERE tbl = 'chunks'",
                          err);
}

static bool is_mended(DbTx *tx, World *world, Error *err)
{
    return count_is(tx, world, "SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'chunks'", 3, err) &&
           count_is(tx, world, "SELECT count(*) FROM sqlite_stat1 WHERE stat = '1 1'", 0, err) &&
           count_is(tx, world,
                    "SELECT count(*) FROM sqlite_stat1 WHERE idx = 'documents_odd'"
                    " AND stat = '10000000 1000000 10 noskipscan'",
                    1, err);
}

Test(store, statistics_that_are_missing_or_others_are_written_at_the_next_start)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    World world;
    Error err = { 0 };
    world_open(&world, test_db_ready(arena, DB_SQLITE));
    world_write(&world, &world.system, spoil);
    cr_assert(migrate_up(world.db, &err), "%s", err.message);
    world_write(&world, &world.system, is_mended);
    world_close(&world);
}

/* Without statistics the index of a state, which ten rows are believed to share, is taken and its
 * rows are sorted. */
STORE_TEST(the_newest_of_a_workspace_are_read_in_their_order)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    if (db_tx_kind(tx) != DB_SQLITE)
        return true;
    CALL(db_query(tx,
                  DB_SQL("EXPLAIN QUERY PLAN SELECT * FROM documents WHERE workspace = $1"
                         " AND deleted_at = 0 ORDER BY created_at DESC, id DESC LIMIT 50",
                         NULL),
                  DB_ARGS(db_text(world->ours.workspace)), &rows, err));
    EXPECT(db_next(&rows, err) == DB_ROW);
    EXPECT(str_find(db_get_text(&rows, 3, world->arena), S("documents_created")) >= 0);
    EXPECT(db_next(&rows, err) == DB_END);
    return true;
}
