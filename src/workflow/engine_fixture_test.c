#include "workflow/engine_fixture_test.h"

#include "store/people_store.h"
#include "store/workspaces_store.h"

#define STOP_MS 20000
#define WAIT_MS 20000
#define STEP_MS 5

TestSuite(workflow, .timeout = 60);

static bool make_world(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    const Scope system = scope_system();
    Workspace workspace = { .name = S("ours") };
    User user = { .email = S("ann@example.org"), .name = S("Ann") };
    if (!workspace_add(tx, &system, bench->arena, &workspace, err) ||
        !user_add(tx, &system, bench->arena, &user, err))
        return false;
    bench->scope = (Scope){ .workspace = workspace.id, .user = user.id, .role = ROLE_EDITOR };
    return membership_set(tx, &bench->scope, user.id, ROLE_EDITOR, err);
}

Bench bench_open(const char *url) { return bench_open_behind(url, NULL); }

Bench bench_open_behind(const char *url, const Proxy *proxy)
{
    static const struct {
        const char *name;
        JobHandler *run;
    } handlers[] = { { JOB_WORKFLOW_RUN, workflow_run_job },
                     { JOB_WORKFLOW_TIMER, workflow_timer_job },
                     { JOB_WORKFLOW_START, workflow_start_job },
                     { "workflow_sweep", workflow_sweep_job },
                     { "cleanup", workflow_cleanup_job } };
    JobType types[COUNT(handlers)];
    const Scope system = scope_system();
    Bench bench = { .arena = arena_new(MB(256)) };
    Error err = { 0 };
    cr_assert(db_open(url, NULL, &bench.db, &err), "%s", err.message);
    cr_assert(store_write(bench.db, &system, make_world, &bench, &err), "%s", err.message);
    const WorkflowsOptions options = { .db = bench.db, .proxy = proxy };
    bench.workflows = workflows_new(&options);
    for (size_t i = 0; i < COUNT(types); i++)
        types[i] = (JobType){ .name = handlers[i].name,
                              .run = handlers[i].run,
                              .at_once = 4,
                              .argument = bench.workflows };
    JobRunnerOptions runner = {
        .db = bench.db, .types = types, .type_count = COUNT(types), .poll_ms = 100
    };
    cr_assert(jobs_start(&runner, &bench.runner, &err), "%s", err.message);
    return bench;
}

void bench_close(Bench *bench)
{
    cr_assert(jobs_stop(bench->runner, STOP_MS));
    workflows_free(bench->workflows);
    db_close(bench->db);
    arena_free(bench->arena);
}

void bench_write(Bench *bench, DbWork *work, void *argument)
{
    Error err = { 0 };
    cr_assert(store_write(bench->db, &bench->scope, work, argument, &err), "%s", err.message);
}

/* --- Saving --- */

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    return recipe_update(tx, &bench->scope, bench->arena, &bench->recipe, err) &&
           workflow_saved(tx, &bench->scope, bench->arena, &bench->recipe, err);
}

void bench_change(Bench *bench, const char *body)
{
    bench->recipe.body = str(body);
    bench_write(bench, change_work, bench);
}

/* --- Starting --- */

typedef struct Starting {
    Bench *bench;
    const char *name, *body, *input;
    bool is_lost;
    WorkflowExecution execution;
} Starting;

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    Starting *in = argument;
    Bench *bench = in->bench;
    AUTO_JSON json_t *body = NULL;
    cr_assert(json_parse(str(in->body), WORKFLOW_BYTES_MAX, &body, err), "%s", err->message);
    cr_assert(workflow_check(bench->arena, body, err), "%s", err->message);
    bench->recipe =
        (Recipe){ .kind = S(RECIPE_WORKFLOW),
                  .name = in->name ? str(in->name) : str_format(bench->arena, "w%d", bench->count),
                  .body = str(in->body),
                  .shares = S("") };
    return recipe_add(tx, &bench->scope, bench->arena, &bench->recipe, err) &&
           workflow_saved(tx, &bench->scope, bench->arena, &bench->recipe, err);
}

void bench_save(Bench *bench, const char *name, const char *body)
{
    Starting in = { .bench = bench, .name = name, .body = body };
    bench->count++;
    bench_write(bench, save_work, &in);
}

static bool start_work(DbTx *tx, void *argument, Error *err)
{
    Starting *in = argument;
    Bench *bench = in->bench;
    AUTO_JSON json_t *input = NULL;
    if (!json_parse(str(in->input), KB(64), &input, err))
        return false;
    const WorkflowStart start = { .input = input,
                                  .document = bench->document,
                                  .started_by = S("api"),
                                  .key = bench->key,
                                  .is_dry = bench->is_dry };
    return workflow_start(tx, &bench->scope, bench->arena, &bench->recipe, &start, &in->execution,
                          err);
}

WorkflowExecution bench_start_again(Bench *bench, const char *input)
{
    Starting in = { .bench = bench, .input = input };
    bench_write(bench, start_work, &in);
    return in.execution;
}

WorkflowExecution bench_start(Bench *bench, const char *body, const char *input)
{
    bench_save(bench, NULL, body);
    return bench_start_again(bench, input);
}

static bool lose_work(DbTx *tx, void *argument, Error *err)
{
    Starting *in = argument;
    Bench *bench = in->bench;
    bool is_new;
    in->execution = (WorkflowExecution){ .workflow = bench->recipe.id,
                                         .version = 1,
                                         .name = bench->recipe.name,
                                         .body = bench->recipe.body,
                                         .started_by = S("api"),
                                         .input = S("{}") };
    return workflow_execution_add(tx, &bench->scope, bench->arena, &in->execution, S("a"), &is_new,
                                  err);
}

WorkflowExecution bench_start_lost(Bench *bench, const char *body)
{
    Starting in = { .bench = bench };
    bench_save(bench, NULL, body);
    bench_write(bench, lose_work, &in);
    return in.execution;
}

/* --- Looking --- */

typedef struct Looking {
    Bench *bench;
    Str id;
    int64_t number;
    WorkflowExecution execution;
    WorkflowExecutionList list;
    WorkflowFrame frame;
    WorkflowStepList steps;
    JobCounts counts;
} Looking;

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    Looking *in = argument;
    const Scope *scope = &in->bench->scope;
    Arena *arena = in->bench->arena;
    const Slice all = { .limit = SLICE_MAX };
    const WorkflowExecutionFilter filter = { .parent = S("*") };
    return (!in->id.length ||
            (workflow_execution_find(tx, scope, arena, in->id, &in->execution, err) &&
             workflow_frame_find(tx, scope, arena, in->id, in->number, &in->frame, err) &&
             workflow_step_list(tx, scope, arena, in->id, -1, &all, &in->steps, err))) &&
           workflow_execution_list(tx, scope, arena, &filter, &all, &in->list, err) &&
           jobs_store_count(tx, scope, &in->counts, err) &&
           notice_count_unread(tx, scope, &in->number, err);
}

static Looking look(Bench *bench, Str id, int64_t frame)
{
    Looking in = { .bench = bench, .id = id, .number = frame };
    Error err = { 0 };
    cr_assert(store_read(bench->db, &bench->scope, find_work, &in, &err), "%s", err.message);
    return in;
}

WorkflowExecution bench_find(Bench *bench, Str id) { return look(bench, id, 0).execution; }

WorkflowExecution bench_wait(Bench *bench, Str id)
{
    WorkflowExecution execution = bench_find(bench, id);
    for (int i = 0; i < WAIT_MS / STEP_MS && !execution.finished_at_ms; i++) {
        sleep_ms(STEP_MS);
        execution = bench_find(bench, id);
    }
    cr_assert(execution.finished_at_ms, "it is still " STR_FMT, STR_ARG(execution.state));
    return execution;
}

WorkflowExecution bench_run(Bench *bench, const char *body, const char *input)
{
    return bench_wait(bench, bench_start(bench, body, input).id);
}

void bench_wait_state(Bench *bench, Str id, int64_t frame, const char *state)
{
    Looking in = look(bench, id, frame);
    for (int i = 0; i < WAIT_MS / STEP_MS && !str_is(in.frame.state, state); i++) {
        sleep_ms(STEP_MS);
        in = look(bench, id, frame);
    }
    cr_assert(str_is(in.frame.state, state), "it is " STR_FMT, STR_ARG(in.frame.state));
}

void bench_rest(Bench *bench)
{
    JobCounts counts = look(bench, STR_NONE, 0).counts;
    for (int i = 0; i < WAIT_MS / STEP_MS && counts.waiting + counts.running; i++) {
        sleep_ms(STEP_MS);
        counts = look(bench, STR_NONE, 0).counts;
    }
}

WorkflowStepList bench_steps(Bench *bench, Str id) { return look(bench, id, 0).steps; }
int64_t bench_unread(Bench *bench) { return look(bench, STR_NONE, 0).number; }

size_t bench_open_count(Bench *bench)
{
    WorkflowExecutionList list = look(bench, STR_NONE, 0).list;
    size_t open = 0;
    for (size_t i = 0; i < list.count; i++)
        open += !list.at[i].finished_at_ms;
    return open;
}

/* --- Steering --- */

typedef struct Steering {
    Bench *bench;
    BenchSteer *how;
    Str id, event, step;
    const char *told;
    int64_t woken;
    Role role;
} Steering;

static bool event_work(DbTx *tx, void *argument, Error *err)
{
    Steering *in = argument;
    AUTO_JSON json_t *told = NULL;
    return json_parse(str(in->told), KB(64), &told, err) &&
           workflow_event(tx, &in->bench->scope, in->bench->arena, STR_NONE, in->event, told,
                          &in->woken, err);
}

int64_t bench_event(Bench *bench, const char *event, const char *told)
{
    Steering in = { .bench = bench, .event = str(event), .told = told };
    bench_write(bench, event_work, &in);
    return in.woken;
}

static bool steer_work(DbTx *tx, void *argument, Error *err)
{
    Steering *in = argument;
    return in->how(tx, &in->bench->scope, in->bench->arena, in->id, err);
}

bool bench_steer(Bench *bench, BenchSteer *how, Str id)
{
    Steering in = { .bench = bench, .how = how, .id = id };
    Error err = { 0 };
    return store_write(bench->db, &bench->scope, steer_work, &in, &err);
}

static bool retry_work(DbTx *tx, void *argument, Error *err)
{
    Steering *in = argument;
    return workflow_retry_from(tx, &in->bench->scope, in->bench->arena, in->id, in->step, err);
}

bool bench_retry(Bench *bench, Str id, const char *step)
{
    Steering in = { .bench = bench, .id = id, .step = str(step) };
    Error err = { 0 };
    return store_write(bench->db, &bench->scope, retry_work, &in, &err);
}

static bool role_work(DbTx *tx, void *argument, Error *err)
{
    Steering *in = argument;
    return membership_set(tx, &in->bench->scope, in->bench->scope.user, in->role, err);
}

void bench_set_role(Bench *bench, Role role)
{
    Steering in = { .bench = bench, .role = role };
    bench_write(bench, role_work, &in);
}

/* --- Documents and time --- */

typedef struct Adding {
    Bench *bench;
    Document document;
} Adding;

static bool document_work(DbTx *tx, void *argument, Error *err)
{
    Adding *in = argument;
    bool is_new;
    return document_add(tx, &in->bench->scope, in->bench->arena, &in->document, &in->document,
                        &is_new, err);
}

Document bench_document(Bench *bench, const char *name, const char *source)
{
    Adding in = { bench, { .name = str(name), .source = str(source), .blob = str(name) } };
    bench_write(bench, document_work, &in);
    return in.document;
}

static bool find_document_work(DbTx *tx, void *argument, Error *err)
{
    Adding *in = argument;
    return document_find(tx, &in->bench->scope, in->bench->arena, in->document.id, &in->document,
                         err);
}

Document bench_find_document(Bench *bench, Str id)
{
    Adding in = { bench, { .id = id } };
    bench_write(bench, find_document_work, &in);
    return in.document;
}

static bool trash_work(DbTx *tx, void *argument, Error *err)
{
    Adding *in = argument;
    return document_trash(tx, &in->bench->scope, in->document.id, now_ms(), err);
}

void bench_trash(Bench *bench, Str document)
{
    Adding in = { bench, { .id = document } };
    bench_write(bench, trash_work, &in);
}

int64_t bench_until(Bench *bench, Str id) { return look(bench, id, 0).frame.wait_until_ms; }

size_t bench_executions(Bench *bench) { return look(bench, STR_NONE, 0).list.count; }

static bool sweep_work(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    const Scope system = scope_system();
    const NewJob sweep = { .type = S("workflow_sweep") }, cleanup = { .type = S("cleanup") };
    return job_add(tx, &system, bench->arena, &sweep, NULL, err) &&
           job_add(tx, &bench->scope, bench->arena, &cleanup, NULL, err);
}

void bench_sweep(Bench *bench)
{
    const Scope system = scope_system();
    Error err = { 0 };
    cr_assert(store_write(bench->db, &system, sweep_work, bench, &err), "%s", err.message);
}
