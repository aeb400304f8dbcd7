/* engine_test.c - workflows walked by the real queue, on both databases. */
#include "approval/approval.h"
#include "workflow/engine_fixture_test.h"

/* What comes of a definition with an input: the state, and the output or the error. */
static const struct {
    const char *what, *body, *input, *state, *said;
} cases[] = {
    { "values are worked out of others",
      "{\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":{\"n\":\"{{ input.n + 1 "
      "}}\"}}},"
      "{\"id\":\"b\",\"type\":\"compute\",\"with\":{\"values\":\"{{ steps.a.n * 2 }}\"}}],"
      "\"output\":\"{{ steps.b }}\"}",
      "{\"n\":4}", "done", "10" },
    { "a condition goes its way",
      "{\"steps\":[{\"id\":\"c\",\"type\":\"condition\",\"if\":\"input.n > 3\",\"then\":\"big\"},"
      "{\"id\":\"small\",\"type\":\"compute\",\"with\":{\"values\":1},\"next\":\"end\"},"
      "{\"id\":\"big\",\"type\":\"compute\",\"with\":{\"values\":2}}],"
      "\"output\":[\"{{ steps.small }}\",\"{{ steps.big }}\"]}",
      "{\"n\":4}", "done", "[null,2]" },
    { "a switch chooses by value, else the default",
      "{\"steps\":[{\"id\":\"s\",\"type\":\"switch\",\"on\":\"input.kind\",\"cases\":{\"x\":\"a\"},"
      "\"default\":\"b\"},"
      "{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":1},\"next\":\"end\"},"
      "{\"id\":\"b\",\"type\":\"compute\",\"with\":{\"values\":2}}],\"output\":\"{{ steps.b ?? "
      "steps.a }}\"}",
      "{\"kind\":\"y\"}", "done", "2" },
    { "all branches are walked, and their last outputs given in order",
      "{\"steps\":[{\"id\":\"p\",\"type\":\"parallel\",\"branches\":["
      "{\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":1}}]},"
      "{\"steps\":[{\"id\":\"b\",\"type\":\"wait\",\"for_s\":0.02},{\"id\":\"c\",\"type\":"
      "\"compute\","
      "\"with\":{\"values\":2}}]}]}],\"output\":\"{{ steps.p.branches }}\"}",
      "{}", "done", "[1,2]" },
    { "items are walked a few at a time, each with its own index",
      "{\"steps\":[{\"id\":\"e\",\"type\":\"for_each\",\"items\":\"input.list\",\"at_once\":2,"
      "\"steps\":["
      "{\"id\":\"v\",\"type\":\"compute\",\"with\":{\"values\":\"{{ item * 10 + index }}\"}}]}],"
      "\"output\":\"{{ steps.e.items }}\"}",
      "{\"list\":[1,2,3,4,5]}", "done", "[10,21,32,43,54]" },
    { "no items are over at once",
      "{\"steps\":[{\"id\":\"e\",\"type\":\"for_each\",\"items\":\"input.list\",\"steps\":["
      "{\"id\":\"v\",\"type\":\"compute\",\"with\":{\"values\":1}}]}],\"output\":\"{{ "
      "steps.e.count }}\"}",
      "{\"list\":[]}", "done", "0" },
    { "an item that fails fails all",
      "{\"steps\":[{\"id\":\"e\",\"type\":\"for_each\",\"items\":\"input.list\",\"steps\":["
      "{\"id\":\"v\",\"type\":\"compute\",\"with\":{\"values\":\"{{ 1 / item }}\"}}]}]}",
      "{\"list\":[1,0,2]}", "failed", "e: step 'v'" },
    { "unless it is said to go on",
      "{\"steps\":[{\"id\":\"e\",\"type\":\"for_each\",\"items\":\"input.list\",\"on_item_error\":"
      "\"continue\","
      "\"steps\":[{\"id\":\"v\",\"type\":\"compute\",\"with\":{\"values\":\"{{ 1 / item }}\"}}]}],"
      "\"output\":[\"{{ steps.e.failed }}\",\"{{ steps.e.items[0] }}\",\"{{ steps.e.items[1] "
      "}}\"]}",
      "{\"list\":[1,0,2]}", "done", "[1,1,null]" },
    { "sequences stand inside others",
      "{\"steps\":[{\"id\":\"e\",\"type\":\"for_each\",\"items\":\"input.list\",\"steps\":["
      "{\"id\":\"p\",\"type\":\"parallel\",\"branches\":[{\"steps\":[{\"id\":\"v\",\"type\":"
      "\"compute\","
      "\"with\":{\"values\":\"{{ item + 1 }}\"}}]}]}]}],\"output\":\"{{ pluck(steps.e.items, "
      "\\\"branches\\\") }}\"}",
      "{\"list\":[1,2]}", "done", "[[2],[3]]" },
    { "a failure is the execution's, with the step",
      "{\"steps\":[{\"id\":\"f\",\"type\":\"fail\",\"with\":{\"message\":\"no {{ input.n }}\"}}]}",
      "{\"n\":7}", "failed", "f: no 7" },
    { "an error has a branch, which is told of it",
      "{\"steps\":[{\"id\":\"f\",\"type\":\"fail\",\"with\":{\"message\":\"no\"},\"on_error\":"
      "\"h\"},"
      "{\"id\":\"never\",\"type\":\"compute\",\"with\":{\"values\":1}},"
      "{\"id\":\"h\",\"type\":\"compute\",\"with\":{\"values\":\"{{ error.message }} at {{ "
      "error.step }}\"}}],"
      "\"output\":[\"{{ steps.h }}\",\"{{ steps.never }}\"]}",
      "{}", "done", "[\"no at f\",null]" },
    { "an error may be passed over",
      "{\"steps\":[{\"id\":\"f\",\"type\":\"fail\",\"with\":{\"message\":\"no\"},\"on_error\":"
      "\"continue\"},"
      "{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":1}}],\"output\":\"{{ steps.a }}\"}",
      "{}", "done", "1" },
    { "a step that is not due is skipped",
      "{\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"when\":\"input.n > "
      "9\",\"with\":{\"values\":1}},"
      "{\"id\":\"b\",\"type\":\"compute\",\"with\":{\"values\":\"{{ steps.a ?? 5 "
      "}}\"}}],\"output\":\"{{ steps.b }}\"}",
      "{\"n\":1}", "done", "5" },
    { "what is not there fails where it is needed",
      "{\"steps\":[{\"id\":\"t\",\"type\":\"tag\",\"with\":{\"add\":[\"x\"]}}]}", "{}", "failed",
      "t: the execution has no document" },
    { "an expression that cannot be worked out fails its step alone",
      "{\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":\"{{ input.n + 1 "
      "}}\"}}]}",
      "{\"n\":\"x\"}", "failed", "a: " },
    { "a time that is over is not waited for",
      "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"until\":\"'2001-01-01'\"}],\"output\":1}",
      "{}", "done", "1" },
    { "a time that is none fails",
      "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"until\":\"'soon'\"}]}", "{}", "failed",
      "w: " },
    { "an event that does not come in time fails",
      "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"event\":\"go\",\"timeout_s\":1}]}", "{}",
      "failed", "w: the event did not come in time" },
    { "many steps that change nothing",
      "{\"steps\":[{\"id\":\"e\",\"type\":\"for_each\",\"items\":\"split('a,b,c', "
      "',')\",\"steps\":["
      "{\"id\":\"v\",\"type\":\"condition\",\"if\":\"item == 'b'\",\"then\":\"x\",\"else\":\"y\"},"
      "{\"id\":\"x\",\"type\":\"compute\",\"with\":{\"values\":\"B\"},\"next\":\"end\"},"
      "{\"id\":\"y\",\"type\":\"compute\",\"with\":{\"values\":\"{{ item }}\"}}]}],\"output\":\"{{ "
      "steps.e.items }}\"}",
      "{}", "done", "[\"a\",\"B\",\"c\"]" },
    { "items see the input and every step before them, however they ask",
      "{\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":7}},"
      "{\"id\":\"b\",\"type\":\"compute\",\"with\":{\"values\":{\"c\":8}}},"
      "{\"id\":\"e\",\"type\":\"for_each\",\"items\":\"input.list\",\"steps\":["
      "{\"id\":\"v\",\"type\":\"compute\",\"with\":{\"values\":[\"{{ steps.b.c }}\","
      "\"{{ length(merge(steps, {})) }}\",\"{{ input.n + item }}\"]}}]}],"
      "\"output\":\"{{ steps.e.items }}\"}",
      "{\"list\":[1,2],\"n\":10}", "done", "[[8,2,11],[8,2,12]]" },
    { "one asks for a step by a name that was worked out",
      "{\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":7}},"
      "{\"id\":\"e\",\"type\":\"for_each\",\"items\":\"input.list\",\"steps\":["
      "{\"id\":\"v\",\"type\":\"compute\",\"with\":{\"values\":\"{{ steps[item] }}\"}}]}],"
      "\"output\":\"{{ steps.e.items }}\"}",
      "{\"list\":[\"a\"]}", "done", "[7]" },
};

/* What an item does not ask for is not read for each of them. */
static const struct {
    const char *sequence;
    bool asks;
} asking[] = {
    { "[{\"if\":\"steps.a.b == 1\"}]", true },
    { "[{\"if\":\"steps.b.a\"}]", false },
    { "[{\"if\":\"steps.b.a and steps.a\"}]", true },
    { "[{\"if\":\"steps[item]\"}]", true },
    { "[{\"if\":\"length(steps) > 1\"}]", true },
    { "[{\"if\":\"steps .a\"}]", true },
    { "[{\"steps\":[{\"if\":\"item.steps.b\"}]}]", false },
    { "[{\"if\":\"item.a\"}]", false },
};

Test(workflow, a_sequence_asks_for_the_steps_that_it_names)
{
    for (size_t i = 0; i < COUNT(asking); i++)
        cr_expect_eq(workflow_mentions_step(str(asking[i].sequence), S("a")), asking[i].asks, "%s",
                     asking[i].sequence);
}

TEST_BOTH(workflow, definitions_end_as_they_say)
{
    Bench bench = bench_open(url);
    for (size_t i = 0; i < COUNT(cases); i++) {
        WorkflowExecution over = bench_run(&bench, cases[i].body, cases[i].input);
        Str said = str_is(over.state, "done")
                       ? over.output
                       : str_format(bench.arena, STR_FMT ": " STR_FMT, STR_ARG(over.error_step),
                                    STR_ARG(over.error));
        cr_expect(str_is(over.state, cases[i].state), "%s: " STR_FMT " " STR_FMT, cases[i].what,
                  STR_ARG(over.state), STR_ARG(said));
        bool is_failed = strcmp(cases[i].state, "failed") == 0;
        cr_expect(is_failed ? str_find(said, str(cases[i].said)) == 0 : str_is(said, cases[i].said),
                  "%s: " STR_FMT, cases[i].what, STR_ARG(said));
    }
    bench_close(&bench);
}

TEST_BOTH(workflow, a_step_is_tried_as_often_as_it_says_and_stands_once)
{
    Bench bench = bench_open(url);
    /* There is nobody of this address: the notification fails each time. */
    WorkflowExecution over =
        bench_run(&bench,
                  "{\"steps\":[{\"id\":\"n\",\"type\":\"notification\",\"retry\":{\"attempts\":3,"
                  "\"wait_s\":0.01},"
                  "\"with\":{\"title\":\"t\",\"to\":\"nobody@example.org\"}}]}",
                  "{}");
    WorkflowStepList steps = bench_steps(&bench, over.id);
    cr_expect(str_is(over.state, "failed"));
    cr_assert_eq(steps.count, 1);
    cr_expect_eq(steps.at[0].attempt, 3);
    cr_expect(str_is(steps.at[0].state, "failed"));
    bench_close(&bench);
}

TEST_BOTH(workflow, a_notification_is_sent_once)
{
    Bench bench = bench_open(url);
    WorkflowExecution over = bench_run(&bench,
                                       "{\"steps\":[{\"id\":\"n\",\"type\":\"notification\","
                                       "\"with\":{\"title\":\"Hello {{ 1 + 1 }}\"}}]}",
                                       "{}");
    cr_expect(str_is(over.state, "done"), STR_FMT, STR_ARG(over.error));
    cr_expect_eq(bench_unread(&bench), 1);
    bench_close(&bench);
}

TEST_BOTH(workflow, a_notification_without_a_title_bears_the_workflow_s_name)
{
    Bench bench = bench_open(url);
    WorkflowExecution over = bench_run(&bench,
                                       "{\"steps\":[{\"id\":\"n\",\"type\":\"notification\"}],"
                                       "\"output\":\"{{ steps.n.title }}\"}",
                                       "{}");
    Str quoted = str_format(bench.arena, "\"" STR_FMT "\"", STR_ARG(over.name));
    cr_expect(str_is(over.state, "done"), STR_FMT, STR_ARG(over.error));
    cr_expect(over.name.length > 0 && str_equal(over.output, quoted), STR_FMT,
              STR_ARG(over.output));
    cr_expect_eq(bench_unread(&bench), 1);
    bench_close(&bench);
}

TEST_BOTH(workflow, an_event_wakes_what_waits_for_it_alone)
{
    Bench bench = bench_open(url);
    WorkflowExecution run = bench_start(
        &bench,
        "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"event\":\"paid {{ input.n }}\"}],"
        "\"output\":\"{{ steps.w.event.by }}\"}",
        "{\"n\":5}");
    bench_wait_state(&bench, run.id, 0, "waiting");
    cr_expect_eq(bench_event(&bench, "paid 6", "{}"), 0);
    cr_expect_eq(bench_event(&bench, "paid 5", "{\"by\":\"Ann\"}"), 1);
    cr_expect_eq(bench_event(&bench, "paid 5", "{\"by\":\"Bob\"}"), 0);
    WorkflowExecution over = bench_wait(&bench, run.id);
    cr_expect(str_is(over.output, "\"Ann\""), STR_FMT, STR_ARG(over.output));
    bench_close(&bench);
}

TEST_BOTH(workflow, a_paused_execution_rests_and_goes_on)
{
    Bench bench = bench_open(url);
    WorkflowExecution run =
        bench_start(&bench,
                    "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"event\":\"go\"},"
                    "{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":1}}],\"output\":\"{{ "
                    "steps.a }}\"}",
                    "{}");
    bench_wait_state(&bench, run.id, 0, "waiting");
    cr_expect(bench_steer(&bench, workflow_pause, run.id));
    cr_expect_not(bench_steer(&bench, workflow_pause, run.id));
    cr_expect_eq(bench_event(&bench, "go", "{}"), 1);
    bench_rest(&bench);
    cr_expect(str_is(bench_find(&bench, run.id).state, "paused"));
    cr_expect(bench_steer(&bench, workflow_resume, run.id));
    cr_expect(str_is(bench_wait(&bench, run.id).output, "1"));
    bench_close(&bench);
}

TEST_BOTH(workflow, a_cancel_ends_all_that_was_begun_and_a_retry_begins_again)
{
    Bench bench = bench_open(url);
    bench_save(&bench, "inner",
               "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"event\":\"never\"}]}");
    WorkflowExecution run =
        bench_start(&bench,
                    "{\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":1}},"
                    "{\"id\":\"s\",\"type\":\"workflow\",\"when\":\"input.n == "
                    "1\",\"with\":{\"workflow\":\"inner\"}},"
                    "{\"id\":\"w\",\"type\":\"wait\",\"event\":\"go\"}],\"output\":2}",
                    "{\"n\":1}");
    bench_wait_state(&bench, run.id, 0, "waiting");
    cr_expect(bench_steer(&bench, workflow_cancel, run.id));
    cr_expect_not(bench_steer(&bench, workflow_cancel, run.id));
    cr_expect(str_is(bench_find(&bench, run.id).state, "cancelled"));
    cr_expect_eq(bench_open_count(&bench), 0);
    cr_expect(bench_retry(&bench, run.id, "w"));
    bench_wait_state(&bench, run.id, 0, "waiting");
    cr_expect_eq(bench_event(&bench, "go", "{}"), 1);
    cr_expect(str_is(bench_wait(&bench, run.id).output, "2"));
    bench_close(&bench);
}

TEST_BOTH(workflow, another_workflow_is_waited_for_and_its_failure_is_the_steps)
{
    Bench bench = bench_open(url);
    bench_save(&bench, "inner",
               "{\"steps\":[{\"id\":\"c\",\"type\":\"condition\",\"if\":\"input.n > "
               "1\",\"then\":\"f\",\"else\":\"a\"},"
               "{\"id\":\"f\",\"type\":\"fail\",\"with\":{\"message\":\"too much\"}},"
               "{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":3}}],\"output\":\"{{ "
               "steps.a }}\"}");
    const char *outer =
        "{\"steps\":[{\"id\":\"s\",\"type\":\"workflow\",\"with\":{\"workflow\":\"inner\","
        "\"input\":{\"n\":\"{{ input.n }}\"}}}],\"output\":\"{{ steps.s.output }}\"}";
    WorkflowExecution good = bench_run(&bench, outer, "{\"n\":1}");
    cr_expect(str_is(good.output, "3"), STR_FMT, STR_ARG(good.output));
    WorkflowExecution bad = bench_run(&bench, outer, "{\"n\":2}");
    cr_expect(str_is(bad.state, "failed"));
    cr_expect(str_find(bad.error, S("too much")) >= 0, STR_FMT, STR_ARG(bad.error));
    bench_close(&bench);
}

TEST_BOTH(workflow, a_workflow_that_starts_itself_ends)
{
    Bench bench = bench_open(url);
    bench_save(
        &bench, "self",
        "{\"steps\":[{\"id\":\"s\",\"type\":\"workflow\",\"with\":{\"workflow\":\"self\"}}]}");
    WorkflowExecution over = bench_run(
        &bench,
        "{\"steps\":[{\"id\":\"s\",\"type\":\"workflow\",\"with\":{\"workflow\":\"self\"}}]}",
        "{}");
    cr_expect(str_is(over.state, "failed"));
    cr_expect(str_find(over.error, S("at most 5 deep")) >= 0, STR_FMT, STR_ARG(over.error));
    bench_close(&bench);
}

TEST_BOTH(workflow, who_left_works_no_more)
{
    Bench bench = bench_open(url);
    WorkflowExecution run =
        bench_start(&bench,
                    "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"event\":\"go\"},"
                    "{\"id\":\"n\",\"type\":\"notification\",\"with\":{\"title\":\"t\"}}]}",
                    "{}");
    bench_wait_state(&bench, run.id, 0, "waiting");
    bench_set_role(&bench, ROLE_READER);
    cr_expect_eq(bench_event(&bench, "go", "{}"), 1);
    WorkflowExecution over = bench_wait(&bench, run.id);
    cr_expect(str_is(over.state, "failed"));
    cr_expect(str_is(over.error_code, "forbidden"));
    bench_close(&bench);
}

TEST_BOTH(workflow, the_same_key_starts_once)
{
    Bench bench = bench_open(url);
    bench.key = S("k");
    const char *body = "{\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":1}}]}";
    WorkflowExecution one = bench_start(&bench, body, "{}"), two = bench_start_again(&bench, "{}");
    cr_expect(str_equal(one.id, two.id));
    bench_close(&bench);
}

TEST_BOTH(workflow, a_dry_run_changes_nothing_and_waits_for_nothing)
{
    Bench bench = bench_open(url);
    bench.is_dry = true;
    WorkflowExecution over =
        bench_run(&bench,
                  "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"event\":\"never\"},"
                  "{\"id\":\"n\",\"type\":\"notification\",\"with\":{\"title\":\"t\"}},"
                  "{\"id\":\"h\",\"type\":\"http\",\"with\":{\"url\":\"http://example.org/\"}}],"
                  "\"output\":\"{{ steps.h.left_out }}\"}",
                  "{}");
    cr_expect(str_is(over.output, "true"), STR_FMT, STR_ARG(over.error));
    cr_expect_eq(bench_unread(&bench), 0);
    bench_close(&bench);
}

TEST_BOTH(workflow, what_is_past_its_time_is_ended_and_what_lost_its_job_goes_on)
{
    Bench bench = bench_open(url);
    clock_set(now_ms() - 120000);
    WorkflowExecution late = bench_start(
        &bench,
        "{\"timeout_s\":1,\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"event\":\"never\"}]}", "{}");
    WorkflowExecution lost = bench_start_lost(
        &bench,
        "{\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":1}}],\"output\":4}");
    clock_set(0);
    bench_sweep(&bench);
    cr_expect(str_is(bench_wait(&bench, late.id).error_code, "timeout"));
    cr_expect(str_is(bench_wait(&bench, lost.id).output, "4"));
    bench_close(&bench);
}

/* --- Approvals --- */

#define ASKING                                                                                     \
    "{\"steps\":[{\"id\":\"ok\",\"type\":\"approval\",\"with\":{\"title\":\"Pay {{ input.n "       \
    "}}?\",\"users\":"                                                                             \
    "[\"ann@example.org\"],\"allow_self\":true,\"fields\":{\"sum\":\"{{ input.n "                  \
    "}}\"},\"schema\":{\"type\":"                                                                  \
    "\"object\",\"properties\":{\"sum\":{\"type\":\"number\"}}}}}],"                               \
    "\"output\":[\"{{ steps.ok.state }}\",\"{{ steps.ok.fields.sum }}\"]}"

typedef struct Deciding {
    Bench *bench;
    Approvals *approvals;
    ApprovalVerdict verdict;
    Approval approval;
} Deciding;

static bool decide_work(DbTx *tx, void *argument, Error *err)
{
    Deciding *in = argument;
    const Scope *scope = &in->bench->scope;
    const ApprovalFilter mine = { .only_mine = true };
    ApprovalList list;
    if (!approval_list(tx, scope, in->bench->arena, &mine, NULL, &list, err))
        return false;
    cr_assert_eq(list.count, 1);
    const ApprovalSay say = { .id = list.at[0].id,
                              .verdict = in->verdict,
                              .reason = S("too much"),
                              .fields = S("{\"sum\":4}") };
    return approvals_decide(in->approvals, tx, scope, in->bench->arena, &say, &in->approval, err);
}

static WorkflowExecution decided(Bench *bench, ApprovalVerdict verdict)
{
    Deciding in = { bench, approvals_new(bench->db, S(""), 30), verdict, { .id = STR_NONE } };
    approvals_set_listener(in.approvals, workflow_approval_ended, NULL);
    WorkflowExecution run = bench_start(bench, ASKING, "{\"n\":5}");
    bench_wait_state(bench, run.id, 0, "waiting");
    bench_write(bench, decide_work, &in);
    WorkflowExecution over = bench_wait(bench, run.id);
    approvals_free(in.approvals);
    return over;
}

TEST_BOTH(workflow, an_approval_is_waited_for_and_what_was_edited_goes_on)
{
    Bench bench = bench_open(url);
    WorkflowExecution over = decided(&bench, APPROVAL_VERDICT_approved);
    cr_expect(str_is(over.output, "[\"approved\",4]"), STR_FMT STR_FMT, STR_ARG(over.output),
              STR_ARG(over.error));
    bench_close(&bench);
}

TEST_BOTH(workflow, a_denial_is_the_steps_error_with_its_reason)
{
    Bench bench = bench_open(url);
    WorkflowExecution over = decided(&bench, APPROVAL_VERDICT_denied);
    cr_expect(str_is(over.error_code, "forbidden"));
    cr_expect(str_find(over.error, S("too much")) >= 0, STR_FMT, STR_ARG(over.error));
    bench_close(&bench);
}

/* --- Triggers and documents --- */

typedef struct Happening {
    Bench *bench;
    WorkflowTriggerKind kind;
    WorkflowFacts facts;
    int64_t started;
} Happening;

static bool trigger_work(DbTx *tx, void *argument, Error *err)
{
    Happening *in = argument;
    return workflow_trigger(tx, &in->bench->scope, in->bench->arena, in->kind, &in->facts,
                            &in->started, err);
}

TEST_BOTH(workflow, a_trigger_starts_what_its_condition_lets_once)
{
    Bench bench = bench_open(url);
    Document document = bench_document(&bench, "a.pdf", "upload");
    Happening in = { &bench, TRIGGER_upload, { .document = &document, .key = S("a") }, 0 };
    bench_save(&bench, NULL,
               "{\"triggers\":[{\"on\":\"upload\",\"when\":\"ends_with(document.name, '.pdf')\","
               "\"input\":{\"of\":\"{{ document.name }}\"}}],"
               "\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":1}}]}");
    bench_save(&bench, NULL,
               "{\"triggers\":[{\"on\":\"upload\",\"when\":\"ends_with(document.name, '.txt')\"}],"
               "\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":1}}]}");
    bench_save(&bench, NULL,
               "{\"enabled\":false,\"triggers\":[{\"on\":\"upload\"}],"
               "\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":1}}]}");
    /* One that is wrong is left out, and hinders nobody. */
    bench_save(&bench, NULL,
               "{\"triggers\":[{\"on\":\"upload\",\"when\":\"document.size + document.name > 1\"}],"
               "\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{\"values\":1}}]}");
    bench_write(&bench, trigger_work, &in);
    cr_expect_eq(in.started, 1);
    bench_write(&bench, trigger_work, &in);
    bench_rest(&bench);
    cr_expect_eq(bench_executions(&bench), 1);
    bench_close(&bench);
}

TEST_BOTH(workflow, a_document_that_goes_in_the_middle_is_null_and_fails_who_needs_it)
{
    Bench bench = bench_open(url);
    bench.document = bench_document(&bench, "a.pdf", "upload").id;
    WorkflowExecution run = bench_start(
        &bench,
        "{\"steps\":[{\"id\":\"t\",\"type\":\"tag\",\"with\":{\"add\":[\"seen\"]}},"
        "{\"id\":\"w\",\"type\":\"wait\",\"event\":\"go\"},"
        "{\"id\":\"t2\",\"type\":\"tag\",\"with\":{\"add\":[\"again\"]},\"on_error\":\"continue\"}]"
        ","
        "\"output\":[\"{{ document == null }}\",\"{{ error.code }}\",\"{{ error.step }}\"]}",
        "{}");
    bench_wait_state(&bench, run.id, 0, "waiting");
    bench_trash(&bench, bench.document);
    cr_expect_eq(bench_event(&bench, "go", "{}"), 1);
    WorkflowExecution over = bench_wait(&bench, run.id);
    cr_expect(str_is(over.output, "[true,\"not_found\",\"t2\"]"), STR_FMT STR_FMT,
              STR_ARG(over.output), STR_ARG(over.error));
    bench_close(&bench);
}

/* --- The clock --- */

TEST_BOTH(workflow, a_clock_that_goes_back_makes_a_wait_longer_and_ends_nothing_early)
{
    Bench bench = bench_open(url);
    WorkflowExecution run = bench_start(
        &bench, "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"for_s\":0.3}],\"output\":1}", "{}");
    bench_wait_state(&bench, run.id, 0, "waiting");
    clock_set(now_ms() - 3600000);
    sleep_ms(600);
    cr_expect(str_is(bench_find(&bench, run.id).state, "running"));
    clock_set(0);
    cr_expect(str_is(bench_wait(&bench, run.id).output, "1"));
    bench_close(&bench);
}

/* Clock times of Berlin; the wait says in its row until when. */
TEST_BOTH(workflow, clock_times_that_are_skipped_or_come_twice_have_a_moment)
{
    static const struct {
        const char *civil, *wanted;
    } times[] = {
        { "2031-03-30T01:30:00", "2031-03-30T00:30:00.000Z" },
        { "2031-03-30T02:30:00", "2031-03-30T01:30:00.000Z" }, /* skipped: 03:30 is shown */
        { "2031-03-30T03:30:00", "2031-03-30T01:30:00.000Z" },
        { "2031-10-26T02:30:00", "2031-10-26T00:30:00.000Z" }, /* twice: the first */
        { "2031-10-26T03:30:00", "2031-10-26T02:30:00.000Z" },
    };
    Bench bench = bench_open(url);
    clock_set(INT64_C(1930000000000)); /* 2031-02-27 */
    for (size_t i = 0; i < COUNT(times); i++) {
        char out[TIME_TEXT_SIZE];
        WorkflowExecution run = bench_start(
            &bench,
            str_c(bench.arena,
                  str_format(bench.arena,
                             "{\"steps\":[{\"id\":\"w\",\"type\":\"wait\",\"until\":\"'%s'\","
                             "\"time_zone\":\"Europe/Berlin\"}]}",
                             times[i].civil)),
            "{}");
        bench_wait_state(&bench, run.id, 0, "waiting");
        Str until = time_format(bench_until(&bench, run.id), out);
        cr_expect(str_is(until, times[i].wanted), "%s: " STR_FMT, times[i].civil, STR_ARG(until));
    }
    clock_set(0);
    bench_close(&bench);
}
