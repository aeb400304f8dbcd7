/* webhook.h - telling other programs what happens: calls of addresses that people have added.
 *
 *     webhooks_send() -> a delivery for each webhook that listens (the caller's transaction)
 *                          |-> job webhook_call: delivered, tried again, or failed for good
 *                          '-> the next delivery with the same key, once this one has ended
 *
 * A call is a POST in the form of the Standard Webhooks:
 *     webhook-id         of the event: the same for every attempt, also when it is told again
 *     webhook-timestamp  of the attempt, seconds since 1970
 *     webhook-signature  "v1," + base64 of HMAC-SHA256(secret, id + "." + timestamp + "." + body)
 * The secret is "whsec_" + base64 of the key's bytes. A 2xx within 10 seconds is what is wanted.
 * Anything else is tried again, twelve times in some 28 hours; 410 ends it at once. Redirects are
 * not followed. An event reaches each webhook at least once.
 *
 * A webhook that fails eight times in a row is left alone for a minute, then two, at most an hour;
 * then one call tries whether it answers again. At most four calls of one webhook run in one
 * process, so that one which never answers holds up no other.
 *
 * Threads: any. */
#pragma once

#include "jobs/job_queue.h"
#include "net/proxy.h"
#include "store/webhook_deliveries_store.h"

#define WEBHOOK_URL_MAX 2000
#define WEBHOOK_BODY_MAX KB(256)
#define WEBHOOK_ANSWER_KEPT 1000 /* bytes of an answer in the log */
#define WEBHOOK_REPLAY_MAX 1000
#define WEBHOOK_KEPT_DAYS 30

typedef struct Webhooks Webhooks;

/* This webhook is left alone from now on. */
typedef bool WebhookHeld(DbTx *tx, const Scope *scope, Arena *arena, const Webhook *hook, Str why,
                         Error *err);

typedef struct WebhooksOptions {
    Db *db;
    const Proxy *proxy; /* borrowed; NULL: none */
    WebhookHeld *held;  /* NULL: nobody wants to know */
    Str public_url;     /* borrowed; that links lead to; empty: they are paths of the page */
} WebhooksOptions;

Webhooks *webhooks_new(const WebhooksOptions *options);
void webhooks_free(Webhooks *webhooks); /* no job may be running. NULL is fine */

/* --- What happens ----------------------------------------------------------------------- */

typedef struct WebhookEvent {
    Str id;   /* what receivers know it by */
    Str kind; /* that they choose by */
    Str key;  /* those of one key are told in order; empty: in any */
    Str body; /* JSON */
} WebhookEvent;

/* Each is told to every webhook of the workspace that is on and listens to its kind. */
MUST_CHECK bool webhooks_send(DbTx *tx, const Scope *scope, Arena *arena,
                              const WebhookEvent *events, size_t count, Error *err);

/* The body of a delivery as it goes out: a `link` on the page leads to the public address. */
Str webhooks_body(const Webhooks *webhooks, Arena *arena, Str body);

/* Job handlers; their argument is a Webhooks. */
JobHandler webhook_call_job, webhook_tidy_job;

/* --- Webhooks --------------------------------------------------------------------------- */

/* Its address is checked; a private one is for owners. *secret_r is shown once. ERROR_DENIED below
 * ROLE_ADMIN. `kinds` are the caller's to check. */
MUST_CHECK bool webhooks_add_hook(Webhooks *webhooks, const Scope *scope, Arena *arena,
                                  const Webhook *wish, Webhook *hook_r, Str *secret_r, Error *err);
/* On again: what waits for it goes out. */
MUST_CHECK bool webhooks_switch(DbTx *tx, const Scope *scope, Arena *arena, Str id, bool is_on,
                                Error *err);
/* With what it was told, and what it should be told yet. */
MUST_CHECK bool webhooks_remove_hook(DbTx *tx, const Scope *scope, Str id, Error *err);

/* Tells again what was told before, whatever became of it, oldest first: what the filter finds, at
 * most WEBHOOK_REPLAY_MAX. What waits is told anyhow, and what was told again is not told again for
 * that. *count_r: so many; *left_from_ms_r: when the last of them was told first, when there are
 * more, else 0. */
MUST_CHECK bool webhooks_replay(DbTx *tx, const Scope *scope, Arena *arena,
                                const WebhookDeliveryFilter *filter, int64_t *count_r,
                                int64_t *left_from_ms_r, Error *err);
/* The same of one; ERROR_NOT_FOUND when it is none of this webhook's. */
MUST_CHECK bool webhooks_replay_one(DbTx *tx, const Scope *scope, Arena *arena, Str hook, Str id,
                                    WebhookDelivery *delivery_r, Error *err);

/* Milliseconds from failed attempt number `attempt` (1 is the first) to the next; -1: there is
 * none.
 */
int64_t webhook_delay_ms(int64_t attempt);
/* For how long a webhook is left alone after so many failures in a row; 0: it is not. */
int64_t webhook_hold_ms(int64_t failures);
