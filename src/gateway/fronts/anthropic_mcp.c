/* anthropic_mcp.c - see anthropic_mcp.h. Shapes: Anthropic's documentation, "MCP connector", in its
 * two revisions: tool_configuration in the server, and mcp_toolset among the tools. */
#include "gateway/fronts/anthropic_mcp.h"

#include "gateway/fronts/tool_list.h"
#include "gateway/hosted.h"

typedef struct WireServer {
    Str url, name, configuration;
} WireServer;

static bool is_ours(Arena *arena, Str server)
{
    return str_is(json_text_of(arena, json_walk_member(server, "url")), HOSTED_URL);
}

bool anthropic_names_ours(Arena *arena, Str servers)
{
    JsonWalk walk = json_walk_begin(json_is_list(servers) ? servers : S("[]"));
    Str ignored, server;
    while (json_walk_next(&walk, &ignored, &server))
        if (is_ours(arena, server))
            return true;
    return false;
}

/* --- Which tools of a server --- */

static bool is_toolset(Arena *arena, Str tool)
{
    return str_is(json_text_of(arena, json_walk_member(tool, "type")), "mcp_toolset");
}

static Str toolset_of(Arena *arena, const ModelRequest *request, Str server)
{
    for (size_t i = 0; i < request->tool_count; i++) {
        Str tool = request->tools[i].builtin;
        if (tool.length && is_toolset(arena, tool) &&
            str_equal(json_text_of(arena, json_walk_member(tool, "mcp_server_name")), server))
            return tool;
    }
    return S("");
}

/* The names of a toolset's tools that are on although the others are off. */
static Str names_that_are_on(Arena *arena, Str configs)
{
    JsonWalk walk = json_walk_begin(json_is_object_text(configs) ? configs : S("{}"));
    Str name, config;
    Buf out = buf_new(arena, configs.length + 2);
    JsonWriter json = put_begin_array(&out);
    while (json_walk_next(&walk, &name, &config))
        if (str_is(json_walk_member(config, "enabled"), "true"))
            put_text(&json, NULL, name);
    put_end(&json);
    return buf_str(&out);
}

/* JSON list; "" for all that the workspace allows. */
static bool allowed_tools(Arena *arena, const ModelRequest *request, const WireServer *server,
                          Str *list_r, Error *err)
{
    Str toolset = toolset_of(arena, request, server->name);
    Str configs = json_walk_member(toolset, "configs");
    bool is_off =
        str_is(json_walk_member(json_walk_member(toolset, "default_config"), "enabled"), "false");
    *list_r = json_walk_member(server->configuration, "allowed_tools");
    if (str_is(json_walk_member(server->configuration, "enabled"), "false"))
        *list_r = S("[]");
    if (is_off)
        *list_r = names_that_are_on(arena, configs);
    return is_off || str_find(configs, S("false")) < 0 ||
           fail_field(err, "tools",
                      "name the tools that are on, with default_config.enabled set to false");
}

/* --- Servers --- */

typedef struct ServersRead {
    const ModelRequest *request;
    ToolList tools;
} ServersRead;

static bool read_server(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "url", MEMBER_TEXT, offsetof(WireServer, url) },
        { "name", MEMBER_TEXT, offsetof(WireServer, name) },
        { "tool_configuration", MEMBER_JSON, offsetof(WireServer, configuration) },
    };
    ServersRead *read = into;
    WireServer server = { 0 };
    Str allowed, quoted;
    if (!read_members(arena, value, MEMBER_RULES(rules), &server, NULL, err) ||
        !allowed_tools(arena, read->request, &server, &allowed, err))
        return false;
    if (!is_ours(arena, value))
        return fail_field(err, "url", "where one server is " HOSTED_URL "'s, all of them are");
    Buf out = buf_new(arena, KB(64));
    JsonWriter json = put_begin(&out);
    put_text(&json, "type", S("mcp"));
    put_text(&json, "server_label", server.name);
    if (allowed.length)
        put_raw(&json, "allowed_tools", allowed);
    put_end(&json);
    quoted = buf_str(&out);
    *vec_push(arena, &read->tools) = (ModelTool){ .builtin = quoted };
    return true;
}

/* What has been read is no member that only its own service understands. */
static Str without_servers(Arena *arena, Str extra)
{
    JsonWalk walk = json_walk_begin(extra);
    Buf out = buf_new(arena, extra.length + 2);
    JsonWriter json = put_begin(&out);
    Str name, value;
    while (extra.length && json_walk_next(&walk, &name, &value))
        if (!str_is(name, "mcp_servers"))
            put_raw(&json, str_c(arena, name), value);
    put_end(&json);
    return out.length > 2 ? buf_str(&out) : S("");
}

bool anthropic_read_servers(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    ServersRead read = { .request = request };
    for (size_t i = 0; i < request->tool_count; i++)
        if (!request->tools[i].builtin.length || !is_toolset(arena, request->tools[i].builtin))
            *vec_push(arena, &read.tools) = request->tools[i];
    Str servers = json_walk_member(body, "mcp_servers");
    if (servers.length && !read_items(arena, servers, read_server, &read, err))
        return fail_below(err, "mcp_servers");
    request->extra = without_servers(arena, request->extra);
    request->tools = read.tools.at;
    request->tool_count = read.tools.count;
    return true;
}

/* --- Blocks --- */

static Str server_name(const ModelPart *part)
{
    return part->server.length ? part->server : S(HOSTED_URL);
}

void put_mcp_use(JsonWriter *json, const ModelPart *part)
{
    put_text(json, "type", S("mcp_tool_use"));
    put_text(json, "id", part->id);
    put_text(json, "name", part->name);
    put_text(json, "server_name", server_name(part));
}

void put_mcp_result(JsonWriter *json, const ModelPart *part)
{
    put_text(json, "type", S("mcp_tool_result"));
    put_text(json, "tool_use_id", part->id);
    put_bool(json, "is_error", part->is_error);
    put_array(json, "content");
    put_object(json, NULL);
    put_text(json, "type", S("text"));
    put_text(json, "text", part->text);
    put_end(json);
    put_end(json);
}
