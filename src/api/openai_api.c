/* openai_api.c - what clients of OpenAI's API ask for first: models, embeddings.
 *
 * Bodies here may hold fields that nobody knows: clients send many. */
#include <math.h>

#include "api/model_names.h"
#include "base/base64.h"
#include "base/json_walk.h"
#include "library/library.h"
#include "models/models.h"
#include "net/url.h"

#define INPUTS_MAX 2048
#define INPUT_BYTES_MAX MB(1)

/* --- Models --- */

/* Both kinds of clients ask at the same address; Anthropic's say which version they speak. */
static bool is_anthropic(const ApiRequest *request)
{
    return http_header_in(request->http, "anthropic-version").length > 0;
}

static void put_model(JsonWriter *json, const ApiRequest *request, const ListedModel *model)
{
    put_text(json, "id", model->id);
    if (is_anthropic(request)) {
        put_text(json, "type", S("model"));
        put_text(json, "display_name", model->id);
        put_time(json, "created_at", request->api->started_ms);
    } else {
        put_text(json, "object", S("model"));
        put_int(json, "created", request->api->started_ms / 1000);
        put_text(json, "owned_by", model->owner);
    }
}

bool openai_models(ApiRequest *request, HttpResponse *response, Error *err)
{
    ListedModels models = list_models(request);
    JsonWriter json = put_begin(&response->body);
    (void)err;
    if (!is_anthropic(request))
        put_text(&json, "object", S("list"));
    put_array(&json, "data");
    for (size_t i = 0; i < models.count; i++) {
        put_object(&json, NULL);
        put_model(&json, request, &models.at[i]);
        put_end(&json);
    }
    put_end(&json);
    if (is_anthropic(request)) {
        put_bool(&json, "has_more", false);
        put_text(&json, "first_id", models.at[0].id);
        put_text(&json, "last_id", models.at[models.count - 1].id);
    }
    put_end(&json);
    return true;
}

/* "gpt-5", or "openai/gpt-5" in two parts or with its slash encoded. */
bool openai_model(ApiRequest *request, HttpResponse *response, Error *err)
{
    size_t parts = request->params[1].length ? 2 : 1;
    Str id = str_join(request->arena, request->params, parts, S("/"));
    if (!url_decode(request->arena, id, false, &id, err))
        return false;
    const ListedModel *model = find_model(list_models(request), id);
    if (!model)
        return fail(err, ERROR_NOT_FOUND,
                    "there is no model '" STR_FMT "'; GET /v1/models lists them",
                    STR_ARG(str_slice(id, 0, 100)));
    JsonWriter json = put_begin(&response->body);
    put_model(&json, request, model);
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
    static const char *const names[] = { "all-MiniLM-L6-v2", "all-minilm", "lectern" };
    if (str_starts(model, S("sentence-transformers/")))
        model = str_from(model, sizeof "sentence-transformers/" - 1);
    if (str_equal_ignore_case(model, own_embedding_model(request)))
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
        in->model = own_embedding_model(request);
    if (dims && !json_is_null(dims)) {
        if (json_integer_value(dims) < 1 || json_integer_value(dims) > 100000)
            return fail_field(err, "dimensions", "dimensions must be a positive number");
        in->dims = (size_t)json_integer_value(dims);
    }
    if (!is_own_model(request, in->model)) {
        fail(err, ERROR_NOT_FOUND, "there is no embedding model '" STR_FMT "'; there is " STR_FMT,
             STR_ARG(str_slice(in->model, 0, 100)), STR_ARG(own_embedding_model(request)));
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

static ModelReply reply_of(Arena *arena, const EmbeddingRequest *in, const LibraryVectors *vectors)
{
    size_t dims = in->dims ? in->dims : vectors->dims;
    ModelReply reply = { .usage = { .is_known = true, .input = vectors->tokens } };
    for (size_t i = 0; i < in->count; i++) {
        const float *vector = vectors->at + i * vectors->dims;
        if (dims < vectors->dims) {
            float *shorter = arena_new_array(arena, float, dims);
            shorten(vector, dims, shorter);
            vector = shorter;
        }
        *vec_push(arena, &reply.vectors) = (ModelVector){ vector, dims };
    }
    return reply;
}

static void write_vectors(ApiRequest *request, const EmbeddingRequest *in, const ModelReply *reply,
                          HttpResponse *response)
{
    ModelRequest asked = { .task = TASK_EMBEDDING, .wants_base64 = in->is_base64 };
    FrontWriter writer = { .front = front_at(str(request->route->path)),
                           .arena = request->arena,
                           .request = &asked,
                           .model = in->model,
                           .out = &response->body };
    writer.front->write_reply(&writer, reply);
}

static bool embed_here(ApiRequest *request, EmbeddingRequest *in, ModelReply *reply_r, Error *err)
{
    LibraryVectors vectors;
    if (!library_embed(request->api->library, request->arena, in->texts, in->count, &vectors,
                       err)) {
        if (err->code == ERROR_INVALID)
            snprintf(err->field, sizeof err->field, "input");
        return false;
    }
    if (in->dims > vectors.dims)
        return fail_field(err, "dimensions", "the model has %zu dimensions, not %zu", vectors.dims,
                          in->dims);
    *reply_r = reply_of(request->arena, in, &vectors);
    return true;
}

/* One of OpenAI's names is OpenAI's where the workspace has it, and else our own model's. */
static bool is_of_service(ApiRequest *request, Str model, GatewayCaller **caller_r)
{
    Error ignored;
    if (!str_starts(model, S("text-embedding-")) ||
        !models_caller(request->api->models, request->scope, caller_r, &ignored))
        return false;
    const GatewayConfig *config = (*caller_r)->config;
    const GatewayRoute *route = config_route(config, model);
    if (route && route != config->open)
        return true;
    caller_release(*caller_r);
    return false;
}

static bool embed_by_service(ApiRequest *request, const EmbeddingRequest *in, GatewayCaller *caller,
                             ModelReply *reply_r, Error *err)
{
    Str *inputs = arena_new_array(request->arena, Str, in->count);
    ModelRequest asked = { .task = TASK_EMBEDDING,
                           .model = in->model,
                           .inputs = { inputs, in->count },
                           .dimensions = (int64_t)in->dims };
    GatewayAsk ask = { .request = &asked, .feature = S("api") };
    GatewayAnswer answer;
    for (size_t i = 0; i < in->count; i++)
        inputs[i] = in->texts[i].text;
    bool good = gateway_ask(models_gateway(request->api->models), caller, request->arena, &ask,
                            &answer, err);
    caller_release(caller);
    if (!good)
        return false;
    *reply_r = *answer.reply;
    reply_r->usage = answer.usage;
    return true;
}

static bool embed(ApiRequest *request, HttpResponse *response, Error *err)
{
    EmbeddingRequest in = { 0 };
    GatewayCaller *caller;
    ModelReply reply;
    if (!read_embedding(request, &in, err) ||
        !(is_of_service(request, in.model, &caller)
              ? embed_by_service(request, &in, caller, &reply, err)
              : embed_here(request, &in, &reply, err)))
        return false;
    write_vectors(request, &in, &reply, response);
    return true;
}

bool api_embed_texts(ApiRequest *request, StrList texts, Str *model, ModelReply *reply_r,
                     Error *err)
{
    EmbeddingRequest in = { .model = model->length ? *model : own_embedding_model(request),
                            .texts = arena_new_array(request->arena, LibraryText, texts.count),
                            .count = texts.count };
    GatewayCaller *caller;
    for (size_t i = 0; i < texts.count; i++)
        in.texts[i] = (LibraryText){ .text = texts.at[i] };
    *model = in.model;
    if (is_of_service(request, in.model, &caller))
        return embed_by_service(request, &in, caller, reply_r, err);
    if (is_own_model(request, in.model))
        return embed_here(request, &in, reply_r, err);
    return models_caller(request->api->models, request->scope, &caller, err) &&
           embed_by_service(request, &in, caller, reply_r, err);
}

bool embeddings_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    HttpRequest *http = request->http;
    Str said = json_walk_member(http->body, "model"), model = S("");
    bool is_text = !said.length || json_unquote(request->arena, said, &model);
    (void)err;
    if (is_text && (!model.length || is_own_model(request, model)))
        api_handle_on_pool(request, response, embed);
    else
        gateway_serve(models_gateway(request->api->models), front_at(str(request->route->path)),
                      api_secret(http), http, response);
    return true;
}
