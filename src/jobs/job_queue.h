/* job_queue.h - durable background work.
 *
 * A job is a row in the `jobs` table, so it survives a restart. It is leased to one runner at a
 * time and runs AT LEAST once: a handler must be safe to repeat from its start.
 *
 *     waiting --lease--> running --true--> done        held: until its children are over
 *        ^                  |
 *        '--- later <-------+ false, attempts left (2 s, 4 s ... 10 min, with full jitter)
 *                           '-----> dead, kept for a person to look at; cancelled
 *
 * The lease (30 s) is extended by the runner, not by the handler. A runner that lost it (it was
 * stopped, cut off) can no longer change the job: each claim raises the token that every change
 * names. A handler whose effect is in our database makes it happen exactly once by calling
 * job_hold() or job_done_in() in the same transaction.
 *
 * Any runner takes any job, but for types that it cannot do just now (JobType.can).
 *
 * To add a type of job: write a handler and add a line to the program's job_types.def.
 *
 * Threads: every function may be called from any thread; a Job belongs to its handler. */
#pragma once

#include "store/jobs_store.h"

typedef struct Job {
    Str id, type, subject;
    Str payload;       /* JSON */
    Str user, api_key; /* who asked for it, and by which key; see job_asker() */
    Scope scope;       /* of its workspace; a system scope when it has none */
    int attempt;       /* 1 on the first run */
    int attempt_max;
    int64_t children, children_failed; /* that it had, all of them over; failed: or cancelled */
    Db *db;
    Arena *arena;       /* freed when the job ends */
    void *argument;     /* of its type */
    struct JobRun *run; /* the runner's */
} Job;

/* Do the work. On false the job is tried again later, unless the error is permanent (see
 * error_is_temporary) or the attempts are used up. */
typedef bool JobHandler(Job *job, Error *err);

/* Ends one before it is done, with the rows that are its business; instead of job_cancel(). */
typedef bool JobCancel(DbTx *tx, const Scope *scope, Arena *arena, const JobRow *job, Error *err);

/* For types whose work must not be left half done: says so. */
JobCancel job_stays;

/* To whom a job is shown while it runs. All that are have a subject. */
typedef enum JobShown {
    SHOWN_NOT,
    SHOWN_AS_DOCUMENT, /* its subject is one, and that shows how far it is */
    SHOWN_TO_ASKER,
    SHOWN_TO_ALL, /* of its workspace */
} JobShown;

typedef struct JobType {
    const char *name;
    JobHandler *run;
    int attempts_max; /* 0: 5 */
    int lease_s;      /* 0: 30; how soon others take over when a node dies */
    int timeout_s;    /* 0: none; then it is asked to stop, as if cancelled, and tried again */
    int at_once;      /* how many may run in this process; 0: 1 */
    int ahead;        /* how many more may be leased and wait in memory; for very short jobs */
    int64_t every_ms; /* 0: not recurring; else one runs each so often, in the whole system, when it
                         has something to do (store/due_types.def) */
    void *argument;   /* handed to the handler as job->argument */
    JobShown shown;
    const char *title;           /* of what is shown, before the job's own; NULL: nothing is */
    const char *page;            /* where its result is seen: {} is JobRow.result; NULL: nowhere */
    JobCancel *cancel;           /* NULL: job_cancel() */
    int64_t rate_count, rate_ms; /* so many may begin in a time, on all nodes together; 0: any */
    /* Whether this process can do such a job just now: what it cannot is left to others, and it is
     * asked again a second later. Must not block. NULL: it can. */
    bool (*can)(void *argument);
    bool forgets_done; /* a row goes when its job is done */
    int done_days;     /* how long it is kept else; 0: as the runner says */
} JobType;

/* --- Adding and steering; the transaction is the caller's ---------------------------- */

/* Adds a job. The same workspace, type and subject is never queued twice: a second call succeeds
 * and finds the first. Call it inside the transaction that makes the work necessary. *id_r (may be
 * NULL) is the job's. */
MUST_CHECK bool job_add(DbTx *tx, const Scope *scope, Arena *arena, const NewJob *job, Str *id_r,
                        Error *err);
/* A group: its job is added with is_held, then others with that job as their parent. It runs when
 * it was opened and all of them are over, however they ended; see Job.children_failed. In one
 * transaction or many. */
MUST_CHECK bool job_open(DbTx *tx, const Scope *scope, Str id, Error *err);
/* A job that waits is cancelled at once; one that runs is asked to stop. So are its children. */
MUST_CHECK bool job_cancel(DbTx *tx, const Scope *scope, Str id, Error *err);
/* A dead or cancelled job begins again, with all its attempts. */
MUST_CHECK bool job_retry(DbTx *tx, const Scope *scope, Str id, Error *err);
/* The same for up to 1,000 dead jobs of a type (empty: of any). */
MUST_CHECK bool job_retry_dead(DbTx *tx, const Scope *scope, Str type, int64_t *count_r,
                               Error *err);

/* How long to wait after failed attempt number `attempt`, at most: 2 s, 4 s, 8 s ... 10 min. */
int64_t job_retry_delay_max_ms(int attempt);
/* A random time from 0 to that, so that what failed together does not come back together. */
int64_t job_retry_delay_ms(int attempt);

/* Seconds that the current stage will still take, judging by its speed so far; -1: unknown. */
int64_t job_seconds_left(const JobRow *row, int64_t now_ms);

/* --- Inside a handler ---------------------------------------------------------------- */

/* Says how far the work is; cheap, so call it as often as you like (it is stored at most four times
 * a second). False: stop now and return job_stopped(job, err). */
MUST_CHECK bool job_progress(Job *job, const char *stage, int64_t done, int64_t total);
/* The same question without news. */
bool job_is_stopped(const Job *job);
/* Records why the job has to stop (cancelled, took too long, lease lost). Returns false. */
bool job_stopped(const Job *job, Error *err);

/* On whose behalf it works: whoever asked for it, as if `role` were theirs, who sees what they and
 * their key see now. ERROR_DENIED, for good: the key serves no more. */
MUST_CHECK bool job_asker(const Job *job, Role role, Scope *scope_r, Error *err);

/* The same for what is made for them of what they see. Who runs the machine asks as nobody, and
 * sees everything. */
MUST_CHECK bool job_reader(const Job *job, Scope *scope_r, Error *err);

/* The job goes on until it is asked to stop, so that is done at once when the program ends. */
void job_never_ends(Job *job);

/* In the handler's own transaction: fails when the job is no longer ours. */
MUST_CHECK bool job_hold(DbTx *tx, const Job *job, Error *err);
/* The same, and the job is done when the transaction commits. Return true from the handler then. */
MUST_CHECK bool job_done_in(DbTx *tx, Job *job, Error *err);

/* Before returning false: try again after this time (a Retry-After), whatever the error. */
void job_retry_in(Job *job, int64_t delay_ms);
/* Before returning false: this process cannot do it, another or a later one may. It is tried again
 * after this time, and the attempt does not count. */
void job_put_off(Job *job, int64_t delay_ms);
/* Before returning false: it runs again from its start when the children that it has added (in
 * NewJob.parent) are over, and the attempt does not count. */
void job_await_children(Job *job);
/* What it has to say, as JSON of at most JOB_RESULT_MAX bytes, for whoever asks for the job; kept
 * as long as the job. */
#define JOB_RESULT_MAX MB(1)
MUST_CHECK bool job_set_result(DbTx *tx, const Job *job, Str json, Error *err);
/* Before returning false: never try again. */
void job_give_up(Job *job);
