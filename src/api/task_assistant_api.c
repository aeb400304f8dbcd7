/* task_assistant_api.c - tasks by the paths and in the shapes of the task assistant's clients:
 * their id is the number, and everybody sees their own. */
#include "api/assistant.h"
#include "api/convert.h"
#include "api/task_json.h"
#include "base/id.h"

#define CLEARED_MAX 10000 /* by one call */
#define CLEAR_MEMORY_MAX MB(256)

typedef struct AssistantWork {
    ApiRequest *request;
    TaskFilter filter;
    Slice slice;
    Str user;
    TaskList list;
    Task task;
    int64_t cleared;
    bool has_more;
} AssistantWork;

/* As clients of the task assistant may write it. */
static Str state_word(Str said)
{
    return str_is(said, "completed")     ? S("done")
           : str_is(said, "in-progress") ? S("in_progress")
                                         : said;
}

bool assistant_user(const ApiRequest *request, Str asked, Str *user_r, Error *err)
{
    const Scope *scope = request->scope;
    if (asked.length && !str_equal(asked, scope->user) && !scope_needs(scope, ROLE_ADMIN, err))
        return fail(err, ERROR_DENIED, "'user_id' may be your own only");
    *user_r = asked.length ? asked : scope->user;
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    AssistantWork *work = argument;
    return task_list(tx, work->request->scope, work->request->arena, &work->filter, &work->slice,
                     &work->list, err);
}

static bool read_filter(const ApiRequest *request, TaskFilter *filter, Error *err)
{
    if (!task_read_states(state_word(http_query(request->http, "status")), &filter->states, err) ||
        !task_read_priorities(http_query(request->http, "priority"), &filter->priorities, err) ||
        !assistant_user(request, http_query(request->http, "user_id"), &filter->created_by, err))
        return false;
    filter->category = http_query(request->http, "category");
    filter->order = TASK_BY_NUMBER;
    return true;
}

/* Its clients know no parts: as many as a part may have, unless they ask for fewer. */
static bool read_slice(const ApiRequest *request, Slice *slice_r, Error *err)
{
    if (!api_slice_by_key(request, slice_r, err))
        return false;
    if (!http_query(request->http, "limit").length)
        slice_r->limit = SLICE_MAX;
    return true;
}

bool assistant_tasks_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    AssistantWork work = { .request = request };
    if (!read_filter(request, &work.filter, err) || !read_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "tasks");
    for (size_t i = 0; i < work.list.count; i++)
        put_assistant_task(&json, NULL, &work.list.at[i]);
    put_end(&json);
    put_int(&json, "count", (int64_t)work.list.count);
    put_text_or_null(&json, "next", work.list.next);
    put_end(&json);
    return true;
}

/* Takes "user_id" out of the body. */
static bool take_user(AssistantWork *work, Error *err)
{
    json_t *body = work->request->json;
    Str state = state_word(json_member_text(body, "status"));
    if (state.length)
        json_object_set_new(body, "status", json_stringn(state.at, state.length));
    Str asked = str_copy(work->request->arena, json_member_text(body, "user_id"));
    (void)json_object_del(body, "user_id");
    return assistant_user(work->request, asked, &work->user, err);
}

static bool answer(const void *argument, HttpResponse *response)
{
    const AssistantWork *work = argument;
    Buf one = buf_new(work->request->arena, KB(256));
    JsonWriter json = put_begin_array(&one);
    put_assistant_task(&json, NULL, &work->task);
    put_end(&json);
    buf_add(&response->body, str_slice(buf_str(&one), 1, one.length - 1));
    return true;
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    AssistantWork *work = argument;
    const ApiRequest *request = work->request;
    TaskExtras extras = { 0 };
    if (!tasks_begin(tx, request->scope, request->arena, &work->task, err))
        return false;
    work->task.created_by = work->user;
    return task_read(request->arena, request->json, &work->task, &extras, err) &&
           task_check_places(tx, request->scope, request->arena, &work->task, err) &&
           tasks_add(tx, request->scope, request->arena, &work->task, &extras, err);
}

bool assistant_tasks_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    AssistantWork work = { .request = request };
    return take_user(&work, err) && api_change(request, response, add_work, answer, &work, err);
}

/* Everybody's own; of a key of the workspace what keys have made. */
static bool may_touch(const ApiRequest *request, const Task *task)
{
    return str_equal(task->created_by, request->scope->user) || request->scope->role >= ROLE_ADMIN;
}

/* By its number, and one's own. */
static bool find_own(DbTx *tx, const ApiRequest *request, Task *task_r, Error *err)
{
    Str id = request->params[0];
    Task task;
    int64_t number;
    if (!str_to_int(id, 1, INT64_MAX, &number))
        return fail_field(err, "task_id", "'task_id' must be a number");
    if (!task_hold(tx, request->scope, err) ||
        !tasks_find(tx, request->scope, request->arena, id, &task, err))
        return false;
    if (!may_touch(request, &task))
        return fail(err, ERROR_NOT_FOUND, "there is no task '%" PRId64 "'", number);
    *task_r = task;
    return true;
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    AssistantWork *work = argument;
    const ApiRequest *request = work->request;
    TaskExtras extras = { 0 };
    Task before;
    if (!find_own(tx, request, &before, err))
        return false;
    work->task = before;
    return task_read(request->arena, request->json, &work->task, &extras, err) &&
           task_check_places(tx, request->scope, request->arena, &work->task, err) &&
           tasks_change(tx, request->scope, request->arena, &before, &work->task, &extras, NULL,
                        err);
}

bool assistant_tasks_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    AssistantWork work = { .request = request };
    return take_user(&work, err) && api_change(request, response, change_work, answer, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    AssistantWork *work = argument;
    const ApiRequest *request = work->request;
    return find_own(tx, request, &work->task, err) &&
           tasks_remove(tx, request->scope, request->arena, work->task.id, err);
}

static bool answer_assistant_tasks_remove(const void *argument, HttpResponse *response)
{
    const AssistantWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "deleted", true);
    put_int(&json, "id", work->task.number);
    put_text(&json, "message", S("The task is in the trash for 30 days."));
    put_end(&json);
    return true;
}

bool assistant_tasks_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    AssistantWork work = { .request = request };
    return api_change(request, response, remove_work, answer_assistant_tasks_remove, &work, err);
}

/* A subtask may have gone with its parent already. Nobody in particular, a key of the workspace:
 * all that it may remove one by one. */
static bool clear_one(DbTx *tx, AssistantWork *work, Arena *arena, Str id, Error *err)
{
    const ApiRequest *request = work->request;
    Task task;
    if (!task_find(tx, request->scope, arena, id, &task, err))
        return false;
    if (!may_touch(request, &task))
        return true;
    work->cleared++;
    return task.deleted_at_ms || tasks_remove(tx, request->scope, arena, task.id, err);
}

/* Part by part, in one transaction: so no more than CLEARED_MAX. */
static bool clear_work(DbTx *tx, void *argument, Error *err)
{
    AssistantWork *work = argument;
    const ApiRequest *request = work->request;
    const TaskFilter all = { .created_by = work->user, .order = TASK_BY_NUMBER };
    Slice slice = { .limit = SLICE_MAX };
    work->cleared = 0;
    work->has_more = false;
    if (!task_hold(tx, request->scope, err))
        return false;
    do {
        AUTO_ARENA Arena *arena = arena_new(CLEAR_MEMORY_MAX);
        TaskList list;
        if (!task_list(tx, request->scope, arena, &all, &slice, &list, err))
            return false;
        for (size_t i = 0; i < list.count && !work->has_more; i++) {
            if (!clear_one(tx, work, arena, list.at[i].id, err))
                return false;
            work->has_more =
                work->cleared >= CLEARED_MAX && (i + 1 < list.count || list.next.length);
        }
        slice.after = str_copy(request->arena, list.next);
    } while (slice.after.length && !work->has_more);
    return true;
}

static bool answer_assistant_tasks_clear(const void *argument, HttpResponse *response)
{
    const AssistantWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "cleared", work->cleared);
    put_bool(&json, "has_more", work->has_more);
    put_text(&json, "message",
             work->has_more
                 ? S("So many tasks are in the trash for 30 days; clear again for the rest.")
                 : S("The tasks are in the trash for 30 days."));
    put_end(&json);
    return true;
}

bool assistant_tasks_clear(ApiRequest *request, HttpResponse *response, Error *err)
{
    AssistantWork work = { .request = request };
    return assistant_user(request, http_query(request->http, "user_id"), &work.user, err) &&
           api_change(request, response, clear_work, answer_assistant_tasks_clear, &work, err);
}
