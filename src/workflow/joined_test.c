/* joined_test.c - notices of one advance are stored together, each once, on both databases. */
#include "store/events.h"
#include "workflow/engine_fixture_test.h"

#include <stdatomic.h>

#define NOTE(id, more)                                                                             \
    "{\"id\":\"" id "\",\"type\":\"notification\",\"with\":{\"title\":\"" id "\"" more "}}"
#define VALUE(id) "{\"id\":\"" id "\",\"type\":\"compute\",\"with\":{\"values\":1}}"

static atomic_int move_count;

/* One for each transaction in which a frame moved. */
static void count_moves(void *argument, const char *channel, Str text)
{
    EventLine line;
    (void)argument, (void)channel;
    while (event_line_next(&text, &line))
        if (line.kind == EVENT_workflow && str_find(line.data, S("state")) < 0)
            atomic_fetch_add(&move_count, 1);
}

TEST_BOTH(workflow, notices_of_an_advance_are_one_transaction)
{
    Error err = { 0 };
    Bench bench = bench_open(url);
    cr_assert(db_listen(bench.db, EVENTS_CHANGED, count_moves, NULL, &err), "%s", err.message);
    WorkflowExecution run = bench_run(
        &bench,
        "{\"steps\":[" NOTE("a", "") "," VALUE("b") "," NOTE("c", "") "," NOTE("d", "") "]}", "{}");
    cr_expect(str_is(run.state, "done"));
    cr_expect_eq(bench_unread(&bench), 3);
    cr_expect_eq(bench_steps(&bench, run.id).count, 4);
    bench_rest(&bench);
    cr_expect_eq(atomic_load(&move_count), 1);
    bench_close(&bench);
}

/* Which of several was refused nobody knows until they are tried one by one. */
TEST_BOTH(workflow, a_notice_that_is_refused_fails_alone_and_the_others_are_told_once)
{
    Bench bench = bench_open(url);
    WorkflowExecution run = bench_run(
        &bench,
        "{\"steps\":[" NOTE("a", "") "," VALUE(
            "b") ","
                 "{\"id\":\"c\",\"type\":\"notification\",\"on_error\":\"continue\","
                 "\"with\":{\"title\":\"c\",\"to\":\"nobody@example.org\"}}," NOTE("d", "") "]}",
        "{}");
    WorkflowStepList steps = bench_steps(&bench, run.id);
    static const char *const states[] = { "done", "done", "failed", "done" };
    cr_expect(str_is(run.state, "done"));
    cr_assert_eq(steps.count, COUNT(states));
    for (size_t i = 0; i < COUNT(states); i++)
        cr_expect(str_is(steps.at[i].state, states[i]), "%zu", i);
    cr_expect_eq(bench_unread(&bench), 2);
    bench_close(&bench);
}
