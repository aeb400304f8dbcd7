/* calendars_api.c - calendars that meetings are read from. Each is its person's own. */
#include "api/api.h"
#include "api/meeting_json.h"

typedef struct CalendarWork {
    ApiRequest *request;
    Calendar calendar;
    CalendarList list;
} CalendarWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    CalendarWork *work = argument;
    const Scope *scope = work->request->scope;
    return calendars_list(tx, scope, work->request->arena, scope->user, &work->list, err);
}

bool calendars_show_all(ApiRequest *request, HttpResponse *response, Error *err)
{
    CalendarWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_calendar(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.list.count, STR_NONE);
    return true;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    CalendarWork *work = argument;
    const ApiRequest *request = work->request;
    return calendar_find(tx, request->scope, request->arena, request->params[0], &work->calendar,
                         err) &&
           (str_equal(work->calendar.user, request->scope->user) ||
            fail(err, ERROR_NOT_FOUND, "there is no calendar '" STR_FMT "'",
                 STR_ARG(request->params[0])));
}

static bool find(CalendarWork *work, Error *err)
{
    return store_read(work->request->api->db, work->request->scope, find_work, work, err);
}

static bool answer(const CalendarWork *work, HttpResponse *response)
{
    JsonWriter json = put_begin(&response->body);
    put_calendar(&json, &work->calendar);
    put_end(&json);
    return true;
}

bool calendars_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    CalendarWork work = { .request = request };
    return find(&work, err) && answer(&work, response);
}

bool calendars_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    CalendarWork work = { .request = request,
                          .calendar = { .kind = S("ics"), .name = S("Calendar"), .is_on = true } };
    Calendar *calendar = &work.calendar;
    json_t *credentials = NULL;
    if (!api_fields(request, err, { "kind", JSON_STR, &calendar->kind, .length_max = 20 },
                    { "url", JSON_STR, &calendar->url, true, .length_max = 2000 },
                    { "name", JSON_STR, &calendar->name, .length_max = 100 },
                    { "address", JSON_STR, &calendar->address, .length_max = 200 },
                    { "time_zone", JSON_STR, &calendar->time_zone, .length_max = 64 },
                    { "credentials", JSON_ANY, &credentials },
                    { "auto_schedule", JSON_FLAG, &calendar->is_auto }) ||
        !meetings_add_calendar(request->api->meetings, request->scope, request->arena, calendar,
                               credentials, err))
        return false;
    response->status = 201;
    return answer(&work, response);
}

bool calendars_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    CalendarWork work = { .request = request };
    Calendar *calendar = &work.calendar;
    json_t *credentials = NULL;
    return find(&work, err) &&
           api_fields(request, err, { "name", JSON_STR, &calendar->name, .length_max = 100 },
                      { "address", JSON_STR, &calendar->address, .length_max = 200 },
                      { "time_zone", JSON_STR, &calendar->time_zone, .length_max = 64 },
                      { "credentials", JSON_ANY, &credentials },
                      { "enabled", JSON_FLAG, &calendar->is_on },
                      { "auto_schedule", JSON_FLAG, &calendar->is_auto }) &&
           meetings_change_calendar(request->api->meetings, request->scope, request->arena,
                                    calendar, credentials, err) &&
           find(&work, err) && answer(&work, response);
}

bool calendars_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    CalendarWork work = { .request = request };
    return find(&work, err) &&
           meetings_remove_calendar(request->api->meetings, request->scope, request->arena,
                                    work.calendar.id, err) &&
           api_done(response);
}

bool calendars_sync(ApiRequest *request, HttpResponse *response, Error *err)
{
    CalendarWork work = { .request = request };
    if (!find(&work, err) || !meetings_sync_calendar(request->api->meetings, request->scope,
                                                     request->arena, work.calendar.id, err))
        return false;
    response->status = 202;
    return answer(&work, response);
}
