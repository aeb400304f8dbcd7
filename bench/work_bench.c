/* work_bench.c - workflow steps a second through the real engine: work_bench URL [EXECUTIONS]
 * [AT_ONCE]
 *
 * Every execution has eleven steps, which work something out and choose a way; the last one, or
 * all, are changes of ours (a notice to a person). Nothing is left out: each is started in a
 * transaction, each step's row is kept, what is acknowledged is durable (SQLite: synchronous=FULL,
 * group commit; PostgreSQL: synchronous_commit=on), and open pages are told of it. Prints a JSON
 * line: executions and steps a second, without notices, with one, with eleven. */
#include "base/clock.h"
#include "jobs/job_runner.h"
#include "must.h"
#include "notify/event_feed.h"
#include "store/migrate.h"
#include "store/people_store.h"
#include "store/workspaces_store.h"
#include "workflow/workflow.h"

#include <pthread.h>
#include <stdatomic.h>

#define STARTERS 32
#define STEPS 11

static Db *db;
static Scope scope;
static Arena *memory;
static Recipe recipe;
static atomic_int next_start;
static int execution_count;

static Str body_of(int notices)
{
    Buf out = buf_new(memory, KB(64));
    JsonWriter json = put_begin(&out);
    put_array(&json, "steps");
    for (int i = 0; i < STEPS; i++) {
        put_object(&json, NULL);
        put_text(&json, "id", str_format(memory, "s%d", i));
        if (i >= STEPS - notices) {
            put_text(&json, "type", S("notification"));
            put_raw(&json, "with", S("{\"title\":\"No. {{ input.n }}\"}"));
        } else if (i % 2) {
            put_text(&json, "type", S("condition"));
            put_text(&json, "if", str_format(memory, "steps.s%d.n > 0", i - 1));
        } else {
            put_text(&json, "type", S("compute"));
            put_raw(&json, "with", S("{\"values\":{\"n\":\"{{ input.n + 1 }}\"}}"));
        }
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return buf_str(&out);
}

static bool make_world(DbTx *tx, void *argument, Error *err)
{
    const Scope system = scope_system();
    Workspace workspace = { .name = S("bench") };
    User user = { .email = S("bench@example.org"), .name = S("Bench") };
    (void)argument;
    if (!workspace_add(tx, &system, memory, &workspace, err) ||
        !user_add(tx, &system, memory, &user, err))
        return false;
    scope = (Scope){ .workspace = workspace.id, .user = user.id, .role = ROLE_EDITOR };
    return membership_set(tx, &scope, user.id, ROLE_EDITOR, err);
}

static bool save_work(DbTx *tx, void *notices, Error *err)
{
    recipe = (Recipe){ .kind = S(RECIPE_WORKFLOW),
                       .name = str_format(memory, "%d notices", *(int *)notices),
                       .body = body_of(*(int *)notices),
                       .shares = S("") };
    return recipe_add(tx, &scope, memory, &recipe, err);
}

typedef struct Starting {
    Arena *arena;
    const json_t *input;
} Starting;

static bool start_work(DbTx *tx, void *argument, Error *err)
{
    const Starting *in = argument;
    const WorkflowStart start = { .input = in->input, .started_by = S("api") };
    WorkflowExecution execution;
    return workflow_start(tx, &scope, in->arena, &recipe, &start, &execution, err);
}

static void *start_some(void *argument)
{
    AUTO_JSON json_t *input = json_pack("{s:i}", "n", 1);
    (void)argument;
    while (atomic_fetch_add(&next_start, 1) < execution_count) {
        AUTO_ARENA Arena *arena = arena_new(MB(8));
        Starting in = { arena, input };
        Error err = { 0 };
        must(store_write(db, &scope, start_work, &in, &err), &err);
    }
    return NULL;
}

static bool figures_work(DbTx *tx, void *figures, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    return workflow_figures(tx, &scope, arena, recipe.id, 0, figures, err);
}

static int64_t done_count(void)
{
    WorkflowFigures figures = { 0 };
    Error err = { 0 };
    must(store_read(db, &scope, figures_work, &figures, &err), &err);
    if (figures.failed)
        (void)fail(&err, ERROR_INTERNAL, "an execution failed");
    must(!figures.failed, &err);
    return figures.done;
}

static void measure(Workflows *workflows, int at_once, int notices)
{
    pthread_t threads[STARTERS];
    const JobType type = { .name = "workflow_run",
                           .run = workflow_run_job,
                           .at_once = at_once,
                           .ahead = 4 * at_once,
                           .argument = workflows };
    const JobRunnerOptions options = { .db = db, .types = &type, .type_count = 1 };
    JobRunner *runner;
    Error err = { 0 };
    must(store_write(db, &scope, save_work, &notices, &err), &err);
    atomic_store(&next_start, 0);
    int64_t began_us = monotonic_us();
    for (int i = 0; i < STARTERS; i++)
        pthread_create(&threads[i], NULL, start_some, NULL);
    for (int i = 0; i < STARTERS; i++)
        pthread_join(threads[i], NULL);
    int64_t started_us = monotonic_us();
    must(jobs_start(&options, &runner, &err), &err);
    while (done_count() < execution_count)
        sleep_ms(100);
    double started_s = (double)(started_us - began_us) / 1e6;
    double walked_s = (double)(monotonic_us() - started_us) / 1e6;
    printf("{\"notices\": %d, \"executions\": %d, \"started_per_s\": %.0f, "
           "\"executions_per_s\": %.0f, \"steps_per_s\": %.0f}\n",
           notices, execution_count, execution_count / started_s, execution_count / walked_s,
           STEPS * execution_count / walked_s);
    (void)jobs_stop(runner, 20000);
}

int main(int count, char **arguments)
{
    Error err = { 0 };
    const Scope system = scope_system();
    int at_once = count > 3 ? (int)strtol(arguments[3], NULL, 10) : 8;
    if (count < 2) {
        fprintf(stderr, "usage: work_bench URL [EXECUTIONS] [AT_ONCE]\n");
        return 2;
    }
    execution_count = count > 2 ? (int)strtol(arguments[2], NULL, 10) : 2000;
    memory = arena_new(MB(64));
    must(db_open(arguments[1], NULL, &db, &err) && migrate_up(db, &err) &&
             store_write(db, &system, make_world, NULL, &err),
         &err);
    const WorkflowsOptions options = { .db = db };
    EventHub *hub = event_hub_new();
    EventFeed *feed;
    must(event_feed_open(db, hub, &feed, &err), &err);
    Workflows *workflows = workflows_new(&options);
    measure(workflows, at_once, 0);
    measure(workflows, at_once, 1);
    measure(workflows, at_once, STEPS);
    workflows_free(workflows);
    event_feed_close(feed);
    event_hub_free(hub);
    db_close(db);
    return 0;
}
