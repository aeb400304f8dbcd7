/* ask_api.c - questions over HTTP: one JSON object, or server-sent events as the answer grows. */
#include "api/document_json.h"
#include "api/preferences.h"
#include "assist/assist.h"
#include "net/http_stream.h"
#include "store/client_files_store.h"

typedef struct AskWork {
    ApiRequest *request;
    AnswerRequest *ask;
    Str persona;          /* id or name; empty: as the defaults are */
    bool wants_direction; /* what to try next */
} AskWork;

/* --- The whole answer --- */

void put_answer(JsonWriter *json, Arena *arena, const Answer *answer)
{
    put_text_or_null(json, "id", answer->id);
    put_text_or_null(json, "conversation", answer->conversation);
    put_text_or_null(json, "question_id", answer->asked);
    put_text_or_null(json, "persona", answer->persona);
    put_text(json, "answer", answer->text);
    put_bool(json, "found", answer->is_found);
    put_bool(json, "refused", !answer->is_found);
    put_array(json, "sentences");
    for (size_t i = 0; i < answer->sentence_count; i++)
        put_sentence(json, &answer->sentences[i]);
    put_end(json);
    put_array(json, "citations");
    for (size_t i = 0; i < answer->citation_count; i++)
        put_citation(json, NULL, &answer->citations[i]);
    put_end(json);
    put_array(json, "sources");
    for (size_t i = 0; i < answer->sources.count; i++)
        put_hit(json, arena, &answer->sources.at[i]);
    put_end(json);
    put_text(json, "model", answer->model);
    put_text(json, "mode", answer->is_generated ? S("generated") : S("extractive"));
    put_text_or_null(json, "attached",
                     answer->attached ? str(attached_words[answer->attached]) : STR_NONE);
    put_number(json, "took_ms", (double)answer->took_us / 1000);
    put_text_or_null(json, "notice", answer->sources.notice);
    put_texts(json, "suggestions", answer->suggestions);
}

/* By what was asked, and by what was read for it. Who has an answer and asked of nothing special is
 * told nothing. */
static Str direction_of(const AskWork *work, const Answer *answer)
{
    Buf about = buf_new(work->request->arena, KB(64));
    if (!work->wants_direction)
        return STR_NONE;
    buf_add(&about, work->ask->question);
    for (size_t i = 0; i < answer->citation_count; i++)
        buf_addf(&about, "\n" STR_FMT "\n" STR_FMT, STR_ARG(answer->citations[i].name),
                 STR_ARG(answer->citations[i].quote));
    AssistContext context = assist_context_of(buf_str(&about));
    return context == CONTEXT_GENERAL && answer->is_found ? STR_NONE
                                                          : str(assist_direction(context));
}

static void put_whole(JsonWriter *json, const AskWork *work, const Answer *answer)
{
    put_answer(json, work->request->arena, answer);
    put_text_or_null(json, "chat_direction", direction_of(work, answer));
}

/* --- Events --- */

typedef struct EventPort {
    HttpStream *stream;
    Arena *arena;
    const AskWork *work;
} EventPort;

static bool send_object(EventPort *port, const char *event, const char *name, Str text)
{
    Buf data = buf_new(port->arena, MB(1));
    JsonWriter json = put_begin(&data);
    put_text(&json, name, text);
    put_end(&json);
    return http_stream_send(port->stream, str(event), buf_str(&data));
}

static bool send_step(void *self, Str text) { return send_object(self, "step", "text", text); }
static bool send_delta(void *self, Str text) { return send_object(self, "delta", "text", text); }

static bool send_restart(void *self)
{
    return http_stream_send(((EventPort *)self)->stream, S("restart"), S("{}"));
}

static bool send_source(void *self, const Citation *citation)
{
    EventPort *port = self;
    Buf data = buf_new(port->arena, MB(1));
    JsonWriter json = put_begin(&data);
    put_citation_members(&json, citation);
    put_end(&json);
    return http_stream_send(port->stream, S("source"), buf_str(&data));
}

static bool send_sentence(void *self, const AnswerSentence *sentence)
{
    EventPort *port = self;
    Buf data = buf_new(port->arena, MB(1));
    JsonWriter json = put_begin_array(&data);
    put_sentence(&json, sentence);
    put_end(&json);
    return http_stream_send(port->stream, S("sentence"),
                            str_slice(buf_str(&data), 1, data.length - 1));
}

static void send_end(EventPort *port, const Answer *answer, const Error *err)
{
    Buf data = buf_new(port->arena, MB(16));
    JsonWriter json = put_begin(&data);
    if (answer)
        put_whole(&json, port->work, answer);
    else
        put_error(&json, "error", err);
    put_end(&json);
    (void)http_stream_send(port->stream, answer ? S("done") : S("error"), buf_str(&data));
    http_stream_close(port->stream);
}

static bool stream_answer(const AskWork *work, HttpResponse *response)
{
    ApiRequest *request = work->request;
    HttpStreamOptions options = { .wait_ms = 10000,
                                  .queue_max = MB(4),
                                  .last_when_leaving = API_LAST_EVENT };
    EventPort port = { http_respond_stream(response, &options), request->arena, work };
    AnswerSink sink = { send_step, send_source, send_delta, send_sentence, send_restart, &port };
    Answer answer;
    Error err = { 0 };
    bool good = answer_run(request->api->answers, request->scope, request->arena, work->ask, &sink,
                           &answer, &err);
    send_end(&port, good ? &answer : NULL, &err);
    return true;
}

/* Conditions in a question limit what is searched; the question is what is left of it. */
static bool read_conditions(ApiRequest *request, AnswerRequest *ask, Error *err)
{
    QueryReading reading;
    if (!query_language_read(request->arena, ask->question, QUERY_LENIENT, &reading, err))
        return false;
    if (!reading.clauses.count)
        return true;
    ask->search.clauses = reading.clauses.at;
    ask->search.clause_count = reading.clauses.count;
    ask->question = query_language_plain(request->arena, &reading);
    return true;
}

/* --- Who answers, and what is asked again --- */

static bool asked_work(DbTx *tx, void *argument, Error *err)
{
    AskWork *work = argument;
    const ApiRequest *request = work->request;
    Message answer, asked;
    if (!message_find(tx, request->scope, request->arena, work->ask->again, &answer, err) ||
        !message_find(tx, request->scope, request->arena, answer.parent, &asked, err))
        return false;
    work->ask->question = asked.text;
    work->ask->conversation = asked.conversation;
    return true;
}

static bool sound_work(DbTx *tx, void *argument, Error *err)
{
    const AskWork *work = argument;
    ClientFile file;
    return voice_find(tx, work->request->scope, work->request->arena, work->ask->sound, &file, err);
}

static bool complete_ask(AskWork *work, Error *err)
{
    ApiRequest *request = work->request;
    AnswerRequest *ask = work->ask;
    if (ask->edits.length && ask->again.length)
        return fail_field(err, "again", "a question is edited, or asked again, but not both");
    if (ask->edits.length && !ask->conversation.length)
        return fail_field(err, "conversation", "the conversation of what is edited is missing");
    if (ask->again.length && !store_read(request->api->db, request->scope, asked_work, work, err))
        return false;
    if (!str_trim(ask->question).length)
        return fail_field(err, "question", "the question is empty");
    if (ask->sound.length && !store_read(request->api->db, request->scope, sound_work, work, err))
        return false;
    PersonaWish wish = { work->persona, ask->conversation, ask->search.collections };
    const Persona *persona;
    return persona_choose(request->api->db, request->scope, request->arena, &wish, &persona, err) &&
           answer_set_persona(ask, persona, STR_NONE, err);
}

/* Recordings are the person's of a key, who sees more than a limited key does. */
static bool check_sound(const ApiRequest *request, const AnswerRequest *ask, Error *err)
{
    return !request->scope->collections.length || !ask->sound.length ||
           fail_field(err, "sound", "this API key is limited to collections: it has no recordings");
}

/* --- The answer in one piece --- */

static bool is_step_wanted(void *self, Str text)
{
    (void)text;
    return !stop_is_wished(self);
}

static bool is_sentence_wanted(void *self, const AnswerSentence *sentence)
{
    (void)sentence;
    return !stop_is_wished(self);
}

bool ask_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    AnswerRequest ask = { .is_kept = true };
    AskWork work = { .request = request, .ask = &ask };
    SearchRequest *search = &ask.search;
    Str after = STR_NONE, before = STR_NONE;
    StrList families = { 0 };
    int64_t limit = 0;
    bool stream = false;
    StopCheck client = api_client(response);
    AnswerSink silent = { .step = is_step_wanted,
                          .delta = is_step_wanted,
                          .sentence = is_sentence_wanted,
                          .self = &client };
    Answer answer;
    Preferences likes;
    if (!api_preferences(request, &likes, err))
        return false;
    work.wants_direction = !likes.without_direction;
    if (!api_fields(request, err, { "question", JSON_STR, &ask.question, .length_max = KB(8) },
                    { "sound", JSON_STR, &ask.sound, .length_max = 64 },
                    { "edits", JSON_STR, &ask.edits, .length_max = 64 },
                    { "again", JSON_STR, &ask.again, .length_max = 64 },
                    { "persona", JSON_STR, &work.persona, .length_max = 200 },
                    { "conversation", JSON_STR, &ask.conversation, .length_max = 64 },
                    { "model", JSON_STR, &ask.model, .length_max = 200 },
                    { "chat_direction", JSON_FLAG, &work.wants_direction },
                    { "stream", JSON_FLAG, &stream }, { "save", JSON_FLAG, &ask.is_kept },
                    { "limit", JSON_I64, &limit, .min = 1, .max = 100 },
                    { "collections", JSON_STRS, &search->collections },
                    { "documents", JSON_STRS, &search->documents },
                    { "formats", JSON_STRS, &search->formats },
                    { "families", JSON_STRS, &families }, { "tags", JSON_STRS, &search->tags },
                    { "metadata", JSON_STRS, &search->metadata },
                    { "name", JSON_STR, &search->name, .length_max = 1000 },
                    { "after", JSON_STR, &after }, { "before", JSON_STR, &before }) ||
        !check_sound(request, &ask, err) || !complete_ask(&work, err) ||
        !search_read_times(search, after, before, err) || !read_conditions(request, &ask, err) ||
        !library_formats_of(request->arena, search->formats, families, &search->formats, err))
        return false;
    if (!str_trim(ask.question).length)
        return fail_field(err, "question", "the question is empty");
    search->limit = (int)limit;
    if (api_wants_events(request, stream))
        return stream_answer(&work, response);
    if (!answer_run(request->api->answers, request->scope, request->arena, &ask, &silent, &answer,
                    err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_whole(&json, &work, &answer);
    put_end(&json);
    return true;
}
