/* settings_api.c - settings of a workspace, its model service. */
#include "api/api.h"
#include "models/models.h"

bool settings_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    Provider provider;
    Error why = { 0 };
    bool has =
        models_provider(request->api->models, request->scope, request->arena, &provider, &why);
    if (!has && why.code != ERROR_NOT_FOUND) {
        *err = why;
        return false;
    }
    JsonWriter json = put_begin(&response->body);
    if (has) {
        put_object(&json, "provider");
        put_text(&json, "name", provider.name);
        put_text(&json, "base_url", provider.base_url);
        put_text(&json, "model", provider.model);
        put_bool(&json, "key_set", provider.has_key);
        put_bool(&json, "found", provider.was_found);
        put_end(&json);
    } else {
        put_null(&json, "provider");
    }
    put_end(&json);
    return true;
}

bool settings_provider(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str base_url, model = STR_NONE, key = STR_NONE;
    return api_fields(request, err,
                      { "base_url", JSON_STR, &base_url, .required = true, .length_max = 2000 },
                      { "model", JSON_STR, &model, .length_max = 200 },
                      { "key", JSON_STR, &key, .length_max = 2000 }) &&
           models_set_provider(request->api->models, request->scope, base_url, model, key, err) &&
           settings_show(request, response, err);
}

bool settings_no_provider(ApiRequest *request, HttpResponse *response, Error *err)
{
    return models_remove_provider(request->api->models, request->scope, err) && api_done(response);
}
