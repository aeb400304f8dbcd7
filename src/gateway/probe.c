/* probe.c - see probe.h. */
#include "gateway/probe.h"

#include "base/clock.h"
#include "gateway/gateway_int.h"

#define FIRST_MS 1000
#define PAUSE_MAX_MS 60000
#define TIME_MS 5000

typedef struct Probe {
    Gateway *gateway;
    Arena *arena;
    GatewayCaller *caller; /* held: what is asked is in its picture */
    const GatewayTarget *target;
    TargetState *state;
    AsyncCall call;
    OriginWait wait;
    const AsyncOrigin *origin;
    ReactorTimer timer;
    int64_t pause_ms;
    int status;
    struct Probe *next, **link;
} Probe;

static void let_origin_go(Probe *probe)
{
    origins_cancel(&probe->wait);
    origin_release(probe->origin);
    probe->origin = NULL;
}

static void end_probe(Probe *probe)
{
    async_call_cancel(&probe->call);
    let_origin_go(probe);
    reactor_clear_timer(probe->gateway->own, &probe->timer);
    *probe->link = probe->next;
    if (probe->next)
        probe->next->link = probe->link;
    caller_release(probe->caller);
    arena_free(probe->arena);
}

static void wait(Probe *probe)
{
    reactor_set_timer(probe->gateway->own, &probe->timer, monotonic_ms() + probe->pause_ms);
    probe->pause_ms = MIN(probe->pause_ms * 2, (int64_t)PAUSE_MAX_MS);
}

static bool on_head(AsyncCall *call, const HttpHead *head, Error *err)
{
    Probe *probe = call->owner;
    (void)err;
    probe->status = head->status;
    return true;
}

static bool on_body(AsyncCall *call, Str bytes, Error *err)
{
    (void)call, (void)bytes, (void)err;
    return true;
}

static void on_end(AsyncCall *call, const Error *failure)
{
    Probe *probe = call->owner;
    bool is_good = !failure && probe->status >= 200 && probe->status < 300;
    let_origin_go(probe);
    if (target_probed(probe->state, is_good, probe->pause_ms))
        wait(probe);
    else
        end_probe(probe);
}

static void on_origin(OriginWait *waiting, const AsyncOrigin *origin, const Error *failure)
{
    Probe *probe = waiting->owner;
    probe->origin = probe->call.origin = origin;
    if (origin)
        async_call_start(gateway_own_loop(probe->gateway)->client, &probe->call);
    else
        on_end(&probe->call, failure);
}

static Str head_of(const Probe *probe)
{
    const GatewayService *service = probe->target->service;
    DialectTarget at = { .key = service->keys.count ? service->keys.at[0] : S(""),
                         .version = service->version,
                         .quirks = service->quirks };
    WireRequest wire = { 0 };
    Buf out = buf_new(probe->arena, KB(32));
    service->dialect->authorize(probe->arena, &at, &wire);
    buf_addf(&out, "GET " STR_FMT "%s HTTP/1.1\r\n", STR_ARG(service->base_path),
             service->dialect->models_path);
    wire_put_header(&out, S("Host"), service->host_header);
    wire_put_header(&out, S("User-Agent"), S("lectern/" VERSION));
    for (size_t i = 0; i < wire.header_count; i++)
        wire_put_header(&out, wire.headers[i].name, wire.headers[i].value);
    for (size_t i = 0; i < service->headers.count; i++)
        wire_put_header(&out, service->headers.at[i].name, service->headers.at[i].value);
    buf_add(&out, S("\r\n"));
    return buf_str(&out);
}

static void on_time(ReactorTimer *timer)
{
    Probe *probe = timer->owner;
    const GatewayService *service = probe->target->service;
    probe->status = 0;
    probe->wait = (OriginWait){ .done = on_origin, .owner = probe };
    const AsyncOrigin *origin = origins_find(gateway_own_loop(probe->gateway)->origins,
                                             service->base_url, &service->safety, &probe->wait);
    if (origin)
        on_origin(&probe->wait, origin, NULL);
}

static void start(void *argument)
{
    Probe *probe = argument, **first = &probe->gateway->probes;
    probe->next = *first;
    probe->link = first;
    if (probe->next)
        probe->next->link = &probe->next;
    *first = probe;
    probe->call = (AsyncCall){ .head = head_of(probe),
                               .total_ms = TIME_MS,
                               .on_head = on_head,
                               .on_body = on_body,
                               .on_end = on_end,
                               .owner = probe };
    probe->timer = (ReactorTimer){ .fire = on_time, .owner = probe };
    wait(probe);
}

void probe_begin(Gateway *gateway, GatewayCaller *caller, const GatewayTarget *target,
                 TargetState *state)
{
    if (!target->service->is_probed || !target->service->dialect->models_path ||
        !target_wants_probe(state))
        return;
    Arena *arena = arena_new(MB(1));
    Probe *probe = arena_new_one(arena, Probe);
    probe->gateway = gateway;
    probe->arena = arena;
    probe->caller = caller_hold(caller);
    probe->target = target;
    probe->state = state;
    probe->pause_ms = FIRST_MS;
    reactor_post(gateway->own, start, probe);
}

void probes_end(Gateway *gateway)
{
    while (gateway->probes)
        end_probe(gateway->probes);
}
