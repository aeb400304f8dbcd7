/* responses_store.h - the `responses` table: answers that a client goes on from (OpenAI's
 * previous_response_id) or asks for again, and those that are made in the background. Each belongs
 * to one user of the workspace (scope->user; empty: a key that is nobody's); rows of a person go
 * with the person. A row past its time counts as absent. */
#pragma once

#include "store/scope.h"

typedef struct StoredResponse {
    Str id, reply, items; /* the last two sealed */
    int64_t asked;
    bool is_running;   /* being made by a server that lives until alive_until_ms, unless it says so
                          again */
    bool is_cancelled; /* somebody wants its end */
    int64_t alive_until_ms, expires_at_ms;
} StoredResponse;

/* Adds it, or replaces one of the user's. */
MUST_CHECK bool response_put(DbTx *tx, const Scope *scope, const StoredResponse *response,
                             Error *err);
/* The same of one that was running; *was_there_r: it still was. */
MUST_CHECK bool response_end(DbTx *tx, const Scope *scope, const StoredResponse *response,
                             bool *was_there_r, Error *err);
MUST_CHECK bool response_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now_ms,
                              StoredResponse *response_r, Error *err);
/* It is still being made. ERROR_NOT_FOUND when nobody wants it any more. */
MUST_CHECK bool response_touch(DbTx *tx, const Scope *scope, Str id, int64_t alive_until_ms,
                               Error *err);
/* Of one that is running; of another nothing happens. */
MUST_CHECK bool response_cancel(DbTx *tx, const Scope *scope, Str id, Error *err);
MUST_CHECK bool response_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
