/* models_config.c - a service as the gateway sees it: where it is, and the way to it. */
#include "models/models_int.h"
#include "net/url.h"

#define RETRIES 1

/* --- Where it is --- */

static bool make_service(Arena *arena, const Service *from, GatewayService **service_r, Error *err)
{
    GatewayService *service = arena_new_one(arena, GatewayService);
    const ServiceAddress *address = &from->target;
    Str *keys = arena_new_one(arena, Str);
    Url url;
    if (!url_parse(arena, str_copy(arena, address->base_url), &url, err))
        return false;
    bool is_tls = str_is(url.scheme, "https");
    int usual = is_tls ? 443 : 80;
    Str host = url.is_ip6 ? str_format(arena, "[" STR_FMT "]", STR_ARG(url.host)) : url.host;
    *keys = str_copy(arena, address->key);
    service->name = str(address->provider->name);
    service->title = str(address->provider->title);
    service->dialect = address->provider->dialect;
    service->quirks = address->provider->quirks;
    service->base_url = str_copy(arena, address->base_url);
    service->host_header =
        url.port == usual ? host : str_format(arena, STR_FMT ":%d", STR_ARG(host), url.port);
    service->base_path = str_is(url.path, "/") ? S("") : url.path;
    service->keys = (StrList){ keys, address->key.length > 0 };
    service->safety.allows_private = !from->is_own || from->allows_private;
    service->is_local = !is_tls;
    *service_r = service;
    return true;
}

/* --- The way to it --- */

static GatewayConfig *make_config(Arena *arena, const Scope *scope, const GatewayService *service)
{
    GatewayConfig *config = arena_new_one(arena, GatewayConfig);
    GatewayTarget *target = arena_new_one(arena, GatewayTarget);
    RouteStep *step = arena_new_one(arena, RouteStep);
    GatewayRoute *route = arena_new_one(arena, GatewayRoute);
    *target =
        (GatewayTarget){ .service = service,
                         .price = PRICE_NONE,
                         .name = str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(scope->workspace),
                                            STR_ARG(service->base_url)) };
    *step = (RouteStep){ .target = target };
    *route = (GatewayRoute){ .steps = step, .step_count = 1, .retries = RETRIES };
    config->holders = 1;
    config->arena = arena;
    config->workspace = str_copy(arena, scope->workspace);
    config->open = route;
    return config;
}

bool service_caller(const Scope *scope, const Service *service, GatewayCaller **caller_r,
                    Error *err)
{
    Arena *arena = arena_new(MB(4));
    GatewayService *made;
    if (!make_service(arena, service, &made, err)) {
        arena_free(arena);
        return false;
    }
    GatewayCaller *caller = caller_new();
    caller->config = make_config(arena, scope, made);
    caller->workspace = str_copy(caller->arena, scope->workspace);
    caller->user = str_copy(caller->arena, scope->user);
    *caller_r = caller;
    return true;
}

bool models_caller(Models *models, const Scope *scope, GatewayCaller **caller_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Service service;
    return service_find(models, scope, arena, &service, err) &&
           service_reach(models, arena, &service, err) &&
           service_caller(scope, &service, caller_r, err);
}
