/* embeddings.c - POST /v1/embeddings (OpenAI) and /api/embed (Ollama): texts become vectors. Lists
 * of tokens mean something to the model that they were made for only: our own encoder reads those
 * of its tokenizer, and a service of the same dialect gets them as they are. */
#include "base/base64.h"
#include "gateway/body_scan.h"
#include "gateway/fronts/openai_errors.h"

/* --- Reading --- */

static bool scan(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    BodyScan walk;
    Str name, value;
    bool has_input = false;
    request->task = TASK_EMBEDDING;
    body_scan_begin(&walk, arena, body, request);
    while (body_scan_next(&walk, &name, &value, err))
        if (str_is(name, "user"))
            request->user = json_text_of(arena, value);
        else if (str_is(name, "input"))
            has_input = value.length > 2 && (json_is_text(value) || json_is_list(value));
    request->is_stream = false;
    if (!body_scan_end(&walk, err))
        return false;
    return has_input ||
           fail_field(err, "input", "input must be a text or a list of texts, and not be empty");
}

static bool read_encoding(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    Str format = json_text_of(arena, value);
    request->wants_base64 = str_is(format, "base64");
    return request->wants_base64 || str_is(format, "float") ||
           fail_field(err, "", "it is float or base64");
}

#define TOKENS_WHERE "it is a text, a list of texts, a list of tokens or a list of such lists"

typedef VEC(uint32_t) TokenList;
typedef VEC(ModelTokens) TokenLists;

static bool read_token(Arena *arena, Str value, void *into, Error *err)
{
    int64_t number;
    if (!str_to_int(value, 0, UINT32_MAX, &number))
        return fail_field(err, "", "a token is a whole number from 0 on");
    *vec_push(arena, (TokenList *)into) = (uint32_t)number;
    return true;
}

static bool read_tokens(Arena *arena, Str value, void *into, Error *err)
{
    TokenList ids = { 0 };
    if (!json_is_list(value))
        return fail_field(err, "", TOKENS_WHERE);
    if (!read_items(arena, value, read_token, &ids, err))
        return false;
    *vec_push(arena, (TokenLists *)into) = (ModelTokens){ ids.at, ids.count };
    return ids.count || fail_field(err, "", "a list of tokens is empty");
}

static bool is_number(Str value) { return value.length && HAS_CHAR(value.at[0], "-0123456789"); }

static bool read_input(Arena *arena, Str value, void *into, Error *err)
{
    static const MemberRule texts[] = { { "input", MEMBER_TEXTS, offsetof(ModelRequest, inputs) } };
    ModelRequest *request = into;
    TokenLists lists = { 0 };
    Str ignored, first = S("");
    JsonWalk walk = json_walk_begin(value);
    bool is_list = json_is_list(value) && json_walk_next(&walk, &ignored, &first);
    if (!is_number(first) && !json_is_list(first))
        return read_member(arena, value, texts, request, err);
    bool good = is_list && is_number(first) ? read_tokens(arena, value, &lists, err)
                                            : read_items(arena, value, read_tokens, &lists, err);
    request->token_lists = lists.at;
    request->token_list_count = lists.count;
    return good;
}

/* Not OpenAI's: what comes before each text is what the model was trained with. */
static bool read_kind(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    Str kind = json_text_of(arena, value);
    request->is_query = str_is(kind, "query") || str_is(kind, "search_query");
    request->is_passage =
        str_is(kind, "passage") || str_is(kind, "document") || str_is(kind, "search_document");
    return request->is_query || request->is_passage ||
           fail_field(err, "", "it is query or passage");
}

static bool read(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    static const MemberRule rules[] = {
        { "input", MEMBER_READ, .read = read_input },
        { "input_type", MEMBER_READ, .read = read_kind },
        { "dimensions", MEMBER_INT, offsetof(ModelRequest, dimensions), 1, 100000 },
        { "encoding_format", MEMBER_READ, .read = read_encoding },
    };
    return read_members(arena, body, MEMBER_RULES(rules), request, NULL, err);
}

/* --- Writing --- */

static void put_numbers(JsonWriter *json, Arena *arena, const char *name, ModelVector vector)
{
    Buf text = buf_new(arena, MB(4));
    buf_add_char(&text, '[');
    for (size_t i = 0; i < vector.count; i++) /* nine digits give the same float back */
        buf_addf(&text, i ? ",%.9g" : "%.9g", (double)vector.at[i]);
    buf_add_char(&text, ']');
    put_raw(json, name, buf_str(&text));
}

static void put_base64(JsonWriter *json, Arena *arena, ModelVector vector)
{
    Str bytes = { (const char *)vector.at, vector.count * sizeof *vector.at };
    put_text(json, "embedding", base64_encode(arena, bytes)); /* this machine is little-endian */
}

static void write_openai(FrontWriter *writer, const ModelReply *reply)
{
    JsonWriter json = put_begin(writer->out);
    put_text(&json, "object", S("list"));
    put_array(&json, "data");
    for (size_t i = 0; i < reply->vectors.count; i++) {
        put_object(&json, NULL);
        put_text(&json, "object", S("embedding"));
        put_int(&json, "index", (int64_t)i);
        if (writer->request->wants_base64)
            put_base64(&json, writer->arena, reply->vectors.at[i]);
        else
            put_numbers(&json, writer->arena, "embedding", reply->vectors.at[i]);
        put_end(&json);
    }
    put_end(&json);
    put_text(&json, "model", writer->model);
    put_object(&json, "usage");
    put_int(&json, "prompt_tokens", reply->usage.input);
    put_int(&json, "total_tokens", reply->usage.input);
    put_end(&json);
    put_end(&json);
}

static void write_ollama(FrontWriter *writer, const ModelReply *reply)
{
    JsonWriter json = put_begin(writer->out);
    put_text(&json, "model", writer->model);
    put_array(&json, "embeddings");
    for (size_t i = 0; i < reply->vectors.count; i++)
        put_numbers(&json, writer->arena, NULL, reply->vectors.at[i]);
    put_end(&json);
    put_int(&json, "prompt_eval_count", reply->usage.input);
    put_end(&json);
}

static void write_ollama_error(Buf *out, const Error *err, int status)
{
    front_ollama_chat.write_error(out, err, status);
}

const Front front_openai_embeddings = {
    .name = "openai_embeddings",
    .path = "/v1/embeddings",
    .task = TASK_EMBEDDING,
    .same = &dialect_openai,
    .id_prefix = "embd-",
    .scan = scan,
    .read = read,
    .write_reply = write_openai,
    .write_error = openai_write_error,
};

const Front front_ollama_embed = {
    .name = "ollama_embed",
    .path = "/api/embed",
    .task = TASK_EMBEDDING,
    .same = &dialect_ollama,
    .id_prefix = "embd-",
    .scan = scan,
    .read = read,
    .write_reply = write_ollama,
    .write_error = write_ollama_error,
};
