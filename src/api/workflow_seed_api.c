/* workflow_seed_api.c - the same for clients of the document workflows: their names, our engine. */
#include "api/assistant.h"
#include "api/workflow_json.h"

#define NAME_MAX_BYTES 200
#define LISTED 50

/* --- Definitions as they write them --- */

static json_t *first_of(const json_t *object, const char *a, const char *b)
{
    json_t *value = json_object_get(object, a);
    return value ? value : json_object_get(object, b);
}

/* "Send for approval" as send_for_approval: names of steps are free texts there. */
static json_t *id_of(Arena *arena, Str name, size_t place)
{
    Str id = str_lower(arena, str_slice(name, 0, 36));
    char *at = str_c(arena, id);
    for (size_t i = 0; i < id.length; i++)
        if (!(at[i] >= 'a' && at[i] <= 'z') && !(i && at[i] >= '0' && at[i] <= '9'))
            at[i] = '_';
    return id.length ? json_string(at) : json_sprintf("step_%zu", place + 1);
}

/* Steps that are numbered, as 2 or "2", are step_2, also where another one goes on to them. */
static json_t *numbered(json_t *id)
{
    const char *text = json_string_value(id);
    if (json_is_integer(id))
        return json_sprintf("step_%" JSON_INTEGER_FORMAT, json_integer_value(id));
    if (text && text[0] >= '0' && text[0] <= '9')
        return json_sprintf("step_%s", text);
    return json_incref(id);
}

static void carry(json_t *to, const char *name, json_t *value)
{
    if (value && !json_is_null(value))
        json_object_set(to, name, value);
}

/* A step that is written as ours goes as it is. */
static json_t *step_of(Arena *arena, const json_t *given, size_t place)
{
    static const char *const same[] = { "retry", "timeout_s", "on_error",  "if",           "on",
                                        "cases", "default",   "items",     "branches",     "steps",
                                        "for_s", "until",     "event",     "layout",       "note",
                                        "name",  "at_once",   "time_zone", "on_item_error" };
    json_t *step = json_object(), *id = json_object_get(given, "id");
    if (id)
        json_object_set_new(step, "id", numbered(id));
    else
        json_object_set_new(step, "id", id_of(arena, json_member_text(given, "name"), place));
    carry(step, "type", first_of(given, "type", "step_type"));
    carry(step, "with", first_of(given, "with", "config"));
    carry(step, "when", first_of(given, "when", "condition"));
    static const char *const ways[] = { "next", "then", "else" };
    for (size_t i = 0; i < COUNT(same); i++)
        carry(step, same[i], json_object_get(given, same[i]));
    for (size_t i = 0; i < COUNT(ways); i++)
        if (json_object_get(given, ways[i]))
            json_object_set_new(step, ways[i], numbered(json_object_get(given, ways[i])));
    return step;
}

static json_t *definition_of(ApiRequest *request)
{
    const json_t *steps = json_object_get(request->json, "steps"), *given;
    json_t *definition = json_object(), *made = json_array();
    size_t i;
    json_array_foreach(steps, i, given)
    {
        json_array_append_new(made, step_of(request->arena, given, i));
    }
    json_object_set_new(definition, "steps", made);
    carry(definition, "description", json_object_get(request->json, "description"));
    carry(definition, "inputs", json_object_get(request->json, "inputs"));
    carry(definition, "output", json_object_get(request->json, "output"));
    carry(definition, "triggers", json_object_get(request->json, "triggers"));
    carry(definition, "layout", json_object_get(request->json, "layout"));
    return definition;
}

/* A condition of the whole holds for its first step; there it is said where the way goes on. */
static bool add_condition(json_t *definition, const json_t *conditions, Error *err)
{
    json_t *steps = json_object_get(definition, "steps");
    if (!conditions || json_is_null(conditions) ||
        (json_is_array(conditions) && !json_array_size(conditions)) ||
        (json_is_object(conditions) && !json_object_size(conditions)))
        return true;
    if (!json_is_string(conditions))
        return fail_field(err, "conditions",
                          "'conditions' is an expression; steps say theirs as 'condition'");
    json_array_insert_new(steps, 0,
                          json_pack("{s:s, s:s, s:s, s:s}", "id", "workflow_conditions", "type",
                                    "condition", "if", json_string_value(conditions), "else",
                                    "end"));
    return true;
}

typedef struct SeedWork {
    ApiRequest *request;
    Recipe recipe;
    WorkflowExecutionFilter filter;
    Slice slice;
    WorkflowExecutionList list;
    WorkflowStepList *steps; /* of each */
} SeedWork;

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    SeedWork *work = argument;
    return workflow_add(tx, work->request, &work->recipe, err);
}

static bool answer_workflow_seed_add(const void *argument, HttpResponse *response)
{
    const SeedWork *work = argument;
    return respond_workflow(response, &work->recipe);
}

bool workflow_seed_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_JSON json_t *definition = definition_of(request);
    SeedWork work = { .request = request, .recipe = { .kind = S(RECIPE_WORKFLOW) } };
    Str name = json_member_text(request->json, "name");
    if (!name.length)
        name = json_member_text(request->json, "workflow_name");
    if (!add_condition(definition, json_object_get(request->json, "conditions"), err) ||
        !workflow_take(request, str_slice(name, 0, NAME_MAX_BYTES), definition, &work.recipe, err))
        return false;
    response->status = 201;
    return api_change(request, response, add_work, answer_workflow_seed_add, &work, err);
}

/* --- Executions --- */

bool workflow_seed_execute(ApiRequest *request, HttpResponse *response, Error *err)
{
    StartWork work = { .request = request, .start = { .started_by = S("api") } };
    json_t *input = NULL;
    if (!api_fields(
            request, err, { "document_id", JSON_STR, &work.start.document, .length_max = 64 },
            { "document", JSON_STR, &work.start.document, .length_max = 64 },
            { "user_id", JSON_STR, &work.user, .length_max = 64 }, { "input", JSON_ANY, &input },
            { "input_data", JSON_ANY, &input }, { "dry_run", JSON_FLAG, &work.start.is_dry }) ||
        !assistant_user(request, work.user, &work.user, err))
        return false;
    work.start.input = input;
    if (request->once.length)
        work.start.key = str_format(request->arena, "job:" STR_FMT, STR_ARG(request->once));
    response->status = 202;
    return respond_changed_execution(request, workflow_start_work, &work, &work.execution.id,
                                     response, err);
}

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    SeedWork *work = argument;
    const ApiRequest *request = work->request;
    if (!workflow_execution_list(tx, request->scope, request->arena, &work->filter, &work->slice,
                                 &work->list, err))
        return false;
    work->steps = arena_new_array(request->arena, WorkflowStepList, work->list.count);
    for (size_t i = 0; i < work->list.count; i++)
        if (!workflow_step_list(tx, request->scope, request->arena, work->list.at[i].id, -1,
                                &(Slice){ .limit = LISTED }, &work->steps[i], err))
            return false;
    return true;
}

bool workflow_seed_executions(ApiRequest *request, HttpResponse *response, Error *err)
{
    SeedWork work = { .request = request };
    Str workflow = http_query(request->http, "workflow_id");
    Str document = http_query(request->http, "document_id");
    Str state = http_query(request->http, "status"), user = http_query(request->http, "user_id");
    if (user.length && !assistant_user(request, user, &user, err))
        return false;
    work.filter = (WorkflowExecutionFilter){
        .workflow = workflow.length ? workflow : http_query(request->http, "workflow"),
        .document = document.length ? document : http_query(request->http, "document"),
        .state = state.length ? state : http_query(request->http, "state"),
        .user = user,
        .parent = S("*"),
    };
    if (!api_slice(request, &work.slice, err) ||
        !store_read(request->api->db, request->scope, list_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "executions");
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_execution(&json, &work.list.at[i]);
        put_array(&json, "steps");
        for (size_t j = 0; j < work.steps[i].count; j++)
            put_execution_step(&json, &work.steps[i].at[j]);
        put_end(&json);
        put_end(&json);
    }
    put_end(&json);
    put_text_or_null(&json, "next", work.list.next);
    put_end(&json);
    return true;
}
