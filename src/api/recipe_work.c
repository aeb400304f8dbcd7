#include "api/recipe_work.h"

bool recipe_work_find(DbTx *tx, RecipeWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    return recipe_find_either(tx, request->scope, request->arena, str(work->kind),
                              request->params[0], &work->recipe, err);
}

bool recipe_work_own(DbTx *tx, RecipeWork *work, Error *err)
{
    const Scope *scope = work->request->scope;
    if (!recipe_work_find(tx, work, err))
        return false;
    return str_equal(work->recipe.user, scope->user) || scope->role >= ROLE_ADMIN ||
           fail(err, ERROR_DENIED,
                "'" STR_FMT "' is changed by who made it, or by an administrator; copy it instead",
                STR_ARG(work->recipe.name));
}

static bool versions_work(DbTx *tx, void *argument, Error *err)
{
    RecipeWork *work = argument;
    return recipe_work_find(tx, work, err) &&
           recipe_version_list(tx, work->request->scope, work->request->arena, work->recipe.id,
                               &work->versions, err);
}

bool recipe_answer_versions(ApiRequest *request, HttpResponse *response, const char *kind,
                            Error *err)
{
    RecipeWork work = { .request = request, .kind = kind };
    if (!store_read(request->api->db, request->scope, versions_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.versions.count; i++) {
        const RecipeVersion *version = &work.versions.at[i];
        put_object(&json, NULL);
        put_int(&json, "version", version->number);
        put_bool(&json, "current", version->number == work.recipe.version);
        put_text_or_null(&json, "user", version->user);
        put_raw(&json, "body", version->body);
        put_time(&json, "created_at", version->created_at_ms);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.versions.count, STR_NONE);
    return true;
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    RecipeWork *work = argument;
    return recipe_work_own(tx, work, err) &&
           recipe_remove(tx, work->request->scope, work->request->arena, &work->recipe, err);
}

bool recipe_answer_removed(ApiRequest *request, HttpResponse *response, const char *kind,
                           Error *err)
{
    RecipeWork work = { .request = request, .kind = kind };
    return api_change(request, response, remove_work, NULL, &work, err);
}

static bool restore_work(DbTx *tx, void *argument, Error *err)
{
    RecipeWork *work = argument;
    const ApiRequest *request = work->request;
    RecipeVersion version;
    if (!recipe_work_own(tx, work, err) ||
        !recipe_version_find(tx, request->scope, request->arena, work->recipe.id, work->number,
                             &version, err))
        return false;
    work->recipe.body = version.body;
    return recipe_update(tx, request->scope, request->arena, &work->recipe, err);
}

bool recipe_work_restore(RecipeWork *work, Error *err)
{
    ApiRequest *request = work->request;
    return api_fields(request, err,
                      { "version", JSON_I64, &work->number, .required = true, .min = 1,
                        .max = RECIPE_VERSIONS_MAX }) &&
           store_write(request->api->db, request->scope, restore_work, work, err);
}
