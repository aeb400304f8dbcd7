/* config.c - see config.h. */
#include "gateway/config.h"

#include "base/hash.h"

/* A key that is replaced has another state; its text is in no name. */
static TargetState *key_state(Arena *arena, TargetStates *states, Str name, Str key)
{
    Str digest = sha256_hex(arena, key);
    return target_state(states,
                        str_format(arena, STR_FMT "#" STR_FMT, STR_ARG(name), STR_ARG(digest)));
}

void service_find_states(GatewayService *service, Arena *arena, TargetStates *states, Str name)
{
    service->state = target_state(states, name);
    target_limit(service->state, &service->limits);
    if (service->keys.count < 2)
        return;
    TargetState **keys = arena_new_array(arena, TargetState *, service->keys.count);
    for (size_t i = 0; i < service->keys.count; i++)
        keys[i] = key_state(arena, states, name, service->keys.at[i]);
    service->key_states = keys;
}

const GatewayConfig *config_hold(const GatewayConfig *config)
{
    ((GatewayConfig *)(uintptr_t)config)->holders++;
    return config;
}

void config_release(const GatewayConfig *config)
{
    if (config && atomic_fetch_sub(&((GatewayConfig *)(uintptr_t)config)->holders, 1) == 1)
        arena_free(config->arena);
}

static const GatewayRoute *find_route(const GatewayConfig *config, Str name)
{
    size_t low = 0, high = config->route_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_compare(config->routes[middle].name, name);
        if (order == 0)
            return &config->routes[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const GatewayRoute *config_route(const GatewayConfig *config, Str name)
{
    if (!name.length)
        return config->standard;
    const GatewayRoute *route = find_route(config, name);
    ptrdiff_t slash = route ? -1 : str_find_char(name, '/');
    if (slash > 0)
        route = find_route(config, str_slice(name, 0, (size_t)slash + 1));
    return route ? route : config->open;
}

/* Clients are often written for one of these names, and only their address is changed. */
static bool is_usual_encoder(Str name)
{
    static const char *const names[] = { "all-MiniLM-L6-v2", "all-minilm" };
    if (str_starts(name, S("sentence-transformers/")))
        name = str_from(name, strlen("sentence-transformers/"));
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal_ignore_case(name, str(names[i])))
            return true;
    return str_starts(name, S("text-embedding-"));
}

const GatewayRoute *config_here(const GatewayConfig *config, ModelTask task, Str name)
{
    const GatewayRoute *here = config->here;
    if (!here || !(here->steps[0].target->tasks & 1U << task))
        return NULL;
    /* A persona is whoever answers here, with manners; which there are is known above. */
    if (!name.length || (task == TASK_CHAT && str_starts(name, S("persona:"))))
        return here;
    return task == TASK_EMBEDDING && is_usual_encoder(name) && !find_route(config, name) ? here
                                                                                         : NULL;
}

Str target_model(const GatewayTarget *target, Str asked)
{
    if (target->model.length)
        return target->model;
    return str_starts(asked, target->prefix) ? str_from(asked, target->prefix.length) : asked;
}
