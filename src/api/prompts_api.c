/* prompts_api.c - prompts as templates with versions, shares of them, and a bench that runs rows
 * through versions. */
#include "api/recipe_work.h"
#include "api/runs.h"
#include "models/prompt_bench.h"

#define ROWS_MAX 20

typedef struct PromptWork {
    RecipeWork recipe;
    Prompt prompt;
} PromptWork;

static PromptWork begin(ApiRequest *request)
{
    return (PromptWork){ .recipe = { .request = request, .kind = RECIPE_PROMPT },
                         .prompt = { .temperature = -1 } };
}

static void put_recipe(JsonWriter *json, const ApiRequest *request, const Recipe *recipe,
                       const Prompt *prompt)
{
    StrList names = prompt_variables(request->arena, prompt);
    put_text(json, "id", recipe->id);
    put_text(json, "name", recipe->name);
    put_text_or_null(json, "user", recipe->user);
    put_int(json, "version", recipe->version);
    put_raw(json, "shares", recipe->shares.length ? recipe->shares : S("[]"));
    prompt_put(json, prompt);
    put_texts(json, "variables", names);
    put_time(json, "created_at", recipe->created_at_ms);
    put_time(json, "updated_at", recipe->updated_at_ms);
}

static bool read_prompt(PromptWork *work, Error *err)
{
    return prompt_parse(work->recipe.request->arena, work->recipe.recipe.body, &work->prompt, err);
}

static bool answer_prompt(const void *argument, HttpResponse *response)
{
    const PromptWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_recipe(&json, work->recipe.request, &work->recipe.recipe, &work->prompt);
    put_end(&json);
    return true;
}

/* --- Saving --- */

/* Takes name and shares out of the body; what is left is the prompt's own. */
static bool take(PromptWork *work, Error *err)
{
    const ApiRequest *request = work->recipe.request;
    Recipe *recipe = &work->recipe.recipe;
    AUTO_JSON json_t *own = json_copy(request->json);
    const json_t *shares = json_object_get(request->json, "shares");
    const json_t *name = json_object_get(request->json, "name");
    int64_t ignored;
    (void)json_object_del(own, "shares");
    (void)json_object_del(own, "name");
    if (name)
        recipe->name = str_copy(request->arena, str_trim(json_member_text(request->json, "name")));
    if (!recipe->name.length || recipe->name.length > 200)
        return fail_field(err, "name", "a prompt needs a name of at most 200 bytes");
    if (shares)
        recipe->shares = json_print(request->arena, shares);
    if (!prompt_choose(request->arena, recipe->shares, S(""), 1, &ignored, err) ||
        !prompt_read(request->arena, own, &work->prompt, err) || !prompt_check(&work->prompt, err))
        return false;
    Buf out = buf_new(request->arena, PROMPT_BODY_MAX);
    JsonWriter json = put_begin(&out);
    prompt_put(&json, &work->prompt);
    put_end(&json);
    recipe->body = buf_str(&out);
    return true;
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    PromptWork *work = argument;
    const ApiRequest *request = work->recipe.request;
    work->recipe.recipe = (Recipe){ .kind = S(RECIPE_PROMPT) };
    return take(work, err) &&
           recipe_add(tx, request->scope, request->arena, &work->recipe.recipe, err) &&
           read_prompt(work, err);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    PromptWork *work = argument;
    const ApiRequest *request = work->recipe.request;
    return recipe_work_own(tx, &work->recipe, err) && read_prompt(work, err) && take(work, err) &&
           recipe_update(tx, request->scope, request->arena, &work->recipe.recipe, err) &&
           read_prompt(work, err);
}

bool prompts_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    PromptWork work = begin(request);
    response->status = 201;
    return api_change(request, response, add_work, answer_prompt, &work, err);
}

bool prompts_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    PromptWork work = begin(request);
    return api_change(request, response, change_work, answer_prompt, &work, err);
}

bool prompts_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    return recipe_answer_removed(request, response, RECIPE_PROMPT, err);
}

bool prompts_versions(ApiRequest *request, HttpResponse *response, Error *err)
{
    return recipe_answer_versions(request, response, RECIPE_PROMPT, err);
}

bool prompts_restore(ApiRequest *request, HttpResponse *response, Error *err)
{
    PromptWork work = begin(request);
    return recipe_work_restore(&work.recipe, err) && read_prompt(&work, err) &&
           answer_prompt(&work, response);
}

/* --- Reading --- */

static bool show_work(DbTx *tx, void *argument, Error *err)
{
    PromptWork *work = argument;
    return recipe_work_find(tx, &work->recipe, err) && read_prompt(work, err);
}

bool prompts_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    PromptWork work = begin(request);
    return store_read(request->api->db, request->scope, show_work, &work, err) &&
           answer_prompt(&work, response);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    PromptWork *work = argument;
    const ApiRequest *request = work->recipe.request;
    return recipe_list(tx, request->scope, request->arena, S(RECIPE_PROMPT), STR_NONE,
                       &work->recipe.list, err);
}

bool prompts_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    PromptWork work = begin(request);
    if (!store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.recipe.list.count; i++) {
        const Recipe *recipe = &work.recipe.list.at[i];
        if (!prompt_parse(request->arena, recipe->body, &work.prompt, err))
            return false;
        put_object(&json, NULL);
        put_recipe(&json, request, recipe, &work.prompt);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.recipe.list.count, STR_NONE);
    return true;
}

/* --- Running: each row with each version --- */

typedef struct BenchWork {
    PromptWork prompt;
    const json_t *rows, *versions; /* versions NULL: the one that the caller's share gives */
    int64_t numbers[PROMPT_SIDES_MAX];
    Prompt sides[PROMPT_SIDES_MAX];
    size_t side_count;
    Run run;
} BenchWork;

static bool add_side(DbTx *tx, BenchWork *work, int64_t number, Error *err)
{
    const ApiRequest *request = work->prompt.recipe.request;
    RecipeVersion version;
    work->numbers[work->side_count] = number;
    return recipe_version_find(tx, request->scope, request->arena, work->prompt.recipe.recipe.id,
                               number, &version, err) &&
           prompt_parse(request->arena, version.body, &work->sides[work->side_count++], err);
}

static bool sides_work(DbTx *tx, void *argument, Error *err)
{
    BenchWork *work = argument;
    const ApiRequest *request = work->prompt.recipe.request;
    const Recipe *recipe = &work->prompt.recipe.recipe;
    Str who = request->scope->user.length ? request->scope->user : request->scope->key;
    int64_t number;
    size_t i;
    const json_t *one;
    work->side_count = 0;
    if (!recipe_work_find(tx, &work->prompt.recipe, err))
        return false;
    if (!work->versions)
        return prompt_choose(request->arena, recipe->shares, who, recipe->version, &number, err) &&
               add_side(tx, work, number, err);
    if (!json_is_array(work->versions) || json_array_size(work->versions) > PROMPT_SIDES_MAX)
        return fail_field(err, "versions", "'versions' is a list of at most %d", PROMPT_SIDES_MAX);
    json_array_foreach(work->versions, i, one)
    {
        if (!add_side(tx, work, (int64_t)json_integer_value(one), err))
            return false;
    }
    return true;
}

/* A row that fails fails alone. */
static void put_one(JsonWriter *json, const BenchWork *work, size_t row, size_t side)
{
    const ApiRequest *request = work->prompt.recipe.request;
    Error why = { 0 };
    put_object(json, NULL);
    put_int(json, "row", (int64_t)row);
    put_int(json, "version", work->numbers[side]);
    bool good = prompt_bench_row(request->api->models, request->scope, request->arena,
                                 &work->sides[side], json_array_get(work->rows, row), json, &why);
    put_text_or_null(json, "error", good ? STR_NONE : str(why.message));
    put_end(json);
}

static bool read_bench(BenchWork *work, size_t row_max, Error *err)
{
    ApiRequest *request = work->prompt.recipe.request;
    json_t *rows = NULL, *versions = NULL;
    if (!api_fields(request, err, { "rows", JSON_ANY, &rows, .required = true },
                    { "versions", JSON_ANY, &versions }))
        return false;
    if (!json_array_size(rows) || json_array_size(rows) > row_max)
        return fail_field(err, "rows", "'rows' is a list of 1 to %zu objects", row_max);
    work->rows = rows;
    work->versions = versions;
    return true;
}

bool prompts_run(ApiRequest *request, HttpResponse *response, Error *err)
{
    BenchWork work = { .prompt = begin(request) };
    if (!read_bench(&work, ROWS_MAX, err) ||
        !store_read(request->api->db, request->scope, sides_work, &work, err))
        return false;
    size_t count = json_array_size(work.rows);
    JsonWriter json = api_list_begin(response);
    for (size_t row = 0; row < count; row++)
        for (size_t side = 0; side < work.side_count; side++)
            put_one(&json, &work, row, side);
    api_list_end(&json, (int64_t)(count * work.side_count), STR_NONE);
    return true;
}

/* --- The same by a job --- */

static bool start_work(DbTx *tx, void *argument, Error *err)
{
    BenchWork *work = argument;
    const ApiRequest *request = work->prompt.recipe.request;
    if (!sides_work(tx, work, err))
        return false;
    if (!work->side_count)
        return fail_field(err, "versions", "'versions' is a list of 1 to %d", PROMPT_SIDES_MAX);
    const PromptOrder order = { &work->prompt.recipe.recipe, work->rows, work->numbers,
                                work->side_count };
    return prompt_run_start(tx, request->scope, request->arena, &order, &work->run, err);
}

static bool answer_prompts_run_add(const void *argument, HttpResponse *response)
{
    const BenchWork *work = argument;
    return respond_run(response, &work->run);
}

bool prompts_run_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    BenchWork work = { .prompt = begin(request) };
    if (!read_bench(&work, PROMPT_ROWS_MAX, err))
        return false;
    response->status = 202;
    return api_change(request, response, start_work, answer_prompts_run_add, &work, err);
}
