/* responses_api.c - responses that are kept: shown again, ended, forgotten, and what they answer.
 */
#include "api/api.h"
#include "base/json_walk.h"
#include "models/models.h"

static KeptName name_of(const ApiRequest *request)
{
    return (KeptName){ request->scope->workspace, request->scope->user, request->params[0] };
}

static Gateway *gateway_of(const ApiRequest *request)
{
    return models_gateway(request->api->models);
}

static bool fail_gone(const ApiRequest *request, Error *err)
{
    return err->code != ERROR_NOT_FOUND
               ? false
               : fail(err, ERROR_NOT_FOUND,
                      "the response '" STR_FMT "' is not kept here, or not any more: answers are "
                      "kept for %" PRId64 " days",
                      STR_ARG(request->params[0]), models_response_days(request->api->models));
}

bool responses_get(ApiRequest *request, HttpResponse *response, Error *err)
{
    KeptName name = name_of(request);
    Str reply;
    if (!gateway_recall(gateway_of(request), request->arena, &name, &reply, err))
        return fail_gone(request, err);
    buf_add(&response->body, reply);
    return true;
}

/* Of one that is finished there is nothing left to end. */
bool responses_cancel(ApiRequest *request, HttpResponse *response, Error *err)
{
    KeptName name = name_of(request);
    if (!gateway_cancel(gateway_of(request), &name, err))
        return fail_gone(request, err);
    if (!responses_get(request, response, err))
        return false;
    return str_is(json_walk_member(buf_str(&response->body), "background"), "true") ||
           fail(err, ERROR_CONFLICT, "only a response that is made in the background is cancelled");
}

bool responses_delete(ApiRequest *request, HttpResponse *response, Error *err)
{
    KeptName name = name_of(request);
    if (!gateway_drop(gateway_of(request), &name, err))
        return fail_gone(request, err);
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "id", request->params[0]);
    put_text(&json, "object", S("response"));
    put_bool(&json, "deleted", true);
    put_end(&json);
    return true;
}

/* --- What it answers --- */

/* As clients know items: with a type, an id, and a message's text as a part. */
static void complete_item(Arena *arena, json_t *item, size_t number)
{
    const json_t *content = json_object_get(item, "content");
    if (!json_object_get(item, "type"))
        json_object_set_new(item, "type", json_string("message"));
    if (!json_object_get(item, "id"))
        json_object_set_new(item, "id",
                            json_string(str_c(arena, str_format(arena, "item_%zu", number))));
    if (!str_is(json_member_text(item, "type"), "message"))
        return;
    bool is_answer = str_is(json_member_text(item, "role"), "assistant");
    if (json_is_string(content)) {
        json_t *part = json_object(), *parts = json_array();
        json_object_set_new(part, "type", json_string(is_answer ? "output_text" : "input_text"));
        json_object_set_new(part, "text", json_string(json_string_value(content)));
        if (is_answer)
            json_object_set_new(part, "annotations", json_array());
        json_array_append_new(parts, part);
        json_object_set_new(item, "content", parts);
    }
    if (!json_object_get(item, "status"))
        json_object_set_new(item, "status", json_string("completed"));
}

static Str id_of(const json_t *items, size_t number)
{
    return json_member_text(json_array_get(items, number), "id");
}

typedef struct InputsAsk {
    bool is_ascending;
    int64_t limit;
    Str after;
} InputsAsk;

static bool read_ask(const ApiRequest *request, InputsAsk *ask_r, Error *err)
{
    Str order = http_query(request->http, "order");
    *ask_r = (InputsAsk){ .is_ascending = str_is(order, "asc"),
                          .after = http_query(request->http, "after") };
    if (order.length && !ask_r->is_ascending && !str_is(order, "desc"))
        return fail_field(err, "order", "order is asc or desc");
    return api_query_int(request, "limit", 1, 100, 20, &ask_r->limit, err);
}

static void put_inputs(HttpResponse *response, Arena *arena, const json_t *items,
                       const InputsAsk *ask)
{
    size_t count = json_array_size(items), shown = 0, i = 0;
    Str first = S(""), last = S("");
    JsonWriter json = put_begin(&response->body);
    put_text(&json, "object", S("list"));
    put_array(&json, "data");
    for (bool is_behind = !ask->after.length; i < count && shown < (size_t)ask->limit; i++) {
        size_t at = ask->is_ascending ? i : count - 1 - i;
        if (is_behind) {
            put_raw(&json, NULL, json_print(arena, json_array_get(items, at)));
            last = id_of(items, at);
            first = shown++ ? first : last;
        }
        is_behind = is_behind || str_equal(id_of(items, at), ask->after);
    }
    api_put_list_end(&json, first, last, i < count);
}

bool responses_inputs(ApiRequest *request, HttpResponse *response, Error *err)
{
    AUTO_JSON json_t *items = NULL;
    KeptName name = name_of(request);
    InputsAsk ask;
    Str asked;
    if (!read_ask(request, &ask, err))
        return false;
    if (!gateway_recall_asked(gateway_of(request), request->arena, &name, &asked, err))
        return fail_gone(request, err);
    Str list = str_format(request->arena, "[" STR_FMT "]", STR_ARG(asked));
    if (!json_parse(list, MB(64), &items, err))
        return false;
    for (size_t i = 0; i < json_array_size(items); i++)
        complete_item(request->arena, json_array_get(items, i), i);
    put_inputs(response, request->arena, items, &ask);
    return true;
}
