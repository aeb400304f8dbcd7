/* meeting_bots_api.c - bots in meetings: sent one by one or for all that comes, looked at, called
 * off; and the webhooks of their services. */
#include "api/api.h"
#include "api/assistant.h"
#include "api/meeting_body.h"
#include "api/meeting_json.h"
#include "base/clock.h"
#include "base/id.h"

#define WAIT_MS 10000 /* for the service's answer, in all */
#define HOUR_MS INT64_C(3600000)

typedef struct BotsWork {
    ApiRequest *request;
    MeetingBotFilter filter;
    Slice slice;
    MeetingBotList list;
    MeetingBot bot;
    MeetingBotEventList events;
    BotSchedulingLogList logs;
} BotsWork;

/* --- Looking --- */

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    BotsWork *work = argument;
    const ApiRequest *request = work->request;
    return meeting_bot_list(tx, request->scope, request->arena, &work->filter, &work->slice,
                            &work->list, err);
}

bool meeting_bots_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    BotsWork work = { .request = request };
    work.filter =
        (MeetingBotFilter){ .user = request->scope->role >= ROLE_ADMIN ? STR_NONE
                                                                       : request->scope->user,
                            .meeting = http_query(request->http, "meeting"),
                            .only_open = str_is(http_query(request->http, "open"), "1") };
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_meeting_bot(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work.list.next);
    return true;
}

/* A person's own, or an administrator's business. */
static bool find_work(DbTx *tx, void *argument, Error *err)
{
    BotsWork *work = argument;
    const ApiRequest *request = work->request;
    Str id = request->params[0];
    if (!meeting_bot_find(tx, request->scope, request->arena, id, &work->bot, err))
        return false;
    if (!str_equal(work->bot.user, request->scope->user) && request->scope->role < ROLE_ADMIN)
        return fail(err, ERROR_NOT_FOUND, "there is no meeting bot '" STR_FMT "'", STR_ARG(id));
    return meeting_bot_event_list(tx, request->scope, request->arena, id, &work->events, err);
}

static bool find(BotsWork *work, Error *err)
{
    return store_read(work->request->api->db, work->request->scope, find_work, work, err);
}

static bool answer_bot(const BotsWork *work, HttpResponse *response)
{
    JsonWriter json = put_begin(&response->body);
    put_meeting_bot(&json, &work->bot);
    put_array(&json, "events");
    for (size_t i = 0; i < work->events.count; i++) {
        const MeetingBotEvent *event = &work->events.at[i];
        put_object(&json, NULL);
        put_text(&json, "id", event->id);
        put_text(&json, "source", event->source);
        put_text(&json, "service_state", event->remote_state);
        put_text_or_null(&json, "reason", event->reason);
        put_bool(&json, "is_taken", event->is_taken);
        put_time(&json, "happened_at", event->happened_at_ms);
        put_time(&json, "heard_at", event->created_at_ms);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

bool meeting_bots_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    BotsWork work = { .request = request };
    return find(&work, err) && answer_bot(&work, response);
}

static bool logs_work(DbTx *tx, void *argument, Error *err)
{
    BotsWork *work = argument;
    const ApiRequest *request = work->request;
    return bot_scheduling_log_list(tx, request->scope, request->arena, request->scope->user,
                                   &work->slice, &work->logs, err);
}

bool meeting_bots_logs(ApiRequest *request, HttpResponse *response, Error *err)
{
    BotsWork work = { .request = request };
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, logs_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.logs.count; i++) {
        const BotSchedulingLog *log = &work.logs.at[i];
        put_object(&json, NULL);
        put_text(&json, "id", log->id);
        put_text(&json, "meeting", log->meeting);
        put_text_or_null(&json, "bot", log->bot);
        put_text(&json, "source", log->source);
        put_text(&json, "outcome", log->outcome);
        put_text_or_null(&json, "reason", log->reason);
        put_time(&json, "created_at", log->created_at_ms);
        put_end(&json);
    }
    api_list_end(&json, -1, work.logs.next);
    return true;
}

/* --- Orders --- */

bool meeting_bots_leave(ApiRequest *request, HttpResponse *response, Error *err)
{
    BotsWork work = { .request = request };
    if (!find(&work, err) ||
        !meetings_leave(request->api->meetings, request->scope, request->arena, work.bot.id, err) ||
        !find(&work, err))
        return false;
    response->status = 202;
    return answer_bot(&work, response);
}

bool meeting_bots_look(ApiRequest *request, HttpResponse *response, Error *err)
{
    BotsWork work = { .request = request };
    if (!find(&work, err) ||
        !meetings_look(request->api->meetings, request->scope, request->arena, work.bot.id, err))
        return false;
    response->status = 202;
    return answer_bot(&work, response);
}

bool meeting_bots_recording(ApiRequest *request, HttpResponse *response, Error *err)
{
    BotsWork work = { .request = request };
    Str url;
    if (!find(&work, err) || !meetings_recording(request->api->meetings, request->scope,
                                                 request->arena, work.bot.id, &url, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "url", url);
    put_end(&json);
    return true;
}

/* --- Sending one --- */

/* Which meeting: its id, or what is said of one that stands in no calendar. */
static bool find_meeting(ApiRequest *request, const json_t *said, Str user, Str *id_r, Error *err)
{
    Meeting meeting;
    if (json_is_string(said)) {
        *id_r =
            str_copy(request->arena, (Str){ json_string_value(said), json_string_length(said) });
        return true;
    }
    if (json_is_object(said) && json_member_text(said, "id").length) {
        *id_r = str_copy(request->arena, json_member_text(said, "id"));
        return true;
    }
    if (!json_is_object(said))
        return fail_field(err, "meeting", "'meeting' is an id, or an object with meeting_url");
    if (!meeting_body_read(request->arena, said, &meeting, err))
        return fail_in(err, "meeting");
    meeting.user = user;
    if (!meetings_add(request->api->meetings, request->scope, request->arena, &meeting, err))
        return false;
    *id_r = meeting.id;
    return true;
}

static void put_result(JsonWriter *json, const Scheduled *result)
{
    bool is_there = result->bot.id.length > 0;
    put_text(json, "meeting", result->meeting.id);
    put_text(json, "title", result->meeting.title);
    put_time(json, "starts_at", result->meeting.starts_at_ms);
    if (result->skip != MEETING_SKIP_none) {
        put_text(json, "reason", str(meeting_skip_name(result->skip)));
        put_text(json, "message", str(meeting_skip_text(result->skip)));
    } else if (result->bot.reason_text.length) {
        put_text(json, "reason", result->bot.reason);
        put_text(json, "message", result->bot.reason_text);
    }
    if (!is_there) {
        put_null(json, "bot");
        return;
    }
    put_object(json, "bot");
    put_meeting_bot(json, &result->bot);
    put_end(json);
}

static bool is_failed(const Scheduled *result)
{
    return result->skip == MEETING_SKIP_none && str_is(result->bot.state, "failed");
}

static const char *outcome_of(const Scheduled *result)
{
    return result->skip != MEETING_SKIP_none ? "skipped"
           : is_failed(result)               ? "failed"
                                             : "scheduled";
}

/* Until the service has said something, or for a while. */
static bool wait_for(ApiRequest *request, Scheduled *results, size_t count, Error *err)
{
    int64_t until_ms = monotonic_ms() + WAIT_MS;
    for (size_t i = 0; i < count; i++)
        if (results[i].skip == MEETING_SKIP_none &&
            !meetings_wait(request->api->meetings, request->scope, request->arena, &results[i].bot,
                           until_ms, err))
            return false;
    return true;
}

bool meeting_bots_schedule(ApiRequest *request, HttpResponse *response, Error *err)
{
    ScheduleWish wish = { .source = "person" };
    json_t *meeting = NULL, *meeting_id = NULL, *config = NULL;
    Str user = STR_NONE, id;
    Scheduled result;
    if (!api_fields(request, err, { "meeting", JSON_ANY, &meeting },
                    { "meeting_id", JSON_ANY, &meeting_id },
                    { "service", JSON_STR, &wish.service, .length_max = 100 },
                    { "configuration", JSON_ANY, &config }, { "again", JSON_FLAG, &wish.is_again },
                    { "user_id", JSON_STR, &user, .length_max = 64 }) ||
        !assistant_user(request, user, &user, err) ||
        !find_meeting(request, meeting ? meeting : meeting_id, user, &id, err))
        return false;
    wish.config = config;
    wish.user = user;
    if (!meetings_schedule(request->api->meetings, request->scope, request->arena, id, &wish,
                           &result, err) ||
        !wait_for(request, &result, 1, err))
        return false;
    response->status = result.skip == MEETING_SKIP_none ? 201 : 200;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "success", result.skip == MEETING_SKIP_none && !is_failed(&result));
    put_text(&json, "outcome", str(outcome_of(&result)));
    put_result(&json, &result);
    if (result.bot.id.length) {
        put_text(&json, "state", result.bot.state);
        if (result.bot.config.length)
            put_raw(&json, "configuration", result.bot.config);
    }
    put_end(&json);
    return true;
}

/* --- Sending all --- */

static void put_results(JsonWriter *json, const ScheduledList *list, const char *outcome)
{
    put_array(json, outcome);
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(outcome_of(&list->at[i]), outcome) != 0)
            continue;
        put_object(json, NULL);
        put_result(json, &list->at[i]);
        put_end(json);
    }
    put_end(json);
}

static bool schedule_range(ApiRequest *request, Str user, int64_t hours, const ScheduleWish *wish,
                           ScheduledList *list_r, Error *err)
{
    const ScheduleRange range = { .user = user, .ahead_ms = hours * HOUR_MS };
    return meetings_schedule_all(request->api->meetings, request->scope, request->arena, &range,
                                 wish, list_r, err);
}

bool meeting_bots_schedule_all(ApiRequest *request, HttpResponse *response, Error *err)
{
    ScheduleWish wish = { .source = "person" };
    int64_t hours = MEETING_SCHEDULE_MS / HOUR_MS;
    Str user = STR_NONE;
    ScheduledList list;
    if (!api_fields(request, err,
                    { "hours", JSON_I64, &hours, .min = 1, .max = MEETING_AHEAD_MS / HOUR_MS },
                    { "service", JSON_STR, &wish.service, .length_max = 100 },
                    { "user_id", JSON_STR, &user, .length_max = 64 },
                    { "user", JSON_STR, &user, .length_max = 64 }) ||
        !assistant_user(request, user, &user, err) ||
        !schedule_range(request, user, hours, &wish, &list, err) ||
        !wait_for(request, list.at, list.count, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "success", true);
    put_int(&json, "total", (int64_t)list.count);
    put_results(&json, &list, "scheduled");
    put_results(&json, &list, "skipped");
    put_results(&json, &list, "failed");
    put_end(&json);
    return true;
}

/* --- Webhooks --- */

bool meeting_bots_webhook(ApiRequest *request, HttpResponse *response, Error *err)
{
    bool is_known;
    if (!meetings_webhook(request->api->meetings, request->arena, request->params[0], request->http,
                          &is_known, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "known", is_known);
    put_end(&json);
    return true;
}
