/* mcp_test.c - messages that need no library. */
#include <criterion/criterion.h>

#include "mcp/mcp_int.h"

static int answer(Arena *arena, const char *body, const char *version, const char *method,
                  Str *out_r)
{
    McpParts parts = { 0 };
    Scope scope = { .role = ROLE_READER };
    McpCall call = { .parts = &parts,
                     .scope = &scope,
                     .arena = arena,
                     .body = str(body),
                     .version = str(version),
                     .method = str(method) };
    Buf out = buf_new(arena, MB(4));
    int status = mcp_answer(&call, &out);
    *out_r = buf_str(&out);
    return status;
}

Test(mcp, every_tool_has_schemas_of_objects)
{
    for (size_t i = 0; i < mcp_tool_count; i++) {
        const char *const texts[] = { mcp_tools[i].input, mcp_tools[i].output };
        for (size_t j = 0; j < COUNT(texts); j++) {
            AUTO_JSON json_t *schema = NULL;
            Error err = { 0 };
            cr_assert(json_parse(str(texts[j]), MB(1), &schema, &err), "%s: %s", mcp_tools[i].name,
                      err.message);
            cr_expect(str_is(json_member_text(schema, "type"), "object"));
        }
    }
}

Test(mcp, a_message_is_answered_with_its_own_id)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    static const struct {
        const char *body;
        int status;
        const char *part;
    } cases[] = {
        { "{\"jsonrpc\":\"2.0\",\"id\":\"a\\n\",\"method\":\"ping\"}", 200, "\"id\":\"a\\n\"" },
        { "{\"jsonrpc\":\"2.0\",\"id\":-5,\"method\":\"ping\"}", 200, "\"id\":-5" },
        { "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", 400, "\"id\":null" },
        { "{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"ping\"}", 400, "-32600" },
        { "{\"jsonrpc\":\"2.0\",\"method\":\"anything\"}", 202, "" },
        { "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", 202, "" },
        { "nonsense", 400, "-32700" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str out;
        int status = answer(arena, cases[i].body, NULL, NULL, &out);
        cr_expect(status == cases[i].status && str_find(out, str(cases[i].part)) >= 0,
                  "%s: %d " STR_FMT, cases[i].body, status, STR_ARG(out));
    }
}

/* Whatever is cut off, the answer is one valid object or nothing. */
Test(mcp, every_prefix_of_a_message_gets_an_answer)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    static const char whole[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{\"_meta\":{"
        "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
        "\"io.modelcontextprotocol/clientCapabilities\":{}}}}";
    for (size_t i = 0; i < sizeof whole; i++) {
        AUTO_JSON json_t *json = NULL;
        Error err = { 0 };
        Str out, part = str_copy(arena, (Str){ whole, i });
        int status = answer(arena, part.at, "2026-07-28", "tools/list", &out);
        cr_assert(json_parse(out, MB(4), &json, &err), STR_FMT, STR_ARG(out));
        cr_expect(status == (i == sizeof whole - 1 ? 200 : 400), "%zu: %d", i, status);
    }
}
