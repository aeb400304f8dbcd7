/* call.c - the job that makes one call of a webhook; see webhook.h. */
#include "base/base64.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/seal.h"
#include "net/url.h"
#include "net/url_safety.h"
#include "store/sealed_texts.h"
#include "store/server_key.h"
#include "webhook/signature.h"
#include "webhook/webhook_int.h"

#define CALL_MS 10000
#define KEPT_MS (INT64_C(72) * 3600 * 1000) /* what could not be told for so long never is */
#define HOLD_AFTER 8
#define MINUTE_MS (INT64_C(60) * 1000)
#define HOUR_MS (60 * MINUTE_MS)

static const int64_t delays[] = {
    2000,    10000,       MINUTE_MS,   5 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS,
    HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS, 8 * HOUR_MS,   12 * HOUR_MS,
};

int64_t webhook_delay_ms(int64_t attempt)
{
    return attempt >= 1 && attempt <= (int64_t)COUNT(delays) ? delays[attempt - 1] : -1;
}

int64_t webhook_hold_ms(int64_t failures)
{
    if (failures < HOLD_AFTER)
        return 0;
    return MIN(MINUTE_MS << MIN(failures - HOLD_AFTER, 6), HOUR_MS);
}

/* From half of it to all of it: what failed together does not come back together. */
static int64_t spread(int64_t delay_ms)
{
    uint32_t random;
    random_bytes(&random, sizeof random);
    return delay_ms / 2 + (int64_t)(random % (uint64_t)(delay_ms / 2 + 1));
}

typedef struct CallWork {
    Webhooks *webhooks;
    Job *job;
    WebhookDelivery delivery;
    Webhook hook;
    bool is_good, is_gone; /* is_gone: nobody is there any more */
    int64_t wait_ms;       /* that the answer asks for */
    int64_t again_ms;      /* how soon it is tried again; 0: it has ended */
    bool is_held_now;      /* the webhook is left alone from now on */
} CallWork;

/* --- Room --- */

static bool enter(Webhooks *webhooks, Str hook, int at_once)
{
    int running = 0, free_slot = -1;
    pthread_mutex_lock(&webhooks->lock);
    for (int i = 0; i < CALLING_MAX; i++) {
        if (str_is(hook, webhooks->calling[i]))
            running++;
        else if (!webhooks->calling[i][0])
            free_slot = i;
    }
    bool may = running < at_once && free_slot >= 0;
    if (may)
        snprintf(webhooks->calling[free_slot], sizeof webhooks->calling[free_slot], STR_FMT,
                 STR_ARG(hook));
    pthread_mutex_unlock(&webhooks->lock);
    return may;
}

static void leave(Webhooks *webhooks, Str hook)
{
    pthread_mutex_lock(&webhooks->lock);
    for (int i = 0; i < CALLING_MAX; i++)
        if (str_is(hook, webhooks->calling[i])) {
            webhooks->calling[i][0] = '\0';
            break;
        }
    pthread_mutex_unlock(&webhooks->lock);
}

/* --- Calling --- */

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    CallWork *work = argument;
    Job *job = work->job;
    return webhook_delivery_find(tx, &job->scope, job->arena, job->subject, &work->delivery, err) &&
           webhook_find(tx, &job->scope, job->arena, work->delivery.hook, &work->hook, err);
}

static void hide(Str text, Str secret)
{
    ptrdiff_t at;
    while (secret.length && (at = str_find(text, secret)) >= 0) {
        memset((char *)(uintptr_t)text.at + at, '*', secret.length);
        text = str_from(text, (size_t)at + secret.length);
    }
}

/* What is kept of an answer, and shown: without the password of the address, should it repeat it.
 */
static Str answer_kept(Arena *arena, Str address, Str body)
{
    Url url;
    Error none;
    Str kept = str_copy(arena, body);
    if (url_parse(arena, address, &url, &none) && url.password.length) {
        Str header =
            str_format(arena, STR_FMT ":" STR_FMT, STR_ARG(url.user), STR_ARG(url.password));
        hide(kept, base64_encode(arena, header));
        hide(kept, url_encode(arena, url.password));
        hide(kept, url.password);
    }
    return str_slice(kept, 0, WEBHOOK_ANSWER_KEPT);
}

/* 410 says that nobody is there any more; the other 4xx are as likely mended as a 5xx. */
static void judge(CallWork *work, const HttpAnswer *answer)
{
    WebhookDelivery *delivery = &work->delivery;
    int64_t wait_s = 0;
    delivery->status = answer->status;
    delivery->answer = answer_kept(work->job->arena, work->hook.url, answer->body);
    work->is_good = answer->status >= 200 && answer->status < 300;
    work->is_gone = answer->status == 410;
    if (!work->is_good)
        delivery->error =
            str_format(work->job->arena, "the webhook answered with status %d", answer->status);
    if (str_to_int(http_answer_header(answer, "Retry-After"), 1, 24 * 3600, &wait_s))
        work->wait_ms = wait_s * 1000;
}

static bool ask(CallWork *work, Error *err)
{
    Arena *arena = work->job->arena;
    const WebhookDelivery *delivery = &work->delivery;
    UrlSafety safety = { .allows_private = work->hook.allows_private };
    int64_t now_s = now_ms() / 1000;
    Str key, secret, address, body = webhooks_body(work->webhooks, arena, delivery->body);
    if (!server_key(work->job->db, arena, WEBHOOK_SEAL_KEY, &key, err) ||
        !seal_open(arena, key, work->hook.sealed, &secret, err) ||
        !text_open(work->job->db, arena, work->hook.whole, &work->hook.url, err) ||
        !url_check(arena, work->hook.url, &safety, &address, err))
        return false;
    HttpPair headers[] = {
        { S("Content-Type"), S("application/json") },
        { S("webhook-id"), delivery->message },
        { S("webhook-timestamp"), str_format(arena, "%" PRId64, now_s) },
        { S("webhook-signature"),
          signature_standard(arena, secret, delivery->message, now_s, body) },
    };
    HttpCall request = { .url = work->hook.url,
                         .headers = headers,
                         .header_count = COUNT(headers),
                         .body = body,
                         .has_body = true,
                         .connect_ms = CALL_MS,
                         .first_byte_ms = CALL_MS,
                         .total_ms = CALL_MS,
                         .answer_max = KB(64),
                         .pinned_address = address };
    HttpAnswer answer;
    if (!http_call(work->webhooks->http, arena, &request, &answer, err))
        return false;
    judge(work, &answer);
    return true;
}

static void call(CallWork *work)
{
    int64_t began = monotonic_ms();
    WebhookDelivery *delivery = &work->delivery;
    Error why = { 0 };
    delivery->attempts++;
    delivery->status = 0;
    delivery->answer = delivery->error = S("");
    if (!ask(work, &why))
        delivery->error = str_copy(work->job->arena, str(why.message));
    delivery->took_ms = monotonic_ms() - began;
}

/* --- What came of it --- */

static void decide(CallWork *work, int64_t now)
{
    WebhookDelivery *delivery = &work->delivery;
    int64_t delay = webhook_delay_ms(delivery->attempts);
    bool is_over =
        work->is_good || work->is_gone || delay < 0 || now - delivery->created_at_ms > KEPT_MS;
    int64_t spread_ms = spread(MAX(delay, 0));
    work->again_ms = is_over ? 0 : MAX(spread_ms, work->wait_ms);
    delivery->next_at_ms = now + work->again_ms;
    if (!is_over)
        return;
    delivery->state = work->is_good ? WEBHOOK_DELIVERY_delivered : WEBHOOK_DELIVERY_failed;
    delivery->ended_at_ms = now;
}

/* How the webhook itself does: one success and it is as good as new. */
static bool note_hook(DbTx *tx, CallWork *work, int64_t now, Error *err)
{
    const Scope *scope = &work->job->scope;
    const WebhookDelivery *delivery = &work->delivery;
    Webhook *hook = &work->hook;
    if (!webhook_find(tx, scope, work->job->arena, delivery->hook, hook, err))
        return false;
    bool was_held = webhook_hold_ms(hook->failures) > 0;
    hook->failures = work->is_good ? 0 : hook->failures + 1;
    int64_t hold = webhook_hold_ms(hook->failures);
    work->is_held_now = hold && !was_held;
    hook->held_until_ms = hold ? now + hold : 0;
    hook->last_at_ms = now;
    hook->last_result = work->is_good ? str_format(work->job->arena, "%" PRId64, delivery->status)
                                      : delivery->error;
    return webhook_called(tx, scope, hook, err);
}

static bool done_work(DbTx *tx, void *argument, Error *err)
{
    CallWork *work = argument;
    Job *job = work->job;
    int64_t now = now_ms();
    decide(work, now);
    if (!webhook_hold(tx, &job->scope, work->delivery.hook, err) || !job_hold(tx, job, err) ||
        !webhook_delivery_save(tx, &job->scope, &work->delivery, err) ||
        !note_hook(tx, work, now, err))
        return false;
    if (work->again_ms)
        return true;
    return webhook_start_next(tx, &job->scope, job->arena, &work->delivery, err) &&
           job_done_in(tx, job, err);
}

/* In a transaction of its own: it may be told to other webhooks, whose rows are to be taken in
 * their order. */
static bool held_work(DbTx *tx, void *argument, Error *err)
{
    CallWork *work = argument;
    Job *job = work->job;
    return work->webhooks->options.held(tx, &job->scope, job->arena, &work->hook,
                                        work->delivery.error, err);
}

static bool tell_held(CallWork *work, Error *err)
{
    return !work->is_held_now || !work->webhooks->options.held ||
           store_write(work->job->db, &work->job->scope, held_work, work, err);
}

/* Not now: how soon then; 0: now. */
static int64_t wait_of(const CallWork *work, int64_t now)
{
    int64_t ready = MAX(work->delivery.next_at_ms, work->hook.held_until_ms);
    return ready > now ? ready - now : 0;
}

static bool come_again(Job *job, int64_t delay_ms, Error *err, const char *why)
{
    job_put_off(job, delay_ms);
    return fail(err, ERROR_BUSY, "%s", why);
}

bool webhook_call_job(Job *job, Error *err)
{
    CallWork work = { .webhooks = job->argument, .job = job };
    if (!store_read(job->db, &job->scope, find_work, &work, err))
        return err->code == ERROR_NOT_FOUND; /* removed meanwhile */
    /* What a webhook that is off should be told waits until it is on. */
    if (work.delivery.state != WEBHOOK_DELIVERY_waiting || !work.hook.is_on)
        return true;
    int64_t wait = wait_of(&work, now_ms());
    if (wait)
        return come_again(job, wait, err, "the webhook is called again later");
    bool is_tried = webhook_hold_ms(work.hook.failures) > 0; /* whether it answers again */
    if (!enter(work.webhooks, work.hook.id, is_tried ? 1 : CALLS_AT_ONCE))
        return come_again(job, spread(is_tried ? MINUTE_MS : 1000), err,
                          "the webhook is being called");
    call(&work);
    leave(work.webhooks, work.hook.id);
    if (!store_write(job->db, &job->scope, done_work, &work, err))
        return err->code == ERROR_NOT_FOUND;
    if (!tell_held(&work, err))
        return false;
    if (!work.again_ms)
        return true;
    return come_again(job, work.again_ms, err, str_c(job->arena, work.delivery.error));
}

/* --- Old ones, and those that were forgotten --- */

typedef struct TidyWork {
    Job *job;
    WebhookDeliveryList overdue;
} TidyWork;

static bool tidy_work(DbTx *tx, void *argument, Error *err)
{
    TidyWork *work = argument;
    Job *job = work->job;
    int64_t now = now_ms();
    if (!incoming_forget(tx, &job->scope, job->arena, now, err) ||
        !webhook_delivery_forget(tx, &job->scope, now - WEBHOOK_KEPT_DAYS * 24 * HOUR_MS, err) ||
        !webhook_delivery_overdue(tx, &job->scope, job->arena, now - HOUR_MS, &work->overdue, err))
        return false;
    for (size_t i = 0; i < work->overdue.count; i++) {
        const WebhookDelivery *delivery = &work->overdue.at[i];
        Scope scope = { .workspace = delivery->workspace, .is_system = true };
        if (!webhook_start_call(tx, &scope, job->arena, delivery->id, err))
            return false;
    }
    return true;
}

bool webhook_tidy_job(Job *job, Error *err)
{
    TidyWork work = { .job = job };
    return store_write(job->db, &job->scope, tidy_work, &work, err);
}
