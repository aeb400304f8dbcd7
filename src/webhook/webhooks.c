/* webhooks.c - who is told what, and telling it again; see webhook.h. */
#include "webhook/webhook_int.h"

#include "base/clock.h"
#include "base/passwords.h"
#include "base/seal.h"
#include "net/url_safety.h"
#include "store/audit_store.h"
#include "store/sealed_texts.h"
#include "store/server_key.h"
#include "webhook/signature.h"

Webhooks *webhooks_new(const WebhooksOptions *options)
{
    Webhooks *webhooks = heap_alloc(sizeof *webhooks);
    HttpClientOptions http = { .user_agent = "lectern-webhook", .proxy = options->proxy };
    webhooks->options = *options;
    webhooks->http = http_client_new(&http);
    pthread_mutex_init(&webhooks->lock, NULL);
    return webhooks;
}

void webhooks_free(Webhooks *webhooks)
{
    if (!webhooks)
        return;
    http_client_free(webhooks->http);
    pthread_mutex_destroy(&webhooks->lock);
    free(webhooks);
}

/* --- What happens --- */

bool webhook_start_call(DbTx *tx, const Scope *scope, Arena *arena, Str delivery, Error *err)
{
    NewJob job = { .type = S("webhook_call"), .subject = delivery, .is_wanted_again = true };
    return job_add(tx, scope, arena, &job, NULL, err);
}

static bool start_calls(DbTx *tx, const Scope *scope, Arena *arena, Str hook, const Str *key,
                        Error *err)
{
    StrList heads;
    if (!webhook_delivery_heads(tx, scope, arena, hook, key, &heads, err))
        return false;
    for (size_t i = 0; i < heads.count; i++)
        if (!webhook_start_call(tx, scope, arena, heads.at[i], err))
            return false;
    return true;
}

bool webhook_start_next(DbTx *tx, const Scope *scope, Arena *arena, const WebhookDelivery *ended,
                        Error *err)
{
    return !ended->order_key.length ||
           start_calls(tx, scope, arena, ended->hook, &ended->order_key, err);
}

static bool add_delivery(DbTx *tx, const Scope *scope, Arena *arena, WebhookDelivery *delivery,
                         Error *err)
{
    bool is_head;
    return webhook_hold(tx, scope, delivery->hook, err) &&
           webhook_delivery_add(tx, scope, arena, delivery, &is_head, err) &&
           (!is_head || webhook_start_call(tx, scope, arena, delivery->id, err));
}

static bool hook_listens(const Webhook *hook, Str kind)
{
    bool listens = hook->kinds.count == 0;
    for (size_t i = 0; i < hook->kinds.count && !listens; i++)
        listens = str_equal(hook->kinds.at[i], kind);
    return listens && hook->is_on;
}

static bool tell_hook(DbTx *tx, const Scope *scope, Arena *arena, const Webhook *hook,
                      const WebhookEvent *event, Error *err)
{
    WebhookDelivery delivery = { .hook = hook->id,
                                 .message = event->id,
                                 .kind = event->kind,
                                 .order_key = event->key,
                                 .body = webhook_in_form(arena, hook, event->kind, event->body) };
    return add_delivery(tx, scope, arena, &delivery, err);
}

bool webhooks_send(DbTx *tx, const Scope *scope, Arena *arena, const WebhookEvent *events,
                   size_t count, Error *err)
{
    WebhookList hooks;
    for (size_t i = 0; i < count; i++)
        if (events[i].body.length > WEBHOOK_BODY_MAX)
            return fail(err, ERROR_TOO_LARGE, "what a webhook is told has at most %zu bytes",
                        WEBHOOK_BODY_MAX);
    if (!webhook_list(tx, scope, arena, &hooks, err))
        return false;
    /* In the order of their ids, as every transaction takes them: none waits for another. */
    for (size_t i = 0; i < hooks.count; i++)
        for (size_t k = 0; k < count; k++)
            if (hook_listens(&hooks.at[i], events[k].kind) &&
                !tell_hook(tx, scope, arena, &hooks.at[i], &events[k], err))
                return false;
    return true;
}

/* --- Adding and switching --- */

typedef struct AddWork {
    const Scope *scope;
    Arena *arena;
    Webhook *hook;
} AddWork;

static bool note(DbTx *tx, const Scope *scope, const char *action, Str hook, Error *err)
{
    const AuditEntry entry = {
        .action = str(action), .subject_kind = S("webhook"), .subject = hook, .details = S("{}")
    };
    return audit_add(tx, scope, &entry, err);
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    AddWork *work = argument;
    return webhook_add(tx, work->scope, work->arena, work->hook, err) &&
           note(tx, work->scope, "webhook.add", work->hook->id, err);
}

bool webhooks_add_hook(Webhooks *webhooks, const Scope *scope, Arena *arena, const Webhook *wish,
                       Webhook *hook_r, Str *secret_r, Error *err)
{
    Webhook hook = {
        .url = str_trim(wish->url), .kinds = wish->kinds, .form = wish->form, .is_on = true
    };
    UrlSafety safety = { .allows_private = scope->role == ROLE_OWNER };
    AddWork work = { scope, arena, &hook };
    Str address, key;
    if (!scope_needs(scope, ROLE_ADMIN, err) || !webhook_form_check(hook.form, err))
        return false;
    if (hook.url.length > WEBHOOK_URL_MAX || !url_check(arena, hook.url, &safety, &address, err))
        return hook.url.length > WEBHOOK_URL_MAX
                   ? fail_field(err, "url", "the address is longer than %d", WEBHOOK_URL_MAX)
                   : fail_in(err, "url");
    /* A public name that leads to a private address tomorrow must not be followed. */
    hook.allows_private = safety.allows_private && address_kind(address) == ADDRESS_PRIVATE;
    Str secret = signature_new_secret(arena, SIGNATURE_standard);
    Db *db = webhooks->options.db;
    if (!server_key(db, arena, WEBHOOK_SEAL_KEY, &key, err) ||
        !seal_close(arena, key, secret, &hook.sealed, err) ||
        !text_seal(db, arena, hook.url, passwords_hidden(arena, hook.url), &hook.whole, err) ||
        !store_write(db, scope, add_work, &work, err))
        return false;
    *hook_r = hook;
    *secret_r = secret;
    return true;
}

bool webhooks_switch(DbTx *tx, const Scope *scope, Arena *arena, Str id, bool is_on, Error *err)
{
    return webhook_switch(tx, scope, id, is_on, err) &&
           note(tx, scope, is_on ? "webhook.resume" : "webhook.pause", id, err) &&
           (!is_on || start_calls(tx, scope, arena, id, NULL, err));
}

bool webhooks_remove_hook(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return webhook_remove(tx, scope, id, err) && note(tx, scope, "webhook.remove", id, err);
}

/* --- Telling again --- */

static bool replay(DbTx *tx, const Scope *scope, Arena *arena, Str id, WebhookDelivery *copy_r,
                   Error *err)
{
    WebhookDelivery told;
    if (!webhook_delivery_find(tx, scope, arena, id, &told, err))
        return false;
    *copy_r = (WebhookDelivery){ .hook = told.hook,
                                 .message = told.message,
                                 .kind = told.kind,
                                 .order_key = told.order_key,
                                 .body = told.body,
                                 .replay_of = told.id };
    return add_delivery(tx, scope, arena, copy_r, err);
}

bool webhooks_replay_one(DbTx *tx, const Scope *scope, Arena *arena, Str hook, Str id,
                         WebhookDelivery *delivery_r, Error *err)
{
    WebhookDelivery told;
    if (!webhook_delivery_find(tx, scope, arena, id, &told, err))
        return false;
    if (!str_equal(told.hook, hook))
        return fail(err, ERROR_NOT_FOUND, "this webhook has no delivery '" STR_FMT "'",
                    STR_ARG(str_slice(id, 0, 40)));
    return replay(tx, scope, arena, id, delivery_r, err) &&
           note(tx, scope, "webhook.replay", hook, err);
}

bool webhooks_replay(DbTx *tx, const Scope *scope, Arena *arena,
                     const WebhookDeliveryFilter *filter, int64_t *count_r, int64_t *left_from_ms_r,
                     Error *err)
{
    const Slice all = { .limit = WEBHOOK_REPLAY_MAX };
    WebhookDeliveryFilter oldest = *filter;
    WebhookDeliveryList list;
    WebhookDelivery copy;
    Webhook hook;
    oldest.oldest_first = oldest.to_replay = true;
    if (!webhook_find(tx, scope, arena, filter->hook, &hook, err) ||
        !webhook_delivery_list(tx, scope, arena, &oldest, &all, &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (!replay(tx, scope, arena, list.at[i].id, &copy, err))
            return false;
    *count_r = (int64_t)list.count;
    *left_from_ms_r = list.next.length ? list.at[list.count - 1].created_at_ms : 0;
    return note(tx, scope, "webhook.replay", filter->hook, err);
}
