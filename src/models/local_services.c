/* local_services.c - finding a model service that listens on this machine. */

#include "base/clock.h"
#include "models/models_int.h"

#define LOOK_AGAIN_MS 60000

Str first_chat_model(StrList names)
{
    static const char *const others[] = { "embed",  "rerank",     "whisper", "tts",
                                          "dall-e", "moderation", "bge-" };
    for (size_t i = 0; i < names.count; i++) {
        bool is_other = false;
        for (size_t j = 0; j < COUNT(others); j++)
            is_other |= str_find_ignore_case(names.at[i], str(others[j])) >= 0;
        if (!is_other)
            return names.at[i];
    }
    return S("");
}

/* --- In the background --- */

static void look(void *argument)
{
    Models *models = argument;
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const GatewayProvider *found = NULL;
    Str name = S("");
    for (size_t i = 0; i < gateway_provider_count && !found; i++) {
        ServiceAddress target = { .provider = &gateway_providers[i],
                                  .base_url = str(gateway_providers[i].base_url) };
        StrList names;
        Error ignored;
        if (!gateway_providers[i].is_local ||
            !gateway_models(models->http, arena, &target, LOOK_MS, &names, &ignored))
            continue;
        name = first_chat_model(names);
        if (name.length && name.length < FOUND_NAME_MAX)
            found = &gateway_providers[i];
    }
    pthread_mutex_lock(&models->lock);
    bool is_news = models->found != found || !str_equal(str(models->found_name), name);
    models->found = found;
    snprintf(models->found_name, sizeof models->found_name, STR_FMT, STR_ARG(name));
    models->looked_ms = monotonic_ms();
    models->is_looking = false;
    pthread_cond_broadcast(&models->has_looked);
    pthread_mutex_unlock(&models->lock);
    if (is_news)
        pictures_forget(models, S(""));
}

/* With the lock held. */
static void wait_for_look(Models *models)
{
    int64_t until_ms = monotonic_ms() + LOOK_MS;
    while (models->is_looking && cond_wait_until(&models->has_looked, &models->lock, until_ms))
        ;
}

const GatewayProvider *find_local(Models *models, Arena *arena, Str *name_r)
{
    pthread_mutex_lock(&models->lock);
    bool is_first = !models->looked_ms;
    if (!models->is_looking && (is_first || monotonic_ms() - models->looked_ms > LOOK_AGAIN_MS))
        models->is_looking = pool_add(models->pool, look, models);
    if (is_first)
        wait_for_look(models);
    const GatewayProvider *found = models->found;
    *name_r = str_copy(arena, str(models->found_name));
    pthread_mutex_unlock(&models->lock);
    return found;
}

void forget_local(Models *models)
{
    pthread_mutex_lock(&models->lock);
    models->found = NULL;
    models->looked_ms = 0;
    pthread_mutex_unlock(&models->lock);
    pictures_forget(models, S(""));
}
