/* calls_api.c - calls of models, in every dialect that clients speak: the model lectern answers
 * from the library, every other one goes through the gateway.
 *
 * The library is one more source of ModelEvents, which the client's front writes down. */
#include "answer/answer.h"
#include "api/api.h"
#include "base/clock.h"
#include "base/json_walk.h"
#include "models/models.h"
#include "net/http_stream.h"

#define EARLIER_MAX 6
#define QUESTION_MAX KB(8)
#define OWN_MODEL S("lectern")

/* --- The question --- */

/* The texts of a message's parts. */
static Str message_text(Arena *arena, const ModelMessage *message)
{
    VEC(Str) texts = { 0 };
    for (size_t i = 0; i < message->count; i++)
        if (message->parts[i].kind == PART_TEXT)
            *vec_push(arena, &texts) = message->parts[i].text;
    return str_trim(str_join(arena, texts.at, texts.count, S("\n")));
}

/* What the person asked last, and before that. */
static bool read_question(Arena *arena, const ModelRequest *model, AnswerRequest *ask,
                          size_t *input_bytes_r, Error *err)
{
    VEC(Str) asked = { 0 };
    *input_bytes_r = 0;
    for (size_t i = 0; i < model->message_count; i++) {
        Str text = message_text(arena, &model->messages[i]);
        *input_bytes_r += text.length;
        if (text.length && model->messages[i].role == FROM_USER)
            *vec_push(arena, &asked) = text;
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

/* --- The answer as events --- */

typedef struct LibraryAnswer {
    ApiRequest *request;
    ModelRequest model;
    FrontWriter writer;
    size_t input_bytes;
    HttpStream *stream; /* NULL: the answer is told whole */
    ModelCollector collector;
    Buf piece;
} LibraryAnswer;

static bool send_piece(LibraryAnswer *library)
{
    bool good =
        !library->piece.length || http_stream_write(library->stream, buf_str(&library->piece));
    library->piece.length = 0;
    return good;
}

static bool tell(LibraryAnswer *library, const ModelEvent *event)
{
    Error ignored;
    if (!library->stream)
        return model_collect(&library->collector, event, &ignored);
    library->writer.front->write_event(&library->writer, event);
    return send_piece(library);
}

static bool tell_text(void *self, Str text)
{
    return tell(self, &(ModelEvent){ .kind = EVENT_TEXT, .text = text });
}

/* As citations.h describes it. */
static bool tell_citation(LibraryAnswer *library, const Citation *citation, int number)
{
    Buf out = buf_new(library->request->arena, MB(1));
    JsonWriter json = put_begin(&out);
    put_text(&json, "type", S("search_result_location"));
    put_text(&json, "cited_text", citation->quote);
    put_text(&json, "source", citation->document);
    put_text(&json, "title", citation->name);
    put_int(&json, "search_result_index", number);
    put_int(&json, "start_block_index", 0);
    put_int(&json, "end_block_index", 1);
    put_int(&json, "number", citation->number);
    put_text(&json, "place", citation->place);
    put_end(&json);
    return tell(library, &(ModelEvent){ .kind = EVENT_CITATION, .text = buf_str(&out) });
}

static ModelUsage usage_of(const LibraryAnswer *library, const Answer *answer)
{
    ModelUsage usage = {
        .is_known = true, .input = answer->input_tokens, .output = answer->output_tokens, .cost = -1
    };
    if (!usage.input) /* made without a service: nothing counted tokens */
        usage.input = gateway_guess_tokens(library->input_bytes);
    if (!usage.output)
        usage.output = gateway_guess_tokens(answer->text.length);
    return usage;
}

static bool tell_answer(LibraryAnswer *library, const Answer *answer)
{
    bool good = true;
    if (!library->stream) /* the text was not told in pieces */
        good = tell_text(library, answer->text);
    for (size_t i = 0; i < answer->citation_count && good; i++)
        good = tell_citation(library, &answer->citations[i], (int)i);
    return good && tell(library, &(ModelEvent){ .kind = EVENT_FINISH, .finish = FINISH_STOP });
}

static void keep(const LibraryAnswer *library)
{
    const ApiRequest *request = library->request;
    gateway_keep(models_gateway(request->api->models), request->scope->workspace,
                 request->scope->user, &library->writer);
}

/* --- Whole, and as a stream --- */

static bool respond_whole(LibraryAnswer *library, const AnswerRequest *ask, HttpResponse *response,
                          Error *err)
{
    ApiRequest *request = library->request;
    AnswerSink silent = { 0 };
    Answer answer;
    model_collect_begin(&library->collector, request->arena, MB(16));
    if (!answer_run(request->api->answers, request->scope, request->arena, ask, &silent, &answer,
                    err))
        return false;
    (void)tell_answer(library, &answer);
    ModelReply reply = *model_collected(&library->collector);
    reply.usage = usage_of(library, &answer);
    library->writer.out = &response->body;
    library->writer.front->write_reply(&library->writer, &reply);
    keep(library);
    return true;
}

static void respond_stream(LibraryAnswer *library, const AnswerRequest *ask, HttpResponse *response)
{
    ApiRequest *request = library->request;
    FrontWriter *writer = &library->writer;
    HttpStreamOptions options = { .media_type = str(writer->front->stream_type),
                                  .heartbeat = writer->front->heartbeat,
                                  .wait_ms = 10000,
                                  .queue_max = MB(4) };
    AnswerSink sink = { .delta = tell_text, .self = library };
    Answer answer;
    Error err = { 0 };
    library->stream = http_respond_stream(response, &options);
    library->piece = buf_new(request->arena, MB(16));
    writer->out = &library->piece;
    bool good = tell(library, &(ModelEvent){ .kind = EVENT_START, .model = OWN_MODEL });
    if (good && !answer_run(request->api->answers, request->scope, request->arena, ask, &sink,
                            &answer, &err)) {
        writer->front->write_stream_error(writer, &err);
        (void)send_piece(library);
    } else if (good && tell_answer(library, &answer)) {
        ModelUsage usage = usage_of(library, &answer);
        writer->front->write_end(writer, FINISH_STOP, &usage);
        keep(library);
        (void)send_piece(library);
    }
    http_stream_close(library->stream);
}

static bool answer_from_library(ApiRequest *request, HttpResponse *response, Error *err)
{
    const Front *front = front_at(str(request->route->path));
    Str body = request->http->body;
    LibraryAnswer library = { .request = request,
                              .model = { .is_stream = front->streams_unasked } };
    AnswerRequest ask = { 0 };
    if (!front->scan(request->arena, body, &library.model, err) ||
        !gateway_go_on(models_gateway(request->api->models), request->arena,
                       request->scope->workspace, request->scope->user, &library.model, err))
        return false;
    if (!front->read(request->arena, body, &library.model, err))
        return err->field[0] ? fail_in(err, "%s", err->field) : false;
    if (!read_question(request->arena, &library.model, &ask, &library.input_bytes, err))
        return false;
    library.writer = (FrontWriter){ .front = front,
                                    .arena = request->arena,
                                    .request = &library.model,
                                    .id = str_format(request->arena, "%s" STR_FMT, front->id_prefix,
                                                     STR_ARG(request->http->id)),
                                    .model = OWN_MODEL,
                                    .created_s = now_ms() / 1000 };
    if (!library.model.is_stream)
        return respond_whole(&library, &ask, response, err);
    respond_stream(&library, &ask, response);
    return true;
}

/* --- Which of the two --- */

bool call_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    HttpRequest *http = request->http;
    const Front *front = front_at(str(request->route->path));
    Str model = json_walk_member(http->body, "model");
    bool is_own = !model.length || str_is(model, "\"\"") || str_is(model, "\"lectern\"");
    (void)err;
    if (is_own && front->task == TASK_CHAT)
        api_handle_on_pool(request, response, answer_from_library);
    else
        gateway_serve(models_gateway(request->api->models), front, api_secret(http), http,
                      response);
    return true;
}

/* --- Answers that were kept --- */

static bool fail_gone(const ApiRequest *request, Error *err)
{
    return fail(err, ERROR_NOT_FOUND,
                "the response '" STR_FMT "' is not kept here: answers are kept for an hour, by "
                "the node that gave them",
                STR_ARG(request->params[0]));
}

bool responses_get(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str reply;
    if (!gateway_recall(models_gateway(request->api->models), request->arena,
                        request->scope->workspace, request->scope->user, request->params[0],
                        &reply))
        return fail_gone(request, err);
    buf_add(&response->body, reply);
    return true;
}

bool responses_delete(ApiRequest *request, HttpResponse *response, Error *err)
{
    if (!gateway_drop(models_gateway(request->api->models), request->arena,
                      request->scope->workspace, request->scope->user, request->params[0]))
        return fail_gone(request, err);
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "id", request->params[0]);
    put_text(&json, "object", S("response"));
    put_bool(&json, "deleted", true);
    put_end(&json);
    return true;
}

/* --- Counting --- */

#define PICTURE_TOKENS 1600 /* of one picture at its largest, as Anthropic counts */

static int64_t part_tokens(const ModelPart *part)
{
    int64_t sum = gateway_guess_tokens(part->text.length + part->arguments.length);
    if (part->kind == PART_IMAGE)
        sum += PICTURE_TOKENS;
    else
        sum += gateway_guess_tokens(part->data.length / 4 * 3);
    for (size_t i = 0; i < part->part_count; i++)
        sum += part_tokens(&part->parts[i]);
    return sum;
}

/* A guess from the lengths of all texts: which tokenizer a service has, is its own affair. */
bool count_tokens_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    ModelRequest model = { 0 };
    int64_t sum = 0;
    if (!front_anthropic.read(request->arena, request->http->body, &model, err))
        return err->field[0] ? fail_in(err, "%s", err->field) : false;
    for (size_t i = 0; i < model.message_count; i++)
        for (size_t j = 0; j < model.messages[i].count; j++)
            sum += part_tokens(&model.messages[i].parts[j]);
    for (size_t i = 0; i < model.tool_count; i++)
        sum += gateway_guess_tokens(model.tools[i].name.length + model.tools[i].description.length +
                                    model.tools[i].parameters.length);
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "input_tokens", MAX(sum, (int64_t)1));
    put_end(&json);
    return true;
}
