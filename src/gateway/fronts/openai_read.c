/* openai_read.c - see openai_read.h. Shapes: OpenAI's API reference, "Create chat completion"; its
 * older functions, and what services of this dialect have added (reasoning_content, cache_control).
 */
#include "gateway/fronts/openai_read.h"

#include "gateway/fronts/openai_tools.h"

/* --- Parts of a message --- */

void read_data_url(Str url, ModelPart *part)
{
    ptrdiff_t comma = str_find_char(url, ',');
    Str head = str_slice(url, 5, comma < 0 ? 5 : (size_t)comma);
    if (!str_starts(url, S("data:")) || comma < 0 || !str_ends(head, S(";base64"))) {
        part->url = url;
        return;
    }
    part->media_type = str_slice(head, 0, head.length - 7);
    part->data = str_from(url, (size_t)comma + 1);
}

static bool read_image(Arena *arena, Str value, void *into, Error *err)
{
    ModelPart *part = into;
    Str url = S("");
    if (json_is_object_text(value)) {
        url = json_walk_member(value, "url");
        part->detail = json_text_of(arena, json_walk_member(value, "detail"));
    } else {
        url = value; /* as some clients write it */
    }
    if (!json_unquote(arena, url, &url))
        return fail_field(err, "url", "it must be a text");
    part->kind = PART_IMAGE;
    read_data_url(url, part);
    return true;
}

static bool read_audio(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "data", MEMBER_TEXT, offsetof(ModelPart, data) },
        { "format", MEMBER_TEXT, offsetof(ModelPart, media_type) },
    };
    ((ModelPart *)into)->kind = PART_AUDIO;
    return read_members(arena, value, MEMBER_RULES(rules), into, NULL, err);
}

static bool read_file(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "file_id", MEMBER_TEXT, offsetof(ModelPart, file_id) },
        { "filename", MEMBER_TEXT, offsetof(ModelPart, name) },
        { "file_data", MEMBER_TEXT, offsetof(ModelPart, url) },
    };
    ModelPart *part = into;
    part->kind = PART_FILE;
    if (!read_members(arena, value, MEMBER_RULES(rules), part, NULL, err))
        return false;
    Str url = part->url;
    part->url = S("");
    read_data_url(url, part);
    if (part->url.length) { /* base64 without the words around it */
        part->data = part->url;
        part->url = S("");
        part->media_type = S("application/pdf");
    }
    return part->data.length || part->file_id.length ||
           fail_field(err, "", "it needs a file_id or file_data");
}

static bool read_refusal(Arena *arena, Str value, void *into, Error *err)
{
    ModelPart *part = into;
    part->kind = PART_REFUSAL;
    return json_unquote(arena, value, &part->text) || fail_field(err, "", "it must be a text");
}

/* What the part is, is told by its type; its members say the same. */
static bool check_type(Arena *arena, Str value, void *into, Error *err)
{
    static const char *const known[] = { "text", "image_url", "input_audio", "file", "refusal" };
    Str type = json_text_of(arena, value);
    (void)into;
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_is(type, known[i]))
            return true;
    return fail_field(err, "", "there is no part of the type '" STR_FMT "'",
                      STR_ARG(str_slice(type, 0, 40)));
}

static bool read_part(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "type", MEMBER_READ, .read = check_type },
        { "text", MEMBER_TEXT, offsetof(ModelPart, text) },
        { "image_url", MEMBER_READ, .read = read_image },
        { "input_audio", MEMBER_READ, .read = read_audio },
        { "file", MEMBER_READ, .read = read_file },
        { "refusal", MEMBER_READ, .read = read_refusal },
        { "cache_control", MEMBER_JSON, offsetof(ModelPart, cache) },
    };
    ModelPart *part = vec_push(arena, (PartList *)into);
    *part = (ModelPart){ .kind = PART_TEXT };
    return read_members(arena, value, MEMBER_RULES(rules), part, NULL, err);
}

/* --- Messages --- */

typedef struct WireMessage {
    Str role, name, tool_call_id, reasoning;
    Str content, refusal, tool_calls, function_call, details; /* as written */
} WireMessage;

/* What is read of a message's reasoning_details; the texts of `parts` lie in `text`. */
typedef struct Thoughts {
    PartList *parts;
    Buf text;
} Thoughts;

/* One of OpenRouter's reasoning_details. */
typedef struct WireDetail {
    Str type, text, data, signature, format;
} WireDetail;

/* A text, or a list of parts. */
static bool read_content(Arena *arena, Str content, PartList *parts, Error *err)
{
    if (!content.length)
        return true;
    if (json_is_list(content))
        return read_items(arena, content, read_part, parts, err) || fail_below(err, "content");
    ModelPart *part = vec_push(arena, parts);
    *part = (ModelPart){ .kind = PART_TEXT };
    return json_unquote(arena, content, &part->text) ||
           fail_field(err, "content", "it must be a text or a list of parts");
}

static bool read_call_function(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "name", MEMBER_TEXT, offsetof(ModelPart, name) },
        { "arguments", MEMBER_TEXT, offsetof(ModelPart, arguments) },
    };
    return read_members(arena, value, MEMBER_RULES(rules), into, NULL, err);
}

static bool read_tool_call(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "id", MEMBER_TEXT, offsetof(ModelPart, id) },
        { "function", MEMBER_READ, .read = read_call_function },
    };
    ModelPart *part = vec_push(arena, (PartList *)into);
    *part = (ModelPart){ .kind = PART_TOOL_CALL };
    return read_members(arena, value, MEMBER_RULES(rules), part, NULL, err) &&
           (part->name.length || fail_field(err, "function.name", "name the function"));
}

/* Of the older form, which has no ids: the function's name is one. */
static Str old_id(Arena *arena, Str name)
{
    return str_format(arena, "call_" STR_FMT, STR_ARG(str_slice(name, 0, 60)));
}

static bool read_calls(Arena *arena, const WireMessage *wire, PartList *parts, Error *err)
{
    if (wire->tool_calls.length && !read_items(arena, wire->tool_calls, read_tool_call, parts, err))
        return fail_below(err, "tool_calls");
    if (!wire->function_call.length)
        return true;
    ModelPart *part = vec_push(arena, parts);
    *part = (ModelPart){ .kind = PART_TOOL_CALL };
    if (!read_call_function(arena, wire->function_call, part, err))
        return fail_below(err, "function_call");
    part->id = old_id(arena, part->name);
    return true;
}

/* What a tool has said, as the one part of its message. */
static void make_result(Arena *arena, const WireMessage *wire, PartList *parts)
{
    ModelPart result = { .kind = PART_TOOL_RESULT, .id = wire->tool_call_id, .name = wire->name };
    if (!result.id.length)
        result.id = old_id(arena, wire->name);
    if (parts->count == 1 && parts->at[0].kind == PART_TEXT) {
        result.text = parts->at[0].text;
    } else {
        result.parts = parts->at;
        result.part_count = parts->count;
    }
    *parts = (PartList){ 0 };
    *vec_push(arena, parts) = result;
}

static bool role_of(Str word, ModelRole *role_r)
{
    static const struct {
        const char *word;
        ModelRole role;
    } roles[] = { { "system", FROM_SYSTEM }, { "developer", FROM_SYSTEM },
                  { "user", FROM_USER },     { "assistant", FROM_ASSISTANT },
                  { "tool", FROM_TOOL },     { "function", FROM_TOOL } };
    for (size_t i = 0; i < COUNT(roles); i++)
        if (str_is(word, roles[i].word)) {
            *role_r = roles[i].role;
            return true;
        }
    return false;
}

/* A thought may come in pieces; its signature ends it. Only Anthropic's and our own go back: those
 * of other services are told apart by their format. */
static bool read_detail(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "type", MEMBER_TEXT, offsetof(WireDetail, type) },
        { "text", MEMBER_TEXT, offsetof(WireDetail, text) },
        { "summary", MEMBER_TEXT, offsetof(WireDetail, text) },
        { "data", MEMBER_TEXT, offsetof(WireDetail, data) },
        { "signature", MEMBER_TEXT, offsetof(WireDetail, signature) },
        { "format", MEMBER_TEXT, offsetof(WireDetail, format) },
    };
    Thoughts *thoughts = into;
    PartList *parts = thoughts->parts;
    WireDetail detail = { 0 };
    if (!read_members(arena, value, MEMBER_RULES(rules), &detail, NULL, err))
        return false;
    bool is_known = !detail.format.length || str_starts(detail.format, S("anthropic-"));
    if (str_is(detail.type, "reasoning.encrypted")) {
        if (is_known && detail.data.length)
            *vec_push(arena, parts) = (ModelPart){ .kind = PART_REASONING,
                                                   .signature = detail.data,
                                                   .is_redacted = true };
        return true;
    }
    ModelPart *last = parts->count ? &parts->at[parts->count - 1] : NULL;
    if (!last || last->signature.length) {
        last = vec_push(arena, parts);
        *last = (ModelPart){ .kind = PART_REASONING };
        last->text = str_from(buf_str(&thoughts->text), thoughts->text.length);
    }
    buf_add(&thoughts->text, detail.text);
    last->text.length += detail.text.length;
    last->signature = is_known ? detail.signature : S("");
    return true;
}

/* What was thought; with signatures, where the client has kept them. */
static bool read_thoughts(Arena *arena, const WireMessage *wire, PartList *parts, Error *err)
{
    if (json_is_list(wire->details)) {
        Thoughts thoughts = { parts, buf_new(arena, wire->details.length) };
        buf_reserve(&thoughts.text, wire->details.length); /* so that it stays where it is */
        if (!read_items(arena, wire->details, read_detail, &thoughts, err))
            return fail_below(err, "reasoning_details");
    }
    if (wire->reasoning.length && !parts->count)
        *vec_push(arena, parts) = (ModelPart){ .kind = PART_REASONING, .text = wire->reasoning };
    return true;
}

static bool read_message_parts(Arena *arena, const WireMessage *wire, ModelMessage *message,
                               Error *err)
{
    PartList parts = { 0 };
    if (!read_thoughts(arena, wire, &parts, err) ||
        !read_content(arena, wire->content, &parts, err))
        return false;
    if (wire->refusal.length)
        *vec_push(arena, &parts) = (ModelPart){ .kind = PART_REFUSAL, .text = wire->refusal };
    if (!read_calls(arena, wire, &parts, err))
        return false;
    if (message->role == FROM_TOOL)
        make_result(arena, wire, &parts);
    message->parts = parts.at;
    message->count = parts.count;
    return true;
}

static bool read_message(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "role", MEMBER_TEXT, offsetof(WireMessage, role) },
        { "content", MEMBER_JSON, offsetof(WireMessage, content) },
        { "name", MEMBER_TEXT, offsetof(WireMessage, name) },
        { "refusal", MEMBER_TEXT, offsetof(WireMessage, refusal) },
        { "tool_calls", MEMBER_JSON, offsetof(WireMessage, tool_calls) },
        { "tool_call_id", MEMBER_TEXT, offsetof(WireMessage, tool_call_id) },
        { "function_call", MEMBER_JSON, offsetof(WireMessage, function_call) },
        { "reasoning_content", MEMBER_TEXT, offsetof(WireMessage, reasoning) },
        { "reasoning", MEMBER_TEXT, offsetof(WireMessage, reasoning) },
        { "reasoning_details", MEMBER_JSON, offsetof(WireMessage, details) },
    };
    WireMessage wire = { 0 };
    ModelMessage *message = vec_push(arena, (MessageList *)into);
    *message = (ModelMessage){ 0 };
    if (!read_members(arena, value, MEMBER_RULES(rules), &wire, NULL, err))
        return false;
    if (!role_of(wire.role, &message->role))
        return fail_field(err, "role",
                          "a role is system, developer, user, assistant, tool or function");
    if (message->role != FROM_TOOL)
        message->name = wire.name;
    return read_message_parts(arena, &wire, message, err);
}

static bool read_messages(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    MessageList messages = { 0 };
    if (!read_items(arena, value, read_message, &messages, err))
        return false;
    request->messages = messages.at;
    request->message_count = messages.count;
    return messages.count || fail_field(err, "", "there must be at least one message");
}

/* --- The rest --- */

bool openai_read_schema(Arena *arena, Str schema, ModelRequest *request, Error *err)
{
    static const MemberRule rules[] = {
        { "name", MEMBER_TEXT, offsetof(ModelRequest, schema_name) },
        { "schema", MEMBER_JSON, offsetof(ModelRequest, schema) },
        { "strict", MEMBER_CHOICE, offsetof(ModelRequest, is_strict) },
    };
    request->format = FORMAT_SCHEMA;
    if (!read_members(arena, schema, MEMBER_RULES(rules), request, NULL, err))
        return false;
    return json_is_object_text(request->schema) ||
           fail_field(err, "schema", "it must be a JSON schema");
}

static bool read_format(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    Str type = json_text_of(arena, json_walk_member(value, "type"));
    if (str_is(type, "json_schema"))
        return openai_read_schema(arena, json_walk_member(value, "json_schema"), request, err) ||
               fail_below(err, "json_schema");
    if (str_is(type, "json_object"))
        request->format = FORMAT_JSON;
    return str_is(type, "json_object") || str_is(type, "text") ||
           fail_field(err, "type", "it is text, json_object or json_schema");
}

/* OpenRouter's {"effort": "high"} or {"max_tokens": 2000}. */
static bool read_reasoning(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "effort", MEMBER_TEXT, offsetof(ModelRequest, reasoning_effort) },
        { "max_tokens", MEMBER_INT, offsetof(ModelRequest, reasoning_budget), 0, INT32_MAX },
    };
    return read_members(arena, value, MEMBER_RULES(rules), into, NULL, err);
}

/* Some texts only: the answer would be something else. */
static bool check_modalities(Arena *arena, Str value, void *into, Error *err)
{
    (void)arena, (void)into;
    return str_find(value, S("\"audio\"")) < 0 ||
           fail(err, ERROR_UNSUPPORTED, "this service answers with texts only");
}

bool openai_read(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    static const MemberRule rules[] = {
        { "messages", MEMBER_READ, .read = read_messages },
        { "tools", MEMBER_READ, .read = openai_read_tools },
        { "functions", MEMBER_READ, .read = openai_read_functions },
        { "tool_choice", MEMBER_READ, .read = openai_read_tool_choice },
        { "function_call", MEMBER_READ, .read = openai_read_tool_choice },
        { "parallel_tool_calls", MEMBER_CHOICE, offsetof(ModelRequest, parallel_tools) },
        { "max_tokens", MEMBER_INT, offsetof(ModelRequest, output_max), 1, INT32_MAX },
        { "max_completion_tokens", MEMBER_INT, offsetof(ModelRequest, output_max), 1, INT32_MAX },
        { "temperature", MEMBER_NUMBER, offsetof(ModelRequest, temperature), 0, 2 },
        { "top_p", MEMBER_NUMBER, offsetof(ModelRequest, top_p), 0, 1 },
        { "top_k", MEMBER_NUMBER, offsetof(ModelRequest, top_k) },
        { "presence_penalty", MEMBER_NUMBER, offsetof(ModelRequest, presence_penalty), -2, 2 },
        { "frequency_penalty", MEMBER_NUMBER, offsetof(ModelRequest, frequency_penalty), -2, 2 },
        { "seed", MEMBER_NUMBER, offsetof(ModelRequest, seed) },
        { "stop", MEMBER_TEXTS, offsetof(ModelRequest, stop) },
        { "n", MEMBER_INT, offsetof(ModelRequest, choice_count), 1, 128 },
        { "logprobs", MEMBER_FLAG, offsetof(ModelRequest, wants_logprobs) },
        { "top_logprobs", MEMBER_INT, offsetof(ModelRequest, top_logprobs), 0, 20 },
        { "response_format", MEMBER_READ, .read = read_format },
        { "reasoning_effort", MEMBER_TEXT, offsetof(ModelRequest, reasoning_effort) },
        { "reasoning", MEMBER_READ, .read = read_reasoning },
        { "user", MEMBER_TEXT, offsetof(ModelRequest, user) },
        { "safety_identifier", MEMBER_TEXT, offsetof(ModelRequest, safety_id) },
        { "service_tier", MEMBER_TEXT, offsetof(ModelRequest, service_tier) },
        { "verbosity", MEMBER_TEXT, offsetof(ModelRequest, verbosity) },
        { "prompt_cache_key", MEMBER_TEXT, offsetof(ModelRequest, cache_key) },
        { "prompt_cache_retention", MEMBER_TEXT, offsetof(ModelRequest, cache_retention) },
        { "modalities", MEMBER_READ, .read = check_modalities },
        { "model", MEMBER_SKIPPED },
        { "stream", MEMBER_SKIPPED },
        { "stream_options", MEMBER_SKIPPED },
    };
    Buf rest = buf_new(arena, body.length + KB(1));
    request->tool_count = 0; /* the scan said only whether there are any */
    if (!read_members(arena, body, MEMBER_RULES(rules), request, &rest, err))
        return false;
    openai_keep_allowed(arena, request);
    request->extra = members_object(arena, &rest);
    return true;
}
