/* classification_batches_store.h - the tables `classification_batches` and `classification_items`:
 * many documents and texts classified in the background.
 *
 *     running -> done, cancelled         each item: waiting -> done, failed, cancelled
 *     running <-> failed: its job gave up; it goes on when the job is run again
 *
 * Items keep their result as they are done, so a batch that was interrupted goes on with what
 * waits. */
#pragma once

#include "store/scope.h"
#include "store/slice.h"

#define CLASSIFICATION_ITEMS_MAX 10000 /* of a batch */

typedef struct ClassificationBatch {
    Str id, user;
    Str key;      /* id of the API key it was made with; empty: none */
    Str set;      /* id of the label set; empty: the workflow */
    Str workflow; /* id; empty: the set */
    int64_t workflow_version;
    Str state, job;
    Str error_code, error; /* of a failed one: why its job gave up; read, never written */
    Str title;             /* of its job: the name of the set or workflow; not kept here */
    int64_t total, done, failed, cancelled; /* items; read, never written */
    int64_t created_at_ms, finished_at_ms;
} ClassificationBatch;

typedef struct ClassificationBatchList {
    ClassificationBatch *at;
    size_t count;
    Str next;
} ClassificationBatchList;

typedef struct ClassificationItem {
    int64_t number;
    Str document, text; /* one of them */
    Str state, result;  /* result: JSON */
    Str error_code, error;
} ClassificationItem;

typedef struct ClassificationItemList {
    ClassificationItem *at;
    size_t count;
    Str next;
} ClassificationItemList;

/* Adds it with its id (empty: a new one), running, and its items (document and text of each),
 * waiting. ERROR_BUSY: somebody adds one of this id at this moment. */
MUST_CHECK bool classification_batch_add(DbTx *tx, const Scope *scope, Arena *arena,
                                         ClassificationBatch *batch,
                                         const ClassificationItem *items, size_t count, Error *err);
MUST_CHECK bool classification_batch_set_job(DbTx *tx, const Scope *scope, Str id, Str job,
                                             Error *err);
MUST_CHECK bool classification_batch_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                          ClassificationBatch *batch_r, Error *err);
/* Newest first. */
MUST_CHECK bool classification_batch_list(DbTx *tx, const Scope *scope, Arena *arena,
                                          const Slice *slice, ClassificationBatchList *list_r,
                                          Error *err);
/* A running one is over: "done" or "cancelled", and so are items that wait. True also when it was
 * over. */
MUST_CHECK bool classification_batch_end(DbTx *tx, const Scope *scope, Str id, Str state,
                                         Error *err);
MUST_CHECK bool classification_batch_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

/* By number; `state` empty: of any. */
MUST_CHECK bool classification_item_list(DbTx *tx, const Scope *scope, Arena *arena, Str batch,
                                         Str state, const Slice *slice,
                                         ClassificationItemList *list_r, Error *err);
/* What became of one that waits. */
MUST_CHECK bool classification_item_save(DbTx *tx, const Scope *scope, Str batch,
                                         const ClassificationItem *item, Error *err);
