/* ai_tools.c - see ai_tools.h. */
#include "api/ai_tools.h"

#include "mcp/mcp_client.h"
#include "models/models.h"

#define TOOLS_MAX MB(4) /* of descriptions */
#define RESULT_MAX KB(64)

typedef struct Tools {
    ApiRequest *request;
    Arena *arena;
    VEC(ModelTool) all;
    VEC(Str) servers; /* of each */
    VEC(ModelMessage) messages;
} Tools;

/* A name that two servers have is the first one's. */
static bool add_server(Tools *tools, Str server, Error *err)
{
    AUTO_JSON json_t *list = NULL;
    const json_t *tool;
    Str text;
    size_t i;
    if (!mcp_server_tools(tools->request->api->mcp_servers, tools->request->scope, tools->arena,
                          server, &text, err) ||
        !json_parse(text, TOOLS_MAX, &list, err))
        return false;
    json_array_foreach(list, i, tool)
    {
        const json_t *schema = json_object_get(tool, "inputSchema");
        *vec_push(tools->arena, &tools->all) = (ModelTool){
            .name = str_copy(tools->arena, json_member_text(tool, "name")),
            .description = str_copy(tools->arena, json_member_text(tool, "description")),
            .parameters = schema ? json_print(tools->arena, schema) : STR_NONE,
        };
        *vec_push(tools->arena, &tools->servers) = server;
    }
    return true;
}

/* The texts of a result; what is no text is left out. */
static Str result_text(Arena *arena, Str result, bool *is_error_r)
{
    AUTO_JSON json_t *json = NULL;
    Buf out = buf_new(arena, RESULT_MAX);
    const json_t *block;
    Error ignored;
    size_t i;
    if (!json_parse(result, MB(16), &json, &ignored))
        return STR_NONE;
    *is_error_r = json_is_true(json_object_get(json, "isError"));
    json_array_foreach(json_object_get(json, "content"), i, block)
        buf_add(&out, json_member_text(block, "text"));
    return buf_str(&out);
}

/* What goes wrong is told to the model, which may do better. */
static ModelPart call_tool(const Tools *tools, const ModelPart *call)
{
    ModelPart part = { .kind = PART_TOOL_RESULT, .id = call->id, .name = call->name };
    Str arguments = call->arguments.length ? call->arguments : S("{}"), result;
    size_t i = 0;
    Error err = { 0 };
    while (i < tools->all.count && !str_equal(tools->all.at[i].name, call->name))
        i++;
    bool good =
        i < tools->all.count
            ? mcp_server_call(tools->request->api->mcp_servers, tools->request->scope, tools->arena,
                              tools->servers.at[i], call->name, arguments, &result, &err)
            : fail(&err, ERROR_NOT_FOUND, "there is no such tool");
    if (good)
        part.text = result_text(tools->arena, result, &part.is_error);
    else
        part.text = str_copy(tools->arena, str(err.message));
    part.is_error |= !good;
    return part;
}

/* What the model said and what its calls gave. False: it calls nothing. */
static bool add_round(Tools *tools, const GatewayAnswer *answer)
{
    const ModelChoice *choice = &answer->reply->choices.at[0];
    bool calls = false;
    *vec_push(tools->arena, &tools->messages) = (ModelMessage){ .role = FROM_ASSISTANT,
                                                                .parts = choice->parts.at,
                                                                .count = choice->parts.count };
    for (size_t i = 0; i < choice->parts.count; i++) {
        if (choice->parts.at[i].kind != PART_TOOL_CALL)
            continue;
        ModelPart *part = arena_new_one(tools->arena, ModelPart);
        *part = call_tool(tools, &choice->parts.at[i]);
        *vec_push(tools->arena, &tools->messages) =
            (ModelMessage){ .role = FROM_TOOL, .parts = part, .count = 1 };
        calls = true;
    }
    return calls;
}

static void add_usage(GatewayAnswer *sum, const GatewayAnswer *round)
{
    ModelUsage usage = sum->usage;
    int64_t cost = sum->cost;
    *sum = *round;
    sum->usage.input += usage.input;
    sum->usage.output += usage.output;
    sum->usage.cache_read += usage.cache_read;
    sum->usage.cache_write += usage.cache_write;
    sum->usage.cache_write_long += usage.cache_write_long;
    sum->cost = cost < 0 || round->cost < 0 ? -1 : cost + round->cost;
}

bool ask_with_tools(ApiRequest *request, GatewayCaller *caller, Arena *arena, ModelRequest *asked,
                    StrList servers, GatewayAnswer *answer_r, Error *err)
{
    Tools tools = { .request = request, .arena = arena };
    GatewayAsk ask = { .request = asked, .feature = S("api") };
    GatewayAnswer sum = { 0 }, round;
    for (size_t i = 0; i < asked->tool_count; i++) { /* the caller's own have no server */
        *vec_push(arena, &tools.all) = asked->tools[i];
        *vec_push(arena, &tools.servers) = STR_NONE;
    }
    for (size_t i = 0; i < servers.count; i++)
        if (!add_server(&tools, servers.at[i], err))
            return false;
    for (size_t i = 0; i < asked->message_count; i++)
        *vec_push(arena, &tools.messages) = asked->messages[i];
    asked->tools = tools.all.at;
    asked->tool_count = tools.all.count;
    for (int i = 0; i < TOOL_ROUNDS_MAX; i++) {
        asked->messages = tools.messages.at;
        asked->message_count = tools.messages.count;
        if (!gateway_ask(models_gateway(request->api->models), caller, arena, &ask, &round, err))
            return false;
        add_usage(&sum, &round);
        if (!servers.count || !add_round(&tools, &round)) {
            *answer_r = sum;
            return true;
        }
    }
    return fail(err, ERROR_UPSTREAM, "the model still calls tools after %d rounds",
                TOOL_ROUNDS_MAX);
}
