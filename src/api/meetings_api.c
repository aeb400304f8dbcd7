/* meetings_api.c - meetings of a person's calendars, and those that somebody names. */
#include "api/api.h"
#include "api/meeting_body.h"
#include "api/meeting_json.h"
#include "base/clock.h"

#define DAY_MS INT64_C(86400000)

typedef struct MeetingWork {
    ApiRequest *request;
    MeetingFilter filter;
    Slice slice;
    MeetingList list;
    Meeting meeting;
    MeetingBotList bots;
} MeetingWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    MeetingWork *work = argument;
    const ApiRequest *request = work->request;
    return meeting_list(tx, request->scope, request->arena, &work->filter, &work->slice,
                        &work->list, err);
}

bool meetings_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    MeetingWork work = { .request = request };
    work.filter = (MeetingFilter){ .user = request->scope->user,
                                   .calendar = http_query(request->http, "calendar"),
                                   .from_ms = now_ms() - DAY_MS };
    int64_t from_ms = 0;
    if (!api_slice_by_key(request, &work.slice, err) ||
        !api_query_time(request, "from", &from_ms, err) ||
        !api_query_time(request, "until", &work.filter.until_ms, err))
        return false;
    if (from_ms)
        work.filter.from_ms = from_ms;
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_meeting(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work.list.next);
    return true;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    MeetingWork *work = argument;
    const ApiRequest *request = work->request;
    if (!meeting_find(tx, request->scope, request->arena, request->params[0], &work->meeting, err))
        return false;
    if (!str_equal(work->meeting.user, request->scope->user))
        return fail(err, ERROR_NOT_FOUND, "there is no meeting '" STR_FMT "'",
                    STR_ARG(request->params[0]));
    const MeetingBotFilter filter = { .meeting = work->meeting.id };
    return meeting_bot_list(tx, request->scope, request->arena, &filter, NULL, &work->bots, err);
}

bool meetings_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    MeetingWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, find_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_meeting(&json, &work.meeting);
    put_array(&json, "bots");
    for (size_t i = 0; i < work.bots.count; i++) {
        put_object(&json, NULL);
        put_meeting_bot(&json, &work.bots.at[i]);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

bool meetings_name(ApiRequest *request, HttpResponse *response, Error *err)
{
    Meeting meeting;
    if (!meeting_body_read(request->arena, request->json, &meeting, err))
        return false;
    meeting.user = request->scope->user;
    if (!meetings_add(request->api->meetings, request->scope, request->arena, &meeting, err))
        return false;
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_meeting(&json, &meeting);
    put_end(&json);
    return true;
}
