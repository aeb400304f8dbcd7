/* models.c - see models.h: which service a workspace has. */
#include "models/models.h"

#include "base/clock.h"
#include "base/seal.h"
#include "models/models_int.h"
#include "net/url.h"
#include "net/url_safety.h"
#include "store/secrets_store.h"
#include "store/server_key.h"
#include "store/settings_store.h"

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

bool models_open(const ModelsOptions *options, Models **models_r, Error *err)
{
    HttpClientOptions http = { 0 };
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
    };
    models->http = http_client_new(&http);
    models->pool = pool_new("models", 1, 4);
    pthread_mutex_init(&models->lock, NULL);
    pthread_cond_init(&models->has_looked, NULL);
    GatewayOptions gateway = { .ports = { .app = models,
                                          .load_caller = options->load_caller,
                                          .load_app = options->load_app,
                                          .write_records = models_write_records } };
    if (!gateway_open(&gateway, &models->gateway, err)) {
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
    gateway_close(models->gateway);
    pool_free(models->pool);
    http_client_free(models->http);
    pthread_cond_destroy(&models->has_looked);
    pthread_mutex_destroy(&models->lock);
    arena_free(models->arena);
    free(models);
}

Gateway *models_gateway(Models *models) { return models->gateway; }

/* --- Which service --- */

typedef struct OwnWork {
    const Scope *scope;
    Arena *arena;
    Str setting, sealed;
} OwnWork;

static bool or_nothing(bool found, Error *err) { return found || err->code == ERROR_NOT_FOUND; }

static bool read_own(DbTx *tx, void *argument, Error *err)
{
    OwnWork *work = argument;
    return or_nothing(
               setting_find(tx, work->scope, work->arena, PROVIDER_SETTING, &work->setting, err),
               err) &&
           or_nothing(
               secret_find(tx, work->scope, work->arena, PROVIDER_SECRET, &work->sealed, err), err);
}

static bool own_service(const OwnWork *work, Service *service, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    Str base_url;
    if (!json_parse(work->setting, KB(64), &json, err) ||
        !json_read(json, work->arena,
                   JSON_FIELDS({ "base_url", JSON_STR, &base_url, .required = true },
                               { "model", JSON_STR, &service->model },
                               { "first_model", JSON_STR, &service->first_model },
                               { "local", JSON_FLAG, &service->allows_private }),
                   err))
        return fail_in(err, "the saved model service");
    service->target =
        (ServiceAddress){ .provider = gateway_provider_of(base_url), .base_url = base_url };
    service->sealed = work->sealed;
    service->has_key = work->sealed.length > 0;
    service->is_own = true;
    return true;
}

static bool server_service(Models *models, Arena *arena, Service *service, Error *err)
{
    const ModelsOptions *options = &models->options;
    Str name = S("");
    const GatewayProvider *found = NULL;
    if (options->provider_url.length && !str_is(options->provider_url, "off")) {
        service->target = (ServiceAddress){ .provider = gateway_provider_of(options->provider_url),
                                            .base_url = options->provider_url,
                                            .key = options->provider_key };
        service->model = options->provider_model;
        service->has_key = options->provider_key.length > 0;
        return true;
    }
    if (!options->provider_url.length)
        found = find_local(models, arena, &name);
    if (!found)
        return fail(err, ERROR_NOT_FOUND,
                    "there is no model service: start Ollama or llama.cpp on this machine, or set "
                    "one in Settings");
    service->target = (ServiceAddress){ .provider = found, .base_url = str(found->base_url) };
    service->model = options->provider_model.length ? options->provider_model : name;
    service->was_found = true;
    return true;
}

bool service_find(Models *models, const Scope *scope, Arena *arena, Service *service_r, Error *err)
{
    OwnWork work = { .scope = scope, .arena = arena };
    Service service = { 0 };
    if (!store_read(models->options.db, scope, read_own, &work, err))
        return false;
    *err = (Error){ 0 };
    if (!(work.setting.length ? own_service(&work, &service, err)
                              : server_service(models, arena, &service, err)))
        return false;
    *service_r = service;
    return true;
}

bool service_reach(Models *models, Arena *arena, Service *service, Error *err)
{
    UrlSafety safety = { .allows_private = service->allows_private };
    Str seal_key;
    if (!service->is_own)
        return true;
    if (!url_check(arena, service->target.base_url, &safety, &service->target.pinned_address, err))
        return false;
    return !service->has_key ||
           (server_key(models->options.db, arena, SEAL_KEY, &seal_key, err) &&
            seal_open(arena, seal_key, service->sealed, &service->target.key, err));
}

/* --- Its first model --- */

static uint64_t service_id(const Service *service)
{
    return str_hash(service->target.base_url) ^ (str_hash(service->sealed) * 31);
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
    if (!is_patient && service->is_own) {
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
    *provider_r = (Provider){ .name = str(service.target.provider->name),
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
