/* run_work.h - the job of a run: its items one after another, each kept as it comes.
 *
 *     run_start() -> rows of the run and its items + job      (one transaction)
 *     job -> run_work(): one() for what waits -> its result and save() in one transaction
 *
 * An item that fails fails alone, unless trying later may help: then the job is tried again, and
 * goes on with what waits. Nothing is done twice: what is no longer waiting is left alone. */
#pragma once

#include "jobs/job_queue.h"
#include "store/runs_store.h"

/* Adds the run with its items (see run_add()) and its job of this type. */
MUST_CHECK bool run_start(DbTx *tx, const Scope *scope, Arena *arena, Run *run,
                          const StrList *documents, size_t count, const NewJob *job, Error *err);

typedef struct RunWork {
    const char *stage;
    /* What becomes of one: item->result. The scope is of whoever asked for the run. */
    bool (*one)(void *self, const Scope *scope, Arena *arena, RunItem *item, Error *err);
    /* In the transaction that keeps the result; NULL: nothing more is kept. */
    bool (*save)(DbTx *tx, void *self, const Scope *scope, Error *err);
    void *self;
} RunWork;

/* The run of a job; *is_gone_r: it was removed meanwhile. */
MUST_CHECK bool run_of_job(Job *job, Run *run_r, bool *is_gone_r, Error *err);
MUST_CHECK bool run_work(Job *job, const Run *run, const RunWork *work, Error *err);
