/* rerank_api.c - texts in the order of what they say to a question: by our own cross-encoder, or by
 * a service that has one. */
#include "api/api.h"
#include "base/json_walk.h"
#include "models/models.h"
#include "search/search.h"

#define DOCUMENTS_MAX 1000

static int compare_scores(const void *a, const void *b)
{
    const ModelScore *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->index - y->index;
}

static bool score(ApiRequest *request, const ModelRequest *asked, ModelReply *reply, Error *err)
{
    size_t count = asked->inputs.count;
    if (!count || count > DOCUMENTS_MAX)
        return fail_field(err, "documents", "documents has 1 to %d texts", DOCUMENTS_MAX);
    float *scores = arena_new_array(request->arena, float, count);
    if (!searcher_score(request->api->searcher, asked->query, asked->inputs, scores, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        *vec_push(request->arena, &reply->scores) = (ModelScore){ (int)i, (double)scores[i] };
        reply->usage.input +=
            gateway_guess_tokens(asked->query.length + asked->inputs.at[i].length);
    }
    qsort(reply->scores.at, count, sizeof *reply->scores.at, compare_scores);
    if (asked->top_n && (size_t)asked->top_n < count)
        reply->scores.count = (size_t)asked->top_n;
    return true;
}

static bool rerank_here(ApiRequest *request, HttpResponse *response, Error *err)
{
    ModelRequest asked = { 0 };
    ModelReply reply = { 0 };
    Str body = request->http->body;
    if (!front_rerank.scan(request->arena, body, &asked, err) ||
        !front_rerank.read(request->arena, body, &asked, err) ||
        !score(request, &asked, &reply, err))
        return false;
    FrontWriter writer = { .front = &front_rerank,
                           .arena = request->arena,
                           .request = &asked,
                           .id = str_format(request->arena, "%s" STR_FMT, front_rerank.id_prefix,
                                            STR_ARG(request->http->id)),
                           .model = S("lectern"),
                           .out = &response->body };
    front_rerank.write_reply(&writer, &reply);
    return true;
}

bool rerank_post(ApiRequest *request, HttpResponse *response, Error *err)
{
    HttpRequest *http = request->http;
    Str model = json_walk_member(http->body, "model");
    (void)err;
    if (!model.length || str_is(model, "\"\"") || str_is(model, "\"lectern\""))
        api_handle_on_pool(request, response, rerank_here);
    else
        gateway_serve(models_gateway(request->api->models), &front_rerank, api_secret(http), http,
                      response);
    return true;
}
