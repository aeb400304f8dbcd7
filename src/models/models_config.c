/* models_config.c - a service as the gateway sees it: where it is, and the way to it. */
#include <netdb.h>
#include <netinet/in.h>

#include "models/models_int.h"
#include "net/url.h"

#define RETRIES 1

/* --- Where it is --- */

static bool add_addresses(AsyncOrigin *origin, const char *host, int port, bool is_numeric,
                          Error *err)
{
    char service[8];
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                              .ai_flags = is_numeric ? AI_NUMERICHOST : AI_ADDRCONFIG };
    struct addrinfo *found = NULL;
    snprintf(service, sizeof service, "%d", port);
    int failure = getaddrinfo(host, service, &hints, &found);
    if (failure)
        return fail(err, ERROR_UPSTREAM, "%s cannot be found: %s", host, gai_strerror(failure));
    for (struct addrinfo *one = found; one && origin->address_count < ASYNC_ADDRESSES_MAX;
         one = one->ai_next)
        if (one->ai_addrlen <= sizeof origin->addresses[0])
            memcpy(&origin->addresses[origin->address_count++], one->ai_addr, one->ai_addrlen);
    freeaddrinfo(found);
    return true;
}

static bool make_origin(Arena *arena, const ServiceAddress *address, const Url *url,
                        AsyncOrigin **origin_r, Error *err)
{
    AsyncOrigin *origin = arena_new_one(arena, AsyncOrigin);
    Str pinned = address->pinned_address;
    origin->is_tls = str_is(url->scheme, "https");
    origin->host = str_c(arena, url->host);
    Str name = str_format(arena, STR_FMT "|" STR_FMT "|%d|" STR_FMT, STR_ARG(url->scheme),
                          STR_ARG(url->host), url->port, STR_ARG(pinned));
    origin->id = str_hash(name);
    *origin_r = origin;
    return add_addresses(origin, pinned.length ? str_c(arena, pinned) : origin->host, url->port,
                         pinned.length > 0, err);
}

static bool make_service(Arena *arena, const Service *from, GatewayService **service_r, Error *err)
{
    GatewayService *service = arena_new_one(arena, GatewayService);
    const ServiceAddress *address = &from->target;
    Str *keys = arena_new_one(arena, Str);
    Url url;
    if (!url_parse(arena, str_copy(arena, address->base_url), &url, err) ||
        !make_origin(arena, address, &url, &service->origin, err))
        return false;
    int usual = service->origin->is_tls ? 443 : 80;
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
    service->is_local = !service->origin->is_tls;
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
