/* kept.h - summaries of documents that a model writes: asked once, kept, made by a job when they
 * take more than one call.
 *
 *     summary_order() -> kept already: done                         (the same documents and wish)
 *                     -> no service, or "rules": done, not kept
 *                     -> one call: asked now, kept
 *                     -> more: job "summarize" -> progress -> kept; meanwhile the built-in summary
 *
 * A new version of a document is another order. What the built-in way made because a service failed
 * is shown, but asked for again the next time. Threads: any. */
#pragma once

#include "jobs/job_queue.h"
#include "store/summaries_store.h"
#include "summary/summary.h"

typedef struct SummaryOrder {
    StrList documents;
    Str subject; /* id of the document or collection; "": several documents */
    SummaryWish wish;
    bool only_kept; /* asks no service: what is kept, else the built-in way */
} SummaryOrder;

typedef struct SummaryAnswer {
    Str id;            /* of what is kept; "": nothing is */
    const char *state; /* "done", "running", "failed", "cancelled" */
    Str json;          /* object of summary_put()'s members; "": there is none yet */
    JobRow job;        /* of one that runs or has failed */
} SummaryAnswer;

MUST_CHECK bool summary_order(Summaries *summaries, const Scope *scope, Arena *arena,
                              const SummaryOrder *order, SummaryAnswer *answer_r, Error *err);
MUST_CHECK bool summary_look(Summaries *summaries, const Scope *scope, Arena *arena, Str id,
                             SummaryAnswer *answer_r, Error *err);
/* Stops its job if it runs, and forgets it. */
MUST_CHECK bool summary_drop(Summaries *summaries, const Scope *scope, Arena *arena, Str id,
                             Error *err);
/* Ids of what is in a collection, newest first, at most MATERIAL_DOCUMENTS_MAX; *total_r: of all.
 */
MUST_CHECK bool summary_of_collection(Summaries *summaries, const Scope *scope, Arena *arena,
                                      Str collection, int64_t since_ms, StrList *documents_r,
                                      int64_t *total_r, Error *err);

JobHandler summary_job; /* its argument is a Summaries */
