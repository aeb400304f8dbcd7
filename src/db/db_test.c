#include "db/fixture_test.h"

static Arena *arena;
static void open_arena(void) { arena = arena_new(MB(16)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(db, .init = open_arena, .fini = close_arena);

static const DbWho system_who = { .is_system = true };

static bool make_table(DbTx *tx, void *argument, Error *err)
{
    (void)argument;
    return db_exec_script(tx, "CREATE TABLE t (n BIGINT PRIMARY KEY, s TEXT)", err);
}

static bool insert(DbTx *tx, void *argument, Error *err)
{
    return db_exec(tx, DB_SAME("INSERT INTO t VALUES ($1, $2)"),
                   DB_ARGS(db_int(*(int64_t *)argument), db_text(S("x"))), NULL, err);
}

static bool count(DbTx *tx, void *argument, Error *err)
{
    return db_query_int(tx, DB_SAME("SELECT count(*) FROM t"), DB_NO_ARGS, 0, argument, err);
}

TEST_BOTH(db, a_write_is_read_and_a_conflict_is_named)
{
    Error err = { 0 };
    Db *db;
    int64_t n = 5, rows;
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    cr_assert(db_write_schema(db, make_table, NULL, &err), "%s", err.message);
    cr_assert(db_write(db, &system_who, insert, &n, &err), "%s", err.message);
    cr_assert(!db_write(db, &system_who, insert, &n, &err));
    cr_assert_eq(err.code, ERROR_CONFLICT);
    cr_assert(db_read(db, &system_who, count, &rows, &err), "%s", err.message);
    cr_assert_eq(rows, 1);
    db_close(db);
}
