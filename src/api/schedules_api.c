/* schedules_api.c - what comes again: rules in a time zone or intervals, and the jobs they start.
 */
#include "api/api.h"
#include "api/schedule_types.h"
#include "base/clock.h"
#include "classify/labels.h"
#include "jobs/schedules.h"
#include "store/audit_store.h"
#include "store/recipes_store.h"
#include "store/workflows_store.h"

#define NAME_MAX_BYTES 200
#define SHOWN_TIMES 5 /* of the next ones */
#define PREVIEW_MAX 100

typedef struct ScheduleWork {
    ApiRequest *request;
    Schedule schedule;
    ScheduleList list;
    Slice slice;
    const char *action; /* for the audit */
    Str job;
} ScheduleWork;

/* --- Showing --- */

static void put_times(JsonWriter *json, const Schedule *schedule, size_t count)
{
    int64_t times[PREVIEW_MAX];
    size_t found = 0;
    Error ignored;

    if (!schedule_preview(schedule, now_ms(), times, MIN(count, COUNT(times)), &found, &ignored))
        found = 0;
    put_array(json, "next_times");
    for (size_t i = 0; i < found && !schedule->is_paused; i++)
        put_time(json, NULL, times[i]);
    put_end(json);
}

static void put_schedule(JsonWriter *json, const Schedule *schedule)
{
    put_text(json, "id", schedule->id);
    put_text(json, "name", schedule->name);
    put_text(json, "type", schedule->type);
    put_raw(json, "payload", schedule->payload);
    put_text_or_null(json, "cron", schedule->cron);
    put_text(json, "zone", schedule->zone.length ? schedule->zone : S("UTC"));
    if (schedule->every_ms)
        put_int(json, "every_s", schedule->every_ms / 1000);
    else
        put_null(json, "every_s");
    put_text(json, "catch_up", str(catch_up_name(schedule->catch_up)));
    put_bool(json, "paused", schedule->is_paused);
    put_text_or_null(json, "error", schedule->error);
    put_text_or_null(json, "last_error", schedule->last_error);
    put_text_or_null(json, "user", schedule->user);
    put_time(json, "next_at", schedule->is_paused ? 0 : schedule->next_at_ms);
    put_times(json, schedule, SHOWN_TIMES);
    put_time(json, "last_at", schedule->last_at_ms);
    put_text_or_null(json, "last_job", schedule->last_job);
    put_int(json, "fired", schedule->fired);
    put_int(json, "missed", schedule->missed);
    put_time(json, "created_at", schedule->created_at_ms);
    put_time(json, "updated_at", schedule->updated_at_ms);
}

static bool answer_schedule(const void *argument, HttpResponse *response)
{
    const ScheduleWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_schedule(&json, &work->schedule);
    put_end(&json);
    return true;
}

/* --- Reading --- */

/* Whether the body says what is started. One whose workflow is gone may still be paused. */
static bool says_what(const ScheduleWork *work)
{
    const json_t *body = work->request->json;
    return json_object_get(body, "payload") || json_object_get(body, "type");
}

/* What the body says of it; what it does not say stays as it is. Its next time is new. */
static bool read_schedule(ScheduleWork *work, Error *err)
{
    ApiRequest *request = work->request;
    Schedule *schedule = &work->schedule;
    int64_t every_s = schedule->every_ms / 1000;
    Str catch_up = str(catch_up_name(schedule->catch_up)), cron = schedule->cron;
    json_t *payload = NULL;
    const ScheduleType *type;

    if (!api_fields(request, err,
                    { "name", JSON_STR, &schedule->name, .length_max = NAME_MAX_BYTES },
                    { "type", JSON_STR, &schedule->type, .length_max = NAME_MAX_BYTES },
                    { "payload", JSON_ANY, &payload },
                    { "cron", JSON_STR, &cron, .length_max = NAME_MAX_BYTES },
                    { "zone", JSON_STR, &schedule->zone, .length_max = NAME_MAX_BYTES },
                    { "every_s", JSON_I64, &every_s, .min = 1, .max = 366 * 86400 },
                    { "catch_up", JSON_STR, &catch_up, .length_max = NAME_MAX_BYTES },
                    { "paused", JSON_FLAG, &schedule->is_paused }))
        return false;
    /* Saying one of the two takes the other away. */
    if (json_object_get(request->json, "cron") && !json_object_get(request->json, "every_s"))
        every_s = 0;
    else if (json_object_get(request->json, "every_s") && !json_object_get(request->json, "cron"))
        cron = STR_NONE;
    schedule->cron = str_trim(cron);
    schedule->every_ms = every_s * 1000;
    schedule->name = str_trim(schedule->name);
    schedule->error = STR_NONE;
    if (payload)
        schedule->payload = json_print(request->arena, payload);
    /* One that was made before its type was so strict may still be paused. */
    bool is_new_payload = !schedule->id.length || says_what(work);
    if (!schedule->name.length)
        return fail_field(err, "name", "'name' is missing");
    if (!catch_up_named(catch_up, &schedule->catch_up))
        return fail_field(err, "catch_up", "'catch_up' is none, one or all");
    return schedule_type_find(request->scope, schedule->type, &type, err) &&
           (!is_new_payload || schedule_payload_check(type, schedule->payload, err)) &&
           schedule_plan(schedule, now_ms(), err);
}

/* --- In a transaction --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    ScheduleWork *work = argument;
    const ApiRequest *request = work->request;
    return schedule_find(tx, request->scope, request->arena, request->params[0], &work->schedule,
                         err);
}

static bool note(DbTx *tx, const ScheduleWork *work, Error *err)
{
    AuditEntry entry = { .action = str(work->action), .subject = work->schedule.id };
    return audit_add(tx, work->request->scope, &entry, err);
}

/* Which it starts; `kind` of recipes. */
static const struct {
    const char *type, *member, *kind;
} starts[] = {
    { "workflow_start", "workflow", RECIPE_WORKFLOW },
    { "ai.execute_document_workflow", "workflow_id", RECIPE_WORKFLOW },
    { "ai.process_classification_batch", "workflow", LABEL_WORKFLOW },
    { "ai.process_ai_analysis", "workflow", LABEL_WORKFLOW },
};

/* What a schedule starts must be there when somebody says so: nobody would see that it is not. */
static bool check_workflow(DbTx *tx, const ScheduleWork *work, Error *err)
{
    AUTO_JSON json_t *payload = NULL;
    const ApiRequest *request = work->request;
    Recipe recipe;
    if (!json_parse(work->schedule.payload, SCHEDULE_PAYLOAD_MAX, &payload, err))
        return false;
    for (size_t i = 0; i < COUNT(starts); i++) {
        Str named = json_member_text(payload, starts[i].member);
        if (!str_is(work->schedule.type, starts[i].type) || !named.length)
            continue;
        if (recipe_find_either(tx, request->scope, request->arena, str(starts[i].kind), named,
                               &recipe, err))
            continue;
        return err->code == ERROR_NOT_FOUND
                   ? fail_field(err, str_format(request->arena, "payload.%s", starts[i].member).at,
                                "there is no workflow '" STR_FMT "': name one of this workspace",
                                STR_ARG(str_slice(named, 0, 100)))
                   : false;
    }
    return true;
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    ScheduleWork *work = argument;
    const ApiRequest *request = work->request;
    return check_workflow(tx, work, err) &&
           schedule_add(tx, request->scope, request->arena, &work->schedule, err) &&
           note(tx, work, err) && schedule_changed(tx, err);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    ScheduleWork *work = argument;
    return find_work(tx, work, err) && read_schedule(work, err) &&
           (!says_what(work) || check_workflow(tx, work, err)) &&
           schedule_update(tx, work->request->scope, &work->schedule, err) &&
           find_work(tx, work, err) && note(tx, work, err) && schedule_changed(tx, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    ScheduleWork *work = argument;
    return find_work(tx, work, err) &&
           schedule_remove(tx, work->request->scope, work->schedule.id, err) && note(tx, work, err);
}

static bool run_work(DbTx *tx, void *argument, Error *err)
{
    ScheduleWork *work = argument;
    const ApiRequest *request = work->request;
    const ScheduleType *type;
    return find_work(tx, work, err) &&
           schedule_type_find(request->scope, work->schedule.type, &type, err) &&
           schedule_run(tx, request->scope, request->arena, &work->schedule, &work->job, err) &&
           note(tx, work, err);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ScheduleWork *work = argument;
    const ApiRequest *request = work->request;
    return schedule_list(tx, request->scope, request->arena, &work->slice, &work->list, err);
}

/* --- Handlers --- */

bool schedule_types_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    JsonWriter json = api_list_begin(response);
    (void)request;
    (void)err;
    for (size_t i = 0; i < schedule_type_count; i++) {
        const ScheduleType *type = &schedule_types[i];
        put_object(&json, NULL);
        put_text(&json, "type", str(type->type));
        put_text(&json, "role", str(role_name(type->role)));
        put_text(&json, "help", str(type->help));
        put_raw(&json, "payload", str(type->payload));
        put_end(&json);
    }
    api_list_end(&json, (int64_t)schedule_type_count, STR_NONE);
    return true;
}

bool schedules_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    ScheduleWork work = { .request = request };
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_schedule(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work.list.next);
    return true;
}

bool schedules_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    ScheduleWork work = { .request = request,
                          .schedule = { .payload = S("{}"), .catch_up = CATCH_UP_ONE },
                          .action = "schedule.add" };
    if (!read_schedule(&work, err))
        return false;
    response->status = 201;
    return api_change(request, response, add_work, answer_schedule, &work, err);
}

bool schedules_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    ScheduleWork work = { .request = request };
    return store_read(request->api->db, request->scope, find_work, &work, err) &&
           answer_schedule(&work, response);
}

bool schedules_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    ScheduleWork work = { .request = request, .action = "schedule.change" };
    return api_change(request, response, change_work, answer_schedule, &work, err);
}

bool schedules_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    ScheduleWork work = { .request = request, .action = "schedule.remove" };
    return api_change(request, response, remove_work, NULL, &work, err);
}

static bool answer_schedules_run(const void *argument, HttpResponse *response)
{
    const ScheduleWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "job", work->job);
    put_end(&json);
    return true;
}

bool schedules_run(ApiRequest *request, HttpResponse *response, Error *err)
{
    ScheduleWork work = { .request = request, .action = "schedule.run" };
    response->status = 202;
    return api_change(request, response, run_work, answer_schedules_run, &work, err);
}

bool schedules_preview(ApiRequest *request, HttpResponse *response, Error *err)
{
    Schedule schedule = { 0 };
    int64_t every_s = 0, count = 10;
    if (!api_fields(request, err,
                    { "cron", JSON_STR, &schedule.cron, .length_max = NAME_MAX_BYTES },
                    { "zone", JSON_STR, &schedule.zone, .length_max = NAME_MAX_BYTES },
                    { "every_s", JSON_I64, &every_s, .min = 1, .max = 366 * 86400 },
                    { "count", JSON_I64, &count, .min = 1, .max = PREVIEW_MAX }))
        return false;
    schedule.every_ms = every_s * 1000;
    if (!schedule_plan(&schedule, now_ms(), err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_times(&json, &schedule, (size_t)count);
    put_end(&json);
    return true;
}
