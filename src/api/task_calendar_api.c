/* task_calendar_api.c - tasks for calendar programs: a feed by an address of its own, and VTODO in.
 *
 * A feed's secret is "WORKSPACE.RANDOM": the workspace is looked into, and only the hash of the
 * whole is kept. It shows its person's tasks and can do nothing else, so it may stand in an
 * address. */
#include "account/token.h"
#include "api/api.h"
#include "base/clock.h"
#include "base/id.h"
#include "notify/event_hub.h"
#include "store/task_feeds_store.h"
#include "tasks/calendar.h"
#include "tasks/tasks.h"

#define NAME_MAX_BYTES 100
#define DONE_SHOWN_MS (INT64_C(30) * 86400000) /* what is done stays in the calendar so long */

typedef struct FeedWork {
    ApiRequest *request;
    Scope scope; /* of a feed */
    Str token;
    TaskFeed feed;
    TaskFeedList feeds;
    TaskList tasks;
    const CalendarItem *item;
    bool is_known;
} FeedWork;

/* --- Showing --- */

/* Not what is only suggested, and not what has long been done. */
static void keep_shown(TaskList *tasks)
{
    size_t count = 0;
    int64_t since_ms = now_ms() - DONE_SHOWN_MS;
    for (size_t i = 0; i < tasks->count; i++) {
        const Task *task = &tasks->at[i];
        if (task->state != TASK_suggested &&
            (task_states[task->state].is_open || task->updated_at_ms > since_ms))
            tasks->at[count++] = *task;
    }
    tasks->count = count;
}

static bool list_tasks(DbTx *tx, FeedWork *work, const Scope *scope, Error *err)
{
    TaskFilter filter = { .user = scope->user, .order = TASK_BY_DUE };
    if (!task_list(tx, scope, work->request->arena, &filter, NULL, &work->tasks, err))
        return false;
    keep_shown(&work->tasks);
    return true;
}

static bool calendar_work(DbTx *tx, void *argument, Error *err)
{
    FeedWork *work = argument;
    return list_tasks(tx, work, work->request->scope, err);
}

static bool answer_calendar(const FeedWork *work, Str name, HttpResponse *response)
{
    Buf out = buf_new(work->request->arena, MB(64));
    calendar_write(&out, &work->tasks, name);
    response->media_type = S("text/calendar; charset=utf-8");
    http_header(response, "Content-Disposition", S("inline; filename=\"tasks.ics\""));
    buf_add(&response->body, buf_str(&out));
    return true;
}

bool tasks_calendar(ApiRequest *request, HttpResponse *response, Error *err)
{
    FeedWork work = { .request = request };
    return store_read(request->api->db, request->scope, calendar_work, &work, err) &&
           answer_calendar(&work, S("Tasks"), response);
}

/* --- Feeds --- */

static bool feed_work(DbTx *tx, void *argument, Error *err)
{
    FeedWork *work = argument;
    Str hash = token_hash(work->request->arena, work->token);
    if (!task_feed_find_by_hash(tx, &work->scope, work->request->arena, hash, &work->feed, err))
        return false;
    Scope scope = work->scope;
    scope.user = work->feed.user;
    return list_tasks(tx, work, &scope, err);
}

bool task_feeds_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    FeedWork work = { .request = request, .token = request->params[0] };
    Str workspace = str_slice(work.token, 0, ID_LENGTH);
    Error why = { 0 };
    work.scope = (Scope){ .workspace = workspace, .role = ROLE_READER };
    if (!id_is_valid(workspace) ||
        !store_read(request->api->db, &work.scope, feed_work, &work, &why))
        return why.code && why.code != ERROR_NOT_FOUND
                   ? fail(err, why.code, "%s", why.message)
                   : fail(err, ERROR_NOT_FOUND, "there is no such feed; it may have been revoked");
    return answer_calendar(&work, work.feed.name, response);
}

static void put_feed(JsonWriter *json, const TaskFeed *feed)
{
    put_text(json, "id", feed->id);
    put_text(json, "name", feed->name);
    put_time(json, "created_at", feed->created_at_ms);
}

static bool feeds_work(DbTx *tx, void *argument, Error *err)
{
    FeedWork *work = argument;
    return task_feed_list(tx, work->request->scope, work->request->arena, &work->feeds, err);
}

bool task_feeds_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    FeedWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, feeds_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.feeds.count; i++) {
        put_object(&json, NULL);
        put_feed(&json, &work.feeds.at[i]);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.feeds.count, STR_NONE);
    return true;
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    FeedWork *work = argument;
    return task_feed_add(tx, work->request->scope, work->request->arena, &work->feed, err);
}

bool task_feeds_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    FeedWork work = { .request = request, .feed = { .name = S("Tasks") } };
    if (!api_fields(request, err,
                    { "name", JSON_STR, &work.feed.name, .length_max = NAME_MAX_BYTES }))
        return false;
    work.token =
        token_new(request->arena,
                  str_format(request->arena, STR_FMT ".", STR_ARG(request->scope->workspace)).at);
    work.feed.hash = token_hash(request->arena, work.token);
    if (!store_write(request->api->db, request->scope, add_work, &work, err))
        return false;
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_feed(&json, &work.feed);
    put_text(&json, "url",
             str_format(request->arena, "%s/v1/task_feeds/" STR_FMT "/tasks.ics",
                        request->api->public_url, STR_ARG(work.token)));
    put_end(&json);
    return true;
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    const FeedWork *work = argument;
    return task_feed_remove(tx, work->request->scope, work->request->params[0], err);
}

bool task_feeds_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    FeedWork work = { .request = request };
    return store_write(request->api->db, request->scope, remove_work, &work, err) &&
           api_done(response);
}

/* --- VTODO in --- */

/* What was once exported from here is known by its UID and stays as it is. */
static bool import_work(DbTx *tx, void *argument, Error *err)
{
    FeedWork *work = argument;
    const ApiRequest *request = work->request;
    Task task = work->item->task, found;
    Error why = { 0 };
    work->is_known = id_is_valid(work->item->uid) &&
                     task_find(tx, request->scope, request->arena, work->item->uid, &found, &why);
    if (why.code && why.code != ERROR_NOT_FOUND)
        return fail(err, why.code, "%s", why.message);
    return work->is_known || tasks_add(tx, request->scope, request->arena, &task, NULL, err);
}

static void put_failure(JsonWriter *json, size_t index, const CalendarItem *item, const Error *why)
{
    put_object(json, NULL);
    put_int(json, "index", (int64_t)index);
    put_text(json, "summary", item->task.summary);
    put_text(json, "message", str(why->message));
    put_end(json);
}

bool tasks_import(ApiRequest *request, HttpResponse *response, Error *err)
{
    CalendarItemList list;
    Task plain = tasks_new(request->scope);
    int64_t added = 0, known = 0;
    plain.made_by = S("calendar");
    if (!calendar_read(request->arena, request->http->body, &plain, &list, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "failures");
    for (size_t i = 0; i < list.count; i++) {
        FeedWork work = { .request = request, .item = &list.at[i] };
        Error why = list.at[i].why;
        if (!list.at[i].is_good ||
            !store_write(request->api->db, request->scope, import_work, &work, &why)) {
            put_failure(&json, i, &list.at[i], &why);
            continue;
        }
        known += work.is_known;
        added += !work.is_known;
    }
    put_end(&json);
    put_int(&json, "added", added);
    put_int(&json, "known", known);
    put_end(&json);
    event_hub_send(request->api->events, request->scope->workspace, S("task"), S("{}"));
    return true;
}
