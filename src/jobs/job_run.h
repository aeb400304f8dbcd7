/* job_run.h - the parts of a runner that its files share. Private to src/jobs.
 *
 *     dispatcher (job_dispatch.c)  --claimed-->  lanes (job_runner.c)
 *           ^----------------------finished--------'
 *
 * One lock guards the lists; a handler runs without it. */
#pragma once

#include "jobs/job_runner.h"

#include <pthread.h>
#include <stdatomic.h>

#define JOBS_CHANNEL "jobs"         /* "new", or "cancel <id>": for runners */
#define JOB_NEWS_CHANNEL "job_news" /* what has changed: for listeners */
#define STAGE_SIZE 40

typedef enum JobStop { STOP_NOT, STOP_CANCELLED, STOP_TIMEOUT, STOP_LOST, STOP_SHUTDOWN } JobStop;

/* A job on its way: claimed, waiting in its lane, running, finished. */
typedef struct JobRun {
    Job job;
    int64_t token;
    struct Lane *lane;
    Arena *arena;
    struct JobRun *next;           /* in a lane's queue, or of the finished */
    struct JobRun *before, *after; /* in the list of all */

    _Atomic JobStop stop;
    int64_t started_ms; /* monotonic; 0: waits in memory */

    pthread_mutex_t lock; /* of the progress below */
    char stage[STAGE_SIZE];
    int64_t stage_at_ms, stage_done, done, total;
    bool has_news;

    /* Written by the handler's thread, read after it has returned. */
    bool is_ok, is_done_already, gives_up, is_put_off;
    int64_t retry_in_ms; /* -1: as usual */
    Error err;
} JobRun;

typedef struct RunList {
    JobRun *first, *last;
    size_t count;
} RunList;

void run_list_add(RunList *list, JobRun *run);
JobRun *run_list_take(RunList *list); /* NULL when it is empty */

/* The threads of one type of job, and what waits for them. */
typedef struct Lane {
    struct JobRunner *runner;
    JobType type; /* with its defaults filled in */
    pthread_cond_t wake;
    pthread_t *threads;
    int thread_count, idle_count, running_count;
    RunList waiting;
    bool may_have_work; /* in the table: worth a claim */
} Lane;

struct JobRunner {
    JobRunnerOptions options;
    char owner[40];
    Lane *lanes;
    size_t lane_count;

    pthread_mutex_t lock;
    pthread_cond_t wake;     /* of the dispatcher */
    pthread_cond_t returned; /* a handler has */
    pthread_t dispatcher;
    bool is_stopping, dispatcher_ends;
    JobRun *all; /* claimed and not reported */
    RunList finished;
    int running_count;
    bool looks_for_cancelled; /* at the next round */

    /* The dispatcher's own; monotonic milliseconds. */
    int64_t poll_at, news_at, heartbeat_at, purge_at, heartbeat_every_ms;
    int64_t last_heartbeat_ms; /* when the leases were last known to be ours */
    int64_t lease_shortest_ms;
    int64_t due_at_ms; /* UTC: the next delayed or recurring job */
    int failures;      /* of rounds, in a row */
    Error last_failure;

    atomic_int_fast64_t done_count, failed_count, dead_count, stale_count, recovered_count;
};

/* --- job_runner.c -------------------------------------------------------------------- */

/* Under the lock: a claimed job goes into its lane. */
void lane_give(Lane *lane, const JobRow *row);
/* Under the lock: after its outcome was stored. */
void run_forget(JobRunner *runner, JobRun *run);

/* --- job_dispatch.c ------------------------------------------------------------------ */

void *job_dispatch(void *runner);
/* For db_listen(): what others tell runners. */
void job_hear(void *runner, const char *channel, Str text);
/* Writes what became of jobs whose handlers do not return; for the end. */
void job_give_back(JobRunner *runner);

/* --- job_news.c ---------------------------------------------------------------------- */

/* Tells the listeners on every node. Texts are read at once. */
MUST_CHECK bool job_news_send(DbTx *tx, const JobEvent *events, size_t count, Error *err);
/* For db_listen(): calls the runner's listener. */
void job_news_hear(void *runner, const char *channel, Str text);
