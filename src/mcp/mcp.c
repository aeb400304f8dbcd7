/* mcp.c - the protocol: one message in, one answer out; see mcp.h. */
#include "base/base64.h"
#include "base/utf8.h"
#include "mcp/mcp_int.h"

#define META_VERSION "io.modelcontextprotocol/protocolVersion"
#define META_CAPABILITIES "io.modelcontextprotocol/clientCapabilities"
#define ANSWER_MAX MB(64)
#define RESOURCES_MAX 50
#define CACHE_MS 60000 /* how long a client may keep a list */
#define INSTRUCTIONS                                                                               \
    "Lectern holds a library of documents. Use search to find passages, read to read a document "  \
    "from its id, ask for an answer with citations, add to put a text into the library."

/* Revisions with initialize, newest first. */
static const char *const handshakes[] = { MCP_NEWEST, "2025-06-18", "2025-03-26", "2024-11-05" };

typedef struct Exchange {
    const McpCall *call;
    json_t *message;
    const json_t *params;
    Str method;
    bool is_stateless; /* 2026-07-28 */
    Buf *out;
    int code; /* of an error; 0: none */
} Exchange;

/* --- Answers --- */

static void put_id(JsonWriter *json, const Exchange *exchange)
{
    const json_t *id = json_object_get(exchange->message, "id");
    if (json_is_string(id))
        put_text(json, "id", (Str){ json_string_value(id), json_string_length(id) });
    else if (json_is_integer(id))
        put_int(json, "id", json_integer_value(id));
    else
        put_null(json, "id");
}

static JsonWriter begin(const Exchange *exchange)
{
    JsonWriter json = put_begin(exchange->out);
    put_text(&json, "jsonrpc", S("2.0"));
    put_id(&json, exchange);
    return json;
}

static JsonWriter begin_result(const Exchange *exchange)
{
    JsonWriter json = begin(exchange);
    put_object(&json, "result");
    if (exchange->is_stateless)
        put_text(&json, "resultType", S("complete"));
    return json;
}

static void end_result(JsonWriter *json)
{
    put_end(json);
    put_end(json);
}

/* What may be kept, and by whom: a role sees other tools and documents than another. */
static void put_caching(JsonWriter *json, const Exchange *exchange)
{
    if (!exchange->is_stateless)
        return;
    put_int(json, "ttlMs", CACHE_MS);
    put_text(json, "cacheScope", S("private"));
}

static void answer_error(Exchange *exchange, int code, Str message)
{
    exchange->code = code;
    JsonWriter json = begin(exchange);
    put_object(&json, "error");
    put_int(&json, "code", code);
    put_text(&json, "message", message);
    if (code == MCP_VERSION) {
        put_object(&json, "data");
        put_array(&json, "supported");
        put_text(&json, NULL, S(MCP_STATELESS));
        put_end(&json);
        put_text(&json, "requested", exchange->call->version);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
}

static Str param_text(const Exchange *exchange, const char *name)
{
    return json_member_text(exchange->params, name);
}

/* --- Who we are --- */

static void put_server(JsonWriter *json)
{
    put_object(json, "capabilities");
    put_object(json, "tools");
    put_end(json);
    put_object(json, "resources");
    put_end(json);
    put_end(json);
    put_object(json, "serverInfo");
    put_text(json, "name", S("lectern"));
    put_text(json, "title", S("Lectern"));
    put_text(json, "version", S(VERSION));
    put_end(json);
    put_text(json, "instructions", S(INSTRUCTIONS));
}

/* A revision that we do not know is answered with the newest that we do; the client may leave. */
static void initialize(Exchange *exchange)
{
    Str asked = param_text(exchange, "protocolVersion"), version = str(handshakes[0]);
    for (size_t i = 0; i < COUNT(handshakes); i++)
        if (str_is(asked, handshakes[i]))
            version = asked;
    JsonWriter json = begin_result(exchange);
    put_text(&json, "protocolVersion", version);
    put_server(&json);
    end_result(&json);
}

static void discover(Exchange *exchange)
{
    JsonWriter json = begin_result(exchange);
    put_array(&json, "supportedVersions");
    put_text(&json, NULL, S(MCP_STATELESS));
    put_end(&json);
    put_server(&json);
    put_caching(&json, exchange);
    end_result(&json);
}

static void ping(Exchange *exchange)
{
    JsonWriter json = begin_result(exchange);
    end_result(&json);
}

/* --- Tools --- */

static void put_tool(JsonWriter *json, const McpTool *tool)
{
    put_object(json, NULL);
    put_text(json, "name", str(tool->name));
    put_text(json, "title", str(tool->title));
    put_text(json, "description", str(tool->description));
    put_raw(json, "inputSchema", str(tool->input));
    put_raw(json, "outputSchema", str(tool->output));
    put_object(json, "annotations");
    put_bool(json, "readOnlyHint", tool->only_reads);
    put_bool(json, "destructiveHint", false);
    put_bool(json, "idempotentHint", true);
    put_bool(json, "openWorldHint", false);
    put_end(json);
    put_end(json);
}

/* A key that is limited to collections changes nothing of the workspace's own, as its tasks. */
static bool may_call(const Scope *scope, const McpTool *tool, Error *err)
{
    if (scope->collections.length && !tool->only_reads && tool->run != tool_add)
        return fail(err, ERROR_DENIED,
                    "this API key is limited to collections, and is not for this tool");
    return scope_needs(scope, tool->needs, err);
}

static void list_tools(Exchange *exchange)
{
    JsonWriter json = begin_result(exchange);
    Error ignored;
    put_array(&json, "tools");
    for (size_t i = 0; i < mcp_tool_count; i++)
        if (may_call(exchange->call->scope, &mcp_tools[i], &ignored))
            put_tool(&json, &mcp_tools[i]);
    put_end(&json);
    put_caching(&json, exchange);
    end_result(&json);
}

static void put_text_block(JsonWriter *json, Str text)
{
    put_object(json, NULL);
    put_text(json, "type", S("text"));
    put_text(json, "text", text);
    put_end(json);
}

static void put_link(JsonWriter *json, Arena *arena, const McpLink *link)
{
    put_object(json, NULL);
    put_text(json, "type", S("resource_link"));
    put_text(json, "uri", mcp_uri(arena, link->document));
    put_text(json, "name", link->name);
    put_text(json, "mimeType", S("text/markdown"));
    put_end(json);
}

static void answer_tool(Exchange *exchange, const McpToolCall *call, const Error *failure)
{
    JsonWriter json = begin_result(exchange);
    put_array(&json, "content");
    put_text_block(&json, failure ? str(failure->message) : buf_str(&call->text));
    for (size_t i = 0; i < call->links.count && !failure; i++)
        put_link(&json, exchange->call->arena, &call->links.at[i]);
    put_end(&json);
    if (!failure)
        put_raw(&json, "structuredContent", buf_str(&call->structured));
    put_bool(&json, "isError", failure != NULL);
    end_result(&json);
}

static const McpTool *find_tool(const Exchange *exchange)
{
    Str name = param_text(exchange, "name");
    for (size_t i = 0; i < mcp_tool_count; i++)
        if (str_is(name, mcp_tools[i].name))
            return &mcp_tools[i];
    return NULL;
}

/* What goes wrong inside a tool is told to the model, which can do better; only a tool that is not
 * there is an error of the protocol. */
static void call_tool(Exchange *exchange)
{
    AUTO_JSON json_t *none = json_object();
    const McpCall *outer = exchange->call;
    const McpTool *tool = find_tool(exchange);
    const json_t *arguments = json_object_get(exchange->params, "arguments");
    McpToolCall call = { .parts = outer->parts,
                         .scope = outer->scope,
                         .arena = outer->arena,
                         .arguments = arguments ? arguments : none,
                         .text = buf_new(outer->arena, ANSWER_MAX),
                         .structured = buf_new(outer->arena, ANSWER_MAX) };
    Error err = { 0 };
    if (!tool) {
        answer_error(exchange, RPC_PARAMS, S("there is no such tool; see tools/list"));
        return;
    }
    bool good = may_call(outer->scope, tool, &err) && tool->run(&call, &err);
    answer_tool(exchange, &call, good ? NULL : &err);
}

/* --- Documents as resources --- */

static void put_resource(JsonWriter *json, Arena *arena, const Document *document)
{
    put_object(json, NULL);
    put_text(json, "uri", mcp_uri(arena, document->id));
    put_text(json, "name", document->name);
    if (document->title.length)
        put_text(json, "title", document->title);
    put_text(json, "mimeType", S("text/markdown"));
    put_end(json);
}

static void list_resources(Exchange *exchange)
{
    const McpCall *call = exchange->call;
    Slice slice = { .limit = RESOURCES_MAX, .after = param_text(exchange, "cursor") };
    DocumentFilter filter = { 0 };
    DocumentViewList list;
    Error err = { 0 };
    if (!library_list(call->parts->library, call->scope, call->arena, &filter, DOCUMENT_BY_CREATED,
                      true, &slice, &list, &err)) {
        answer_error(exchange, err.code == ERROR_INVALID ? RPC_PARAMS : RPC_INTERNAL,
                     str(err.message));
        return;
    }
    JsonWriter json = begin_result(exchange);
    put_array(&json, "resources");
    for (size_t i = 0; i < list.count; i++)
        put_resource(&json, call->arena, &list.at[i].document);
    put_end(&json);
    if (list.next.length)
        put_text(&json, "nextCursor", list.next);
    put_caching(&json, exchange);
    end_result(&json);
}

static void list_templates(Exchange *exchange)
{
    JsonWriter json = begin_result(exchange);
    put_array(&json, "resourceTemplates");
    put_object(&json, NULL);
    put_text(&json, "uriTemplate", S("lectern://documents/{id}"));
    put_text(&json, "name", S("document"));
    put_text(&json, "title", S("A document as Markdown"));
    put_text(&json, "mimeType", S("text/markdown"));
    put_end(&json);
    put_end(&json);
    put_caching(&json, exchange);
    end_result(&json);
}

static void read_resource(Exchange *exchange)
{
    const McpCall *call = exchange->call;
    Str uri = param_text(exchange, "uri"), prefix = mcp_uri(call->arena, STR_NONE);
    Buf text = buf_new(call->arena, ANSWER_MAX / 2);
    Error err = { 0 };
    if (!str_starts(uri, prefix) ||
        !library_print(call->parts->library, call->scope, call->arena, str_from(uri, prefix.length),
                       0, TEXT_MARKDOWN, &text, &err)) {
        answer_error(exchange, RPC_PARAMS,
                     err.message[0] ? str(err.message) : S("there is no such resource"));
        return;
    }
    JsonWriter json = begin_result(exchange);
    put_array(&json, "contents");
    put_object(&json, NULL);
    put_text(&json, "uri", uri);
    put_text(&json, "mimeType", S("text/markdown"));
    put_text(&json, "text", buf_str(&text));
    put_end(&json);
    put_end(&json);
    put_caching(&json, exchange);
    end_result(&json);
}

/* --- Which is which --- */

enum { IN_HANDSHAKE = 1, IN_STATELESS = 2, IN_BOTH = 3 };

static const struct {
    const char *name;
    unsigned where;
    void (*answer)(Exchange *exchange);
    const char *named_by; /* the member that the header Mcp-Name repeats; NULL: none */
} methods[] = {
    { "initialize", IN_HANDSHAKE, initialize, NULL },
    { "ping", IN_HANDSHAKE, ping, NULL },
    { "server/discover", IN_STATELESS, discover, NULL },
    { "tools/list", IN_BOTH, list_tools, NULL },
    { "tools/call", IN_BOTH, call_tool, "name" },
    { "resources/list", IN_BOTH, list_resources, NULL },
    { "resources/templates/list", IN_BOTH, list_templates, NULL },
    { "resources/read", IN_BOTH, read_resource, "uri" },
};

static int find_method(const Exchange *exchange)
{
    unsigned wanted = exchange->is_stateless ? IN_STATELESS : IN_HANDSHAKE;
    for (size_t i = 0; i < COUNT(methods); i++)
        if (str_is(exchange->method, methods[i].name) && (methods[i].where & wanted))
            return (int)i;
    return -1;
}

/* A header holds other than plain ASCII as =?base64?...?=. */
static bool header_says(Arena *arena, Str header, Str text)
{
    Str start = S("=?base64?"), end = S("?="), plain;
    if (str_starts(header, start) && str_ends(header, end) &&
        header.length >= start.length + end.length)
        return base64_decode(arena, str_slice(header, start.length, header.length - end.length),
                             &plain) &&
               str_equal(plain, text);
    return str_equal(header, text);
}

/* What stands between reads the headers and we read the body: they must say the same. Over a pipe
 * there are none. */
static bool check_headers(Exchange *exchange, Str version, int method)
{
    const McpCall *call = exchange->call;
    const char *named_by = method >= 0 ? methods[method].named_by : NULL;
    Str name = named_by ? param_text(exchange, named_by) : STR_NONE;
    const char *wrong = NULL;
    if (!str_equal(call->version, version))
        wrong = "MCP-Protocol-Version is not what params._meta says";
    else if (!str_equal(call->method, exchange->method))
        wrong = "Mcp-Method is not the method of the body";
    else if (name.length && !header_says(call->arena, call->name, name))
        wrong = "Mcp-Name is not what the body names";
    if (wrong)
        answer_error(exchange, MCP_HEADERS, str(wrong));
    return !wrong;
}

static bool check_stateless(Exchange *exchange, int method)
{
    const json_t *meta = json_object_get(exchange->params, "_meta");
    Str version = json_member_text(meta, META_VERSION);
    if (!version.length || !json_is_object(json_object_get(meta, META_CAPABILITIES))) {
        answer_error(exchange, RPC_PARAMS,
                     S("params._meta must hold " META_VERSION " and " META_CAPABILITIES));
        return false;
    }
    if (!check_headers(exchange, version, method))
        return false;
    if (!str_is(version, MCP_STATELESS)) {
        answer_error(exchange, MCP_VERSION, S("this revision is not spoken here"));
        return false;
    }
    return true;
}

/* Whoever says a revision that has initialize, or none, speaks that one. */
static bool is_handshake(const McpCall *call, const json_t *params)
{
    const json_t *meta = json_object_get(params, "_meta");
    if (json_object_get(meta, META_VERSION))
        return false;
    for (size_t i = 0; i < COUNT(handshakes); i++)
        if (str_is(call->version, handshakes[i]))
            return true;
    return !call->version.length;
}

static int http_status(const Exchange *exchange)
{
    if (!exchange->code || exchange->code == RPC_INTERNAL)
        return 200;
    bool is_bad = exchange->code == RPC_PARSE || exchange->code == RPC_INVALID;
    if (!exchange->is_stateless && !is_bad)
        return 200;
    return exchange->code == RPC_NO_METHOD ? 404 : 400;
}

static void answer_request(Exchange *exchange)
{
    int method = find_method(exchange);
    if (exchange->is_stateless && !check_stateless(exchange, method))
        return;
    if (method < 0)
        answer_error(exchange, RPC_NO_METHOD, S("there is no such method here"));
    else
        methods[method].answer(exchange);
}

static bool is_request(const json_t *message)
{
    const json_t *id = json_object_get(message, "id");
    return str_is(json_member_text(message, "jsonrpc"), "2.0") &&
           json_is_string(json_object_get(message, "method")) &&
           (!id || json_is_string(id) || json_is_integer(id));
}

int mcp_answer(const McpCall *call, Buf *out)
{
    AUTO_JSON json_t *message = NULL;
    Exchange exchange = { .call = call, .out = out };
    Error err = { 0 };
    if (!json_parse(call->body, MCP_BODY_MAX, &message, &err)) {
        answer_error(&exchange, RPC_PARSE, str(err.message));
        return http_status(&exchange);
    }
    /* An answer to what we never asked: we ask nothing. */
    if (json_object_get(message, "result") || json_object_get(message, "error"))
        return 202;
    if (!is_request(message)) {
        answer_error(&exchange, RPC_INVALID, S("the body must be one JSON-RPC 2.0 message"));
        return http_status(&exchange);
    }
    exchange.message = message;
    exchange.params = json_object_get(message, "params");
    exchange.method = json_member_text(message, "method");
    exchange.is_stateless = !is_handshake(call, exchange.params);
    if (!json_object_get(message, "id"))
        return 202; /* a notification */
    answer_request(&exchange);
    return http_status(&exchange);
}
