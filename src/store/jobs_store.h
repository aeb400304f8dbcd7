/* jobs_store.h - the `jobs` table and those around it: the queue in SQL.
 *
 *     delayed --due--> waiting --claim--> running --> done (or gone, where none are kept)
 *        ^                ^   ^              |
 *        '--later---------'   |--lease over--+------> dead (no attempts left) or cancelled
 *                             |              |
 *                            held <----------'  until its children are over
 *
 * Jobs of one type and workspace wait in one line, ordered by priority, then age; the lines of a
 * type take turns. Every change of a running job names its token, which each claim raises by one:
 * whoever lost its lease changes nothing. Features use jobs/job_queue.h; the queue's own functions
 * need a system scope. */
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
    JOB_HELD = 6, /* its children are not over, or job_open() was not called yet */
} JobState;

#define JOB_PRIORITY_MAX 9

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
    Str user, api_key;  /* who asked for it, and by which key; empty: nobody did, by none */
    Str title, result;  /* what it is about, in words; id of what it makes */
    int64_t stage_done; /* of `done` when the stage began: by an earlier attempt */
    Str parent;         /* empty: none */
    int64_t children, children_left, children_failed; /* failed: dead or cancelled */
    Str trace; /* traceparent of what added it, and behind a blank its tracestate; empty: none. Read
                * by jobs_store_claim() alone */
} JobRow;

typedef struct JobRowList {
    JobRow *at;
    size_t count;
    Str next; /* see slice.h */
} JobRowList;

/* A line of jobs. */
typedef struct JobLine {
    Str type, workspace;
} JobLine;
typedef VEC(JobLine) JobLines;

/* --- For everybody ------------------------------------------------------------------- */

typedef struct NewJob {
    Str type, subject; /* subject empty: as many as you like */
    Str payload;       /* JSON; empty: {} */
    int priority;      /* 0 to 9, more is sooner */
    int attempt_max;
    int64_t run_at_ms;    /* 0: now */
    bool is_wanted_again; /* when it runs already, it runs once more afterwards */
    Str title, result;    /* see JobRow; its user and key are the scope's */
    Str parent;           /* an unfinished job that waits for it; empty: none */
    bool is_held;         /* until jobs_store_open() and the end of its children */
    /* Unique in the workspace for so long, also when the job is over: adding it again finds the
     * first, or fails with ERROR_CONFLICT when type or payload are others. At most 200 bytes. */
    Str key;
    int64_t key_ms; /* 0: a day */
} NewJob;

/* Adds it, or finds the unfinished one with the same workspace, type and subject, or the one with
 * the same key. */
MUST_CHECK bool jobs_store_add(DbTx *tx, const Scope *scope, Arena *arena, const NewJob *job,
                               Str *id_r, bool *is_new_r, Error *err);
/* All children of a held job were added. *woken: lines of jobs that wait now. */
MUST_CHECK bool jobs_store_open(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now_ms,
                                JobLines *woken, Error *err);
MUST_CHECK bool jobs_store_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, JobRow *row_r,
                                Error *err);

typedef struct JobFilter {
    const JobState *state; /* NULL: any; JOB_WAITING means JOB_DELAYED too */
    Str type;              /* empty: any */
    Str parent;            /* empty: any */
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
/* Waiting: cancelled at once. Running: asked to stop, *is_running_r. With its children and theirs.
 * ERROR_CONFLICT when it is over. */
MUST_CHECK bool jobs_store_cancel(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                                  int64_t now_ms, bool *is_running_r, JobLines *woken, Error *err);
/* A dead or cancelled job waits again with all its attempts; ERROR_CONFLICT otherwise. A parent
 * that is still held waits for it once more; for any other it is no child any longer. */
MUST_CHECK bool jobs_store_retry(DbTx *tx, const Scope *scope, Str id, int64_t now_ms, Error *err);
/* The same for up to `limit` dead ones of a type (empty: of any), oldest first. */
MUST_CHECK bool jobs_store_retry_dead(DbTx *tx, const Scope *scope, Arena *arena, Str type,
                                      int64_t now_ms, int64_t limit, int64_t *count_r, Error *err);
/* A job that is over goes; ERROR_CONFLICT otherwise. */
MUST_CHECK bool jobs_store_remove(DbTx *tx, const Scope *scope, Str id, Error *err);
/* Up to `limit` dead ones of a type (empty: of any) go. */
MUST_CHECK bool jobs_store_remove_dead(DbTx *tx, const Scope *scope, Str type, int64_t limit,
                                       int64_t *count_r, Error *err);

/* What a job said at its end, kept as long as the job. */
MUST_CHECK bool jobs_store_set_result(DbTx *tx, const Scope *scope, Str id, Str json,
                                      int64_t now_ms, Error *err);
/* Empty: it said nothing. */
MUST_CHECK bool jobs_store_result(DbTx *tx, const Scope *scope, Arena *arena, Str id, Str *json_r,
                                  Error *err);

typedef struct JobCounts {
    int64_t waiting, delayed, running, dead, held;
    int64_t oldest_waiting_ms; /* since when the oldest has been ready; 0: none */
} JobCounts;
MUST_CHECK bool jobs_store_count(DbTx *tx, const Scope *scope, JobCounts *counts_r, Error *err);

typedef struct JobTypeCounts {
    Str type;
    JobCounts counts;
    /* Of the last minutes: how many ended how, and how long they ran and had waited together. */
    int64_t done, failed, dead, run_ms, wait_ms;
} JobTypeCounts;
typedef struct JobTypeCountsList {
    JobTypeCounts *at;
    size_t count;
} JobTypeCountsList;
/* By type; what ended since this time is summed to the minute. */
MUST_CHECK bool jobs_store_count_types(DbTx *tx, const Scope *scope, Arena *arena, int64_t since_ms,
                                       JobTypeCountsList *list_r, Error *err);

/* --- For the runner ------------------------------------------------------------------ */

/* The lines in which jobs wait, at most 1,000. */
MUST_CHECK bool jobs_store_lines(DbTx *tx, const Scope *scope, Arena *arena, JobLines *lines_r,
                                 Error *err);

typedef struct JobClaim {
    Str type, workspace, owner;
    int64_t lease_ms, limit;
    int attempt_max; /* of jobs that do not say */
    /* From where on to look: what lies before was claimed. In PostgreSQL those rows are dead but
     * not yet cleared away, and would be walked over each time. Empty: from the beginning. */
    int64_t from_rank;
    Str from_id;
} JobClaim;
/* Takes up to `limit` jobs of a line; they come in the order to run them, with what a runner needs
 * of them. */
MUST_CHECK bool jobs_store_claim(DbTx *tx, const Scope *scope, Arena *arena, const JobClaim *claim,
                                 int64_t now_ms, JobRowList *list_r, Error *err);

/* What becomes of a running job. */
typedef struct JobOutcome {
    Str id;
    int64_t token;
    JobState state;     /* done, dead, cancelled; waiting, delayed or held: another attempt */
    int64_t run_at_ms;  /* of a delayed one */
    bool keeps_attempt; /* given back unused: the attempt does not count */
    bool is_forgotten;  /* done, and its row goes at once */
    Str error_code, error;
} JobOutcome;
/* Writes them all; is_stale[i] tells which had lost their lease and were left alone. */
MUST_CHECK bool jobs_store_finish(DbTx *tx, const Scope *scope, Arena *arena,
                                  const JobOutcome *outcomes, size_t count, int64_t now_ms,
                                  bool *is_stale, JobLines *woken, Error *err);

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
/* Extends the leases of the owner, and says which it holds. In PostgreSQL those of jobs that a
 * transaction has locked (jobs_store_hold) stay as they are until the next time. */
MUST_CHECK bool jobs_store_heartbeat(DbTx *tx, const Scope *scope, Arena *arena, Str owner,
                                     int64_t now_ms, JobHeldList *list_r, Error *err);
/* The owner's jobs that were asked to stop. */
MUST_CHECK bool jobs_store_cancelled(DbTx *tx, const Scope *scope, Arena *arena, Str owner,
                                     JobHeldList *list_r, Error *err);
/* Jobs whose lease is over wait again, or are dead when that was the last attempt. */
MUST_CHECK bool jobs_store_recover(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                   int64_t *count_r, Error *err);
/* What a process of this owner ran when it ended without a word waits again at once. Such an end
 * rarely is a job's fault, so it costs no job its last attempt, however few those are; one that
 * may have ended INTERRUPTED_MAX processes is dead. */
MUST_CHECK bool jobs_store_release(DbTx *tx, const Scope *scope, Arena *arena, Str owner,
                                   int64_t now_ms, int64_t *count_r, Error *err);
/* Delayed jobs that are due wait now. */
MUST_CHECK bool jobs_store_promote(DbTx *tx, const Scope *scope, int64_t now_ms, int64_t *count_r,
                                   Error *err);
/* What is to be done now, and when the next delayed job and the next schedule are due (INT64_MAX:
 * never): what every node asks often, so it is one statement. */
typedef struct JobsLook {
    bool has_waiting, has_lost; /* the second: a lease */
    int64_t due_at_ms, tick_at_ms;
} JobsLook;
MUST_CHECK bool jobs_store_look(DbTx *tx, const Scope *scope, int64_t now_ms, JobsLook *look_r,
                                Error *err);
/* The same for db_watch(): "DUE TICK 1" or "DUE TICK 0"; 1: something waits or is lost. */
extern const char jobs_store_watch[];
/* What it says; false: it is something else. */
bool jobs_watch_read(Str text, JobsLook *look_r);

/* How long finished jobs are kept: `type` empty: those of types that no other row names. */
typedef struct JobKeeping {
    Str type;
    int64_t done_before_ms, dead_before_ms; /* what ended earlier goes */
} JobKeeping;
/* Deletes finished jobs, and results, keys and sums of minutes that are over; the last row of
 * `keeping` is that of all other types. */
MUST_CHECK bool jobs_store_purge(DbTx *tx, const Scope *scope, Arena *arena,
                                 const JobKeeping *keeping, size_t count, int64_t now_ms,
                                 int64_t limit, int64_t *count_r, Error *err);

/* Fails with ERROR_CONFLICT unless the job is running with this token; PostgreSQL also locks it, so
 * that it stays so until the end of the transaction. */
MUST_CHECK bool jobs_store_hold(DbTx *tx, const Scope *scope, Str id, int64_t token, Error *err);
/* A running job is done, and all of the `total` that it had to do. Call jobs_store_hold() before.
 */
MUST_CHECK bool jobs_store_done(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t token,
                                int64_t total, int64_t now_ms, JobLines *woken, Error *err);

/* So many jobs of a type may begin in a time, on all nodes together. */
typedef struct JobRate {
    Str type;
    int64_t count, time_ms;
} JobRate;
/* How many of `wanted` may begin now; until the end of the transaction nobody else is told. When it
 * is fewer, *next_ms_r is when there is one more. */
MUST_CHECK bool jobs_store_rate(DbTx *tx, const Scope *scope, const JobRate *rate, int64_t wanted,
                                int64_t now_ms, int64_t *allowed_r, int64_t *next_ms_r, Error *err);
/* So many have begun. */
MUST_CHECK bool jobs_store_rate_used(DbTx *tx, const Scope *scope, Str type, int64_t count,
                                     Error *err);

/* What ended of a line: added to the sums of the minute. */
typedef struct JobSum {
    Str type, workspace;
    int64_t done, failed, dead, run_ms, wait_ms;
} JobSum;
MUST_CHECK bool jobs_store_add_sums(DbTx *tx, const Scope *scope, const JobSum *sums, size_t count,
                                    int64_t now_ms, Error *err);
