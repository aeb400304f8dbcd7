/* personas_api.c - who may answer: /v1/personas, and /api/personas for programs written for another
 * backend, whose members lie in "settings". */
#include "api/recipe_work.h"
#include "models/personas.h"
#include "search/search_modes.h"

typedef struct PersonaWork {
    RecipeWork recipe;
    json_t *json; /* what is set */
    Persona persona;
    Str kind, subject, named; /* of a default */
    RecipeDefaultList defaults;
} PersonaWork;

static PersonaWork begin(ApiRequest *request)
{
    return (PersonaWork){ .recipe = { .request = request, .kind = RECIPE_PERSONA },
                          .json = request->json,
                          .persona = { .temperature = -1 } };
}

/* --- As JSON --- */

static void put_heading(JsonWriter *json, const Persona *persona)
{
    put_text(json, "id", persona->id);
    put_text(json, "name", persona->name);
    put_text(json, "model_name",
             str_format(json->out->arena, PERSONA_PREFIX STR_FMT, STR_ARG(persona->name)));
    put_text_or_null(json, "user", persona->user);
    put_int(json, "version", persona->version);
    put_time(json, "created_at", persona->created_at_ms);
    put_time(json, "updated_at", persona->updated_at_ms);
}

static bool answer_persona(const void *argument, HttpResponse *response)
{
    const PersonaWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_heading(&json, &work->persona);
    persona_put(&json, &work->persona);
    put_end(&json);
    return true;
}

/* --- Reading and saving --- */

/* What is given over what is there, checked; then as a recipe. */
static bool take(DbTx *tx, PersonaWork *work, Error *err)
{
    const ApiRequest *request = work->recipe.request;
    Recipe *recipe = &work->recipe.recipe;
    SearchMode mode;
    if (!persona_read(tx, request->scope, request->arena, work->json, &work->persona, err))
        return false;
    if (!search_mode_named(work->persona.search_mode, &mode, err)) {
        snprintf(err->field, sizeof err->field, "search_mode");
        return false;
    }
    recipe->kind = S(RECIPE_PERSONA);
    recipe->name = work->persona.name;
    recipe->body = persona_body(request->arena, &work->persona);
    return true;
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    PersonaWork *work = argument;
    const ApiRequest *request = work->recipe.request;
    work->recipe.recipe = (Recipe){ 0 };
    return take(tx, work, err) &&
           recipe_add(tx, request->scope, request->arena, &work->recipe.recipe, err) &&
           persona_of(request->arena, &work->recipe.recipe, &work->persona, err);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    PersonaWork *work = argument;
    const ApiRequest *request = work->recipe.request;
    return recipe_work_own(tx, &work->recipe, err) &&
           persona_of(request->arena, &work->recipe.recipe, &work->persona, err) &&
           take(tx, work, err) &&
           recipe_update(tx, request->scope, request->arena, &work->recipe.recipe, err) &&
           persona_of(request->arena, &work->recipe.recipe, &work->persona, err);
}

/* --- /v1/personas --- */

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    PersonaWork *work = argument;
    const ApiRequest *request = work->recipe.request;
    bool is_mine = str_is(http_query(request->http, "mine"), "1") ||
                   str_starts(request->http->path, S("/api/"));
    return recipe_list(tx, request->scope, request->arena, S(RECIPE_PERSONA),
                       is_mine ? request->scope->user : STR_NONE, &work->recipe.list, err);
}

bool personas_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    PersonaWork work = begin(request);
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.recipe.list.count; i++) {
        Persona persona;
        if (!persona_of(request->arena, &work.recipe.list.at[i], &persona, err))
            return false;
        put_object(&json, NULL);
        put_heading(&json, &persona);
        persona_put(&json, &persona);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.recipe.list.count, STR_NONE);
    return true;
}

bool personas_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    PersonaWork work = begin(request);
    response->status = 201;
    return api_change(request, response, add_work, answer_persona, &work, err);
}

static bool show_work(DbTx *tx, void *argument, Error *err)
{
    PersonaWork *work = argument;
    return recipe_work_find(tx, &work->recipe, err) &&
           persona_of(work->recipe.request->arena, &work->recipe.recipe, &work->persona, err);
}

bool personas_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    PersonaWork work = begin(request);
    return store_read(request->api->db, request->scope, show_work, &work, err) &&
           answer_persona(&work, response);
}

bool personas_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    PersonaWork work = begin(request);
    return api_change(request, response, change_work, answer_persona, &work, err);
}

bool personas_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    return recipe_answer_removed(request, response, RECIPE_PERSONA, err);
}

bool personas_versions(ApiRequest *request, HttpResponse *response, Error *err)
{
    return recipe_answer_versions(request, response, RECIPE_PERSONA, err);
}

bool personas_restore(ApiRequest *request, HttpResponse *response, Error *err)
{
    PersonaWork work = begin(request);
    return recipe_work_restore(&work.recipe, err) &&
           persona_of(request->arena, &work.recipe.recipe, &work.persona, err) &&
           answer_persona(&work, response);
}

/* --- Defaults of collections and keys --- */

static bool defaults_work(DbTx *tx, void *argument, Error *err)
{
    PersonaWork *work = argument;
    const ApiRequest *request = work->recipe.request;
    return recipe_defaults(tx, request->scope, request->arena, &work->defaults, err);
}

bool personas_defaults(ApiRequest *request, HttpResponse *response, Error *err)
{
    PersonaWork work = begin(request);
    if (!store_read(request->api->db, request->scope, defaults_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.defaults.count; i++) {
        put_object(&json, NULL);
        put_text(&json, "kind", work.defaults.at[i].subject_kind);
        put_text(&json, "id", work.defaults.at[i].subject);
        put_text(&json, "persona", work.defaults.at[i].recipe);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.defaults.count, STR_NONE);
    return true;
}

static bool set_default_work(DbTx *tx, void *argument, Error *err)
{
    PersonaWork *work = argument;
    const ApiRequest *request = work->recipe.request;
    if (!work->named.length)
        return recipe_remove_default(tx, request->scope, work->kind, work->subject, err);
    return persona_find(tx, request->scope, request->arena, work->named, &work->persona, err) &&
           recipe_set_default(tx, request->scope, work->kind, work->subject, work->persona.id, err);
}

bool personas_set_default(ApiRequest *request, HttpResponse *response, Error *err)
{
    PersonaWork work = begin(request);
    if (!api_fields(request, err, { "kind", JSON_STR, &work.kind, .required = true },
                    { "id", JSON_STR, &work.subject, .required = true, .length_max = 64 },
                    { "persona", JSON_STR, &work.named, .length_max = 200 }))
        return false;
    if (!str_is(work.kind, "collection") && !str_is(work.kind, "key"))
        return fail_field(err, "kind", "'kind' is collection or key");
    return api_change(request, response, set_default_work, NULL, &work, err);
}

/* --- /api/personas --- */

static bool move(json_t *to, const json_t *from, const char *name)
{
    json_t *value = json_object_get(from, name);
    return !value || json_object_set(to, name, value) == 0;
}

/* {name, instructions, settings: {...}} as one object. */
static bool flatten(ApiRequest *request, json_t **flat_r, Error *err)
{
    AUTO_JSON json_t *flat = json_object();
    json_t *settings = NULL, *name = NULL, *instructions = NULL;
    if (!api_fields(request, err, { "name", JSON_ANY, &name },
                    { "instructions", JSON_ANY, &instructions },
                    { "settings", JSON_ANY, &settings }))
        return false;
    if (settings && !json_is_object(settings))
        return fail_field(err, "settings", "'settings' is an object");
    if (!move(flat, request->json, "name") || !move(flat, request->json, "instructions") ||
        (settings && json_object_update_missing(flat, settings) != 0))
        return fail(err, ERROR_INVALID, "the body is no object of a persona");
    *flat_r = json_incref(flat);
    return true;
}

static void put_alias(JsonWriter *json, const Persona *persona)
{
    put_heading(json, persona);
    put_text(json, "instructions", persona->instructions);
    put_object(json, "settings");
    persona_put(json, persona);
    put_end(json);
}

static bool answer_alias(const void *argument, HttpResponse *response)
{
    const PersonaWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_object(&json, "persona");
    put_alias(&json, &work->persona);
    put_end(&json);
    put_end(&json);
    return true;
}

static bool save_alias(ApiRequest *request, HttpResponse *response, DbWork *how, Error *err)
{
    AUTO_JSON json_t *flat = NULL;
    PersonaWork work = begin(request);
    if (!flatten(request, &flat, err))
        return false;
    work.json = flat;
    return api_change(request, response, how, answer_alias, &work, err);
}

bool api_personas_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    response->status = 201;
    return save_alias(request, response, add_work, err);
}

bool api_personas_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    return save_alias(request, response, change_work, err);
}

bool api_personas_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    PersonaWork work = begin(request);
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "personas");
    for (size_t i = 0; i < work.recipe.list.count; i++) {
        Persona persona;
        if (!persona_of(request->arena, &work.recipe.list.at[i], &persona, err))
            return false;
        put_object(&json, NULL);
        put_alias(&json, &persona);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}
