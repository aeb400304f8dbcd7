/* openai_api.c - what clients of OpenAI's API call: models, embeddings, chat. */
#include "api/document_json.h"

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
    JsonWriter json = put_begin(&response->body);
    (void)err;
    put_text(&json, "object", S("list"));
    put_array(&json, "data");
    put_model(&json, S("lectern"), S("lectern"), request->api->started_ms / 1000);
    put_end(&json);
    put_end(&json);
    return true;
}

bool embeddings_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request, (void)response;
    return fail(err, ERROR_UNSUPPORTED, "embeddings are not served yet");
}

bool chat_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)request, (void)response;
    return fail(err, ERROR_UNSUPPORTED, "chat is not served yet");
}
