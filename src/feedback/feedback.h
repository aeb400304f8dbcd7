/* feedback.h - what people thought of answers, cards, classes and tasks, and what that teaches.
 *
 *     rating with a reason -> feedback_rate() -> rows -> job "feedback" -> report
 *
 * The report sums ratings by kind, collection, persona and model, and marks what is rated worse
 * than the rest beyond chance. Threads: any. */
#pragma once

#include "jobs/job_queue.h"
#include "store/feedback_store.h"

#define FEEDBACK_REASON_MAX 2000

/* Keeps a rating. An answer's collection and persona are its conversation's, its model its own.
 * ERROR_INVALID, field "kind", naming those there are; ERROR_NOT_FOUND: there is no such answer. */
MUST_CHECK bool feedback_rate(DbTx *tx, const Scope *scope, Arena *arena, Feedback *feedback,
                              Error *err);

/* Whether `bad` of so many ratings is more than the share `usual`, beyond chance: the lower end of
 * Wilson's interval at 90 % lies above it. */
bool feedback_is_worse(int64_t good, int64_t bad, double usual);
/* Sums what was rated until now, keeps the report and gives it as JSON. */
MUST_CHECK bool feedback_learn(DbTx *tx, const Scope *scope, Arena *arena, Str *report_r,
                               Error *err);
/* Recurring: every workspace that has new ratings. Its argument is the Db. */
JobHandler feedback_learn_job;
