/* responses_read.c - see responses_read.h. Shapes: OpenAI's API reference, "Create a model
 * response". Its items are flat; what a model said between two questions is one message here. */
#include "gateway/fronts/responses_read.h"

#include "gateway/fronts/openai_read.h"
#include "gateway/fronts/openai_tools.h"
#include "gateway/hosted.h"
#include "net/url_safety.h"

/* --- Addresses --- */

bool responses_check_addresses(Arena *arena, Str value, ModelRequest *request, Error *err)
{
    JsonWalk walk = json_walk_begin(value);
    Str name, inner;
    while (json_walk_next(&walk, &name, &inner)) {
        bool is_address = str_is(name, "image_url") || str_is(name, "file_url");
        if ((json_is_object_text(inner) || json_is_list(inner)) &&
            !responses_check_addresses(arena, inner, request, err))
            return false;
        Str url = is_address ? json_text_of(arena, inner) : S("");
        if (!url.length || str_starts(url, S("data:")))
            continue;
        request->has_near_urls |= !url_looks_public(url);
        if (!str_starts(url, S("https://")))
            return fail_field(err, "input",
                              "send pictures as data: URLs; addresses are not handed on");
    }
    return !walk.has_escaped_name ||
           fail_field(err, "input", "the names of members must be written without escapes");
}

/* --- Parts --- */

typedef struct WirePart {
    Str type, text, refusal, image_url, detail, file_id, file_data, file_url, filename;
} WirePart;

static void put_file(const WirePart *wire, ModelPart *part)
{
    part->kind = PART_FILE;
    part->name = wire->filename;
    part->file_id = wire->file_id;
    part->url = wire->file_url;
    if (!wire->file_data.length)
        return;
    read_data_url(wire->file_data, part);
    if (part->url.length && !wire->file_url.length) { /* base64 without the words around it */
        part->data = part->url;
        part->url = S("");
        part->media_type = S("application/pdf");
    }
}

static bool read_part(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "type", MEMBER_TEXT, offsetof(WirePart, type) },
        { "text", MEMBER_TEXT, offsetof(WirePart, text) },
        { "refusal", MEMBER_TEXT, offsetof(WirePart, refusal) },
        { "image_url", MEMBER_TEXT, offsetof(WirePart, image_url) },
        { "detail", MEMBER_TEXT, offsetof(WirePart, detail) },
        { "file_id", MEMBER_TEXT, offsetof(WirePart, file_id) },
        { "file_data", MEMBER_TEXT, offsetof(WirePart, file_data) },
        { "file_url", MEMBER_TEXT, offsetof(WirePart, file_url) },
        { "filename", MEMBER_TEXT, offsetof(WirePart, filename) },
    };
    WirePart wire = { 0 };
    ModelPart part = { .kind = PART_TEXT };
    if (!read_members(arena, value, MEMBER_RULES(rules), &wire, NULL, err))
        return false;
    if (str_is(wire.type, "input_image")) {
        part = (ModelPart){ .kind = PART_IMAGE, .file_id = wire.file_id, .detail = wire.detail };
        read_data_url(wire.image_url, &part);
    } else if (str_is(wire.type, "input_file")) {
        put_file(&wire, &part);
    } else if (str_is(wire.type, "refusal")) {
        part = (ModelPart){ .kind = PART_REFUSAL, .text = wire.refusal };
    } else if (str_is(wire.type, "input_text") || str_is(wire.type, "output_text") ||
               str_is(wire.type, "summary_text") || str_is(wire.type, "reasoning_text") ||
               str_is(wire.type, "text")) {
        part.text = wire.text;
    } else {
        return fail_field(err, "type", "there is no part of the type '" STR_FMT "'",
                          STR_ARG(str_slice(wire.type, 0, 40)));
    }
    *vec_push(arena, (PartList *)into) = part;
    return true;
}

/* A text, or a list of parts. */
static bool read_content(Arena *arena, Str content, PartList *parts, Error *err)
{
    if (!content.length)
        return true;
    if (json_is_list(content))
        return read_items(arena, content, read_part, parts, err);
    ModelPart *part = vec_push(arena, parts);
    *part = (ModelPart){ .kind = PART_TEXT };
    return json_unquote(arena, content, &part->text) ||
           fail_field(err, "", "it must be a text or a list of parts");
}

/* --- Items --- */

typedef struct WireItem {
    Str type, role, content, id, call_id, name, arguments, output, summary, encrypted, error;
    Str server, approval, reason;
    Tristate approve;
} WireItem;

/* The messages so far; the parts of the last one are still growing. */
typedef struct Conversation {
    MessageList messages;
    PartList parts;
    PartList asked; /* calls that a person was asked to approve; is_approved: and did */
    VEC(Str) servers_told;
} Conversation;

static void end_message(Conversation *talk)
{
    if (!talk->messages.count)
        return;
    ModelMessage *last = &talk->messages.at[talk->messages.count - 1];
    last->parts = talk->parts.at;
    last->count = talk->parts.count;
}

/* What the model said in one turn, or what tools answered to it, is one message. */
static void begin_message(Arena *arena, Conversation *talk, ModelRole role)
{
    bool goes_on = talk->messages.count &&
                   talk->messages.at[talk->messages.count - 1].role == role &&
                   (role == FROM_ASSISTANT || role == FROM_TOOL);
    if (goes_on)
        return;
    end_message(talk);
    *vec_push(arena, &talk->messages) = (ModelMessage){ .role = role };
    talk->parts = (PartList){ 0 };
}

static bool put_message(Arena *arena, const WireItem *item, Conversation *talk, Error *err)
{
    static const struct {
        const char *word;
        ModelRole role;
    } roles[] = { { "user", FROM_USER },
                  { "assistant", FROM_ASSISTANT },
                  { "system", FROM_SYSTEM },
                  { "developer", FROM_SYSTEM } };
    for (size_t i = 0; i < COUNT(roles); i++)
        if (str_is(item->role, roles[i].word)) {
            begin_message(arena, talk, roles[i].role);
            return read_content(arena, item->content, &talk->parts, err) ||
                   fail_below(err, "content");
        }
    return fail_field(err, "role", "a role is user, assistant, system or developer");
}

static bool put_call(Arena *arena, const WireItem *item, Conversation *talk, Error *err)
{
    begin_message(arena, talk, FROM_ASSISTANT);
    *vec_push(arena, &talk->parts) = (ModelPart){ .kind = PART_TOOL_CALL,
                                                  .id = item->call_id,
                                                  .name = item->name,
                                                  .arguments = item->arguments };
    return (item->name.length && item->call_id.length) ||
           fail_field(err, "call_id", "a call has a name and a call_id");
}

static bool put_result(Arena *arena, const WireItem *item, Conversation *talk, Error *err)
{
    ModelPart result = { .kind = PART_TOOL_RESULT, .id = item->call_id };
    PartList parts = { 0 };
    if (!read_content(arena, item->output, &parts, err))
        return fail_below(err, "output");
    if (parts.count == 1 && parts.at[0].kind == PART_TEXT) {
        result.text = parts.at[0].text;
    } else {
        result.parts = parts.at;
        result.part_count = parts.count;
    }
    begin_message(arena, talk, FROM_TOOL);
    *vec_push(arena, &talk->parts) = result;
    return item->call_id.length || fail_field(err, "call_id", "name the call this belongs to");
}

static bool put_thought(Arena *arena, const WireItem *item, Conversation *talk, Error *err)
{
    PartList parts = { 0 };
    Buf text = buf_new(arena, MB(32));
    Str content =
        item->content.length && !str_is(item->content, "[]") ? item->content : item->summary;
    if (!read_content(arena, content, &parts, err))
        return fail_below(err, "content");
    for (size_t i = 0; i < parts.count; i++)
        buf_add(&text, parts.at[i].text);
    begin_message(arena, talk, FROM_ASSISTANT);
    ModelPart thought = { .kind = PART_REASONING, .text = buf_str(&text) };
    thought.is_redacted = str_starts(item->encrypted, S(REDACTED_MARK));
    thought.signature =
        str_from(item->encrypted, thought.is_redacted ? sizeof REDACTED_MARK - 1 : 0);
    *vec_push(arena, &talk->parts) = thought;
    return true;
}

/* The model hears of such a call when it is decided. */
static bool put_approval_request(Arena *arena, const WireItem *item, Conversation *talk, Error *err)
{
    *vec_push(arena, &talk->asked) = (ModelPart){ .kind = PART_TOOL_CALL,
                                                  .id = item->id,
                                                  .server = item->server,
                                                  .name = item->name,
                                                  .arguments = item->arguments };
    return (item->id.length && item->name.length) ||
           fail_field(err, "id", "a request for approval has an id and a name");
}

static ModelPart *asked_for(Conversation *talk, Str id)
{
    for (size_t i = 0; id.length && i < talk->asked.count; i++)
        if (str_equal(talk->asked.at[i].id, id))
            return &talk->asked.at[i];
    return NULL;
}

static bool put_approval(Arena *arena, const WireItem *item, Conversation *talk, Error *err)
{
    ModelPart *asked = asked_for(talk, item->approval);
    if (!asked)
        return fail_field(err, "approval_request_id", "nothing was asked by this id");
    if (item->approve == UNSAID)
        return fail_field(err, "approve", "it is true or false");
    asked->is_approved = item->approve == YES;
    if (asked->is_approved)
        return true;
    begin_message(arena, talk, FROM_ASSISTANT);
    *vec_push(arena, &talk->parts) = *asked;
    begin_message(arena, talk, FROM_TOOL);
    *vec_push(arena, &talk->parts) =
        (ModelPart){ .kind = PART_TOOL_RESULT,
                     .id = asked->id,
                     .text = str_format(arena, "This call was not allowed. " STR_FMT,
                                        STR_ARG(item->reason)),
                     .is_error = true };
    return true;
}

/* What was allowed last is made before the model is asked again. False: there is none. */
static bool put_approved(Arena *arena, Conversation *talk)
{
    bool has_any = false;
    for (size_t i = 0; i < talk->asked.count; i++) {
        if (!talk->asked.at[i].is_approved)
            continue;
        begin_message(arena, talk, FROM_ASSISTANT);
        *vec_push(arena, &talk->parts) = talk->asked.at[i];
        has_any = true;
    }
    return has_any;
}

/* A call that was made here in an earlier turn, with what it gave, as a model knows calls. */
static bool put_mcp_call(Arena *arena, const WireItem *item, Conversation *talk, Error *err)
{
    WireItem call = *item;
    ModelPart *asked = asked_for(talk, item->approval);
    call.call_id = item->id;
    if (asked)
        asked->is_approved = false; /* and has been made */
    if (!put_call(arena, &call, talk, err))
        return false;
    bool has_failed = item->error.length > 0;
    ModelPart result = { .kind = PART_TOOL_RESULT,
                         .id = item->id,
                         .text = has_failed ? item->error : json_text_of(arena, item->output),
                         .is_error = has_failed };
    begin_message(arena, talk, FROM_TOOL);
    *vec_push(arena, &talk->parts) = result;
    return true;
}

/* The list is made anew for the model; its client has it already. */
static bool put_server_tools(Arena *arena, const WireItem *item, Conversation *talk, Error *err)
{
    (void)err;
    *vec_push(arena, &talk->servers_told) = item->server;
    return true;
}

/* What was found is in the answer that follows. */
static bool put_nothing(Arena *arena, const WireItem *item, Conversation *talk, Error *err)
{
    (void)arena, (void)item, (void)talk, (void)err;
    return true;
}

static const struct {
    const char *type;
    bool (*put)(Arena *arena, const WireItem *item, Conversation *talk, Error *err);
} item_kinds[] = {
    { "", put_message },
    { "message", put_message },
    { "function_call", put_call },
    { "function_call_output", put_result },
    { "reasoning", put_thought },
    { "mcp_call", put_mcp_call },
    { "mcp_list_tools", put_server_tools },
    { "mcp_approval_request", put_approval_request },
    { "mcp_approval_response", put_approval },
    { "file_search_call", put_nothing },
};

static bool read_item(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "type", MEMBER_TEXT, offsetof(WireItem, type) },
        { "role", MEMBER_TEXT, offsetof(WireItem, role) },
        { "content", MEMBER_JSON, offsetof(WireItem, content) },
        { "id", MEMBER_TEXT, offsetof(WireItem, id) },
        { "call_id", MEMBER_TEXT, offsetof(WireItem, call_id) },
        { "name", MEMBER_TEXT, offsetof(WireItem, name) },
        { "arguments", MEMBER_TEXT, offsetof(WireItem, arguments) },
        { "output", MEMBER_JSON, offsetof(WireItem, output) },
        { "summary", MEMBER_JSON, offsetof(WireItem, summary) },
        { "encrypted_content", MEMBER_TEXT, offsetof(WireItem, encrypted) },
        { "error", MEMBER_JSON, offsetof(WireItem, error) },
        { "server_label", MEMBER_TEXT, offsetof(WireItem, server) },
        { "approval_request_id", MEMBER_TEXT, offsetof(WireItem, approval) },
        { "approve", MEMBER_CHOICE, offsetof(WireItem, approve) },
        { "reason", MEMBER_TEXT, offsetof(WireItem, reason) },
    };
    WireItem item = { 0 };
    if (!read_members(arena, value, MEMBER_RULES(rules), &item, NULL, err))
        return false;
    for (size_t i = 0; i < COUNT(item_kinds); i++)
        if (str_is(item.type, item_kinds[i].type))
            return item_kinds[i].put(arena, &item, into, err);
    return fail_field(err, "type", "items of the type '" STR_FMT "' are not known here",
                      STR_ARG(str_slice(item.type, 0, 40)));
}

/* --- Tools --- */

static bool read_tool(Arena *arena, Str value, void *into, Error *err)
{
    ModelTool *tool = vec_push(arena, (ToolList *)into);
    *tool = (ModelTool){ 0 };
    Str type = json_text_of(arena, json_walk_member(value, "type"));
    if (hosted_is(arena, value)) {
        tool->builtin = value;
        return true;
    }
    if (!str_is(type, "function")) {
        fail(err, ERROR_UNSUPPORTED, "tools of the type '" STR_FMT "' cannot be had here",
             STR_ARG(str_slice(type, 0, 40)));
        return fail_below(err, "type");
    }
    return openai_read_function(arena, value, tool, err);
}

static bool read_tools(Arena *arena, Str value, void *into, Error *err)
{
    return tool_list_read(arena, value, read_tool, into, err);
}

static bool read_tool_choice(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    if (json_is_text(value) &&
        openai_read_choice_word(json_text_of(arena, value), &request->tool_choice))
        return true;
    if (str_is(json_walk_member(value, "type"), "\"allowed_tools\""))
        return openai_read_allowed(arena, value, request, err);
    request->tool_choice = TOOLS_NAMED;
    request->tool_name = json_text_of(arena, json_walk_member(value, "name"));
    if (hosted_is(arena, value) && !request->tool_name.length)
        request->tool_name = json_text_of(arena, json_walk_member(value, "type"));
    return request->tool_name.length ||
           fail_field(err, "", "it is auto, none, required or the name of a function");
}

/* --- The rest --- */

static bool read_format(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    Str type = json_text_of(arena, json_walk_member(value, "type"));
    if (str_is(type, "json_schema"))
        return openai_read_schema(arena, value, request, err);
    if (str_is(type, "json_object"))
        request->format = FORMAT_JSON;
    return str_is(type, "json_object") || str_is(type, "text") ||
           fail_field(err, "type", "it is text, json_object or json_schema");
}

static bool read_text(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = {
        { "format", MEMBER_READ, .read = read_format },
        { "verbosity", MEMBER_TEXT, offsetof(ModelRequest, verbosity) },
    };
    return read_members(arena, value, MEMBER_RULES(rules), into, NULL, err);
}

/* Thoughts always come with what brings them back, and results of a search with its call. */
static bool check_include(Arena *arena, Str value, void *into, Error *err)
{
    (void)arena, (void)into;
    return str_find(value, S("logprobs")) < 0 ||
           fail(err, ERROR_UNSUPPORTED, "probabilities are not told here");
}

static bool read_reasoning(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule rules[] = { { "effort", MEMBER_TEXT,
                                          offsetof(ModelRequest, reasoning_effort) } };
    return read_members(arena, value, MEMBER_RULES(rules), into, NULL, err);
}

/* A text is one message of the person's. */
static bool read_input(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    if (json_is_text(value))
        request->items =
            str_format(arena, "{\"role\":\"user\",\"content\":" STR_FMT "}", STR_ARG(value));
    else if (json_is_list(value))
        request->items = str_trim(str_slice(value, 1, value.length - 1));
    return request->items.length || fail_field(err, "", "it must be a text or a list of items");
}

static bool read_conversation(Arena *arena, ModelRequest *request, Error *err)
{
    Conversation talk = { 0 };
    Str lists[] = { str_format(arena, "[" STR_FMT "]", STR_ARG(request->earlier)),
                    str_format(arena, "[" STR_FMT "]", STR_ARG(request->items)) };
    if (request->instructions.length) {
        begin_message(arena, &talk, FROM_SYSTEM);
        *vec_push(arena, &talk.parts) =
            (ModelPart){ .kind = PART_TEXT, .text = request->instructions };
    }
    for (size_t i = 0; i < COUNT(lists); i++)
        if (!read_items(arena, lists[i], read_item, &talk, err))
            return fail_below(err, "input");
    if (put_approved(arena, &talk) && !request->is_hosted)
        return fail_field(err, "tools", "a call was approved: name its server among the tools");
    end_message(&talk);
    request->servers_told = (StrList){ talk.servers_told.at, talk.servers_told.count };
    request->messages = talk.messages.at;
    request->message_count = talk.messages.count;
    return true;
}

bool responses_read(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    static const MemberRule rules[] = {
        { "input", MEMBER_READ, .read = read_input },
        { "tools", MEMBER_READ, .read = read_tools },
        { "tool_choice", MEMBER_READ, .read = read_tool_choice },
        { "parallel_tool_calls", MEMBER_CHOICE, offsetof(ModelRequest, parallel_tools) },
        { "max_output_tokens", MEMBER_INT, offsetof(ModelRequest, output_max), 1, INT32_MAX },
        { "max_tool_calls", MEMBER_INT, offsetof(ModelRequest, tool_calls_max), 1, INT32_MAX },
        { "temperature", MEMBER_NUMBER, offsetof(ModelRequest, temperature), 0, 2 },
        { "top_p", MEMBER_NUMBER, offsetof(ModelRequest, top_p), 0, 1 },
        { "text", MEMBER_READ, .read = read_text },
        { "reasoning", MEMBER_READ, .read = read_reasoning },
        { "user", MEMBER_TEXT, offsetof(ModelRequest, user) },
        { "instructions", MEMBER_TEXT, offsetof(ModelRequest, instructions) },
        { "metadata", MEMBER_JSON, offsetof(ModelRequest, metadata) },
        { "safety_identifier", MEMBER_TEXT, offsetof(ModelRequest, safety_id) },
        { "service_tier", MEMBER_TEXT, offsetof(ModelRequest, service_tier) },
        { "prompt_cache_key", MEMBER_TEXT, offsetof(ModelRequest, cache_key) },
        { "prompt_cache_retention", MEMBER_TEXT, offsetof(ModelRequest, cache_retention) },
        { "include", MEMBER_READ, .read = check_include },
        { "top_logprobs", MEMBER_REFUSED },
        { "conversation", MEMBER_REFUSED },
        { "prompt", MEMBER_REFUSED },
    };
    Buf rest = buf_new(arena, body.length + KB(1));
    request->tool_count = 0; /* the scan said only whether there are any */
    if (!read_members(arena, body, MEMBER_RULES(rules), request, &rest, err))
        return false;
    openai_keep_allowed(arena, request);
    request->extra = members_object(arena, &rest);
    return read_conversation(arena, request, err);
}
