/* summary_tools.c - summaries as tools of the MCP server; see tools.def. */
#include "mcp/mcp_int.h"
#include "summary/kept.h"

bool tool_summarize(McpToolCall *call, Error *err)
{
    Str document = STR_NONE, length = S("medium");
    SummaryOrder order = { .only_kept = true };
    SummaryAnswer answer;
    if (!json_read(call->arguments, call->arena,
                   JSON_FIELDS({ "document", JSON_STR, &document, true, .length_max = 64 },
                               { "length", JSON_STR, &length }),
                   err) ||
        !summary_length_named(length, &order.wish.length, err))
        return false;
    order.documents = (StrList){ &document, 1 };
    order.subject = document;
    if (!summary_order(call->parts->summaries, call->scope, call->arena, &order, &answer, err))
        return false;
    AUTO_JSON json_t *summary = NULL;
    if (!json_parse(answer.json, MB(8), &summary, err))
        return false;
    buf_add(&call->text, json_member_text(summary, "text"));
    JsonWriter json = put_begin(&call->structured);
    put_text(&json, "state", str(answer.state));
    put_raw(&json, "summary", answer.json);
    put_end(&json);
    return true;
}
