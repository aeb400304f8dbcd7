/* field_tools.c - the tool for values of documents; see tools.def. */
#include "fields/paper.h"
#include "mcp/mcp_int.h"

static bool read_schema(const json_t *asked, json_t **schema_r, Error *err)
{
    Str name = { json_string_value(asked), json_string_length(asked) };
    const ReadySchema *ready = ready_schema(name);
    if (json_is_object(asked)) {
        *schema_r = json_deep_copy(asked);
        return true;
    }
    if (!ready)
        return fail_field(err, "schema", "there is no ready-made schema '" STR_FMT "'",
                          STR_ARG(str_slice(name, 0, 100)));
    return json_parse(str(ready->json), KB(64), schema_r, err);
}

bool tool_read_fields(McpToolCall *call, Error *err)
{
    AUTO_JSON json_t *schema = NULL;
    AUTO_FIELDS FieldsResult result = { 0 };
    Str id = STR_NONE;
    json_t *asked = NULL;
    const FieldNode *root;
    Paper paper;
    if (!json_read(call->arguments, call->arena,
                   JSON_FIELDS({ "document", JSON_STR, &id, true, .length_max = 100 },
                               { "schema", JSON_ANY, &asked, true }),
                   err) ||
        !read_schema(asked, &schema, err) || !fields_schema(call->arena, schema, &root, err) ||
        !paper_open(call->parts->library, call->scope, call->arena, id, &paper, err))
        return false;
    fields_read(call->arena, root, &paper.input, &result);
    JsonWriter json = put_begin(&call->structured);
    paper_put(&json, call->arena, &paper, STR_NONE, &result);
    put_end(&json);
    for (size_t i = 0; i < result.values.count; i++) {
        Str text = fields_print(call->arena, result.values.at[i].value);
        buf_addf(&call->text, STR_FMT ": " STR_FMT "\n", STR_ARG(result.values.at[i].path),
                 STR_ARG(text));
    }
    for (size_t i = 0; i < result.missing.count; i++)
        buf_addf(&call->text, STR_FMT ": not found\n", STR_ARG(result.missing.at[i]));
    mcp_link(call, id, paper.document.name, paper.document.media_type);
    return true;
}
