/* models_test.c - which service a workspace has, and which model of it. */
#include "db/fixture_test.h"
#include "models/models_int.h"
#include "store/migrate.h"
#include "store/people_store.h"
#include "store/settings_store.h"
#include "store/workspaces_store.h"

Test(models, the_first_model_for_chat_is_taken)
{
    static const struct {
        const char *names, *first;
    } cases[] = {
        { "llama3.2:3b", "llama3.2:3b" },
        { "nomic-embed-text:latest,qwen3:8b", "qwen3:8b" },
        { "text-embedding-3-small,whisper-1,tts-1,gpt-5-mini", "gpt-5-mini" },
        { "bge-m3,BAAI/bge-reranker-v2", "" },
        { "", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        Str rest = str(cases[i].names), name;
        VEC(Str) names = { 0 };
        while (str_next(&rest, ',', &name))
            *vec_push(arena, &names) = name;
        cr_assert(str_is(first_chat_model((StrList){ names.at, names.count }), cases[i].first),
                  "%s", cases[i].names);
    }
}

/* --- Over a database --- */

typedef struct Place {
    Arena *arena;
    Scope scope;
    Str setting;
} Place;

static bool make_place(DbTx *tx, void *argument, Error *err)
{
    Place *place = argument;
    Workspace workspace = { .name = S("w") };
    if (!workspace_add(tx, &(Scope){ .is_system = true, .role = ROLE_OWNER }, place->arena,
                       &workspace, err))
        return false;
    place->scope = (Scope){ .workspace = workspace.id, .role = ROLE_ADMIN };
    return true;
}

static bool set_service(DbTx *tx, void *argument, Error *err)
{
    Place *place = argument;
    return setting_set(tx, &place->scope, PROVIDER_SETTING, place->setting, err);
}

static Models *open_models(Place *place, Db **db_r, const char *url, const char *provider)
{
    Scope system = { .is_system = true, .role = ROLE_OWNER };
    DbOptions options = { 0 };
    Models *models;
    Error err = { 0 };
    place->arena = arena_new(MB(4));
    cr_assert(db_open(url, &options, db_r, &err) && migrate_up(*db_r, &err), "%s", err.message);
    cr_assert(store_write(*db_r, &system, make_place, place, &err), "%s", err.message);
    ModelsOptions with = { .db = *db_r,
                           .provider_url = str(provider),
                           .provider_model = S("m"),
                           .provider_key = S("sk-server") };
    cr_assert(models_open(&with, &models, &err), "%s", err.message);
    return models;
}

static void close_models(Place *place, Db *db, Models *models)
{
    models_close(models);
    db_close(db);
    arena_free(place->arena);
}

TEST_BOTH(models, the_workspace_comes_before_the_server)
{
    Place place = { 0 };
    Db *db;
    Provider provider;
    Error err = { 0 };
    Models *models = open_models(&place, &db, url, "http://127.0.0.1:11434/v1");
    cr_assert(models_provider(models, &place.scope, place.arena, &provider, &err), "%s",
              err.message);
    cr_assert(str_is(provider.name, "ollama") && str_is(provider.model, "m") && provider.has_key);
    cr_assert_eq(err.code, ERROR_NONE);

    place.setting = S("{\"base_url\":\"https://api.openai.com/v1\",\"model\":\"\","
                      "\"first_model\":\"gpt-5-mini\",\"local\":false}");
    cr_assert(store_write(db, &place.scope, set_service, &place, &err), "%s", err.message);
    cr_assert(models_provider(models, &place.scope, place.arena, &provider, &err), "%s",
              err.message);
    cr_assert(str_is(provider.name, "openai") && str_is(provider.model, "gpt-5-mini"));
    cr_assert(!provider.has_key, "the server's key is not the workspace's");

    cr_assert(models_remove_provider(models, &place.scope, &err), "%s", err.message);
    cr_assert(models_provider(models, &place.scope, place.arena, &provider, &err));
    cr_assert(str_is(provider.name, "ollama"));
    close_models(&place, db, models);
}

TEST_BOTH(models, a_rule_that_was_set_holds_for_the_next_call)
{
    static const char *const rules[] = { "{}", "{\"masks\":{\"kinds\":[\"all\"]}}" };
    Place place = { 0 };
    Db *db;
    Error err = { 0 };
    Models *models = open_models(&place, &db, url, "http://127.0.0.1:11434/v1");
    for (int i = 0; i < 20; i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(4));
        AUTO_JSON json_t *policy = json_loads(rules[i % 2], 0, NULL);
        const GatewayConfig *config;
        cr_assert(models_set_policy(models, &place.scope, arena, policy, &err), "%s", err.message);
        cr_assert(models_config(models, &place.scope, &config, &err), "%s", err.message);
        cr_expect_eq(config->policy.masks != 0, i % 2, "of rule %d", i);
        config_release(config);
    }
    close_models(&place, db, models);
}

TEST_BOTH(models, nothing_is_asked_when_it_is_off)
{
    Place place = { 0 };
    Db *db;
    Provider provider;
    ChatResult result;
    ChatMessage message = { S("user"), S("hello") };
    ChatRequest chat = { .messages = &message, .count = 1, .feature = S("ask") };
    Error err = { 0 };
    Models *models = open_models(&place, &db, url, "off");
    cr_assert(!models_provider(models, &place.scope, place.arena, &provider, &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    cr_assert(!models_chat(models, &place.scope, place.arena, &chat, &result, &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    close_models(&place, db, models);
}

TEST_BOTH(models, forbidden_addresses_are_refused_before_they_are_asked)
{
    static const struct {
        const char *base_url;
        Role role;
        ErrorCode code;
    } cases[] = {
        { "http://127.0.0.1:1/v1", ROLE_READER, ERROR_DENIED },
        { "http://127.0.0.1:1/v1", ROLE_ADMIN, ERROR_DENIED },
        { "http://10.0.0.1/v1", ROLE_ADMIN, ERROR_DENIED },
        { "http://[::1]:1/v1", ROLE_ADMIN, ERROR_DENIED },
        { "http://169.254.169.254/v1", ROLE_OWNER, ERROR_DENIED },
        { "http://127.0.0.1:1/v1", ROLE_OWNER, ERROR_INVALID }, /* nobody answers */
        { "file:///etc/passwd", ROLE_OWNER, ERROR_INVALID },
        { "127.0.0.1:11434", ROLE_OWNER, ERROR_INVALID },
        { "http://127.0.0.1:1/v1?a=b", ROLE_OWNER, ERROR_INVALID },
        { "http://me:secret@127.0.0.1:1/v1", ROLE_OWNER, ERROR_INVALID },
        { "", ROLE_OWNER, ERROR_INVALID },
    };
    Place place = { 0 };
    Db *db;
    Models *models = open_models(&place, &db, url, "off");
    for (size_t i = 0; i < COUNT(cases); i++) {
        Error err = { 0 };
        place.scope.role = cases[i].role;
        cr_assert(!models_set_provider(models, &place.scope, str(cases[i].base_url), S(""),
                                       S("sk-mine"), &err));
        cr_assert_eq(err.code, cases[i].code, "%s: %s", cases[i].base_url, err.message);
        cr_assert(!strstr(err.message, "sk-mine") && !strstr(err.message, "secret"));
    }
    close_models(&place, db, models);
}
