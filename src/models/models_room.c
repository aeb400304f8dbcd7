/* models_room.c - how much text a call of a model holds. */
#include "gateway/catalogue.h"
#include "models/models_int.h"

/* Of English a token has 4.5 bytes, of other languages, numbers and tables fewer. */
#define TOKEN_BYTES 3

static int64_t context_of(const GatewayTarget *target, Str asked)
{
    const CatalogueModel *known = NULL;
    if (!target->context && !target->model.length)
        known = catalogue_find(target->service->provider, target_model(target, asked));
    return known ? known->context : target->context;
}

/* The smallest of those that may answer; 0: one of them is unknown. */
static int64_t smallest_context(const GatewayRoute *route, Str asked)
{
    int64_t least = 0;
    for (size_t i = 0; i < route->step_count; i++) {
        int64_t context = context_of(route->steps[i].target, asked);
        if (!context)
            return 0;
        least = least ? MIN(least, context) : context;
    }
    return least;
}

static int64_t find_context(Models *models, const Scope *scope, Arena *arena, Str model)
{
    const GatewayConfig *config;
    Error ignored;
    int64_t context = 0;
    if (!models_config(models, scope, &config, &ignored))
        return 0;
    if (model.length || models_standard(models, scope, arena, config, &model, &ignored)) {
        const GatewayRoute *route = config_route(config, model);
        context = route ? smallest_context(route, model) : 0;
    }
    config_release(config);
    return context;
}

size_t models_room(Models *models, const Scope *scope, Arena *arena, const ModelRoom *room)
{
    int64_t context = find_context(models, scope, arena, room->model);
    if (!context)
        return room->standard;
    int64_t free_tokens = context - room->output - (int64_t)(room->bytes / TOKEN_BYTES);
    int64_t bytes = MAX(free_tokens, (int64_t)0) * TOKEN_BYTES;
    return (size_t)MIN(MAX(bytes, (int64_t)room->least), (int64_t)room->most);
}
