/* hosted_tools.c - see hosted_tools.h. */
#include "api/hosted_tools.h"

#include "answer/answer.h"
#include "base/file.h"
#include "base/json_walk.h"
#include "base/utf8.h"
#include "gateway/hosted.h"
#include "mcp/mcp_client.h"
#include "search/search.h"

#define LIST_MAX MB(4) /* of descriptions of tools */
#define RESULT_MAX KB(64)
#define PASSAGES_MAX 10
#define QUOTE_MAX 400
#define WHOLE_LIBRARY "library"

/* --- Tools of servers --- */

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

static bool run_mcp(HostedTools *tools, const HostedTool *tool, const ModelPart *call,
                    HostedResult *result_r, Error *err)
{
    Str arguments = call->arguments.length ? call->arguments : S("{}"), result;
    if (!json_walk_is_valid(arguments) || arguments.at[0] != '{')
        return fail(err, ERROR_INVALID, "the arguments must be a JSON object");
    if (!mcp_server_call(tools->api->mcp_servers, tools->scope, tools->arena, tool->server,
                         call->name, arguments, &result, err))
        return false;
    result_r->text = result_text(tools->arena, result, &result_r->is_error);
    result_r->told = result_r->text;
    return true;
}

/* As a request names one. */
typedef struct McpWish {
    Str server, url;
    json_t *allowed;  /* NULL: all that the workspace allows */
    json_t *approval; /* "never", "always", or which tools of each; NULL: never */
} McpWish;

/* A list of names, or an object that has one. */
static bool names_tool(const json_t *names, Str tool)
{
    const json_t *name;
    size_t i;
    if (json_is_object(names))
        names = json_object_get(names, "tool_names");
    json_array_foreach(names, i, name) if (json_is_string(name) &&
                                           str_is(tool, json_string_value(name))) return true;
    return false;
}

static bool is_wanted(const McpWish *wish, Str tool)
{
    return !wish->allowed || names_tool(wish->allowed, tool);
}

static Str approval_word(const McpWish *wish)
{
    return str(json_is_string(wish->approval) ? json_string_value(wish->approval) : "");
}

/* Which needs approval is said by either list: of a tool that is on none, as of all without them,
 * the workspace's own list of tools is the approval. */
static bool asks_first(const McpWish *wish, Str tool)
{
    if (!json_is_object(wish->approval))
        return str_is(approval_word(wish), "always");
    const json_t *always = json_object_get(wish->approval, "always");
    const json_t *never = json_object_get(wish->approval, "never");
    return names_tool(always, tool) || (!always && never && !names_tool(never, tool));
}

static bool check_approval(const HostedTools *tools, const McpWish *wish, Error *err)
{
    Str word = approval_word(wish);
    bool is_known = !wish->approval || json_is_object(wish->approval) || str_is(word, "never") ||
                    str_is(word, "always");
    if (!is_known)
        return fail_field(err, "tools",
                          "require_approval is never, always, or an object with lists of both");
    return !wish->approval || str_is(word, "never") || tools->may_ask ||
           fail_field(err, "tools",
                      "require_approval must be never here: only /v1/responses can ask its client");
}

static json_t *said(const json_t *json, const char *name)
{
    json_t *value = json_object_get(json, name);
    return json_is_null(value) ? NULL : value;
}

/* Tokens and other addresses would go where nobody of the workspace has allowed it. */
static bool check_wish(HostedTools *tools, const json_t *json, McpWish *wish, Error *err)
{
    static const char *const refused[] = { "authorization", "headers", "connector_id",
                                           "tunnel_id" };
    McpServerList list;
    for (size_t i = 0; i < COUNT(refused); i++)
        if (said(json, refused[i]))
            return fail_field(err, "tools",
                              "'%s' is not taken from a request: it is set with the server",
                              refused[i]);
    wish->server = str_copy(tools->arena, json_member_text(json, "server_label"));
    wish->url = json_member_text(json, "server_url");
    wish->allowed = said(json, "allowed_tools");
    wish->approval = said(json, "require_approval");
    if (!check_approval(tools, wish, err))
        return false;
    if (!wish->url.length || str_is(wish->url, HOSTED_URL))
        return true;
    if (!mcp_server_list(tools->api->mcp_servers, tools->scope, tools->arena, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (str_equal(list.at[i].name, wish->server) && str_equal(list.at[i].url, wish->url))
            return true;
    return fail_field(err, "tools",
                      "server_url is not the one that the workspace has set for '" STR_FMT
                      "'; leave it out, or let an administrator set it",
                      STR_ARG(str_slice(wish->server, 0, 60)));
}

/* Services refuse two tools of one name. */
static void offer(HostedTools *tools, const ModelTool *offered, HostedTool way)
{
    if (hosted_tools_find(tools, offered->name))
        return;
    *vec_push(tools->arena, &tools->offered) = *offered;
    *vec_push(tools->arena, &tools->ways) = way;
}

static void put_server_tool(JsonWriter *json, const ModelTool *tool)
{
    put_object(json, NULL);
    put_text(json, "name", tool->name);
    put_text(json, "description", tool->description);
    put_raw(json, "input_schema", tool->parameters.length ? tool->parameters : S("{}"));
    put_null(json, "annotations");
    put_end(json);
}

static void offer_mcp(HostedTools *tools, const McpWish *wish, const json_t *list)
{
    Buf told = buf_new(tools->arena, 2 * LIST_MAX);
    JsonWriter json = put_begin_array(&told);
    const json_t *tool;
    size_t i;
    json_array_foreach(list, i, tool)
    {
        const json_t *schema = json_object_get(tool, "inputSchema");
        Str name = json_member_text(tool, "name");
        if (!is_wanted(wish, name))
            continue;
        ModelTool offered = {
            .name = str_copy(tools->arena, name),
            .description = str_copy(tools->arena, json_member_text(tool, "description")),
            .parameters = schema ? json_print(tools->arena, schema) : STR_NONE,
        };
        HostedTool way = { .server = wish->server,
                           .asks_first = asks_first(wish, name),
                           .run = run_mcp };
        offer(tools, &offered, way);
        put_server_tool(&json, &offered);
    }
    put_end(&json);
    if (!tools->is_approved)
        *vec_push(tools->arena, &tools->servers) = (ServerTools){ wish->server, buf_str(&told) };
}

static bool add_mcp(HostedTools *tools, const json_t *json, Error *err)
{
    AUTO_JSON json_t *list = NULL;
    McpWish wish = { 0 };
    Str text;
    if ((!tools->is_approved && !scope_needs(tools->scope, ROLE_EDITOR, err)) ||
        !check_wish(tools, json, &wish, err) ||
        !mcp_server_tools(tools->api->mcp_servers, tools->scope, tools->arena, wish.server, &text,
                          err) ||
        !json_parse(text, LIST_MAX, &list, err))
        return false;
    offer_mcp(tools, &wish, list);
    return true;
}

/* --- The search of the library --- */

static Citation passage_of(HostedTools *tools, const SearchHit *hit)
{
    const ChunkHit *row = &hit->row;
    Str text = row->chunk.text;
    return (Citation){ .number = (int)tools->passages.count + 1,
                       .document = row->chunk.document,
                       .name = path_name(row->name),
                       .place = row->chunk.place,
                       .quote = str_slice(text, 0, utf8_floor(text, MIN(text.length, QUOTE_MAX))),
                       .score = hit->score };
}

static void put_hit(JsonWriter *json, const Citation *passage, Str text)
{
    put_object(json, NULL);
    put_text(json, "file_id", passage->document);
    put_text(json, "filename", passage->name);
    put_number(json, "score", passage->score);
    put_text(json, "text", text);
    put_object(json, "attributes");
    put_end(json);
    put_end(json);
}

static void tell_hits(HostedTools *tools, const HostedTool *tool, const SearchResults *results,
                      HostedResult *result_r)
{
    Buf text = buf_new(tools->arena, MB(1)), told = buf_new(tools->arena, MB(1));
    JsonWriter json = put_begin_array(&told);
    for (size_t i = 0; i < results->count; i++) {
        const SearchHit *hit = &results->at[i];
        if (hit->score < tool->score_min)
            continue;
        Citation passage = passage_of(tools, hit);
        *vec_push(tools->arena, &tools->passages) = passage;
        put_hit(&json, &passage, hit->row.chunk.text);
        buf_addf(&text, "[%d] " STR_FMT ", " STR_FMT "\n" STR_FMT "\n\n", passage.number,
                 STR_ARG(passage.name), STR_ARG(passage.place), STR_ARG(hit->row.chunk.text));
    }
    put_end(&json);
    buf_add(&text, text.length ? S("Cite the passages that your answer rests on by their numbers, "
                                   "as [1].")
                               : S("Nothing in the library fits."));
    result_r->text = buf_str(&text);
    result_r->told = buf_str(&told);
}

static bool run_search(HostedTools *tools, const HostedTool *tool, const ModelPart *call,
                       HostedResult *result_r, Error *err)
{
    SearchRequest search = { .folds_copies = true,
                             .collections = tool->collections,
                             .limit = (int)tool->result_max };
    SearchResults results;
    QueryReading reading;
    search.query = json_text_of(tools->arena, json_walk_member(call->arguments, "query"));
    if (!str_trim(search.query).length)
        return fail(err, ERROR_INVALID, "the arguments must have a query");
    if (!search_read(tools->arena, &search, QUERY_LENIENT, &reading, err) ||
        !search_run(tools->api->searcher, tools->scope, tools->arena, &search, &results, err))
        return false;
    tell_hits(tools, tool, &results, result_r);
    return true;
}

static bool read_search(HostedTools *tools, const json_t *json, HostedTool *tool, Error *err)
{
    const json_t *filters = json_object_get(json, "filters");
    const json_t *ranking = json_object_get(json, "ranking_options"), *id;
    const json_t *most = json_object_get(json, "max_num_results");
    const json_t *least = json_object_get(ranking, "score_threshold");
    VEC(Str) names = { 0 };
    size_t i;
    bool is_whole = false;
    if (filters && !json_is_null(filters))
        return fail(err, ERROR_UNSUPPORTED,
                    "tools: file_search takes no filters here; name collections instead");
    json_array_foreach(json_object_get(json, "vector_store_ids"), i, id)
    {
        Str name = str(json_is_string(id) ? json_string_value(id) : "");
        is_whole = is_whole || str_is(name, WHOLE_LIBRARY);
        *vec_push(tools->arena, &names) = str_copy(tools->arena, name);
    }
    if (!is_whole)
        tool->collections = (StrList){ names.at, names.count };
    if (json_is_integer(most))
        tool->result_max = json_integer_value(most);
    if (json_is_number(least))
        tool->score_min = json_number_value(least);
    return (tool->result_max >= 1 && tool->result_max <= 50) ||
           fail_field(err, "tools", "max_num_results is a number from 1 to 50");
}

static bool add_search(HostedTools *tools, const json_t *json, Error *err)
{
    HostedTool tool = { .run = run_search, .result_max = PASSAGES_MAX };
    if (!read_search(tools, json, &tool, err))
        return false;
    static const ModelTool offered = {
        .name = S_INIT("file_search"),
        .description =
            S_INIT("Searches the library's documents by words and by meaning. Gives numbered "
                   "passages."),
        .parameters =
            S_INIT("{\"type\":\"object\",\"properties\":{\"query\":{\"type\":\"string\"}},"
                   "\"required\":[\"query\"]}"),
    };
    offer(tools, &offered, tool);
    return true;
}

/* --- All of them --- */

static bool add_builtin(HostedTools *tools, Str builtin, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    if (!json_parse(builtin, LIST_MAX, &json, err))
        return false;
    Str type = json_member_text(json, "type");
    if (str_is(type, "mcp"))
        return add_mcp(tools, json, err);
    if (str_is(type, "file_search"))
        return add_search(tools, json, err);
    return fail(err, ERROR_UNSUPPORTED,
                "tools: '" STR_FMT "' is a service's own, which cannot go "
                "together with tools that are called here",
                STR_ARG(str_slice(type, 0, 40)));
}

static bool add_routes(HostedTools *tools, Str route_tools, Error *err)
{
    JsonWalk walk = json_walk_begin(route_tools);
    Str ignored, tool;
    tools->is_approved = true;
    while (route_tools.length && json_walk_next(&walk, &ignored, &tool))
        if (!add_builtin(tools, tool, err))
            return false;
    return true;
}

bool hosted_tools_open(HostedTools *tools, const ModelRequest *request, Str route_tools, Error *err)
{
    size_t hosted = 0;
    tools->may_ask = request->asks_approval;
    for (size_t i = 0; i < request->tool_count; i++) {
        const ModelTool *tool = &request->tools[i];
        if (!tool->builtin.length) {
            offer(tools, tool, (HostedTool){ 0 });
            continue;
        }
        if (++hosted > HOSTED_MAX)
            return fail_field(err, "tools", "at most %d of the tools may be called here",
                              HOSTED_MAX);
        if (!add_builtin(tools, tool->builtin, err))
            return false;
    }
    return add_routes(tools, route_tools, err);
}

const HostedTool *hosted_tools_find(const HostedTools *tools, Str name)
{
    for (size_t i = 0; i < tools->offered.count; i++)
        if (str_equal(tools->offered.at[i].name, name))
            return &tools->ways.at[i];
    return NULL;
}

void hosted_tools_call(HostedTools *tools, const HostedTool *tool, const ModelPart *call,
                       HostedResult *result_r)
{
    Error err = { 0 };
    *result_r = (HostedResult){ 0 };
    if (tool->run(tools, tool, call, result_r, &err))
        return;
    result_r->text = result_r->told = str_copy(tools->arena, str(err.message));
    result_r->is_error = true;
}

ModelTool hosted_server_tool(Arena *arena, Str server)
{
    Buf out = buf_new(arena, KB(4));
    JsonWriter json = put_begin(&out);
    put_text(&json, "type", S("mcp"));
    put_text(&json, "server_label", server);
    put_end(&json);
    return (ModelTool){ .builtin = buf_str(&out) };
}
