/* jobs_store.h - the `jobs` and `recurring_jobs` tables: the queue in SQL.
 *
 *     delayed --due--> waiting --claim--> running --> done
 *        ^                ^                  |
 *        '--later---------'--lease over------+------> dead (no attempts left) or cancelled
 *
 * Every change of a running job names its token, which each claim raises by one: whoever lost its
 * lease changes nothing. Features use jobs/job_queue.h; the queue's own functions need a system
 * scope. */
#pragma once

#include "base/json.h"
#include "store/scope.h"
#include "store/slice.h"

/* JOB_DELAYED is shown to people as waiting. The numbers are in the table. */
typedef enum JobState {
    JOB_WAITING = 0,
    JOB_RUNNING = 1,
    JOB_DONE = 2,
    JOB_DEAD = 3,
    JOB_CANCELLED = 4,
    JOB_DELAYED = 5,
} JobState;

const char *job_state_name(JobState state);
/* False when there is no such state. */
bool job_state_named(Str name, JobState *state_r);

typedef struct JobRow {
    Str id, workspace; /* workspace empty: the server's own */
    Str type, subject, payload;
    JobState state;
    int priority, attempt, attempt_max;
    int64_t run_at_ms, token;
    bool is_cancelled; /* asked to stop while running */
    Str stage;
    int64_t done, total, stage_at_ms;
    Str error_code, error;
    int64_t created_at_ms, started_at_ms, finished_at_ms;
    Str user;           /* who asked for it; empty: nobody did */
    Str title, result;  /* what it is about, in words; id of what it makes */
    int64_t stage_done; /* of `done` when the stage began: by an earlier attempt */
} JobRow;

typedef struct JobRowList {
    JobRow *at;
    size_t count;
    Str next; /* see slice.h */
} JobRowList;

/* --- For everybody ------------------------------------------------------------------- */

typedef struct NewJob {
    Str type, subject; /* subject empty: as many as you like */
    Str payload;       /* JSON; empty: {} */
    int priority;      /* 0 to 9, more is sooner */
    int attempt_max;
    int64_t run_at_ms;    /* 0: now */
    bool is_wanted_again; /* when it runs already, it runs once more afterwards */
    Str title, result;    /* see JobRow; its user is the scope's */
} NewJob;

/* Adds it, or finds the unfinished one with the same workspace, type and subject. */
MUST_CHECK bool jobs_store_add(DbTx *tx, const Scope *scope, Arena *arena, const NewJob *job,
                               Str *id_r, bool *is_new_r, Error *err);
MUST_CHECK bool jobs_store_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, JobRow *row_r,
                                Error *err);

typedef struct JobFilter {
    const JobState *state; /* NULL: any; JOB_WAITING means JOB_DELAYED too */
    Str type;              /* empty: any */
} JobFilter;
/* Newest first. */
MUST_CHECK bool jobs_store_list(DbTx *tx, const Scope *scope, Arena *arena, const JobFilter *filter,
                                const Slice *slice, JobRowList *list_r, Error *err);
/* The unfinished jobs of these subjects, at most one thousand. */
MUST_CHECK bool jobs_store_of_subjects(DbTx *tx, const Scope *scope, Arena *arena,
                                       const Str *subjects, size_t count, JobRowList *list_r,
                                       Error *err);
/* The unfinished ones that have a subject: all of the types, and of the others those of the scope's
 * user; oldest first, at most 200. */
MUST_CHECK bool jobs_store_list_open(DbTx *tx, const Scope *scope, Arena *arena, StrList types,
                                     StrList own_types, JobRowList *list_r, Error *err);
/* Waiting: cancelled at once. Running: asked to stop, *is_running_r. ERROR_CONFLICT when it is
 * over. */
MUST_CHECK bool jobs_store_cancel(DbTx *tx, const Scope *scope, Str id, int64_t now_ms,
                                  bool *is_running_r, Error *err);
/* A dead or cancelled job waits again with all its attempts; ERROR_CONFLICT otherwise. */
MUST_CHECK bool jobs_store_retry(DbTx *tx, const Scope *scope, Str id, int64_t now_ms, Error *err);

typedef struct JobCounts {
    int64_t waiting, delayed, running, dead;
    int64_t oldest_waiting_ms; /* since when the oldest has been ready; 0: none */
} JobCounts;
MUST_CHECK bool jobs_store_count(DbTx *tx, const Scope *scope, JobCounts *counts_r, Error *err);

/* --- For the runner ------------------------------------------------------------------ */

typedef struct JobClaim {
    Str type, owner;
    int64_t lease_ms, limit;
    int attempt_max; /* of jobs that do not say */
} JobClaim;
/* Takes up to `limit` waiting jobs of a type; they come in the order to run them. */
MUST_CHECK bool jobs_store_claim(DbTx *tx, const Scope *scope, Arena *arena, const JobClaim *claim,
                                 int64_t now_ms, JobRowList *list_r, Error *err);

/* What becomes of a running job. */
typedef struct JobOutcome {
    Str id;
    int64_t token;
    JobState state;     /* done, dead, cancelled; waiting or delayed: another attempt */
    int64_t run_at_ms;  /* of a delayed one */
    bool keeps_attempt; /* given back unused: the attempt does not count */
    Str error_code, error;
} JobOutcome;
/* Writes them all; is_stale[i] tells which had lost their lease and were left alone. */
MUST_CHECK bool jobs_store_finish(DbTx *tx, const Scope *scope, const JobOutcome *outcomes,
                                  size_t count, int64_t now_ms, bool *is_stale, Error *err);

typedef struct JobNews {
    Str id;
    int64_t token;
    Str stage;
    int64_t stage_at_ms, stage_done, done, total;
} JobNews;
MUST_CHECK bool jobs_store_progress(DbTx *tx, const Scope *scope, const JobNews *news, size_t count,
                                    Error *err);

typedef struct JobHeld {
    Str id;
    int64_t token;
    bool is_cancelled;
} JobHeld;
typedef struct JobHeldList {
    JobHeld *at;
    size_t count;
} JobHeldList;
/* Extends every lease of the owner, and says which it holds. */
MUST_CHECK bool jobs_store_heartbeat(DbTx *tx, const Scope *scope, Arena *arena, Str owner,
                                     int64_t now_ms, JobHeldList *list_r, Error *err);
/* The owner's jobs that were asked to stop. */
MUST_CHECK bool jobs_store_cancelled(DbTx *tx, const Scope *scope, Arena *arena, Str owner,
                                     JobHeldList *list_r, Error *err);
/* Jobs whose lease is over wait again, or are dead when that was the last attempt. */
MUST_CHECK bool jobs_store_recover(DbTx *tx, const Scope *scope, int64_t now_ms, int64_t *count_r,
                                   Error *err);
/* What a process of this owner ran when it ended without a word waits again at once. Such an end
 * rarely is a job's fault, so it costs no job its last attempt, however few those are; one that
 * may have ended INTERRUPTED_MAX processes is dead. */
MUST_CHECK bool jobs_store_release(DbTx *tx, const Scope *scope, Str owner, int64_t now_ms,
                                   int64_t *count_r, Error *err);
/* Delayed jobs that are due wait now. */
MUST_CHECK bool jobs_store_promote(DbTx *tx, const Scope *scope, int64_t now_ms, int64_t *count_r,
                                   Error *err);
/* When the next delayed or recurring job is due; INT64_MAX: never. */
MUST_CHECK bool jobs_store_next_due(DbTx *tx, const Scope *scope, int64_t *due_ms_r, Error *err);
/* Deletes finished jobs: done and cancelled ones before one time, dead ones before another. */
MUST_CHECK bool jobs_store_purge(DbTx *tx, const Scope *scope, int64_t done_before_ms,
                                 int64_t dead_before_ms, int64_t limit, int64_t *count_r,
                                 Error *err);

/* Fails with ERROR_CONFLICT unless the job is running with this token; PostgreSQL also locks it, so
 * that it stays so until the end of the transaction. */
MUST_CHECK bool jobs_store_hold(DbTx *tx, const Scope *scope, Str id, int64_t token, Error *err);

/* A running job is done, and all of the `total` that it had to do. Call jobs_store_hold() before.
 */
MUST_CHECK bool jobs_store_done(DbTx *tx, const Scope *scope, Str id, int64_t token, int64_t total,
                                int64_t now_ms, Error *err);

/* --- Recurring jobs ------------------------------------------------------------------ */

typedef struct RecurringJob {
    Str name; /* unique; also the subject of its jobs, so a late one is not queued twice */
    Str type, payload;
    int64_t every_ms;
} RecurringJob;

/* Adds or changes it; the first tick is now when it is new. */
MUST_CHECK bool jobs_store_recurring_set(DbTx *tx, const Scope *scope, const RecurringJob *job,
                                         int64_t now_ms, Error *err);
/* True also when it was not there. */
MUST_CHECK bool jobs_store_recurring_remove(DbTx *tx, const Scope *scope, Str name, Error *err);
/* Adds one job for each recurring job that is due; exactly one node wins a tick. Ticks that were
 * missed (nobody was running) make one job together. */
MUST_CHECK bool jobs_store_tick(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                int64_t *count_r, Error *err);
