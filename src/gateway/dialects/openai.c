/* openai.c - OpenAI's chat completions, and the many services that speak like it.
 *
 * The wire is described in OpenAI's API reference; what services really send differs: usage in any
 * chunk (the last one counts), content as a list of parts, an error object inside a stream of
 * status 200, no [DONE] after the finish_reason. */
#include "gateway/dialect.h"

#define NAME_MAX 300

static HttpPair authorize(Arena *arena, Str key)
{
    return (HttpPair){ S("Authorization"), str_format(arena, "Bearer " STR_FMT, STR_ARG(key)) };
}

static void write_chat(Buf *out, const GatewayChat *chat)
{
    JsonWriter json = put_begin(out);
    put_text(&json, "model", chat->model);
    put_array(&json, "messages");
    for (size_t i = 0; i < chat->count; i++) {
        put_object(&json, NULL);
        put_text(&json, "role", chat->messages[i].role);
        put_text(&json, "content", chat->messages[i].text);
        put_end(&json);
    }
    put_end(&json);
    put_bool(&json, "stream", true);
    put_object(&json, "stream_options");
    put_bool(&json, "include_usage", true);
    put_end(&json);
    if (chat->output_max)
        put_int(&json, chat->is_plain ? "max_completion_tokens" : "max_tokens", chat->output_max);
    if (!chat->is_plain)
        put_number(&json, "temperature", chat->temperature);
    put_end(&json);
}

/* --- Reading --- */

/* {"error":{"message":"..."}}, {"error":"..."}, {"message":"..."} or {"detail":"..."} */
static Str error_text(const json_t *json)
{
    const json_t *error = json_object_get(json, "error");
    Str text = json_member_text(error, "message");
    if (!text.length)
        text = json_member_text(json, "error");
    if (!text.length)
        text = json_member_text(json, "message");
    if (!text.length)
        text = json_member_text(json, "detail");
    return text;
}

static Str read_error(Arena *arena, Str body)
{
    AUTO_JSON json_t *json = NULL;
    Error ignored;
    return json_parse(body, MB(1), &json, &ignored) ? str_copy(arena, error_text(json)) : S("");
}

/* An error inside an answer of status 200. */
static bool fail_inside(const json_t *json, Error *err)
{
    const json_t *error = json_object_get(json, "error");
    const json_t *code = json_object_get(error, "code");
    Str type = json_member_text(error, "type"), name = json_member_text(error, "code");
    bool is_limit = json_integer_value(code) == 429 || str_find(type, S("rate_limit")) >= 0 ||
                    str_find(name, S("rate_limit")) >= 0;
    Str text = str_slice(error_text(json), 0, NAME_MAX);
    return fail(err, is_limit ? ERROR_LIMITED : ERROR_UPSTREAM,
                "it failed while answering: " STR_FMT,
                STR_ARG(text.length ? text : S("no reason")));
}

static int64_t token_count(const json_t *usage, const char *name)
{
    json_int_t count = json_integer_value(json_object_get(usage, name));
    return count > 0 && count < INT32_MAX ? count : 0;
}

static void read_usage(ChatReader *reader, const json_t *usage)
{
    if (!json_is_object(usage))
        return;
    reader->has_usage = true;
    reader->input_tokens = token_count(usage, "prompt_tokens");
    reader->output_tokens = token_count(usage, "completion_tokens");
}

static Str finish_name(Str finish)
{
    static const Str known[] = { S_INIT("stop"), S_INIT("length"), S_INIT("tool_calls"),
                                 S_INIT("content_filter") };
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_equal(finish, known[i]))
            return known[i];
    return known[0];
}

/* A text, or a list of parts of which those with a text count. */
static bool read_content(ChatReader *reader, const json_t *content, Error *err)
{
    if (json_is_string(content)) {
        Str text = { json_string_value(content), json_string_length(content) };
        return chat_reader_text(reader, text, err);
    }
    for (size_t i = 0; i < json_array_size(content); i++)
        if (!chat_reader_text(reader, json_member_text(json_array_get(content, i), "text"), err))
            return false;
    return true;
}

/* `part`: "delta" of a stream, "message" of a whole answer. */
static bool read_chunk(ChatReader *reader, const json_t *json, const char *part, Error *err)
{
    const json_t *error = json_object_get(json, "error");
    if (error && !json_is_null(error))
        return fail_inside(json, err);
    const json_t *choice = json_array_get(json_object_get(json, "choices"), 0);
    Str finish = json_member_text(choice, "finish_reason");
    read_usage(reader, json_object_get(json, "usage"));
    if (!reader->model.length)
        reader->model = str_copy(reader->arena, json_member_text(json, "model"));
    if (!read_content(reader, json_object_get(json_object_get(choice, part), "content"), err))
        return false;
    if (str_is(finish, "error"))
        return fail_inside(json, err);
    if (finish.length)
        reader->finish = finish_name(finish);
    return true;
}

static bool read_event(ChatReader *reader, Str data, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    if (str_starts(str_trim(data), S("[DONE]"))) {
        reader->is_ended = true;
        return true;
    }
    if (!str_trim(data).length)
        return true;
    if (!json_parse(data, MB(4), &json, err))
        return fail(err, ERROR_UPSTREAM, "a piece of the answer is not valid JSON");
    return read_chunk(reader, json, "delta", err);
}

static bool read_answer(ChatReader *reader, Str body, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    if (!json_parse(body, MB(8), &json, err))
        return fail(err, ERROR_UPSTREAM, "the answer is not valid JSON, or was cut off");
    if (!read_chunk(reader, json, "message", err))
        return false;
    if (!json_array_size(json_object_get(json, "choices")))
        return fail(err, ERROR_UPSTREAM, "the answer is of an unknown shape");
    reader->is_ended = true;
    return true;
}

static bool read_models(Arena *arena, Str body, StrList *names_r, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    VEC(Str) names = { 0 };
    if (!json_parse(body, MB(8), &json, err))
        return fail(err, ERROR_UPSTREAM, "its list of models is not valid JSON");
    /* OpenAI wraps the list; some services send it bare. */
    const json_t *data = json_is_array(json) ? json : json_object_get(json, "data");
    if (!json_is_array(data) && !json_is_null(data))
        return fail(err, ERROR_UPSTREAM, "its list of models is of an unknown shape");
    for (size_t i = 0; i < json_array_size(data); i++) {
        Str id = json_member_text(json_array_get(data, i), "id");
        if (id.length && id.length <= NAME_MAX)
            *vec_push(arena, &names) = str_copy(arena, id);
    }
    *names_r = (StrList){ names.at, names.count };
    return true;
}

const Dialect dialect_openai = {
    .name = "openai",
    .chat_path = "/chat/completions",
    .models_path = "/models",
    .authorize = authorize,
    .write_chat = write_chat,
    .read_event = read_event,
    .read_answer = read_answer,
    .read_models = read_models,
    .read_error = read_error,
};
