/* models.c - see models.h. */
#include "models/models.h"

struct Models {
    Arena *arena;
    ModelsOptions options;
};

bool models_open(const ModelsOptions *options, Models **models_r, Error *err)
{
    Models *models = heap_alloc(sizeof *models);
    (void)err;
    models->arena = arena_new(MB(1));
    models->options = (ModelsOptions){
        .db = options->db,
        .provider_url = str_copy(models->arena, options->provider_url),
        .provider_model = str_copy(models->arena, options->provider_model),
        .provider_key = str_copy(models->arena, options->provider_key),
    };
    *models_r = models;
    return true;
}

void models_close(Models *models)
{
    if (!models)
        return;
    arena_free(models->arena);
    free(models);
}

static bool no_provider(Error *err)
{
    return fail(err, ERROR_NOT_FOUND, "no model service is set; see Settings, or provider_url");
}

bool models_provider(Models *models, const Scope *scope, Arena *arena, Provider *provider_r,
                     Error *err)
{
    const ModelsOptions *options = &models->options;
    (void)scope, (void)arena;
    if (!options->provider_url.length || str_is(options->provider_url, "off"))
        return no_provider(err);
    *provider_r = (Provider){ .name = S("openai-compatible"),
                              .base_url = options->provider_url,
                              .model = options->provider_model,
                              .has_key = options->provider_key.length > 0 };
    return true;
}

bool models_set_provider(Models *models, const Scope *scope, Str base_url, Str model, Str key,
                         Error *err)
{
    (void)models, (void)scope, (void)base_url, (void)model, (void)key;
    return fail(err, ERROR_UNSUPPORTED, "model services are set in the server's settings only");
}

bool models_remove_provider(Models *models, const Scope *scope, Error *err)
{
    (void)models, (void)scope;
    return no_provider(err);
}

bool models_list(Models *models, const Scope *scope, Arena *arena, StrList *names_r, Error *err)
{
    (void)models, (void)scope, (void)arena, (void)names_r;
    return no_provider(err);
}

bool models_chat(Models *models, const Scope *scope, Arena *arena, const ChatRequest *request,
                 ChatResult *result_r, Error *err)
{
    (void)models, (void)scope, (void)arena, (void)request, (void)result_r;
    return no_provider(err);
}
