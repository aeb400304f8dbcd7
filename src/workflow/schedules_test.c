/* schedules_test.c - triggers by the clock, from the definition to an execution, on both databases.
 */
#include "workflow/engine_fixture_test.h"

#define STEPS                                                                                      \
    "\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":\"{{ input.n }}\"}}],"     \
    "\"output\":\"{{ steps.a }}\"}"
#define DAILY                                                                                      \
    "{\"on\":\"schedule\",\"cron\":\"0 3 * * *\",\"zone\":\"Europe/Berlin\",\"input\":{\"n\":5}}"
#define HOURLY "{\"on\":\"schedule\",\"every_s\":3600,\"when\":\"document != null\"}"

typedef struct Listing {
    Bench *bench;
    ScheduleList list;
    WorkflowExecutionList executions;
} Listing;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    Listing *in = argument;
    const Slice all = { .limit = SLICE_MAX };
    const WorkflowExecutionFilter any = { .parent = S("*") };
    return schedule_list(tx, &in->bench->scope, in->bench->arena, &all, &in->list, err) &&
           workflow_execution_list(tx, &in->bench->scope, in->bench->arena, &any, &all,
                                   &in->executions, err);
}

static Listing list(Bench *bench)
{
    Listing in = { .bench = bench };
    bench_write(bench, list_work, &in);
    return in;
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    return workflow_removed(tx, &bench->scope, bench->arena, &bench->recipe, err);
}

TEST_BOTH(workflow, a_trigger_by_the_clock_has_its_schedule_and_starts_the_workflow)
{
    Bench bench = bench_open(url);
    bench_save(&bench, "daily", "{\"triggers\":[" DAILY "]," STEPS);
    Listing in = list(&bench);
    cr_assert_eq(in.list.count, 1);
    cr_expect(str_is(in.list.at[0].cron, "0 3 * * *"));
    cr_expect(str_is(in.list.at[0].zone, "Europe/Berlin"));
    clock_set(in.list.at[0].next_at_ms + 1000);
    for (int i = 0; i < 2000 && !in.executions.count; i++) {
        sleep_ms(5);
        in = list(&bench);
    }
    clock_set(0);
    cr_assert_eq(in.executions.count, 1);
    WorkflowExecution over = bench_wait(&bench, in.executions.at[0].id);
    cr_expect(str_is(over.output, "5"), STR_FMT, STR_ARG(over.error));
    cr_expect(str_is(over.started_by, "schedule"));
    bench_close(&bench);
}

TEST_BOTH(workflow, the_schedules_of_a_workflow_are_those_of_its_definition)
{
    static const struct {
        const char *what, *body;
        size_t count;
        int64_t every_ms; /* of the first */
        bool keeps_time, keeps_id;
    } cases[] = {
        { "another one is added", "{\"triggers\":[" DAILY "," HOURLY "]," STEPS, 2, 0, true, true },
        { "the first goes", "{\"triggers\":[" HOURLY "]," STEPS, 1, 3600000, false, true },
        { "it stays as it is", "{\"triggers\":[{\"on\":\"upload\"}," HOURLY "]," STEPS, 1, 3600000,
          true, true },
        { "nothing triggers it", "{\"enabled\":false,\"triggers\":[" HOURLY "]," STEPS, 0, 0, false,
          false },
        { "it comes back", "{\"triggers\":[" DAILY "]," STEPS, 1, 0, false, false },
        { "there are none", "{" STEPS, 0, 0, false, false },
    };
    Bench bench = bench_open(url);
    bench_save(&bench, "other", "{\"triggers\":[" DAILY "]," STEPS);
    Str other = list(&bench).list.at[0].id;
    bench_save(&bench, "timed", "{\"triggers\":[" DAILY "]," STEPS);
    Schedule before = list(&bench).list.at[1];
    for (size_t i = 0; i < COUNT(cases); i++) {
        bench_change(&bench, cases[i].body);
        ScheduleList now = list(&bench).list;
        cr_assert_eq(now.count, cases[i].count + 1, "%s: %zu", cases[i].what, now.count);
        cr_expect(str_equal(now.at[0].id, other), "%s", cases[i].what);
        if (!cases[i].count)
            continue;
        Schedule first = now.at[1];
        cr_expect_eq(first.every_ms, cases[i].every_ms, "%s", cases[i].what);
        cr_expect_eq(first.next_at_ms == before.next_at_ms, cases[i].keeps_time, "%s",
                     cases[i].what);
        cr_expect_eq(str_equal(first.id, before.id), cases[i].keeps_id, "%s", cases[i].what);
        before = first;
    }
    bench_close(&bench);
}

TEST_BOTH(workflow, a_workflow_that_is_removed_leaves_no_schedule)
{
    Bench bench = bench_open(url);
    bench_save(&bench, "timed", "{\"triggers\":[" DAILY "]," STEPS);
    bench_write(&bench, remove_work, &bench);
    cr_expect_eq(list(&bench).list.count, 0);
    bench_close(&bench);
}

Test(workflow, a_trigger_by_the_clock_says_when)
{
    static const struct {
        const char *trigger, *said;
    } cases[] = {
        { "{\"on\":\"schedule\"}", "either 'cron' or 'every_s'" },
        { "{\"on\":\"schedule\",\"cron\":\"0 3 * *\"}", "triggers[0]" },
        { "{\"on\":\"schedule\",\"cron\":\"0 3 * * *\",\"zone\":\"Berlin\"}", "triggers[0]" },
        { "{\"on\":\"schedule\",\"every_s\":5}", "at most once in 60 seconds" },
        { "{\"on\":\"schedule\",\"every_s\":\"60\"}", "whole number" },
        { "{\"on\":\"schedule\",\"every_s\":60,\"cron\":\"0 3 * * *\"}", "either" },
        { "{\"on\":\"upload\",\"cron\":\"0 3 * * *\"}", "only a trigger 'schedule'" },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_JSON json_t *body = NULL;
        Error err = { 0 };
        Str text = str_format(arena, "{\"triggers\":[%s]," STEPS, cases[i].trigger);
        cr_assert(json_parse(text, WORKFLOW_BYTES_MAX, &body, &err), "%s", err.message);
        cr_expect_not(workflow_check(arena, body, &err), "%s", cases[i].trigger);
        cr_expect(strstr(err.message, cases[i].said), "%s: %s", cases[i].trigger, err.message);
    }
}
