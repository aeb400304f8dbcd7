/* openai_api.c - what clients of OpenAI's API ask for first: models, embeddings.
 *
 * Bodies here may hold fields that nobody knows: clients send many. */
#include <math.h>

#include "api/api.h"
#include "library/library.h"
#include "models/models.h"

#define INPUTS_MAX 2048
#define INPUT_BYTES_MAX MB(1)
#define OWN_MODEL "all-MiniLM-L6-v2"

/* --- Models --- */

/* The embedding model's name without its version; the usual one's until it is loaded. */
static Str own_model(const ApiRequest *request)
{
    LibraryModel model = library_model_status(request->api->library);
    Str name = str_copy(request->arena, str(model.name));
    ptrdiff_t slash = str_find_last_char(name, '/');
    if (!name.length)
        return S(OWN_MODEL);
    return slash < 0 ? name : str_slice(name, 0, (size_t)slash);
}

static void put_model(JsonWriter *json, Str id, Str owner, int64_t created_s)
{
    put_object(json, NULL);
    put_text(json, "id", id);
    put_text(json, "object", S("model"));
    put_int(json, "created", created_s);
    put_text(json, "owned_by", owner);
    put_end(json);
}

bool openai_models(ApiRequest *request, HttpResponse *response, Error *err)
{
    Api *api = request->api;
    int64_t created_s = api->started_ms / 1000;
    StrList names = { 0 };
    Provider provider;
    Error why = { 0 };
    JsonWriter json = put_begin(&response->body);
    (void)err;
    put_text(&json, "object", S("list"));
    put_array(&json, "data");
    put_model(&json, S("lectern"), S("lectern"), created_s);
    if (library_model_status(api->library).is_there)
        put_model(&json, own_model(request), S("lectern"), created_s);
    /* A service that does not answer now has no models now. */
    if (models_provider(api->models, request->scope, request->arena, &provider, &why) &&
        models_list(api->models, request->scope, request->arena, &names, &why))
        for (size_t i = 0; i < names.count; i++)
            put_model(&json, names.at[i], provider.name, created_s);
    put_end(&json);
    put_end(&json);
    return true;
}

/* --- Embeddings --- */

typedef struct EmbeddingRequest {
    LibraryText *texts;
    size_t count, dims; /* dims 0: the model's */
    Str model;
    bool is_base64;
} EmbeddingRequest;

static bool read_text(const json_t *item, EmbeddingRequest *in, Error *err)
{
    if (!json_is_string(item))
        return fail_field(err, "input",
                          "input must be a text, a list of texts, a list of tokens or a list of "
                          "such lists");
    Str text = { json_string_value(item), json_string_length(item) };
    if (!text.length)
        return fail_field(err, "input", "a text of input is empty");
    if (text.length > INPUT_BYTES_MAX)
        return fail_field(err, "input", "a text of input has more than %zu bytes", INPUT_BYTES_MAX);
    in->texts[in->count++].text = text;
    return true;
}

/* Clients that keep one of OpenAI's names cut texts with OpenAI's tokenizer. */
static bool check_tokens_model(const EmbeddingRequest *in, Error *err)
{
    return !str_starts(in->model, S("text-embedding-")) ||
           fail_field(err, "input",
                      "the tokens of '" STR_FMT "' mean nothing to the model here: send texts",
                      STR_ARG(str_slice(in->model, 0, 60)));
}

static bool read_tokens(Arena *arena, const json_t *item, EmbeddingRequest *in, Error *err)
{
    size_t count = json_array_size(item), i;
    json_t *token;
    if (!count || count > LIBRARY_EMBED_TOKENS_MAX)
        return fail_field(err, "input", "a list of tokens has 1 to %d of them",
                          LIBRARY_EMBED_TOKENS_MAX);
    uint32_t *ids = arena_new_array(arena, uint32_t, count);
    json_array_foreach(item, i, token)
    {
        json_int_t id = json_is_integer(token) ? json_integer_value(token) : -1;
        if (id < 0 || id > UINT32_MAX)
            return fail_field(err, "input", "a token is a whole number from 0 on");
        ids[i] = (uint32_t)id;
    }
    in->texts[in->count++] = (LibraryText){ .ids = ids, .id_count = count };
    return check_tokens_model(in, err);
}

static bool read_list(ApiRequest *request, const json_t *input, EmbeddingRequest *in, Error *err)
{
    size_t count = json_array_size(input), i;
    json_t *item;
    if (json_is_integer(json_array_get(input, 0)))
        return read_tokens(request->arena, input, in, err);
    if (!count || count > INPUTS_MAX)
        return fail_field(err, "input", "input has 1 to %d texts", INPUTS_MAX);
    json_array_foreach(input, i, item)
    {
        if (json_is_array(item) ? !read_tokens(request->arena, item, in, err)
                                : !read_text(item, in, err))
            return false;
    }
    return true;
}

static bool read_input(ApiRequest *request, EmbeddingRequest *in, Error *err)
{
    const json_t *input = json_object_get(request->json, "input");
    if (!input || json_is_null(input))
        return fail_field(err, "input", "input is missing");
    in->texts = arena_new_array(request->arena, LibraryText, INPUTS_MAX);
    return json_is_array(input) ? read_list(request, input, in, err) : read_text(input, in, err);
}

/* An extension: "query" or "passage" (also "document") puts before each text what the model was
 * trained with. */
static bool read_kind(ApiRequest *request, EmbeddingRequest *in, Error *err)
{
    Str kind = json_member_text(request->json, "input_type");
    bool is_query = str_is(kind, "query") || str_is(kind, "search_query");
    bool is_passage =
        str_is(kind, "passage") || str_is(kind, "document") || str_is(kind, "search_document");
    if (!kind.length)
        return true;
    if (!is_query && !is_passage)
        return fail_field(err, "input_type", "input_type is query or passage");
    Str prompt = library_prompt(request->api->library, request->arena, is_query);
    for (size_t i = 0; i < in->count && prompt.length; i++) {
        LibraryText *text = &in->texts[i];
        if (text->ids)
            return fail_field(err, "input_type", "input_type goes with texts, not with tokens");
        text->text =
            str_format(request->arena, STR_FMT STR_FMT, STR_ARG(prompt), STR_ARG(text->text));
    }
    return true;
}

/* Clients are often written for one of OpenAI's names and only their address is changed. */
static bool is_own_model(const ApiRequest *request, Str model)
{
    static const char *const names[] = { OWN_MODEL, "all-minilm", "lectern" };
    if (str_starts(model, S("sentence-transformers/")))
        model = str_from(model, sizeof "sentence-transformers/" - 1);
    if (str_equal_ignore_case(model, own_model(request)))
        return true;
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal_ignore_case(model, str(names[i])))
            return true;
    return str_starts(model, S("text-embedding-"));
}

static bool read_format(ApiRequest *request, EmbeddingRequest *in, Error *err)
{
    const json_t *given = json_object_get(request->json, "encoding_format");
    Str format = json_member_text(request->json, "encoding_format");
    in->is_base64 = str_is(format, "base64");
    return !given || json_is_null(given) || in->is_base64 || str_is(format, "float") ||
           fail_field(err, "encoding_format", "encoding_format is float or base64");
}

static bool read_embedding(ApiRequest *request, EmbeddingRequest *in, Error *err)
{
    const json_t *dims = json_object_get(request->json, "dimensions");
    in->model = json_member_text(request->json, "model");
    if (!in->model.length)
        in->model = own_model(request);
    if (dims && !json_is_null(dims)) {
        if (json_integer_value(dims) < 1 || json_integer_value(dims) > 100000)
            return fail_field(err, "dimensions", "dimensions must be a positive number");
        in->dims = (size_t)json_integer_value(dims);
    }
    if (!is_own_model(request, in->model)) {
        fail(err, ERROR_NOT_FOUND, "there is no embedding model '" STR_FMT "'; there is " STR_FMT,
             STR_ARG(str_slice(in->model, 0, 100)), STR_ARG(own_model(request)));
        snprintf(err->field, sizeof err->field, "model");
        return false;
    }
    return read_format(request, in, err) && read_input(request, in, err) &&
           read_kind(request, in, err);
}

/* The first values as a unit vector of their own. */
static void shorten(const float *from, size_t dims, float *to)
{
    double sum = 0;
    for (size_t i = 0; i < dims; i++)
        sum += (double)from[i] * (double)from[i];
    double scale = sum > 0 ? 1 / sqrt(sum) : 0;
    for (size_t i = 0; i < dims; i++)
        to[i] = (float)((double)from[i] * scale);
}

/* RFC 4648, section 4. */
static void put_base64(Buf *out, const unsigned char *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < count; i += 3) {
        size_t left = count - i;
        uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                         (left > 2 ? (uint32_t)bytes[i + 2] : 0);
        buf_add_char(out, digits[group >> 18]);
        buf_add_char(out, digits[group >> 12 & 63]);
        buf_add_char(out, left > 1 ? digits[group >> 6 & 63] : '=');
        buf_add_char(out, left > 2 ? digits[group & 63] : '=');
    }
}

static void put_vector(JsonWriter *json, Buf *out, const float *vector, size_t dims, bool is_base64)
{
    Buf text = buf_new(out->arena, MB(4));
    if (is_base64) { /* little-endian, as this machine has them */
        put_base64(&text, (const unsigned char *)vector, dims * sizeof *vector);
        put_text(json, "embedding", buf_str(&text));
        return;
    }
    buf_add_char(&text, '[');
    for (size_t i = 0; i < dims; i++) /* nine digits give the same float back */
        buf_addf(&text, i ? ",%.9g" : "%.9g", (double)vector[i]);
    buf_add_char(&text, ']');
    put_raw(json, "embedding", buf_str(&text));
}

static void put_embeddings(HttpResponse *response, const EmbeddingRequest *in,
                           const LibraryVectors *vectors)
{
    Arena *arena = response->body.arena;
    size_t dims = in->dims ? in->dims : vectors->dims;
    float *shorter = arena_new_array(arena, float, dims);
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "object", S("list"));
    put_array(&json, "data");
    for (size_t i = 0; i < in->count; i++) {
        const float *vector = vectors->at + i * vectors->dims;
        if (dims < vectors->dims) {
            shorten(vector, dims, shorter);
            vector = shorter;
        }
        put_object(&json, NULL);
        put_text(&json, "object", S("embedding"));
        put_int(&json, "index", (int64_t)i);
        put_vector(&json, &response->body, vector, dims, in->is_base64);
        put_end(&json);
    }
    put_end(&json);
    put_text(&json, "model", in->model);
    put_object(&json, "usage");
    put_int(&json, "prompt_tokens", vectors->tokens);
    put_int(&json, "total_tokens", vectors->tokens);
    put_end(&json);
    put_end(&json);
}

bool embeddings_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    EmbeddingRequest in = { 0 };
    LibraryVectors vectors;
    if (!read_embedding(request, &in, err))
        return false;
    if (!library_embed(request->api->library, request->arena, in.texts, in.count, &vectors, err)) {
        if (err->code == ERROR_INVALID)
            snprintf(err->field, sizeof err->field, "input");
        return false;
    }
    if (in.dims > vectors.dims)
        return fail_field(err, "dimensions", "the model has %zu dimensions, not %zu", vectors.dims,
                          in.dims);
    put_embeddings(response, &in, &vectors);
    return true;
}
