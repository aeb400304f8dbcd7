/* runs_store.h - the tables `runs` and `run_items`: many items that one job works through.
 *
 *     item: waiting -> done, failed
 *
 * Items keep what became of them as it comes, so a run that was interrupted goes on with what
 * waits. How the run itself does is read from its items and its job; nothing else has to be kept in
 * step. Rows of documents go when those are erased. */
#pragma once

#include "store/jobs_store.h"

#define RUN_ITEMS_MAX 50000
#define RUN_RESULT_MAX MB(1) /* bytes of an item's result */
#define RUNS_KEPT 50         /* of a workspace and kind; the oldest that are over go */

typedef struct Run {
    Str id, kind, user;
    Str subject; /* what its kind is about */
    Str request; /* JSON, checked by its kind */
    Str job;
    int64_t created_at_ms;
    /* Read, never written. */
    int64_t total, done, failed;
    JobRow row; /* of its job; no id: it is no longer kept */
} Run;

/* "waiting", "running", "done", "failed" (its job is dead), "cancelled". */
const char *run_state(const Run *run);

typedef struct RunsList {
    Run *at;
    size_t count;
    Str next;
} RunsList;

typedef struct RunItem {
    int64_t number;
    Str document;      /* empty: it is none */
    Str state, result; /* result: JSON; may be empty where it is kept elsewhere */
    Str error_code, error;
} RunItem;

typedef struct RunItemList {
    RunItem *at;
    size_t count;
    Str next;
} RunItemList;

/* Adds it with a new id, and a waiting item for each document, or `count` that are none. */
MUST_CHECK bool run_add(DbTx *tx, const Scope *scope, Arena *arena, Run *run,
                        const StrList *documents, size_t count, Error *err);
MUST_CHECK bool run_set_job(DbTx *tx, const Scope *scope, Str id, Str job, Error *err);
MUST_CHECK bool run_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Run *run_r,
                         Error *err);
/* Newest first; kind and subject empty: any. Without requests. */
MUST_CHECK bool run_list(DbTx *tx, const Scope *scope, Arena *arena, Str kind, Str subject,
                         const Slice *slice, RunsList *list_r, Error *err);
MUST_CHECK bool run_remove(DbTx *tx, const Scope *scope, Str id, Error *err);

/* By number; `state` empty: of any. */
MUST_CHECK bool run_item_list(DbTx *tx, const Scope *scope, Arena *arena, Str run, Str state,
                              const Slice *slice, RunItemList *list_r, Error *err);
/* What became of one that waits. One that does not is left alone. */
MUST_CHECK bool run_item_save(DbTx *tx, const Scope *scope, Str run, const RunItem *item,
                              Error *err);
