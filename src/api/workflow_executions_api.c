/* workflow_executions_api.c - workflows started, followed step by step, and steered. */
#include "api/workflow_json.h"
#include "base/clock.h"
#include "store/audit_store.h"
#include "store/people_store.h"

#define STEPS_SHOWN 200
#define EVENT_MAX 200

/* --- Showing --- */

static void put_json(JsonWriter *json, const char *name, Str text)
{
    put_raw(json, name, text.length ? text : S("null"));
}

static void put_error(JsonWriter *json, Str code, Str message, Str step)
{
    if (!code.length) {
        put_null(json, "error");
        return;
    }
    put_object(json, "error");
    put_text(json, "code", code);
    put_text(json, "message", message);
    put_text_or_null(json, "step", step);
    put_end(json);
}

void put_execution(JsonWriter *json, const WorkflowExecution *execution)
{
    put_text(json, "id", execution->id);
    put_object(json, "workflow");
    put_text(json, "id", execution->workflow);
    put_text(json, "name", execution->name);
    put_int(json, "version", execution->version);
    put_end(json);
    put_text(json, "state", execution->state);
    put_text_or_null(json, "document", execution->document);
    put_text_or_null(json, "user", execution->user);
    put_text(json, "started_by", execution->started_by);
    put_bool(json, "dry_run", execution->is_dry);
    put_text_or_null(json, "parent", execution->parent);
    if (execution->input.length) {
        put_json(json, "input", execution->input);
        put_json(json, "output", execution->output);
    }
    put_error(json, execution->error_code, execution->error, execution->error_step);
    put_time(json, "created_at", execution->created_at_ms);
    put_time(json, "finished_at", execution->finished_at_ms);
    put_time(json, "expires_at", execution->expires_at_ms);
}

/* What of it waits, and for what: "waits": [...]. */
static void put_waits(JsonWriter *json, const WorkflowFrameList *frames)
{
    put_array(json, "waits");
    for (size_t i = 0; i < frames->count; i++) {
        const WorkflowFrame *frame = &frames->at[i];
        if (!str_is(frame->state, "waiting"))
            continue;
        put_object(json, NULL);
        put_int(json, "frame", frame->number);
        put_text(json, "step", frame->position);
        put_text(json, "for", frame->wait);
        put_time(json, "until", frame->wait_until_ms);
        put_text_or_null(json, "event", frame->wait_event);
        put_end(json);
    }
    put_end(json);
}

/* Which branch or item of which step each frame is. */
static void put_frames(JsonWriter *json, const WorkflowFrameList *frames)
{
    put_array(json, "frames");
    for (size_t i = 0; i < frames->count; i++) {
        const WorkflowFrame *frame = &frames->at[i];
        if (frame->parent < 0)
            continue;
        put_object(json, NULL);
        put_int(json, "frame", frame->number);
        put_int(json, "parent", frame->parent);
        put_text(json, "step", frame->step);
        put_int(json, "place", frame->place);
        put_text(json, "state", frame->state);
        put_end(json);
    }
    put_end(json);
}

void put_execution_step(JsonWriter *json, const WorkflowStep *step)
{
    put_object(json, NULL);
    put_int(json, "frame", step->frame);
    put_int(json, "number", step->number);
    put_text(json, "step", step->step);
    put_text(json, "type", step->type);
    put_text(json, "state", step->state);
    put_int(json, "attempt", step->attempt);
    put_json(json, "input", step->input);
    put_json(json, "output", step->output);
    put_error(json, step->error_code, step->error, STR_NONE);
    put_int(json, "tokens", step->tokens);
    put_int(json, "cost_pico", step->cost_pd);
    put_time(json, "started_at", step->started_at_ms);
    put_time(json, "finished_at", step->finished_at_ms);
    if (step->finished_at_ms)
        put_int(json, "duration_ms", step->finished_at_ms - step->started_at_ms);
    else
        put_null(json, "duration_ms");
    put_end(json);
}

typedef struct ShowWork {
    ApiRequest *request;
    Str id, told, event, step;
    const json_t *data;
    int64_t frame, woken;
    Slice slice;
    WorkflowExecution execution;
    WorkflowExecutionFilter filter;
    WorkflowExecutionList list;
    WorkflowFrameList frames;
    WorkflowStepList steps;
} ShowWork;

static bool show_work(DbTx *tx, void *argument, Error *err)
{
    ShowWork *work = argument;
    const ApiRequest *request = work->request;
    const Slice first = { .limit = STEPS_SHOWN };
    return workflow_execution_find(tx, request->scope, request->arena, work->id, &work->execution,
                                   err) &&
           workflow_frame_list(tx, request->scope, request->arena, work->id, STR_NONE,
                               &work->frames, err) &&
           workflow_step_list(tx, request->scope, request->arena, work->id, -1, &first,
                              &work->steps, err);
}

static bool answer_execution(const void *argument, HttpResponse *response)
{
    const ShowWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_execution(&json, &work->execution);
    put_waits(&json, &work->frames);
    put_frames(&json, &work->frames);
    put_array(&json, "steps");
    for (size_t i = 0; i < work->steps.count; i++)
        put_execution_step(&json, &work->steps.at[i]);
    put_end(&json);
    put_bool(&json, "more_steps", work->steps.next.length > 0);
    put_end(&json);
    return true;
}

bool respond_execution(ApiRequest *request, Str id, HttpResponse *response, Error *err)
{
    ShowWork work = { .request = request, .id = id };
    return store_read(request->api->db, request->scope, show_work, &work, err) &&
           answer_execution(&work, response);
}

typedef struct ExecutionChange {
    ShowWork show; /* first: it is answered with */
    DbWork *work;
    void *argument;
    const Str *id;
} ExecutionChange;

static bool changed_work(DbTx *tx, void *argument, Error *err)
{
    ExecutionChange *change = argument;
    if (!change->work(tx, change->argument, err))
        return false;
    change->show.id = *change->id;
    return show_work(tx, &change->show, err);
}

bool respond_changed_execution(ApiRequest *request, DbWork *work, void *argument, const Str *id,
                               HttpResponse *response, Error *err)
{
    ExecutionChange change = { { .request = request }, work, argument, id };
    return api_change(request, response, changed_work, answer_execution, &change, err);
}

bool workflow_executions_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    return respond_execution(request, request->params[0], response, err);
}

static bool steps_work(DbTx *tx, void *argument, Error *err)
{
    ShowWork *work = argument;
    const ApiRequest *request = work->request;
    return workflow_execution_find(tx, request->scope, request->arena, work->id, &work->execution,
                                   err) &&
           workflow_step_list(tx, request->scope, request->arena, work->id, work->frame,
                              &work->slice, &work->steps, err);
}

bool workflow_executions_steps(ApiRequest *request, HttpResponse *response, Error *err)
{
    ShowWork work = { .request = request, .id = request->params[0] };
    if (!api_slice_by_key(request, &work.slice, err) ||
        !api_query_int(request, "frame", 0, WORKFLOW_FRAMES_MAX, -1, &work.frame, err) ||
        !store_read(request->api->db, request->scope, steps_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.steps.count; i++)
        put_execution_step(&json, &work.steps.at[i]);
    api_list_end(&json, -1, work.steps.next);
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ShowWork *work = argument;
    const ApiRequest *request = work->request;
    return workflow_execution_list(tx, request->scope, request->arena, &work->filter, &work->slice,
                                   &work->list, err);
}

bool workflow_executions_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    ShowWork work = { .request = request };
    work.filter = (WorkflowExecutionFilter){ .workflow = http_query(request->http, "workflow"),
                                             .document = http_query(request->http, "document"),
                                             .state = http_query(request->http, "state"),
                                             .user = http_query(request->http, "user"),
                                             .parent = http_query(request->http, "parent") };
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_execution(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work.list.next);
    return true;
}

/* --- Starting --- */

/* Of whoever it is started for: their rights, as they are now. */
static bool find_scope(DbTx *tx, const StartWork *work, Scope *scope_r, Error *err)
{
    const Scope *caller = work->request->scope;
    *scope_r = *caller;
    if (!work->user.length || str_equal(work->user, caller->user))
        return true;
    scope_r->user = work->user;
    return membership_role(tx, caller, work->user, &scope_r->role, err) &&
           (role_covers(caller->role, scope_r->role) ||
            fail(err, ERROR_DENIED, "'" STR_FMT "' may do more here than you",
                 STR_ARG(work->user)));
}

bool workflow_start_work(DbTx *tx, void *start_work, Error *err)
{
    StartWork *work = start_work;
    const ApiRequest *request = work->request;
    Scope scope;
    return find_scope(tx, work, &scope, err) &&
           recipe_find_either(tx, &scope, request->arena, S(RECIPE_WORKFLOW), request->params[0],
                              &work->recipe, err) &&
           workflow_start(tx, &scope, request->arena, &work->recipe, &work->start, &work->execution,
                          err);
}

bool workflows_start(ApiRequest *request, HttpResponse *response, Error *err)
{
    StartWork work = { .request = request };
    json_t *input = NULL;
    WorkflowStart *start = &work.start;
    if (!api_fields(request, err, { "document", JSON_STR, &start->document, .length_max = 64 },
                    { "input", JSON_ANY, &input }, { "dry_run", JSON_FLAG, &start->is_dry },
                    { "key", JSON_STR, &start->key, .length_max = 200 }))
        return false;
    start->input = input;
    start->started_by = request->scope->key.length ? S("api") : S("manual");
    if (start->key.length)
        start->key = str_format(request->arena, "api:" STR_FMT, STR_ARG(start->key));
    response->status = 202;
    return respond_changed_execution(request, workflow_start_work, &work, &work.execution.id,
                                     response, err);
}

/* --- Steering --- */

/* Who started it stands in its row; who steered it, in the audit log. */
static bool note(DbTx *tx, const Scope *scope, const char *action, Str execution, Error *err)
{
    const AuditEntry entry = { .action = str(action),
                               .subject_kind = S("workflow execution"),
                               .subject = execution };
    return audit_add(tx, scope, &entry, err);
}

static bool pause_work(DbTx *tx, void *argument, Error *err)
{
    const ShowWork *work = argument;
    const ApiRequest *request = work->request;
    return workflow_pause(tx, request->scope, request->arena, work->id, err) &&
           note(tx, request->scope, "workflow_execution.pause", work->id, err);
}

static bool resume_work(DbTx *tx, void *argument, Error *err)
{
    const ShowWork *work = argument;
    const ApiRequest *request = work->request;
    return workflow_resume(tx, request->scope, request->arena, work->id, err) &&
           note(tx, request->scope, "workflow_execution.resume", work->id, err);
}

static bool cancel_work(DbTx *tx, void *argument, Error *err)
{
    const ShowWork *work = argument;
    const ApiRequest *request = work->request;
    return workflow_cancel(tx, request->scope, request->arena, work->id, err) &&
           note(tx, request->scope, "workflow_execution.cancel", work->id, err);
}

static bool retry_work(DbTx *tx, void *argument, Error *err)
{
    const ShowWork *work = argument;
    const ApiRequest *request = work->request;
    return workflow_retry_from(tx, request->scope, request->arena, work->id, work->step, err) &&
           note(tx, request->scope, "workflow_execution.retry", work->id, err);
}

static bool steer(ShowWork *work, DbWork *how, HttpResponse *response, Error *err)
{
    ApiRequest *request = work->request;
    work->id = request->params[0];
    return respond_changed_execution(request, how, work, &work->id, response, err);
}

bool workflow_executions_pause(ApiRequest *request, HttpResponse *response, Error *err)
{
    ShowWork work = { .request = request };
    return steer(&work, pause_work, response, err);
}

bool workflow_executions_resume(ApiRequest *request, HttpResponse *response, Error *err)
{
    ShowWork work = { .request = request };
    return steer(&work, resume_work, response, err);
}

bool workflow_executions_cancel(ApiRequest *request, HttpResponse *response, Error *err)
{
    ShowWork work = { .request = request };
    return steer(&work, cancel_work, response, err);
}

bool workflow_executions_retry(ApiRequest *request, HttpResponse *response, Error *err)
{
    ShowWork work = { .request = request };
    return api_fields(request, err, { "step", JSON_STR, &work.step, .length_max = 60 }) &&
           steer(&work, retry_work, response, err);
}

/* --- Events --- */

/* Of this program: an approval that is decided, an execution that is over. */
static bool is_ours(Str event) { return str_starts(event, S("approval:")); }

static bool event_work(DbTx *tx, void *argument, Error *err)
{
    ShowWork *work = argument;
    const ApiRequest *request = work->request;
    return (!work->id.length || workflow_execution_find(tx, request->scope, request->arena,
                                                        work->id, &work->execution, err)) &&
           workflow_event(tx, request->scope, request->arena, work->id, work->event, work->data,
                          &work->woken, err);
}

static bool answer_woken(const void *argument, HttpResponse *response)
{
    const ShowWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "woken", work->woken);
    put_end(&json);
    return true;
}

static bool send_event(ApiRequest *request, Str execution, HttpResponse *response, Error *err)
{
    ShowWork work = { .request = request, .id = execution };
    json_t *data = NULL;
    if (!api_fields(request, err,
                    { "event", JSON_STR, &work.event, .required = true, .length_max = EVENT_MAX },
                    { "data", JSON_ANY, &data }))
        return false;
    if (!work.event.length || is_ours(work.event))
        return fail_field(err, "event", "an event needs a name, and not one of the program's own");
    work.data = data;
    return api_change(request, response, event_work, answer_woken, &work, err);
}

bool workflow_executions_event(ApiRequest *request, HttpResponse *response, Error *err)
{
    return send_event(request, request->params[0], response, err);
}

bool workflow_events_send(ApiRequest *request, HttpResponse *response, Error *err)
{
    return send_event(request, STR_NONE, response, err);
}
