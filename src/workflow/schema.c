/* schema.c - the JSON Schema of definitions, made of the kinds of steps. */
#include "workflow/workflow_int.h"

#define SCHEMA_MAX KB(256)

/* Members of flow steps, beside those of every step. */
static const struct {
    const char *kind, *properties, *required;
} flows[] = {
    { "condition",
      "\"if\":{\"$ref\":\"#/$defs/expression\"},\"then\":{\"$ref\":\"#/$defs/target\"},"
      "\"else\":{\"$ref\":\"#/$defs/target\"}",
      "\"if\"" },
    { "switch",
      "\"on\":{\"$ref\":\"#/$defs/expression\"},\"cases\":{\"type\":\"object\",\"minProperties\":1,"
      "\"additionalProperties\":{\"$ref\":\"#/$defs/target\"}},"
      "\"default\":{\"$ref\":\"#/$defs/target\"}",
      "\"on\",\"cases\"" },
    { "parallel",
      "\"branches\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":20,\"items\":{\"type\":"
      "\"object\","
      "\"required\":[\"steps\"],\"properties\":{\"steps\":{\"$ref\":\"#/$defs/steps\"}}}}",
      "\"branches\"" },
    { "for_each",
      "\"items\":{\"$ref\":\"#/$defs/expression\"},\"steps\":{\"$ref\":\"#/$defs/steps\"},"
      "\"on_item_error\":{\"enum\":[\"fail\",\"continue\"]},"
      "\"at_once\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":100}",
      "\"items\",\"steps\"" },
    { "wait",
      "\"for_s\":{\"type\":\"number\",\"minimum\":0},\"until\":{\"$ref\":\"#/$defs/expression\"},"
      "\"time_zone\":{\"type\":\"string\"},\"event\":{\"type\":\"string\"}",
      "" },
};

static void add_kind(Buf *out, const StepKind *kind)
{
    const char *properties = NULL, *required = "";
    for (size_t i = 0; i < COUNT(flows); i++)
        if (strcmp(flows[i].kind, kind->name) == 0) {
            properties = flows[i].properties;
            required = flows[i].required;
        }
    buf_addf(out, "{\"title\":\"%s\",\"description\":", kind->name);
    json_quote(out, str(kind->meaning));
    buf_addf(out, ",\"required\":[\"id\",\"type\"%s%s],\"properties\":{\"type\":{\"const\":\"%s\"}",
             *required ? "," : "", required, kind->name);
    if (properties)
        buf_addf(out, ",%s", properties);
    if (kind->takes)
        buf_addf(out, ",\"with\":%s", kind->takes);
    buf_add(out, S("}}"));
}

static const char beginning[] =
    "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"title\":\"Workflow\","
    "\"type\":\"object\",\"required\":[\"steps\"],\"additionalProperties\":false,\"properties\":{"
    "\"description\":{\"type\":\"string\"},\"inputs\":{\"type\":\"object\"},"
    "\"steps\":{\"$ref\":\"#/$defs/steps\"},\"output\":{},\"layout\":{},"
    "\"timeout_s\":{\"type\":\"number\",\"minimum\":1},\"enabled\":{\"type\":\"boolean\"},"
    "\"shared\":{\"type\":\"boolean\"},"
    "\"triggers\":{\"type\":\"array\",\"maxItems\":20,\"items\":{\"type\":\"object\",\"required\":["
    "\"on\"],"
    "\"properties\":{\"on\":{\"enum\":[";
static const char middle[] =
    "]},\"when\":{\"$ref\":\"#/$defs/expression\"},\"from\":{\"type\":\"string\"},"
    "\"collection\":{\"type\":\"string\"},\"cron\":{\"type\":\"string\"},"
    "\"zone\":{\"type\":\"string\"},\"every_s\":{\"type\":\"integer\",\"minimum\":60},"
    "\"input\":{\"type\":\"object\"}}}}},\"$defs\":{"
    "\"expression\":{\"type\":\"string\",\"maxLength\":4000},"
    "\"target\":{\"type\":\"string\",\"description\":\"Id of a step of the same sequence, or "
    "end\"},"
    "\"steps\":{\"type\":\"array\",\"minItems\":1,\"maxItems\":200,\"items\":{\"$ref\":\"#/$defs/"
    "step\"}},"
    "\"step\":{\"type\":\"object\",\"properties\":{"
    "\"id\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z_][A-Za-z0-9_]{0,39}$\"},"
    "\"name\":{\"type\":\"string\"},\"note\":{\"type\":\"string\"},\"layout\":{},"
    "\"when\":{\"$ref\":\"#/$defs/expression\"},\"next\":{\"$ref\":\"#/$defs/target\"},"
    "\"retry\":{\"type\":\"object\",\"properties\":{\"attempts\":{\"type\":\"integer\",\"minimum\":"
    "1,"
    "\"maximum\":20},\"wait_s\":{\"type\":\"number\",\"minimum\":0},\"factor\":{\"type\":"
    "\"number\","
    "\"minimum\":1,\"maximum\":10}}},\"timeout_s\":{\"type\":\"number\",\"minimum\":1},"
    "\"on_error\":{\"type\":\"string\",\"description\":\"fail, continue, or a step\"}},\"oneOf\":[";

Str workflow_schema(Arena *arena)
{
    Buf out = buf_new(arena, SCHEMA_MAX);
    const StepKind *kind;
    buf_add(&out, str(beginning));
    for (int i = 0; i < TRIGGER_KIND_COUNT; i++)
        buf_addf(&out, "%s\"%s\"", i ? "," : "", workflow_trigger_name((WorkflowTriggerKind)i));
    buf_add(&out, str(middle));
    for (size_t i = 0; (kind = workflow_step_kind_at(i)); i++) {
        if (i)
            buf_add_char(&out, ',');
        add_kind(&out, kind);
    }
    buf_add(&out, S("]}}}"));
    return buf_str(&out);
}
