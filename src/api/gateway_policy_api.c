/* gateway_policy_api.c - what a workspace has decided about its calls, and the answers that are
 * kept. */
#include "api/api.h"
#include "gateway/guard.h"
#include "models/models.h"

/* The kinds that a rule may name, so that a page can offer them. */
static void put_kinds(JsonWriter *json, Arena *arena)
{
    put_array(json, "mask_kinds");
    for (unsigned i = 0; i < MASK_COUNT; i++) {
        put_object(json, NULL);
        put_text(json, "kind", str_lower(arena, str(mask_rows[i].word)));
        put_text(json, "group", str(mask_rows[i].group));
        put_text(json, "title", str(mask_rows[i].title));
        put_end(json);
    }
    put_end(json);
}

bool policy_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    GatewayPolicy policy;
    if (!models_policy(request->api->models, request->scope, &policy, request->arena, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    policy_put(&json, request->arena, &policy);
    put_int(&json, "prompt_days", models_prompt_days(request->api->models));
    put_kinds(&json, request->arena);
    put_end(&json);
    return true;
}

bool policy_set(ApiRequest *request, HttpResponse *response, Error *err)
{
    return models_set_policy(request->api->models, request->scope, request->arena, request->json,
                             err) &&
           policy_show(request, response, err);
}

bool cache_show(ApiRequest *request, HttpResponse *response, Error *err)
{
    CacheCounts counts = gateway_cache_counts(models_gateway(request->api->models));
    (void)err;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "answers", (int64_t)counts.entries);
    put_int(&json, "bytes", (int64_t)counts.bytes);
    put_int(&json, "hits", (int64_t)counts.hits);
    put_int(&json, "misses", (int64_t)counts.misses);
    put_int(&json, "joined", (int64_t)counts.joined);
    put_int(&json, "evicted", (int64_t)counts.evicted);
    put_end(&json);
    return true;
}

bool cache_forget_all(ApiRequest *request, HttpResponse *response, Error *err)
{
    (void)err;
    gateway_forget_answers(models_gateway(request->api->models), request->scope->workspace);
    return api_done(response);
}
