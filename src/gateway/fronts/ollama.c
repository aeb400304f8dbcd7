/* ollama.c - POST /api/chat and /api/generate, as Ollama's clients speak them: a line of JSON for
 * each piece, the last with "done". Whoever says nothing of it gets a stream. */
#include "gateway/fronts/ollama_read.h"

#include "base/clock.h"
#include "gateway/body_scan.h"
#include "gateway/front.h"

/* --- Reading --- */

/* `content` is the member that must be there: a list, or a text that is not empty. */
static bool scan_body(Arena *arena, Str body, const char *content, ModelRequest *request,
                      Error *err)
{
    BodyScan walk;
    Str name, value, said = S("");
    request->task = TASK_CHAT;
    request->wants_usage = true; /* it always comes */
    body_scan_begin(&walk, arena, body, request);
    while (body_scan_next(&walk, &name, &value, err))
        if (str_is(name, "options"))
            (void)str_to_int(json_walk_member(value, "num_predict"), 1, INT32_MAX,
                             &request->output_max);
        else if (str_is(name, content))
            said = value;
    if (!body_scan_end(&walk, err))
        return false;
    if (!body_scan_is_filled(said))
        return fail_field(err, content, "%s is missing or empty", content);
    request->message_count = 1;
    return true;
}

static bool scan_chat(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    return scan_body(arena, body, "messages", request, err);
}

static bool scan_generate(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    return scan_body(arena, body, "prompt", request, err);
}

/* --- Writing --- */

#define ARGUMENTS_MAX MB(16)

typedef struct GatheredCall {
    int index; /* of the service's */
    Str id, name;
    Buf arguments;
} GatheredCall;

/* Calls are told whole, when the answer is at its end. */
typedef struct Lines {
    VEC(GatheredCall) calls;
    int64_t started_us;
} Lines;

static bool is_chat(const FrontWriter *writer) { return writer->front == &front_ollama_chat; }

static void put_head(FrontWriter *writer, JsonWriter *json)
{
    put_text(json, "model", writer->model);
    put_time(json, "created_at", now_ms());
}

/* Arguments are an object here; what is none is shown as it came. */
static void put_call(JsonWriter *json, Str id, Str name, Str arguments, int index)
{
    Str text = str_trim(arguments);
    put_object(json, NULL);
    if (id.length)
        put_text(json, "id", id);
    put_object(json, "function");
    put_int(json, "index", index);
    put_text(json, "name", name);
    if (json_is_object_text(text) && json_walk_is_valid(text))
        put_raw(json, "arguments", text);
    else {
        put_object(json, "arguments");
        if (text.length)
            put_text(json, "INVALID_JSON", text);
        put_end(json);
    }
    put_end(json);
    put_end(json);
}

static void put_calls(JsonWriter *json, const Lines *lines)
{
    if (!lines->calls.count)
        return;
    put_array(json, "tool_calls");
    for (size_t i = 0; i < lines->calls.count; i++) {
        const GatheredCall *call = &lines->calls.at[i];
        put_call(json, call->id, call->name, buf_str(&call->arguments), (int)i);
    }
    put_end(json);
}

/* Texts of a piece or of the whole answer: in a message, or beside the other members. */
static void put_said(FrontWriter *writer, JsonWriter *json, Str text, Str thought,
                     const Lines *lines)
{
    if (is_chat(writer)) {
        put_object(json, "message");
        put_text(json, "role", S("assistant"));
    }
    put_text(json, is_chat(writer) ? "content" : "response", text);
    if (thought.length)
        put_text(json, "thinking", thought);
    if (is_chat(writer)) {
        put_calls(json, lines);
        put_end(json);
    }
}

static void put_done(JsonWriter *json, FinishReason finish, const ModelUsage *usage,
                     int64_t duration_ns)
{
    put_bool(json, "done", true);
    put_text(json, "done_reason", finish == FINISH_LENGTH ? S("length") : S("stop"));
    if (duration_ns) {
        put_int(json, "total_duration", duration_ns);
        put_int(json, "eval_duration", duration_ns);
    }
    put_int(json, "prompt_eval_count",
            usage->input + usage->cache_read + usage->cache_write + usage->cache_write_long);
    put_int(json, "eval_count", usage->output);
}

static void gather_part(FrontWriter *writer, Lines *lines, const ModelPart *part)
{
    GatheredCall *call = vec_push(writer->arena, &lines->calls);
    *call = (GatheredCall){ .id = part->id,
                            .name = part->name,
                            .arguments = buf_new(writer->arena, ARGUMENTS_MAX) };
    buf_add(&call->arguments, part->arguments);
}

static void write_reply(FrontWriter *writer, const ModelReply *reply)
{
    const ModelChoice *choice = &reply->choices.at[0];
    Buf text = buf_new(writer->arena, MB(64)), thought = buf_new(writer->arena, MB(64));
    Lines lines = { 0 };
    for (size_t i = 0; i < choice->parts.count; i++) {
        const ModelPart *part = &choice->parts.at[i];
        if (part->kind == PART_TOOL_CALL)
            gather_part(writer, &lines, part);
        else if (part->kind != PART_HOSTED) /* there are no words for it here */
            buf_add(part->kind == PART_REASONING ? &thought : &text, part->text);
    }
    JsonWriter json = put_begin(writer->out);
    put_head(writer, &json);
    put_said(writer, &json, buf_str(&text), buf_str(&thought), &lines);
    put_done(&json, choice->finish, &reply->usage, 0);
    put_end(&json);
}

/* --- A stream --- */

static Lines *lines_of(FrontWriter *writer)
{
    if (!writer->state) {
        Lines *lines = arena_new_one(writer->arena, Lines);
        lines->started_us = monotonic_us();
        writer->state = lines;
    }
    return writer->state;
}

static void write_line(FrontWriter *writer, Str text, Str thought, const Lines *lines)
{
    JsonWriter json = put_begin(writer->out);
    put_head(writer, &json);
    put_said(writer, &json, text, thought, lines);
    put_bool(&json, "done", false);
    put_end(&json);
    buf_add_char(writer->out, '\n');
}

static void gather_call(FrontWriter *writer, const ModelEvent *event)
{
    Lines *lines = lines_of(writer);
    *vec_push(writer->arena, &lines->calls) =
        (GatheredCall){ .index = event->index,
                        .id = str_copy(writer->arena, event->id),
                        .name = str_copy(writer->arena, event->name),
                        .arguments = buf_new(writer->arena, ARGUMENTS_MAX) };
}

static void gather_arguments(FrontWriter *writer, const ModelEvent *event)
{
    Lines *lines = lines_of(writer);
    for (size_t i = lines->calls.count; i-- > 0;)
        if (lines->calls.at[i].index == event->index) {
            buf_add(&lines->calls.at[i].arguments, event->text);
            return;
        }
}

static void write_event(FrontWriter *writer, const ModelEvent *event)
{
    static const Lines none = { 0 };
    (void)lines_of(writer);
    if (event->choice) /* there is one answer here */
        return;
    switch (event->kind) {
    case EVENT_TEXT:
    case EVENT_REFUSAL: write_line(writer, event->text, S(""), &none); break;
    case EVENT_REASONING: write_line(writer, S(""), event->text, &none); break;
    case EVENT_TOOL: gather_call(writer, event); break;
    case EVENT_ARGUMENTS: gather_arguments(writer, event); break;
    case EVENT_START:
    case EVENT_SIGNATURE:
    case EVENT_HOSTED: /* there are no words for it here */
    case EVENT_HOSTED_RESULT:
    case EVENT_CITATION:
    case EVENT_VECTOR:
    case EVENT_SEGMENT:
    case EVENT_PICTURE:
    case EVENT_SCORE:
    case EVENT_FINISH: break; /* write_end says it */
    }
}

static void write_end(FrontWriter *writer, FinishReason finish, const ModelUsage *usage)
{
    static const Lines none = { 0 };
    const Lines *lines = lines_of(writer);
    if (lines->calls.count)
        write_line(writer, S(""), S(""), lines);
    JsonWriter json = put_begin(writer->out);
    put_head(writer, &json);
    put_said(writer, &json, S(""), S(""), &none);
    put_done(&json, finish, usage, (monotonic_us() - lines->started_us) * 1000);
    put_end(&json);
    buf_add_char(writer->out, '\n');
}

/* --- Failures --- */

static void write_error(Buf *out, const Error *err, int status)
{
    (void)status;
    JsonWriter json = put_begin(out);
    put_text(&json, "error", str(err->message));
    put_end(&json);
}

static void write_stream_error(FrontWriter *writer, const Error *err)
{
    write_error(writer->out, err, 0);
    buf_add_char(writer->out, '\n');
}

const Front front_ollama_chat = {
    .name = "ollama",
    .path = "/api/chat",
    .task = TASK_CHAT,
    .same = &dialect_ollama,
    .stream_type = "application/x-ndjson",
    .streams_unasked = true,
    .id_prefix = "chat-",
    .scan = scan_chat,
    .read = ollama_read_chat,
    .write_reply = write_reply,
    .write_event = write_event,
    .write_end = write_end,
    .write_stream_error = write_stream_error,
    .write_error = write_error,
};

const Front front_ollama_generate = {
    .name = "ollama_generate",
    .path = "/api/generate",
    .task = TASK_CHAT,
    .stream_type = "application/x-ndjson",
    .streams_unasked = true,
    .id_prefix = "generate-",
    .scan = scan_generate,
    .read = ollama_read_generate,
    .write_reply = write_reply,
    .write_event = write_event,
    .write_end = write_end,
    .write_stream_error = write_stream_error,
    .write_error = write_error,
};
