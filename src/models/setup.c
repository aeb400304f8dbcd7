/* setup.c - where documents come from, and whether they fit together: see setup.h. */
#include "models/setup.h"

/* --- Looking up --- */

const SetupService *setup_service(const Setup *setup, Str name)
{
    for (size_t i = 0; i < setup->services.count; i++)
        if (str_equal(setup->services.at[i].name, name))
            return &setup->services.at[i];
    return NULL;
}

const SetupModel *setup_model(const Setup *setup, Str service, Str model)
{
    for (size_t i = 0; i < setup->models.count; i++)
        if (str_equal(setup->models.at[i].service, service) &&
            str_equal(setup->models.at[i].model, model))
            return &setup->models.at[i];
    return NULL;
}

const SetupRoute *setup_route(const Setup *setup, Str name)
{
    for (size_t i = 0; i < setup->routes.count; i++)
        if (str_equal(setup->routes.at[i].name, name))
            return &setup->routes.at[i];
    return NULL;
}

/* The service that "service/model" begins with; *model_r is the rest. NULL: there is none. */
static const SetupService *setup_service_of(const Setup *setup, Str name, Str *model_r)
{
    ptrdiff_t slash = str_find_char(name, '/');
    if (slash <= 0 || (size_t)slash + 1 == name.length)
        return NULL;
    *model_r = str_from(name, (size_t)slash + 1);
    return setup_service(setup, str_slice(name, 0, (size_t)slash));
}

/* --- One of each name --- */

/* What comes later in a list replaces what has its name before. */
#define SETTLE(list, is_same)                                                                      \
    do {                                                                                           \
        size_t kept = 0;                                                                           \
        for (size_t i = 0; i < (list)->count; i++) {                                               \
            bool is_last = true;                                                                   \
            for (size_t k = i + 1; k < (list)->count && is_last; k++)                              \
                is_last = !is_same(&(list)->at[i], &(list)->at[k]);                                \
            if (is_last)                                                                           \
                (list)->at[kept++] = (list)->at[i];                                                \
        }                                                                                          \
        (list)->count = kept;                                                                      \
    } while (0)

static bool is_same_service(const SetupService *a, const SetupService *b)
{
    return str_equal(a->name, b->name);
}

static bool is_same_model(const SetupModel *a, const SetupModel *b)
{
    return str_equal(a->service, b->service) && str_equal(a->model, b->model);
}

static bool is_same_route(const SetupRoute *a, const SetupRoute *b)
{
    return str_equal(a->name, b->name);
}

void setup_settle(Setup *setup)
{
    SETTLE(&setup->services, is_same_service);
    SETTLE(&setup->models, is_same_model);
    SETTLE(&setup->routes, is_same_route);
}

void setup_note(Arena *arena, Setup *setup, Str kind, Str name, const char *text)
{
    *vec_push(arena, &setup->problems) = (SetupProblem){ kind, name, str_copy(arena, str(text)) };
}

void setup_add_simple(Arena *arena, Setup *setup, const SetupService *service, Str model)
{
    SetupService *added = vec_push(arena, &setup->services);
    Str *names = arena_new_one(arena, Str);
    *names = model;
    *added = *service;
    added->name = str(service->provider->name);
    added->models = (StrList){ names, model.length > 0 };
}

/* --- The program, the environment and the file --- */

SetupService *setup_add_itself(Arena *arena, Setup *setup)
{
    const GatewayProvider *provider = gateway_provider_find(S("local"));
    SetupService *service = vec_push(arena, &setup->services);
    *service =
        (SetupService){ .name = str(provider->name), .from = FROM_ITSELF, .provider = provider };
    return service;
}

/* Variables that others use for the same. */
static const struct {
    const char *provider, *variable;
} other_variables[] = { { "huggingface", "HF_API_KEY" }, { "gemini", "GOOGLE_API_KEY" } };

static const char *key_of(const GatewayProvider *provider)
{
    const char *key = provider->key_variable ? getenv(provider->key_variable) : NULL;
    for (size_t i = 0; i < COUNT(other_variables) && !(key && key[0]); i++)
        if (strcmp(other_variables[i].provider, provider->name) == 0)
            key = getenv(other_variables[i].variable);
    return key;
}

/* GROQ_MODEL, beside GROQ_API_KEY. */
static StrList model_of(Arena *arena, const GatewayProvider *provider)
{
    Str variable = str(provider->key_variable ? provider->key_variable : "");
    if (!str_ends(variable, S("_API_KEY")))
        return (StrList){ 0 };
    variable.length -= strlen("_API_KEY");
    const char *name = getenv(str_format(arena, STR_FMT "_MODEL", STR_ARG(variable)).at);
    Str *names = arena_new_one(arena, Str);
    *names = str_copy(arena, str_trim(str(name ? name : "")));
    return (StrList){ names, names->length > 0 };
}

/* HF_BASE_URL, which has been set to hosts that are gone (cli/foreign_settings.c). */
static Str address_of(Arena *arena, const GatewayProvider *provider)
{
    const char *own = strcmp(provider->name, "huggingface") ? NULL : getenv("HF_BASE_URL");
    return own && own[0] ? str_copy(arena, str(own)) : str(provider->base_url);
}

void setup_read_environment(Arena *arena, Setup *setup)
{
    for (size_t i = 0; i < gateway_provider_count; i++) {
        const GatewayProvider *provider = &gateway_providers[i];
        const char *key = key_of(provider);
        bool is_known = key && key[0] && strlen(key) <= KB(4) && provider->base_url[0] &&
                        !strchr(provider->base_url, '{');
        if (!is_known)
            continue;
        Str *keys = arena_new_one(arena, Str);
        *keys = str_copy(arena, str_trim(str(key)));
        *vec_push(arena, &setup->services) =
            (SetupService){ .name = str(provider->name),
                            .from = FROM_ENVIRONMENT,
                            .provider = provider,
                            .base_url = address_of(arena, provider),
                            .keys = { keys, 1 },
                            .models = model_of(arena, provider),
                            .has_key = true,
                            .allows_private = true };
    }
}

/* A document as it is shown: without its keys. */
static Str print_without_keys(Arena *arena, const json_t *document)
{
    AUTO_JSON json_t *copy = json_copy((json_t *)(uintptr_t)document);
    json_object_del(copy, "key");
    json_object_del(copy, "keys");
    return json_print(arena, copy);
}

static bool read_services(Arena *arena, json_t *list, Setup *setup, Error *err)
{
    const char *key;
    json_t *document;
    json_object_foreach(list, key, document)
    {
        SetupService service;
        if (!setup_read_service(arena, str_copy(arena, str(key)), document, true, &service, err))
            return fail_in(err, "services.%s", key);
        service.from = FROM_FILE;
        service.allows_private = true; /* who writes the file runs the server */
        service.document = print_without_keys(arena, document);
        *vec_push(arena, &setup->services) = service;
    }
    return true;
}

static bool read_models(Arena *arena, json_t *list, Setup *setup, Error *err)
{
    const char *key;
    json_t *document;
    json_object_foreach(list, key, document)
    {
        SetupModel model;
        if (!setup_read_model(arena, str_copy(arena, str(key)), document, &model, err))
            return fail_in(err, "models.%s", key);
        model.from = FROM_FILE;
        model.document = json_print(arena, document);
        *vec_push(arena, &setup->models) = model;
    }
    return true;
}

static bool read_routes(Arena *arena, json_t *list, Setup *setup, Error *err)
{
    const char *key;
    json_t *document;
    json_object_foreach(list, key, document)
    {
        SetupRoute route;
        if (!setup_read_route(arena, str_copy(arena, str(key)), document, &route, err))
            return fail_in(err, "routes.%s", key);
        route.from = FROM_FILE;
        route.document = json_print(arena, document);
        *vec_push(arena, &setup->routes) = route;
    }
    return true;
}

/* By the ids of workspaces: whoever may rename one must not get another's share so. */
static bool read_weights(json_t *list, Setup *setup, Error *err)
{
    const char *key;
    json_t *weight;
    json_object_foreach(list, key, weight)
    {
        json_int_t number = json_integer_value(weight);
        if (number < 1 || number > SHARE_WEIGHT_MAX)
            return fail_field(err, "shares", "shares.%s is a whole number from 1 to %d", key,
                              SHARE_WEIGHT_MAX);
        if (str_is(setup->workspace, key))
            setup->share_weight = number;
    }
    return true;
}

static bool is_object_or_none(const json_t *json, const char *name, Error *err)
{
    return !json || json_is_object(json) || fail_field(err, name, "%s is an object by names", name);
}

bool setup_read_file(Arena *arena, Str text, Setup *setup, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    json_t *services = NULL, *models = NULL, *routes = NULL, *shares = NULL;
    return json_parse(text, SETUP_FILE_MAX, &json, err) &&
           json_read(json, arena,
                     JSON_FIELDS({ "services", JSON_ANY, &services },
                                 { "models", JSON_ANY, &models }, { "routes", JSON_ANY, &routes },
                                 { "shares", JSON_ANY, &shares }),
                     err) &&
           is_object_or_none(services, "services", err) &&
           is_object_or_none(models, "models", err) && is_object_or_none(routes, "routes", err) &&
           read_services(arena, services, setup, err) && read_models(arena, models, setup, err) &&
           read_routes(arena, routes, setup, err) && is_object_or_none(shares, "shares", err) &&
           read_weights(shares, setup, err);
}

/* --- Whether it fits together --- */

static bool leads_somewhere(const Setup *setup, Str name)
{
    Str model;
    return !name.length || setup_route(setup, name) || setup_service_of(setup, name, &model);
}

static bool check_steps(const Setup *setup, const SetupRoute *route, Error *err)
{
    Str model;
    for (size_t i = 0; i < route->step_count; i++)
        if (!setup_service_of(setup, route->steps[i].model, &model))
            return fail_field(err, "steps",
                              "there is no service for '" STR_FMT
                              "': a step is named as service/model",
                              STR_ARG(str_slice(route->steps[i].model, 0, 100)));
    return true;
}

/* A way from fallback to fallback that comes back to its beginning never ends. */
static bool check_circle(const Setup *setup, const SetupRoute *route, Error *err)
{
    const SetupRoute *at = route;
    for (size_t i = 0; at && at->fallback.length && i <= setup->routes.count; i++) {
        at = setup_route(setup, at->fallback);
        if (at && str_equal(at->name, route->name))
            return fail_field(err, "fallback", "the fallbacks of '" STR_FMT "' lead back to it",
                              STR_ARG(route->name));
    }
    return true;
}

bool setup_check_route(const Setup *setup, const SetupRoute *route, Error *err)
{
    const struct {
        const char *member;
        Str name;
    } ways[] = { { "fallback", route->fallback },
                 { "larger", route->larger },
                 { "cheaper", route->cheaper } };
    for (size_t i = 0; i < COUNT(ways); i++)
        if (!leads_somewhere(setup, ways[i].name))
            return fail_field(err, ways[i].member, "there is no route or model '" STR_FMT "'",
                              STR_ARG(str_slice(ways[i].name, 0, 100)));
    return check_steps(setup, route, err) && check_circle(setup, route, err);
}

bool setup_check(const Setup *setup, Error *err)
{
    for (size_t i = 0; i < setup->models.count; i++)
        if (!setup_service(setup, setup->models.at[i].service))
            return fail_field(err, "name", "models: there is no service '" STR_FMT "'",
                              STR_ARG(setup->models.at[i].service));
    for (size_t i = 0; i < setup->routes.count; i++)
        if (!setup_check_route(setup, &setup->routes.at[i], err))
            return fail_in(err, "routes." STR_FMT, STR_ARG(setup->routes.at[i].name));
    return true;
}
