/* models_api.c - the embedding models of this machine: which there are, which one is used. */
#include "api/health.h"
#include "library/library.h"

static void put_folder(JsonWriter *json, const LibraryModelFolder *model)
{
    put_object(json, NULL);
    put_text(json, "name", model->name);
    put_text(json, "kind", model->is_reranker ? S("reranker") : S("embedding"));
    put_text_or_null(json, "family", model->family);
    put_text_or_null(json, "pooling", model->pooling);
    put_int(json, "dims", (int64_t)model->dims);
    put_int(json, "tokens", (int64_t)model->tokens_max);
    put_int(json, "bytes", model->bytes);
    put_bool(json, "used", model->is_used);
    put_bool(json, "coming", model->is_coming);
    put_text_or_null(json, "error", model->reason);
    put_end(json);
}

/* Why searches do without meaning; empty: they do not. */
static Str why_words_only(const LibraryModel *now)
{
    if (now->is_there || *now->reason)
        return str(now->reason);
    return S("there is no embedding model; add one with `lectern models add FOLDER`");
}

bool local_models_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    LibraryModelList list;
    LibraryModel now = library_model_status(request->api->library);
    if (!library_models(request->api->library, request->arena, &list, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_text_or_null(&json, "model", str(now.name));
    put_text_or_null(&json, "reason", why_words_only(&now));
    put_text_or_null(&json, "kernels", str(now.kernels));
    put_int(&json, "vectors", library_index_state(request->api->library).vectors);
    health_put_change(request->api, request->arena, &json, "change");
    put_array(&json, "models");
    for (size_t i = 0; i < list.count; i++)
        put_folder(&json, &list.at[i]);
    put_end(&json);
    put_end(&json);
    return true;
}

bool local_models_use(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str name = request->params[0];
    return library_use_model(request->api->library, request->arena, name, err) &&
           local_models_list(request, response, err);
}

bool local_models_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str name = request->params[0];
    return library_remove_model(request->api->library, request->arena, name, err) &&
           api_done(response);
}
