/* gateway_setup.c - see gateway_setup.h. */
#include "models/gateway_setup.h"

#include "base/clock.h"
#include "base/seal.h"
#include "models/models_int.h"
#include "net/url_safety.h"
#include "store/audit_store.h"
#include "store/gateway_items_store.h"
#include "store/sealed_texts.h"
#include "store/server_key.h"

#define LIST_MS 5000
#define NAMES_MAX 2000

void models_find_problems(Models *models, Arena *arena, Setup *setup)
{
    StrList keys;
    Error why;
    for (size_t i = 0; i < setup->services.count; i++)
        if (!setup_keys(models, arena, &setup->services.at[i], &keys, &why))
            setup_note(arena, setup, S("service"), setup->services.at[i].name, why.message);
    for (size_t i = 0; i < setup->routes.count; i++)
        if (!setup_check_route(setup, &setup->routes.at[i], &why))
            setup_note(arena, setup, S("route"), setup->routes.at[i].name, why.message);
}

/* --- Writing --- */

typedef struct ItemWork {
    const Scope *scope;
    GatewayItem item;
    Str details; /* of the audit */
} ItemWork;

static bool write_item(DbTx *tx, void *argument, Error *err)
{
    ItemWork *work = argument;
    AuditEntry entry = { .action = S("gateway.set"),
                         .subject_kind = work->item.kind,
                         .subject = work->item.name,
                         .details = work->details };
    return gateway_item_set(tx, work->scope, &work->item, err) &&
           audit_add(tx, work->scope, &entry, err);
}

static bool remove_item(DbTx *tx, void *argument, Error *err)
{
    ItemWork *work = argument;
    AuditEntry entry = { .action = S("gateway.remove"),
                         .subject_kind = work->item.kind,
                         .subject = work->item.name };
    return gateway_item_remove(tx, work->scope, work->item.kind, work->item.name, err) &&
           audit_add(tx, work->scope, &entry, err);
}

bool models_remove_item(Models *models, const Scope *scope, Str kind, Str name, Error *err)
{
    ItemWork work = { .scope = scope, .item = { .kind = kind, .name = name } };
    return scope_needs(scope, ROLE_ADMIN, err) &&
           pictures_write(models, scope, remove_item, &work, err);
}

/* --- Services --- */

static bool check_address(Arena *arena, const Scope *scope, const SetupService *service,
                          ServiceAddress *address_r, Error *err)
{
    UrlSafety safety = { .allows_private = service->allows_private };
    if (service->allows_private && scope->role != ROLE_OWNER)
        return fail(err, ERROR_DENIED, "only an owner may set a service of the local network");
    *address_r = (ServiceAddress){ .provider = service->provider, .base_url = service->base_url };
    return url_check(arena, service->base_url, &safety, &address_r->pinned_address, err) ||
           (err->code == ERROR_DENIED && fail_in(err, "set private to allow it, as an owner"));
}

/* The workspace's service of this name and place; NULL: there is none. What it was given goes only
 * where it was meant for: otherwise whoever may set the address could have it sent to himself. */
static bool find_old(Models *models, const Scope *scope, Arena *arena, const SetupService *service,
                     const SetupService **old_r, Error *err)
{
    Setup *setup = arena_new_one(arena, Setup);
    if (!models_setup(models, scope, arena, setup, err))
        return false;
    const SetupService *old = setup_service(setup, service->name);
    bool is_same = old && old->from == FROM_WORKSPACE &&
                   is_same_place(arena, old->base_url, service->base_url);
    *old_r = is_same ? old : NULL;
    return true;
}

static void keep_keys(Models *models, Arena *arena, const SetupService *old, SetupService *service)
{
    Error ignored; /* what was sealed with another key has to be given again */
    if (!service->has_key && old && setup_keys(models, arena, old, &service->keys, &ignored))
        service->has_key = service->keys.count > 0;
}

/* Headers whose values come back as they are shown stay what they were. */
static bool keep_headers(const SetupService *old, json_t *document, Error *err)
{
    json_t *headers = json_object_get(document, "headers"), *value;
    const char *name;
    json_object_foreach(headers, name, value)
    {
        size_t i = 0, count = old ? old->headers.count : 0;
        if (!str_is(str(json_string_value(value)), GATEWAY_HIDDEN))
            continue;
        while (i < count && !str_is(old->headers.at[i].name, name))
            i++;
        if (i == count)
            return fail_field(err, "headers",
                              "headers.%s: its value is not known here, give it again", name);
        Str was = old->headers.at[i].value;
        json_object_set_new(headers, name, json_stringn(was.at, was.length));
    }
    return true;
}

Str models_shown_service(Arena *arena, const SetupService *service)
{
    return service->document.length ? gateway_document_shown(arena, service->document) : STR_NONE;
}

static bool seal_keys(Models *models, Arena *arena, const SetupService *service, Str *sealed_r,
                      Error *err)
{
    Str seal_key;
    Buf text = buf_new(arena, MB(1));
    if (!service->has_key)
        return true;
    JsonWriter json = put_begin(&text);
    put_texts(&json, "keys", service->keys);
    put_end(&json);
    return server_key(models->options.db, arena, SEAL_KEY, &seal_key, err) &&
           seal_close(arena, seal_key, buf_str(&text), sealed_r, err);
}

/* What is kept: the document without its keys, with the names that the service lists. */
static Str kept_document(Arena *arena, const json_t *document, StrList listed)
{
    AUTO_JSON json_t *kept = json_copy((json_t *)(uintptr_t)document);
    json_object_del(kept, "key");
    json_object_del(kept, "keys");
    if (listed.count && !json_object_get(kept, "models")) {
        json_t *names = json_array();
        for (size_t i = 0; i < MIN(listed.count, (size_t)NAMES_MAX); i++)
            json_array_append_new(names, json_stringn(listed.at[i].at, listed.at[i].length));
        json_object_set_new(kept, "models", names);
    }
    return json_print(arena, kept);
}

static Str audit_details(Arena *arena, const SetupService *service)
{
    Buf text = buf_new(arena, KB(16));
    JsonWriter json = put_begin(&text);
    put_text(&json, "provider", str(service->provider->name));
    put_text(&json, "base_url", service->base_url);
    put_end(&json);
    return buf_str(&text);
}

bool models_set_service(Models *models, const Scope *scope, Str name, const json_t *document,
                        Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    AUTO_JSON json_t *whole = json_deep_copy(document);
    ItemWork work = { .scope = scope, .item = { .kind = S("service"), .name = name } };
    const SetupService *old;
    SetupService service;
    ServiceAddress address;
    StrList listed = { 0 };
    Error ignored;
    if (!scope_needs(scope, ROLE_ADMIN, err) ||
        !setup_read_service(arena, name, document, false, &service, err) ||
        !check_address(arena, scope, &service, &address, err) ||
        !find_old(models, scope, arena, &service, &old, err) || !keep_headers(old, whole, err))
        return false;
    keep_keys(models, arena, old, &service);
    if (!seal_keys(models, arena, &service, &work.item.sealed, err))
        return false;
    address.key = service.keys.count ? service.keys.at[0] : S("");
    if (!service.models.count && !service.is_off)
        (void)!gateway_models(models->http, arena, &address, LIST_MS, &listed, &ignored);
    Str kept = kept_document(arena, whole, listed);
    if (kept.length > SETUP_DOCUMENT_MAX)
        return fail(err, ERROR_TOO_LARGE, "the service has more than %zu bytes",
                    SETUP_DOCUMENT_MAX);
    Str shown = gateway_document_shown(arena, kept);
    if (!text_seal(models->options.db, arena, kept, shown, &work.item.whole, err))
        return false;
    work.item.document = work.item.whole.length ? shown : kept;
    work.details = audit_details(arena, &service);
    return pictures_write(models, scope, write_item, &work, err);
}

/* --- Models and routes --- */

bool models_set_model(Models *models, const Scope *scope, Str name, const json_t *document,
                      Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    ItemWork work = { .scope = scope, .item = { .kind = S("model"), .name = name } };
    SetupModel model;
    Setup setup;
    if (!scope_needs(scope, ROLE_ADMIN, err) ||
        !setup_read_model(arena, name, document, &model, err) ||
        !models_setup(models, scope, arena, &setup, err))
        return false;
    if (!setup_service(&setup, model.service))
        return fail_field(err, "name", "there is no service '" STR_FMT "'", STR_ARG(model.service));
    work.item.document = work.details = json_print(arena, document);
    return pictures_write(models, scope, write_item, &work, err);
}

bool models_set_route(Models *models, const Scope *scope, Str name, const json_t *document,
                      Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    ItemWork work = { .scope = scope, .item = { .kind = S("route"), .name = name } };
    SetupRoute route;
    Setup setup;
    if (!scope_needs(scope, ROLE_ADMIN, err) ||
        !setup_read_route(arena, name, document, &route, err) ||
        !models_setup(models, scope, arena, &setup, err))
        return false;
    *vec_push(arena, &setup.routes) = route;
    setup_settle(&setup);
    work.item.document = work.details = json_print(arena, document);
    return setup_check_route(&setup, &route, err) &&
           pictures_write(models, scope, write_item, &work, err);
}

/* --- Trying --- */

/* Of one that is elsewhere: its address and key. */
static bool find_service(Models *models, Arena *arena, SetupService *service,
                         ServiceAddress *address_r, Error *why)
{
    ServiceAddress address = { .provider = service->provider, .base_url = service->base_url };
    UrlSafety safety = { .allows_private = service->allows_private };
    if (!url_check(arena, service->base_url, &safety, &address.pinned_address, why) ||
        !setup_keys(models, arena, service, &service->keys, why))
        return false;
    address.key = service->keys.count ? service->keys.at[0] : S("");
    *address_r = address;
    return true;
}

static bool try_service(Models *models, const Scope *scope, Arena *arena, SetupService *service,
                        ServiceTest *test, Error *why)
{
    ServiceAddress address;
    Error ignored;
    if (service->from == FROM_ITSELF) {
        test->lists = true;
        test->models = service->models;
        test->model = test->model.length ? test->model : service->models.at[0];
        test->answers = service_try_itself(models, scope, arena, service, test->model, why);
        return test->answers;
    }
    if (!find_service(models, arena, service, &address, why))
        return false;
    bool may_list = !test->model.length;
    test->lists = gateway_models(models->http, arena, &address, LIST_MS, &test->models,
                                 may_list ? why : &ignored);
    if (!test->model.length)
        test->model = first_chat_model(test->lists ? test->models : service->models);
    if (!test->model.length)
        return test->lists ? fail(why, ERROR_UPSTREAM, "it lists no model for chat") : false;
    test->answers = service_try(models, scope, arena, service, test->model, why);
    return test->answers;
}

static bool list_service(Models *models, const Scope *scope, Arena *arena, SetupService *service,
                         ServiceTest *test, Error *why)
{
    ServiceAddress address;
    (void)scope;
    test->lists = service->from == FROM_ITSELF ||
                  (find_service(models, arena, service, &address, why) &&
                   gateway_models(models->http, arena, &address, LIST_MS, &test->models, why));
    return test->lists;
}

typedef bool ServiceTry(Models *models, const Scope *scope, Arena *arena, SetupService *service,
                        ServiceTest *test, Error *why);

static bool try_one(Models *models, const Scope *scope, Arena *arena, Str name, ServiceTry *attempt,
                    ServiceTest *test, Error *err)
{
    Setup setup;
    Error why = { 0 };
    if (!scope_needs(scope, ROLE_ADMIN, err) || !models_setup(models, scope, arena, &setup, err))
        return false;
    const SetupService *found = setup_service(&setup, name);
    if (!found)
        return fail(err, ERROR_NOT_FOUND, "there is no service '" STR_FMT "'", STR_ARG(name));
    SetupService service = *found;
    int64_t start = monotonic_ms();
    if (!attempt(models, scope, arena, &service, test, &why))
        test->problem = str_copy(arena, str(why.message));
    test->took_ms = monotonic_ms() - start;
    return true;
}

bool models_test_service(Models *models, const Scope *scope, Arena *arena, Str name, Str model,
                         ServiceTest *test_r, Error *err)
{
    ServiceTest test = { .model = model };
    if (!try_one(models, scope, arena, name, try_service, &test, err))
        return false;
    *test_r = test;
    return true;
}

bool models_list_service(Models *models, const Scope *scope, Arena *arena, Str name,
                         ServiceTest *test_r, Error *err)
{
    ServiceTest test = { 0 };
    if (!try_one(models, scope, arena, name, list_service, &test, err))
        return false;
    *test_r = test;
    return true;
}
