/* gateway_api.c - how the gateway is set up: services, models, routes; trying them; how they do. */
#include "api/api.h"
#include "base/clock.h"
#include "gateway/route.h"
#include "models/gateway_setup.h"
#include "store/route_sides_store.h"

#define TARGETS_MAX 64
#define MICRO 1000000

static const char *const from_words[] = { [FROM_ITSELF] = "itself",
                                          [FROM_ENVIRONMENT] = "environment",
                                          [FROM_FILE] = "file",
                                          [FROM_SETTING] = "setting",
                                          [FROM_WORKSPACE] = "workspace" };

/* --- Parts that several answers have --- */

static void put_bits(JsonWriter *json, const char *name, unsigned bits, const char *const *words,
                     size_t count)
{
    put_array(json, name);
    for (size_t i = 0; i < count; i++)
        if (bits & 1u << i)
            put_text(json, NULL, str(words[i]));
    put_end(json);
}

/* Dollars a million, as a decimal text: a price is exact. */
static void put_price(JsonWriter *json, Arena *arena, const char *name, int64_t pico)
{
    if (pico < 0) {
        put_null(json, name);
        return;
    }
    Str text = str_format(arena, "%" PRId64 ".%06" PRId64, pico / MICRO, pico % MICRO);
    while (str_ends(text, S("0")))
        text.length--;
    if (str_ends(text, S(".")))
        text.length--;
    put_text(json, name, text);
}

static void put_prices(JsonWriter *json, Arena *arena, const ModelPrice *price)
{
    put_object(json, "prices");
    put_price(json, arena, "input", price->input);
    put_price(json, arena, "output", price->output);
    put_price(json, arena, "cache_read", price->cache_read);
    put_price(json, arena, "cache_write", price->cache_write);
    put_end(json);
}

static void put_problems(JsonWriter *json, const Setup *setup, const char *kind, Str name)
{
    put_array(json, "problems");
    for (size_t i = 0; i < setup->problems.count; i++) {
        const SetupProblem *problem = &setup->problems.at[i];
        if (str_is(problem->kind, kind) && str_equal(problem->name, name))
            put_text(json, NULL, problem->text);
    }
    put_end(json);
}

static void put_document(JsonWriter *json, Str document)
{
    if (document.length)
        put_raw(json, "document", document);
    else
        put_null(json, "document");
}

static void put_view(JsonWriter *json, const TargetView *view)
{
    put_text(json, "breaker", str(view->breaker));
    put_int(json, "running", view->running);
    put_int(json, "calls", view->calls);
    put_int(json, "failures", view->failures);
    put_number(json, "failure_share", view->failure_share);
    put_int(json, "first_ms", view->first_us / 1000);
    put_int(json, "total_ms", view->total_us / 1000);
    put_int(json, "waits_ms", MAX(view->open_ms, view->cool_ms));
    put_int(json, "requests_left", view->requests_left);
    put_int(json, "tokens_left", view->tokens_left);
}

/* --- Pictures --- */

/* Calls see(self, target) for each target with a name in this picture. */
static void each_target(const GatewayConfig *config,
                        void (*see)(void *self, const GatewayRoute *route,
                                    const GatewayTarget *target),
                        void *self)
{
    for (size_t i = 0; i < config->route_count; i++) {
        const GatewayRoute *route = &config->routes[i];
        const GatewayTarget *target = route->step_count ? route->steps[0].target : NULL;
        bool is_own =
            target && target->model.length &&
            route->name.length == target->service->name.length + 1 + target->model.length &&
            str_starts(route->name, target->service->name) && str_ends(route->name, target->model);
        if (is_own)
            see(self, route, target);
    }
}

/* How a service does, by all its targets that have been asked. */
typedef struct ServiceTraffic {
    Str name;
    int64_t calls, running;
    bool is_open, is_doubtful;
} ServiceTraffic;

static void add_view(void *self, const GatewayRoute *route, const GatewayTarget *target)
{
    ServiceTraffic *service = self;
    (void)route;
    if (!str_equal(target->service->name, service->name))
        return;
    TargetView view = target_view(target->state);
    service->calls += view.calls;
    service->running += view.running;
    service->is_open |= str_is(str(view.breaker), "open");
    service->is_doubtful |=
        str_is(str(view.breaker), "half_open") || view.cool_ms > 0 || view.failure_share > 0.1;
}

static Str state_of(const GatewayConfig *config, const SetupService *service,
                    ServiceTraffic *view_r)
{
    *view_r = (ServiceTraffic){ .name = service->name };
    each_target(config, add_view, view_r);
    if (service->is_off)
        return S("off");
    if (view_r->is_open)
        return S("red");
    if (view_r->is_doubtful)
        return S("amber");
    return view_r->calls ? S("green") : S("idle");
}

/* --- Services --- */

static void put_service(JsonWriter *json, Arena *arena, const GatewayConfig *config,
                        const Setup *setup, const SetupService *service)
{
    ServiceTraffic view;
    put_object(json, NULL);
    put_text(json, "name", service->name);
    put_text(json, "provider", str(service->provider->name));
    put_text(json, "title", str(service->provider->title));
    put_text(json, "base_url", service->base_url);
    put_text(json, "from", str(from_words[service->from]));
    put_bool(json, "found", service->was_found);
    put_bool(json, "enabled", !service->is_off);
    put_bool(json, "key_set", service->has_key);
    put_bool(json, "primary", str_equal(setup->primary, service->name));
    put_text(json, "state", state_of(config, service, &view));
    put_int(json, "calls", view.calls);
    put_int(json, "running", view.running);
    put_texts(json, "models", service->models);
    put_problems(json, setup, "service", service->name);
    put_document(json, models_shown_service(arena, service));
    put_end(json);
}

static bool load(ApiRequest *request, Setup *setup, const GatewayConfig **config_r, Error *err)
{
    struct Models *models = request->api->models;
    if (!models_setup(models, request->scope, request->arena, setup, err) ||
        !models_config(models, request->scope, config_r, err))
        return false;
    models_find_problems(models, request->arena, setup);
    return true;
}

bool gateway_services_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    Setup setup;
    const GatewayConfig *config;
    if (!load(request, &setup, &config, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < setup.services.count; i++)
        put_service(&json, request->arena, config, &setup, &setup.services.at[i]);
    api_list_end(&json, (int64_t)setup.services.count, S(""));
    config_release(config);
    return true;
}

bool gateway_services_set(ApiRequest *request, HttpResponse *response, Error *err)
{
    return models_set_service(request->api->models, request->scope, request->params[0],
                              request->json, err) &&
           gateway_services_list(request, response, err);
}

bool gateway_services_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    return models_remove_item(request->api->models, request->scope, S("service"),
                              request->params[0], err) &&
           api_done(response);
}

bool gateway_services_test(ApiRequest *request, HttpResponse *response, Error *err)
{
    ServiceTest test;
    Str model = S("");
    if (!api_fields(request, err, { "model", JSON_STR, &model, .length_max = 400 }) ||
        !models_test_service(request->api->models, request->scope, request->arena,
                             request->params[0], model, &test, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "good", test.answers);
    put_bool(&json, "lists", test.lists);
    put_text_or_null(&json, "model", test.model);
    put_int(&json, "took_ms", test.took_ms);
    put_text_or_null(&json, "problem", test.problem);
    put_texts(&json, "models", test.models);
    put_end(&json);
    return true;
}

bool gateway_providers_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request, (void)err;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < gateway_provider_count; i++) {
        const GatewayProvider *provider = &gateway_providers[i];
        if (provider->dialect == &dialect_here) /* is there already */
            continue;
        put_object(&json, NULL);
        put_text(&json, "name", str(provider->name));
        put_text(&json, "title", str(provider->title));
        put_text(&json, "base_url", str(provider->base_url));
        put_text(&json, "dialect", str(provider->dialect->name));
        put_bool(&json, "local", provider->is_local);
        put_text_or_null(&json, "key_variable",
                         str(provider->key_variable ? provider->key_variable : ""));
        put_end(&json);
    }
    api_list_end(&json, -1, S(""));
    return true;
}

/* --- Models --- */

typedef struct ModelsPrint {
    JsonWriter json;
    Arena *arena;
    const Setup *setup;
    ModelFileViews files;
} ModelsPrint;

/* Of a model file: whether it is loaded, and why it cannot be. */
static void put_file(const ModelsPrint *print, JsonWriter *json, const GatewayTarget *target)
{
    const ModelFileView *file = NULL;
    for (size_t i = 0; target->service->is_woken && i < print->files.count; i++)
        if (str_equal(print->files.at[i].name, target->model))
            file = &print->files.at[i];
    if (!file) {
        put_null(json, "file");
        return;
    }
    put_object(json, "file");
    put_text(json, "state", str(file->state));
    put_text_or_null(json, "reason", file->reason);
    put_int(json, "bytes", file->bytes);
    put_int(json, "memory", file->memory);
    put_end(json);
}

static void put_model(void *self, const GatewayRoute *route, const GatewayTarget *target)
{
    ModelsPrint *print = self;
    JsonWriter *json = &print->json;
    const SetupModel *told = setup_model(print->setup, target->service->name, target->model);
    put_object(json, NULL);
    put_text(json, "name", route->name);
    put_text(json, "service", target->service->name);
    put_text(json, "model", target->model);
    put_int(json, "context", target->context);
    put_int(json, "output_max", target->output_max);
    put_bits(json, "tasks", target->tasks, task_words, TASK_COUNT);
    put_bits(json, "abilities", target->abilities, ability_words, ABILITY_COUNT);
    put_prices(json, print->arena, &target->price);
    put_text_or_null(json, "from", str(told ? from_words[told->from] : ""));
    put_document(json, told ? told->document : S(""));
    put_file(print, json, target);
    put_end(json);
}

bool gateway_models_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    Setup setup;
    const GatewayConfig *config;
    if (!load(request, &setup, &config, err))
        return false;
    ModelsPrint print = { .json = api_list_begin(response),
                          .arena = request->arena,
                          .setup = &setup,
                          .files = model_files_view(models_files(request->api->models),
                                                    request->arena) };
    each_target(config, put_model, &print);
    api_list_end(&print.json, -1, S(""));
    config_release(config);
    return true;
}

/* The name is in the body: models' names have slashes. */
bool gateway_models_set(ApiRequest *request, HttpResponse *response, Error *err)
{
    json_t *name = json_object_get(request->json, "name");
    if (!json_is_string(name))
        return fail_field(err, "name", "name is missing: service/model");
    Str text = str_copy(request->arena, (Str){ json_string_value(name), json_string_length(name) });
    json_object_del(request->json, "name");
    return models_set_model(request->api->models, request->scope, text, request->json, err) &&
           api_done(response);
}

bool gateway_models_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    return models_remove_item(request->api->models, request->scope, S("model"),
                              http_query(request->http, "name"), err) &&
           api_done(response);
}

/* --- Routes --- */

bool gateway_routes_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    Setup setup;
    if (!models_setup(request->api->models, request->scope, request->arena, &setup, err))
        return false;
    models_find_problems(request->api->models, request->arena, &setup);
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < setup.routes.count; i++) {
        const SetupRoute *route = &setup.routes.at[i];
        put_object(&json, NULL);
        put_text(&json, "name", route->name);
        put_text(&json, "from", str(from_words[route->from]));
        put_problems(&json, &setup, "route", route->name);
        put_document(&json, route->document);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)setup.routes.count, S(""));
    return true;
}

bool gateway_routes_set(ApiRequest *request, HttpResponse *response, Error *err)
{
    return models_set_route(request->api->models, request->scope, request->params[0], request->json,
                            err) &&
           gateway_routes_list(request, response, err);
}

bool gateway_routes_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    return models_remove_item(request->api->models, request->scope, S("route"), request->params[0],
                              err) &&
           api_done(response);
}

/* --- A dry run --- */

typedef struct DryRun {
    Str model, as; /* as: who calls, for shares of a route */
    RouteNeeds needs;
    const GatewayTarget *targets[TARGETS_MAX];
    size_t count;
} DryRun;

static bool read_dry_run(ApiRequest *request, DryRun *run, Error *err)
{
    StrList abilities = { 0 };
    const int64_t most = 1000000000;
    run->needs = (RouteNeeds){ .task = TASK_CHAT, .input = 1000 };
    if (!api_fields(request, err,
                    { "model", JSON_STR, &run->model, .required = true, .length_max = 400 },
                    { "input_tokens", JSON_I64, &run->needs.input, .max = most },
                    { "output_tokens", JSON_I64, &run->needs.output, .max = most },
                    { "abilities", JSON_STRS, &abilities, .length_max = 20 },
                    { "tag", JSON_STR, &run->needs.tag, .length_max = 100 },
                    { "persona", JSON_STR, &run->needs.persona, .length_max = 100 },
                    { "as", JSON_STR, &run->as, .length_max = 200 },
                    { "saving", JSON_FLAG, &run->needs.is_saving }))
        return false;
    for (size_t i = 0; i < SHARE_BY_COUNT; i++)
        run->needs.who[i] = run->as;
    for (size_t i = 0; i < abilities.count; i++)
        for (size_t bit = 0; bit < ABILITY_COUNT; bit++)
            if (str_is(abilities.at[i], ability_words[bit]))
                run->needs.abilities |= 1u << bit;
    return true;
}

static void put_target_name(JsonWriter *json, const GatewayTarget *target, Str asked)
{
    put_text(json, "service", target->service->name);
    put_text(json, "model", target_model(target, asked));
}

static void put_cost(JsonWriter *json, Arena *arena, const DryRun *run, const GatewayTarget *target)
{
    int64_t output = run->needs.output ? run->needs.output : target->output_max;
    PriceMost most = route_most(&run->needs, output);
    int64_t pico = price_reserve(&target->price, &most);
    bool is_priced = output && target->price.input >= 0 && target->price.output >= 0;
    put_text_or_null(json, "cost_at_most", is_priced ? price_text(arena, pico) : S(""));
}

static void put_plan(JsonWriter *json, Arena *arena, const DryRun *run)
{
    put_array(json, "targets");
    for (size_t i = 0; i < run->count; i++) {
        const GatewayTarget *target = run->targets[i];
        put_object(json, NULL);
        put_target_name(json, target, run->model);
        put_cost(json, arena, run, target);
        if (target->state) {
            TargetView view = target_view(target->state);
            put_view(json, &view);
        }
        put_end(json);
    }
    put_end(json);
}

static bool is_planned(const DryRun *run, const GatewayTarget *target)
{
    for (size_t i = 0; i < run->count; i++)
        if (run->targets[i] == target)
            return true;
    return false;
}

static void put_passed_over(JsonWriter *json, const DryRun *run, const GatewayRoute *route)
{
    put_array(json, "passed_over");
    for (; route; route = route->fallback)
        for (size_t i = 0; i < route->step_count; i++) {
            const char *why = route_refuses(&route->steps[i], &run->needs);
            if (is_planned(run, route->steps[i].target))
                continue;
            put_object(json, NULL);
            put_target_name(json, route->steps[i].target, run->model);
            put_text(json, "why", str(why ? why : "enough others come before it"));
            put_end(json);
        }
    put_end(json);
}

/* --- Sides of a route that is tried on a part of the calls --- */

#define DAY_MS (INT64_C(24) * 3600 * 1000)

typedef struct SidesWork {
    const ApiRequest *request;
    Str route;
    int64_t from_ms, to_ms;
    SideSumList sums;
} SidesWork;

static bool sides_work(DbTx *tx, void *argument, Error *err)
{
    SidesWork *work = argument;
    return side_sums_list(tx, work->request->scope, work->request->arena, work->route,
                          work->from_ms, work->to_ms, &work->sums, err);
}

static void put_side(JsonWriter *json, const SideSum *sum)
{
    double calls = (double)MAX(sum->calls, (int64_t)1);
    double priced = (double)MAX(sum->calls - sum->unpriced, (int64_t)1);
    put_object(json, NULL);
    put_text(json, "side", sum->side);
    put_int(json, "calls", sum->calls);
    put_int(json, "failures", sum->failures);
    put_number(json, "failure_share", (double)sum->failures / calls);
    put_number(json, "took_ms", (double)sum->took_us / 1000 / calls);
    put_number(json, "cost", (double)sum->cost_pico / 1e12);
    put_number(json, "cost_per_call", (double)sum->cost_pico / 1e12 / priced);
    put_int(json, "unpriced", sum->unpriced);
    put_int(json, "input_tokens", sum->input_tokens);
    put_int(json, "output_tokens", sum->output_tokens);
    put_end(json);
}

bool gateway_routes_sides(ApiRequest *request, HttpResponse *response, Error *err)
{
    SidesWork work = { .request = request, .route = request->params[0] };
    if (!api_query_time(request, "from", &work.from_ms, err) ||
        !api_query_time(request, "to", &work.to_ms, err))
        return false;
    work.to_ms = work.to_ms ? work.to_ms : now_ms();
    work.from_ms = work.from_ms ? work.from_ms : work.to_ms - 30 * DAY_MS;
    work.from_ms -= work.from_ms % DAY_MS;
    if (!store_read(request->api->db, request->scope, sides_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.sums.count; i++)
        put_side(&json, &work.sums.at[i]);
    api_list_end(&json, (int64_t)work.sums.count, S(""));
    return true;
}

bool gateway_check(ApiRequest *request, HttpResponse *response, Error *err)
{
    DryRun run = { 0 };
    const GatewayConfig *config;
    if (!read_dry_run(request, &run, err) ||
        !models_config(request->api->models, request->scope, &config, err))
        return false;
    const GatewayRoute *route = config_route(config, run.model);
    if (!route) {
        config_release(config);
        return fail(err, ERROR_NOT_FOUND,
                    "nothing answers to '" STR_FMT "': no route, no model, no service of that name",
                    STR_ARG(str_slice(run.model, 0, 100)));
    }
    run.count = route_plan(route, &run.needs, run.targets, 0, TARGETS_MAX);
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "model", run.model);
    put_text_or_null(&json, "route", route->name);
    put_text_or_null(&json, "side", route_side(route, &run.needs));
    put_plan(&json, request->arena, &run);
    put_passed_over(&json, &run, route);
    put_end(&json);
    config_release(config);
    return true;
}

/* --- How it does --- */

static void put_status(void *self, const GatewayRoute *route, const GatewayTarget *target)
{
    JsonWriter *json = self;
    TargetView view = target_view(target->state);
    put_object(json, NULL);
    put_text(json, "name", route->name);
    put_target_name(json, target, route->name);
    put_view(json, &view);
    put_end(json);
}

bool gateway_status(ApiRequest *request, HttpResponse *response, Error *err)
{
    const GatewayConfig *config;
    if (!models_config(request->api->models, request->scope, &config, err))
        return false;
    JsonWriter json = api_list_begin(response);
    each_target(config, put_status, &json);
    api_list_end(&json, -1, S(""));
    config_release(config);
    return true;
}
