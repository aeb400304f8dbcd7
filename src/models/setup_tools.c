/* setup_tools.c - what a route has the program call for its models, in the words of a request
 * (gateway/hosted.h). Which servers there are is known above: a name that nobody has fails the
 * route's calls. */
#include "gateway/hosted.h"
#include "models/setup.h"

/* {"type": "mcp", "server_label": NAME, "allowed_tools": [...]} */
static bool check_server(Arena *arena, const json_t *json, Error *err)
{
    Str type, label = S(""), approval = S("never");
    StrList allowed;
    if (!json_read(
            json, arena,
            JSON_FIELDS({ "type", JSON_STR, &type },
                        { "server_label", JSON_STR, &label, .required = true, .length_max = 40 },
                        { "require_approval", JSON_STR, &approval, .length_max = 60 },
                        { "allowed_tools", JSON_STRS, &allowed, .length_max = 100 }),
            err))
        return false;
    if (!label.length)
        return fail_field(err, "server_label", "server_label names an MCP server");
    return str_is(approval, "never") ||
           fail_field(err, "require_approval", "a route's tools need no approval: leave it out");
}

/* {"type": "file_search", "vector_store_ids": [...], "max_num_results": N} */
static bool check_search(Arena *arena, const json_t *json, Error *err)
{
    Str type;
    StrList collections;
    int64_t most;
    json_t *ranking;
    return json_read(json, arena,
                     JSON_FIELDS({ "type", JSON_STR, &type },
                                 { "vector_store_ids", JSON_STRS, &collections, .length_max = 100 },
                                 { "max_num_results", JSON_I64, &most, .min = 1, .max = 50 },
                                 { "ranking_options", JSON_ANY, &ranking }),
                     err);
}

static bool check_tool(Arena *arena, const json_t *json, Error *err)
{
    Str type = json_member_text(json, "type");
    if (str_is(type, "mcp"))
        return check_server(arena, json, err);
    if (str_is(type, "file_search"))
        return check_search(arena, json, err);
    return fail_field(err, "type", "a route's tool is of the type mcp or file_search");
}

bool setup_read_tools(Arena *arena, const json_t *json, Str *tools_r, Error *err)
{
    size_t count = json_array_size(json);
    if (json && (!json_is_array(json) || count > HOSTED_MAX))
        return fail_field(err, "tools", "tools is a list of at most %d", HOSTED_MAX);
    for (size_t i = 0; i < count; i++)
        if (!check_tool(arena, json_array_get(json, i), err))
            return fail_in(err, "tools[%zu]", i);
    *tools_r = count ? json_print(arena, json) : S("");
    return true;
}
