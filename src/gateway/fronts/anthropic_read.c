/* anthropic_read.c - see anthropic_read.h. Shapes: Anthropic's API reference, "Messages". */
#include "gateway/fronts/anthropic_read.h"

#include "gateway/fronts/anthropic_mcp.h"
#include "gateway/fronts/tool_list.h"
#include "net/url_safety.h"

typedef VEC(ModelPart) PartList;
typedef VEC(ModelMessage) MessageList;

/* --- Addresses --- */

/* {"type": "url", "url": ...} at any depth, but for what tools were called with. Names with escapes
 * are refused: they would hide it. */
bool anthropic_check_addresses(Str value, ModelRequest *request, Error *err)
{
    JsonWalk walk = json_walk_begin(value);
    Str name, inner, url = S("");
    bool is_source = false;
    while (json_walk_next(&walk, &name, &inner)) {
        if (str_is(name, "type"))
            is_source = is_source || str_is(inner, "\"url\"");
        else if (str_is(name, "url") && json_is_text(inner))
            url = inner;
        else if ((json_is_object_text(inner) || json_is_list(inner)) && !str_is(name, "input") &&
                 !anthropic_check_addresses(inner, request, err))
            return false;
    }
    if (walk.has_escaped_name)
        return fail_field(err, "messages", "the names of members must be written without escapes");
    if (!is_source || !url.length)
        return true;
    request->has_near_urls |= !url_looks_public(str_slice(url, 1, url.length - 1));
    return str_starts(url, S("\"https://")) ||
           fail_field(err, "messages", "send pictures as base64; addresses are not handed on");
}

/* --- Sources of pictures and documents --- */

typedef struct WireSource {
    Str type, media_type, data, url, file_id, content;
} WireSource;

static bool read_source(Arena *arena, Str value, ModelPart *part, Error *err)
{
    static const MemberRule rules[] = {
        { "type", MEMBER_TEXT, offsetof(WireSource, type) },
        { "media_type", MEMBER_TEXT, offsetof(WireSource, media_type) },
        { "data", MEMBER_TEXT, offsetof(WireSource, data) },
        { "url", MEMBER_TEXT, offsetof(WireSource, url) },
        { "file_id", MEMBER_TEXT, offsetof(WireSource, file_id) },
    };
    WireSource source = { 0 };
    if (!read_members(arena, value, MEMBER_RULES(rules), &source, NULL, err))
        return false;
    if (str_is(source.type, "text")) { /* a document that is plain text */
        part->kind = PART_TEXT;
        part->text = source.data;
        return true;
    }
    part->media_type = source.media_type;
    part->data = source.data;
    part->url = source.url;
    part->file_id = source.file_id;
    return part->data.length || part->url.length || part->file_id.length ||
           fail_field(err, "type", "it is base64, url, file or text");
}

/* --- Blocks --- */

typedef struct WireBlock {
    Str type, text, source, content, id, name, input, tool_use_id, thinking, signature, data, title,
        context, cache;
    bool is_error;
} WireBlock;

static bool read_parts(Arena *arena, Str content, PartList *parts, Error *err);

/* What a document is called and what its sender says of it, in front of its text. */
static void put_heading(Arena *arena, const WireBlock *block, ModelPart *part)
{
    const Str lines[] = { block->title, block->context, part->text };
    Str said[COUNT(lines)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(lines); i++)
        if (lines[i].length)
            said[count++] = lines[i];
    part->text = str_join(arena, said, count, S("\n"));
}

static bool put_source(Arena *arena, const WireBlock *block, ModelPart *part, Error *err)
{
    part->kind = str_is(block->type, "image") ? PART_IMAGE : PART_FILE;
    part->name = block->title;
    if (!read_source(arena, block->source, part, err))
        return fail_below(err, "source");
    if (part->kind == PART_TEXT) /* which has no place for a name */
        put_heading(arena, block, part);
    return true;
}

static bool put_use(Arena *arena, const WireBlock *block, ModelPart *part, Error *err)
{
    (void)arena;
    part->kind = PART_TOOL_CALL;
    part->id = block->id;
    part->name = block->name;
    part->arguments = block->input;
    return json_is_object_text(block->input) || fail_field(err, "input", "it must be an object");
}

static bool put_result(Arena *arena, const WireBlock *block, ModelPart *part, Error *err)
{
    PartList parts = { 0 };
    part->kind = PART_TOOL_RESULT;
    part->id = block->tool_use_id;
    part->is_error = block->is_error;
    if (block->content.length && !read_parts(arena, block->content, &parts, err))
        return fail_below(err, "content");
    if (parts.count == 1 && parts.at[0].kind == PART_TEXT) {
        part->text = parts.at[0].text;
    } else {
        part->parts = parts.at;
        part->part_count = parts.count;
    }
    return part->id.length || fail_field(err, "tool_use_id", "name the call this belongs to");
}

static bool put_text_block(Arena *arena, const WireBlock *block, ModelPart *part, Error *err)
{
    (void)arena, (void)err;
    part->kind = PART_TEXT;
    part->text = block->text;
    return true;
}

static bool put_thought(Arena *arena, const WireBlock *block, ModelPart *part, Error *err)
{
    (void)arena, (void)err;
    part->kind = PART_REASONING;
    part->text = block->thinking;
    part->is_redacted = str_is(block->type, "redacted_thinking");
    part->signature = part->is_redacted ? block->data : block->signature;
    return true;
}

/* A result of a search that the client made itself, as its text. */
static bool put_search_result(Arena *arena, const WireBlock *block, ModelPart *part, Error *err)
{
    PartList parts = { 0 };
    Buf text = buf_new(arena, block->content.length + block->title.length + KB(1));
    if (!read_parts(arena, block->content, &parts, err))
        return fail_below(err, "content");
    buf_addf(&text, STR_FMT "\n", STR_ARG(block->title));
    for (size_t i = 0; i < parts.count; i++)
        buf_add(&text, parts.at[i].text);
    part->kind = PART_TEXT;
    part->text = buf_str(&text);
    return true;
}

static const struct {
    const char *type;
    bool (*put)(Arena *arena, const WireBlock *block, ModelPart *part, Error *err);
} block_kinds[] = {
    { "text", put_text_block },           { "image", put_source },
    { "document", put_source },           { "tool_use", put_use },
    { "tool_result", put_result },        { "thinking", put_thought },
    { "redacted_thinking", put_thought }, { "search_result", put_search_result },
    { "mcp_tool_use", put_use },          { "mcp_tool_result", put_result },
};

static bool read_block(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "type", MEMBER_TEXT, offsetof(WireBlock, type) },
        { "text", MEMBER_TEXT, offsetof(WireBlock, text) },
        { "source", MEMBER_JSON, offsetof(WireBlock, source) },
        { "content", MEMBER_JSON, offsetof(WireBlock, content) },
        { "id", MEMBER_TEXT, offsetof(WireBlock, id) },
        { "name", MEMBER_TEXT, offsetof(WireBlock, name) },
        { "input", MEMBER_JSON, offsetof(WireBlock, input) },
        { "tool_use_id", MEMBER_TEXT, offsetof(WireBlock, tool_use_id) },
        { "thinking", MEMBER_TEXT, offsetof(WireBlock, thinking) },
        { "signature", MEMBER_TEXT, offsetof(WireBlock, signature) },
        { "data", MEMBER_TEXT, offsetof(WireBlock, data) },
        { "title", MEMBER_TEXT, offsetof(WireBlock, title) },
        { "context", MEMBER_TEXT, offsetof(WireBlock, context) },
        { "is_error", MEMBER_FLAG, offsetof(WireBlock, is_error) },
        { "cache_control", MEMBER_JSON, offsetof(WireBlock, cache) },
    };
    WireBlock block = { 0 };
    if (!read_members(arena, value, MEMBER_RULES(rules), &block, NULL, err))
        return false;
    for (size_t i = 0; i < COUNT(block_kinds); i++) {
        if (!str_is(block.type, block_kinds[i].type))
            continue;
        ModelPart *part = vec_push(arena, (PartList *)into);
        *part = (ModelPart){ .cache = block.cache };
        return block_kinds[i].put(arena, &block, part, err);
    }
    return fail_field(err, "type", "blocks of the type '" STR_FMT "' are for Anthropic's own only",
                      STR_ARG(str_slice(block.type, 0, 40)));
}

/* A text, or a list of blocks. */
static bool read_parts(Arena *arena, Str content, PartList *parts, Error *err)
{
    if (json_is_list(content))
        return read_items(arena, content, read_block, parts, err);
    ModelPart *part = vec_push(arena, parts);
    *part = (ModelPart){ .kind = PART_TEXT };
    return json_unquote(arena, content, &part->text) ||
           fail_field(err, "", "it must be a text or a list of blocks");
}

/* --- Messages --- */

typedef struct WireMessage {
    Str role, content;
} WireMessage;

static bool role_of(Str word, ModelRole *role_r)
{
    static const char *const words[] = {
        [FROM_SYSTEM] = "system", [FROM_USER] = "user", [FROM_ASSISTANT] = "assistant"
    };
    for (size_t i = 0; i < COUNT(words); i++)
        if (str_is(word, words[i])) {
            *role_r = (ModelRole)i;
            return true;
        }
    return false;
}

/* Results of calls that a service has made itself stand in the model's own message; elsewhere the
 * other side tells them. */
static bool add_message(Arena *arena, MessageList *messages, ModelRole role, Str content,
                        Error *err)
{
    PartList parts = { 0 };
    size_t i = 0;
    if (!read_parts(arena, content, &parts, err))
        return false;
    do {
        size_t begin = i;
        bool are_results = i < parts.count && parts.at[i].kind == PART_TOOL_RESULT;
        while (i < parts.count &&
               (role != FROM_ASSISTANT || (parts.at[i].kind == PART_TOOL_RESULT) == are_results))
            i++;
        *vec_push(arena, messages) =
            (ModelMessage){ .role = role == FROM_ASSISTANT && are_results ? FROM_USER : role,
                            .parts = parts.at + begin,
                            .count = i - begin };
    } while (i < parts.count);
    return true;
}

static bool read_message(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "role", MEMBER_TEXT, offsetof(WireMessage, role) },
        { "content", MEMBER_JSON, offsetof(WireMessage, content) },
    };
    WireMessage wire = { 0 };
    ModelRole role;
    if (!read_members(arena, value, MEMBER_RULES(rules), &wire, NULL, err))
        return false;
    if (!role_of(wire.role, &role))
        return fail_field(err, "role", "a role is user, assistant or system");
    return add_message(arena, into, role, wire.content, err) || fail_below(err, "content");
}

/* --- Tools --- */

static bool read_tool(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "name", MEMBER_TEXT, offsetof(ModelTool, name) },
        { "description", MEMBER_TEXT, offsetof(ModelTool, description) },
        { "input_schema", MEMBER_JSON, offsetof(ModelTool, parameters) },
        { "strict", MEMBER_FLAG, offsetof(ModelTool, is_strict) },
        { "cache_control", MEMBER_JSON, offsetof(ModelTool, cache) },
    };
    ModelTool *tool = vec_push(arena, (ToolList *)into);
    *tool = (ModelTool){ 0 };
    Str type = json_text_of(arena, json_walk_member(value, "type"));
    if (type.length && !str_is(type, "custom")) {
        *tool = (ModelTool){ .builtin = value };
        return true;
    }
    if (!read_members(arena, value, MEMBER_RULES(rules), tool, NULL, err))
        return false;
    if (!json_is_object_text(tool->parameters))
        return fail_field(err, "input_schema", "it must be a JSON schema");
    return tool->name.length || fail_field(err, "name", "name the tool");
}

static bool read_tools(Arena *arena, Str value, void *into, Error *err)
{
    return tool_list_read(arena, value, read_tool, into, err);
}

static bool read_tool_choice(Arena *arena, Str value, void *into, Error *err)
{
    static const struct {
        const char *type;
        ToolChoice choice;
    } types[] = { { "auto", TOOLS_AUTO },
                  { "any", TOOLS_REQUIRED },
                  { "tool", TOOLS_NAMED },
                  { "none", TOOLS_NONE } };
    ModelRequest *request = into;
    Str type = json_text_of(arena, json_walk_member(value, "type"));
    Str one_only = json_walk_member(value, "disable_parallel_tool_use");
    if (one_only.length)
        request->parallel_tools = str_is(one_only, "true") ? NO : YES;
    request->tool_name = json_text_of(arena, json_walk_member(value, "name"));
    for (size_t i = 0; i < COUNT(types); i++)
        if (str_is(type, types[i].type)) {
            request->tool_choice = types[i].choice;
            return request->tool_choice != TOOLS_NAMED || request->tool_name.length ||
                   fail_field(err, "name", "name the tool");
        }
    return fail_field(err, "type", "it is auto, any, tool or none");
}

/* --- The rest --- */

static bool read_thinking(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    Str type = json_text_of(arena, json_walk_member(value, "type"));
    Str budget = json_walk_member(value, "budget_tokens");
    if (str_is(type, "disabled"))
        request->reasoning_budget = -1;
    else if (str_is(type, "enabled") &&
             !str_to_int(budget, 1, INT32_MAX, &request->reasoning_budget))
        return fail_field(err, "budget_tokens", "it must be a positive number");
    return str_is(type, "disabled") || str_is(type, "enabled") || str_is(type, "adaptive") ||
           fail_field(err, "type", "it is enabled, disabled or adaptive");
}

static bool read_output_format(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    if (!str_is(json_text_of(arena, json_walk_member(value, "type")), "json_schema"))
        return fail_field(err, "type", "it is json_schema");
    request->format = FORMAT_SCHEMA;
    request->schema = json_walk_member(value, "schema");
    return json_is_object_text(request->schema) ||
           fail_field(err, "schema", "it must be a JSON schema");
}

static bool read_output_config(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "effort", MEMBER_TEXT, offsetof(ModelRequest, reasoning_effort) },
        { "format", MEMBER_READ, .read = read_output_format },
    };
    return read_members(arena, value, MEMBER_RULES(rules), into, NULL, err);
}

static bool read_metadata(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = { { "user_id", MEMBER_TEXT, offsetof(ModelRequest, user) } };
    return read_members(arena, value, MEMBER_RULES(rules), into, NULL, err);
}

/* "auto" is the same word in OpenAI's. */
static bool read_service_tier(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    Str word = json_text_of(arena, value);
    request->service_tier = str_is(word, "standard_only") ? S("default") : word;
    return str_is(word, "auto") || str_is(word, "standard_only") ||
           fail_field(err, "", "it is auto or standard_only");
}

/* What comes before the messages is written in a member of its own, anywhere in the body. */
static bool read_messages(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    MessageList messages = { 0 };
    Str system = json_walk_member(body, "system");
    if (system.length && !str_is(system, "null") && !str_is(system, "\"\"") &&
        !add_message(arena, &messages, FROM_SYSTEM, system, err))
        return fail_below(err, "system");
    size_t before = messages.count;
    if (!read_items(arena, json_walk_member(body, "messages"), read_message, &messages, err))
        return fail_below(err, "messages");
    request->messages = messages.at;
    request->message_count = messages.count;
    return messages.count > before ||
           fail_field(err, "messages", "there must be at least one message");
}

bool anthropic_read(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    static const MemberRule rules[] = {
        { "max_tokens", MEMBER_INT, offsetof(ModelRequest, output_max), 1, INT32_MAX },
        { "tools", MEMBER_READ, .read = read_tools },
        { "tool_choice", MEMBER_READ, .read = read_tool_choice },
        { "temperature", MEMBER_NUMBER, offsetof(ModelRequest, temperature), 0, 2 },
        { "top_p", MEMBER_NUMBER, offsetof(ModelRequest, top_p), 0, 1 },
        { "top_k", MEMBER_NUMBER, offsetof(ModelRequest, top_k) },
        { "stop_sequences", MEMBER_TEXTS, offsetof(ModelRequest, stop) },
        { "thinking", MEMBER_READ, .read = read_thinking },
        { "output_config", MEMBER_READ, .read = read_output_config },
        { "output_format", MEMBER_READ, .read = read_output_format },
        { "metadata", MEMBER_READ, .read = read_metadata },
        { "service_tier", MEMBER_READ, .read = read_service_tier },
        { "model", MEMBER_SKIPPED },
        { "stream", MEMBER_SKIPPED },
        { "system", MEMBER_SKIPPED },
        { "messages", MEMBER_SKIPPED },
    };
    Buf rest = buf_new(arena, body.length + KB(1));
    request->tool_count = 0; /* the scan said only whether there are any */
    if (!read_members(arena, body, MEMBER_RULES(rules), request, &rest, err) ||
        !read_messages(arena, body, request, err))
        return false;
    request->extra = members_object(arena, &rest);
    return !request->is_hosted || anthropic_read_servers(arena, body, request, err);
}
