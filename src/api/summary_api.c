/* summary_api.c - documents, a collection or a text summed up; see summary/kept.h. */
#include "api/process.h"
#include "base/clock.h"
#include "models/models.h"
#include "summary/kept.h"

#define MEMORY_MAX MB(768)
#define TEXT_PARTS_MAX 4 /* calls that somebody waits for, of a given text */
#define DOCUMENTS_MAX 50 /* named in one request */

typedef struct Wished {
    Str text, document, collection, length, form;
    StrList documents;
    SummaryOrder order;
    Str notice;
    StopCheck client;
} Wished;

/* --- What is wished for --- */

static bool read_wish(Wished *wished, Error *err)
{
    SummaryWish *wish = &wished->order.wish;
    wish->length = SUMMARY_medium;
    if (wish->words < 0 || wish->words > SUMMARY_WORDS_MAX)
        return fail_field(err, "words", "'words' is from 1 to %d", SUMMARY_WORDS_MAX);
    return (!wished->length.length || summary_length_named(wished->length, &wish->length, err)) &&
           (!wished->form.length || summary_form_named(wished->form, &wish->form, err));
}

static bool read_body(ApiRequest *request, Wished *wished, Error *err)
{
    SummaryWish *wish = &wished->order.wish;
    return api_fields(request, err, { "text", JSON_STR, &wished->text, .length_max = MB(4) },
                      { "documents", JSON_STRS, &wished->documents, .length_max = DOCUMENTS_MAX },
                      { "document", JSON_STR, &wished->document, .length_max = 64 },
                      { "collection", JSON_STR, &wished->collection, .length_max = 64 },
                      { "length", JSON_STR, &wished->length, .length_max = 40 },
                      { "form", JSON_STR, &wished->form, .length_max = 40 },
                      { "words", JSON_I64, &wish->words, .min = 1, .max = SUMMARY_WORDS_MAX },
                      { "model", JSON_STR, &wish->model, .length_max = 200 }) &&
           read_wish(wished, err);
}

static bool read_query(const ApiRequest *request, Wished *wished, Error *err)
{
    SummaryWish *wish = &wished->order.wish;
    wished->length = http_query(request->http, "length");
    wished->form = http_query(request->http, "form");
    wish->model = http_query(request->http, "model");
    return api_query_int(request, "words", 1, SUMMARY_WORDS_MAX, 0, &wish->words, err) &&
           read_wish(wished, err);
}

/* --- What is shown --- */

static void put_progress(JsonWriter *json, const SummaryAnswer *answer)
{
    if (strcmp(answer->state, "running") != 0) {
        put_null(json, "progress");
        return;
    }
    int64_t left = job_seconds_left(&answer->job, now_ms());
    put_object(json, "progress");
    put_text(json, "stage", answer->job.stage.length ? answer->job.stage : S("waiting"));
    put_int(json, "done", answer->job.done);
    put_int(json, "total", answer->job.total);
    if (left >= 0)
        put_int(json, "seconds_left", left);
    else
        put_null(json, "seconds_left");
    put_end(json);
}

static void put_answer(JsonWriter *json, const SummaryAnswer *answer)
{
    put_text_or_null(json, "id", answer->id);
    put_text(json, "state", str(answer->state));
    put_progress(json, answer);
    put_text_or_null(json, "error", answer->job.error);
    if (answer->json.length)
        put_raw(json, "summary", answer->json);
    else
        put_null(json, "summary");
}

static bool respond(const ApiRequest *request, HttpResponse *response, const SummaryAnswer *answer)
{
    Provider provider;
    Error none;
    response->status = strcmp(answer->state, "running") == 0 ? 202 : 200;
    JsonWriter json = put_begin(&response->body);
    put_answer(&json, answer);
    put_bool(
        &json, "has_service",
        models_provider(request->api->models, request->scope, request->arena, &provider, &none));
    put_end(&json);
    return true;
}

/* --- Handlers --- */

bool summary_of_document(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    Wished wished = { .order = { .documents = { request->params, 1 },
                                 .subject = request->params[0],
                                 .only_kept = true } };
    SummaryAnswer answer;
    return read_query(request, &wished, err) &&
           summary_order(request->api->summaries, request->scope, arena, &wished.order, &answer,
                         err) &&
           respond(request, response, &answer);
}

static bool is_wanted(void *self, const char *stage, int64_t done, int64_t total)
{
    (void)stage;
    (void)done;
    (void)total;
    return !stop_is_wished(self);
}

/* A text is nobody's document: it is summed up while its sender waits, and not kept. */
static bool sum_up_text(ApiRequest *request, Arena *arena, Wished *wished, SummaryAnswer *answer_r,
                        Error *err)
{
    struct Summaries *summaries = request->api->summaries;
    SummaryWish wish = wished->order.wish;
    Material material;
    Summary summary;
    wish.progress = is_wanted;
    wish.self = &wished->client;
    Buf out = buf_new(arena, MB(4));
    material_of_text(arena, wished->text, false, &material);
    bool is_long =
        summary_parts(summaries, request->scope, arena, &material, &wish) > TEXT_PARTS_MAX;
    if (is_long)
        wish.model = S(SUMMARY_RULES);
    if (!summary_make(summaries, request->scope, arena, &material, &wish, &summary, err))
        return false;
    if (is_long && !summary.notice.length)
        summary.notice = S("so long a text is summed up by a model only as a document: add it");
    JsonWriter json = put_begin(&out);
    summary_put(&json, &summary);
    put_end(&json);
    *answer_r = (SummaryAnswer){ .state = "done", .json = buf_str(&out) };
    return true;
}

static bool sum_up(ApiRequest *request, Arena *arena, Wished *wished, SummaryAnswer *answer_r,
                   Error *err)
{
    SummaryOrder *order = &wished->order;
    int64_t total;
    int given = (wished->text.length > 0) + (wished->document.length > 0) +
                (wished->documents.count > 0) + (wished->collection.length > 0);
    if (given != 1)
        return fail_field(err, "text", "give one of 'text', 'document', 'documents', 'collection'");
    if (wished->text.length)
        return sum_up_text(request, arena, wished, answer_r, err);
    order->documents =
        wished->document.length ? (StrList){ &wished->document, 1 } : wished->documents;
    order->subject = order->documents.count == 1 ? order->documents.at[0] : wished->collection;
    if (wished->collection.length &&
        !summary_of_collection(request->api->summaries, request->scope, arena, wished->collection,
                               0, &order->documents, &total, err))
        return false;
    return summary_order(request->api->summaries, request->scope, arena, order, answer_r, err);
}

bool summary_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    Wished wished = { .client = api_client(response) };
    SummaryAnswer answer;
    return read_body(request, &wished, err) && sum_up(request, arena, &wished, &answer, err) &&
           respond(request, response, &answer);
}

bool summary_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    SummaryAnswer answer;
    return summary_look(request->api->summaries, request->scope, request->arena, request->params[0],
                        &answer, err) &&
           respond(request, response, &answer);
}

bool summary_remove_one(ApiRequest *request, HttpResponse *response, Error *err)
{
    return summary_drop(request->api->summaries, request->scope, request->arena, request->params[0],
                        err) &&
           api_done(response);
}

/* --- The path of the first system --- */

typedef struct SeedWish {
    Str id, text, length;
    json_t *document;
} SeedWish;

/* "document": an id, or an object with an id or content. */
static bool read_seed_document(ApiRequest *request, SeedWish *wish, Error *err)
{
    if (!wish->document)
        return true;
    if (json_is_string(wish->document)) {
        wish->id = str_copy(request->arena, str(json_string_value(wish->document)));
        return true;
    }
    if (!json_is_object(wish->document))
        return fail_field(err, "document",
                          "'document' is an id, or an object with an id or content");
    Str id = json_member_text(wish->document, "id");
    Str content = json_member_text(wish->document, "content");
    if (id.length)
        wish->id = str_copy(request->arena, id);
    else
        wish->text = str_copy(request->arena, content);
    return true;
}

/* Waits for a job for as long as the paths of that system wait. */
static bool wait_for(ApiRequest *request, const StopCheck *client, SummaryAnswer *answer,
                     Error *err)
{
    int64_t until_ms = monotonic_ms() + PROCESS_WAIT_MS;
    while (strcmp(answer->state, "running") == 0 && monotonic_ms() < until_ms) {
        Str meanwhile = answer->json;
        sleep_ms(200);
        if (!stop_go_on(client, err) || !summary_look(request->api->summaries, request->scope,
                                                      request->arena, answer->id, answer, err))
            return false;
        if (!answer->json.length)
            answer->json = meanwhile;
    }
    return true;
}

static bool put_seed_answer(ApiRequest *request, HttpResponse *response,
                            const SummaryAnswer *answer, Error *err)
{
    AUTO_JSON json_t *summary = NULL;
    if (!json_parse(answer->json, MB(8), &summary, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_bool(&json, "success", true);
    put_text(&json, "summary", json_member_text(summary, "text"));
    put_raw(&json, "sources", json_print(request->arena, json_object_get(summary, "citations")));
    put_text(&json, "model", json_member_text(summary, "made_by"));
    put_text_or_null(&json, "notice", json_member_text(summary, "notice"));
    put_end(&json);
    return true;
}

bool summarize_document(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    SeedWish wish = { 0 };
    Wished wished = { .client = api_client(response) };
    SummaryAnswer answer;
    if (!api_fields(request, err, { "document_id", JSON_STR, &wish.id, .length_max = 64 },
                    { "documentId", JSON_STR, &wish.id, .length_max = 64 },
                    { "document", JSON_ANY, &wish.document },
                    { "text", JSON_STR, &wish.text, .length_max = MB(4) },
                    { "content", JSON_STR, &wish.text, .length_max = MB(4) },
                    { "length", JSON_STR, &wished.length, .length_max = 40 },
                    { "max_length", JSON_I64, &wished.order.wish.words, .min = 1,
                      .max = SUMMARY_WORDS_MAX },
                    { "model", JSON_STR, &wished.order.wish.model, .length_max = 200 }) ||
        !read_seed_document(request, &wish, err) || !read_wish(&wished, err))
        return false;
    wished.text = wish.id.length ? STR_NONE : wish.text;
    wished.document = wish.id;
    return sum_up(request, arena, &wished, &answer, err) &&
           wait_for(request, &wished.client, &answer, err) &&
           put_seed_answer(request, response, &answer, err);
}
