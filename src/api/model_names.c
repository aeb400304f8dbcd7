/* model_names.c - see model_names.h. */
#include "api/model_names.h"

#include "library/library.h"
#include "models/models.h"

#define USUAL_MODEL S("all-MiniLM-L6-v2")

typedef VEC(ListedModel) ModelList;

Str own_embedding_model(const Api *api, Arena *arena)
{
    LibraryModel model = library_model_status(api->library);
    Str name = str_copy(arena, str(model.name));
    ptrdiff_t slash = str_find_last_char(name, '/');
    if (!name.length)
        return USUAL_MODEL;
    return slash < 0 ? name : str_slice(name, 0, (size_t)slash);
}

const ListedModel *find_model(ListedModels models, Str id)
{
    for (size_t i = 0; i < models.count; i++)
        if (str_equal(models.at[i].id, id))
            return &models.at[i];
    return NULL;
}

static void add_routes(ApiRequest *request, const GatewayConfig *config, ModelList *list)
{
    for (size_t i = 0; i < config->route_count; i++) {
        const GatewayRoute *route = &config->routes[i];
        const GatewayTarget *first = route->step_count ? route->steps[0].target : NULL;
        if (str_ends(route->name, S("/"))) /* whatever model of a service */
            continue;
        ListedModel model = { .id = str_copy(request->arena, route->name) };
        if (first) {
            model.owner = str_copy(request->arena, first->service->name);
            model.context = first->context;
            model.abilities = first->abilities;
            model.is_embedding = first->tasks == 1U << TASK_EMBEDDING;
        }
        *vec_push(request->arena, list) = model;
    }
}

/* What a service lists that has no routes of its own. */
static void add_listed(ApiRequest *request, ModelList *list)
{
    Provider provider;
    StrList names = { 0 };
    Error ignored;
    if (!models_provider(request->api->models, request->scope, request->arena, &provider,
                         &ignored) ||
        !models_list(request->api->models, request->scope, request->arena, &names, &ignored))
        return;
    for (size_t i = 0; i < names.count; i++)
        if (!find_model((ListedModels){ list->at, list->count }, names.at[i]))
            *vec_push(request->arena, list) =
                (ListedModel){ .id = names.at[i], .owner = provider.name };
}

ListedModels list_models(ApiRequest *request)
{
    ModelList list = { 0 };
    GatewayCaller *caller;
    Error ignored;
    if (models_caller(request->api->models, request->scope, &caller, &ignored)) {
        add_routes(request, caller->config, &list);
        caller_release(caller);
    }
    add_listed(request, &list);
    return (ListedModels){ list.at, list.count };
}
