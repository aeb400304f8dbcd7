/* webhooks_store.h - the `webhooks` table: addresses that are told what happens in a workspace.
 * Secrets come sealed and stay so. */
#pragma once

#include "base/json.h"
#include "store/scope.h"

#define WEBHOOKS_MAX 20 /* of one workspace */

typedef struct Webhook {
    Str id, url;   /* the password of an address only after text_open() */
    Str whole;     /* of the address (sealed_texts.h) */
    StrList kinds; /* of notices; none: all */
    Str form;      /* "standard", "slack" */
    Str sealed;    /* secret */
    bool allows_private, is_on;
    int64_t created_at_ms, last_at_ms; /* last_at_ms 0: never called */
    Str last_result;                   /* "200", or why it failed */
    int64_t failures;                  /* in a row */
    int64_t held_until_ms;             /* it is not called before; 0: it is */
} Webhook;

typedef struct WebhookList {
    Webhook *at;
    size_t count;
} WebhookList;

/* Adds it with a new id, set in *hook. ERROR_CONFLICT: there are WEBHOOKS_MAX. */
MUST_CHECK bool webhook_add(DbTx *tx, const Scope *scope, Arena *arena, Webhook *hook, Error *err);
MUST_CHECK bool webhook_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Webhook *hook_r,
                             Error *err);
MUST_CHECK bool webhook_list(DbTx *tx, const Scope *scope, Arena *arena, WebhookList *list_r,
                             Error *err);
MUST_CHECK bool webhook_switch(DbTx *tx, const Scope *scope, Str id, bool is_on, Error *err);
/* Takes its row for the rest of the transaction. */
MUST_CHECK bool webhook_hold(DbTx *tx, const Scope *scope, Str id, Error *err);
/* Saves how the last call went: last_at_ms, last_result, failures, held_until_ms. */
MUST_CHECK bool webhook_called(DbTx *tx, const Scope *scope, const Webhook *hook, Error *err);
MUST_CHECK bool webhook_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
