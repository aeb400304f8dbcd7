/* models_setup.c - all that a workspace has: from the environment, the file, the simple settings,
 * its rows, and what was found on this machine. */
#include "base/seal.h"
#include "models/models_int.h"
#include "store/gateway_items_store.h"
#include "store/sealed_texts.h"
#include "store/secrets_store.h"
#include "store/server_key.h"
#include "store/settings_store.h"

typedef struct RowsWork {
    const Scope *scope;
    Arena *arena;
    Str setting, sealed, policy;
    GatewayItemList items;
} RowsWork;

static bool or_nothing(bool found, Error *err) { return found || err->code == ERROR_NOT_FOUND; }

static bool read_rows(DbTx *tx, void *argument, Error *err)
{
    RowsWork *work = argument;
    work->setting = work->sealed = work->policy = S("");
    return or_nothing(
               setting_find(tx, work->scope, work->arena, PROVIDER_SETTING, &work->setting, err),
               err) &&
           or_nothing(
               secret_find(tx, work->scope, work->arena, PROVIDER_SECRET, &work->sealed, err),
               err) &&
           or_nothing(
               setting_find(tx, work->scope, work->arena, POLICY_SETTING, &work->policy, err),
               err) &&
           gateway_item_list(tx, work->scope, work->arena, &work->items, err);
}

/* --- Rows --- */

static bool add_service(Arena *arena, const GatewayItem *item, const json_t *json, Setup *setup,
                        Error *err)
{
    SetupService service;
    if (!setup_read_service(arena, item->name, json, false, &service, err))
        return false;
    service.from = FROM_WORKSPACE;
    service.sealed = item->sealed;
    service.has_key = item->sealed.length > 0;
    service.document = item->document;
    *vec_push(arena, &setup->services) = service;
    return true;
}

static bool add_model(Arena *arena, const GatewayItem *item, const json_t *json, Setup *setup,
                      Error *err)
{
    SetupModel model;
    if (!setup_read_model(arena, item->name, json, &model, err))
        return false;
    model.from = FROM_WORKSPACE;
    model.document = item->document;
    *vec_push(arena, &setup->models) = model;
    return true;
}

static bool add_route(Arena *arena, const GatewayItem *item, const json_t *json, Setup *setup,
                      Error *err)
{
    SetupRoute route;
    if (!setup_read_route(arena, item->name, json, &route, err))
        return false;
    route.from = FROM_WORKSPACE;
    route.document = item->document;
    *vec_push(arena, &setup->routes) = route;
    return true;
}

/* A row that cannot be read is left out: the others still serve. */
static void add_row(Models *models, Arena *arena, GatewayItem *item, Setup *setup)
{
    AUTO_JSON json_t *json = NULL;
    Error why;
    if (text_open(models->options.db, arena, item->whole, &item->document, &why) &&
        json_parse(item->document, SETUP_DOCUMENT_MAX, &json, &why) &&
        (str_is(item->kind, "service") ? add_service(arena, item, json, setup, &why)
         : str_is(item->kind, "model") ? add_model(arena, item, json, setup, &why)
                                       : add_route(arena, item, json, setup, &why)))
        return;
    setup_note(arena, setup, item->kind, item->name, why.message);
}

/* --- The simple way --- */

static void choose(Setup *setup, const SetupService *service, Str model)
{
    setup->primary = str(service->provider->name);
    setup->primary_model = model;
}

static bool add_own(Arena *arena, const RowsWork *rows, Setup *setup, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    Str base_url, model = S(""), first_model = S("");
    SetupService service = { .from = FROM_SETTING, .sealed = rows->sealed };
    if (!json_parse(rows->setting, KB(64), &json, err) ||
        !json_read(json, arena,
                   JSON_FIELDS({ "base_url", JSON_STR, &base_url, .required = true },
                               { "model", JSON_STR, &model },
                               { "first_model", JSON_STR, &first_model },
                               { "local", JSON_FLAG, &service.allows_private }),
                   err))
        return fail_in(err, "the saved model service");
    service.provider = gateway_provider_of(base_url);
    service.base_url = base_url;
    service.has_key = rows->sealed.length > 0;
    setup_add_simple(arena, setup, &service, model.length ? model : first_model);
    choose(setup, &service, model);
    return true;
}

static void add_given(Arena *arena, const ModelsOptions *options, Setup *setup)
{
    Str *keys = arena_new_one(arena, Str);
    *keys = options->provider_key;
    SetupService service = { .from = FROM_FILE,
                             .provider = gateway_provider_of(options->provider_url),
                             .base_url = options->provider_url,
                             .keys = { keys, keys->length > 0 },
                             .has_key = keys->length > 0,
                             .allows_private = true };
    setup_add_simple(arena, setup, &service, options->provider_model);
    choose(setup, &service, options->provider_model);
}

static void add_found(Models *models, Arena *arena, Setup *setup)
{
    Str name;
    const GatewayProvider *found = find_local(models, arena, &name);
    if (!found || setup_service(setup, str(found->name)))
        return;
    SetupService service = { .from = FROM_SETTING,
                             .provider = found,
                             .base_url = str(found->base_url),
                             .allows_private = true,
                             .was_found = true };
    Str model = models->options.provider_model;
    setup_add_simple(arena, setup, &service, name);
    if (!setup->primary.length)
        choose(setup, &service, model.length ? model : name);
}

/* --- All of it --- */

/* Who is asked for a name that nobody has, when the simple way says nothing: what people have set
 * up, the workspace's own first. */
static void choose_primary(Setup *setup, bool is_off)
{
    static const SetupFrom order[] = { FROM_WORKSPACE, FROM_FILE, FROM_ENVIRONMENT };
    size_t count = is_off ? 1 : COUNT(order);
    for (size_t i = 0; i < count && !setup->primary.length; i++)
        for (size_t k = 0; k < setup->services.count && !setup->primary.length; k++)
            if (setup->services.at[k].from == order[i] && !setup->services.at[k].is_off)
                setup->primary = setup->services.at[k].name;
}

static void add_itself(Models *models, Arena *arena, Setup *setup)
{
    const ModelsOptions *options = &models->options;
    if (!options->models_here)
        return;
    HereModels here = options->models_here(options->load_app, arena);
    ModelFileViews files = model_files_view(models->files, arena);
    SetupService *service = setup_add_itself(arena, setup);
    size_t count = here.count + files.count;
    SetupOwnModel *own = arena_new_array(arena, SetupOwnModel, count);
    Str *names = arena_new_array(arena, Str, count);
    for (size_t i = 0; i < here.count; i++)
        own[i] = (SetupOwnModel){ .name = here.at[i].name, .tasks = here.at[i].tasks };
    for (size_t i = 0; i < files.count; i++)
        own[here.count + i] = (SetupOwnModel){ .name = files.at[i].name, .is_file = true };
    for (size_t i = 0; i < count; i++)
        names[i] = own[i].name;
    service->models = (StrList){ names, count };
    service->own = own;
    if (files.problem.length && files.count)
        setup_note(arena, setup, S("service"), service->name, str_c(arena, files.problem));
}

static bool add_server(Models *models, Arena *arena, Setup *setup, Error *err)
{
    add_itself(models, arena, setup);
    setup_read_environment(arena, setup);
    Str text = models_file_text(models, arena);
    return !text.length || setup_read_file(arena, text, setup, err) ||
           fail_in(err, "the gateway's file");
}

bool models_setup(Models *models, const Scope *scope, Arena *arena, Setup *setup_r, Error *err)
{
    const ModelsOptions *options = &models->options;
    RowsWork rows = { .scope = scope, .arena = arena };
    Setup setup = { .workspace = scope->workspace };
    bool is_off = str_is(options->provider_url, "off");
    if (!store_read(options->db, scope, read_rows, &rows, err) ||
        !add_server(models, arena, &setup, err))
        return false;
    if (rows.setting.length && !add_own(arena, &rows, &setup, err))
        return false;
    if (!rows.setting.length && options->provider_url.length && !is_off)
        add_given(arena, options, &setup);
    if (rows.policy.length && !policy_parse(arena, rows.policy, &setup.policy, err))
        return fail_in(err, "the saved policy of calls"); /* better no call than one unmasked */
    for (size_t i = 0; i < rows.items.count; i++)
        add_row(models, arena, &rows.items.at[i], &setup);
    setup_settle(&setup);
    if (!setup.primary.length)
        choose_primary(&setup, is_off);
    if (!options->provider_url.length)
        add_found(models, arena, &setup);
    *err = (Error){ 0 };
    *setup_r = setup;
    return true;
}

bool setup_keys(Models *models, Arena *arena, const SetupService *service, StrList *keys_r,
                Error *err)
{
    AUTO_JSON json_t *json = NULL;
    Str seal_key, opened;
    StrList keys = service->keys;
    if (service->sealed.length) {
        if (!server_key(models->options.db, arena, SEAL_KEY, &seal_key, err) ||
            !seal_open(arena, seal_key, service->sealed, &opened, err))
            return fail_in(err, "the key of " STR_FMT, STR_ARG(service->name));
        Str *one = arena_new_one(arena, Str);
        *one = opened;
        keys = (StrList){ one, 1 };
        if (service->from == FROM_WORKSPACE &&
            (!json_parse(opened, MB(1), &json, err) ||
             !json_read(json, arena, JSON_FIELDS({ "keys", JSON_STRS, &keys, .required = true }),
                        err)))
            return fail_in(err, "the key of " STR_FMT, STR_ARG(service->name));
    }
    *keys_r = keys;
    return true;
}
