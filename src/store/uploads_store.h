/* uploads_store.h - the `uploads` table: answers to requests with an Idempotency-Key, so that a
 * request sent twice is done once. */
#pragma once

#include "store/scope.h"

typedef struct Upload {
    Str key;
    Str fingerprint; /* of the request; the same key with another is a mistake */
    Str document;    /* id; may be empty */
    Str response;    /* empty: still being worked on */
    int64_t created_at_ms, expires_at_ms;
} Upload;

/* Claims the key. *is_new_r false: it was there, and *upload is what it holds. ERROR_CONFLICT when
 * it belongs to another fingerprint. A row past its time counts as absent. */
MUST_CHECK bool upload_begin(DbTx *tx, const Scope *scope, Arena *arena, Upload *upload,
                             int64_t now_ms, bool *is_new_r, Error *err);
MUST_CHECK bool upload_end(DbTx *tx, const Scope *scope, Str key, Str document, Str response,
                           Error *err);
/* Gives the key back when the request failed. */
MUST_CHECK bool upload_remove(DbTx *tx, const Scope *scope, Str key, Error *err);
/* Of all workspaces. System scope. */
MUST_CHECK bool upload_remove_expired(DbTx *tx, const Scope *scope, int64_t now_ms,
                                      int64_t *removed_r, Error *err);
