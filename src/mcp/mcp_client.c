/* mcp_client.c - asking other servers for their tools; see mcp_client.h. */
#include "base/hash.h"
#include "mcp/mcp_client_int.h"
#include "mcp/mcp_int.h"
#include "net/url_safety.h"

#define CALL_MS 30000
#define ANSWER_MAX MB(16)
#define PAGES_MAX 20 /* of a list of tools */

#define ENVELOPE                                                                                   \
    "\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"" MCP_STATELESS "\","                \
    "\"io.modelcontextprotocol/clientCapabilities\":{},"                                           \
    "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"lectern\",\"version\":\"" VERSION "\"}}"

typedef struct Talk {
    McpServers *servers;
    Arena *arena;
    McpServer server;
    Str token, address;
    Str session; /* of a server with sessions that gives one */
    Str list_key;
    bool is_stateless;
} Talk;

/* --- One exchange --- */

typedef struct Events {
    Arena *arena;
    Str answer;
    bool has_new_list;
} Events;

/* Of a stream of messages only ours has a result or an error; the rest is news. */
static bool on_event(void *self, const SseEvent *event, Error *err)
{
    Events *events = self;
    AUTO_JSON json_t *json = NULL;
    Error ignored;
    (void)err;
    if (!json_parse(event->data, ANSWER_MAX, &json, &ignored))
        return true;
    if (json_object_get(json, "result") || json_object_get(json, "error"))
        events->answer = str_copy(events->arena, event->data);
    if (str_is(json_member_text(json, "method"), "notifications/tools/list_changed"))
        events->has_new_list = true;
    return true;
}

static bool read_events(Talk *talk, HttpAnswer *answer, Error *err)
{
    Events events = { .arena = talk->arena };
    SseReader *reader = sse_reader_new(ANSWER_MAX, on_event, &events);
    bool good = sse_read(reader, answer->body, err);
    sse_reader_free(reader);
    answer->body = events.answer;
    if (events.has_new_list)
        mcp_lists_drop(talk->servers->lists, talk->list_key);
    return good;
}

static bool post(Talk *talk, const char *method, Str name, Str body, HttpAnswer *answer_r,
                 Error *err)
{
    HttpPair headers[8] = {
        { S("Content-Type"), S("application/json") },
        { S("Accept"), S("application/json, text/event-stream") },
        { S("MCP-Protocol-Version"), talk->is_stateless ? S(MCP_STATELESS) : S(MCP_NEWEST) },
    };
    size_t count = 3;
    if (talk->token.length)
        headers[count++] =
            (HttpPair){ S("Authorization"),
                        str_format(talk->arena, "Bearer " STR_FMT, STR_ARG(talk->token)) };
    if (talk->session.length)
        headers[count++] = (HttpPair){ S("Mcp-Session-Id"), talk->session };
    if (talk->is_stateless)
        headers[count++] = (HttpPair){ S("Mcp-Method"), str(method) };
    if (talk->is_stateless && name.length)
        headers[count++] = (HttpPair){ S("Mcp-Name"), name };
    HttpCall call = { .url = talk->server.url,
                      .headers = headers,
                      .header_count = count,
                      .body = body,
                      .has_body = true,
                      .first_byte_ms = CALL_MS,
                      .total_ms = CALL_MS,
                      .answer_max = ANSWER_MAX,
                      .pinned_address = talk->address };
    if (!http_call(talk->servers->http, talk->arena, &call, answer_r, err))
        return false;
    bool is_events =
        str_starts(http_answer_header(answer_r, "Content-Type"), S("text/event-stream"));
    return !is_events || read_events(talk, answer_r, err);
}

/* The result of a request; release with AUTO_JSON. `params`: members of the object, or "". */
static bool ask(Talk *talk, const char *method, Str name, Str params, json_t **answer_r, Error *err)
{
    HttpAnswer answer;
    AUTO_JSON json_t *json = NULL;
    Error ignored;
    const char *meta = talk->is_stateless ? ENVELOPE : "";
    Str body =
        str_format(talk->arena,
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{%s%s" STR_FMT "}}",
                   method, meta, *meta && params.length ? "," : "", STR_ARG(params));
    if (!post(talk, method, name, body, &answer, err))
        return false;
    (void)!json_parse(answer.body, ANSWER_MAX, &json, &ignored);
    const json_t *error = json_object_get(json, "error"), *result = json_object_get(json, "result");
    if (!json_is_object(result)) {
        Str why = json_member_text(error, "message");
        return fail(err, ERROR_UPSTREAM,
                    "the MCP server " STR_FMT " answered with status %d: " STR_FMT,
                    STR_ARG(talk->server.name), answer.status, STR_ARG(str_slice(why, 0, 200)));
    }
    if (!talk->session.length)
        talk->session = http_answer_header(&answer, "Mcp-Session-Id");
    *answer_r = json_incref(json_object_get(json, "result"));
    return true;
}

/* --- Beginning --- */

static bool shake_hands(Talk *talk, Error *err)
{
    AUTO_JSON json_t *result = NULL;
    HttpAnswer answer;
    return ask(talk, "initialize", STR_NONE,
               S("\"protocolVersion\":\"" MCP_NEWEST "\",\"capabilities\":{},"
                 "\"clientInfo\":{\"name\":\"lectern\",\"version\":\"" VERSION "\"}"),
               &result, err) &&
           post(talk, "notifications/initialized", STR_NONE,
                S("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"), &answer, err);
}

/* Another token may be shown other tools. */
static bool find_server(McpServers *servers, const Scope *scope, Arena *arena, Str name, Talk *talk,
                        Error *err)
{
    *talk = (Talk){ .servers = servers, .arena = arena, .is_stateless = true };
    if (!mcp_server_find(servers, scope, arena, name, &talk->server, &talk->token, err))
        return false;
    Str parts[] = { scope->workspace, name, talk->server.url, talk->token };
    talk->list_key = sha256_hex(arena, str_join(arena, parts, COUNT(parts), S("\n")));
    return true;
}

static bool begin(Talk *talk, Error *err)
{
    AUTO_JSON json_t *found = NULL;
    Error ignored;
    UrlSafety safety = { .allows_private = talk->server.allows_private };
    if (!url_check(talk->arena, talk->server.url, &safety, &talk->address, err))
        return false;
    if (ask(talk, "server/discover", STR_NONE, STR_NONE, &found, &ignored))
        return true;
    talk->is_stateless = false;
    return shake_hands(talk, err);
}

/* --- Tools --- */

static bool may_call(const McpServer *server, Str tool)
{
    for (size_t i = 0; i < server->tools.count; i++)
        if (str_is(server->tools.at[i], "*") || str_equal(server->tools.at[i], tool))
            return true;
    return false;
}

/* One page of a list; an empty *cursor at its end. */
static bool list_page(Talk *talk, Str *cursor, JsonWriter *json, int64_t *keep_ms, Error *err)
{
    AUTO_JSON json_t *result = NULL;
    Buf params = buf_new(talk->arena, KB(64));
    size_t i;
    json_t *tool;
    if (cursor->length) {
        buf_add(&params, S("\"cursor\":"));
        json_quote(&params, *cursor);
    }
    if (!ask(talk, "tools/list", STR_NONE, buf_str(&params), &result, err))
        return false;
    json_array_foreach(json_object_get(result, "tools"), i, tool)
        put_raw(json, NULL, json_print(talk->arena, tool));
    const json_t *ttl = json_object_get(result, "ttlMs");
    if (json_is_integer(ttl))
        *keep_ms = json_integer_value(ttl);
    *cursor = str_copy(talk->arena, json_member_text(result, "nextCursor"));
    return true;
}

/* All of them, as the server has them now. */
static bool list_tools(Talk *talk, Str *tools_r, Error *err)
{
    Str cursor = STR_NONE;
    Buf out = buf_new(talk->arena, ANSWER_MAX);
    int64_t keep_ms = MCP_LIST_MS;
    if (!begin(talk, err))
        return false;
    JsonWriter json = put_begin_array(&out);
    for (int page = 0; page < PAGES_MAX && (!page || cursor.length); page++)
        if (!list_page(talk, &cursor, &json, &keep_ms, err))
            return false;
    put_end(&json);
    *tools_r = buf_str(&out);
    mcp_lists_keep(talk->servers->lists, talk->list_key, *tools_r, keep_ms);
    return true;
}

/* Those that the workspace allows. */
static bool allowed_of(const Talk *talk, Str tools, Str *allowed_r, Error *err)
{
    AUTO_JSON json_t *list = NULL;
    Buf out = buf_new(talk->arena, ANSWER_MAX);
    size_t i;
    json_t *tool;
    if (!json_parse(tools, ANSWER_MAX, &list, err))
        return false;
    JsonWriter json = put_begin_array(&out);
    json_array_foreach(list, i, tool)
    {
        if (may_call(&talk->server, json_member_text(tool, "name")))
            put_raw(&json, NULL, json_print(talk->arena, tool));
    }
    put_end(&json);
    *allowed_r = buf_str(&out);
    return true;
}

bool mcp_server_tools(McpServers *servers, const Scope *scope, Arena *arena, Str name, Str *tools_r,
                      Error *err)
{
    Talk talk;
    Str all;
    return find_server(servers, scope, arena, name, &talk, err) &&
           (mcp_lists_find(servers->lists, arena, talk.list_key, &all) ||
            list_tools(&talk, &all, err)) &&
           allowed_of(&talk, all, tools_r, err);
}

bool mcp_server_offers(McpServers *servers, const Scope *scope, Arena *arena, Str name,
                       Str *tools_r, Error *err)
{
    Talk talk;
    return scope_needs(scope, ROLE_ADMIN, err) &&
           find_server(servers, scope, arena, name, &talk, err) && list_tools(&talk, tools_r, err);
}

/* A name that a header can hold: what servers have. */
static bool is_tool_name(Str tool)
{
    for (size_t i = 0; i < tool.length; i++)
        if (tool.at[i] <= ' ' || tool.at[i] > '~' || HAS_CHAR(tool.at[i], "\"\\"))
            return false;
    return tool.length > 0 && tool.length <= 128;
}

bool mcp_server_call(McpServers *servers, const Scope *scope, Arena *arena, Str name, Str tool,
                     Str arguments, Str *result_r, Error *err)
{
    AUTO_JSON json_t *result = NULL;
    Talk talk;
    if (!is_tool_name(tool))
        return fail_field(err, "tool", "a tool's name has 1 to 128 printable characters");
    if (!find_server(servers, scope, arena, name, &talk, err))
        return false;
    if (!may_call(&talk.server, tool))
        return fail(err, ERROR_DENIED, "the tool '" STR_FMT "' is not on the list of " STR_FMT,
                    STR_ARG(tool), STR_ARG(name));
    if (!begin(&talk, err))
        return false;
    Str params = str_format(arena, "\"name\":\"" STR_FMT "\",\"arguments\":" STR_FMT, STR_ARG(tool),
                            STR_ARG(arguments));
    if (!ask(&talk, "tools/call", tool, params, &result, err))
        return false;
    *result_r = json_print(arena, result);
    return true;
}
