/* tasks_api.c - tasks: lists, changes, order, trash, history. */
#include "api/task_json.h"
#include "base/clock.h"
#include "store/audit_store.h"

#define BULK_MAX 200

typedef struct TaskWork {
    ApiRequest *request;
    Str id;
    const json_t *given; /* the task's members */
    TaskState state;     /* of a step */
    TaskFilter filter;
    Slice slice;
    int64_t total;
    TaskPage page;
    Task task, next;
    AuditList history;
} TaskWork;

/* --- Answers --- */

/* page.tasks is work->task and what followed from it. */
static bool fill_one(DbTx *tx, TaskWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    Task *both = arena_new_array(request->arena, Task, 2);
    both[0] = work->task;
    both[1] = work->next;
    work->page = (TaskPage){ .tasks = { both, work->next.id.length ? 2 : 1, S("") } };
    return task_page_fill(tx, request->scope, request->arena, &work->page, err);
}

static void put_one(JsonWriter *json, const char *name, const TaskWork *work)
{
    put_task(json, name, &work->page, &work->page.tasks.at[0]);
}

static bool answer_one(const void *argument, HttpResponse *response)
{
    const TaskWork *work = argument;
    Buf one = buf_new(work->request->arena, KB(256));
    JsonWriter json = put_begin_array(&one);
    put_one(&json, NULL, work);
    put_end(&json);
    buf_add(&response->body, str_slice(buf_str(&one), 1, one.length - 1));
    return true;
}

static bool change(TaskWork *work, DbWork *run, Error *err)
{
    return store_write(work->request->api->db, work->request->scope, run, work, err);
}

/* --- Lists --- */

static bool read_order(Str name, TaskOrder *order_r, Error *err)
{
    static const char *const names[] = { "position", "due",     "priority",
                                         "created",  "updated", "number" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (!name.length || str_is(name, names[i])) {
            *order_r = (TaskOrder)i;
            return true;
        }
    return fail_field(err, "sort",
                      "'sort' must be position, due, priority, created, updated or number");
}

static bool read_filter(const ApiRequest *request, TaskFilter *filter_r, Error *err)
{
    const HttpRequest *http = request->http;
    TaskFilter filter = {
        .has = http_query(http, "q"),
        .category = http_query(http, "category"),
        .assignee = http_query(http, "assignee"),
        .user = http_query(http, "user"),
        .document = http_query(http, "document"),
        .collection = http_query(http, "collection"),
        .parent = http_query(http, "parent"),
        .is_in_trash = str_is(http_query(http, "trash"), "1"),
    };
    if (str_is(filter.assignee, "me"))
        filter.assignee = request->scope->user;
    if (str_is(filter.user, "me"))
        filter.user = request->scope->user;
    if (!task_read_states(http_query(http, "status"), &filter.states, err) ||
        !task_read_priorities(http_query(http, "priority"), &filter.priorities, err) ||
        !read_order(http_query(http, "sort"), &filter.order, err) ||
        !api_query_time(request, "due_after", &filter.due_from_ms, err) ||
        !api_query_time(request, "due_before", &filter.due_until_ms, err))
        return false;
    *filter_r = filter;
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    TaskWork *work = argument;
    const ApiRequest *request = work->request;
    return task_list(tx, request->scope, request->arena, &work->filter, &work->slice,
                     &work->page.tasks, err) &&
           task_count(tx, request->scope, request->arena, &work->filter, &work->total, err) &&
           task_page_fill(tx, request->scope, request->arena, &work->page, err);
}

bool tasks_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    TaskWork work = { .request = request };
    if (!read_filter(request, &work.filter, err) || !api_slice_by_key(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.page.tasks.count; i++)
        put_task(&json, NULL, &work.page, &work.page.tasks.at[i]);
    api_list_end(&json, work.total, work.page.tasks.next);
    return true;
}

/* --- One --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    TaskWork *work = argument;
    const ApiRequest *request = work->request;
    work->next = (Task){ 0 };
    return task_find(tx, request->scope, request->arena, work->id, &work->task, err) &&
           fill_one(tx, work, err);
}

bool tasks_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    TaskWork work = { .request = request, .id = request->params[0] };
    return store_read(request->api->db, request->scope, find_work, &work, err) &&
           answer_one(&work, response);
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    TaskWork *work = argument;
    const ApiRequest *request = work->request;
    TaskExtras extras = { 0 };
    work->next = (Task){ 0 };
    return tasks_begin(tx, request->scope, request->arena, &work->task, err) &&
           task_read(request->arena, work->given, &work->task, &extras, err) &&
           task_check_places(tx, request->scope, request->arena, &work->task, err) &&
           tasks_add(tx, request->scope, request->arena, &work->task, &extras, err) &&
           fill_one(tx, work, err);
}

bool tasks_create(ApiRequest *request, HttpResponse *response, Error *err)
{
    TaskWork work = { .request = request, .given = request->json };
    response->status = 201;
    return api_change(request, response, add_work, answer_one, &work, err);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    TaskWork *work = argument;
    const ApiRequest *request = work->request;
    TaskExtras extras = { 0 };
    Task before;
    if (!task_hold(tx, request->scope, err) ||
        !tasks_find(tx, request->scope, request->arena, work->id, &before, err))
        return false;
    work->task = before;
    return task_read(request->arena, work->given, &work->task, &extras, err) &&
           task_check_places(tx, request->scope, request->arena, &work->task, err) &&
           tasks_change(tx, request->scope, request->arena, &before, &work->task, &extras,
                        &work->next, err) &&
           fill_one(tx, work, err);
}

/* With the task that follows a recurring one as "next". */
static bool answer_changed(const void *argument, HttpResponse *response)
{
    const TaskWork *work = argument;
    Buf one = buf_new(work->request->arena, KB(512));
    JsonWriter json = put_begin_array(&one);
    put_one(&json, NULL, work);
    put_end(&json);
    buf_add(&response->body, str_slice(buf_str(&one), 1, one.length - 2));
    if (work->page.tasks.count < 2) {
        buf_add(&response->body, S(",\"next\":null}"));
        return true;
    }
    one.length = 0;
    json = put_begin_array(&one);
    put_task(&json, NULL, &work->page, &work->page.tasks.at[1]);
    put_end(&json);
    buf_add(&response->body, S(",\"next\":"));
    buf_add(&response->body, str_slice(buf_str(&one), 1, one.length - 1));
    buf_add_char(&response->body, '}');
    return true;
}

bool tasks_patch(ApiRequest *request, HttpResponse *response, Error *err)
{
    TaskWork work = { .request = request, .id = request->params[0], .given = request->json };
    return api_change(request, response, change_work, answer_changed, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    TaskWork *work = argument;
    const ApiRequest *request = work->request;
    return tasks_find(tx, request->scope, request->arena, work->id, &work->task, err) &&
           tasks_remove(tx, request->scope, request->arena, work->task.id, err);
}

bool tasks_delete(ApiRequest *request, HttpResponse *response, Error *err)
{
    TaskWork work = { .request = request, .id = request->params[0] };
    return api_change(request, response, remove_work, NULL, &work, err);
}

static bool restore_work(DbTx *tx, void *argument, Error *err)
{
    TaskWork *work = argument;
    const ApiRequest *request = work->request;
    work->next = (Task){ 0 };
    return tasks_restore(tx, request->scope, request->arena, work->id, &work->task, err) &&
           fill_one(tx, work, err);
}

bool tasks_bring_back(ApiRequest *request, HttpResponse *response, Error *err)
{
    TaskWork work = { .request = request, .id = request->params[0] };
    return api_change(request, response, restore_work, answer_one, &work, err);
}

/* --- Suggested ones --- */

static bool decide_work(DbTx *tx, void *argument, Error *err)
{
    TaskWork *work = argument;
    const ApiRequest *request = work->request;
    Task before;
    if (!task_hold(tx, request->scope, err) ||
        !tasks_find(tx, request->scope, request->arena, work->id, &before, err))
        return false;
    if (before.state != TASK_suggested)
        return fail(err, ERROR_CONFLICT, "task %" PRId64 " is %s, no longer suggested",
                    before.number, task_states[before.state].name);
    work->task = before;
    work->task.state = work->state;
    return tasks_change(tx, request->scope, request->arena, &before, &work->task, NULL, &work->next,
                        err) &&
           fill_one(tx, work, err);
}

bool tasks_accept(ApiRequest *request, HttpResponse *response, Error *err)
{
    TaskWork work = { .request = request, .id = request->params[0], .state = TASK_pending };
    return api_change(request, response, decide_work, answer_one, &work, err);
}

bool tasks_dismiss(ApiRequest *request, HttpResponse *response, Error *err)
{
    TaskWork work = { .request = request, .id = request->params[0], .state = TASK_cancelled };
    return api_change(request, response, decide_work, answer_one, &work, err);
}

/* --- Order --- */

static bool move_work(DbTx *tx, void *argument, Error *err)
{
    TaskWork *work = argument;
    ApiRequest *request = work->request;
    Task before;
    Str after = S(""), status = S("");
    if (!api_fields(request, err, { "after", JSON_STR, &after, .length_max = 100 },
                    { "status", JSON_STR, &status, .length_max = 20 }) ||
        !task_hold(tx, request->scope, err) ||
        !tasks_find(tx, request->scope, request->arena, work->id, &before, err))
        return false;
    work->task = before;
    work->next = (Task){ 0 };
    if (status.length && !task_state_named(status, &work->task.state, err))
        return false;
    if (work->task.state != before.state &&
        !tasks_change(tx, request->scope, request->arena, &before, &work->task, NULL, &work->next,
                      err))
        return false;
    return task_move(tx, request->scope, request->arena, &work->task, after, err) &&
           fill_one(tx, work, err);
}

bool tasks_move(ApiRequest *request, HttpResponse *response, Error *err)
{
    TaskWork work = { .request = request, .id = request->params[0] };
    return api_change(request, response, move_work, answer_changed, &work, err);
}

/* --- Many at once --- */

static bool complete_work(DbTx *tx, void *argument, Error *err)
{
    TaskWork *work = argument;
    const ApiRequest *request = work->request;
    Task before;
    if (!task_hold(tx, request->scope, err) ||
        !tasks_find(tx, request->scope, request->arena, work->id, &before, err))
        return false;
    work->task = before;
    work->task.state = TASK_done;
    return tasks_change(tx, request->scope, request->arena, &before, &work->task, NULL, &work->next,
                        err) &&
           fill_one(tx, work, err);
}

/* What is asked of each item of a list, and whether an item is an id alone. */
static const struct {
    const char *name;
    DbWork *run;
    bool is_id;
} bulk_kinds[] = { { "create", add_work, false },
                   { "update", change_work, false },
                   { "complete", complete_work, true },
                   { "remove", remove_work, true } };

static Str text_of(const json_t *json)
{
    return json_is_string(json) ? (Str){ json_string_value(json), json_string_length(json) }
                                : S("");
}

/* The id stands beside the changes and is none itself. */
static bool run_item(TaskWork *work, size_t kind, json_t *item, Error *err)
{
    work->given = item;
    if (bulk_kinds[kind].is_id) {
        work->id = text_of(item);
    } else if (!json_is_object(item)) {
        return fail(err, ERROR_INVALID, "each item of '%s' must be an object",
                    bulk_kinds[kind].name);
    } else if (bulk_kinds[kind].run == change_work) {
        work->id = str_copy(work->request->arena, text_of(json_object_get(item, "id")));
        (void)json_object_del(item, "id");
    }
    return change(work, bulk_kinds[kind].run, err);
}

static void put_result(JsonWriter *json, size_t kind, size_t index, const TaskWork *work,
                       const Error *err)
{
    put_object(json, NULL);
    put_text(json, "what", str(bulk_kinds[kind].name));
    put_int(json, "index", (int64_t)index);
    put_bool(json, "ok", !err);
    if (err) {
        put_object(json, "error");
        put_text(json, "code", str(error_name(err->code)));
        put_text(json, "message", str(err->message));
        put_text_or_null(json, "field", str(err->field));
        put_end(json);
    } else if (work->page.tasks.count) {
        put_one(json, "task", work);
    }
    put_end(json);
}

static bool check_bulk(const json_t *body, Error *err)
{
    size_t all = 0;
    const char *name;
    json_t *list;
    json_object_foreach((json_t *)(uintptr_t)body, name, list)
    {
        bool is_known = false;
        for (size_t i = 0; i < COUNT(bulk_kinds); i++)
            is_known |= !strcmp(name, bulk_kinds[i].name);
        if (!is_known || !json_is_array(list))
            return fail_field(err, name,
                              "the body must have lists named create, update, complete or remove");
        all += json_array_size(list);
    }
    return all <= BULK_MAX ||
           fail(err, ERROR_TOO_LARGE, "%d tasks at once at most; send the others apart", BULK_MAX);
}

bool tasks_bulk(ApiRequest *request, HttpResponse *response, Error *err)
{
    int64_t failed = 0, done = 0;
    if (!check_bulk(request->json, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "results");
    for (size_t kind = 0; kind < COUNT(bulk_kinds); kind++) {
        size_t i;
        json_t *item;
        json_array_foreach(json_object_get(request->json, bulk_kinds[kind].name), i, item)
        {
            TaskWork work = { .request = request };
            Error why = { 0 };
            bool ok = run_item(&work, kind, item, &why);
            put_result(&json, kind, i, &work, ok ? NULL : &why);
            done += ok;
            failed += !ok;
        }
    }
    put_end(&json);
    put_int(&json, "done", done);
    put_int(&json, "failed", failed);
    put_end(&json);
    return true;
}

/* --- History --- */

static bool history_work(DbTx *tx, void *argument, Error *err)
{
    TaskWork *work = argument;
    const ApiRequest *request = work->request;
    AuditFilter filter = { .subject_kind = S("task") };
    if (!task_find(tx, request->scope, request->arena, work->id, &work->task, err))
        return false;
    filter.subject = work->task.id;
    return audit_list(tx, request->scope, request->arena, &filter, &work->slice, &work->history,
                      err);
}

bool tasks_history(ApiRequest *request, HttpResponse *response, Error *err)
{
    TaskWork work = { .request = request, .id = request->params[0] };
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, history_work, &work, err))
        return false;
    api_put_history(response, &work.history);
    return true;
}
