/* task_calendar_api.c - tasks for calendar programs: a feed by an address of its own, and VTODO in.
 *
 * A feed's secret is "WORKSPACE.RANDOM": the workspace is looked into, and only the hash of the
 * whole is kept. It shows its person's tasks and can do nothing else, so it may stand in an
 * address. */
#include "account/token.h"
#include "api/task_feed.h"
#include "base/id.h"
#include "store/task_feeds_store.h"
#include "tasks/calendar.h"
#include "tasks/tasks.h"

#define NAME_MAX_BYTES 100

typedef struct FeedWork {
    const ApiRequest *request;
    Scope scope; /* whose tasks are shown */
    Str token;
    TaskFeed feed;
    TaskFeedList feeds;
    TaskList tasks;
    const CalendarItem *item;
    bool is_known;
} FeedWork;

/* --- Showing --- */

static bool calendar_work(DbTx *tx, void *argument, Error *err)
{
    FeedWork *work = argument;
    return calendar_list(tx, &work->scope, work->request->arena, &work->tasks, err);
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
    FeedWork work = { .request = request, .scope = *request->scope };
    return store_read(request->api->db, &work.scope, calendar_work, &work, err) &&
           answer_calendar(&work, S("Tasks"), response);
}

/* --- Feeds --- */

static bool open_work(DbTx *tx, void *argument, Error *err)
{
    FeedWork *work = argument;
    Str hash = token_hash(work->request->arena, work->token);
    return task_feed_find_by_hash(tx, &work->scope, work->request->arena, hash, &work->feed, err);
}

bool task_feed_open(const ApiRequest *request, Str secret, Scope *scope_r, Str *name_r, Error *err)
{
    FeedWork work = { .request = request, .token = secret };
    Error why = { 0 };
    work.scope = (Scope){ .workspace = str_slice(secret, 0, ID_LENGTH), .role = ROLE_READER };
    if (!id_is_valid(work.scope.workspace) ||
        !store_read(request->api->db, &work.scope, open_work, &work, &why))
        return why.code && why.code != ERROR_NOT_FOUND
                   ? fail(err, why.code, "%s", why.message)
                   : fail(err, ERROR_NOT_FOUND, "there is no such feed; it may have been revoked");
    work.scope.user = work.feed.user;
    *scope_r = work.scope;
    *name_r = work.feed.name;
    return true;
}

bool task_feeds_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    FeedWork work = { .request = request };
    Str name;
    return task_feed_open(request, request->params[0], &work.scope, &name, err) &&
           store_read(request->api->db, &work.scope, calendar_work, &work, err) &&
           answer_calendar(&work, name, response);
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

static bool answer_task_feeds_add(const void *argument, HttpResponse *response)
{
    const FeedWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_feed(&json, &work->feed);
    put_text(&json, "url",
             str_format(work->request->arena, "%s/v1/task_feeds/" STR_FMT "/tasks.ics",
                        work->request->api->public_url, STR_ARG(work->token)));
    put_end(&json);
    return true;
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
    response->status = 201;
    return api_change(request, response, add_work, answer_task_feeds_add, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    const FeedWork *work = argument;
    return task_feed_remove(tx, work->request->scope, work->request->params[0], err);
}

bool task_feeds_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    FeedWork work = { .request = request };
    return api_change(request, response, remove_work, NULL, &work, err);
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
    return true;
}
