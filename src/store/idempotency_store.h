/* idempotency_store.h - the `idempotency_keys` table: what requests with an Idempotency-Key came
 * to, so that one that is sent twice is done once.
 *
 *     begin -> is new: the caller holds it, does the work, and ends or drops it
 *           -> there is an answer: it is told again
 *           -> somebody else holds it: ERROR_CONFLICT, until held_until_ms has passed; then whoever
 *              asks takes it over, unless something was changed: that is not done again */
#pragma once

#include "store/scope.h"

typedef struct IdempotencyKey {
    Str key_hash;    /* of who asks, where, and the key they sent */
    Str fingerprint; /* of the whole request; the same key with another is a mistake */
    Str holder;      /* id of the request that holds it */
    int64_t held_until_ms;
    int status;      /* of the answer; 0: there is none yet */
    Str answer;      /* sealed by the caller; empty: it was not kept */
    int64_t changes; /* transactions that it has made */
    int64_t expires_at_ms;
} IdempotencyKey;

/* Claims the key for key->holder. *is_new_r false: *key is the answer that was kept, or has status
 * 0 and changes: whoever held it is gone, with the answer. ERROR_REUSED when it belongs to another
 * fingerprint. A row past its time counts as absent. */
MUST_CHECK bool idempotency_begin(DbTx *tx, const Scope *scope, Arena *arena, IdempotencyKey *key,
                                  int64_t now_ms, bool *is_new_r, Error *err);
/* The holder is still at it. True also when it holds it no more. */
MUST_CHECK bool idempotency_hold(DbTx *tx, const Scope *scope, const IdempotencyKey *key,
                                 Error *err);
/* In the transaction of a change: that something was done, with status and answer where the change
 * makes them (else status 0). ERROR_CONFLICT when key->holder holds it no more: nothing is changed
 * twice, however long somebody was away. */
MUST_CHECK bool idempotency_change(DbTx *tx, const Scope *scope, const IdempotencyKey *key,
                                   Error *err);
/* Keeps status and answer, if key->holder still holds it. */
MUST_CHECK bool idempotency_end(DbTx *tx, const Scope *scope, const IdempotencyKey *key,
                                Error *err);
/* The next request may try; not when something was changed and is_unsure. */
MUST_CHECK bool idempotency_drop(DbTx *tx, const Scope *scope, const IdempotencyKey *key,
                                 bool is_unsure, Error *err);
/* No answer of the workspace is kept any more, since one may tell of what was erased; that the work
 * was done stays known. */
MUST_CHECK bool idempotency_forget_answers(DbTx *tx, const Scope *scope, Error *err);
