/* models_config.c - a Setup as the gateway sees it: services, targets, and routes by name. */
#include "base/map.h"
#include "gateway/catalogue.h"
#include "models/models_int.h"
#include "net/url.h"

#define RETRIES 1
#define LISTED_MAX 20000 /* models that have a name of their own: a picture lives in an arena */

typedef struct Maker {
    Models *models;
    TargetStates *states;
    Arena *arena; /* of the picture; the setup is in it too */
    const Setup *setup;
    Map services;             /* name: GatewayService */
    Map targets;              /* "service/model": GatewayTarget; "service/": of any model */
    Map bare;                 /* "model": GatewayTarget, or NULL when several services have it */
    GatewayService *files;    /* of this machine; NULL: not asked for yet */
    VEC(GatewayRoute) routes; /* sorted at the end, then they know each other */
} Maker;

/* --- Services --- */

static bool set_address(Arena *arena, const SetupService *from, GatewayService *service, Error *err)
{
    Url url;
    if (!url_parse(arena, from->base_url, &url, err))
        return false;
    int usual = str_is(url.scheme, "https") ? 443 : 80;
    Str host = url.is_ip6 ? str_format(arena, "[" STR_FMT "]", STR_ARG(url.host)) : url.host;
    service->base_url = from->base_url;
    service->host_header =
        url.port == usual ? host : str_format(arena, STR_FMT ":%d", STR_ARG(host), url.port);
    service->base_path = str_is(url.path, "/") ? S("") : url.path;
    return true;
}

static bool make_service(Maker *maker, const SetupService *from, GatewayService **service_r,
                         Error *err)
{
    Arena *arena = maker->arena;
    GatewayService *service = arena_new_one(arena, GatewayService);
    service->is_here = from->provider->dialect == &dialect_here;
    if (!setup_keys(maker->models, arena, from, &service->keys, err) ||
        (!service->is_here && !set_address(arena, from, service, err)))
        return false;
    service->name = from->name;
    service->title = str(from->provider->title);
    service->provider = str(from->provider->name);
    service->dialect = from->provider->dialect;
    service->quirks = from->provider->quirks;
    service->safety.allows_private = from->allows_private;
    service->version = from->version;
    service->headers = from->headers;
    service->times = from->times;
    service->limits = from->limits;
    service->is_local = !str_starts(from->base_url, S("https:"));
    service->moves_on = from->moves_on;
    service->is_probed = from->is_probed;
    /* What the server has set up, all workspaces share, and so its limits. */
    bool is_shared = from->from < FROM_SETTING;
    Str owner = is_shared ? S("server") : maker->setup->workspace;
    service->full_name =
        str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(owner), STR_ARG(service->name));
    service_find_states(service, arena, maker->states, service->full_name);
    *service_r = service;
    return true;
}

/* Model files have the name of what is answered here, and servers that are woken. */
static const GatewayService *file_service(Maker *maker, const GatewayService *here)
{
    const GatewayProvider *provider = gateway_provider_find(S("llama.cpp"));
    Arena *arena = maker->arena;
    if (maker->files)
        return maker->files;
    GatewayService *service = maker->files = arena_new_one(arena, GatewayService);
    Str *key = arena_new_one(arena, Str);
    *key = str_copy(arena, model_files_key(maker->models->files));
    *service = (GatewayService){ .name = here->name,
                                 .title = str(provider->title),
                                 .full_name = here->full_name,
                                 .provider = here->provider,
                                 .dialect = provider->dialect,
                                 .quirks = provider->quirks,
                                 .host_header = S("127.0.0.1"),
                                 .base_path = S("/v1"),
                                 .safety.allows_private = true,
                                 .keys = { key, 1 },
                                 .is_local = true,
                                 .is_woken = true };
    return service;
}

/* --- Targets --- */

/* As its provider publishes the model. */
static void publish_target(GatewayTarget *target)
{
    const CatalogueModel *known = catalogue_find(target->service->provider, target->model);
    if (!known)
        return;
    target->context = known->context;
    target->output_max = known->output_max;
    target->tasks = 1U << known->task;
    target->abilities = known->abilities;
    target->price = catalogue_price(known);
}

/* What is told of the model wins over what is published. */
static void price_target(const Setup *setup, const SetupOwnModel *own, GatewayTarget *target)
{
    const SetupModel *told = setup_model(setup, target->service->name, target->model);
    if (own) {
        target->tasks = own->tasks;
        target->price = (ModelPrice){ 0 };
    } else {
        publish_target(target);
    }
    if (!told)
        return;
    if (told->context)
        target->context = told->context;
    if (told->output_max)
        target->output_max = told->output_max;
    if (told->has_tasks)
        target->tasks = told->tasks;
    if (told->has_abilities)
        target->abilities = told->abilities;
    if (told->has_price)
        target->price = told->price;
}

static const GatewayRoute *add_route(Maker *maker, Str name, const GatewayTarget *target)
{
    RouteStep *step = arena_new_one(maker->arena, RouteStep);
    GatewayRoute *route = vec_push(maker->arena, &maker->routes);
    *step = (RouteStep){ .target = target };
    *route = (GatewayRoute){ .name = name, .steps = step, .step_count = 1, .retries = RETRIES };
    return route;
}

/* NULL: it has none of this name. */
static const SetupOwnModel *own_model(const Setup *setup, Str service, Str model)
{
    const SetupService *itself = setup_service(setup, service);
    for (size_t i = 0; itself && itself->own && i < itself->models.count; i++)
        if (str_equal(itself->own[i].name, model))
            return &itself->own[i];
    return NULL;
}

static void add_bare(Maker *maker, Str model, GatewayTarget *target)
{
    bool is_new;
    MapEntry *entry = map_add(&maker->bare, model, &is_new);
    entry->pointer = is_new ? target : NULL;
}

/* The target of one model of one service, with its route; with no model, of any. */
static GatewayTarget *target_of(Maker *maker, const GatewayService *service, Str model)
{
    Arena *arena = maker->arena;
    const Setup *setup = maker->setup;
    Str name = str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(service->name), STR_ARG(model));
    bool is_new;
    MapEntry *entry = map_add(&maker->targets, name, &is_new);
    if (!is_new)
        return entry->pointer;
    const SetupOwnModel *own = service->is_here ? own_model(setup, service->name, model) : NULL;
    if (own && own->is_file)
        service = file_service(maker, service);
    GatewayTarget *target = arena_new_one(arena, GatewayTarget);
    entry->pointer = target;
    *target = (GatewayTarget){ .service = service, .model = model, .price = PRICE_NONE };
    target->name = service->full_name;
    if (model.length) {
        Str state = str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(target->name), STR_ARG(model));
        target->state = target_state(maker->states, state);
        target_limit(target->state, &service->limits);
        price_target(setup, own, target);
        add_bare(maker, model, target);
    } else {
        target->prefix = name;
    }
    (void)add_route(maker, name, target);
    return target;
}

/* A service whose models nobody has listed has those that its provider publishes. */
static void add_published(Maker *maker, const GatewayService *service)
{
    for (size_t i = 0; i < catalogue_count; i++)
        if (str_is(service->provider, catalogue_models[i].provider))
            (void)target_of(maker, service, str(catalogue_models[i].name));
}

static void add_service(Maker *maker, const SetupService *from)
{
    GatewayService *service;
    Error ignored; /* models_find_problems() tells it */
    if (from->is_off || !make_service(maker, from, &service, &ignored))
        return;
    map_add(&maker->services, service->name, NULL)->pointer = service;
    (void)target_of(maker, service, S(""));
    /* What is beyond is found by the name of its service. */
    for (size_t i = 0; i < from->models.count && maker->routes.count < LISTED_MAX; i++)
        if (from->models.at[i].length)
            (void)target_of(maker, service, from->models.at[i]);
    if (!from->models.count)
        add_published(maker, service);
}

/* NULL: nothing of this name is there. */
static GatewayTarget *target_named(Maker *maker, Str name)
{
    ptrdiff_t slash = str_find_char(name, '/');
    MapEntry *entry =
        slash > 0 ? map_find(&maker->services, str_slice(name, 0, (size_t)slash)) : NULL;
    return entry ? target_of(maker, entry->pointer, str_from(name, (size_t)slash + 1)) : NULL;
}

/* --- Routes --- */

static void add_set_route(Maker *maker, const SetupRoute *from)
{
    Arena *arena = maker->arena;
    RouteStep *steps = arena_new_array(arena, RouteStep, from->step_count);
    size_t count = 0;
    for (size_t i = 0; i < from->step_count; i++) {
        const SetupStep *step = &from->steps[i];
        GatewayTarget *target = target_named(maker, step->model);
        if (target)
            steps[count++] =
                (RouteStep){ .target = target, .weight = step->weight, .when = step->when };
    }
    /* What they lead to has a route of its own by then. */
    (void)target_named(maker, from->fallback);
    (void)target_named(maker, from->larger);
    (void)target_named(maker, from->cheaper);
    *vec_push(arena, &maker->routes) = (GatewayRoute){ .name = from->name,
                                                       .strategy = from->strategy,
                                                       .steps = steps,
                                                       .step_count = count,
                                                       .retries = (int)from->retries,
                                                       .times = from->times,
                                                       .hedge_ms = from->hedge_ms,
                                                       .tools = from->tools,
                                                       .tool_rounds = (int)from->tool_rounds };
}

static void add_bare_routes(Maker *maker)
{
    for (size_t i = 0; i < maker->bare.capacity; i++) {
        MapEntry *entry = &maker->bare.slots[i];
        if (entry->key.at && entry->pointer && !setup_route(maker->setup, entry->key) &&
            !map_find(&maker->targets, entry->key))
            (void)add_route(maker, entry->key, entry->pointer);
    }
}

static int compare_routes(const void *a, const void *b)
{
    return str_compare(((const GatewayRoute *)a)->name, ((const GatewayRoute *)b)->name);
}

static GatewayRoute *route_named(Maker *maker, Str name)
{
    GatewayRoute key = { .name = name };
    return name.length && maker->routes.count
               ? bsearch(&key, maker->routes.at, maker->routes.count, sizeof key, compare_routes)
               : NULL;
}

/* A circle would be walked for ever: the way ends before it comes back. */
static bool leads_back(const GatewayRoute *route, const GatewayRoute *next)
{
    for (; next; next = next->fallback)
        if (next == route)
            return true;
    return false;
}

static void join_routes(Maker *maker)
{
    const Setup *setup = maker->setup;
    if (maker->routes.count)
        qsort(maker->routes.at, maker->routes.count, sizeof *maker->routes.at, compare_routes);
    for (size_t i = 0; i < setup->routes.count; i++) {
        const SetupRoute *from = &setup->routes.at[i];
        GatewayRoute *route = route_named(maker, from->name);
        const GatewayRoute *fallback = route_named(maker, from->fallback);
        route->fallback = leads_back(route, fallback) ? NULL : fallback;
        route->larger = route_named(maker, from->larger);
        route->cheaper = route_named(maker, from->cheaper);
    }
}

/* --- The picture --- */

/* Who is asked for a name that nobody has: it goes there as it is. */
static const GatewayRoute *make_open(Maker *maker)
{
    MapEntry *entry = map_find(&maker->services, maker->setup->primary);
    if (!entry)
        return NULL;
    GatewayRoute *route = arena_new_one(maker->arena, GatewayRoute);
    RouteStep *step = arena_new_one(maker->arena, RouteStep);
    *step = (RouteStep){ .target = target_of(maker, entry->pointer, S("")) };
    *route = (GatewayRoute){ .steps = step, .step_count = 1, .retries = RETRIES };
    return route;
}

static const GatewayRoute *choose_standard(Maker *maker)
{
    const Setup *setup = maker->setup;
    const SetupService *primary = setup_service(setup, setup->primary);
    Str model = setup->primary_model;
    if (!model.length && primary)
        model = first_chat_model(primary->models);
    Str name =
        str_format(maker->arena, STR_FMT "/" STR_FMT, STR_ARG(setup->primary), STR_ARG(model));
    const GatewayRoute *route = route_named(maker, S(STANDARD_ROUTE));
    return route || !model.length ? route : route_named(maker, name);
}

/* The first model of what the program answers itself. */
static const GatewayRoute *find_here(Maker *maker)
{
    for (size_t i = 0; i < maker->setup->services.count; i++) {
        const SetupService *service = &maker->setup->services.at[i];
        if (service->from == FROM_ITSELF && service->models.count)
            return route_named(maker, service->models.at[0]);
    }
    return NULL;
}

GatewayConfig *config_make(Models *models, TargetStates *states, Arena *arena, const Setup *setup)
{
    Maker maker = { .models = models,
                    .states = states,
                    .arena = arena,
                    .setup = setup,
                    .services = map_new(arena),
                    .targets = map_new(arena),
                    .bare = map_new(arena) };
    GatewayConfig *config = arena_new_one(arena, GatewayConfig);
    for (size_t i = 0; i < setup->services.count; i++)
        add_service(&maker, &setup->services.at[i]);
    for (size_t i = 0; i < setup->models.count; i++) {
        MapEntry *entry = map_find(&maker.services, setup->models.at[i].service);
        if (entry)
            (void)target_of(&maker, entry->pointer, setup->models.at[i].model);
    }
    for (size_t i = 0; i < setup->routes.count; i++)
        add_set_route(&maker, &setup->routes.at[i]);
    config->open = make_open(&maker);
    add_bare_routes(&maker);
    join_routes(&maker);
    config->holders = 1;
    config->arena = arena;
    config->workspace = str_copy(arena, setup->workspace);
    config->routes = maker.routes.at;
    config->route_count = maker.routes.count;
    config->standard = choose_standard(&maker);
    config->here = find_here(&maker);
    config->policy = setup->policy;
    config->share_weight = (int)setup->share_weight;
    return config;
}

GatewayConfig *config_alone(Models *models, Str workspace, const SetupService *service)
{
    Arena *arena = arena_new(MB(8));
    Setup *setup = arena_new_one(arena, Setup);
    SetupService *alone = vec_push(arena, &setup->services);
    Str *keys = arena_new_array(arena, Str, service->keys.count + 1);
    for (size_t i = 0; i < service->keys.count; i++)
        keys[i] = str_copy(arena, service->keys.at[i]);
    *alone = *service;
    alone->name = str_copy(arena, service->name);
    alone->base_url = str_copy(arena, service->base_url);
    alone->version = str_copy(arena, service->version);
    alone->keys = (StrList){ keys, service->keys.count };
    alone->models = (StrList){ 0 };
    alone->sealed = S("");
    alone->is_off = false;
    setup->workspace = str_copy(arena, workspace);
    setup->primary = alone->name;
    return config_make(models, gateway_states(models->gateway), arena, setup);
}
