/* config.c - see config.h. */
#include "gateway/config.h"

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

const GatewayRoute *config_route(const GatewayConfig *config, Str name)
{
    size_t low = 0, high = config->route_count;
    if (!name.length)
        return config->standard;
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
    return config->open;
}
