/* gateway.c - see gateway.h: opening, closing, and what each reactor has. */
#include <assert.h>

#include "gateway/gateway_int.h"
#include "gateway/probe.h"
#include "gateway/run_background.h"

#include "base/clock.h"
#include "base/hash.h"

#define POOL_THREADS 4
#define POOL_QUEUE 4096
#define HERE_THREADS 16
#define HERE_QUEUE 256
#define NAME_THREADS 4 /* of one reactor: a name server that is slow holds up one service */
#define NAME_QUEUE 1024
#define LOOK_MS 1000

int64_t gateway_guess_tokens(size_t bytes) { return (int64_t)(bytes + 3) / 4; }

static void look(void *ledger) { ledger_look(ledger); }

static void watch(void *gateway) { backgrounds_watch(gateway); }

static void on_watch(ReactorTimer *timer)
{
    Gateway *gateway = timer->owner;
    if (backgrounds_count(gateway->backgrounds))
        (void)!pool_add(gateway->pool, watch, gateway); /* or the next time */
    reactor_set_timer(gateway->own, timer, monotonic_ms() + KEPT_TOUCH_MS);
}

static void on_look(ReactorTimer *timer)
{
    Gateway *gateway = timer->owner;
    (void)!pool_add(gateway->pool, look, gateway->ledger); /* or the next time */
    reactor_set_timer(gateway->own, timer, monotonic_ms() + LOOK_MS);
}

static void see_records(void *argument, const CallRecord *const *records, size_t count)
{
    Gateway *gateway = argument;
    metrics_count(gateway->metrics, records, count);
    telemetry_see(gateway->telemetry, records, count);
}

bool gateway_open(const GatewayOptions *options, Gateway **gateway_r, Error *err)
{
    TlsContext *tls;
    Telemetry *telemetry;
    if (options->proxy && !proxy_check(options->proxy, err))
        return false;
    if (!telemetry_open(&options->telemetry, &telemetry, err))
        return false;
    if (!tls_context_new(options->ca_file, &tls, err)) {
        telemetry_close(telemetry);
        return false;
    }
    Gateway *gateway = heap_alloc(sizeof *gateway);
    gateway->telemetry = telemetry;
    gateway->ports = options->ports;
    gateway->tls = tls;
    gateway->proxy = options->proxy;
    gateway->states = target_states_new();
    gateway->metrics = metrics_new();
    gateway->open_names = open_names_new();
    gateway->journal = journal_new(&(JournalOptions){ .write = options->ports.write_records,
                                                      .app = options->ports.app,
                                                      .seen = see_records,
                                                      .seen_app = gateway });
    gateway->pool = pool_new("gateway", POOL_THREADS, POOL_QUEUE);
    gateway->here =
        pool_new("here", options->here_threads ? options->here_threads : HERE_THREADS, HERE_QUEUE);
    gateway->cache = cache_new(options->cache_bytes ? options->cache_bytes : MB(64));
    gateway->kept = kept_new(&options->ports.kept);
    gateway->backgrounds = backgrounds_new();
    random_bytes(gateway->cache_secret, sizeof gateway->cache_secret);
    gateway->ledger = ledger_new(&options->ports.ledger);
    pthread_mutex_init(&gateway->lock, NULL);
    callers_open(gateway);
    if (!reactor_new("gateway", &gateway->own, err)) {
        gateway_close(gateway);
        return false;
    }
    (void)gateway_loop(gateway, gateway->own);
    gateway->look = (ReactorTimer){ .fire = on_look, .owner = gateway };
    reactor_set_timer(gateway->own, &gateway->look, monotonic_ms() + LOOK_MS);
    gateway->watch = (ReactorTimer){ .fire = on_watch, .owner = gateway };
    reactor_set_timer(gateway->own, &gateway->watch, monotonic_ms() + KEPT_TOUCH_MS);
    if (!reactor_start(gateway->own, err)) {
        gateway_close(gateway);
        return false;
    }
    *gateway_r = gateway;
    return true;
}

GatewayLoop *gateway_own_loop(Gateway *gateway) { return &gateway->loops[0]; }

void gateway_leave(Gateway *gateway, Reactor *reactor)
{
    for (int i = 0; i < gateway->loop_count; i++)
        if (gateway->loops[i].reactor == reactor) {
            async_client_free(gateway->loops[i].client);
            pool_free(gateway->loops[i].names); /* what it found is posted, and told to nobody */
            origins_free(gateway->loops[i].origins);
            gateway->loops[i].client = NULL;
            gateway->loops[i].reactor = NULL;
        }
}

static void end_own(void *argument)
{
    Gateway *gateway = argument;
    probes_end(gateway);
    gateway_leave(gateway, gateway->own);
}

void gateway_end_here(Gateway *gateway)
{
    backgrounds_end(gateway->backgrounds);
    pool_free(gateway->here);
    gateway->here = NULL;
}

void gateway_close(Gateway *gateway)
{
    if (!gateway)
        return;
    backgrounds_end(gateway->backgrounds);
    kept_free(gateway->kept); /* it tells reactors of what it has done */
    gateway->kept = NULL;
    if (gateway->own) {
        if (reactor_has_started(gateway->own))
            reactor_post(gateway->own, end_own, gateway);
        reactor_free(gateway->own);
    }
    gateway_end_here(gateway);
    pool_free(gateway->pool);
    journal_free(gateway->journal);
    telemetry_close(gateway->telemetry);
    metrics_free(gateway->metrics);
    open_names_free(gateway->open_names);
    ledger_free(gateway->ledger);
    callers_close(gateway);
    for (int i = 0; i < gateway->loop_count; i++)
        arena_free(gateway->loops[i].scratch);
    cache_free(gateway->cache);
    backgrounds_free(gateway->backgrounds);
    target_states_free(gateway->states);
    tls_context_free(gateway->tls);
    pthread_mutex_destroy(&gateway->lock);
    free(gateway);
}

void gateway_forget_answers(Gateway *gateway, Str workspace)
{
    cache_forget(gateway->cache, str_hash(workspace));
}

CacheCounts gateway_cache_counts(Gateway *gateway) { return cache_counts(gateway->cache); }

Ledger *gateway_ledger(Gateway *gateway) { return gateway->ledger; }

TargetStates *gateway_states(Gateway *gateway) { return gateway->states; }

static void open_loop(Gateway *gateway, Reactor *reactor, GatewayLoop *loop)
{
    Error impossible; /* only a proxy's address can be wrong, and it was checked */
    *loop = (GatewayLoop){ .gateway = gateway,
                           .reactor = reactor,
                           .client = async_client_new(reactor, gateway->tls),
                           .names = pool_new("names", NAME_THREADS, NAME_QUEUE),
                           .scratch = arena_new(MB(64)),
                           .records = journal_lane(gateway->journal) };
    if (!origins_new(reactor, loop->names, gateway->proxy, &loop->origins, &impossible))
        assert(false);
}

static GatewayLoop *add_loop(Gateway *gateway, Reactor *reactor)
{
    pthread_mutex_lock(&gateway->lock);
    GatewayLoop *loop = &gateway->loops[gateway->loop_count];
    open_loop(gateway, reactor, loop);
    gateway->loop_count++;
    pthread_mutex_unlock(&gateway->lock);
    return loop;
}

GatewayLoop *gateway_loop(Gateway *gateway, Reactor *reactor)
{
    for (int i = 0; i < gateway->loop_count; i++)
        if (gateway->loops[i].reactor == reactor)
            return &gateway->loops[i];
    return add_loop(gateway, reactor);
}
