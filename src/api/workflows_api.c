/* workflows_api.c - definitions of workflows: kept with their versions, checked, exported,
 * measured. */
#include "api/recipe_work.h"
#include "api/workflow_json.h"
#include "base/clock.h"

#define NAME_MAX_BYTES 200
#define FIGURES_DAYS 30
#define DAY_MS INT64_C(86400000)
#define EXPORT_FORMAT "lectern-workflow/1"

static RecipeWork begin(ApiRequest *request)
{
    return (RecipeWork){ .request = request, .kind = RECIPE_WORKFLOW };
}

/* --- Showing --- */

static void put_workflow(JsonWriter *json, const Recipe *recipe, bool is_whole)
{
    AUTO_JSON json_t *body = json_loadb(recipe->body.at, recipe->body.length, 0, NULL);
    put_text(json, "id", recipe->id);
    put_text(json, "name", recipe->name);
    put_text(json, "description", json_member_text(body, "description"));
    put_int(json, "version", recipe->version);
    put_bool(json, "enabled", !json_is_false(json_object_get(body, "enabled")));
    put_int(json, "steps", (int64_t)json_array_size(json_object_get(body, "steps")));
    if (is_whole)
        put_raw(json, "definition", recipe->body);
    put_text_or_null(json, "user", recipe->user);
    put_time(json, "created_at", recipe->created_at_ms);
    put_time(json, "updated_at", recipe->updated_at_ms);
}

bool respond_workflow(HttpResponse *response, const Recipe *recipe)
{
    JsonWriter json = put_begin(&response->body);
    put_workflow(&json, recipe, true);
    put_end(&json);
    return true;
}

/* --- Saving --- */

bool workflow_take(ApiRequest *request, Str name, json_t *definition, Recipe *recipe, Error *err)
{
    if (name.length)
        recipe->name = str_trim(name);
    if (!recipe->name.length || recipe->name.length > NAME_MAX_BYTES)
        return fail_field(err, "name", "a workflow needs a name of at most %d bytes",
                          NAME_MAX_BYTES);
    if (!definition)
        return recipe->body.length ||
               fail_field(err, "definition", "a workflow needs a definition, or a template");
    recipe->body = json_print(request->arena, definition);
    if (recipe->body.length > WORKFLOW_BYTES_MAX)
        return fail_field(err, "definition", "the definition has more than %zu bytes",
                          WORKFLOW_BYTES_MAX);
    if (workflow_check(request->arena, definition, err))
        return true;
    snprintf(err->field, sizeof err->field, "definition");
    return false;
}

typedef struct SaveWork {
    RecipeWork recipe;
    Str name, template;
    json_t *definition;
    int64_t version; /* that is changed; 0: whichever there is */
} SaveWork;

/* A template is taken as it is; `format` is what an export begins with. */
static bool read_save(ApiRequest *request, SaveWork *work, json_t **template_r, Error *err)
{
    Str format = STR_NONE, title;
    *work = (SaveWork){ .recipe = begin(request) };
    if (!api_fields(request, err, { "name", JSON_STR, &work->name, .length_max = NAME_MAX_BYTES },
                    { "template", JSON_STR, &work->template, .length_max = 100 },
                    { "format", JSON_STR, &format, .length_max = 100 },
                    { "version", JSON_I64, &work->version, .min = 1, .max = RECIPE_VERSIONS_MAX },
                    { "definition", JSON_ANY, &work->definition }))
        return false;
    if (format.length && !str_is(format, EXPORT_FORMAT))
        return fail_field(err, "format", "only " EXPORT_FORMAT " is read here");
    if (!work->template.length)
        return true;
    if (work->definition)
        return fail_field(err, "template", "give a template or a definition, not both");
    if (!workflow_template_take(request, work->template, &title, template_r, err))
        return false;
    if (!work->name.length)
        work->name = title;
    work->definition = *template_r;
    return true;
}

bool workflow_add(DbTx *tx, ApiRequest *request, Recipe *recipe, Error *err)
{
    return recipe_add(tx, request->scope, request->arena, recipe, err) &&
           workflow_saved(tx, request->scope, request->arena, recipe, err);
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    SaveWork *work = argument;
    work->recipe.recipe = (Recipe){ .kind = S(RECIPE_WORKFLOW), .shares = S("") };
    return workflow_take(work->recipe.request, work->name, work->definition, &work->recipe.recipe,
                         err) &&
           workflow_add(tx, work->recipe.request, &work->recipe.recipe, err);
}

static bool answer_saved(const void *argument, HttpResponse *response)
{
    return respond_workflow(response, &((const SaveWork *)argument)->recipe.recipe);
}

bool workflows_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_JSON json_t *template = NULL;
    SaveWork work;
    response->status = 201;
    return read_save(request, &work, &template, err) &&
           api_change(request, response, add_work, answer_saved, &work, err);
}

static bool save(DbTx *tx, RecipeWork *work, Error *err)
{
    const ApiRequest *request = work->request;
    return recipe_update(tx, request->scope, request->arena, &work->recipe, err) &&
           workflow_saved(tx, request->scope, request->arena, &work->recipe, err);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    SaveWork *work = argument;
    Recipe *recipe = &work->recipe.recipe;
    if (!recipe_work_own(tx, &work->recipe, err))
        return false;
    if (work->version && work->version != recipe->version)
        return fail(err, ERROR_CONFLICT,
                    "somebody has changed the workflow: version %" PRId64 " is the newest",
                    recipe->version);
    return workflow_take(work->recipe.request, work->name, work->definition, recipe, err) &&
           save(tx, &work->recipe, err);
}

bool workflows_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_JSON json_t *template = NULL;
    SaveWork work;
    return read_save(request, &work, &template, err) &&
           api_change(request, response, change_work, answer_saved, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    RecipeWork *work = argument;
    const ApiRequest *request = work->request;
    return recipe_work_own(tx, work, err) &&
           workflow_removed(tx, request->scope, request->arena, &work->recipe, err) &&
           recipe_remove(tx, request->scope, request->arena, &work->recipe, err);
}

bool workflows_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecipeWork work = begin(request);
    return api_change(request, response, remove_work, NULL, &work, err);
}

bool workflows_versions(ApiRequest *request, HttpResponse *response, Error *err)
{
    return recipe_answer_versions(request, response, RECIPE_WORKFLOW, err);
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
    return save(tx, work, err);
}

static bool answer_restored(const void *argument, HttpResponse *response)
{
    return respond_workflow(response, &((const RecipeWork *)argument)->recipe);
}

bool workflows_restore(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecipeWork work = begin(request);
    return api_fields(request, err,
                      { "version", JSON_I64, &work.number, .required = true, .min = 1,
                        .max = RECIPE_VERSIONS_MAX }) &&
           api_change(request, response, restore_work, answer_restored, &work, err);
}

/* --- Reading --- */

static bool show_work(DbTx *tx, void *argument, Error *err)
{
    return recipe_work_find(tx, argument, err);
}

bool workflows_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecipeWork work = begin(request);
    return store_read(request->api->db, request->scope, show_work, &work, err) &&
           respond_workflow(response, &work.recipe);
}

/* What POST /v1/workflows takes, here or elsewhere. */
bool workflows_export(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecipeWork work = begin(request);
    if (!store_read(request->api->db, request->scope, show_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "format", S(EXPORT_FORMAT));
    put_text(&json, "name", work.recipe.name);
    put_raw(&json, "definition", work.recipe.body);
    put_end(&json);
    return true;
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    RecipeWork *work = argument;
    return recipe_list(tx, work->request->scope, work->request->arena, S(RECIPE_WORKFLOW), STR_NONE,
                       &work->list, err);
}

bool workflows_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    RecipeWork work = begin(request);
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_workflow(&json, &work.list.at[i], false);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.list.count, STR_NONE);
    return true;
}

/* --- Without a workflow --- */

bool workflows_check(ApiRequest *request, HttpResponse *response, Error *err)
{
    json_t *definition = NULL;
    if (!api_fields(request, err, { "definition", JSON_ANY, &definition, .required = true }))
        return false;
    if (!workflow_check(request->arena, definition, err)) {
        snprintf(err->field, sizeof err->field, "definition");
        return false;
    }
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "valid", true);
    put_end(&json);
    return true;
}

bool workflow_schema_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)err;
    buf_add(&response->body, workflow_schema(request->arena));
    return true;
}

static void put_kinds(JsonWriter *json)
{
    static const char *const effects[] = { "flow", "pure", "ours", "outside" };
    const StepKind *kind;
    put_array(json, "steps");
    for (size_t i = 0; (kind = workflow_step_kind_at(i)); i++) {
        put_object(json, NULL);
        put_text(json, "type", str(kind->name));
        put_text(json, "effect", str(effects[kind->effect]));
        put_text(json, "meaning", str(kind->meaning));
        put_raw(json, "with", kind->takes ? str(kind->takes) : S("null"));
        put_end(json);
    }
    put_end(json);
}

bool workflow_steps_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    const char *usage, *meaning;
    (void)request;
    (void)err;
    JsonWriter json = put_begin(&response->body);
    put_kinds(&json);
    put_array(&json, "functions");
    for (size_t i = 0; expression_function_at(i, &usage, &meaning); i++) {
        put_object(&json, NULL);
        put_text(&json, "usage", str(usage));
        put_text(&json, "meaning", str(meaning));
        put_end(&json);
    }
    put_end(&json);
    put_array(&json, "triggers");
    for (int i = 0; i < TRIGGER_KIND_COUNT; i++) {
        put_object(&json, NULL);
        put_text(&json, "on", str(workflow_trigger_name((WorkflowTriggerKind)i)));
        put_text(&json, "meaning", str(workflow_trigger_meaning((WorkflowTriggerKind)i)));
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

/* --- How it does --- */

typedef struct FiguresWork {
    RecipeWork recipe;
    int64_t since_ms;
    WorkflowFigures figures;
} FiguresWork;

static bool figures_work(DbTx *tx, void *argument, Error *err)
{
    FiguresWork *work = argument;
    const ApiRequest *request = work->recipe.request;
    return recipe_work_find(tx, &work->recipe, err) &&
           workflow_figures(tx, request->scope, request->arena, work->recipe.recipe.id,
                            work->since_ms, &work->figures, err);
}

static void put_step_figures(JsonWriter *json, const WorkflowStepFigures *step)
{
    put_object(json, NULL);
    put_text(json, "step", step->step);
    put_text(json, "type", step->type);
    put_int(json, "runs", step->runs);
    put_int(json, "done", step->done);
    put_int(json, "failed", step->failed);
    put_int(json, "tries", step->tries);
    put_int(json, "mean_ms", step->mean_ms);
    put_int(json, "slowest_ms", step->slowest_ms);
    put_int(json, "tokens", step->tokens);
    put_int(json, "cost_pico", step->cost_pd);
    put_end(json);
}

static void put_figures(JsonWriter *json, const WorkflowFigures *figures)
{
    int64_t over = figures->done + figures->failed;
    put_int(json, "executions", figures->runs);
    put_int(json, "done", figures->done);
    put_int(json, "failed", figures->failed);
    put_int(json, "cancelled", figures->cancelled);
    put_int(json, "open", figures->open);
    if (over)
        put_number(json, "success_rate", (double)figures->done / (double)over);
    else
        put_null(json, "success_rate");
    put_int(json, "mean_ms", figures->mean_ms);
    put_array(json, "steps");
    for (size_t i = 0; i < figures->step_count; i++)
        put_step_figures(json, &figures->steps[i]);
    put_end(json);
    put_array(json, "errors");
    for (size_t i = 0; i < figures->error_count; i++) {
        put_object(json, NULL);
        put_text(json, "step", figures->errors[i].step);
        put_text(json, "code", figures->errors[i].code);
        put_text(json, "message", figures->errors[i].error);
        put_int(json, "count", figures->errors[i].count);
        put_end(json);
    }
    put_end(json);
}

bool workflows_statistics(ApiRequest *request, HttpResponse *response, Error *err)
{
    FiguresWork work = { .recipe = begin(request) };
    int64_t days;
    if (!api_query_int(request, "days", 1, 3650, FIGURES_DAYS, &days, err))
        return false;
    work.since_ms = now_ms() - days * DAY_MS;
    if (!store_read(request->api->db, request->scope, figures_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "workflow", work.recipe.recipe.id);
    put_int(&json, "days", days);
    put_figures(&json, &work.figures);
    put_end(&json);
    return true;
}
