/* retention_test.c - what is old goes in parts, what is young and what is another's kind stays. */
#include "store/retention.h"

#include "store/isolation_world_test.h"
#include "store/sql.h"

#define OLD 1000000
#define YOUNG 9000000

static const struct {
    const char *table, *column, *condition;
} rows[] = {
#define KEPT_FOR(id, table, column, condition, setting, what) { table, column, condition },
#define KEPT_DAYS(id, table, column, condition, days, what) { table, column, condition },
#define KEPT_UNTIL(id, table, column, condition, setting, long_, what) { table, column, condition },
#define KEPT_APART(what, long_, setting)
#include "store/retention.def"
#undef KEPT_FOR
#undef KEPT_DAYS
#undef KEPT_UNTIL
#undef KEPT_APART
};

static bool set_time(DbTx *tx, World *world, RetentionOf of, int64_t time, Error *err)
{
    Str sql = str_format(world->arena, "UPDATE %s SET %s = $1", rows[of].table, rows[of].column);
    return db_exec(tx, DB_SAME(sql.at), DB_ARGS(db_int(time)), NULL, err);
}

static bool count_rows(DbTx *tx, World *world, RetentionOf of, int64_t *count, Error *err)
{
    Str sql = str_format(world->arena, "SELECT count(*) FROM %s", rows[of].table);
    return db_query_int(tx, DB_SAME(sql.at), DB_NO_ARGS, 0, count, err);
}

static bool goes_when_it_is_old(DbTx *tx, World *world, RetentionOf of, Error *err)
{
    const Scope *system = &world->system;
    int64_t before, after, removed;
    CALL(count_rows(tx, world, of, &before, err));
    if (!before)
        return fail(err, ERROR_INTERNAL, "%s is empty: fill it in isolation_world_test.c",
                    retention_table(of));
    CALL(set_time(tx, world, of, YOUNG, err));
    CALL(retention_cut(tx, system, of, YOUNG, 1000, &removed, err));
    if (removed)
        return fail(err, ERROR_INTERNAL, "%s loses what is young", retention_table(of));
    CALL(set_time(tx, world, of, OLD, err));
    CALL(retention_cut(tx, system, of, YOUNG, 1, &removed, err));
    EXPECT(removed == 1);
    CALL(retention_cut(tx, system, of, YOUNG, 1000, &removed, err));
    CALL(count_rows(tx, world, of, &after, err));
    if (after)
        return fail(err, ERROR_INTERNAL, "%s keeps what is old", retention_table(of));
    return true;
}

static bool all_go(DbTx *tx, World *world, Error *err)
{
    for (RetentionOf of = 0; of < RETENTION_COUNT; of++)
        CALL(goes_when_it_is_old(tx, world, of, err));
    return true;
}

TEST_BOTH(store, what_is_kept_for_a_time_goes_in_parts_when_it_is_over_and_not_before)
{
    World world;

    world_open(&world, url);
    world_write(&world, &world.ours, isolation_fill);
    world_write(&world, &world.system, all_go);
    world_close(&world);
}

/* It is looked for every ten minutes. */
static bool is_found_by_an_index(DbTx *tx, World *world, RetentionOf of, Error *err)
{
    AUTO_DB_ROWS DbRows result = { 0 };
    const char *condition = rows[of].condition;
    Str sql =
        str_format(world->arena, "EXPLAIN QUERY PLAN SELECT rowid FROM %s WHERE %s < 5%s%s LIMIT 5",
                   rows[of].table, rows[of].column, condition[0] ? " AND " : "", condition);
    CALL(db_query(tx, DB_SAME(sql.at), DB_NO_ARGS, &result, err));
    CALL(db_next(&result, err) == DB_ROW);
    Str plan = db_get_text(&result, 3, world->arena);
    return str_starts(plan, S("SEARCH ")) ||
           fail(err, ERROR_INTERNAL, "%s is read whole: " STR_FMT, rows[of].table, STR_ARG(plan));
}

STORE_TEST(what_is_old_is_found_without_reading_the_table)
{
    for (RetentionOf of = 0; db_tx_kind(tx) == DB_SQLITE && of < RETENTION_COUNT; of++)
        CALL(is_found_by_an_index(tx, world, of, err));
    return true;
}
