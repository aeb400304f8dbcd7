/* webhooks_api.c - addresses that are told what happens, what they were told, and telling it again.
 */
#include "api/api.h"
#include "base/clock.h"
#include "base/passwords.h"
#include "notify/notify.h"
#include "webhook/webhook.h"

typedef struct HookWork {
    const ApiRequest *request;
    Str id, delivery_id;
    bool is_on;
    WebhookList hooks;
    Webhook hook;
    WebhookDeliveryFilter filter;
    WebhookDeliveryState state;
    Slice slice;
    WebhookDeliveryList list;
    WebhookDelivery delivery;
    int64_t count, left_from_ms;
} HookWork;

/* --- Webhooks --- */

/* Its members, inside an object that is open. */
static void put_webhook(JsonWriter *json, const Webhook *hook)
{
    put_text(json, "id", hook->id);
    put_text(json, "url", passwords_hidden(json->out->arena, hook->url));
    put_texts(json, "kinds", hook->kinds);
    put_text(json, "form", hook->form);
    put_bool(json, "is_on", hook->is_on);
    put_time(json, "created_at", hook->created_at_ms);
    put_time(json, "last_at", hook->last_at_ms);
    put_text_or_null(json, "last_result", hook->last_result);
    put_int(json, "failures", hook->failures);
    put_time(json, "held_until", hook->held_until_ms);
}

static bool hooks_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    return webhook_list(tx, work->request->scope, work->request->arena, &work->hooks, err);
}

bool webhooks_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    HookWork work = { .request = request };
    if (!store_read(request->api->db, request->scope, hooks_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.hooks.count; i++) {
        put_object(&json, NULL);
        put_webhook(&json, &work.hooks.at[i]);
        put_end(&json);
    }
    api_list_end(&json, (int64_t)work.hooks.count, STR_NONE);
    return true;
}

static bool check_kinds(StrList names, Error *err)
{
    NoticeKind kind;
    for (size_t i = 0; i < names.count; i++)
        if (!notice_named(names.at[i], &kind))
            return fail_field(err, "kinds", "there is no kind of notice '" STR_FMT "'",
                              STR_ARG(str_slice(names.at[i], 0, 40)));
    return true;
}

bool webhooks_add(ApiRequest *request, HttpResponse *response, Error *err)
{
    Webhook hook, wish = { .form = S("standard") };
    Str secret;
    if (!api_fields(request, err,
                    { "url", JSON_STR, &wish.url, .required = true, .length_max = WEBHOOK_URL_MAX },
                    { "kinds", JSON_STRS, &wish.kinds, .length_max = NOTICE_KIND_COUNT },
                    { "form", JSON_STR, &wish.form, .length_max = 20 }) ||
        !check_kinds(wish.kinds, err) ||
        !webhooks_add_hook(request->api->webhooks, request->scope, request->arena, &wish, &hook,
                           &secret, err))
        return false;
    response->status = 201;
    JsonWriter json = put_begin(&response->body);
    put_webhook(&json, &hook);
    put_text(&json, "secret", secret);
    put_end(&json);
    return true;
}

static bool switch_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    return webhooks_switch(tx, work->request->scope, work->request->arena, work->id, work->is_on,
                           err);
}

bool webhooks_change(ApiRequest *request, HttpResponse *response, Error *err)
{
    HookWork work = { .request = request, .id = request->params[0] };
    return api_fields(request, err, { "is_on", JSON_FLAG, &work.is_on, .required = true }) &&
           api_change(request, response, switch_work, NULL, &work, err);
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    const HookWork *work = argument;
    return webhooks_remove_hook(tx, work->request->scope, work->id, err);
}

bool webhooks_remove(ApiRequest *request, HttpResponse *response, Error *err)
{
    HookWork work = { .request = request, .id = request->params[0] };
    return api_change(request, response, remove_work, NULL, &work, err);
}

/* --- Deliveries --- */

/* Its members, inside an object that is open. */
static void put_delivery(JsonWriter *json, const WebhookDelivery *delivery)
{
    put_text(json, "id", delivery->id);
    put_text(json, "message", delivery->message);
    put_text(json, "kind", delivery->kind);
    put_text_or_null(json, "key", delivery->order_key);
    put_text(json, "state", str(webhook_delivery_states[delivery->state]));
    put_int(json, "attempts", delivery->attempts);
    if (delivery->status)
        put_int(json, "status", delivery->status);
    else
        put_null(json, "status");
    put_text_or_null(json, "error", delivery->error);
    put_int(json, "took_ms", delivery->took_ms);
    put_time(json, "created_at", delivery->created_at_ms);
    put_time(json, "next_at",
             delivery->state == WEBHOOK_DELIVERY_waiting ? delivery->next_at_ms : 0);
    put_time(json, "ended_at", delivery->ended_at_ms);
    put_text_or_null(json, "replay_of", delivery->replay_of);
}

/* What is listed and told again: by state and time. */
static bool read_state(HookWork *work, Str name, Error *err)
{
    if (!name.length)
        return true;
    for (size_t i = 0; i < WEBHOOK_DELIVERY_STATE_COUNT; i++)
        if (str_is(name, webhook_delivery_states[i])) {
            work->state = (WebhookDeliveryState)i;
            work->filter.state = &work->state;
            return true;
        }
    return fail_field(err, "state", "'state' is waiting, delivered or failed");
}

static bool deliveries_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    const ApiRequest *request = work->request;
    return webhook_find(tx, request->scope, request->arena, work->id, &work->hook, err) &&
           webhook_delivery_list(tx, request->scope, request->arena, &work->filter, &work->slice,
                                 &work->list, err);
}

bool webhooks_deliveries(ApiRequest *request, HttpResponse *response, Error *err)
{
    HookWork work = { .request = request, .id = request->params[0] };
    work.filter.hook = work.id;
    if (!api_slice(request, &work.slice, err) ||
        !api_query_time(request, "from", &work.filter.from_ms, err) ||
        !api_query_time(request, "to", &work.filter.to_ms, err) ||
        !read_state(&work, http_query(request->http, "state"), err) ||
        !store_read(request->api->db, request->scope, deliveries_work, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.list.count; i++) {
        put_object(&json, NULL);
        put_delivery(&json, &work.list.at[i]);
        put_end(&json);
    }
    api_list_end(&json, -1, work.list.next);
    return true;
}

static bool delivery_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    const ApiRequest *request = work->request;
    if (!webhook_delivery_find(tx, request->scope, request->arena, work->delivery_id,
                               &work->delivery, err))
        return false;
    return str_equal(work->delivery.hook, work->id) ||
           fail(err, ERROR_NOT_FOUND, "this webhook has no such delivery");
}

bool webhooks_delivery(ApiRequest *request, HttpResponse *response, Error *err)
{
    HookWork work = { .request = request,
                      .id = request->params[0],
                      .delivery_id = request->params[1] };
    if (!store_read(request->api->db, request->scope, delivery_work, &work, err))
        return false;
    JsonWriter json = put_begin(&response->body);
    put_delivery(&json, &work.delivery);
    put_text(&json, "body",
             webhooks_body(request->api->webhooks, request->arena, work.delivery.body));
    put_text(&json, "answer", work.delivery.answer);
    put_end(&json);
    return true;
}

/* --- Telling again --- */

static bool replay_one_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    const ApiRequest *request = work->request;
    return webhooks_replay_one(tx, request->scope, request->arena, work->id, work->delivery_id,
                               &work->delivery, err);
}

static bool answer_webhooks_replay_delivery(const void *argument, HttpResponse *response)
{
    const HookWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_delivery(&json, &work->delivery);
    put_end(&json);
    return true;
}

bool webhooks_replay_delivery(ApiRequest *request, HttpResponse *response, Error *err)
{
    HookWork work = { .request = request,
                      .id = request->params[0],
                      .delivery_id = request->params[1] };
    response->status = 201;
    return api_change(request, response, replay_one_work, answer_webhooks_replay_delivery, &work,
                      err);
}

static bool replay_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    const ApiRequest *request = work->request;
    return webhooks_replay(tx, request->scope, request->arena, &work->filter, &work->count,
                           &work->left_from_ms, err);
}

static bool read_time(const char *field, Str text, int64_t *time_ms_r, Error *err)
{
    Error why;
    return !text.length || time_parse(text, time_ms_r, &why) ||
           fail_field(err, field, "%s", why.message);
}

static bool answer_replay_span(const void *argument, HttpResponse *response)
{
    const HookWork *work = argument;
    JsonWriter json = put_begin(&response->body);
    put_int(&json, "count", work->count);
    put_time(&json, "left_from", work->left_from_ms);
    put_end(&json);
    return true;
}

bool webhooks_replay_span(ApiRequest *request, HttpResponse *response, Error *err)
{
    HookWork work = { .request = request, .filter = { .hook = request->params[0] } };
    Str from = S(""), to = S(""), state = S("");
    if (!api_fields(request, err, { "from", JSON_STR, &from, .required = true, .length_max = 64 },
                    { "to", JSON_STR, &to, .length_max = 64 },
                    { "state", JSON_STR, &state, .length_max = 20 }) ||
        !read_time("from", from, &work.filter.from_ms, err) ||
        !read_time("to", to, &work.filter.to_ms, err) || !read_state(&work, state, err))
        return false;
    return api_change(request, response, replay_work, answer_replay_span, &work, err);
}
