/* rankings.c - POST /v1/moderations (OpenAI) and /v1/rerank (Cohere's and Jina's shape, which most
 * services share): texts are judged. Whole answers only. */
#include "gateway/body_scan.h"
#include "gateway/fronts/openai_errors.h"

/* `texts` is the member that must be there. */
static bool scan_body(Arena *arena, Str body, const char *texts, ModelRequest *request, Error *err)
{
    BodyScan walk;
    Str name, value;
    bool has_texts = false;
    body_scan_begin(&walk, arena, body, request);
    while (body_scan_next(&walk, &name, &value, err))
        if (str_is(name, texts))
            has_texts = value.length > 2 && (json_is_text(value) || json_is_list(value));
    request->is_stream = false;
    if (!body_scan_end(&walk, err))
        return false;
    return has_texts || fail_field(err, texts, "%s is missing or empty", texts);
}

/* --- Moderation --- */

static bool scan_moderation(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    request->task = TASK_MODERATION;
    return scan_body(arena, body, "input", request, err);
}

/* Categories differ from service to service; only OpenAI's are known to its clients. */
static bool read_moderation(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    (void)arena, (void)body, (void)request;
    return fail(err, ERROR_UNSUPPORTED, "this service does not moderate in OpenAI's way");
}

const Front front_openai_moderations = {
    .name = "openai_moderations",
    .path = "/v1/moderations",
    .task = TASK_MODERATION,
    .same = &dialect_openai,
    .id_prefix = "modr-",
    .scan = scan_moderation,
    .read = read_moderation,
    .write_error = openai_write_error,
};

/* --- Reranking --- */

static bool scan_rerank(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    request->task = TASK_RERANK;
    return scan_body(arena, body, "documents", request, err);
}

typedef VEC(Str) TextList;

/* A text, or {"text": ...}. */
static bool read_document(Arena *arena, Str value, void *into, Error *err)
{
    Str text = json_is_object_text(value) ? json_walk_member(value, "text") : value;
    return json_unquote(arena, text, vec_push(arena, (TextList *)into)) ||
           fail_field(err, "", "it must be a text");
}

static bool read_documents(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    TextList texts = { 0 };
    if (!read_items(arena, value, read_document, &texts, err))
        return false;
    request->inputs = (StrList){ texts.at, texts.count };
    return true;
}

static bool read_rerank(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    static const MemberRule rules[] = {
        { "query", MEMBER_TEXT, offsetof(ModelRequest, query) },
        { "documents", MEMBER_READ, .read = read_documents },
        { "top_n", MEMBER_INT, offsetof(ModelRequest, top_n), 1, INT32_MAX },
        { "return_documents", MEMBER_FLAG, offsetof(ModelRequest, wants_documents) },
    };
    return read_members(arena, body, MEMBER_RULES(rules), request, NULL, err) &&
           (request->query.length || fail_field(err, "query", "it is missing or empty"));
}

static void write_rerank(FrontWriter *writer, const ModelReply *reply)
{
    const StrList *inputs = &writer->request->inputs;
    JsonWriter json = put_begin(writer->out);
    put_text(&json, "id", writer->id);
    put_text(&json, "model", writer->model);
    put_array(&json, "results");
    /* Not every service can be told how many are wanted. */
    size_t most = writer->request->top_n ? (size_t)writer->request->top_n : SIZE_MAX;
    for (size_t i = 0; i < MIN(reply->scores.count, most); i++) {
        const ModelScore *score = &reply->scores.at[i];
        put_object(&json, NULL);
        put_int(&json, "index", score->index);
        put_number(&json, "relevance_score", score->score);
        if (writer->request->wants_documents && (size_t)score->index < inputs->count) {
            put_object(&json, "document");
            put_text(&json, "text", inputs->at[score->index]);
            put_end(&json);
        }
        put_end(&json);
    }
    put_end(&json);
    put_object(&json, "usage");
    put_int(&json, "prompt_tokens", reply->usage.input);
    put_int(&json, "total_tokens", reply->usage.input);
    put_end(&json);
    put_end(&json);
}

const Front front_rerank = {
    .name = "rerank",
    .path = "/v1/rerank",
    .task = TASK_RERANK,
    .same = &dialect_openai,
    .id_prefix = "rerank-",
    .scan = scan_rerank,
    .read = read_rerank,
    .write_reply = write_rerank,
    .write_error = openai_write_error,
};
