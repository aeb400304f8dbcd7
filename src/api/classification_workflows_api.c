/* classification_workflows_api.c - label sets in stages, stored with their versions. */
#include "api/recipe_work.h"
#include "classify/labels.h"

#define BODY_MAX MB(1)
#define DESCRIPTION_MAX 2000

static RecipeWork begin(ApiRequest *request)
{
    return (RecipeWork){ .request = request, .kind = LABEL_WORKFLOW };
}

/* --- Showing --- */

static bool put_flow(JsonWriter *json, const Recipe *recipe, Error *err)
{
    AUTO_JSON json_t *body = NULL;
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    if (!json_parse(recipe->body, BODY_MAX, &body, err))
        return false;
    put_text(json, "id", recipe->id);
    put_text(json, "name", recipe->name);
    put_text(json, "description", json_member_text(body, "description"));
    put_int(json, "version", recipe->version);
    put_raw(json, "stages", json_print(arena, json_object_get(body, "stages")));
    put_text_or_null(json, "user", recipe->user);
    put_time(json, "created_at", recipe->created_at_ms);
    put_time(json, "updated_at", recipe->updated_at_ms);
    return true;
}

static bool answer_flow(const RecipeWork *work, HttpResponse *response, Error *err)
{
    JsonWriter json = put_begin(&response->body);
    if (!put_flow(&json, &work->recipe, err))
        return false;
    put_end(&json);
    return true;
}

/* As it was just checked. */
static bool answer_kept_flow(const void *argument, HttpResponse *response)
{
    Error ignored;
    return answer_flow(argument, response, &ignored);
}

/* --- Saving --- */

/* Label sets are named as people name them; those that are not there are told now. */
static bool check_sets(DbTx *tx, const ApiRequest *request, const StageList *stages, Error *err)
{
    LabelSet set;
    for (size_t i = 0; i < stages->count; i++)
        if (!label_set_find(tx, request->scope, request->arena, stages->at[i].set, &set, err))
            return fail_in(err, "stage %zu", i + 1);
    return true;
}

/* What is not named stays. */
static bool take(DbTx *tx, RecipeWork *work, Error *err)
{
    ApiRequest *request = work->request;
    AUTO_JSON json_t *was = NULL;
    AUTO_JSON json_t *body = NULL;
    json_t *stages = NULL;
    Str name = work->recipe.name, description = STR_NONE;
    StageList list;
    if (work->recipe.body.length && !json_parse(work->recipe.body, BODY_MAX, &was, err))
        return false;
    description = str_copy(request->arena, json_member_text(was, "description"));
    if (!api_fields(request, err, { "name", JSON_STR, &name, .length_max = 200 },
                    { "description", JSON_STR, &description, .length_max = DESCRIPTION_MAX },
                    { "stages", JSON_ANY, &stages }))
        return false;
    if (!stages)
        stages = json_object_get(was, "stages");
    work->recipe.name = str_trim(name);
    if (!work->recipe.name.length)
        return fail_field(err, "name", "a workflow needs a name");
    if (!stages_read(request->arena, stages, &list, err) || !check_sets(tx, request, &list, err))
        return false;
    body = json_pack("{s:s%, s:O}", "description", description.at ? description.at : "",
                     description.length, "stages", stages);
    work->recipe.body = json_print(request->arena, body);
    return true;
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    RecipeWork *work = argument;
    work->recipe = (Recipe){ .kind = S(LABEL_WORKFLOW), .shares = S("") };
    return take(tx, work, err) &&
           recipe_add(tx, work->request->scope, work->request->arena, &work->recipe, err);
}

bool classification_workflows_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecipeWork work = begin(request);
    response->status = 201;
    return api_change(request, response, add_work, answer_kept_flow, &work, err);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    RecipeWork *work = argument;
    return recipe_work_own(tx, work, err) && take(tx, work, err) &&
           recipe_update(tx, work->request->scope, work->request->arena, &work->recipe, err);
}

bool classification_workflows_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecipeWork work = begin(request);
    return api_change(request, response, change_work, answer_kept_flow, &work, err);
}

bool classification_workflows_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    return recipe_answer_removed(request, response, LABEL_WORKFLOW, err);
}

bool classification_workflows_versions(ApiRequest *request, HttpResponse *response, Error *err)
{
    return recipe_answer_versions(request, response, LABEL_WORKFLOW, err);
}

bool classification_workflows_restore(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecipeWork work = begin(request);
    return recipe_work_restore(&work, err) && answer_flow(&work, response, err);
}

/* --- Reading --- */

static bool show_work(DbTx *tx, void *argument, Error *err)
{
    return recipe_work_find(tx, argument, err);
}

bool classification_workflows_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecipeWork work = begin(request);
    return store_read(request->api->db, request->scope, show_work, &work, err) &&
           answer_flow(&work, response, err);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    RecipeWork *work = argument;
    return recipe_list(tx, work->request->scope, work->request->arena, S(LABEL_WORKFLOW), STR_NONE,
                       &work->list, err);
}

bool classification_workflows_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecipeWork work = begin(request);
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        if (!put_flow(&json, &work.list.at[i], err))
            return false;
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.list.count, STR_NONE);
    return true;
}
