/* steer.c - executions started, paused, cancelled, tried again, and woken. */
#include "base/clock.h"
#include "base/json_schema.h"
#include "workflow/workflow_int.h"

#define RUN_ATTEMPTS 20

Workflows *workflows_new(const WorkflowsOptions *options)
{
    Workflows *workflows = heap_alloc(sizeof *workflows);
    const HttpClientOptions http = { .proxy = options->proxy };
    workflows->options = *options;
    workflows->http = http_client_new(&http);
    return workflows;
}

void workflows_free(Workflows *workflows)
{
    if (!workflows)
        return;
    http_client_free(workflows->http);
    free(workflows);
}

/* --- Jobs --- */

static Str frame_subject(Arena *arena, Str execution, int64_t frame)
{
    return str_format(arena, STR_FMT "/%" PRId64, STR_ARG(execution), frame);
}

bool frame_job_add(DbTx *tx, const Scope *scope, Arena *arena, Str execution, int64_t frame,
                   Error *err)
{
    const NewJob job = { .type = S(JOB_WORKFLOW_RUN),
                         .subject = frame_subject(arena, execution, frame),
                         .attempt_max = RUN_ATTEMPTS,
                         .is_wanted_again = true };
    return job_add(tx, scope, arena, &job, NULL, err);
}

/* One wait of a frame has one timer: the try of the step names it. */
bool frame_timer_add(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                     const WorkflowFrame *frame, Error *err)
{
    const NewJob job = { .type = S(JOB_WORKFLOW_TIMER),
                         .subject = str_format(arena, STR_FMT "/%" PRId64 "/%" PRId64 "/%" PRId64,
                                               STR_ARG(execution), frame->number, frame->step_count,
                                               frame->attempt),
                         .attempt_max = RUN_ATTEMPTS,
                         .run_at_ms = frame->wait_until_ms };
    return job_add(tx, scope, arena, &job, NULL, err);
}

/* --- Starting --- */

static bool check_input(const json_t *body, const json_t *input, Error *err)
{
    const json_t *schema = json_object_get(body, "inputs");
    if (!json_is_object(input))
        return fail_field(err, "input", "'input' is an object");
    return !schema || json_schema_holds(schema, input, err) || fail_in(err, "input");
}

static bool check_start(DbTx *tx, const Scope *scope, Arena *arena, const WorkflowStart *start,
                        Error *err)
{
    Document document;
    if (start->depth > WORKFLOW_NEST_MAX)
        return fail(err, ERROR_INVALID, "workflows start others at most %d deep",
                    WORKFLOW_NEST_MAX);
    if (!scope_needs(scope, ROLE_EDITOR, err))
        return false;
    if (start->document.length &&
        (!document_find(tx, scope, arena, start->document, &document, err) ||
         (document.deleted_at_ms && !fail(err, ERROR_NOT_FOUND, "the document is in the trash"))))
        return false;
    return true;
}

bool workflow_start(DbTx *tx, const Scope *scope, Arena *arena, const Recipe *workflow,
                    const WorkflowStart *start, WorkflowExecution *execution_r, Error *err)
{
    AUTO_JSON json_t *body = NULL;
    AUTO_JSON json_t *nothing = json_object();
    const json_t *input = start->input ? start->input : nothing;
    bool is_new;
    if (!check_start(tx, scope, arena, start, err) ||
        !json_parse(workflow->body, WORKFLOW_BYTES_MAX, &body, err) ||
        !check_input(body, input, err))
        return false;
    double timeout_s = json_number_value(json_object_get(body, "timeout_s"));
    WorkflowExecution execution = {
        .workflow = workflow->id,
        .version = workflow->version,
        .name = workflow->name,
        .body = workflow->body,
        .document = start->document,
        .started_by = start->started_by,
        .key = start->key,
        .is_dry = start->is_dry,
        .parent = start->parent,
        .parent_frame = start->parent_frame,
        .depth = start->depth,
        .input = json_print(arena, input),
        .expires_at_ms = timeout_s > 0 ? now_ms() + (int64_t)(timeout_s * 1000) : 0,
    };
    Str first = str_copy(arena, workflow_first(json_object_get(body, "steps")));
    if (execution.input.length > WORKFLOW_INPUT_MAX)
        return fail(err, ERROR_TOO_LARGE, "the input has more than %zu bytes", WORKFLOW_INPUT_MAX);
    if (!workflow_execution_add(tx, scope, arena, &execution, first, &is_new, err) ||
        (is_new && !frame_job_add(tx, scope, arena, execution.id, 0, err)))
        return false;
    *execution_r = execution;
    return true;
}

/* --- Pausing, cancelling, trying again --- */

typedef bool ExecutionSteer(DbTx *tx, const Scope *scope, Arena *arena, Str execution, Error *err);

static bool set_state(DbTx *tx, const Scope *scope, Arena *arena, Str id, const char *from_a,
                      const char *from_b, const char *state, Error *err)
{
    WorkflowExecution execution;
    bool is_changed;
    if (!workflow_execution_set_state(tx, scope, id, str(from_a), str(from_b), str(state),
                                      &is_changed, err))
        return false;
    if (is_changed)
        return true;
    return workflow_execution_find(tx, scope, arena, id, &execution, err) &&
           fail(err, ERROR_CONFLICT, "the execution is " STR_FMT ", not %s",
                STR_ARG(execution.state), from_a);
}

/* The executions in this state that this one waits for, or one of its frames; -1: any. */
static bool steer_started(DbTx *tx, const Scope *scope, Arena *arena, Str execution, int64_t frame,
                          Str state, ExecutionSteer *steer, Error *err)
{
    const WorkflowExecutionFilter theirs = { .parent = execution, .state = state };
    Slice slice = { .limit = SLICE_MAX };
    WorkflowExecutionList started;
    do {
        if (!workflow_execution_list(tx, scope, arena, &theirs, &slice, &started, err))
            return false;
        for (size_t i = 0; i < started.count; i++)
            if ((frame < 0 || started.at[i].parent_frame == frame) &&
                !steer(tx, scope, arena, started.at[i].id, err))
                return false;
        slice.after = started.next;
    } while (started.next.length);
    return true;
}

bool workflow_pause(DbTx *tx, const Scope *scope, Arena *arena, Str execution, Error *err)
{
    return set_state(tx, scope, arena, execution, "running", "", "paused", err) &&
           steer_started(tx, scope, arena, execution, -1, S("running"), workflow_pause, err);
}

static bool begin_active(DbTx *tx, const Scope *scope, Arena *arena, Str execution, Error *err)
{
    WorkflowFrameList active;
    if (!workflow_frame_list(tx, scope, arena, execution, S("active"), &active, err))
        return false;
    for (size_t i = 0; i < active.count; i++)
        if (!frame_job_add(tx, scope, arena, execution, active.at[i].number, err))
            return false;
    return true;
}

bool workflow_resume(DbTx *tx, const Scope *scope, Arena *arena, Str execution, Error *err)
{
    return set_state(tx, scope, arena, execution, "paused", "", "running", err) &&
           begin_active(tx, scope, arena, execution, err) &&
           steer_started(tx, scope, arena, execution, -1, S("paused"), workflow_resume, err);
}

/* What runs is asked to stop; what it would store is refused anyhow. */
static bool stop_jobs(DbTx *tx, const Scope *scope, Arena *arena, Str execution, Error *err)
{
    WorkflowFrameList active;
    JobRowList jobs;
    Error why = { 0 };
    if (!workflow_frame_list(tx, scope, arena, execution, S("active"), &active, err))
        return false;
    Str *subjects = arena_new_array(arena, Str, active.count);
    for (size_t i = 0; i < active.count; i++)
        subjects[i] = frame_subject(arena, execution, active.at[i].number);
    if (active.count &&
        !jobs_store_of_subjects(tx, scope, arena, subjects, active.count, &jobs, err))
        return false;
    for (size_t i = 0; active.count && i < jobs.count; i++)
        if (!job_cancel(tx, scope, jobs.at[i].id, &why) && why.code != ERROR_CONFLICT)
            return *err = why, false;
    return true;
}

bool executions_cancel_started(DbTx *tx, const Scope *scope, Arena *arena, Str execution,
                               int64_t frame, Error *err)
{
    return steer_started(tx, scope, arena, execution, frame, S("running"), workflow_cancel, err) &&
           steer_started(tx, scope, arena, execution, frame, S("paused"), workflow_cancel, err);
}

bool workflow_cancel(DbTx *tx, const Scope *scope, Arena *arena, Str id, Error *err)
{
    WorkflowExecution execution;
    if (!workflow_execution_find(tx, scope, arena, id, &execution, err))
        return false;
    if (execution.finished_at_ms)
        return fail(err, ERROR_CONFLICT, "the execution is over: " STR_FMT,
                    STR_ARG(execution.state));
    execution.state = S("cancelled");
    execution.error_code = S("cancelled");
    execution.error = S("stopped by a person");
    return stop_jobs(tx, scope, arena, id, err) &&
           execution_over(tx, scope, arena, &execution, err);
}

bool workflow_retry_from(DbTx *tx, const Scope *scope, Arena *arena, Str id, Str step, Error *err)
{
    AUTO_JSON json_t *body = NULL;
    WorkflowExecution execution;
    if (!workflow_execution_find(tx, scope, arena, id, &execution, err) ||
        !json_parse(execution.body, WORKFLOW_BYTES_MAX, &body, err))
        return false;
    if (step.length && !workflow_step(json_object_get(body, "steps"), step))
        return fail_field(err, "step", "the workflow has no step '" STR_FMT "' of its own",
                          STR_ARG(str_slice(step, 0, 60)));
    return set_state(tx, scope, arena, id, "failed", "cancelled", "running", err) &&
           workflow_frame_restart(tx, scope, id, step, err) &&
           frame_job_add(tx, scope, arena, id, 0, err);
}

/* --- Events --- */

bool workflow_event(DbTx *tx, const Scope *scope, Arena *arena, Str execution, Str event,
                    const json_t *told, int64_t *woken_r, Error *err)
{
    AUTO_JSON json_t *woken = json_object();
    WorkflowWaiterList waiters;
    bool is_woken;
    *woken_r = 0;
    json_object_set_new(woken, "event",
                        told ? json_incref((json_t *)(uintptr_t)told) : json_object());
    Str text = json_print(arena, woken);
    if (text.length > WORKFLOW_OUTPUT_MAX)
        return fail(err, ERROR_TOO_LARGE, "what is told has more than %zu bytes",
                    WORKFLOW_OUTPUT_MAX);
    if (!workflow_waiters(tx, scope, arena, execution, event, &waiters, err))
        return false;
    for (size_t i = 0; i < waiters.count; i++) {
        const WorkflowWaiter *at = &waiters.at[i];
        if (!workflow_frame_wake(tx, scope, at->execution, at->frame, STR_NONE, -1, text, &is_woken,
                                 err) ||
            (is_woken && !frame_job_add(tx, scope, arena, at->execution, at->frame, err)))
            return false;
        *woken_r += is_woken;
    }
    return true;
}
