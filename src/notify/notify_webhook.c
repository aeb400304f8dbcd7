/* notify_webhook.c - the job that calls a webhook, and adding one; see notify.h. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/seal.h"
#include "net/url_safety.h"
#include "notify/notify_int.h"
#include "store/audit_store.h"
#include "store/server_key.h"

#define SEAL_KEY S("webhooks")
#define SECRET_BYTES 32
#define URL_MAX 2000
#define CALL_MS 10000

Str webhook_signature(Arena *arena, Str secret, int64_t timestamp_s, Str body)
{
    Str said = str_format(arena, "%" PRId64 "." STR_FMT, timestamp_s, STR_ARG(body));
    Str digest = hmac_sha256_hex(arena, secret, said);
    return str_format(arena, "v1=" STR_FMT, STR_ARG(digest));
}

/* --- Calling --- */

typedef struct HookWork {
    Job *job;
    Str hook_id, event_id;
    Webhook hook;
    NoticeEvent event;
    Str result;
} HookWork;

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    Job *job = work->job;
    return webhook_find(tx, &job->scope, job->arena, work->hook_id, &work->hook, err) &&
           notice_event_find(tx, &job->scope, job->arena, work->event_id, &work->event, err);
}

static bool note_work(DbTx *tx, void *argument, Error *err)
{
    HookWork *work = argument;
    return webhook_called(tx, &work->job->scope, work->hook_id, work->result, err);
}

static Str event_body(Arena *arena, const Scope *scope, const NoticeEvent *event)
{
    Buf out = buf_new(arena, KB(64));
    JsonWriter json = put_begin(&out);
    put_text(&json, "id", event->id);
    put_text(&json, "kind", event->kind);
    put_text(&json, "level", event->level);
    put_text(&json, "title", event->title);
    put_text(&json, "text", event->body);
    put_text_or_null(&json, "link", event->link);
    put_text(&json, "workspace", scope->workspace);
    put_time(&json, "created_at", event->created_at_ms);
    put_end(&json);
    return buf_str(&out);
}

static bool open_secret(const HookWork *work, Str *secret_r, Error *err)
{
    Job *job = work->job;
    Str key;
    return server_key(job->db, job->arena, SEAL_KEY, &key, err) &&
           seal_open(job->arena, key, work->hook.sealed, secret_r, err);
}

/* 410 says that nobody is there any more; the other 4xx are as likely mended as a 5xx. */
static bool judge(HookWork *work, const HttpAnswer *answer, Error *err)
{
    if (answer->status >= 200 && answer->status < 300)
        return true;
    if (answer->status == 410)
        job_give_up(work->job);
    int64_t wait_s;
    if (str_to_int(http_answer_header(answer, "Retry-After"), 1, 24 * 3600, &wait_s))
        job_retry_in(work->job, wait_s * 1000);
    return fail(err, ERROR_UPSTREAM, "the webhook answered with status %d", answer->status);
}

static bool call(Notifier *notifier, HookWork *work, Error *err)
{
    Job *job = work->job;
    UrlSafety safety = { .allows_private = work->hook.allows_private };
    Str secret, address, body = event_body(job->arena, &job->scope, &work->event);
    int64_t now_s = now_ms() / 1000;
    if (!open_secret(work, &secret, err) ||
        !url_check(job->arena, work->hook.url, &safety, &address, err))
        return false;
    HttpPair headers[] = {
        { S("Content-Type"), S("application/json") },
        { S("Webhook-Id"), work->event.id },
        { S("Webhook-Timestamp"), str_format(job->arena, "%" PRId64, now_s) },
        { S("Webhook-Signature"), webhook_signature(job->arena, secret, now_s, body) },
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
    if (!http_call(notifier->http, job->arena, &request, &answer, err))
        return false;
    work->result = str_format(job->arena, "%d", answer.status);
    return judge(work, &answer, err);
}

bool notify_webhook_job(Job *job, Error *err)
{
    ptrdiff_t colon = str_find_char(job->subject, ':');
    HookWork work = { .job = job,
                      .hook_id = str_slice(job->subject, 0, (size_t)MAX(colon, (ptrdiff_t)0)),
                      .event_id = str_from(job->subject, (size_t)(colon + 1)) };
    Error ignored;
    if (!store_read(job->db, &job->scope, find_work, &work, err))
        return err->code == ERROR_NOT_FOUND; /* removed meanwhile */
    if (!work.hook.is_on)
        return true;
    bool good = call(job->argument, &work, err);
    if (!good && !work.result.length)
        work.result = str_copy(job->arena, str(err->message));
    /* How it went is for show only: that it cannot be noted is no reason to call again. */
    bool is_noted = store_write(job->db, &job->scope, note_work, &work, &ignored);
    (void)is_noted;
    return good;
}

/* --- Adding --- */

typedef struct AddWork {
    const Scope *scope;
    Arena *arena;
    Webhook *hook;
} AddWork;

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    AddWork *work = argument;
    AuditEntry entry = { .action = S("webhook.add"),
                         .subject_kind = S("webhook"),
                         .details = S("{}") };
    if (!webhook_add(tx, work->scope, work->arena, work->hook, err))
        return false;
    entry.subject = work->hook->id;
    return audit_add(tx, work->scope, &entry, err);
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

bool notifier_add_webhook(Notifier *notifier, const Scope *scope, Arena *arena, Str url,
                          StrList kinds, Webhook *hook_r, Str *secret_r, Error *err)
{
    Webhook hook = { .url = str_trim(url), .kinds = kinds, .is_on = true };
    UrlSafety safety = { .allows_private = scope->role == ROLE_OWNER };
    AddWork work = { scope, arena, &hook };
    uint8_t random[SECRET_BYTES];
    Str address, key;
    if (!scope_needs(scope, ROLE_ADMIN, err) || !check_kinds(kinds, err))
        return false;
    if (hook.url.length > URL_MAX || !url_check(arena, hook.url, &safety, &address, err))
        return hook.url.length > URL_MAX
                   ? fail_field(err, "url", "the address is longer than %d", URL_MAX)
                   : fail_in(err, "url");
    /* A public name that leads to a private address tomorrow must not be followed. */
    hook.allows_private = safety.allows_private && address_kind(address) == ADDRESS_PRIVATE;
    random_bytes(random, sizeof random);
    Str secret = str_hex(arena, random, sizeof random);
    if (!server_key(notifier->options.db, arena, SEAL_KEY, &key, err) ||
        !seal_close(arena, key, secret, &hook.sealed, err) ||
        !store_write(notifier->options.db, scope, add_work, &work, err))
        return false;
    *hook_r = hook;
    *secret_r = secret;
    return true;
}
