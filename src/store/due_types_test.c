/* due_types_test.c - the tick of a recurring job finds what there is to do, when it is due. */
#include "store/due.h"
#include "store/isolation_world_test.h"

#define NOW INT64_C(1000000)

/* What is due at NOW, and the same a moment too early, or over. */
static const struct {
    const char *type, *due, *idle;
} cases[] = {
    { "meetings", "UPDATE calendars SET is_on = 1, next_at = 1000000",
      "UPDATE calendars SET next_at = 1000001" },
    { "meetings", "UPDATE meeting_bots SET is_over = 0, next_at = 1000000",
      "UPDATE meeting_bots SET next_at = 1000001" },
    { "connect_due", "UPDATE connections SET is_on = 1, next_at = 1000000",
      "UPDATE connections SET next_at = 1000001" },
    { "approvals", "UPDATE approvals SET state = 'waiting', look_at = 1000000",
      "UPDATE approvals SET look_at = 1000001" },
    { "task_draw", "UPDATE documents SET tasks_drawn = 0", "UPDATE documents SET tasks_drawn = 1" },
    { "task_remind", "UPDATE task_reminders SET fired_at = 0, at = 1000000",
      "UPDATE task_reminders SET at = 1000001" },
    { "batch_tidy", "UPDATE client_files SET expires_at = 1000000",
      "UPDATE client_files SET expires_at = 1000001" },
    { "batch_tidy", "UPDATE batches SET ended_at = 0", "UPDATE batches SET ended_at = 5" },
    { "uploads", "UPDATE file_uploads SET expires_at = 1000000",
      "UPDATE file_uploads SET expires_at = 1000001" },
    { "uploads", "UPDATE file_uploads SET document = 'd'",
      "UPDATE file_uploads SET document = ''" },
    { "remove_workspaces", "UPDATE workspace_removals SET ended_at = 400001",
      "UPDATE workspace_removals SET ended_at = 400000" },
    { "remove_workspaces", "UPDATE workspace_removals SET ended_at = 0, due_at = 1000000",
      "UPDATE workspace_removals SET due_at = 1000001" },
    { "workflow_sweep", "UPDATE workflow_executions SET state = 'running', finished_at = 0",
      "UPDATE workflow_executions SET state = 'completed', finished_at = 5" },
};

static const char *const types[] = {
#define DUE_TYPE(type, has_work) type,
#include "store/due_types.def"
#undef DUE_TYPE
};

static bool run(DbTx *tx, const char *text, Error *err)
{
    return db_exec(tx, DB_SAME(text), DB_NO_ARGS, NULL, err);
}

/* Nothing is due, but each type's tick. */
static bool settle(DbTx *tx, World *world, Error *err)
{
    CALL(run(tx, "UPDATE collections SET draws_tasks_since = 1", err));
    CALL(run(tx,
             "UPDATE documents SET collection = (SELECT min(c.id) FROM collections c"
             " WHERE c.workspace = documents.workspace)",
             err));
    CALL(run(tx, "UPDATE schedules SET is_paused = 1", err));
    for (size_t i = 0; i < COUNT(cases); i++)
        CALL(run(tx, cases[i].idle, err));
    for (size_t i = 0; i < COUNT(types); i++) {
        const Schedule schedule = {
            .name = str(types[i]), .type = str(types[i]), .every_ms = 10000, .next_at_ms = 1
        };
        CALL(schedule_keep(tx, &world->system, &schedule, err));
    }
    return true;
}

/* `wanted` alone has something to do; empty: no type has. */
static bool look(DbTx *tx, World *world, const char *wanted, Error *err)
{
    ScheduleList list;
    CALL(schedule_list_due(tx, &world->system, world->arena, NOW, &list, err));
    EXPECT(list.count == COUNT(types));
    for (size_t i = 0; i < list.count; i++)
        if (list.at[i].is_idle == str_is(list.at[i].type, wanted))
            return fail(err, ERROR_INTERNAL, "'%s' is due, and " STR_FMT " is idle: %d", wanted,
                        STR_ARG(list.at[i].type), list.at[i].is_idle);
    return true;
}

static bool look_at_each(DbTx *tx, World *world, Error *err)
{
    CALL(settle(tx, world, err));
    CALL(look(tx, world, "", err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        CALL(run(tx, cases[i].due, err));
        CALL(look(tx, world, cases[i].type, err));
        CALL(run(tx, cases[i].idle, err));
    }
    return true;
}

TEST_BOTH(store, a_tick_has_something_to_do_when_something_of_its_type_is_due)
{
    World world;
    world_open(&world, url);
    world_write(&world, &world.ours, isolation_fill);
    world_write(&world, &world.system, look_at_each);
    world_close(&world);
}

static bool pass_ticks(DbTx *tx, World *world, Error *err)
{
    const StrList one = { (const Str[]){ S("meetings") }, 1 };
    ScheduleList list;
    CALL(settle(tx, world, err));
    CALL(schedules_pass(tx, &world->system, world->arena, one, NOW, err));
    CALL(schedule_list_due(tx, &world->system, world->arena, NOW, &list, err));
    EXPECT(list.count == COUNT(types) - 1);
    CALL(schedule_list_due(tx, &world->system, world->arena, NOW + 1, &list, err));
    EXPECT(list.count == COUNT(types)); /* every 10 s since 1: 1,000,001 */
    return true;
}

TEST_BOTH(store, a_tick_that_passes_is_followed_by_the_next_at_its_interval)
{
    World world;
    world_open(&world, url);
    world_write(&world, &world.system, pass_ticks);
    world_close(&world);
}

/* A library may have a million documents of which no collection draws tasks. */
STORE_TEST(documents_are_looked_at_only_where_a_collection_draws_tasks)
{
    AUTO_DB_ROWS DbRows rows = { 0 };

    if (db_tx_kind(tx) != DB_SQLITE)
        return true;
    CALL(db_query(tx, DB_SAME("EXPLAIN QUERY PLAN SELECT 1 " TASK_DRAWINGS_DUE), DB_NO_ARGS, &rows,
                  err));
    EXPECT(db_next(&rows, err) == DB_ROW);
    EXPECT(str_find(db_get_text(&rows, 3, world->arena), S("SCAN c")) >= 0);
    EXPECT(db_next(&rows, err) == DB_ROW);
    EXPECT(str_find(db_get_text(&rows, 3, world->arena), S("documents_to_draw")) >= 0);
    return true;
}
