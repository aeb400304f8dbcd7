/* sources_test.c - which trigger a document starts by where it came from, and what a step may ask.
 */
#include "workflow/engine_fixture_test.h"

typedef struct Arriving {
    Bench *bench;
    Document document;
} Arriving;

static bool arrive_work(DbTx *tx, void *argument, Error *err)
{
    Arriving *in = argument;
    return workflow_document_ready(tx, &in->bench->scope, in->bench->arena, &in->document, err);
}

static WorkflowExecutionList started;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    const WorkflowExecutionFilter any = { .parent = S("*") };
    return workflow_execution_list(tx, &bench->scope, bench->arena, &any, NULL, &started, err);
}

TEST_BOTH(workflow, a_document_starts_the_trigger_of_the_place_that_it_came_from)
{
    static const struct {
        const char *source, *trigger;
    } cases[] = {
        { "upload", "upload" },     { "mail", "mail" },         { "folder", "folder" },
        { "feed", "connection" },   { "web", "connection" },    { "s3", "connection" },
        { "github", "connection" }, { "webdav", "connection" }, { "notion", "connection" },
    };
    static const char *const triggers[] = { "upload", "mail", "folder", "connection" };
    Bench bench = bench_open(url);
    for (size_t i = 0; i < COUNT(triggers); i++)
        bench_save(&bench, triggers[i],
                   str_c(bench.arena, str_format(bench.arena,
                                                 "{\"triggers\":[{\"on\":\"%s\"}],\"steps\":[{"
                                                 "\"id\":\"a\",\"type\":\"compute\",\"with\":{"
                                                 "\"values\":1}}]}",
                                                 triggers[i])));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Arriving in = { &bench, bench_document(&bench, cases[i].source, cases[i].source) };
        bench_write(&bench, arrive_work, &in);
        bench_write(&bench, list_work, &bench);
        cr_assert_eq(started.count, i + 1, "%s: %zu", cases[i].source, started.count);
        cr_expect(str_is(started.at[0].name, cases[i].trigger), "%s: " STR_FMT, cases[i].source,
                  STR_ARG(started.at[0].name));
        in.document.parent = in.document.id; /* one inside another goes its way with that */
        bench_write(&bench, arrive_work, &in);
        bench_write(&bench, list_work, &bench);
        cr_assert_eq(started.count, i + 1, "%s", cases[i].source);
    }
    bench_rest(&bench);
    bench_close(&bench);
}

typedef struct Labelling {
    Bench *bench;
    Classification said;
} Labelling;

static bool classified_work(DbTx *tx, void *argument, Error *err)
{
    Labelling *in = argument;
    return workflow_classified(tx, &in->bench->scope, in->bench->arena, &in->said, err);
}

TEST_BOTH(workflow, a_label_starts_once_what_waits_for_its_set_and_what_a_person_decides_counts)
{
    static const struct {
        const char *what, *set, *labels, *decided;
        size_t started; /* in all */
        const char *output;
    } cases[] = {
        { "said", "kinds", "[\"bill\"]", "", 1, "[\"bill\"]" },
        { "said again", "kinds", "[\"bill\"]", "", 1, "[\"bill\"]" },
        { "decided by a person", "kinds", "[\"bill\"]", "[\"bill\",\"late\"]", 2,
          "[\"bill\",\"late\"]" },
        { "not the label that is meant", "kinds", "[\"letter\"]", "", 2, NULL },
        { "another set", "moods", "[\"bill\"]", "", 2, NULL },
    };
    Bench bench = bench_open(url);
    Document document = bench_document(&bench, "a.pdf", "upload");
    bench_save(&bench, "by label",
               "{\"triggers\":[{\"on\":\"classified\",\"from\":\"kinds\",\"when\":\"contains("
               "event.labels, 'bill') and event.confidence > 0.5\",\"input\":{\"labels\":\"{{ "
               "event.labels }}\",\"name\":\"{{ document.name }}\"}}],\"steps\":[{\"id\":\"a\","
               "\"type\":\"compute\",\"with\":{\"values\":\"{{ input.labels }}\"}}],"
               "\"output\":\"{{ steps.a }}\"}");
    for (size_t i = 0; i < COUNT(cases); i++) {
        Labelling in = { &bench,
                         { .id = S("1"),
                           .set = str(cases[i].set),
                           .document = document.id,
                           .labels = str(cases[i].labels),
                           .decided = str(cases[i].decided),
                           .confidence = 0.9,
                           .state = S("sure") } };
        bench_write(&bench, classified_work, &in);
        bench_write(&bench, list_work, &bench);
        cr_assert_eq(started.count, cases[i].started, "%s: %zu", cases[i].what, started.count);
        if (!cases[i].output)
            continue;
        WorkflowExecution over = bench_wait(&bench, started.at[0].id);
        cr_expect(str_is(over.started_by, "classified"));
        cr_expect(str_equal(over.document, document.id));
        cr_expect(str_is(over.output, cases[i].output), "%s: " STR_FMT, cases[i].what,
                  STR_ARG(over.output));
    }
    bench_close(&bench);
}

typedef struct Calling {
    Bench *bench;
    Str hook, call, body;
} Calling;

static bool called_work(DbTx *tx, void *argument, Error *err)
{
    Calling *in = argument;
    return workflow_hook_called(tx, &in->bench->scope, in->bench->arena, in->hook, in->call,
                                in->body, err);
}

TEST_BOTH(workflow, a_call_of_a_webhook_starts_once_what_waits_for_it_with_what_came)
{
    static const struct {
        const char *hook, *call, *body;
        size_t started; /* in all */
        const char *output;
    } cases[] = {
        { "builds", "1", "{\"state\":\"red\"}", 1, "\"red\"" },
        { "builds", "1", "{\"state\":\"red\"}", 1, "\"red\"" },
        { "builds", "2", "{\"state\":\"green\"}", 2, "\"green\"" },
        { "others", "3", "{\"state\":\"red\"}", 2, NULL },
        { "builds", "4", "no JSON", 2, NULL }, /* a text has no member `state`: it is left out */
    };
    Bench bench = bench_open(url);
    bench_save(&bench, "by call",
               "{\"triggers\":[{\"on\":\"webhook\",\"from\":\"builds\",\"input\":{\"state\":\"{{ "
               "event.body.state }}\"}}],\"steps\":[{\"id\":\"a\",\"type\":\"compute\",\"with\":{"
               "\"values\":\"{{ input.state }}\"}}],\"output\":\"{{ steps.a }}\"}");
    for (size_t i = 0; i < COUNT(cases); i++) {
        Calling in = { &bench, str(cases[i].hook), str(cases[i].call), str(cases[i].body) };
        bench_write(&bench, called_work, &in);
        bench_write(&bench, list_work, &bench);
        cr_assert_eq(started.count, cases[i].started, "%zu: %zu", i, started.count);
        if (cases[i].output)
            cr_expect(str_is(bench_wait(&bench, started.at[0].id).output, cases[i].output), "%zu",
                      i);
    }
    bench_close(&bench);
}

TEST_BOTH(workflow, a_step_asks_only_addresses_that_are_public)
{
    static const char *const addresses[] = {
        "http://127.0.0.1:9/",        "http://localhost:9/", "http://10.0.0.1/",
        "http://169.254.169.254/",    "http://[::1]:9/",     "http://192.168.1.1/",
        "http://[::ffff:127.0.0.1]/", "file:///etc/passwd",
    };
    Bench bench = bench_open(url);
    bench_save(&bench, NULL,
               "{\"steps\":[{\"id\":\"h\",\"type\":\"http\",\"with\":{\"url\":\"{{ input.url }}\"},"
               "\"retry\":{\"attempts\":3,\"wait_s\":60}}]}");
    for (size_t i = 0; i < COUNT(addresses); i++) {
        Str input = str_format(bench.arena, "{\"url\":\"%s\"}", addresses[i]);
        WorkflowExecution over =
            bench_wait(&bench, bench_start_again(&bench, str_c(bench.arena, input)).id);
        cr_expect(str_is(over.state, "failed"), "%s", addresses[i]);
        cr_expect(str_is(over.error_code, "forbidden") || str_is(over.error_code, "invalid"),
                  "%s: " STR_FMT " " STR_FMT, addresses[i], STR_ARG(over.error_code),
                  STR_ARG(over.error));
    }
    bench_close(&bench);
}
