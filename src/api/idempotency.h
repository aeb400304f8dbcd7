/* idempotency.h - requests with an Idempotency-Key are done once, and answered as the first was
 * (after the IETF's draft-ietf-httpapi-idempotency-key-header).
 *
 *     request + Idempotency-Key --begin--> the work --end--> the answer is kept, sealed
 *          same key, same request  ->  that answer, with Idempotency-Replayed: true
 *          same key, other request ->  ERROR_REUSED (422)
 *          while it is being done  ->  ERROR_CONFLICT (409), with Retry-After
 *
 * A key is its sender's (person and API key) on one route. What failed is not kept: it may be tried
 * again with the same key. Rows are in the database, so any node answers, also after a restart.
 *
 * What a request changes and that it did so are one transaction: each transaction that its handler
 * makes in its workspace counts itself in the row of the key, and fails when another request holds
 * that by now. A handler whose change is one transaction makes it by api_change(), which keeps the
 * answer in the same one. So when a node dies, IDEMPOTENCY_HELD_MS later
 *
 *     nothing was changed             ->  the next request does the work
 *     api_change() was done           ->  it gets the answer
 *     another change was done         ->  it is refused (409): the answer is lost, nothing is done
 *                                         twice
 *
 * Files are named by their bytes, so routes that take them count nothing, and are done again. So
 * is what is asked of other services.
 *
 * Answers of more than 1 MB and streams are not kept: a repeat is refused (409) rather than done
 * again.
 *
 * Without the header it costs nothing. Threads: any. */
#pragma once

#include "api/api.h"
#include "store/idempotency_store.h"

#define IDEMPOTENCY_HELD_MS 15000

/* `hours` that answers are kept; the database is borrowed. */
MUST_CHECK bool idempotency_open(Db *db, int64_t hours, struct Idempotency **idempotency_r,
                                 Error *err);
void idempotency_close(struct Idempotency *idempotency); /* NULL is fine; nothing may be held */

/* Whether a key means anything there: every change by somebody who is known, but for parts of files
 * (PUT and PATCH), which say themselves where they belong, and for calls of models, whose answers
 * the gateway keeps by rules of its own. */
bool idempotency_serves(const ApiRoute *route);

/* One request with a key, from begin to end. */
typedef struct IdempotencyHold {
    IdempotencyKey key; /* with status and answer as they are kept */
    const Scope *scope;
    Str seal;
    int64_t begun_ms;
    bool is_held, is_replayed;
    StoreWitness witness; /* of the handler's changes */
    struct IdempotencyHold *next, *previous;
} IdempotencyHold;

/* After the body is read, before the handler. *hold is zero for a request without a key. When it
 * is_replayed, the response is complete. It stays where it is until its end. */
MUST_CHECK bool idempotency_answer(ApiRequest *request, HttpResponse *response,
                                   IdempotencyHold *hold, Error *err);
/* In the transaction of a change, when the response is complete: it will be kept with it. */
MUST_CHECK bool idempotency_keep(const ApiRequest *request, const HttpResponse *response,
                                 IdempotencyHold *hold, Error *err);
/* That change failed. */
void idempotency_unkeep(IdempotencyHold *hold);
/* After the handler: keeps what it answered, or lets the key go when it failed (else NULL). */
void idempotency_finish(ApiRequest *request, const HttpResponse *response, const Error *failure,
                        IdempotencyHold *hold);
