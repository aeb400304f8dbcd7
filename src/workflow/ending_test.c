/* ending_test.c - what an execution has begun ends and rests with it, on both databases. */
#include "approval/approval.h"
#include "workflow/engine_fixture_test.h"

#define ASK_ANN                                                                                    \
    "{\"id\":\"ok\",\"type\":\"approval\","                                                        \
    "\"with\":{\"title\":\"Pay?\",\"users\":[\"ann@example.org\"],\"allow_self\":true}}"
#define ASK                                                                                        \
    "{\"id\":\"ok\",\"type\":\"approval\",\"on_error\":\"continue\",\"timeout_s\":1,"              \
    "\"with\":{\"title\":\"Pay?\",\"users\":[\"ann@example.org\"],\"allow_self\":true}}"

typedef struct Counting {
    Bench *bench;
    ApprovalState state;
    size_t count;
    Str reason;
} Counting;

static bool count_work(DbTx *tx, void *argument, Error *err)
{
    Counting *in = argument;
    const ApprovalFilter filter = { .state = &in->state };
    ApprovalList list;
    if (!approval_list(tx, &in->bench->scope, in->bench->arena, &filter, NULL, &list, err))
        return false;
    in->count = list.count;
    in->reason = list.count ? list.at[0].reason : STR_NONE;
    return true;
}

static Counting count_approvals(Bench *bench, ApprovalState state)
{
    Counting in = { .bench = bench, .state = state };
    bench_write(bench, count_work, &in);
    return in;
}

TEST_BOTH(workflow, an_approval_is_withdrawn_when_the_execution_that_asked_is_over)
{
    static const struct {
        const char *what, *body, *state, *reason;
        bool is_steered;
    } cases[] = {
        { "cancelled",
          "{\"steps\":[{\"id\":\"ok\",\"type\":\"approval\",\"with\":{\"title\":\"Pay?\","
          "\"users\":[\"ann@example.org\"],\"allow_self\":true}}]}",
          "cancelled", "the workflow that asked is cancelled", true },
        { "failed in another branch",
          "{\"steps\":[{\"id\":\"p\",\"type\":\"parallel\",\"branches\":[{\"steps\":[" ASK
          "]},{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"for_s\":0.3},"
          "{\"id\":\"f\",\"type\":\"fail\",\"with\":{\"message\":\"no\"}}]}]}]}",
          "failed", "the workflow that asked goes on without it", false },
    };
    Bench bench = bench_open(url);
    for (size_t i = 0; i < COUNT(cases); i++) {
        WorkflowExecution run = bench_start(&bench, cases[i].body, "{}");
        bench_wait_state(&bench, run.id, 0, "waiting");
        if (cases[i].is_steered)
            cr_assert(bench_steer(&bench, workflow_cancel, run.id), "%s", cases[i].what);
        WorkflowExecution over = bench_wait(&bench, run.id);
        cr_expect(str_is(over.state, cases[i].state), "%s: " STR_FMT, cases[i].what,
                  STR_ARG(over.state));
        Counting ended = count_approvals(&bench, APPROVAL_cancelled);
        cr_expect_eq(ended.count, i + 1, "%s", cases[i].what);
        cr_expect(str_is(ended.reason, cases[i].reason), "%s: " STR_FMT, cases[i].what,
                  STR_ARG(ended.reason));
        cr_expect_eq(count_approvals(&bench, APPROVAL_waiting).count, 0, "%s", cases[i].what);
    }
    bench_close(&bench);
}

TEST_BOTH(workflow, an_approval_ends_with_an_execution_that_is_past_its_time)
{
    Bench bench = bench_open(url);
    clock_set(now_ms() - 120000);
    WorkflowExecution run = bench_start(&bench, "{\"timeout_s\":1,\"steps\":[" ASK_ANN "]}", "{}");
    bench_wait_state(&bench, run.id, 0, "waiting");
    clock_set(0);
    bench_sweep(&bench);
    cr_expect(str_is(bench_wait(&bench, run.id).error_code, "timeout"));
    Counting ended = count_approvals(&bench, APPROVAL_cancelled);
    cr_expect_eq(ended.count, 1);
    cr_expect(str_is(ended.reason, "the workflow that asked is over: it failed"));
    bench_close(&bench);
}

/* Events that nothing waits for yet are sent again. */
static void send_event(Bench *bench, const char *event)
{
    for (int i = 0; i < 2000 && !bench_event(bench, event, "{}"); i++)
        sleep_ms(5);
}

#define GO "{\"id\":\"go\",\"type\":\"wait\",\"event\":\"go\"}],\"output\":\"{{ error.code }}\"}"

TEST_BOTH(workflow, what_a_step_waited_for_ends_when_the_execution_goes_on_without_it)
{
    static const struct {
        const char *what, *body, *output;
        size_t approvals;
    } cases[] = {
        { "an approval", "{\"steps\":[" ASK "," GO, "\"timeout\"", 1 },
        { "items that ask",
          "{\"steps\":[{\"id\":\"e\",\"type\":\"for_each\",\"items\":\"[1,2]\",\"timeout_s\":1,"
          "\"on_error\":\"continue\",\"steps\":[" ASK_ANN "]}," GO,
          "\"timeout\"", 2 },
        { "branches beside one that fails",
          "{\"steps\":[{\"id\":\"p\",\"type\":\"parallel\",\"on_error\":\"continue\",\"branches\":["
          "{"
          "\"steps\":[" ASK_ANN "]},{\"steps\":[{\"id\":\"s\",\"type\":\"workflow\",\"with\":{"
          "\"workflow\":\"inner\"}}]},{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"for_s\":0.3},"
          "{\"id\":\"f\",\"type\":\"fail\",\"with\":{\"message\":\"no\"}}]}]}," GO,
          "\"invalid\"", 1 },
        { "another workflow",
          "{\"steps\":[{\"id\":\"s\",\"type\":\"workflow\",\"timeout_s\":1,\"on_error\":"
          "\"continue\","
          "\"with\":{\"workflow\":\"inner\"}}," GO,
          "\"timeout\"", 0 },
    };
    Bench bench = bench_open(url);
    size_t ended = 0;
    bench_save(&bench, "inner",
               "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"event\":\"never\"}]}");
    for (size_t i = 0; i < COUNT(cases); i++) {
        WorkflowExecution run = bench_start(&bench, cases[i].body, "{}");
        send_event(&bench, "go");
        WorkflowExecution over = bench_wait(&bench, run.id);
        Counting approvals = count_approvals(&bench, APPROVAL_cancelled);
        ended += cases[i].approvals;
        cr_expect(str_is(over.output, cases[i].output), "%s: " STR_FMT " " STR_FMT, cases[i].what,
                  STR_ARG(over.output), STR_ARG(over.error));
        cr_expect_eq(approvals.count, ended, "%s: %zu", cases[i].what, approvals.count);
        cr_expect(str_is(approvals.reason, "the workflow that asked goes on without it"),
                  "%s: " STR_FMT, cases[i].what, STR_ARG(approvals.reason));
        cr_expect_eq(bench_open_count(&bench), 0, "%s", cases[i].what);
        cr_expect_eq(bench_event(&bench, "never", "{}"), 0, "%s", cases[i].what);
    }
    bench_close(&bench);
}

TEST_BOTH(workflow, items_whose_time_was_up_do_not_walk_into_the_next_step)
{
    Bench bench = bench_open(url);
    WorkflowExecution run = bench_start(
        &bench,
        "{\"steps\":[{\"id\":\"e\",\"type\":\"for_each\",\"items\":\"[1]\",\"timeout_s\":1,"
        "\"on_error\":\"continue\",\"steps\":[{\"id\":\"late\",\"type\":\"wait\",\"event\":"
        "\"late\"}]},{\"id\":\"p\",\"type\":\"for_each\",\"items\":\"[1]\",\"steps\":[{\"id\":"
        "\"n\",\"type\":\"wait\",\"event\":\"next\"},{\"id\":\"w\","
        "\"type\":\"wait\",\"event\":\"go\"},{\"id\":\"v\",\"type\":\"compute\",\"with\":{"
        "\"values\":7}}]}],\"output\":\"{{ steps.p.items }}\"}",
        "{}");
    send_event(&bench, "next");
    cr_expect_eq(bench_event(&bench, "late", "{}"), 0);
    send_event(&bench, "go");
    cr_expect(str_is(bench_wait(&bench, run.id).output, "[7]"));
    bench_close(&bench);
}

TEST_BOTH(workflow, an_approval_of_another_execution_stays)
{
    Bench bench = bench_open(url);
    const char *body =
        "{\"steps\":[{\"id\":\"ok\",\"type\":\"approval\",\"with\":{\"title\":\"Pay?\","
        "\"users\":[\"ann@example.org\"],\"allow_self\":true}}]}";
    WorkflowExecution one = bench_start(&bench, body, "{}"), two = bench_start_again(&bench, "{}");
    bench_wait_state(&bench, one.id, 0, "waiting");
    bench_wait_state(&bench, two.id, 0, "waiting");
    cr_expect(bench_steer(&bench, workflow_cancel, one.id));
    cr_expect_eq(count_approvals(&bench, APPROVAL_waiting).count, 1);
    bench_close(&bench);
}

#define OUTER                                                                                      \
    "{\"steps\":[{\"id\":\"s\",\"type\":\"workflow\",\"with\":{\"workflow\":\"inner\"}}],"         \
    "\"output\":\"{{ steps.s.output }}\"}"

TEST_BOTH(workflow, a_pause_rests_what_is_waited_for_too_and_both_go_on)
{
    Bench bench = bench_open(url);
    bench_save(&bench, "inner",
               "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"event\":\"go\"}],\"output\":7}");
    WorkflowExecution run = bench_start(&bench, OUTER, "{}");
    bench_wait_state(&bench, run.id, 0, "waiting");
    bench_rest(&bench);
    cr_assert(bench_steer(&bench, workflow_pause, run.id));
    cr_expect_eq(bench_event(&bench, "go", "{}"), 1);
    bench_rest(&bench);
    cr_expect_eq(bench_open_count(&bench), 2, "the inner one went on");
    cr_assert(bench_steer(&bench, workflow_resume, run.id));
    cr_expect(str_is(bench_wait(&bench, run.id).output, "7"));
    bench_close(&bench);
}

TEST_BOTH(workflow, what_is_waited_for_ends_when_another_branch_fails)
{
    Bench bench = bench_open(url);
    bench_save(&bench, "inner",
               "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"event\":\"never\"}]}");
    WorkflowExecution run = bench_run(
        &bench,
        "{\"steps\":[{\"id\":\"p\",\"type\":\"parallel\",\"branches\":[{\"steps\":["
        "{\"id\":\"s\",\"type\":\"workflow\",\"with\":{\"workflow\":\"inner\"}}]},{\"steps\":["
        "{\"id\":\"w\",\"type\":\"wait\",\"for_s\":0.3},"
        "{\"id\":\"f\",\"type\":\"fail\",\"with\":{\"message\":\"no\"}}]}]}]}",
        "{}");
    cr_expect(str_is(run.state, "failed"));
    cr_expect_eq(bench_open_count(&bench), 0);
    bench_close(&bench);
}
