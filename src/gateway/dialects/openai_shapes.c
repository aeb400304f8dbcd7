/* openai_shapes.c - see openai_shapes.h. */
#include "gateway/dialects/openai_shapes.h"

void put_image_part(JsonWriter *json, const ModelPart *part, Arena *arena)
{
    put_object(json, NULL);
    put_text(json, "type", S("image_url"));
    put_object(json, "image_url");
    put_text(json, "url", media_url(arena, part));
    if (part->detail.length)
        put_text(json, "detail", part->detail);
    put_end(json);
    put_end(json);
}

static void put_call(JsonWriter *json, const ModelPart *part, bool is_text)
{
    put_object(json, NULL);
    put_text(json, "id", call_id(part->id));
    put_text(json, "type", S("function"));
    put_object(json, "function");
    put_text(json, "name", part->name);
    if (is_text)
        put_text(json, "arguments", part->arguments.length ? part->arguments : S("{}"));
    else
        put_arguments(json, "arguments", part->arguments);
    put_end(json);
    put_end(json);
}

void put_calls(JsonWriter *json, const ModelMessage *message, bool is_text)
{
    bool is_open = false;
    for (size_t i = 0; i < message->count; i++) {
        if (message->parts[i].kind != PART_TOOL_CALL)
            continue;
        if (!is_open)
            put_array(json, "tool_calls");
        is_open = true;
        put_call(json, &message->parts[i], is_text);
    }
    if (is_open)
        put_end(json);
}

bool has_only_results(const ModelMessage *message)
{
    for (size_t i = 0; i < message->count; i++)
        if (message->parts[i].kind != PART_TOOL_RESULT)
            return false;
    return message->count > 0;
}

/* A result is text only here: its pictures are said by the user, behind all results. */
static void put_result_pictures(JsonWriter *json, const ModelMessage *message, Arena *arena)
{
    bool is_open = false;
    for (size_t i = 0; i < message->count; i++)
        for (size_t j = 0; j < message->parts[i].part_count; j++) {
            if (message->parts[i].parts[j].kind != PART_IMAGE)
                continue;
            if (!is_open) {
                put_object(json, NULL);
                put_text(json, "role", S("user"));
                put_array(json, "content");
            }
            is_open = true;
            put_image_part(json, &message->parts[i].parts[j], arena);
        }
    if (is_open) {
        put_end(json);
        put_end(json);
    }
}

bool put_results(JsonWriter *json, const ModelMessage *message, Arena *arena)
{
    for (size_t i = 0; i < message->count; i++) {
        const ModelPart *part = &message->parts[i];
        if (part->kind != PART_TOOL_RESULT)
            continue;
        put_object(json, NULL);
        put_text(json, "role", S("tool"));
        put_text(json, "tool_call_id", call_id(part->id));
        put_text(json, "content", result_text(arena, part));
        put_end(json);
    }
    put_result_pictures(json, message, arena);
    return has_only_results(message);
}

/* OpenAI refuses the schema of an object that has no properties, and tools without arguments often
 * have such a one. */
static Str parameters_of(const ModelTool *tool, Arena *arena)
{
    Str schema = str_trim(tool->parameters);
    if (!schema.length)
        return NO_PARAMETERS;
    if (!str_is(json_walk_member(schema, "type"), "\"object\"") ||
        json_walk_member(schema, "properties").length)
        return schema;
    Str rest = str_from(schema, 1);
    return str_format(arena, "{\"properties\":{}," STR_FMT, STR_ARG(rest));
}

void put_function(JsonWriter *json, const ModelTool *tool, bool is_strict, Arena *arena)
{
    put_object(json, NULL);
    put_text(json, "type", S("function"));
    put_object(json, "function");
    put_text(json, "name", tool->name);
    if (tool->description.length)
        put_text(json, "description", tool->description);
    put_raw(json, "parameters", parameters_of(tool, arena));
    if (is_strict)
        put_bool(json, "strict", true);
    put_end(json);
    put_end(json);
}
