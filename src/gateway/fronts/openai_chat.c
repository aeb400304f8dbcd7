/* openai_chat.c - POST /v1/chat/completions, as OpenAI's clients speak it. */
#include "base/clock.h"
#include "gateway/body_scan.h"
#include "gateway/front.h"
#include "gateway/fronts/citations.h"
#include "gateway/fronts/openai_errors.h"
#include "gateway/fronts/openai_read.h"
#include "net/url_safety.h"

/* --- Reading --- */

/* A server that runs models may open file: and http: addresses for whoever asks. */
static bool check_address(Arena *arena, Str url, ModelRequest *request, Error *err)
{
    Str text = json_text_of(arena, url);
    if (!text.length || str_starts(text, S("data:")))
        return true;
    request->has_near_urls |= !url_looks_public(text);
    return str_starts(text, S("https://")) ||
           fail_field(err, "messages", "send images as data: URLs; addresses are not handed on");
}

/* Another reader may take the last of two members of one name, or undo escapes in names: so all
 * members are looked at, and such names are refused. */
static bool check_part(Arena *arena, Str part, ModelRequest *request, Error *err)
{
    JsonWalk walk = json_walk_begin(json_is_object_text(part) ? part : S("{}")), inner;
    Str name, value, inner_name, url;
    while (json_walk_next(&walk, &name, &value)) {
        if (!str_is(name, "image_url"))
            continue;
        if (!check_address(arena, value, request, err))
            return false;
        inner = json_walk_begin(json_is_object_text(value) ? value : S("{}"));
        while (json_walk_next(&inner, &inner_name, &url))
            if (str_is(inner_name, "url") && !check_address(arena, url, request, err))
                return false;
        walk.has_escaped_name |= inner.has_escaped_name;
    }
    return !walk.has_escaped_name ||
           fail_field(err, "messages", "the names of members must be written without escapes");
}

static bool check_content(Arena *arena, Str content, ModelRequest *request, Error *err)
{
    JsonWalk parts = json_walk_begin(json_is_list(content) ? content : S("[]"));
    Str ignored, part;
    while (json_walk_next(&parts, &ignored, &part))
        if (!check_part(arena, part, request, err))
            return false;
    return true;
}

static bool check_images(Arena *arena, Str messages, ModelRequest *request, Error *err)
{
    JsonWalk walk = json_walk_begin(messages), members;
    Str ignored, message, name, value;
    while (json_walk_next(&walk, &ignored, &message)) {
        members = json_walk_begin(json_is_object_text(message) ? message : S("{}"));
        while (json_walk_next(&members, &name, &value))
            if (str_is(name, "content") && !check_content(arena, value, request, err))
                return false;
        if (members.has_escaped_name)
            return fail_field(err, "messages",
                              "the names of members must be written without escapes");
    }
    return true;
}

/* Whether there may be pictures: a look at all parts is dear. */
static bool may_have_images(Str messages)
{
    return str_find(messages, S("image_url")) >= 0 || str_find(messages, S("\\u00")) >= 0;
}

/* What the way of a call is chosen by; the messages stay unread. */
static bool scan(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    BodyScan walk;
    Str name, value, messages = S("");
    request->task = TASK_CHAT;
    body_scan_begin(&walk, arena, body, request);
    while (body_scan_next(&walk, &name, &value, err))
        if (str_is(name, "max_tokens") || str_is(name, "max_completion_tokens"))
            (void)str_to_int(value, 1, INT32_MAX, &request->output_max);
        else if (str_is(name, "n"))
            (void)str_to_int(value, 1, 128, &request->choice_count);
        else if (str_is(name, "stream_options"))
            request->wants_usage = str_is(json_walk_member(value, "include_usage"), "true");
        else if (str_is(name, "user"))
            request->user = json_text_of(arena, value);
        else if (str_is(name, "service_tier"))
            request->service_tier = json_text_of(arena, value);
        else if (str_is(name, "messages") && json_is_list(value))
            messages = value;
        else if (str_is(name, "functions") && json_is_list(value) && value.length > 2)
            request->tool_count = request->is_old_form = true;
    if (!body_scan_end(&walk, err))
        return false;
    if (!messages.length)
        return fail_field(err, "messages", "messages must be a list");
    if (!body_scan_is_filled(messages))
        return fail_field(err, "messages", "messages must have at least one message");
    request->message_count = 1; /* there are some; how many is not asked */
    return !may_have_images(messages) || check_images(arena, messages, request, err);
}

/* --- Writing --- */

static void put_head(FrontWriter *writer, JsonWriter *json, Str object)
{
    put_text(json, "id", writer->id);
    put_text(json, "object", object);
    put_int(json, "created", writer->created_s);
    put_text(json, "model", writer->model);
}

static Str finish_word(const FrontWriter *writer, FinishReason reason)
{
    static const Str words[] = { [FINISH_UNKNOWN] = S_INIT("stop"),
                                 [FINISH_STOP] = S_INIT("stop"),
                                 [FINISH_LENGTH] = S_INIT("length"),
                                 [FINISH_TOOLS] = S_INIT("tool_calls"),
                                 [FINISH_FILTER] = S_INIT("content_filter") };
    return reason == FINISH_TOOLS && writer->request->is_old_form ? S("function_call")
                                                                  : words[reason];
}

static void put_usage(JsonWriter *json, const ModelUsage *usage)
{
    int64_t input = usage->input + usage->cache_read + usage->cache_write + usage->cache_write_long;
    put_object(json, "usage");
    put_int(json, "prompt_tokens", input);
    put_int(json, "completion_tokens", usage->output);
    put_int(json, "total_tokens", input + usage->output);
    put_object(json, "prompt_tokens_details");
    put_int(json, "cached_tokens", usage->cache_read);
    put_end(json);
    put_object(json, "completion_tokens_details");
    put_int(json, "reasoning_tokens", usage->reasoning);
    put_end(json);
    put_end(json);
}

static Str joined(Arena *arena, const ModelChoice *choice, PartKind kind)
{
    Buf out = buf_new(arena, MB(64));
    for (size_t i = 0; i < choice->parts.count; i++)
        if (choice->parts.at[i].kind == kind)
            buf_add(&out, choice->parts.at[i].text);
    return buf_str(&out);
}

static void put_tool_calls(JsonWriter *json, const ModelChoice *choice)
{
    put_array(json, "tool_calls");
    for (size_t i = 0; i < choice->parts.count; i++) {
        const ModelPart *part = &choice->parts.at[i];
        if (part->kind != PART_TOOL_CALL)
            continue;
        put_object(json, NULL);
        put_text(json, "id", part->id);
        put_text(json, "type", S("function"));
        put_object(json, "function");
        put_text(json, "name", part->name);
        put_text(json, "arguments", part->arguments);
        put_end(json);
        put_end(json);
    }
    put_end(json);
}

static void put_all_annotations(JsonWriter *json, Arena *arena, const ModelChoice *choice)
{
    bool is_open = false;
    for (size_t i = 0; i < choice->parts.count; i++) {
        const ModelPart *part = &choice->parts.at[i];
        if (!part->citations.length)
            continue;
        if (!is_open)
            put_array(json, "annotations");
        is_open = true;
        put_annotations(json, arena, part->citations, ANNOTATION_CHAT, (int64_t)part->text.length);
    }
    if (is_open)
        put_end(json);
}

/* What a service wants back with its thoughts, in the form that OpenRouter gave it. */
static void put_detail(JsonWriter *json, const ModelPart *thought, int number)
{
    put_object(json, NULL);
    put_text(json, "type", thought->is_redacted ? S("reasoning.encrypted") : S("reasoning.text"));
    if (!thought->is_redacted)
        put_text(json, "text", thought->text);
    put_text(json, thought->is_redacted ? "data" : "signature", thought->signature);
    put_int(json, "index", number);
    put_end(json);
}

static void put_details(JsonWriter *json, const ModelChoice *choice)
{
    int number = 0;
    for (size_t i = 0; i < choice->parts.count; i++) {
        const ModelPart *part = &choice->parts.at[i];
        if (part->kind != PART_REASONING || !part->signature.length)
            continue;
        if (!number)
            put_array(json, "reasoning_details");
        put_detail(json, part, number++);
    }
    if (number)
        put_end(json);
}

/* Of the older form, which knows only one. */
static void put_function_call(JsonWriter *json, const ModelChoice *choice)
{
    for (size_t i = 0; i < choice->parts.count; i++) {
        const ModelPart *part = &choice->parts.at[i];
        if (part->kind != PART_TOOL_CALL)
            continue;
        put_object(json, "function_call");
        put_text(json, "name", part->name);
        put_text(json, "arguments", part->arguments);
        put_end(json);
        return;
    }
}

static void put_choice(FrontWriter *writer, JsonWriter *json, const ModelChoice *choice, int number)
{
    Str text = joined(writer->arena, choice, PART_TEXT);
    Str reasoning = joined(writer->arena, choice, PART_REASONING);
    Str refusal = joined(writer->arena, choice, PART_REFUSAL);
    bool has_tools = false;
    for (size_t i = 0; i < choice->parts.count; i++)
        has_tools = has_tools || choice->parts.at[i].kind == PART_TOOL_CALL;
    put_object(json, NULL);
    put_int(json, "index", number);
    put_object(json, "message");
    put_text(json, "role", S("assistant"));
    if (text.length || !has_tools)
        put_text(json, "content", text);
    else
        put_null(json, "content");
    if (reasoning.length)
        put_text(json, "reasoning_content", reasoning);
    put_details(json, choice);
    put_text_or_null(json, "refusal", refusal);
    if (has_tools && writer->request->is_old_form)
        put_function_call(json, choice);
    else if (has_tools)
        put_tool_calls(json, choice);
    put_all_annotations(json, writer->arena, choice);
    put_end(json);
    put_null(json, "logprobs");
    put_text(json, "finish_reason", finish_word(writer, choice->finish));
    put_end(json);
}

static void write_reply(FrontWriter *writer, const ModelReply *reply)
{
    JsonWriter json = put_begin(writer->out);
    put_head(writer, &json, S("chat.completion"));
    put_array(&json, "choices");
    for (size_t i = 0; i < reply->choices.count; i++)
        put_choice(writer, &json, &reply->choices.at[i], (int)i);
    put_end(&json);
    put_usage(&json, &reply->usage);
    put_end(&json);
}

static void end_frame(FrontWriter *writer, JsonWriter *json)
{
    put_end(json);
    buf_add(writer->out, S("\n\n"));
}

static JsonWriter begin_frame(FrontWriter *writer)
{
    buf_add(writer->out, S("data: "));
    JsonWriter json = put_begin(writer->out);
    put_head(writer, &json, S("chat.completion.chunk"));
    return json;
}

static void put_old_delta(JsonWriter *json, const ModelEvent *event)
{
    put_object(json, "function_call");
    if (event->kind == EVENT_TOOL)
        put_text(json, "name", event->name);
    put_text(json, "arguments", event->text);
    put_end(json);
}

static void put_tool_delta(FrontWriter *writer, JsonWriter *json, const ModelEvent *event)
{
    if (writer->request->is_old_form) {
        put_old_delta(json, event);
        return;
    }
    put_array(json, "tool_calls");
    put_object(json, NULL);
    put_int(json, "index", event->index);
    if (event->kind == EVENT_TOOL) {
        put_text(json, "id", event->id);
        put_text(json, "type", S("function"));
    }
    put_object(json, "function");
    if (event->kind == EVENT_TOOL)
        put_text(json, "name", event->name);
    put_text(json, "arguments", event->text);
    put_end(json);
    put_end(json);
    put_end(json);
}

/* The thought of the first answer that is being told; its signature comes with all of it. */
typedef struct Thought {
    Buf text;
    int number;
} Thought;

static Thought *thought_of(FrontWriter *writer)
{
    if (!writer->state) {
        Thought *thought = arena_new_one(writer->arena, Thought);
        thought->text = buf_new(writer->arena, MB(64));
        writer->state = thought;
    }
    return writer->state;
}

static void put_signature(FrontWriter *writer, JsonWriter *json, const ModelEvent *event)
{
    Thought *thought = thought_of(writer);
    ModelPart part = { .signature = event->text, .is_redacted = event->is_redacted };
    part.text = buf_str(&thought->text);
    put_array(json, "reasoning_details");
    put_detail(json, &part, thought->number++);
    put_end(json);
    if (!event->is_redacted)
        thought->text.length = 0;
}

static void put_delta(FrontWriter *writer, JsonWriter *json, const ModelEvent *event)
{
    put_object(json, "delta");
    switch (event->kind) {
    case EVENT_START:
        put_text(json, "role", S("assistant"));
        put_text(json, "content", S(""));
        break;
    case EVENT_TEXT: put_text(json, "content", event->text); break;
    case EVENT_REASONING:
        put_text(json, "reasoning_content", event->text);
        if (!event->choice)
            buf_add(&thought_of(writer)->text, event->text);
        break;
    case EVENT_SIGNATURE: put_signature(writer, json, event); break;
    case EVENT_REFUSAL: put_text(json, "refusal", event->text); break;
    case EVENT_TOOL:
    case EVENT_ARGUMENTS: put_tool_delta(writer, json, event); break;
    case EVENT_CITATION:
        put_array(json, "annotations");
        put_annotation(json, writer->arena, NULL, event->text, ANNOTATION_CHAT, 0);
        put_end(json);
        break;
    case EVENT_HOSTED:
    case EVENT_HOSTED_RESULT:
    case EVENT_VECTOR:
    case EVENT_SEGMENT:
    case EVENT_PICTURE:
    case EVENT_SCORE:
    case EVENT_FINISH: break;
    }
    put_end(json);
}

static void write_event(FrontWriter *writer, const ModelEvent *event)
{
    if (event->kind == EVENT_SIGNATURE && event->choice)
        return; /* a conversation goes on from the first */
    /* There are no words for calls of the program's own here: their end is in the answer. */
    if (event->kind == EVENT_HOSTED || event->kind == EVENT_HOSTED_RESULT)
        return;
    /* The older form has one call; more of them would run together. */
    if (writer->request->is_old_form && event->index &&
        (event->kind == EVENT_TOOL || event->kind == EVENT_ARGUMENTS))
        return;
    JsonWriter json = begin_frame(writer);
    put_array(&json, "choices");
    put_object(&json, NULL);
    put_int(&json, "index", event->choice);
    put_delta(writer, &json, event);
    put_null(&json, "logprobs");
    put_text_or_null(&json, "finish_reason",
                     event->kind == EVENT_FINISH ? finish_word(writer, event->finish) : S(""));
    put_end(&json);
    put_end(&json);
    end_frame(writer, &json);
}

static void write_end(FrontWriter *writer, FinishReason finish, const ModelUsage *usage)
{
    (void)finish;
    if (writer->request->wants_usage) {
        JsonWriter json = begin_frame(writer);
        put_array(&json, "choices");
        put_end(&json);
        put_usage(&json, usage);
        end_frame(writer, &json);
    }
    buf_add(writer->out, S("data: [DONE]\n\n"));
}

const Front front_openai_chat = {
    .name = "openai",
    .path = "/v1/chat/completions",
    .task = TASK_CHAT,
    .same = &dialect_openai,
    .stream_type = "text/event-stream",
    .end_mark = "data: [DONE]\n\n",
    .id_prefix = "chatcmpl-",
    .scan = scan,
    .read = openai_read,
    .write_reply = write_reply,
    .write_event = write_event,
    .write_end = write_end,
    .write_stream_error = openai_write_stream_error,
    .write_error = openai_write_error,
};
