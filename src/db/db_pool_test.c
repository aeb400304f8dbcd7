/* db_pool_test.c - a pool that is full, and a database that another host takes over. */
#include "db/db_pool.h"

#include "db/fixture_test.h"

TestSuite(db_pool, .timeout = 60);

static bool open_one(void *owner, void **connection_r, Error *err)
{
    (void)err;
    *connection_r = owner;
    ++*(int *)owner;
    return true;
}

static void close_one(void *connection) { --*(int *)connection; }

Test(db_pool, who_waits_too_long_for_a_connection_is_told_that_all_are_busy)
{
    int open_count = 0;
    DbPool *pool = db_pool_new((DbPoolOwner){ open_one, close_one, &open_count }, 2, 0);
    DbPooled first, second, third;
    Error err = { 0 };
    cr_assert(db_pool_take(pool, &first, &err) && db_pool_take(pool, &second, &err));
    cr_assert(!db_pool_take(pool, &third, &err));
    cr_expect_eq(err.code, ERROR_BUSY);
    cr_expect(strstr(err.message, "all 2 connections to the database are busy"), "%s", err.message);
    db_pool_give(pool, &first);
    cr_assert(db_pool_take(pool, &third, &err), "%s", err.message);
    cr_expect_eq(open_count, 2);
    db_pool_give(pool, &second);
    db_pool_give(pool, &third);
    db_pool_free(pool);
    cr_expect_eq(open_count, 0);
}

typedef struct Place {
    Arena *arena;
    Str folder;
} Place;

static bool read_place(DbTx *tx, void *argument, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    Place *place = argument;
    if (!db_query(tx, DB_SAME("SELECT current_setting('data_directory')"), DB_NO_ARGS, &rows,
                  err) ||
        db_next(&rows, err) != DB_ROW)
        return false;
    place->folder = db_get_text(&rows, 0, place->arena);
    return true;
}

Test(db_pool, work_goes_on_at_the_next_host_when_the_first_is_gone)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const char *one, *other;
    Place place = { .arena = arena };
    Error err = { 0 };
    Db *db;
    if (!test_postgres_own(arena, &one) || !test_postgres_own(arena, &other))
        return;
    Str url = str_format(arena,
                         "postgresql://postgres@/postgres?host=%s/pg,%s/pg"
                         "&target_session_attrs=read-write",
                         one, other);
    cr_assert(db_open(url.at, NULL, &db, &err), "%s", err.message);
    cr_assert(db_read(db, NULL, read_place, &place, &err), "%s", err.message);
    cr_expect(str_starts(place.folder, str(one)));
    test_postgres_stop(one);
    cr_assert(db_read(db, NULL, read_place, &place, &err), "%s", err.message);
    cr_expect(str_starts(place.folder, str(other)));
    db_close(db);
    test_postgres_stop(other);
}
