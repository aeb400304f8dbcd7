/* watch.c - what the gateway tells of itself: services as they do just now, and metrics. */
#include "base/map.h"
#include "gateway/gateway_int.h"

#define SERVICES_MAX 100 /* that are told by name, of all workspaces */

typedef struct Watch {
    Arena *arena;
    Str workspace; /* "": all */
    size_t service_max;
    Map by_name;
    VEC(ServiceView) services;
    int64_t targets, running, open;
} Watch;

static ServiceView *service_named(Watch *watch, Str name)
{
    MapEntry *entry = map_find(&watch->by_name, name);
    if (!entry && watch->services.count >= watch->service_max)
        return NULL;
    if (!entry) {
        name = str_copy(watch->arena, name);
        entry = map_add(&watch->by_name, name, NULL);
        entry->number = (int64_t)watch->services.count;
        *vec_push(watch->arena, &watch->services) = (ServiceView){ .name = name };
    }
    return &watch->services.at[entry->number];
}

/* Models are named "workspace/service/model"; services as a whole, and keys, are not counted twice.
 */
static void see(void *argument, Str name, TargetView view)
{
    Watch *watch = argument;
    Str workspace, service;
    if (!str_next(&name, '/', &workspace) || !str_next(&name, '/', &service) || !name.length ||
        (watch->workspace.length && !str_equal(workspace, watch->workspace) &&
         !str_is(workspace, "server")))
        return;
    bool is_open = strcmp(view.breaker, "closed") != 0;
    watch->targets++;
    watch->running += view.running;
    watch->open += is_open;
    ServiceView *one = service_named(watch, service);
    if (!one)
        return;
    one->running += view.running;
    one->calls += view.calls;
    one->failures += view.failures;
    one->open += is_open;
    one->first_us = MAX(one->first_us, view.first_us);
    one->total_us = MAX(one->total_us, view.total_us);
}

static Watch look(Gateway *gateway, Arena *arena, Str workspace, size_t service_max)
{
    Watch watch = { .arena = arena, .workspace = workspace, .service_max = service_max };
    watch.by_name = map_new(arena);
    target_states_each(gateway->states, see, &watch);
    return watch;
}

ServiceViewList gateway_services(Gateway *gateway, Arena *arena, Str workspace)
{
    Watch watch = look(gateway, arena, workspace, SIZE_MAX);
    return (ServiceViewList){ watch.services.at, watch.services.count };
}

void gateway_metrics(Gateway *gateway, Buf *out)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Watch watch = look(gateway, arena, S(""), SERVICES_MAX);
    metrics_write(gateway->metrics, out);
    metric_number(out, "lectern_gateway_running", "gauge", "Calls that services work on just now.",
                  watch.running);
    metric_number(out, "lectern_gateway_targets", "gauge",
                  "Models, services and keys that have been asked.", watch.targets);
    metric_number(out, "lectern_gateway_records_dropped_total", "counter",
                  "Records of calls that could not be kept.",
                  (int64_t)journal_dropped(gateway->journal));
    int64_t reserved = ledger_reserved(gateway->ledger);
    metric_head(out, "lectern_gateway_reserved_dollars", "gauge",
                "What running calls have reserved; a call counts in each budget it has.");
    buf_addf(out, "lectern_gateway_reserved_dollars %" PRId64 ".%012" PRId64 "\n", reserved / PICO,
             reserved % PICO);
    metric_head(out, "lectern_gateway_open_breakers", "gauge",
                "Models of a service that are not asked because they failed too often.");
    for (size_t i = 0; i < watch.services.count; i++) {
        Buf labels = buf_new(arena, KB(2));
        metric_label(&labels, "service", watch.services.at[i].name);
        buf_addf(out, "lectern_gateway_open_breakers{" STR_FMT "} %" PRId64 "\n",
                 (int)labels.length, labels.at, watch.services.at[i].open);
    }
}
