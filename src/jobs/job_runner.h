/* job_runner.h - runs the jobs of the queue on threads of this process.
 *
 * Each type of job has lanes of its own (at_once threads, started when first needed), so one type
 * never waits for another; priority orders the jobs of one type. One thread more talks to the
 * database: it claims, stores progress and outcomes in batches, extends leases, wakes delayed and
 * recurring jobs, and takes back jobs whose runner died.
 *
 *     jobs_start() --> claims and runs --> jobs_stop(): no new ones, waits, gives the rest back */
#pragma once

#include "jobs/job_queue.h"

typedef struct JobRunner JobRunner;

/* A job has changed, on this node or another. Texts are valid during the call. All empty: news
 * were missed, so read the state anew. */
typedef struct JobEvent {
    Str id, workspace, type, subject, user;
    JobState state;
    Str stage;
    int64_t done, total, stage_at_ms, stage_done;
} JobEvent;
typedef void JobListener(void *argument, const JobEvent *event);

typedef struct UsualSchedule {
    const char *name, *type;
    int64_t every_ms;
} UsualSchedule;

typedef struct JobRunnerOptions {
    Db *db;
    /* Names this runner among all, at most 39 characters, the same after a restart: then jobs of a
     * process that was killed are taken back at once. The caller makes sure that only one process
     * has it at a time. Empty: a new name, and they are taken back when their leases end. */
    Str owner;
    const JobType *types; /* copied; names must live on */
    size_t type_count;
    /* Schedules that every workspace has until somebody removes them; those with every_ms 0 are
     * left out. */
    const UsualSchedule *usual;
    size_t usual_count;
    JobListener *listener; /* may be NULL; called on a thread of the database's */
    void *listener_argument;
    int64_t poll_ms;          /* how often to look without being told; 0: as is best */
    size_t memory_max;        /* of one job's arena; 0: 1 GiB */
    int done_days, dead_days; /* how long finished jobs are kept; 0: 7 and 90 */
} JobRunnerOptions;

/* What is known of a type; NULL: there is none of that name. Lives as long as the runner. */
const JobType *jobs_type(const JobRunner *runner, Str name);
/* The names of the types that are shown so. */
StrList jobs_types_shown(const JobRunner *runner, Arena *arena, JobShown shown);

MUST_CHECK bool jobs_start(const JobRunnerOptions *options, JobRunner **runner_r, Error *err);
/* Another process has its place: nothing more is claimed, and what runs goes on to its end. */
void jobs_retire(JobRunner *runner);
/* Stops claiming, waits up to `wait_ms` for handlers, asks the others to stop and gives their jobs
 * back. False when a handler does not return even so: its memory stays, the process should end.
 * NULL is fine. */
bool jobs_stop(JobRunner *runner, int64_t wait_ms);
/* For /health and debugging. */
/* Since the start, on this node. */
typedef struct JobFigures {
    int64_t running, claimed, unreported; /* now */
    int64_t done, failed, dead, stale, recovered;
    bool is_failing; /* the database does not take what has become of jobs */
} JobFigures;
JobFigures jobs_figures(JobRunner *runner);
void jobs_describe(JobRunner *runner, Buf *json_members);
