/* alerts_api.c - alerts, the rules that open them, and silences. */
#include "api/api.h"
#include "base/clock.h"
#include "models/models_alerts.h"

#define SILENCE_DAYS_MAX 365

typedef struct AlertWork {
    ApiRequest *request;
    Slice slice;
    bool only_open;
    AlertList list;
    AlertLimits limits;
    AlertSilence silence;
    AlertSilenceList silences;
} AlertWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    AlertWork *work = argument;
    return alert_list(tx, work->request->scope, work->request->arena, work->only_open, &work->slice,
                      &work->list, err);
}

static const char *state_of(const Alert *alert)
{
    return !alert->is_open ? "over" : alert->fired_at_ms ? "firing" : "pending";
}

static void put_alert(JsonWriter *json, const Alert *alert)
{
    put_object(json, NULL);
    put_text(json, "id", alert->id);
    put_text(json, "rule", alert->rule);
    put_text_or_null(json, "subject", alert->subject);
    put_text(json, "state", str(state_of(alert)));
    put_bool(json, "is_open", alert->is_open);
    put_number(json, "value", alert->value);
    put_number(json, "limit", alert->threshold);
    put_time(json, "opened_at", alert->opened_at_ms);
    put_time(json, "fired_at", alert->fired_at_ms);
    put_time(json, "told_at", alert->told_at_ms);
    put_int(json, "told_count", alert->told_count);
    put_time(json, "closed_at", alert->closed_at_ms);
    put_time(json, "acknowledged_at", alert->acknowledged_at_ms);
    put_text_or_null(json, "acknowledged_by", alert->acknowledged_by);
    put_end(json);
}

bool alerts_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    AlertWork work = { .request = request };
    int64_t only_open;
    if (!api_slice(request, &work.slice, err) ||
        !api_query_int(request, "open", 0, 1, 0, &only_open, err))
        return false;
    work.only_open = only_open;
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++)
        put_alert(&json, &work.list.at[i]);
    api_list_end(&json, -1, work.list.next);
    return true;
}

static bool acknowledge_work(DbTx *tx, void *argument, Error *err)
{
    const ApiRequest *request = ((AlertWork *)argument)->request;
    return alert_acknowledge(tx, request->scope, request->params[0], err);
}

bool alerts_acknowledge(ApiRequest *request, HttpResponse *response, Error *err)
{
    AlertWork work = { .request = request };
    return api_change(request, response, acknowledge_work, NULL, &work, err);
}

/* --- Rules --- */

static bool rules_work(DbTx *tx, void *argument, Error *err)
{
    AlertWork *work = argument;
    return alert_limits_find(tx, work->request->scope, work->request->arena, &work->limits, err);
}

bool alerts_rules(ApiRequest *request, HttpResponse *response, Error *err)
{
    AlertWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, rules_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (AlertRule rule = 0; rule < ALERT_RULE_COUNT; rule++) {
        put_object(&json, NULL);
        put_text(&json, "rule", str(alert_rule_name(rule)));
        put_text(&json, "title", str(alert_rule_title(rule)));
        put_text(&json, "unit", str(alert_rule_unit(rule)));
        put_text(&json, "when", alert_rule_is_below(rule) ? S("below") : S("above"));
        put_number(&json, "limit", work.limits.at[rule].limit);
        put_int(&json, "hold_seconds", work.limits.at[rule].hold_s);
        put_int(&json, "repeat_seconds", work.limits.at[rule].repeat_s);
        put_end(&json);
    }
    api_list_end(&json, ALERT_RULE_COUNT, STR_NONE);
    return true;
}

/* A number is the limit alone; what an object does not name stays as it is. */
static bool read_rule(const ApiRequest *request, const char *name, const json_t *wish,
                      AlertLimits *limits, Error *err)
{
    AlertRule rule;
    if (!alert_rule_named(str(name), &rule))
        return fail_field(err, name, "there is no rule '%.40s': GET /v1/alerts/rules lists them",
                          name);
    if (json_is_number(wish)) {
        limits->at[rule].limit = json_number_value(wish);
        return true;
    }
    if (!json_is_object(wish))
        return fail_field(err, name,
                          "'%s' is a number, or an object with limit, hold_seconds and "
                          "repeat_seconds",
                          name);
    return json_read(wish, request->arena,
                     JSON_FIELDS({ "limit", JSON_F64, &limits->at[rule].limit },
                                 { "hold_seconds", JSON_I64, &limits->at[rule].hold_s },
                                 { "repeat_seconds", JSON_I64, &limits->at[rule].repeat_s }),
                     err);
}

static bool set_work(DbTx *tx, void *argument, Error *err)
{
    AlertWork *work = argument;
    const ApiRequest *request = work->request;
    const char *name;
    json_t *wish;
    if (!rules_work(tx, work, err))
        return false;
    if (!json_is_object(request->json))
        return fail(err, ERROR_INVALID, "the body must be an object of rules");
    json_object_foreach(request->json, name,
                        wish) if (!read_rule(request, name, wish, &work->limits, err)) return false;
    return alert_limits_set(tx, request->scope, request->arena, &work->limits, err);
}

bool alerts_set_rules(ApiRequest *request, HttpResponse *response, Error *err)
{
    AlertWork work = { .request = request };
    return store_write(request->api->db, request->scope, set_work, &work, err) &&
           alerts_rules(request, response, err);
}

/* --- Silences --- */

static void put_silence(JsonWriter *json, const AlertSilence *silence)
{
    put_text(json, "id", silence->id);
    put_text_or_null(json, "rule", silence->rule);
    put_text_or_null(json, "subject", silence->subject);
    put_text(json, "reason", silence->reason);
    put_text_or_null(json, "user", silence->user);
    put_time(json, "created_at", silence->created_at_ms);
    put_time(json, "ends_at", silence->ends_at_ms);
}

static bool silences_work(DbTx *tx, void *argument, Error *err)
{
    AlertWork *work = argument;
    return alert_silence_list(tx, work->request->scope, work->request->arena, now_ms(),
                              &work->silences, err);
}

bool alerts_silences(ApiRequest *request, HttpResponse *response, Error *err)
{
    AlertWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, silences_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.silences.count; i++) {
        put_object(&json, NULL);
        put_silence(&json, &work.silences.at[i]);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.silences.count, STR_NONE);
    return true;
}

static bool add_silence_work(DbTx *tx, void *argument, Error *err)
{
    AlertWork *work = argument;
    return alert_silence_add(tx, work->request->scope, work->request->arena, &work->silence, err);
}

static bool answer_alerts_silence(const void *argument, HttpResponse *response)
{
    const AlertWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_silence(&json, &work->silence);
    put_end(&json);
    return true;
}

bool alerts_silence(ApiRequest *request, HttpResponse *response, Error *err)
{
    AlertWork work = { .request = request };
    AlertSilence *wish = &work.silence;
    int64_t seconds;
    AlertRule rule;
    if (!api_fields(request, err, { "rule", JSON_STR, &wish->rule, .length_max = 100 },
                    { "subject", JSON_STR, &wish->subject, .length_max = 500 },
                    { "reason", JSON_STR, &wish->reason, .length_max = 500 },
                    { "seconds", JSON_I64, &seconds, .required = true, .min = 1,
                      .max = SILENCE_DAYS_MAX * INT64_C(86400) }))
        return false;
    if (wish->rule.length && !alert_rule_named(wish->rule, &rule))
        return fail_field(err, "rule",
                          "there is no rule '" STR_FMT "': GET /v1/alerts/rules lists them",
                          STR_ARG(wish->rule));
    wish->ends_at_ms = now_ms() + seconds * 1000;
    response->status = 201;
    return api_change(request, response, add_silence_work, answer_alerts_silence, &work, err);
}

static bool remove_silence_work(DbTx *tx, void *argument, Error *err)
{
    const ApiRequest *request = ((AlertWork *)argument)->request;
    return alert_silence_remove(tx, request->scope, request->params[0], err);
}

bool alerts_end_silence(ApiRequest *request, HttpResponse *response, Error *err)
{
    AlertWork work = { .request = request };
    return api_change(request, response, remove_silence_work, NULL, &work, err);
}
