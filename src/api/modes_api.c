/* modes_api.c - POST /api/search: one question in one of six modes.
 *
 *     basic       results
 *     deep        results of several ways to ask, and an answer
 *     super_deep  the question taken apart, each part searched and looked up for itself
 *     creative    results that differ, other sides of the question, an answer of more than one
 *     private     results and an answer of quotes; nothing leaves the machine
 *     uncensored  results and an answer, by the service's own filters as the policy allows
 *
 * What a mode searches is made in search/search_plan.c; here are the answer, the look at each part
 * and the shape of the reply. */
#include "answer/question.h"
#include "api/document_json.h"
#include "api/preferences.h"
#include "api/search_filters.h"
#include "net/http_stream.h"

#define LIMIT_DEFAULT 10
#define READ_LEAST 30 /* results, for an answer */
#define QUERY_MAX KB(8)

/* A part of a question, looked up for itself. */
typedef struct PartCheck {
    Str question;
    bool is_found;
    size_t citations;
} PartCheck;

typedef struct ModeCall {
    ApiRequest *request;
    Str query;
    AnswerRequest ask;
    QueryReading reading;
    bool has_answer; /* wanted */
    HttpStream *stream;
    Answer answer;
    SearchResults results;
    PartCheck *parts;
    size_t part_count;
} ModeCall;

/* --- Events --- */

static bool send_text(const ModeCall *call, const char *event, const char *name, Str text)
{
    Buf data = buf_new(call->request->arena, MB(1));
    JsonWriter json = put_begin(&data);
    put_text(&json, name, text);
    put_end(&json);
    return http_stream_send(call->stream, str(event), buf_str(&data));
}

static void send_step(void *self, const SearchStep *step)
{
    const ModeCall *call = self;
    Buf data = buf_new(call->request->arena, KB(64));
    JsonWriter json = put_begin(&data);
    put_search_step(&json, step);
    put_end(&json);
    (void)http_stream_send(call->stream, S("step"), buf_str(&data));
}

static bool has_gone(void *self) { return !http_stream_is_open(((ModeCall *)self)->stream); }

static bool send_delta(void *self, Str text) { return send_text(self, "delta", "text", text); }

static bool send_restart(void *self)
{
    return http_stream_send(((ModeCall *)self)->stream, S("restart"), S("{}"));
}

/* --- The parts of a question --- */

static StrList parts_of(const ModeCall *call)
{
    Arena *arena = call->request->arena;
    Words *words = words_new();
    QuestionParts parts = question_split(arena, words, call->ask.question);
    Str *at = arena_new_array(arena, Str, parts.count + 1);
    words_free(words);
    for (size_t i = 0; i < parts.count; i++)
        at[i] = str_copy(arena, parts.at[i]);
    return (StrList){ at, parts.count > 1 ? parts.count : 0 };
}

/* Whether the library answers each part: by quotes alone, so that no model says so. */
static bool check_parts(ModeCall *call, Error *err)
{
    const ApiRequest *request = call->request;
    const StrList *questions = &call->results.plan.questions;
    AnswerSink silent = { 0 };
    call->parts = arena_new_array(request->arena, PartCheck, questions->count + 1);
    for (size_t i = 0; i < questions->count; i++) {
        AnswerRequest ask = { .question = questions->at[i],
                              .model = S("extractive"),
                              .search = call->ask.search };
        Answer answer;
        ask.search.mode = SEARCH_HYBRID;
        ask.search.is_remembered = false;
        ask.search.watch = (SearchWatch){ 0 };
        if (!answer_run(request->api->answers, request->scope, request->arena, &ask, &silent,
                        &answer, err))
            return false;
        call->parts[call->part_count++] =
            (PartCheck){ questions->at[i], answer.is_found, answer.citation_count };
        if (!call->stream)
            continue;
        SearchStep step = { "verify", questions->at[i], answer.took_us,
                            (int64_t)answer.citation_count };
        send_step(call, &step);
    }
    return true;
}

/* --- Running --- */

static bool search_alone(ModeCall *call, Error *err)
{
    const ApiRequest *request = call->request;
    SearchRequest search = call->ask.search;
    search.query = call->query;
    search.words = call->reading.words;
    return search_run(request->api->searcher, request->scope, request->arena, &search,
                      &call->results, err);
}

static bool run(ModeCall *call, Error *err)
{
    const ApiRequest *request = call->request;
    AnswerSink sink = { .delta = call->stream ? send_delta : NULL,
                        .restart = call->stream ? send_restart : NULL,
                        .self = call };
    if (!call->has_answer)
        return search_alone(call, err);
    if (!answer_run(request->api->answers, request->scope, request->arena, &call->ask, &sink,
                    &call->answer, err))
        return false;
    call->results = call->answer.sources;
    /* A question for a number of documents is answered without a search. */
    if (!call->results.step_count && !search_alone(call, err))
        return false;
    return call->ask.search.mode != SEARCH_SUPER_DEEP || check_parts(call, err);
}

/* --- The reply --- */

static void put_citations(JsonWriter *json, const Answer *answer)
{
    put_array(json, "citations");
    for (size_t i = 0; i < answer->citation_count; i++)
        put_citation(json, NULL, &answer->citations[i]);
    put_end(json);
    put_array(json, "sentences");
    for (size_t i = 0; i < answer->sentence_count; i++)
        put_sentence(json, &answer->sentences[i]);
    put_end(json);
}

static void put_the_answer(JsonWriter *json, const ModeCall *call)
{
    const Answer *answer = &call->answer;
    if (!call->has_answer) {
        put_null(json, "answer");
        return;
    }
    put_text(json, "answer", answer->text);
    put_bool(json, "found", answer->is_found);
    put_text(json, "made_by", answer->is_generated ? answer->model : S("rules"));
    put_citations(json, answer);
}

static void put_parts(JsonWriter *json, const ModeCall *call)
{
    if (call->ask.search.mode != SEARCH_SUPER_DEEP)
        return;
    put_array(json, "verified");
    for (size_t i = 0; i < call->part_count; i++) {
        put_object(json, NULL);
        put_text(json, "question", call->parts[i].question);
        put_bool(json, "found", call->parts[i].is_found);
        put_int(json, "citations", (int64_t)call->parts[i].citations);
        put_end(json);
    }
    put_end(json);
}

/* Other ways to look at it: the questions asked beside it, or the words that led to them. */
static void put_alternatives(JsonWriter *json, const ModeCall *call)
{
    const SearchPlan *plan = &call->results.plan;
    const StrList *list = plan->questions.count ? &plan->questions : &plan->words;
    if (call->ask.search.mode != SEARCH_CREATIVE)
        return;
    put_texts(json, "alternatives", *list);
}

static void put_reply(JsonWriter *json, const ModeCall *call, int64_t limit)
{
    SearchMode mode = call->ask.search.mode;
    const char *also = search_modes[mode].also;
    put_text(json, "query", call->query);
    put_text(json, "mode", str(*also ? also : search_mode_name(mode)));
    put_text_or_null(json, "persona", call->ask.persona ? call->ask.persona->name : STR_NONE);
    put_int(json, "total", call->results.total);
    put_array(json, "results");
    for (size_t i = 0; i < call->results.count && (int64_t)i < limit; i++)
        put_hit(json, call->request->arena, &call->results.at[i]);
    put_end(json);
    put_the_answer(json, call);
    put_search_plan(json, &call->results.plan);
    put_parts(json, call);
    put_alternatives(json, call);
    put_search_steps(json, &call->results);
    put_bool(json, "remembered", call->results.search_id.length > 0);
    put_number(json, "took_ms", (double)MAX(call->results.took_us, call->answer.took_us) / 1000);
    put_text_or_null(json, "notice", call->results.notice);
}

static bool stream(ModeCall *call, int64_t limit, HttpResponse *response)
{
    HttpStreamOptions options = { .wait_ms = 10000,
                                  .queue_max = MB(4),
                                  .last_when_leaving = API_LAST_EVENT };
    Error err = { 0 };
    Buf data = buf_new(call->request->arena, MB(16));
    call->stream = http_respond_stream(response, &options);
    call->ask.search.watch = (SearchWatch){ send_step, has_gone, call };
    bool good = run(call, &err);
    JsonWriter json = put_begin(&data);
    if (good)
        put_reply(&json, call, limit);
    else
        put_error(&json, "error", &err);
    put_end(&json);
    (void)http_stream_send(call->stream, good ? S("done") : S("error"), buf_str(&data));
    http_stream_close(call->stream);
    return true;
}

/* --- The request --- */

bool api_search_filters(Arena *arena, const json_t *filters, SearchRequest *search, Error *err)
{
    StrList families = { 0 };
    Str after = STR_NONE, before = STR_NONE;
    if (filters &&
        !json_read(filters, arena,
                   JSON_FIELDS({ "collections", JSON_STRS, &search->collections },
                               { "documents", JSON_STRS, &search->documents },
                               { "formats", JSON_STRS, &search->formats },
                               { "families", JSON_STRS, &families },
                               { "tags", JSON_STRS, &search->tags },
                               { "metadata", JSON_STRS, &search->metadata },
                               { "name", JSON_STR, &search->name, .length_max = 1000 },
                               { "after", JSON_STR, &after }, { "before", JSON_STR, &before }),
                   err))
        return fail_in(err, "filters");
    return search_read_times(search, after, before, err) &&
           library_formats_of(arena, search->formats, families, &search->formats, err);
}

/* Conditions in the query limit what is searched; the question is what is left of it. */
static bool read_query(ModeCall *call, Error *err)
{
    SearchRequest *search = &call->ask.search;
    Arena *arena = call->request->arena;
    if (!str_trim(call->query).length)
        return fail_field(err, "query", "'query' is missing");
    if (!query_language_read(arena, call->query, QUERY_STRICT, &call->reading, err))
        return false;
    search->clauses = call->reading.clauses.at;
    search->clause_count = call->reading.clauses.count;
    call->ask.question = query_language_plain(arena, &call->reading);
    if (!str_trim(call->ask.question).length)
        call->has_answer = false;
    return true;
}

/* The mode that is asked for by name, else that of who answers, else the one that the person likes.
 */
static bool choose_persona(ModeCall *call, Str named, Str mode, Error *err)
{
    const ApiRequest *request = call->request;
    PersonaWish wish = { .named = named, .collections = call->ask.search.collections };
    const Persona *persona;
    Preferences likes;
    if (!persona_choose(request->api->db, request->scope, request->arena, &wish, &persona, err) ||
        !api_preferences(request, &likes, err))
        return false;
    bool says_mode = mode.length || (persona && persona->search_mode.length);
    return answer_set_persona(&call->ask, persona, says_mode ? mode : likes.search_mode, err);
}

static bool answers_by_itself(SearchMode mode)
{
    return mode == SEARCH_DEEP || mode == SEARCH_SUPER_DEEP || mode == SEARCH_CREATIVE ||
           mode == SEARCH_PRIVATE || mode == SEARCH_UNCENSORED;
}

bool modes_search(ApiRequest *request, HttpResponse *response, Error *err)
{
    ModeCall call = { .request = request };
    SearchRequest *search = &call.ask.search;
    Str mode = STR_NONE, persona = STR_NONE;
    json_t *filters = NULL, *wants_answer = NULL;
    int64_t limit = LIMIT_DEFAULT;
    bool streams = false;
    search->is_remembered = true;
    if (!api_fields(
            request, err,
            { "query", JSON_STR, &call.query, .required = true, .length_max = QUERY_MAX },
            { "mode", JSON_STR, &mode }, { "persona", JSON_STR, &persona, .length_max = 200 },
            { "filters", JSON_ANY, &filters }, { "limit", JSON_I64, &limit, .min = 1, .max = 100 },
            { "model", JSON_STR, &call.ask.model, .length_max = 200 },
            { "answer", JSON_ANY, &wants_answer }, { "stream", JSON_FLAG, &streams },
            { "remember", JSON_FLAG, &search->is_remembered }) ||
        !api_search_filters(request->arena, filters, search, err) ||
        !choose_persona(&call, persona, mode, err))
        return false;
    call.has_answer = wants_answer ? json_is_true(wants_answer) : answers_by_itself(search->mode);
    if (!read_query(&call, err))
        return false;
    search->limit = (int)(call.has_answer ? MAX(limit, READ_LEAST) : limit);
    search->folds_copies = true;
    if (search->mode == SEARCH_SUPER_DEEP)
        search->parts = parts_of(&call);
    if (api_wants_events(request, streams))
        return stream(&call, limit, response);
    if (!run(&call, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_reply(&json, &call, limit);
    put_end(&json);
    return true;
}
