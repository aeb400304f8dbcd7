/* embeddings.c - POST /v1/embeddings (OpenAI) and /api/embed (Ollama): texts become vectors. Lists
 * of tokens mean something to the model that they were made for only, so they go on as they are or
 * not at all. */
#include "base/base64.h"
#include "gateway/fronts/openai_errors.h"
#include "gateway/json_read.h"

/* --- Reading --- */

static bool scan(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    JsonWalk walk = json_walk_begin(body);
    Str name, value;
    NameSet seen = { 0 };
    bool has_input = false;
    request->task = TASK_EMBEDDING;
    request->is_stream = false;
    while (json_walk_next(&walk, &name, &value)) {
        if (!name_is_new(&seen, name, err))
            return false;
        if (str_is(name, "model") && !json_unquote(arena, value, &request->model))
            return fail_field(err, "model", "model must be a text");
        if (str_is(name, "user"))
            request->user = json_text_of(arena, value);
        else if (str_is(name, "input"))
            has_input = value.length > 2 && (json_is_text(value) || json_is_list(value));
    }
    if (walk.failed || walk.has_escaped_name || !json_is_object_text(str_trim(body)))
        return fail(err, ERROR_INVALID, "the body must be a valid JSON object");
    return has_input || fail_field(err, "input", "input must be a text or a list of texts");
}

static bool read_encoding(Arena *arena, Str value, void *into, Error *err)
{
    ModelRequest *request = into;
    Str format = json_text_of(arena, value);
    request->wants_base64 = str_is(format, "base64");
    return request->wants_base64 || str_is(format, "float") ||
           fail_field(err, "", "it is float or base64");
}

static bool read(Arena *arena, Str body, ModelRequest *request, Error *err)
{
    static const MemberRule rules[] = {
        { "input", MEMBER_TEXTS, offsetof(ModelRequest, inputs) },
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
