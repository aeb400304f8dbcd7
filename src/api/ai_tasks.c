#include "api/ai_tasks.h"

#include "api/api.h"
#include "base/clock.h"
#include "meetings/bot_config.h"
#include "store/audit_store.h"

#define PAYLOAD_MAX KB(256)
#define ROUTED_MAX 100 /* tasks of one ai.route_ai_tasks */
#define ROUTE_TYPE "ai.route_ai_tasks"

ApiHandler ai_task_workflow, ai_task_analysis, ai_task_bot_configuration;

typedef struct AiTask {
    const char *type;
    ApiHandler *handle;
    Role role;
    int priority;
    const char *names, *help;
} AiTask;

static const AiTask tasks[] = {
#define AI_TASK(type, handler, role, priority, names, help)                                        \
    { type, handler, ROLE_##role, priority, names, help },
#include "api/ai_tasks.def"
#undef AI_TASK
};

/* By its type or another of its names. NULL: there is none. */
static const AiTask *find_task(Str name)
{
    for (size_t i = 0; i < COUNT(tasks); i++) {
        Str rest = str(tasks[i].names), other;
        if (str_is(name, tasks[i].type))
            return &tasks[i];
        while (str_next(&rest, ' ', &other))
            if (str_equal(other, name))
                return &tasks[i];
    }
    return NULL;
}

static bool fail_unknown(Error *err, Str name)
{
    return fail_field(err, "type",
                      "there is no task '" STR_FMT "'; GET /v1/ai-task-types lists them",
                      STR_ARG(str_slice(name, 0, 100)));
}

static bool check_routed(const AiTask *task, Error *err)
{
    return task->role <= ROLE_EDITOR ||
           fail(err, ERROR_DENIED, "'%s' cannot be started among others", task->type);
}

bool ai_task_is_routed(Str name, Error *err)
{
    const AiTask *task = find_task(name);
    return task ? check_routed(task, err) : fail_unknown(err, name);
}

/* --- Handlers of tasks that no route answers as they are --------------------------------- */

/* Moves a member to another name, where that is free. */
static void rename_member(json_t *body, const char *from, const char *to)
{
    json_t *value = json_object_get(body, from);
    if (value && !json_object_get(body, to))
        (void)json_object_set(body, to, value);
    (void)json_object_del(body, from);
}

bool ai_task_workflow(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str id = str_copy(request->arena, json_member_text(request->json, "workflow_id"));
    if (!id.length)
        return fail_field(err, "workflow_id", "'workflow_id' is missing");
    request->params[0] = id;
    (void)json_object_del(request->json, "workflow_id");
    return workflow_seed_execute(request, response, err);
}

bool ai_task_analysis(ApiRequest *request, HttpResponse *response, Error *err)
{
    bool sums_up = str_is(json_member_text(request->json, "analysis_type"), "summary");
    (void)json_object_del(request->json, "analysis_type");
    if (sums_up)
        return summarize_document(request, response, err);
    rename_member(request->json, "document_id", "document");
    rename_member(request->json, "content", "text");
    return classify_text(request, response, err);
}

typedef struct FindMeeting {
    const ApiRequest *request;
    Str id;
    Meeting meeting;
} FindMeeting;

static bool find_meeting_work(DbTx *tx, void *argument, Error *err)
{
    FindMeeting *work = argument;
    const ApiRequest *request = work->request;
    return meeting_find(tx, request->scope, request->arena, work->id, &work->meeting, err);
}

bool ai_task_bot_configuration(ApiRequest *request, HttpResponse *response, Error *err)
{
    FindMeeting work = { .request = request, .meeting = { .attendees = S("[]") } };
    Meeting *meeting = &work.meeting;
    json_t *given = NULL;
    BotConfigMade made;

    if (!api_fields(request, err, { "meeting_id", JSON_STR, &work.id, .length_max = 64 },
                    { "meeting", JSON_ANY, &given }))
        return false;
    if (work.id.length &&
        !store_read(request->api->db, request->scope, find_meeting_work, &work, err))
        return false;
    if (given && !json_read(given, request->arena,
                            JSON_FIELDS({ "title", JSON_STR, &meeting->title },
                                        { "description", JSON_STR, &meeting->description },
                                        { "location", JSON_STR, &meeting->location }),
                            err))
        return false;
    if (!work.id.length && !given)
        return fail_field(err, "meeting", "give 'meeting_id' or 'meeting'");
    bot_config_make(request->api->models, request->scope, request->arena, meeting, &made);
    JsonWriter json = put_begin(&response->body);
    put_raw(&json, "configuration", bot_config_print(request->arena, &made.config));
    put_text(&json, "made_by", made.made_by);
    put_text_or_null(&json, "notice", made.notice);
    put_end(&json);
    return true;
}

/* --- A task at work ---------------------------------------------------------------------- */

typedef struct TaskWork {
    Job *job;
    Str result;
} TaskWork;

static bool end_work(DbTx *tx, void *argument, Error *err)
{
    TaskWork *work = argument;
    return job_hold(tx, work->job, err) && job_set_result(tx, work->job, work->result, err) &&
           job_done_in(tx, work->job, err);
}

bool ai_task_job(Job *job, Error *err)
{
    AUTO_JSON json_t *body = NULL;
    const AiTask *task = find_task(job->type);
    Scope scope;

    if (!json_parse(job->payload, PAYLOAD_MAX, &body, err) ||
        !job_asker(job, task->role, &scope, err))
        return false;
    HttpRequest http = { .arena = job->arena, .method = S("POST"), .peer = S("local") };
    ApiRequest request = { .api = job->argument,
                           .http = &http,
                           .arena = job->arena,
                           .visitor = { .scope = scope },
                           .scope = &scope,
                           .once = job->id,
                           .json = body };
    HttpResponse response = { .status = 200, .body = buf_new(job->arena, JOB_RESULT_MAX) };
    if (!task->handle(&request, &response, err))
        return false;
    if (response.body.overflowed)
        return fail(err, ERROR_TOO_LARGE, "the answer has more than %zu bytes", JOB_RESULT_MAX);
    TaskWork work = { job, response.body.length ? buf_str(&response.body) : S("null") };
    return store_write(job->db, &job->scope, end_work, &work, err);
}

/* --- Many tasks, each where it belongs --------------------------------------------------- */

typedef struct RouteWork {
    Job *job;
    const json_t *list;
    JobTypeCountsList counts;
    JobRowList children;
    Str *results;
} RouteWork;

/* What has much waiting already comes later by one for each tenfold. */
static int priority_by_load(const RouteWork *work, const AiTask *task)
{
    int priority = task->priority;
    for (size_t i = 0; i < work->counts.count; i++)
        if (str_is(work->counts.at[i].type, task->type))
            for (int64_t n = work->counts.at[i].counts.waiting; n >= 10 && priority > 0; n /= 10)
                priority--;
    return priority;
}

static bool read_routed(Job *job, const json_t *item, const AiTask **task_r, Str *payload_r,
                        Error *err)
{
    Str name = STR_NONE;
    json_t *payload = NULL;
    if (!json_read(item, job->arena,
                   JSON_FIELDS({ "type", JSON_STR, &name, .length_max = 200 },
                               { "task_type", JSON_STR, &name, .length_max = 200 },
                               { "payload", JSON_ANY, &payload }),
                   err))
        return fail_in(err, "tasks");
    *task_r = find_task(name);
    *payload_r = payload ? json_print(job->arena, payload) : S("{}");
    return *task_r || fail_unknown(err, name);
}

static bool route_work(DbTx *tx, void *argument, Error *err)
{
    RouteWork *work = argument;
    Job *job = work->job;
    Scope scope = job->scope;

    scope.user = job->user;
    scope.key = job->api_key;
    if (!job_hold(tx, job, err) ||
        !jobs_store_count_types(tx, &scope, job->arena, now_ms(), &work->counts, err))
        return false;
    for (size_t i = 0; i < json_array_size(work->list); i++) {
        const AiTask *task = NULL;
        Str payload;
        if (!read_routed(job, json_array_get(work->list, i), &task, &payload, err))
            return false;
        if (!check_routed(task, err))
            return false;
        NewJob child = { .type = str(task->type),
                         .payload = payload,
                         .priority = priority_by_load(work, task),
                         .parent = job->id };
        if (!job_add(tx, &scope, job->arena, &child, NULL, err))
            return false;
    }
    return true;
}

static bool children_work(DbTx *tx, void *argument, Error *err)
{
    RouteWork *work = argument;
    Job *job = work->job;
    const JobFilter filter = { .parent = job->id };
    const Slice slice = { .limit = ROUTED_MAX };

    if (!jobs_store_list(tx, &job->scope, job->arena, &filter, &slice, &work->children, err))
        return false;
    work->results = arena_new_array(job->arena, Str, work->children.count + 1);
    for (size_t i = 0; i < work->children.count; i++)
        if (!jobs_store_result(tx, &job->scope, job->arena, work->children.at[i].id,
                               &work->results[i], err))
            return false;
    return true;
}

static void put_child(JsonWriter *json, const JobRow *child, Str result)
{
    put_object(json, NULL);
    put_text(json, "type", child->type);
    put_text(json, "job", child->id);
    put_text(json, "state", str(job_state_name(child->state)));
    put_text_or_null(json, "error", child->error);
    put_raw(json, "result", result.length ? result : S("null"));
    put_end(json);
}

/* In the order they were given: lists of jobs begin with the newest. */
static bool gather(RouteWork *work, Error *err)
{
    Job *job = work->job;
    Buf text = buf_new(job->arena, JOB_RESULT_MAX);

    if (!store_read(job->db, &job->scope, children_work, work, err))
        return false;
    JsonWriter json = put_begin(&text);
    put_array(&json, "tasks");
    for (size_t i = work->children.count; i-- > 0;)
        put_child(&json, &work->children.at[i], work->results[i]);
    put_end(&json);
    put_end(&json);
    if (text.overflowed)
        return fail(err, ERROR_TOO_LARGE,
                    "the results have more than %zu bytes together; read those of the tasks "
                    "one by one",
                    JOB_RESULT_MAX);
    TaskWork end = { job, buf_str(&text) };
    return store_write(job->db, &job->scope, end_work, &end, err);
}

bool ai_route_job(Job *job, Error *err)
{
    AUTO_JSON json_t *body = NULL;
    RouteWork work = { .job = job };

    if (job->children)
        return gather(&work, err);
    if (!json_parse(job->payload, PAYLOAD_MAX, &body, err))
        return false;
    work.list = json_object_get(body, "tasks");
    if (!json_is_array(work.list) || !json_array_size(work.list) ||
        json_array_size(work.list) > ROUTED_MAX)
        return fail_field(err, "tasks", "'tasks' is a list of 1 to %d tasks", ROUTED_MAX);
    if (!store_write(job->db, &job->scope, route_work, &work, err))
        return false;
    job_await_children(job);
    return false;
}

/* --- Starting and reading ---------------------------------------------------------------- */

typedef struct StartTask {
    ApiRequest *request;
    NewJob job;
    Str id, result;
    JobRow row;
} StartTask;

static bool start_work(DbTx *tx, void *argument, Error *err)
{
    StartTask *work = argument;
    const ApiRequest *request = work->request;
    AuditEntry entry = { .action = S("ai_task.start") };
    if (!job_add(tx, request->scope, request->arena, &work->job, &work->id, err))
        return false;
    entry.subject = work->id;
    return audit_add(tx, request->scope, &entry, err);
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    StartTask *work = argument;
    const ApiRequest *request = work->request;
    Str id = request->params[0];
    return jobs_store_find(tx, request->scope, request->arena, id, &work->row, err) &&
           (find_task(work->row.type) || str_is(work->row.type, ROUTE_TYPE) ||
            fail(err, ERROR_NOT_FOUND, "there is no task '" STR_FMT "'", STR_ARG(id))) &&
           jobs_store_result(tx, request->scope, request->arena, id, &work->result, err);
}

bool ai_task_types(ApiRequest *request, HttpResponse *response, Error *err)
{
    JsonWriter json = api_list_begin(response);
    (void)request;
    (void)err;
    for (size_t i = 0; i < COUNT(tasks); i++) {
        put_object(&json, NULL);
        put_text(&json, "type", str(tasks[i].type));
        put_text(&json, "names", str(tasks[i].names));
        put_text(&json, "role", str(role_name(tasks[i].role)));
        put_int(&json, "priority", tasks[i].priority);
        put_text(&json, "help", str(tasks[i].help));
        put_end(&json);
    }
    api_list_end(&json, (int64_t)COUNT(tasks), STR_NONE);
    return true;
}

bool ai_tasks_start(ApiRequest *request, HttpResponse *response, Error *err)
{
    StartTask work = { .request = request };
    json_t *payload = NULL;
    Str type = STR_NONE;
    int64_t priority = -1;

    if (!api_fields(request, err, { "type", JSON_STR, &type, .required = true, .length_max = 200 },
                    { "payload", JSON_ANY, &payload },
                    { "key", JSON_STR, &work.job.key, .length_max = 200 },
                    { "priority", JSON_I64, &priority, .min = 0, .max = JOB_PRIORITY_MAX }))
        return false;
    const AiTask *task = find_task(type);
    bool is_route = str_is(type, ROUTE_TYPE);
    if (!task && !is_route)
        return fail_unknown(err, type);
    if (task && !scope_needs(request->scope, task->role, err))
        return false;
    if (payload && !json_is_object(payload))
        return fail_field(err, "payload", "'payload' is a JSON object");
    work.job.type = is_route ? S(ROUTE_TYPE) : str(task->type);
    work.job.payload = payload ? json_print(request->arena, payload) : S("{}");
    work.job.priority = (int)(priority >= 0 ? priority : is_route ? 5 : task->priority);
    if (!store_write(request->api->db, request->scope, start_work, &work, err))
        return false;
    response->status = 202;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "id", work.id);
    put_text(&json, "type", work.job.type);
    put_end(&json);
    return true;
}

bool ai_tasks_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    StartTask work = { .request = request };
    if (!store_read(request->api->db, request->scope, find_work, &work, err))
        return false;
    const JobRow *row = &work.row;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "id", row->id);
    put_text(&json, "type", row->type);
    put_text(&json, "state", str(job_state_name(row->state)));
    put_int(&json, "attempt", row->attempt);
    put_int(&json, "children", row->children);
    put_int(&json, "children_left", row->children_left);
    put_raw(&json, "result", work.result.length ? work.result : S("null"));
    put_text_or_null(&json, "error", row->error);
    put_time(&json, "created_at", row->created_at_ms);
    put_time(&json, "started_at", row->started_at_ms);
    put_time(&json, "finished_at", row->finished_at_ms);
    put_end(&json);
    return true;
}
