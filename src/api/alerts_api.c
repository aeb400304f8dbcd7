/* alerts_api.c - alerts about model calls, and their limits. */
#include "api/api.h"
#include "models/models_alerts.h"

typedef struct AlertWork {
    ApiRequest *request;
    Slice slice;
    bool only_open;
    AlertList list;
    AlertLimits limits;
} AlertWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    AlertWork *work = argument;
    return alert_list(tx, work->request->scope, work->request->arena, work->only_open, &work->slice,
                      &work->list, err);
}

static void put_alert(JsonWriter *json, const Alert *alert)
{
    put_object(json, NULL);
    put_text(json, "id", alert->id);
    put_text(json, "rule", alert->rule);
    put_text_or_null(json, "subject", alert->subject);
    put_bool(json, "is_open", alert->is_open);
    put_number(json, "value", alert->value);
    put_number(json, "limit", alert->threshold);
    put_time(json, "opened_at", alert->opened_at_ms);
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
    return store_write(request->api->db, request->scope, acknowledge_work, &work, err) &&
           api_done(response);
}

/* --- Limits --- */

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
        put_number(&json, "limit", work.limits.at[rule]);
        put_end(&json);
    }
    api_list_end(&json, ALERT_RULE_COUNT, STR_NONE);
    return true;
}

static bool set_work(DbTx *tx, void *argument, Error *err)
{
    AlertWork *work = argument;
    const ApiRequest *request = work->request;
    JsonField fields[ALERT_RULE_COUNT];
    if (!rules_work(tx, work, err))
        return false;
    for (AlertRule rule = 0; rule < ALERT_RULE_COUNT; rule++)
        fields[rule] = (JsonField){ .name = alert_rule_name(rule),
                                    .type = JSON_F64,
                                    .out = &work->limits.at[rule] };
    return json_read(request->json, request->arena, fields, ALERT_RULE_COUNT, err) &&
           alert_limits_set(tx, request->scope, request->arena, &work->limits, err);
}

bool alerts_set_rules(ApiRequest *request, HttpResponse *response, Error *err)
{
    AlertWork work = { .request = request };
    return store_write(request->api->db, request->scope, set_work, &work, err) &&
           alerts_rules(request, response, err);
}
