/* openai_completions.c - POST /v1/completions, OpenAI's older form: one prompt, one text. A service
 * that only chats is asked with the prompt as its only message. */
#include "gateway/body_scan.h"
#include "gateway/fronts/openai_errors.h"

/* --- Reading --- */

static bool scan(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    BodyScan walk;
    Str name, value;
    bool has_prompt = false;
    request->task = TASK_COMPLETION;
    body_scan_begin(&walk, arena, body, request);
    while (body_scan_next(&walk, &name, &value, err))
        if (str_is(name, "max_tokens"))
            (void)str_to_int(value, 1, INT32_MAX, &request->output_max);
        else if (str_is(name, "stream_options"))
            request->wants_usage = str_is(json_walk_member(value, "include_usage"), "true");
        else if (str_is(name, "user"))
            request->user = json_text_of(arena, value);
        else if (str_is(name, "prompt"))
            has_prompt = json_is_text(value) || json_is_list(value);
    if (!body_scan_end(&walk, err))
        return false;
    request->message_count = 1;
    return has_prompt || fail_field(err, "prompt", "prompt must be a text or a list");
}

static bool read(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    static const MemberRule rules[] = {
        { "prompt", MEMBER_TEXTS, offsetof(ModelRequest, inputs) },
        { "max_tokens", MEMBER_INT, offsetof(ModelRequest, output_max), 1, INT32_MAX },
        { "temperature", MEMBER_NUMBER, offsetof(ModelRequest, temperature), 0, 2 },
        { "top_p", MEMBER_NUMBER, offsetof(ModelRequest, top_p), 0, 1 },
        { "presence_penalty", MEMBER_NUMBER, offsetof(ModelRequest, presence_penalty), -2, 2 },
        { "frequency_penalty", MEMBER_NUMBER, offsetof(ModelRequest, frequency_penalty), -2, 2 },
        { "seed", MEMBER_NUMBER, offsetof(ModelRequest, seed) },
        { "stop", MEMBER_TEXTS, offsetof(ModelRequest, stop) },
        { "n", MEMBER_INT, offsetof(ModelRequest, choice_count), 1, 128 },
        { "user", MEMBER_TEXT, offsetof(ModelRequest, user) },
        { "suffix", MEMBER_REFUSED },
        { "echo", MEMBER_REFUSED },
        { "model", MEMBER_SKIPPED },
        { "stream", MEMBER_SKIPPED },
        { "stream_options", MEMBER_SKIPPED },
    };
    Buf rest = buf_new(arena, body.length + KB(1));
    if (!read_members(arena, body, MEMBER_RULES(rules), request, &rest, err))
        return false;
    request->extra = members_object(arena, &rest);
    if (request->inputs.count != 1)
        return fail_field(err, "prompt", "this service takes one prompt, not several");
    ModelPart *part = arena_new_one(arena, ModelPart);
    ModelMessage *message = arena_new_one(arena, ModelMessage);
    *part = (ModelPart){ .kind = PART_TEXT, .text = request->inputs.at[0] };
    *message = (ModelMessage){ .role = FROM_USER, .parts = part, .count = 1 };
    request->messages = message;
    request->message_count = 1;
    return true;
}

/* --- Writing --- */

static void put_head(FrontWriter *writer, JsonWriter *json)
{
    put_text(json, "id", writer->id);
    put_text(json, "object", S("text_completion"));
    put_int(json, "created", writer->created_s);
    put_text(json, "model", writer->model);
}

static Str finish_word(FinishReason reason)
{
    if (reason == FINISH_LENGTH)
        return S("length");
    return reason == FINISH_FILTER ? S("content_filter") : S("stop");
}

static void put_usage(JsonWriter *json, const ModelUsage *usage)
{
    int64_t input = usage->input + usage->cache_read + usage->cache_write + usage->cache_write_long;
    put_object(json, "usage");
    put_int(json, "prompt_tokens", input);
    put_int(json, "completion_tokens", usage->output);
    put_int(json, "total_tokens", input + usage->output);
    put_end(json);
}

static void put_choice(JsonWriter *json, int number, Str text, Str finish)
{
    put_object(json, NULL);
    put_text(json, "text", text);
    put_int(json, "index", number);
    put_null(json, "logprobs");
    put_text_or_null(json, "finish_reason", finish);
    put_end(json);
}

static void write_reply(FrontWriter *writer, const ModelReply *reply)
{
    JsonWriter json = put_begin(writer->out);
    put_head(writer, &json);
    put_array(&json, "choices");
    for (size_t i = 0; i < reply->choices.count; i++) {
        const ModelChoice *choice = &reply->choices.at[i];
        Buf text = buf_new(writer->arena, MB(64));
        for (size_t j = 0; j < choice->parts.count; j++)
            if (choice->parts.at[j].kind == PART_TEXT)
                buf_add(&text, choice->parts.at[j].text);
        put_choice(&json, (int)i, buf_str(&text), finish_word(choice->finish));
    }
    put_end(&json);
    put_usage(&json, &reply->usage);
    put_end(&json);
}

static void write_event(FrontWriter *writer, const ModelEvent *event)
{
    if (event->kind != EVENT_TEXT && event->kind != EVENT_FINISH)
        return;
    buf_add(writer->out, S("data: "));
    JsonWriter json = put_begin(writer->out);
    put_head(writer, &json);
    put_array(&json, "choices");
    put_choice(&json, event->choice, event->text,
               event->kind == EVENT_FINISH ? finish_word(event->finish) : S(""));
    put_end(&json);
    put_end(&json);
    buf_add(writer->out, S("\n\n"));
}

static void write_end(FrontWriter *writer, FinishReason finish, const ModelUsage *usage)
{
    (void)finish;
    if (writer->request->wants_usage) {
        buf_add(writer->out, S("data: "));
        JsonWriter json = put_begin(writer->out);
        put_head(writer, &json);
        put_array(&json, "choices");
        put_end(&json);
        put_usage(&json, usage);
        put_end(&json);
        buf_add(writer->out, S("\n\n"));
    }
    buf_add(writer->out, S("data: [DONE]\n\n"));
}

const Front front_openai_completions = {
    .name = "openai_completions",
    .path = "/v1/completions",
    .task = TASK_COMPLETION,
    .same = &dialect_openai,
    .stream_type = "text/event-stream",
    .end_mark = "data: [DONE]\n\n",
    .id_prefix = "cmpl-",
    .scan = scan,
    .read = read,
    .write_reply = write_reply,
    .write_event = write_event,
    .write_end = write_end,
    .write_stream_error = openai_write_stream_error,
    .write_error = openai_write_error,
};
