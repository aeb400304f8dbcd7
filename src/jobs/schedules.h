/* schedules.h - jobs that come again: by a rule (cron.h) read in a time zone, or by an interval.
 *
 *     schedule --tick, by whichever node moves next_at on--> job    in one transaction
 *
 * A tick at which no node ran is caught up as the schedule says: not at all (it may be a minute
 * late), by one job for all such ticks, or by one job each. With "all" each tick has its job though
 * the one before still waits; otherwise a job that is not over takes the next ticks in. */
#pragma once

#include "jobs/job_queue.h"
#include "store/schedules_store.h"

#define SCHEDULE_EVERY_MIN_MS 60000
#define SCHEDULE_PAYLOAD_MAX KB(16)

/* Checks the rule or interval, and sets schedule->next_at_ms after this time. ERROR_INVALID names
 * the field. */
MUST_CHECK bool schedule_plan(Schedule *schedule, int64_t after_ms, Error *err);
/* The next times, for people to look at. Fewer when it does not come so often. */
MUST_CHECK bool schedule_preview(const Schedule *schedule, int64_t after_ms, int64_t *times,
                                 size_t count, size_t *count_r, Error *err);
/* Its job, now; the ticks stay as they are. */
MUST_CHECK bool schedule_run(DbTx *tx, const Scope *scope, Arena *arena, const Schedule *schedule,
                             Str *job_r, Error *err);
/* After one was added or changed, in that transaction: nodes look when it is due. */
MUST_CHECK bool schedule_changed(DbTx *tx, Error *err);

/* For the runner: the jobs of all that are due, unless there is nothing for them to do
 * (store/due_types.def): then the tick passes, and is neither fired nor missed. */
MUST_CHECK bool schedules_tick(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                               int64_t *count_r, Error *err);
