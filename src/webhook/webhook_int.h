/* webhook_int.h - what the files of src/webhook share. Not for other folders. */
#pragma once

#include <pthread.h>

#include "net/http_client.h"
#include "webhook/incoming.h"

#define WEBHOOK_SEAL_KEY S("webhooks")
#define CALLS_AT_ONCE 4 /* of one webhook in one process */
#define CALLING_MAX 64  /* calls that run in one process; more than there are lanes */

struct Webhooks {
    WebhooksOptions options;
    HttpClient *http;
    IncomingHeard *heard; /* NULL: nobody listens to what comes in */
    void *heard_argument;
    pthread_mutex_t lock;          /* of those below */
    char calling[CALLING_MAX][40]; /* the webhooks that are being called; "": free */
};

/* The job that calls it. */
/* What a webhook is told of an event, as its form has it. */
Str webhook_in_form(Arena *arena, const Webhook *hook, Str kind, Str body);
MUST_CHECK bool webhook_form_check(Str form, Error *err);

MUST_CHECK bool webhook_start_call(DbTx *tx, const Scope *scope, Arena *arena, Str delivery,
                                   Error *err);
/* The same of the next one with the key of one that has ended; the webhook's row is held. */
MUST_CHECK bool webhook_start_next(DbTx *tx, const Scope *scope, Arena *arena,
                                   const WebhookDelivery *ended, Error *err);
