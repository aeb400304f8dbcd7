/* monitoring_api.c - how a workspace's model services do, for monitors that ask for JSON. */
#include "api/api.h"
#include "base/clock.h"
#include "models/models.h"
#include "store/calls_store.h"

#define DAY_MS INT64_C(86400000)

typedef struct ServiceHealth {
    ServiceView view;
    int64_t good_at_ms, bad_at_ms; /* the last such call of a day's; 0: none */
} ServiceHealth;

typedef struct MonitoringWork {
    ApiRequest *request;
    ServiceHealth *services;
    size_t count;
    CallSumList sums;
} MonitoringWork;

/* --- Looking --- */

static bool last_call(DbTx *tx, const ApiRequest *request, Str service, Str status,
                      int64_t *at_ms_r, Error *err)
{
    CallFilter filter = { .service = service, .status = status, .from_ms = now_ms() - DAY_MS };
    CallList list;
    if (!calls_list(tx, request->scope, request->arena, &filter, &(Slice){ .limit = 1 }, &list,
                    err))
        return false;
    *at_ms_r = list.count ? list.at->started_at_ms : 0;
    return true;
}

static bool look(DbTx *tx, void *argument, Error *err)
{
    MonitoringWork *work = argument;
    const ApiRequest *request = work->request;
    int64_t now = now_ms();
    CallFilter today = { .from_ms = now - now % DAY_MS };
    for (size_t i = 0; i < work->count; i++) {
        ServiceHealth *service = &work->services[i];
        Str name = service->view.name;
        if (!last_call(tx, request, name, S("ok"), &service->good_at_ms, err) ||
            !last_call(tx, request, name, S("error"), &service->bad_at_ms, err))
            return false;
    }
    return calls_sum(tx, request->scope, request->arena, CALL_GROUP_SERVICE, &today, &work->sums,
                     err);
}

/* All services that were called since the start, or the one that the path names. */
static bool look_at_services(ApiRequest *request, MonitoringWork *work, Error *err)
{
    Str wanted = request->params[0];
    ServiceViewList views = gateway_services(models_gateway(request->api->models), request->arena,
                                             request->scope->workspace);
    *work = (MonitoringWork){ .request = request };
    work->services = arena_new_array(request->arena, ServiceHealth, views.count);
    for (size_t i = 0; i < views.count; i++)
        if (!wanted.length || str_equal(wanted, views.at[i].name))
            work->services[work->count++].view = views.at[i];
    if (wanted.length && !work->count)
        return fail(err, ERROR_NOT_FOUND, "no service '" STR_FMT "' was called since the start",
                    STR_ARG(wanted));
    return store_read(request->api->db, request->scope, look, work, err);
}

/* --- Telling --- */

static const char *status_of(const ServiceView *view)
{
    if (view->open)
        return "unhealthy";
    return view->calls && view->failures * 20 > view->calls ? "degraded" : "healthy";
}

static void put_service(JsonWriter *json, const ServiceHealth *service)
{
    const ServiceView *view = &service->view;
    double good = (double)(view->calls - view->failures);
    put_object(json, NULL);
    put_text(json, "name", view->name);
    put_text(json, "status", str(status_of(view)));
    put_int(json, "calls", view->calls);
    put_int(json, "failures", view->failures);
    put_number(json, "success_rate", view->calls ? good / (double)view->calls : 1);
    put_int(json, "running", view->running);
    put_int(json, "average_ms", view->total_us / 1000);
    put_int(json, "average_first_ms", view->first_us / 1000);
    put_time(json, "last_success_at", service->good_at_ms);
    put_time(json, "last_failure_at", service->bad_at_ms);
    put_end(json);
}

static void put_health(JsonWriter *json, const MonitoringWork *work)
{
    bool is_good = true;
    for (size_t i = 0; i < work->count; i++)
        is_good = is_good && str_is(str(status_of(&work->services[i].view)), "healthy");
    put_text(json, "status", is_good ? S("healthy") : S("degraded"));
    put_array(json, "services");
    for (size_t i = 0; i < work->count; i++)
        put_service(json, &work->services[i]);
    put_end(json);
}

static void put_calls(JsonWriter *json, const MonitoringWork *work)
{
    put_array(json, "today");
    for (size_t i = 0; i < work->sums.count; i++) {
        const CallSumRow *sum = &work->sums.at[i];
        put_object(json, NULL);
        put_text(json, "service", sum->name);
        put_int(json, "calls", sum->totals.calls);
        put_int(json, "errors", sum->errors);
        put_int(json, "average_ms", sum->totals.took_us / 1000 / MAX(sum->totals.calls, 1));
        put_int(json, "input_tokens", sum->totals.input_tokens);
        put_int(json, "output_tokens", sum->totals.output_tokens);
        put_int(json, "cost_pico", sum->totals.cost_pico);
        put_end(json);
    }
    put_end(json);
}

static bool respond(ApiRequest *request, HttpResponse *response, bool health, bool calls,
                    Error *err)
{
    MonitoringWork work;
    if (!look_at_services(request, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    if (health)
        put_health(&json, &work);
    if (calls)
        put_calls(&json, &work);
    put_end(&json);
    return true;
}

bool services_health(ApiRequest *request, HttpResponse *response, Error *err)
{
    return respond(request, response, true, false, err);
}

bool services_calls(ApiRequest *request, HttpResponse *response, Error *err)
{
    return respond(request, response, false, true, err);
}

/* People see it on the page. */
static bool is_browser(const HttpRequest *http)
{
    Str accept = http_header_in(http, "Accept");
    return str_find(accept, S("text/html")) >= 0 && str_find(accept, S("application/json")) < 0;
}

bool services_all(ApiRequest *request, HttpResponse *response, Error *err)
{
    http_header(response, "Vary", S("Accept"));
    if (is_browser(request->http)) {
        response->status = 303;
        http_header(response, "Location", S("/settings/usage"));
        return true;
    }
    return respond(request, response, true, true, err);
}
