/* anthropic.c - POST /v1/messages, as Anthropic's clients speak it. A stream ends with
 * message_stop; there is no [DONE]. */
#include "gateway/body_scan.h"
#include "gateway/front.h"
#include "gateway/fronts/anthropic_mcp.h"
#include "gateway/fronts/anthropic_read.h"

/* --- Reading --- */

static bool check_sources(Str messages, ModelRequest *request, Error *err)
{
    bool may_be = str_find(messages, S("\"url\"")) >= 0 || str_find(messages, S("\\u00")) >= 0;
    return !may_be || anthropic_check_addresses(messages, request, err);
}

static bool scan(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    BodyScan walk;
    Str name, value, messages = S("");
    request->task = TASK_CHAT;
    request->wants_usage = true; /* it always comes */
    body_scan_begin(&walk, arena, body, request);
    while (body_scan_next(&walk, &name, &value, err))
        if (str_is(name, "max_tokens"))
            (void)str_to_int(value, 1, INT32_MAX, &request->output_max);
        else if (str_is(name, "metadata"))
            request->user = json_text_of(arena, json_walk_member(value, "user_id"));
        else if (str_is(name, "messages") && json_is_list(value))
            messages = value;
        else if (str_is(name, "mcp_servers") && anthropic_names_ours(arena, value))
            request->is_hosted = true;
    if (!body_scan_end(&walk, err))
        return false;
    if (!request->output_max)
        return fail_field(err, "max_tokens", "max_tokens: it must be a positive number");
    if (!body_scan_is_filled(messages))
        return fail_field(err, "messages", "messages: it must be a list with at least one");
    request->message_count = 1; /* there are some; how many is not asked */
    request->shows_hosted = request->is_hosted;
    return check_sources(messages, request, err);
}

/* --- Writing --- */

static Str stop_word(FinishReason finish, bool has_tools, bool has_refused)
{
    static const Str words[] = { [FINISH_UNKNOWN] = S_INIT("end_turn"),
                                 [FINISH_STOP] = S_INIT("end_turn"),
                                 [FINISH_LENGTH] = S_INIT("max_tokens"),
                                 [FINISH_TOOLS] = S_INIT("tool_use"),
                                 [FINISH_FILTER] = S_INIT("refusal") };
    if (has_refused)
        return S("refusal");
    /* Services that have no word for it stop plainly. */
    return has_tools && finish <= FINISH_STOP ? S("tool_use") : words[finish];
}

static void put_usage(JsonWriter *json, const ModelUsage *usage)
{
    put_object(json, "usage");
    put_int(json, "input_tokens", usage->input);
    put_int(json, "cache_creation_input_tokens", usage->cache_write + usage->cache_write_long);
    put_int(json, "cache_read_input_tokens", usage->cache_read);
    put_int(json, "output_tokens", usage->output);
    put_end(json);
}

static void put_text_block(JsonWriter *json, const ModelPart *part, Arena *arena)
{
    put_text(json, "type", S("text"));
    put_text(json, "text", part->text);
    if (part->citations.length)
        put_raw(json, "citations", str_format(arena, "[" STR_FMT "]", STR_ARG(part->citations)));
    else
        put_null(json, "citations");
}

static void put_thought(JsonWriter *json, const ModelPart *part)
{
    put_text(json, "type", part->is_redacted ? S("redacted_thinking") : S("thinking"));
    if (!part->is_redacted)
        put_text(json, "thinking", part->text);
    put_text(json, part->is_redacted ? "data" : "signature", part->signature);
}

static Str call_id(Arena *arena, const FrontWriter *writer, Str id, int number)
{
    return id.length ? id : str_format(arena, "toolu_" STR_FMT "_%d", STR_ARG(writer->id), number);
}

/* Arguments are an object here. What is none is shown as Anthropic advises for broken JSON. */
static void put_input(JsonWriter *json, Str arguments)
{
    Str text = str_trim(arguments);
    if (!text.length) {
        put_raw(json, "input", S("{}"));
    } else if (json_is_object_text(text) && json_walk_is_valid(text)) {
        put_raw(json, "input", text);
    } else {
        put_object(json, "input");
        put_text(json, "INVALID_JSON", text);
        put_end(json);
    }
}

static void put_block(FrontWriter *writer, JsonWriter *json, const ModelPart *part, int number)
{
    put_object(json, NULL);
    if (part->kind == PART_TOOL_CALL) {
        put_text(json, "type", S("tool_use"));
        put_text(json, "id", call_id(writer->arena, writer, part->id, number));
        put_text(json, "name", part->name);
        put_input(json, part->arguments);
    } else if (part->kind == PART_REASONING) {
        put_thought(json, part);
    } else {
        put_text_block(json, part, writer->arena);
    }
    put_end(json);
}

static void put_hosted(JsonWriter *json, const ModelPart *part)
{
    put_object(json, NULL);
    put_mcp_use(json, part);
    put_input(json, part->arguments);
    put_end(json);
    put_object(json, NULL);
    put_mcp_result(json, part);
    put_end(json);
}

static void write_reply(FrontWriter *writer, const ModelReply *reply)
{
    const ModelChoice *choice = &reply->choices.at[0];
    bool has_tools = false, has_refused = false;
    JsonWriter json = put_begin(writer->out);
    put_text(&json, "id", writer->id);
    put_text(&json, "type", S("message"));
    put_text(&json, "role", S("assistant"));
    put_text(&json, "model", writer->model);
    put_array(&json, "content");
    for (size_t i = 0; i < choice->parts.count; i++) {
        has_tools = has_tools || choice->parts.at[i].kind == PART_TOOL_CALL;
        has_refused = has_refused || choice->parts.at[i].kind == PART_REFUSAL;
        if (choice->parts.at[i].kind != PART_HOSTED)
            put_block(writer, &json, &choice->parts.at[i], (int)i);
        else if (writer->request->shows_hosted)
            put_hosted(&json, &choice->parts.at[i]);
    }
    put_end(&json);
    put_text(&json, "stop_reason", stop_word(choice->finish, has_tools, has_refused));
    put_null(&json, "stop_sequence");
    put_usage(&json, &reply->usage);
    put_end(&json);
}

/* --- A stream --- */

typedef enum BlockKind {
    BLOCK_NONE,
    BLOCK_TEXT,
    BLOCK_THOUGHT,
    BLOCK_TOOL,
    BLOCK_MCP_USE, /* of a call that the program makes itself, */
    BLOCK_MCP_RESULT
} BlockKind;

typedef struct WaitingCall {
    int index; /* of the service's */
    Str id, name;
    Buf arguments;
} WaitingCall;

/* One block is open at a time, and they are numbered. Services may let calls of tools interleave:
 * one that begins while the arguments of another are incomplete waits for the end. */
typedef struct Blocks {
    bool has_started, has_tools, has_refused;
    BlockKind open;
    int number;    /* of the open block, or of the next */
    int tool;      /* the service's index of the open call */
    Buf arguments; /* of the open call, so far */
    VEC(WaitingCall) waiting;
} Blocks;

#define ARGUMENTS_MAX MB(16)

static JsonWriter begin_frame(FrontWriter *writer, Str type)
{
    buf_addf(writer->out, "event: " STR_FMT "\ndata: ", STR_ARG(type));
    JsonWriter json = put_begin(writer->out);
    put_text(&json, "type", type);
    return json;
}

static void end_frame(FrontWriter *writer, JsonWriter *json)
{
    put_end(json);
    buf_add(writer->out, S("\n\n"));
}

static Blocks *blocks_of(FrontWriter *writer)
{
    if (!writer->state) {
        Blocks *blocks = arena_new_one(writer->arena, Blocks);
        blocks->arguments = buf_new(writer->arena, ARGUMENTS_MAX);
        writer->state = blocks;
    }
    return writer->state;
}

/* How much was read is known at the end only; message_delta says it. */
static void begin_message(FrontWriter *writer)
{
    static const ModelUsage nothing = { 0 };
    Blocks *blocks = blocks_of(writer);
    if (blocks->has_started)
        return;
    blocks->has_started = true;
    JsonWriter json = begin_frame(writer, S("message_start"));
    put_object(&json, "message");
    put_text(&json, "id", writer->id);
    put_text(&json, "type", S("message"));
    put_text(&json, "role", S("assistant"));
    put_text(&json, "model", writer->model);
    put_array(&json, "content");
    put_end(&json);
    put_null(&json, "stop_reason");
    put_null(&json, "stop_sequence");
    put_usage(&json, &nothing);
    put_end(&json);
    end_frame(writer, &json);
}

static void close_block(FrontWriter *writer, Blocks *blocks)
{
    if (blocks->open == BLOCK_NONE)
        return;
    JsonWriter json = begin_frame(writer, S("content_block_stop"));
    put_int(&json, "index", blocks->number);
    end_frame(writer, &json);
    blocks->open = BLOCK_NONE;
    blocks->number++;
}

static void open_block(FrontWriter *writer, BlockKind kind, const ModelPart *empty)
{
    Blocks *blocks = blocks_of(writer);
    begin_message(writer);
    close_block(writer, blocks);
    blocks->open = kind;
    blocks->arguments.length = 0;
    JsonWriter json = begin_frame(writer, S("content_block_start"));
    put_int(&json, "index", blocks->number);
    put_object(&json, "content_block");
    if (kind == BLOCK_TOOL) {
        put_text(&json, "type", S("tool_use"));
        put_text(&json, "id", call_id(writer->arena, writer, empty->id, blocks->number));
        put_text(&json, "name", empty->name);
        put_raw(&json, "input", S("{}"));
    } else if (kind == BLOCK_MCP_USE) {
        put_mcp_use(&json, empty);
        put_raw(&json, "input", S("{}"));
    } else if (kind == BLOCK_MCP_RESULT) {
        put_mcp_result(&json, empty);
    } else if (kind == BLOCK_THOUGHT) {
        put_thought(&json, empty);
    } else {
        put_text_block(&json, empty, writer->arena);
    }
    put_end(&json);
    end_frame(writer, &json);
}

static void put_delta(FrontWriter *writer, const char *type, const char *member, Str text,
                      bool is_json)
{
    JsonWriter json = begin_frame(writer, S("content_block_delta"));
    put_int(&json, "index", blocks_of(writer)->number);
    put_object(&json, "delta");
    put_text(&json, "type", str(type));
    if (is_json)
        put_raw(&json, member, text);
    else
        put_text(&json, member, text);
    put_end(&json);
    end_frame(writer, &json);
}

static void write_text(FrontWriter *writer, Str text)
{
    if (blocks_of(writer)->open != BLOCK_TEXT)
        open_block(writer, BLOCK_TEXT, &(ModelPart){ 0 });
    put_delta(writer, "text_delta", "text", text, false);
}

static void write_citation(FrontWriter *writer, Str citation)
{
    if (blocks_of(writer)->open != BLOCK_TEXT)
        open_block(writer, BLOCK_TEXT, &(ModelPart){ 0 });
    put_delta(writer, "citations_delta", "citation", citation, true);
}

static void write_thought(FrontWriter *writer, Str text)
{
    if (blocks_of(writer)->open != BLOCK_THOUGHT)
        open_block(writer, BLOCK_THOUGHT, &(ModelPart){ 0 });
    put_delta(writer, "thinking_delta", "thinking", text, false);
}

/* Of the thought before it, or of one whose words are not shown. It ends its block: what is thought
 * after it has a signature of its own. */
static void write_signature(FrontWriter *writer, const ModelEvent *event)
{
    Blocks *blocks = blocks_of(writer);
    if (event->is_redacted) {
        open_block(writer, BLOCK_THOUGHT,
                   &(ModelPart){ .signature = event->text, .is_redacted = true });
    } else {
        if (blocks->open != BLOCK_THOUGHT)
            open_block(writer, BLOCK_THOUGHT, &(ModelPart){ 0 });
        put_delta(writer, "signature_delta", "signature", event->text, false);
    }
    close_block(writer, blocks);
}

static void write_arguments(FrontWriter *writer, Str text)
{
    buf_add(&blocks_of(writer)->arguments, text);
    put_delta(writer, "input_json_delta", "partial_json", text, false);
}

static bool may_close(const Blocks *blocks)
{
    return blocks->open != BLOCK_TOOL || json_walk_is_valid(buf_str(&blocks->arguments));
}

static void begin_call(FrontWriter *writer, const ModelEvent *event)
{
    Blocks *blocks = blocks_of(writer);
    blocks->has_tools = true;
    if (may_close(blocks) && !blocks->waiting.count) {
        open_block(writer, BLOCK_TOOL, &(ModelPart){ .id = event->id, .name = event->name });
        blocks->tool = event->index;
        return;
    }
    *vec_push(writer->arena, &blocks->waiting) =
        (WaitingCall){ .index = event->index,
                       .id = str_copy(writer->arena, event->id),
                       .name = str_copy(writer->arena, event->name),
                       .arguments = buf_new(writer->arena, ARGUMENTS_MAX) };
}

static void more_arguments(FrontWriter *writer, const ModelEvent *event)
{
    Blocks *blocks = blocks_of(writer);
    if (blocks->open == BLOCK_TOOL && blocks->tool == event->index) {
        write_arguments(writer, event->text);
        return;
    }
    for (size_t i = 0; i < blocks->waiting.count; i++)
        if (blocks->waiting.at[i].index == event->index)
            buf_add(&blocks->waiting.at[i].arguments, event->text);
}

static void end_calls(FrontWriter *writer)
{
    Blocks *blocks = blocks_of(writer);
    for (size_t i = 0; i < blocks->waiting.count; i++) {
        const WaitingCall *call = &blocks->waiting.at[i];
        open_block(writer, BLOCK_TOOL, &(ModelPart){ .id = call->id, .name = call->name });
        if (call->arguments.length)
            write_arguments(writer, buf_str(&call->arguments));
    }
    blocks->waiting.count = 0;
}

static void write_hosted(FrontWriter *writer, const ModelEvent *event)
{
    ModelPart part = {
        .id = event->id, .server = event->server, .name = event->name, .is_error = event->is_error
    };
    if (!writer->request->shows_hosted || event->form != HOSTED_CALL)
        return;
    if (event->kind == EVENT_HOSTED) {
        open_block(writer, BLOCK_MCP_USE, &part);
        write_arguments(writer, event->text);
    } else {
        part.text = event->text;
        open_block(writer, BLOCK_MCP_RESULT, &part);
    }
}

static void write_event(FrontWriter *writer, const ModelEvent *event)
{
    Blocks *blocks = blocks_of(writer);
    if (event->choice) /* there is one answer here */
        return;
    switch (event->kind) {
    case EVENT_START: begin_message(writer); break;
    case EVENT_REFUSAL:
        blocks->has_refused = true;
        write_text(writer, event->text);
        break;
    case EVENT_TEXT: write_text(writer, event->text); break;
    case EVENT_REASONING: write_thought(writer, event->text); break;
    case EVENT_SIGNATURE: write_signature(writer, event); break;
    case EVENT_TOOL: begin_call(writer, event); break;
    case EVENT_ARGUMENTS: more_arguments(writer, event); break;
    case EVENT_HOSTED:
    case EVENT_HOSTED_RESULT: write_hosted(writer, event); break;
    case EVENT_CITATION: write_citation(writer, event->text); break;
    case EVENT_VECTOR:
    case EVENT_SEGMENT:
    case EVENT_PICTURE:
    case EVENT_SCORE:
    case EVENT_FINISH: break; /* write_end says it */
    }
}

static void write_end(FrontWriter *writer, FinishReason finish, const ModelUsage *usage)
{
    Blocks *blocks = blocks_of(writer);
    begin_message(writer);
    end_calls(writer);
    close_block(writer, blocks);
    JsonWriter json = begin_frame(writer, S("message_delta"));
    put_object(&json, "delta");
    put_text(&json, "stop_reason", stop_word(finish, blocks->has_tools, blocks->has_refused));
    put_null(&json, "stop_sequence");
    put_end(&json);
    put_usage(&json, usage);
    end_frame(writer, &json);
    json = begin_frame(writer, S("message_stop"));
    end_frame(writer, &json);
}

/* --- Failures --- */

static Str error_type(int status)
{
    static const struct {
        int status;
        Str type;
    } types[] = { { 401, S_INIT("authentication_error") }, { 402, S_INIT("billing_error") },
                  { 403, S_INIT("permission_error") },     { 404, S_INIT("not_found_error") },
                  { 413, S_INIT("request_too_large") },    { 429, S_INIT("rate_limit_error") },
                  { 503, S_INIT("overloaded_error") },     { 504, S_INIT("timeout_error") } };
    for (size_t i = 0; i < COUNT(types); i++)
        if (types[i].status == status)
            return types[i].type;
    return status >= 500 ? S("api_error") : S("invalid_request_error");
}

static void write_error(Buf *out, const Error *err, int status)
{
    JsonWriter json = put_begin(out);
    put_text(&json, "type", S("error"));
    put_object(&json, "error");
    put_text(&json, "type", error_type(status));
    put_text(&json, "message", str(err->message));
    put_end(&json);
    put_end(&json);
}

static void write_stream_error(FrontWriter *writer, const Error *err)
{
    buf_add(writer->out, S("event: error\ndata: "));
    write_error(writer->out, err, error_http_status(err->code));
    buf_add(writer->out, S("\n\n"));
}

/* What changes how a service reads the request or writes the answer. */
static const char *const passed_headers[] = { "anthropic-version", "anthropic-beta", NULL };

const Front front_anthropic = {
    .name = "anthropic",
    .path = "/v1/messages",
    .task = TASK_CHAT,
    .same = &dialect_anthropic,
    .stream_type = "text/event-stream",
    .id_prefix = "msg_",
    .end_mark = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    .heartbeat = "event: ping\ndata: {\"type\":\"ping\"}\n\n",
    .passed_headers = passed_headers,
    .scan = scan,
    .read = anthropic_read,
    .write_reply = write_reply,
    .write_event = write_event,
    .write_end = write_end,
    .write_stream_error = write_stream_error,
    .write_error = write_error,
};
