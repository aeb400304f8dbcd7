/* openai_chat.c - chat in OpenAI's shape: the model lectern answers from the library, every other
 * one goes through the gateway. */
#include "answer/answer.h"
#include "api/api.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/json_walk.h"
#include "models/models.h"
#include "net/http_stream.h"

#define EARLIER_MAX 6
#define QUESTION_MAX KB(8)
#define MESSAGES_MAX 2000

/* --- The question --- */

/* A text, or the texts of its parts. */
static Str content_text(Arena *arena, const json_t *message)
{
    const json_t *content = json_object_get(message, "content");
    Buf out = buf_new(arena, QUESTION_MAX + 1);
    if (!json_is_array(content))
        return json_member_text(message, "content");
    for (size_t i = 0; i < json_array_size(content); i++) {
        buf_add(&out, json_member_text(json_array_get(content, i), "text"));
        buf_add_char(&out, '\n');
    }
    return str_trim(buf_str(&out));
}

/* What the person asked last, and before that. */
static bool read_question(ApiRequest *request, AnswerRequest *ask, size_t *input_bytes_r,
                          Error *err)
{
    const json_t *messages = json_object_get(request->json, "messages");
    size_t count = json_array_size(messages);
    VEC(Str) asked = { 0 };
    *input_bytes_r = 0;
    if (!count || count > MESSAGES_MAX)
        return fail_field(err, "messages", "messages must be a list of 1 to %d", MESSAGES_MAX);
    for (size_t i = 0; i < count; i++) {
        const json_t *message = json_array_get(messages, i);
        Str text = str_trim(content_text(request->arena, message));
        *input_bytes_r += text.length;
        if (text.length && str_is(json_member_text(message, "role"), "user"))
            *vec_push(request->arena, &asked) = text;
    }
    if (!asked.count)
        return fail_field(err, "messages", "no message of role user has a text");
    ask->question = asked.at[asked.count - 1];
    if (ask->question.length > QUESTION_MAX)
        return fail_field(err, "messages", "the question has more than %zu bytes", QUESTION_MAX);
    size_t earlier = MIN(asked.count - 1, EARLIER_MAX);
    ask->earlier = (StrList){ asked.at + (asked.count - 1 - earlier), earlier };
    return true;
}

/* --- One answer, in OpenAI's shape --- */

typedef struct ChatHead {
    Str id;
    int64_t created_s;
    size_t input_bytes;
    bool has_usage; /* asked for at the end of the stream */
} ChatHead;

static void put_head(JsonWriter *json, const ChatHead *head, Str object)
{
    put_text(json, "id", head->id);
    put_text(json, "object", object);
    put_int(json, "created", head->created_s);
    put_text(json, "model", S("lectern"));
}

static void put_usage(JsonWriter *json, const ChatHead *head, const Answer *answer)
{
    int64_t input = answer->input_tokens, output = answer->output_tokens;
    if (!input) /* made without a service: nothing counted tokens */
        input = gateway_guess_tokens(head->input_bytes);
    if (!output)
        output = gateway_guess_tokens(answer->text.length);
    put_object(json, "usage");
    put_int(json, "prompt_tokens", input);
    put_int(json, "completion_tokens", output);
    put_int(json, "total_tokens", input + output);
    put_end(json);
}

static void put_annotations(JsonWriter *json, const Answer *answer)
{
    put_array(json, "annotations");
    for (size_t i = 0; i < answer->citation_count; i++) {
        const Citation *citation = &answer->citations[i];
        put_object(json, NULL);
        put_text(json, "type", S("file_citation"));
        put_object(json, "file_citation");
        put_int(json, "number", citation->number);
        put_text(json, "file_id", citation->document);
        put_text(json, "filename", citation->name);
        put_text(json, "quote", citation->quote);
        put_text(json, "place", citation->place);
        put_end(json);
        put_end(json);
    }
    put_end(json);
}

static void put_completion(HttpResponse *response, const ChatHead *head, const Answer *answer)
{
    JsonWriter json = put_begin(&response->body);
    put_head(&json, head, S("chat.completion"));
    put_array(&json, "choices");
    put_object(&json, NULL);
    put_int(&json, "index", 0);
    put_object(&json, "message");
    put_text(&json, "role", S("assistant"));
    put_text(&json, "content", answer->text);
    put_null(&json, "refusal");
    put_annotations(&json, answer);
    put_end(&json);
    put_null(&json, "logprobs");
    put_text(&json, "finish_reason", S("stop"));
    put_end(&json);
    put_end(&json);
    put_usage(&json, head, answer);
    put_end(&json);
}

/* --- The same as a stream --- */

typedef struct ChunkPort {
    const ChatHead *head;
    HttpStream *stream;
    Arena *arena;
} ChunkPort;

typedef enum ChunkKind { CHUNK_ROLE, CHUNK_TEXT, CHUNK_CITATIONS, CHUNK_STOP } ChunkKind;

static void put_delta(JsonWriter *json, ChunkKind kind, Str text, const Answer *answer)
{
    put_object(json, "delta");
    if (kind == CHUNK_ROLE)
        put_text(json, "role", S("assistant"));
    if (kind == CHUNK_ROLE || kind == CHUNK_TEXT)
        put_text(json, "content", text);
    if (kind == CHUNK_CITATIONS)
        put_annotations(json, answer);
    put_end(json);
}

static bool send_chunk(ChunkPort *port, ChunkKind kind, Str text, const Answer *answer)
{
    Buf data = buf_new(port->arena, MB(1));
    JsonWriter json = put_begin(&data);
    put_head(&json, port->head, S("chat.completion.chunk"));
    put_array(&json, "choices");
    put_object(&json, NULL);
    put_int(&json, "index", 0);
    put_delta(&json, kind, text, answer);
    if (kind == CHUNK_STOP)
        put_text(&json, "finish_reason", S("stop"));
    else
        put_null(&json, "finish_reason");
    put_end(&json);
    put_end(&json);
    if (port->head->has_usage)
        put_null(&json, "usage");
    put_end(&json);
    return http_stream_send(port->stream, S(""), buf_str(&data));
}

static bool send_delta(void *self, Str text) { return send_chunk(self, CHUNK_TEXT, text, NULL); }

static bool send_usage(ChunkPort *port, const Answer *answer)
{
    Buf data = buf_new(port->arena, KB(16));
    JsonWriter json = put_begin(&data);
    put_head(&json, port->head, S("chat.completion.chunk"));
    put_array(&json, "choices");
    put_end(&json);
    put_usage(&json, port->head, answer);
    put_end(&json);
    return http_stream_send(port->stream, S(""), buf_str(&data));
}

/* OpenAI's clients take an end without this for a whole answer, so a failure must be said. */
static void send_failure(Arena *arena, HttpStream *stream, const Error *err)
{
    Buf data = buf_new(arena, KB(16));
    JsonWriter json = put_begin(&data);
    put_object(&json, "error");
    put_text(&json, "message", str(err->message));
    put_text(&json, "type", err->code == ERROR_UPSTREAM ? S("upstream_error") : S("server_error"));
    put_null(&json, "param");
    put_text(&json, "code", S("stream_interrupted"));
    put_end(&json);
    put_end(&json);
    (void)http_stream_send(stream, S(""), buf_str(&data));
}

static bool stream_answer(ApiRequest *request, const AnswerRequest *ask, const ChatHead *head,
                          HttpResponse *response)
{
    HttpStreamOptions options = { .wait_ms = 10000, .queue_max = MB(4) };
    ChunkPort port = { head, http_respond_stream(response, &options), request->arena };
    AnswerSink sink = { .delta = send_delta, .self = &port };
    Answer answer;
    Error err = { 0 };
    if (!send_chunk(&port, CHUNK_ROLE, S(""), NULL) ||
        !answer_run(request->api->answers, request->scope, request->arena, ask, &sink, &answer,
                    &err))
        send_failure(request->arena, port.stream, &err);
    else
        (void)(send_chunk(&port, CHUNK_CITATIONS, S(""), &answer) &&
               send_chunk(&port, CHUNK_STOP, S(""), NULL) &&
               (!head->has_usage || send_usage(&port, &answer)) &&
               http_stream_send(port.stream, S(""), S("[DONE]")));
    http_stream_close(port.stream);
    return true;
}

static bool answer_from_library(ApiRequest *request, bool is_stream, HttpResponse *response,
                                Error *err)
{
    const json_t *options = json_object_get(request->json, "stream_options");
    Str id = id_new(request->arena);
    ChatHead head = { .id = str_format(request->arena, "chatcmpl-" STR_FMT, STR_ARG(id)),
                      .created_s = now_ms() / 1000,
                      .has_usage = json_is_true(json_object_get(options, "include_usage")) };
    AnswerRequest ask = { 0 };
    AnswerSink silent = { 0 };
    Answer answer;
    if (!read_question(request, &ask, &head.input_bytes, err))
        return false;
    if (is_stream)
        return stream_answer(request, &ask, &head, response);
    if (!answer_run(request->api->answers, request->scope, request->arena, &ask, &silent, &answer,
                    err))
        return false;
    put_completion(response, &head, &answer);
    return true;
}

/* --- Which of the two --- */

static bool answer_chat(ApiRequest *request, HttpResponse *response, Error *err)
{
    if (!json_is_object(request->json))
        return fail(err, ERROR_INVALID, "the body must be a JSON object");
    return answer_from_library(request, json_is_true(json_object_get(request->json, "stream")),
                               response, err);
}

bool chat_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    HttpRequest *http = request->http;
    Str model = json_text_of(request->arena, json_walk_member(http->body, "model"));
    (void)err;
    if (!model.length || str_is(model, "lectern"))
        api_handle_on_pool(request, response, answer_chat);
    else
        gateway_serve(models_gateway(request->api->models), &front_openai_chat, api_secret(http),
                      http, response);
    return true;
}
