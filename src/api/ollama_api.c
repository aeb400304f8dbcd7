/* ollama_api.c - what clients of Ollama ask before they chat: which models there are, and what they
 * can do. Sizes, digests and files of models are the services' own; here they are empty. */
#include "api/model_names.h"
#include "base/json_walk.h"
#include "models/models.h"

/* Clients ask for features by it: this has tools, thinking and schemas. */
#define OLLAMA_VERSION S("0.12.6")

static void put_details(JsonWriter *json, const ListedModel *model)
{
    put_object(json, "details");
    put_text(json, "parent_model", S(""));
    put_text(json, "format", S(""));
    put_text(json, "family", model->owner);
    put_array(json, "families");
    put_text(json, NULL, model->owner);
    put_end(json);
    put_text(json, "parameter_size", S(""));
    put_text(json, "quantization_level", S(""));
    put_end(json);
}

bool ollama_tags(ApiRequest *request, HttpResponse *response, Error *err)
{
    ListedModels models = list_models(request);
    JsonWriter json = put_begin(&response->body);
    (void)err;
    put_array(&json, "models");
    for (size_t i = 0; i < models.count; i++) {
        put_object(&json, NULL);
        put_text(&json, "name", models.at[i].id);
        put_text(&json, "model", models.at[i].id);
        put_time(&json, "modified_at", request->api->started_ms);
        put_int(&json, "size", 0);
        put_text(&json, "digest", S(""));
        put_details(&json, &models.at[i]);
        put_end(&json);
    }
    put_end(&json);
    put_end(&json);
    return true;
}

bool ollama_ps(ApiRequest *request, HttpResponse *response, Error *err)
{
    JsonWriter json = put_begin(&response->body);
    (void)request, (void)err;
    put_array(&json, "models");
    put_end(&json);
    put_end(&json);
    return true;
}

bool ollama_version(ApiRequest *request, HttpResponse *response, Error *err)
{
    JsonWriter json = put_begin(&response->body);
    (void)request, (void)err;
    put_text(&json, "version", OLLAMA_VERSION);
    put_end(&json);
    return true;
}

static void put_capabilities(JsonWriter *json, const ListedModel *model)
{
    static const struct {
        unsigned ability;
        const char *word;
    } words[] = { { 1U << ABILITY_TOOLS, "tools" },
                  { 1U << ABILITY_IMAGES, "vision" },
                  { 1U << ABILITY_REASONING, "thinking" } };
    put_array(json, "capabilities");
    put_text(json, NULL, model->is_embedding ? S("embedding") : S("completion"));
    for (size_t i = 0; i < COUNT(words); i++)
        if (model->abilities & words[i].ability)
            put_text(json, NULL, str(words[i].word));
    put_end(json);
}

bool ollama_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    Str name = json_member_text(request->json, "model");
    if (!name.length)
        name = json_member_text(request->json, "name"); /* as older clients say */
    const ListedModel *model = find_model(list_models(request), name);
    if (!model)
        return fail(err, ERROR_NOT_FOUND, "model '" STR_FMT "' not found",
                    STR_ARG(str_slice(name, 0, 100)));
    JsonWriter json = put_begin(&response->body);
    put_details(&json, model);
    put_object(&json, "model_info");
    put_text(&json, "general.architecture", model->owner);
    if (model->context)
        put_int(&json,
                str_c(request->arena,
                      str_format(request->arena, STR_FMT ".context_length", STR_ARG(model->owner))),
                model->context);
    put_end(&json);
    put_capabilities(&json, model);
    put_time(&json, "modified_at", request->api->started_ms);
    put_end(&json);
    return true;
}
