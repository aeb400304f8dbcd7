/* document_step_test.c - steps that bring a document somewhere: all of it or nothing, on both
 * databases. */
#include "store/collections_store.h"
#include "store/tasks_store.h"
#include "workflow/engine_fixture_test.h"

typedef struct Desk {
    Bench *bench;
    Collection collection;
    TaskList tasks;
} Desk;

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    Desk *desk = argument;
    return collection_add(tx, &desk->bench->scope, desk->bench->arena, &desk->collection, err);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    Desk *desk = argument;
    const TaskFilter all = { .has = STR_NONE };
    return task_list(tx, &desk->bench->scope, desk->bench->arena, &all, NULL, &desk->tasks, err);
}

/* A collection "Paid", and a document outside it. */
static Desk desk_open(Bench *bench)
{
    Desk desk = { .bench = bench, .collection = { .name = S("Paid") } };
    bench_write(bench, add_work, &desk);
    bench->document = bench_document(bench, "bill.pdf", "upload").id;
    return desk;
}

static WorkflowExecution run_step(Bench *bench, const char *type, const char *with, Str input)
{
    Str body = str_format(bench->arena,
                          "{\"steps\":[{\"id\":\"s\",\"type\":\"%s\",\"with\":%s}],"
                          "\"output\":\"{{ steps.s }}\"}",
                          type, with);
    return bench_run(bench, str_c(bench->arena, body), str_c(bench->arena, input));
}

TEST_BOTH(workflow, a_document_is_moved_into_a_collection_by_name_or_id_and_out_of_it)
{
    static const struct {
        const char *what, *with, *state;
        bool is_inside; /* afterwards */
    } cases[] = {
        { "by name", "{\"collection\":\"paid\"}", "done", true },
        { "out of it", "{\"collection\":null}", "done", false },
        { "by id", "{\"collection\":\"{{ input.id }}\"}", "done", true },
        { "where there is none", "{\"collection\":\"Unpaid\"}", "failed", true },
    };
    Bench bench = bench_open(url);
    Desk desk = desk_open(&bench);
    Str input = str_format(bench.arena, "{\"id\":\"" STR_FMT "\"}", STR_ARG(desk.collection.id));
    for (size_t i = 0; i < COUNT(cases); i++) {
        WorkflowExecution over = run_step(&bench, "move", cases[i].with, input);
        Document document = bench_find_document(&bench, bench.document);
        cr_expect(str_is(over.state, cases[i].state), "%s: " STR_FMT, cases[i].what,
                  STR_ARG(over.error));
        cr_expect(
            str_equal(document.collection, cases[i].is_inside ? desk.collection.id : STR_NONE),
            "%s", cases[i].what);
    }
    bench_close(&bench);
}

TEST_BOTH(workflow, a_document_is_brought_to_whom_it_is_for_and_they_are_told)
{
    Bench bench = bench_open(url);
    Desk desk = desk_open(&bench);
    WorkflowExecution over =
        run_step(&bench, "routing",
                 "{\"collection\":\"Paid\",\"tags\":[\"bill\",\"{{ document.format ?? 'pdf' }}\"],"
                 "\"to\":\"ann@example.org\",\"task\":\"Check {{ document.name }}\","
                 "\"priority\":\"high\",\"due_in_s\":3600}",
                 S("{}"));
    cr_expect(str_is(over.state, "done"), STR_FMT, STR_ARG(over.error));
    cr_expect(str_find(over.output, S("\"task\":1")) > 0, STR_FMT, STR_ARG(over.output));
    Document document = bench_find_document(&bench, bench.document);
    cr_expect(str_equal(document.collection, desk.collection.id));
    cr_assert_eq(document.tags.count, 2);
    cr_expect(str_is(document.tags.at[0], "bill"));
    bench_write(&bench, list_work, &desk);
    cr_assert_eq(desk.tasks.count, 1);
    const Task *task = &desk.tasks.at[0];
    cr_expect(str_is(task->summary, "Check bill.pdf"), STR_FMT, STR_ARG(task->summary));
    cr_expect(str_equal(task->assignee, bench.scope.user));
    cr_expect(str_equal(task->document, bench.document));
    cr_expect_eq(task->priority, TASK_PRIORITY_high);
    cr_expect(task->due_at_ms > now_ms() && task->due_at_ms <= now_ms() + 3600000);
    cr_expect_eq(bench_unread(&bench), 1);
    bench_close(&bench);
}

TEST_BOTH(workflow, a_document_for_somebody_unknown_stays_as_it_is)
{
    Bench bench = bench_open(url);
    Desk desk = desk_open(&bench);
    WorkflowExecution over = run_step(
        &bench, "routing",
        "{\"collection\":\"Paid\",\"tags\":[\"bill\"],\"to\":\"nobody@example.org\"}", S("{}"));
    cr_expect(str_is(over.error_code, "not_found"), STR_FMT, STR_ARG(over.error_code));
    Document document = bench_find_document(&bench, bench.document);
    cr_expect_eq(document.collection.length, 0);
    cr_expect_eq(document.tags.count, 0);
    bench_write(&bench, list_work, &desk);
    cr_expect_eq(desk.tasks.count, 0);
    bench_close(&bench);
}
