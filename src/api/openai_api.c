/* openai_api.c - what clients of OpenAI's API ask for first: which models there are. */
#include "api/model_names.h"
#include "models/models.h"
#include "net/url.h"

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

bool api_embed_texts(ApiRequest *request, StrList texts, Str *model, ModelReply *reply_r,
                     Error *err)
{
    ModelRequest asked = { .task = TASK_EMBEDDING, .model = *model, .inputs = texts };
    GatewayAsk ask = { .request = &asked, .feature = S("api") };
    GatewayAnswer answer;
    GatewayCaller *caller;
    if (!model->length)
        *model = own_embedding_model(request->api, request->arena);
    if (!models_caller(request->api->models, request->scope, &caller, err))
        return false;
    bool good = gateway_ask(models_gateway(request->api->models), caller, request->arena, &ask,
                            &answer, err);
    caller_release(caller);
    request->wait_ms = answer.wait_ms;
    if (!good)
        return false;
    *reply_r = *answer.reply;
    reply_r->usage = answer.usage;
    return true;
}
