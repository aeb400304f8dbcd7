/* ai_api.c - one way to ask models for programs that were written for another backend's paths:
 * /ai/chat/complete, /ai/embeddings, /ai/batch. The messages are OpenAI's. */
#include "api/hosted_tools.h"
#include "api/model_names.h"
#include "api/tool_loop.h"
#include "base/pool.h"
#include "models/models.h"

#define SERVERS_MAX 5
#define BATCH_MAX 100
#define BATCH_AT_ONCE 8
#define TEXTS_MAX 2048
#define ANSWER_MAX MB(64) /* of memory for one answer */

/* One completion: what is asked, and what came of it. */
typedef struct Completion {
    ApiRequest *request;
    GatewayCaller *caller;
    Arena *arena; /* its own: several run at once */
    Str body;
    StrList servers; /* whose tools the model may call */
    GatewayAnswer answer;
    bool is_good;
    Error err;
} Completion;

/* --- Asking --- */

/* As where the library asks itself. */
static bool choose_model(const Completion *one, ModelRequest *asked, Error *err)
{
    const ApiRequest *request = one->request;
    return asked->model.length || models_standard(request->api->models, request->scope, one->arena,
                                                  one->caller->config, &asked->model, err);
}

/* The servers become tools, as gateway/hosted.h has them. */
static void add_servers(const Completion *one, ModelRequest *asked)
{
    size_t count = asked->tool_count + one->servers.count;
    ModelTool *tools = arena_new_array(one->arena, ModelTool, count);
    for (size_t i = 0; i < asked->tool_count; i++)
        tools[i] = asked->tools[i];
    for (size_t i = 0; i < one->servers.count; i++)
        tools[asked->tool_count + i] = hosted_server_tool(one->arena, one->servers.at[i]);
    asked->tools = tools;
    asked->tool_count = count;
}

/* Where there is no service at all, no other name of a model would help. */
static void tell_of_no_service(Completion *one)
{
    Provider ignored;
    Error why;
    if (one->err.code == ERROR_NOT_FOUND &&
        !models_provider(one->request->api->models, one->request->scope, one->arena, &ignored,
                         &why) &&
        why.code == ERROR_NOT_FOUND)
        fail(&one->err, ERROR_BUSY, "%s", why.message);
}

static void complete_one(Completion *one)
{
    const Front *front = &front_openai_chat;
    ModelRequest asked = { .task = TASK_CHAT };
    ToolLoop loop = { .api = one->request->api,
                      .scope = one->request->scope,
                      .caller = one->caller,
                      .arena = one->arena,
                      .asked = &asked,
                      .feature = S("api") };
    one->is_good = front->scan(one->arena, one->body, &asked, &one->err) &&
                   front->read(one->arena, one->body, &asked, &one->err) &&
                   choose_model(one, &asked, &one->err);
    if (!one->is_good)
        return;
    add_servers(one, &asked);
    one->is_good = tool_loop_run(&loop, &one->answer, &one->err);
}

static void complete(void *argument)
{
    Completion *one = argument;
    complete_one(one);
    if (!one->is_good)
        tell_of_no_service(one);
}

/* Each has an arena until they are freed. */
static Completion *completions_new(ApiRequest *request, GatewayCaller *caller, size_t count)
{
    Completion *all = arena_new_array(request->arena, Completion, count);
    for (size_t i = 0; i < count; i++)
        all[i] =
            (Completion){ .request = request, .caller = caller, .arena = arena_new(ANSWER_MAX) };
    return all;
}

static void completions_free(Completion *all, size_t count)
{
    for (size_t i = 0; i < count; i++)
        arena_free(all[i].arena);
}

/* --- Writing --- */

static void put_usage(JsonWriter *json, const ModelUsage *usage, int64_t cost_pico)
{
    int64_t input = usage->input + usage->cache_read + usage->cache_write + usage->cache_write_long;
    put_object(json, "usage");
    put_int(json, "prompt_tokens", input);
    put_int(json, "completion_tokens", usage->output);
    put_int(json, "total_tokens", input + usage->output);
    put_end(json);
    if (cost_pico >= 0)
        put_number(json, "cost", (double)cost_pico / 1e12);
    else
        put_null(json, "cost");
}

/* The members of a completion, inside an object that is open. */
static void put_completion(JsonWriter *json, const Completion *one)
{
    put_bool(json, "success", true);
    put_text(json, "completion", one->answer.text);
    put_text(json, "model", one->answer.model);
    put_usage(json, &one->answer.usage, one->answer.cost);
}

/* --- Handlers --- */

/* "mcp": names of servers. It is ours and goes to no service. */
static bool take_servers(ApiRequest *request, StrList *servers_r, Error *err)
{
    AUTO_JSON json_t *taken = json_object();
    json_t *servers = json_object_get(request->json, "mcp");
    if (!servers)
        return true;
    bool is_moved =
        json_object_set(taken, "mcp", servers) == 0 && json_object_del(request->json, "mcp") == 0;
    return is_moved &&
           json_read(taken, request->arena,
                     JSON_FIELDS({ "mcp", JSON_STRS, servers_r, .length_max = SERVERS_MAX }), err);
}

bool ai_chat_complete(ApiRequest *request, HttpResponse *response, Error *err)
{
    GatewayCaller *caller;
    StrList servers = { 0 };
    if (!take_servers(request, &servers, err))
        return false;
    if (!models_caller(request->api->models, request->scope, &caller, err))
        return false;
    Completion *one = completions_new(request, caller, 1);
    one->body = json_print(request->arena, request->json);
    one->servers = servers;
    complete(one);
    caller_release(caller);
    if (one->is_good) {
        JsonWriter json = put_begin(&response->body);
        put_completion(&json, one);
        put_end(&json);
    } else {
        *err = one->err;
        request->wait_ms = one->answer.wait_ms;
    }
    completions_free(one, 1);
    return response->body.length > 0;
}

static void complete_all(Completion *all, size_t count)
{
    Pool *pool = pool_new("ai-batch", BATCH_AT_ONCE, BATCH_MAX);
    for (size_t i = 0; i < count; i++)
        if (!pool_add(pool, complete, &all[i]))
            complete(&all[i]);
    pool_free(pool); /* waits for all of them */
}

static void put_batch(HttpResponse *response, const Completion *all, size_t count)
{
    int64_t cost = 0, failures = 0;
    JsonWriter json = put_begin(&response->body);
    put_array(&json, "results");
    for (size_t i = 0; i < count; i++) {
        put_object(&json, NULL);
        put_int(&json, "index", (int64_t)i);
        if (all[i].is_good)
            put_completion(&json, &all[i]);
        else
            put_bool(&json, "success", false);
        put_end(&json);
        failures += !all[i].is_good;
        cost += all[i].is_good ? MAX(all[i].answer.cost, (int64_t)0) : 0;
    }
    put_end(&json);
    put_array(&json, "failures");
    for (size_t i = 0; i < count; i++)
        if (!all[i].is_good) {
            put_object(&json, NULL);
            put_int(&json, "index", (int64_t)i);
            put_text(&json, "code", str(error_name(all[i].err.code)));
            put_text(&json, "message", str(all[i].err.message));
            put_end(&json);
        }
    put_end(&json);
    put_int(&json, "completed", (int64_t)count - failures);
    put_int(&json, "failed", failures);
    put_number(&json, "cost", (double)cost / 1e12);
    put_end(&json);
}

/* One that fails fails alone. */
bool ai_batch(ApiRequest *request, HttpResponse *response, Error *err)
{
    GatewayCaller *caller;
    json_t *requests = NULL;
    if (!api_fields(request, err, { "requests", JSON_ANY, &requests, .required = true }))
        return false;
    size_t count = json_array_size(requests);
    if (!count || count > BATCH_MAX)
        return fail_field(err, "requests", "'requests' is a list of 1 to %d", BATCH_MAX);
    if (!models_caller(request->api->models, request->scope, &caller, err))
        return false;
    Completion *all = completions_new(request, caller, count);
    for (size_t i = 0; i < count; i++)
        all[i].body = json_print(request->arena, json_array_get(requests, i));
    complete_all(all, count);
    caller_release(caller);
    put_batch(response, all, count);
    completions_free(all, count);
    return true;
}

static void put_vector(JsonWriter *json, const ModelVector *vector)
{
    put_array(json, NULL);
    for (size_t i = 0; i < vector->count; i++)
        put_number(json, NULL, (double)vector->at[i]);
    put_end(json);
}

bool ai_embeddings(ApiRequest *request, HttpResponse *response, Error *err)
{
    StrList texts = { 0 };
    Str model = STR_NONE;
    ModelReply reply;
    if (!api_fields(request, err,
                    { "texts", JSON_STRS, &texts, .required = true, .length_max = TEXTS_MAX },
                    { "model", JSON_STR, &model, .length_max = 200 }))
        return false;
    if (!texts.count)
        return fail_field(err, "texts", "'texts' is a list of 1 to %d", TEXTS_MAX);
    if (!api_embed_texts(request, texts, &model, &reply, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "success", true);
    put_text(&json, "model", model);
    put_array(&json, "embeddings");
    for (size_t i = 0; i < reply.vectors.count; i++)
        put_vector(&json, &reply.vectors.at[i]);
    put_end(&json);
    put_usage(&json, &reply.usage, -1);
    put_end(&json);
    return true;
}
