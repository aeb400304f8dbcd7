/* models.c - see models.h: which service a workspace has. */
#include "models/models.h"

#include "base/clock.h"
#include "gateway/counting.h"
#include "models/models_budgets.h"
#include "net/url.h"
#include "net/url_safety.h"

#define KNOWN_MS 60000
#define LIST_MS 5000

static bool check_options(Arena *arena, const ModelsOptions *options, Error *err)
{
    Url url;
    Str text = options->provider_url;
    if (!text.length || str_is(text, "off"))
        return true;
    if (!url_parse(arena, text, &url, err) ||
        !(str_is(url.scheme, "http") || str_is(url.scheme, "https")))
        return fail_field(err, "provider_url",
                          "provider_url is an address such as http://127.0.0.1:11434/v1, or off");
    return true;
}

static void wake(void *models, Str model, GatewayWaker *waker)
{
    model_files_wake(((Models *)models)->files, model, waker);
}

static bool open_gateway(Models *models, const ModelsOptions *options, Error *err)
{
    GatewayOptions gateway = { .ports = { .app = models,
                                          .load_caller = options->load_caller,
                                          .load_file = options->load_file,
                                          .prepare_media = options->prepare_media,
                                          .load_app = options->load_app,
                                          .answer_here = options->answer_here,
                                          .version_here = options->version_here,
                                          .wake = wake,
                                          .write_records = models_write_records,
                                          .ledger = budgets_ports(models->budgets),
                                          .likeness = options->encoder ? models_likeness : NULL,
                                          .write_prompt = models_write_prompt,
                                          .kept = { .app = models,
                                                    .write = models_write_responses,
                                                    .find = models_find_response,
                                                    .touch = models_touch_response,
                                                    .cancel = models_cancel_response,
                                                    .remove = models_remove_response } },
                               .telemetry = options->telemetry,
                               .proxy = options->proxy,
                               .cache_bytes = MB(options->kept_answers_mb),
                               .here_threads = options->here_threads };
    if (!gateway_open(&gateway, &models->gateway, err))
        return false;
    models->files = model_files_new(&options->files, gateway_states(models->gateway));
    return true;
}

bool models_open(const ModelsOptions *options, Models **models_r, Error *err)
{
    HttpClientOptions http = { .proxy = options->proxy };
    Arena *arena = arena_new(MB(1));
    if (!check_options(arena, options, err)) {
        arena_free(arena);
        return false;
    }
    Models *models = heap_alloc(sizeof *models);
    models->arena = arena;
    models->options = (ModelsOptions){
        .db = options->db,
        .provider_url = str_copy(arena, options->provider_url),
        .provider_model = str_copy(arena, options->provider_model),
        .provider_key = str_copy(arena, options->provider_key),
        .file = str_copy(arena, options->file),
        .on_reload = options->on_reload,
        .load_app = options->load_app,
        .reply_tokens_max = options->reply_tokens_max,
        .calls_days = options->calls_days,
        .user_rate = options->user_rate,
        .unpriced_is_free = options->unpriced_is_free,
        .prompt_days = options->prompt_days,
        .response_days = options->response_days,
        .encoder = options->encoder,
        .kept_answers_mb = options->kept_answers_mb,
        .models_here = options->models_here,
    };
    models->budgets = budgets_new(models);
    models->records = records_new();
    models->http = http_client_new(&http);
    models->pool = pool_new("models", 1, 4);
    pthread_mutex_init(&models->lock, NULL);
    pthread_cond_init(&models->has_looked, NULL);
    if (!open_gateway(models, options, err) || !pictures_open(models, err) ||
        !file_open(models, err) || !budgets_listen(models->budgets, err)) {
        models_close(models);
        return false;
    }
    *models_r = models;
    return true;
}

void models_close(Models *models)
{
    if (!models)
        return;
    if (models->gateway)
        gateway_end_here(models->gateway); /* what is being answered uses all of this */
    file_close(models);
    pool_free(models->pool); /* who still looks for local services tells the gateway */
    pictures_close(models);
    if (models->gateway)
        budgets_unlisten(models->budgets);
    model_files_free(models->files); /* it looks at the gateway's states */
    gateway_close(models->gateway);
    budgets_free(models->budgets);
    records_free(models->records);
    http_client_free(models->http);
    pthread_cond_destroy(&models->has_looked);
    pthread_mutex_destroy(&models->lock);
    arena_free(models->arena);
    free(models);
}

Gateway *models_gateway(Models *models) { return models->gateway; }

ModelFiles *models_files(Models *models) { return models->files; }

/* --- Which service --- */

bool service_find(Models *models, const Scope *scope, Arena *arena, Service *service_r, Error *err)
{
    Setup setup;
    if (!models_setup(models, scope, arena, &setup, err))
        return false;
    const SetupService *from = setup_service(&setup, setup.primary);
    if (!from)
        return fail(err, ERROR_NOT_FOUND,
                    "there is no model service: start Ollama or llama.cpp on this machine, or set "
                    "one in Settings");
    *service_r = (Service){ .target = { .provider = from->provider,
                                        .base_url = from->base_url,
                                        .key = from->keys.count ? from->keys.at[0] : S("") },
                            .from = *from,
                            .model = setup.primary_model,
                            .first_model = first_chat_model(from->models),
                            .has_key = from->has_key,
                            .was_found = from->was_found,
                            .is_own = from->from == FROM_SETTING && !from->was_found };
    return true;
}

bool service_reach(Models *models, Arena *arena, Service *service, Error *err)
{
    const SetupService *from = &service->from;
    UrlSafety safety = { .allows_private = from->allows_private };
    StrList keys;
    bool is_given = from->from == FROM_FILE || from->from == FROM_ENVIRONMENT || from->was_found;
    if (is_given)
        return true;
    if (!url_check(arena, service->target.base_url, &safety, &service->target.pinned_address,
                   err) ||
        !setup_keys(models, arena, from, &keys, err))
        return false;
    service->target.key = keys.count ? keys.at[0] : S("");
    return true;
}

/* --- Its first model --- */

static uint64_t service_id(const Service *service)
{
    return str_hash(service->target.base_url) ^ (str_hash(service->from.sealed) * 31);
}

/* What is remembered; false when it is too old. */
static bool recall(Models *models, Arena *arena, uint64_t id, Str *name_r)
{
    bool known = false;
    pthread_mutex_lock(&models->lock);
    for (size_t i = 0; i < KNOWN_MAX && !known; i++) {
        const KnownModel *model = &models->known[i];
        known =
            model->asked_ms && model->service == id && monotonic_ms() - model->asked_ms < KNOWN_MS;
        if (known)
            *name_r = str_copy(arena, str(model->name));
    }
    pthread_mutex_unlock(&models->lock);
    return known;
}

static void remember(Models *models, uint64_t id, Str name)
{
    pthread_mutex_lock(&models->lock);
    KnownModel *place = NULL;
    for (size_t i = 0; i < KNOWN_MAX && !place; i++)
        if (models->known[i].asked_ms && models->known[i].service == id)
            place = &models->known[i];
    if (!place)
        place = &models->known[models->known_next++ % KNOWN_MAX];
    *place = (KnownModel){ .service = id, .asked_ms = monotonic_ms() };
    snprintf(place->name, sizeof place->name, STR_FMT, STR_ARG(name));
    pthread_mutex_unlock(&models->lock);
}

bool service_model(Models *models, Arena *arena, Service *service, bool is_patient, Error *err)
{
    uint64_t id = service_id(service);
    StrList names;
    Str name = S("");
    if (service->model.length)
        return true;
    if (recall(models, arena, id, &name) && (name.length || !is_patient)) {
        service->model = name;
        return true;
    }
    if (!is_patient && service->first_model.length) {
        service->model = service->first_model;
        return true;
    }
    remember(models, id, S("")); /* whoever comes while this one waits need not wait too */
    bool listed = service_reach(models, arena, service, err) &&
                  gateway_models(models->http, arena, &service->target,
                                 is_patient ? LIST_MS : LOOK_MS, &names, err);
    if (listed)
        name = first_chat_model(names);
    remember(models, id, name);
    if (!listed && is_patient)
        return false;
    if (!name.length && is_patient)
        return fail(err, ERROR_UPSTREAM, "%s has no model for chat; load one",
                    service->target.provider->title);
    service->model = name;
    return true;
}

/* --- Showing --- */

bool models_provider(Models *models, const Scope *scope, Arena *arena, Provider *provider_r,
                     Error *err)
{
    Service service;
    if (!service_find(models, scope, arena, &service, err) ||
        !service_model(models, arena, &service, false, err))
        return false;
    *err = (Error){ 0 };
    *provider_r = (Provider){ .name = service.from.name,
                              .base_url = service.target.base_url,
                              .model = service.model,
                              .has_key = service.has_key,
                              .was_found = service.was_found };
    return true;
}

bool models_list(Models *models, const Scope *scope, Arena *arena, StrList *names_r, Error *err)
{
    Service service;
    return service_find(models, scope, arena, &service, err) &&
           service_reach(models, arena, &service, err) &&
           gateway_models(models->http, arena, &service.target, LIST_MS, names_r, err);
}

bool models_count_tokens(Models *models, Arena *arena, const GatewayCaller *caller,
                         const ModelRequest *request, Str body, int64_t *count_r, Error *err)
{
    return gateway_count_tokens(models->http, arena, caller, request, body, count_r, err);
}
