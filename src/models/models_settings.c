/* models_settings.c - a workspace sets its own service. */
#include "base/seal.h"
#include "models/models_int.h"
#include "net/url.h"
#include "net/url_safety.h"
#include "store/audit_store.h"
#include "store/gateway_items_store.h"
#include "store/secrets_store.h"
#include "store/server_key.h"
#include "store/settings_store.h"

#define TRY_MS 8000

/* --- Checking --- */

bool is_same_place(Arena *arena, Str a, Str b)
{
    Url first, second;
    Error ignored;
    return url_parse(arena, a, &first, &ignored) && url_parse(arena, b, &second, &ignored) &&
           str_equal(first.scheme, second.scheme) && str_equal(first.host, second.host) &&
           first.port == second.port;
}

static bool has_name(StrList names, Str model)
{
    for (size_t i = 0; i < names.count; i++) {
        Str name = names.at[i];
        bool has_tag = name.length > model.length && name.at[model.length] == ':';
        if (str_equal(name, model) || (str_starts(name, model) && has_tag)) /* llama3.2:latest */
            return true;
    }
    return false;
}

/* Some services list none of what they serve, so a name that is not listed gets one word asked. */
static bool say_yes(Models *models, Arena *arena, GatewayCaller *caller, Str model, Error *err)
{
    ModelPart part = { .kind = PART_TEXT, .text = S("Say yes.") };
    ModelMessage message = { .role = FROM_USER, .parts = &part, .count = 1 };
    ModelRequest request = {
        .model = model, .messages = &message, .message_count = 1, .output_max = 16
    };
    GatewayAsk ask = { .request = &request, .feature = S("settings") };
    GatewayAnswer answer;
    Error why = { 0 };
    bool good = gateway_ask(models->gateway, caller, arena, &ask, &answer, &why);
    caller_release(caller);
    return good || answer.usage.output > 0 || fail_field(err, "model", "%s", why.message);
}

bool service_try(Models *models, const Scope *scope, Arena *arena, const SetupService *service,
                 Str model, Error *err)
{
    GatewayCaller *caller = caller_new();
    caller->config = config_alone(models, scope->workspace, service);
    caller->workspace = str_copy(caller->arena, scope->workspace);
    caller->user = str_copy(caller->arena, scope->user);
    return say_yes(models, arena, caller, model, err);
}

bool service_try_itself(Models *models, const Scope *scope, Arena *arena,
                        const SetupService *service, Str model, Error *err)
{
    GatewayCaller *caller;
    Str name = str_format(arena, STR_FMT "/" STR_FMT, STR_ARG(service->name), STR_ARG(model));
    return models_caller(models, scope, &caller, err) && say_yes(models, arena, caller, name, err);
}

static bool try_model(Models *models, const Scope *scope, Arena *arena, const Service *service,
                      Error *err)
{
    SetupService alone = service->from;
    alone.name = str(service->target.provider->name);
    alone.provider = service->target.provider;
    alone.base_url = service->target.base_url;
    alone.keys = (StrList){ &service->target.key, service->target.key.length > 0 };
    return service_try(models, scope, arena, &alone, service->model, err);
}

/* Ask the service; an address without its /v1 gets it. */
static bool try_service(Models *models, const Scope *scope, Arena *arena, Service *service,
                        Error *err)
{
    StrList names = { 0 };
    ServiceAddress *target = &service->target;
    Error why = { 0 };
    bool listed = gateway_models(models->http, arena, target, TRY_MS, &names, &why);
    if (!listed && !str_ends(target->base_url, S("/v1"))) {
        ServiceAddress longer = *target;
        Error ignored;
        longer.base_url = url_join(arena, target->base_url, S("/v1"));
        listed = gateway_models(models->http, arena, &longer, TRY_MS, &names, &ignored);
        if (listed)
            *target = longer;
    }
    if (service->model.length)
        return (listed && has_name(names, service->model)) ||
               try_model(models, scope, arena, service, err);
    if (!listed)
        return fail_field(err, "base_url", "%s", why.message);
    service->first_model = first_chat_model(names);
    return service->first_model.length ||
           fail_field(err, "model", "%s has no model for chat; load one", target->provider->title);
}

/* --- Writing --- */

typedef struct SetWork {
    const Scope *scope;
    Str setting, sealed, details;
    bool keeps_key;
} SetWork;

static bool write_service(DbTx *tx, void *argument, Error *err)
{
    SetWork *work = argument;
    AuditEntry entry = { .action = S("provider.set"),
                         .subject_kind = S("settings"),
                         .subject = PROVIDER_SETTING,
                         .details = work->details };
    bool has_key = work->sealed.length > 0;
    return setting_set(tx, work->scope, PROVIDER_SETTING, work->setting, err) &&
           (work->keeps_key ||
            (has_key ? secret_set(tx, work->scope, PROVIDER_SECRET, work->sealed, err)
                     : secret_remove(tx, work->scope, PROVIDER_SECRET, err))) &&
           audit_add(tx, work->scope, &entry, err);
}

static Str setting_text(Arena *arena, const Service *service, bool is_audit)
{
    Buf out = buf_new(arena, KB(16));
    JsonWriter json = put_begin(&out);
    put_text(&json, "base_url", service->target.base_url);
    put_text(&json, "model", service->model);
    if (!is_audit) {
        put_text(&json, "first_model", service->first_model);
        put_bool(&json, "local", service->from.allows_private);
    }
    put_end(&json);
    return buf_str(&out);
}

/* The key that is there already goes only where it was meant for: otherwise whoever may set the
 * address could have it sent to himself. */
static bool choose_key(Models *models, const Scope *scope, Arena *arena, Str key, Service *service,
                       SetWork *work, Error *err)
{
    Service old;
    Error ignored;
    Str seal_key;
    if (key.length) {
        service->target.key = key;
        return server_key(models->options.db, arena, SEAL_KEY, &seal_key, err) &&
               seal_close(arena, seal_key, key, &work->sealed, err);
    }
    work->keeps_key = service_find(models, scope, arena, &old, &ignored) && old.is_own &&
                      old.has_key &&
                      is_same_place(arena, old.target.base_url, service->target.base_url) &&
                      service_reach(models, arena, &old, &ignored);
    if (work->keeps_key)
        service->target.key = old.target.key;
    return true;
}

bool models_set_provider(Models *models, const Scope *scope, Str base_url, Str model, Str key,
                         Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Service service = { .model = str_trim(model), .is_own = true };
    SetWork work = { .scope = scope };
    UrlSafety safety = { .allows_private = scope->role == ROLE_OWNER };
    if (!scope_needs(scope, ROLE_ADMIN, err) ||
        !setup_check_url(arena, base_url, &service.target.base_url, err))
        return false;
    if (!url_check(arena, service.target.base_url, &safety, &service.target.pinned_address, err))
        return err->code == ERROR_DENIED && !safety.allows_private
                   ? fail_in(err, "only an owner may set a service of the local network")
                   : false;
    /* A public name that leads to a private address tomorrow must not be followed. */
    service.from.allows_private =
        safety.allows_private && address_kind(service.target.pinned_address) == ADDRESS_PRIVATE;
    service.target.provider = gateway_provider_of(service.target.base_url);
    if (!choose_key(models, scope, arena, str_trim(key), &service, &work, err) ||
        !try_service(models, scope, arena, &service, err))
        return false;
    work.setting = setting_text(arena, &service, false);
    work.details = setting_text(arena, &service, true);
    return pictures_write(models, scope, write_service, &work, err);
}

static bool erase_service(DbTx *tx, void *argument, Error *err)
{
    const Scope *scope = argument;
    AuditEntry entry = { .action = S("provider.remove"),
                         .subject_kind = S("settings"),
                         .subject = PROVIDER_SETTING };
    return setting_remove(tx, scope, PROVIDER_SETTING, err) &&
           secret_remove(tx, scope, PROVIDER_SECRET, err) && gateway_tell_change(tx, scope, err) &&
           audit_add(tx, scope, &entry, err);
}

bool models_remove_provider(Models *models, const Scope *scope, Error *err)
{
    Scope copy = *scope;
    return scope_needs(scope, ROLE_ADMIN, err) &&
           pictures_write(models, scope, erase_service, &copy, err);
}
