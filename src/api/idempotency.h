/* idempotency.h - requests with an Idempotency-Key are done once, and answered as the first was
 * (after the IETF's draft-ietf-httpapi-idempotency-key-header).
 *
 *     POST + Idempotency-Key --begin--> the work --end--> the answer is kept, sealed
 *          same key, same request  ->  that answer, with Idempotency-Replayed: true
 *          same key, other request ->  ERROR_REUSED (422)
 *          while it is being done  ->  ERROR_CONFLICT (409)
 *
 * A key is its sender's (person and API key) on one route. What failed is not kept: it may be tried
 * again with the same key. Rows are in the database, so any node answers, also after a restart. A
 * node that dies with a request leaves its key held for at most IDEMPOTENCY_HELD_MS; then the
 * next one does the work, which is then done twice if the first had come to its end: between the
 * work's last statement and the answer's there is nothing else. Answers of more than 1 MB and
 * streams are not kept: a repeat is refused (409) rather than done again.
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

/* Whether a key means anything there: every POST by somebody who is known, but for calls of models,
 * whose answers the gateway keeps by rules of its own. */
bool idempotency_serves(const ApiRoute *route);

/* One request with a key, from begin to end. */
typedef struct IdempotencyHold {
    IdempotencyKey key;
    const Scope *scope;
    Str seal;
    int64_t begun_ms;
    bool is_held, is_replayed;
    struct IdempotencyHold *next, *previous;
} IdempotencyHold;

/* After the body is read, before the handler. *hold is zero for a request without a key. When it
 * is_replayed, the response is complete. It stays where it is until its end. */
MUST_CHECK bool idempotency_answer(ApiRequest *request, HttpResponse *response,
                                   IdempotencyHold *hold, Error *err);
/* After the handler: keeps what it answered, or lets the key go when it failed. */
void idempotency_finish(const ApiRequest *request, const HttpResponse *response, bool good,
                        IdempotencyHold *hold);
