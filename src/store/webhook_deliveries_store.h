/* webhook_deliveries_store.h - the table `webhook_deliveries`: what is told to webhooks.
 *
 *     waiting -> delivered, failed
 *
 * Those of one webhook with the same order_key go out one after the other: the oldest that waits is
 * the key's head, and no other of the key is called. Whoever adds one, or ends one, holds the
 * webhook's row until the transaction ends (webhook_hold), so that two never both leave the next
 * head to the other. */
#pragma once

#include "store/slice.h"
#include "store/webhooks_store.h"

typedef enum WebhookDeliveryState {
#define WEBHOOK_DELIVERY_STATE(name) WEBHOOK_DELIVERY_##name,
#include "store/webhook_delivery_states.def"
#undef WEBHOOK_DELIVERY_STATE
    WEBHOOK_DELIVERY_STATE_COUNT
} WebhookDeliveryState;

extern const char *const webhook_delivery_states[WEBHOOK_DELIVERY_STATE_COUNT];

typedef struct WebhookDelivery {
    Str id, workspace, hook;
    Str message;   /* the same for every call of one event, also when it is told again */
    Str kind;      /* of the event */
    Str order_key; /* empty: none waits for another */
    Str body;      /* the bytes that are signed */
    WebhookDeliveryState state;
    int64_t attempts, next_at_ms;
    int64_t status;    /* of the last answer; 0: there was none */
    Str answer, error; /* the beginning of the last answer, why there was none */
    int64_t took_ms;
    int64_t created_at_ms, ended_at_ms;
    Str replay_of; /* empty: told for the first time */
} WebhookDelivery;

typedef struct WebhookDeliveryList {
    WebhookDelivery *at;
    size_t count;
    Str next;
} WebhookDeliveryList;

/* Adds it with a new id, set in *delivery; *is_head_r: none of its key waits before it. */
MUST_CHECK bool webhook_delivery_add(DbTx *tx, const Scope *scope, Arena *arena,
                                     WebhookDelivery *delivery, bool *is_head_r, Error *err);
MUST_CHECK bool webhook_delivery_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                      WebhookDelivery *delivery_r, Error *err);
typedef struct WebhookDeliveryFilter {
    Str hook;
    const WebhookDeliveryState *state; /* NULL: any */
    int64_t from_ms, to_ms;            /* when it was told first; to_ms 0: until now */
    bool oldest_first;
    bool to_replay; /* only what is over and was told for the first time */
} WebhookDeliveryFilter;
/* Newest first, if not said otherwise; without bodies and answers. */
MUST_CHECK bool webhook_delivery_list(DbTx *tx, const Scope *scope, Arena *arena,
                                      const WebhookDeliveryFilter *filter, const Slice *slice,
                                      WebhookDeliveryList *list_r, Error *err);
/* Saves what came of a call of one that waits: state, attempts, next_at_ms, status, answer, error,
 * took_ms, ended_at_ms. ERROR_NOT_FOUND: it waits no more. */
MUST_CHECK bool webhook_delivery_save(DbTx *tx, const Scope *scope, const WebhookDelivery *delivery,
                                      Error *err);
/* The heads that wait for this webhook: of one key, or of all when `key` is NULL; at most 1,000. */
MUST_CHECK bool webhook_delivery_heads(DbTx *tx, const Scope *scope, Arena *arena, Str hook,
                                       const Str *key, StrList *ids_r, Error *err);
/* Heads of all workspaces that should have been called before this time, with nothing but id and
 * workspace; at most 1,000. System scope. */
MUST_CHECK bool webhook_delivery_overdue(DbTx *tx, const Scope *scope, Arena *arena,
                                         int64_t before_ms, WebhookDeliveryList *list_r,
                                         Error *err);
/* Removes those of all workspaces that ended before. System scope. */
MUST_CHECK bool webhook_delivery_forget(DbTx *tx, const Scope *scope, int64_t before_ms,
                                        Error *err);
