/* ollama_read.c - see ollama_read.h. Shapes: Ollama's API reference, "Generate a chat completion"
 * and "Generate a completion". Its options for the machine (num_ctx, num_gpu, mmap...) mean nothing
 * to services of other dialects and are left out. */
#include "gateway/fronts/ollama_read.h"

#include "gateway/fronts/openai_read.h"
#include "gateway/fronts/openai_tools.h"

/* --- Pictures --- */

/* They come without their type, as base64: what its first bytes say. */
static Str picture_type(Str data)
{
    static const struct {
        const char *start;
        Str type;
    } kinds[] = { { "/9j/", S_INIT("image/jpeg") },
                  { "R0lGOD", S_INIT("image/gif") },
                  { "UklGR", S_INIT("image/webp") } };
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (str_starts(data, str(kinds[i].start)))
            return kinds[i].type;
    return S("image/png");
}

static void add_pictures(Arena *arena, StrList images, PartList *parts)
{
    for (size_t i = 0; i < images.count; i++)
        *vec_push(arena, parts) = (ModelPart){ .kind = PART_IMAGE,
                                               .media_type = picture_type(images.at[i]),
                                               .data = images.at[i] };
}

static void add_text(Arena *arena, PartKind kind, Str text, PartList *parts)
{
    if (text.length)
        *vec_push(arena, parts) = (ModelPart){ .kind = kind, .text = text };
}

/* --- Messages --- */

typedef struct WireMessage {
    Str role, content, thinking, tool_calls, tool_name, tool_call_id;
    StrList images;
} WireMessage;

/* Calls have no ids in this dialect: they are numbered, and answered in their order. */
typedef struct Conversation {
    MessageList messages;
    int calls, results;
} Conversation;

typedef struct CallList {
    PartList parts;
    int *calls;
} CallList;

static Str call_id(Arena *arena, int number) { return str_format(arena, "call_%d", number); }

static bool read_call_function(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "name", MEMBER_TEXT, offsetof(ModelPart, name) },
        { "arguments", MEMBER_JSON, offsetof(ModelPart, arguments) },
    };
    return read_members(arena, value, MEMBER_RULES(rules), into, NULL, err);
}

static bool read_call(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "id", MEMBER_TEXT, offsetof(ModelPart, id) },
        { "function", MEMBER_READ, .read = read_call_function },
    };
    CallList *list = into;
    ModelPart *part = vec_push(arena, &list->parts);
    *part = (ModelPart){ .kind = PART_TOOL_CALL };
    if (!read_members(arena, value, MEMBER_RULES(rules), part, NULL, err))
        return false;
    if (!part->id.length)
        part->id = call_id(arena, *list->calls);
    ++*list->calls;
    return part->name.length || fail_field(err, "function.name", "name the function");
}

static bool read_parts(Arena *arena, const WireMessage *wire, Conversation *talk, PartList *parts,
                       Error *err)
{
    add_text(arena, PART_REASONING, wire->thinking, parts);
    add_text(arena, PART_TEXT, wire->content, parts);
    add_pictures(arena, wire->images, parts);
    if (!wire->tool_calls.length)
        return true;
    CallList list = { *parts, &talk->calls };
    if (!read_items(arena, wire->tool_calls, read_call, &list, err))
        return fail_below(err, "tool_calls");
    *parts = list.parts;
    return true;
}

/* Of the call that it names, or of the next one. */
static void add_result(Arena *arena, const WireMessage *wire, Conversation *talk, PartList *parts)
{
    ModelPart result = { .kind = PART_TOOL_RESULT, .name = wire->tool_name };
    PartList inner = { 0 };
    result.id = wire->tool_call_id.length ? wire->tool_call_id : call_id(arena, talk->results);
    talk->results++;
    if (wire->images.count) {
        add_text(arena, PART_TEXT, wire->content, &inner);
        add_pictures(arena, wire->images, &inner);
        result.parts = inner.at;
        result.part_count = inner.count;
    } else {
        result.text = wire->content;
    }
    *vec_push(arena, parts) = result;
}

static bool role_of(Str word, ModelRole *role_r)
{
    static const char *const words[] = { "system", "user", "assistant", "tool" };
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_is(word, words[i])) {
            *role_r = (ModelRole)i;
            return true;
        }
    return false;
}

static bool read_message(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "role", MEMBER_TEXT, offsetof(WireMessage, role) },
        { "content", MEMBER_TEXT, offsetof(WireMessage, content) },
        { "thinking", MEMBER_TEXT, offsetof(WireMessage, thinking) },
        { "images", MEMBER_TEXTS, offsetof(WireMessage, images) },
        { "tool_calls", MEMBER_JSON, offsetof(WireMessage, tool_calls) },
        { "tool_name", MEMBER_TEXT, offsetof(WireMessage, tool_name) },
        { "tool_call_id", MEMBER_TEXT, offsetof(WireMessage, tool_call_id) },
    };
    Conversation *talk = into;
    WireMessage wire = { 0 };
    PartList parts = { 0 };
    ModelRole role;
    if (!read_members(arena, value, MEMBER_RULES(rules), &wire, NULL, err))
        return false;
    if (!role_of(wire.role, &role))
        return fail_field(err, "role", "a role is system, user, assistant or tool");
    if (role == FROM_TOOL) {
        add_result(arena, &wire, talk, &parts);
    } else if (!read_parts(arena, &wire, talk, &parts, err)) {
        return false;
    }
    *vec_push(arena, &talk->messages) =
        (ModelMessage){ .role = role, .parts = parts.at, .count = parts.count };
    return true;
}

static bool read_messages(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    Conversation talk = { 0 };
    if (!read_items(arena, value, read_message, &talk, err))
        return false;
    request->messages = talk.messages.at;
    request->message_count = talk.messages.count;
    return talk.messages.count || fail_field(err, "", "there must be at least one message");
}

/* --- What both have --- */

static bool read_options(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "temperature", MEMBER_NUMBER, offsetof(ModelRequest, temperature) },
        { "top_p", MEMBER_NUMBER, offsetof(ModelRequest, top_p) },
        { "top_k", MEMBER_NUMBER, offsetof(ModelRequest, top_k) },
        { "seed", MEMBER_NUMBER, offsetof(ModelRequest, seed) },
        { "presence_penalty", MEMBER_NUMBER, offsetof(ModelRequest, presence_penalty) },
        { "frequency_penalty", MEMBER_NUMBER, offsetof(ModelRequest, frequency_penalty) },
        { "stop", MEMBER_TEXTS, offsetof(ModelRequest, stop) },
    };
    ModelRequest *request = into;
    int64_t most;
    /* -1 and -2: until the end, or until the context is full. */
    if (str_to_int(json_walk_member(value, "num_predict"), 1, INT32_MAX, &most))
        request->output_max = most;
    return read_members(arena, value, MEMBER_RULES(rules), request, NULL, err);
}

/* "json", or a schema. */
static bool read_format(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    Str word = json_text_of(arena, value);
    if (json_is_object_text(value)) {
        request->format = FORMAT_SCHEMA;
        request->schema = value;
        return true;
    }
    if (str_is(word, "json"))
        request->format = FORMAT_JSON;
    return str_is(word, "json") || str_is(value, "\"\"") ||
           fail_field(err, "", "it is json or a JSON schema");
}

/* true, false, or how much. */
static bool read_think(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    if (json_is_text(value))
        request->reasoning_effort = json_text_of(arena, value);
    else if (str_is(value, "true"))
        request->reasoning_effort = S("medium");
    else
        request->reasoning_budget = -1;
    return json_is_text(value) || str_is(value, "true") || str_is(value, "false") ||
           fail_field(err, "", "it is true, false, low, medium or high");
}

bool ollama_read_chat(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    static const MemberRule rules[] = {
        { "messages", MEMBER_READ, .read = read_messages },
        { "tools", MEMBER_READ, .read = openai_read_tools },
        { "format", MEMBER_READ, .read = read_format },
        { "options", MEMBER_READ, .read = read_options },
        { "think", MEMBER_READ, .read = read_think },
        { "logprobs", MEMBER_REFUSED },
        { "top_logprobs", MEMBER_REFUSED },
    };
    request->tool_count = 0; /* the scan said only whether there are any */
    return read_members(arena, body, MEMBER_RULES(rules), request, NULL, err);
}

/* --- One prompt --- */

typedef struct WirePrompt {
    Str prompt, system;
    StrList images;
} WirePrompt;

static ModelMessage message_of(Arena *arena, ModelRole role, Str text, StrList images)
{
    PartList parts = { 0 };
    add_text(arena, PART_TEXT, text, &parts);
    add_pictures(arena, images, &parts);
    return (ModelMessage){ .role = role, .parts = parts.at, .count = parts.count };
}

bool ollama_read_generate(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    static const MemberRule prompt_rules[] = {
        { "prompt", MEMBER_TEXT, offsetof(WirePrompt, prompt) },
        { "system", MEMBER_TEXT, offsetof(WirePrompt, system) },
        { "images", MEMBER_TEXTS, offsetof(WirePrompt, images) },
        /* The model's own template, or none: only the service that has the model knows it. */
        { "suffix", MEMBER_REFUSED },
        { "template", MEMBER_REFUSED },
        { "raw", MEMBER_REFUSED },
        { "context", MEMBER_REFUSED },
        { "logprobs", MEMBER_REFUSED },
        { "top_logprobs", MEMBER_REFUSED },
    };
    static const MemberRule rules[] = {
        { "format", MEMBER_READ, .read = read_format },
        { "options", MEMBER_READ, .read = read_options },
        { "think", MEMBER_READ, .read = read_think },
    };
    WirePrompt wire = { 0 };
    MessageList messages = { 0 };
    request->tool_count = 0; /* the scan said only whether there are any */
    if (!read_members(arena, body, MEMBER_RULES(prompt_rules), &wire, NULL, err) ||
        !read_members(arena, body, MEMBER_RULES(rules), request, NULL, err))
        return false;
    if (wire.system.length)
        *vec_push(arena, &messages) = message_of(arena, FROM_SYSTEM, wire.system, (StrList){ 0 });
    *vec_push(arena, &messages) = message_of(arena, FROM_USER, wire.prompt, wire.images);
    request->messages = messages.at;
    request->message_count = messages.count;
    return true;
}
