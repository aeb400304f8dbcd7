/* origins.c - see origins.h.
 *
 *     place: new -> resolving -> found <-> found, and resolving again
 *                             -> failed: told to who waits, then forgotten
 *
 * A place is what was asked for; an origin is what was found there, shared by all who use it. */
#include "net/origins.h"

#include "base/base64.h"
#include "base/clock.h"
#include "net/async_link.h"

#define FRESH_MS 60000
#define AGAIN_MS 5000 /* after the name server has failed */
#define UNUSED_MS (10 * 60000)
#define PLACES_MAX 1024 /* addresses come from settings that people write */

typedef struct Origin {
    AsyncOrigin is; /* first: what is handed out */
    int holders;
    char *host, *tunnel, *via, *via_header;
} Origin;

typedef struct Place {
    Origins *origins;
    char *url;         /* the key, with `worst` */
    AddressKind worst; /* that its addresses may be */
    Origin *origin;    /* NULL: not found yet */
    OriginWait *waits;
    int64_t ask_again_ms, used_ms;
    bool is_resolving;
    struct Place *next;
} Place;

struct Origins {
    Reactor *reactor;
    Pool *pool;
    const Proxy *proxy; /* NULL: none */
    char *proxy_host, *proxy_authorization;
    int proxy_port;
    Place *places;
    size_t place_count;
    uint64_t last_id;
    int resolving_count;
    bool is_closing;
};

/* --- Origins --- */

static void free_origin(Origin *origin)
{
    free(origin->host);
    free(origin->tunnel);
    free(origin->via);
    free(origin->via_header);
    free(origin);
}

void origin_release(const AsyncOrigin *origin)
{
    Origin *held = (Origin *)(uintptr_t)origin;
    if (held && --held->holders == 0)
        free_origin(held);
}

static const AsyncOrigin *hold(Origin *origin)
{
    origin->holders++;
    return &origin->is;
}

/* --- Resolving, on the pool --- */

typedef struct Resolution {
    Place *place;
    Reactor *reactor;
    char *url;
    const Proxy *proxy; /* NULL: none */
    char *proxy_host;   /* the host is called through it; NULL: straight */
    int proxy_port;
    AddressKind worst;
    /* What was found. */
    char *host;
    int port;
    bool is_tls, is_ip6;
    struct sockaddr_storage addresses[ASYNC_ADDRESSES_MAX];
    int address_count;
    Error failure; /* code ERROR_NONE: none */
} Resolution;

static void on_resolved(void *argument);

static bool read_url(Resolution *resolution, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    Url url;
    if (!url_parse(arena, str(resolution->url), &url, err))
        return false;
    resolution->is_tls = str_is(url.scheme, "https");
    if (!resolution->is_tls && !str_is(url.scheme, "http"))
        return fail(err, ERROR_INVALID, "only http and https addresses are called");
    resolution->host = heap_text(str_c(arena, url.host));
    resolution->port = url.port;
    resolution->is_ip6 = url.is_ip6;
    if (!proxy_serves(resolution->proxy, url.host)) {
        free(resolution->proxy_host);
        resolution->proxy_host = NULL;
    }
    return true;
}

static bool is_numeric(const Resolution *resolution)
{
    return resolution->is_ip6 || resolution->host[strspn(resolution->host, "0123456789.")] == '\0';
}

static bool resolve(Resolution *resolution, Error *err)
{
    struct sockaddr_storage *addresses = resolution->addresses;
    int *count = &resolution->address_count;
    if (!read_url(resolution, err))
        return false;
    if (resolution->is_tls)
        tls_load_system();
    if (!resolution->proxy_host || is_numeric(resolution))
        if (!host_resolve(resolution->host, resolution->port, resolution->worst, addresses,
                          ASYNC_ADDRESSES_MAX, count, err))
            return false;
    return !resolution->proxy_host ||
           host_resolve(resolution->proxy_host, resolution->proxy_port, ADDRESS_FORBIDDEN,
                        addresses, ASYNC_ADDRESSES_MAX, count, err);
}

static void run_resolution(void *argument)
{
    Resolution *resolution = argument;
    if (resolve(resolution, &resolution->failure))
        resolution->failure.code = ERROR_NONE;
    reactor_post(resolution->reactor, on_resolved, resolution);
}

static void free_resolution(Resolution *resolution)
{
    free(resolution->url);
    free(resolution->proxy_host);
    free(resolution->host);
    free(resolution);
}

static void start_resolving(Place *place)
{
    Origins *origins = place->origins;
    Resolution *resolution = heap_alloc(sizeof *resolution);
    resolution->place = place;
    resolution->reactor = origins->reactor;
    resolution->url = heap_text(place->url);
    resolution->proxy = origins->proxy;
    resolution->proxy_host = heap_text(origins->proxy_host);
    resolution->proxy_port = origins->proxy_port;
    resolution->worst = place->worst;
    place->is_resolving = true;
    origins->resolving_count++;
    if (pool_add(origins->pool, run_resolution, resolution))
        return;
    fail(&resolution->failure, ERROR_BUSY, "too many names are being resolved");
    reactor_post(origins->reactor, on_resolved, resolution);
}

/* --- What was found --- */

static void go_through_proxy(Origin *origin, const Resolution *found, const char *authorization)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    const char *open = found->is_ip6 ? "[" : "", *close = found->is_ip6 ? "]" : "";
    const char *at = str_format(arena, "%s%s%s:%d", open, found->host, close, found->port).at;
    const char *tunnel =
        str_format(arena, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", at, at, authorization).at;
    origin->tunnel = heap_text(found->is_tls ? tunnel : NULL);
    origin->via = heap_text(found->is_tls ? NULL : str_format(arena, "http://%s", at).at);
    origin->via_header = heap_text(authorization);
    origin->is.tunnel = origin->tunnel;
    origin->is.via = origin->via;
    origin->is.via_header = origin->via_header;
}

static Origin *new_origin(Origins *origins, const Resolution *found)
{
    Origin *origin = heap_alloc(sizeof *origin);
    origin->holders = 1; /* its place */
    origin->host = heap_text(found->host);
    origin->is = (AsyncOrigin){ .id = ++origins->last_id,
                                .host = origin->host,
                                .is_tls = found->is_tls,
                                .address_count = found->address_count };
    memcpy(origin->is.addresses, found->addresses, sizeof found->addresses);
    if (found->proxy_host)
        go_through_proxy(origin, found, origins->proxy_authorization);
    return origin;
}

/* Name servers tell the same addresses in another order each time. */
static bool has_same_addresses(const Origin *origin, const Resolution *found)
{
    if (!origin || origin->is.address_count != found->address_count)
        return false;
    int same = 0;
    for (int i = 0; i < found->address_count; i++)
        for (int k = 0; k < found->address_count; k++)
            same += memcmp(&origin->is.addresses[i], &found->addresses[k],
                           sizeof found->addresses[k]) == 0;
    return same == found->address_count;
}

static void free_place(Place *place)
{
    origin_release(place->origin ? &place->origin->is : NULL);
    free(place->url);
    free(place);
}

static void forget(Place *place)
{
    Place **at = &place->origins->places;
    while (*at != place)
        at = &(*at)->next;
    *at = place->next;
    place->origins->place_count--;
    free_place(place);
}

static void note_found(Place *place, const Resolution *found)
{
    if (!has_same_addresses(place->origin, found)) {
        origin_release(place->origin ? &place->origin->is : NULL);
        place->origin = new_origin(place->origins, found);
    }
    place->ask_again_ms = monotonic_ms() + FRESH_MS;
}

/* Old addresses serve on while nobody can be asked, but not when the answer was no. */
static void note_failure(Place *place, const Error *failure)
{
    bool is_passing = failure->code == ERROR_UPSTREAM || failure->code == ERROR_BUSY;
    place->ask_again_ms = monotonic_ms() + AGAIN_MS;
    if (is_passing || !place->origin)
        return;
    origin_release(&place->origin->is);
    place->origin = NULL;
}

static void tell_waits(Place *place, const Error *failure)
{
    while (place->waits) {
        OriginWait *wait = place->waits;
        origins_cancel(wait);
        if (place->origin)
            wait->done(wait, hold(place->origin), NULL);
        else
            wait->done(wait, NULL, failure);
    }
}

static void on_resolved(void *argument)
{
    Resolution *found = argument;
    Place *place = found->place;
    Origins *origins = place->origins;
    origins->resolving_count--;
    place->is_resolving = false;
    if (origins->is_closing) {
        forget(place);
        if (!origins->places)
            origins_free(origins);
    } else {
        if (found->failure.code == ERROR_NONE)
            note_found(place, found);
        else
            note_failure(place, &found->failure);
        tell_waits(place, &found->failure);
        if (!place->origin && !place->waits && !place->is_resolving)
            forget(place);
    }
    free_resolution(found);
}

/* --- For callers --- */

static bool read_proxy(Origins *origins, const Proxy *proxy, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    Url url;
    if (!proxy_check(proxy, err) || !url_parse(arena, str(proxy->url), &url, err))
        return false;
    origins->proxy = proxy;
    origins->proxy_host = heap_text(str_c(arena, url.host));
    origins->proxy_port = url.port;
    Str name = str_format(arena, STR_FMT ":" STR_FMT, STR_ARG(url.user), STR_ARG(url.password));
    Str encoded = base64_encode(arena, name);
    Str header = str_format(arena, "Proxy-Authorization: Basic " STR_FMT "\r\n", STR_ARG(encoded));
    origins->proxy_authorization = heap_text(name.length > 1 ? header.at : "");
    return true;
}

bool origins_new(Reactor *reactor, Pool *pool, const Proxy *proxy, Origins **origins_r, Error *err)
{
    Origins *origins = heap_alloc(sizeof *origins);
    origins->reactor = reactor;
    origins->pool = pool;
    if (proxy && proxy->url && proxy->url[0] && !read_proxy(origins, proxy, err)) {
        origins_free(origins);
        return false;
    }
    *origins_r = origins;
    return true;
}

/* What is being resolved keeps its place, and the last of them ends all. */
void origins_free(Origins *origins)
{
    if (!origins)
        return;
    origins->is_closing = true;
    for (Place *place = origins->places, *next; place; place = next) {
        next = place->next;
        while (place->waits)
            origins_cancel(place->waits);
        if (!place->is_resolving)
            forget(place);
    }
    if (origins->resolving_count)
        return;
    free(origins->proxy_host);
    free(origins->proxy_authorization);
    free(origins);
}

/* Make room: what nobody has used for long goes. */
static void forget_unused(Origins *origins, int64_t now)
{
    for (Place *place = origins->places, *next; place; place = next) {
        next = place->next;
        bool is_used = place->waits || place->is_resolving || now - place->used_ms < UNUSED_MS;
        if (!is_used)
            forget(place);
    }
}

static Place *find_place(Origins *origins, Str url, AddressKind worst)
{
    for (Place *place = origins->places; place; place = place->next)
        if (place->worst == worst && str_is(url, place->url))
            return place;
    return NULL;
}

static Place *new_place(Origins *origins, Str url, AddressKind worst)
{
    AUTO_ARENA Arena *arena = arena_new(url.length + KB(8));
    if (origins->place_count >= PLACES_MAX)
        forget_unused(origins, monotonic_ms());
    Place *place = heap_alloc(sizeof *place);
    place->origins = origins;
    place->url = heap_text(str_c(arena, url));
    place->worst = worst;
    place->next = origins->places;
    origins->places = place;
    origins->place_count++;
    return place;
}

static void enter_wait(Place *place, OriginWait *wait)
{
    wait->next = place->waits;
    if (place->waits)
        place->waits->link = &wait->next;
    wait->link = &place->waits;
    place->waits = wait;
}

void origins_cancel(OriginWait *wait)
{
    if (!wait->link)
        return;
    *wait->link = wait->next;
    if (wait->next)
        wait->next->link = wait->link;
    wait->link = NULL;
}

static AddressKind worst_of(Str base_url, const UrlSafety *safety)
{
    Url url = { .host = S("") };
    Error ignored;
    if (!safety->allowed) /* then the host does not matter */
        return safety_worst(safety, url.host);
    AUTO_ARENA Arena *arena = arena_new(base_url.length * 4 + KB(16));
    (void)!url_parse(arena, base_url, &url, &ignored); /* it fails again where it is resolved */
    return safety_worst(safety, url.host);
}

const AsyncOrigin *origins_find(Origins *origins, Str base_url, const UrlSafety *safety,
                                OriginWait *wait)
{
    AddressKind worst = worst_of(base_url, safety);
    Place *place = find_place(origins, base_url, worst);
    if (!place)
        place = new_place(origins, base_url, worst);
    place->used_ms = monotonic_ms();
    if (!place->is_resolving && (!place->origin || place->used_ms >= place->ask_again_ms))
        start_resolving(place);
    wait->link = NULL;
    if (place->origin)
        return hold(place->origin);
    enter_wait(place, wait);
    return NULL;
}
