/* sql_test.c - how lists in one argument are looked up. */
#include "store/sql.h"
#include "store/world_test.h"

static bool plan_of(DbTx *tx, World *world, DbSql sql, Str *plan_r, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    int64_t numbers[] = { 3, 5, 8 };
    Buf plan = buf_new(world->arena, KB(8));
    DbStep step;

    if (!db_query(tx, sql,
                  DB_ARGS(db_text(world->ours.workspace),
                          sql_numbers(tx, world->arena, numbers, COUNT(numbers))),
                  &rows, err))
        return false;
    while ((step = db_next(&rows, err)) == DB_ROW) {
        buf_add(&plan, db_get_text(&rows, 0, world->arena));
        buf_add_char(&plan, '\n');
    }
    *plan_r = buf_str(&plan);
    return step == DB_END;
}

#define EXPLAIN "EXPLAIN (COSTS OFF) SELECT 1 FROM chunks WHERE workspace = $1 AND "

STORE_TEST(a_list_of_numbers_is_read_once_a_statement_and_looked_up_in_an_index)
{
    Str filter, lookup;

    if (db_tx_kind(tx) == DB_SQLITE) /* json_each is a table */
        return true;
    CALL(db_exec(tx, DB_SAME("SET LOCAL enable_seqscan = off"), DB_NO_ARGS, NULL, err));
    CALL(plan_of(tx, world, SQL_IN(EXPLAIN "number + 0", 2, ""), &filter, err));
    EXPECT(str_find(filter, S("InitPlan")) >= 0 && str_find(filter, S("Filter")) >= 0);
    EXPECT(str_find(filter, S("ANY ($")) >= 0);
    CALL(plan_of(tx, world, SQL_IN(EXPLAIN "number", 2, ""), &lookup, err));
    EXPECT(str_find(lookup, S("Index Cond")) >= 0 && str_find(lookup, S("ANY ($")) >= 0);
    return true;
}
