/* job_run.h - the parts of a runner that its files share. Private to src/jobs.
 *
 *     dispatcher (job_dispatch.c)  --claimed (job_lines.c)-->  lanes (job_runner.c)
 *           ^----------------------finished--------------------'
 *
 * One lock guards the lists; a handler runs without it. */
#pragma once

#include "base/id.h"
#include "jobs/job_runner.h"

#include <pthread.h>
#include <stdatomic.h>

/* For runners: "new TYPE WORKSPACE", "now TYPE WORKSPACE" (not behind those that wait), "time"
 * (what is due has changed), "tick TIME" (schedules were kept, the next is due then), "cancel ID";
 * and what is watched ("watch ...", see jobs_store_watch). */
#define JOBS_CHANNEL "jobs"
#define JOB_NEWS_CHANNEL "job_news" /* what has changed: for listeners */
#define STAGE_SIZE 40
#define JOB_SUMS_MAX 256
#define LANE_LINES_MAX 1000 /* beyond these, workspaces wait until the next look */

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
    atomic_bool never_ends; /* by itself */
    int64_t started_ms;     /* monotonic; 0: waits in memory */
    int64_t ended_ms;
    int64_t ready_ms, claimed_ms; /* UTC: since when it could have run, when it was claimed */
    Str trace;                    /* as JobRow.trace */

    pthread_mutex_t lock; /* of the progress below */
    char stage[STAGE_SIZE];
    int64_t stage_at_ms, stage_done, done, total;
    bool has_news;

    /* Written by the handler's thread, read after it has returned. */
    bool is_ok, is_done_already, gives_up, is_put_off, awaits;
    int64_t retry_in_ms; /* -1: as usual */
    Error err;
} JobRun;

typedef struct RunList {
    JobRun *first, *last;
    size_t count;
} RunList;

void run_list_add(RunList *list, JobRun *run);
JobRun *run_list_take(RunList *list); /* NULL when it is empty */

/* A line of jobs in the table, of a lane's type and one workspace. */
typedef struct LaneLine {
    char workspace[ID_LENGTH + 1];
    bool is_drained;         /* nothing waited in it when it was last looked at */
    unsigned heard, planned; /* how often something was said of it; when the round began */
    /* From where on to look; see JobClaim. */
    int64_t from_rank;
    char from_id[ID_LENGTH + 1];
} LaneLine;

/* The threads of one type of job, and what waits for them. */
typedef struct Lane {
    struct JobRunner *runner;
    JobType type; /* with its defaults filled in */
    pthread_cond_t wake;
    pthread_t *threads;
    int thread_count, idle_count, running_count;
    RunList waiting;
    LaneLine *lines; /* in the order of their turns; LANE_LINES_MAX have room */
    size_t line_count;
    int64_t open_at; /* monotonic ms: no job may begin before; see JobType.rate_count and can */
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
    bool must_beat;           /* a claim may have been stored whose answer was lost */

    /* The dispatcher's own; monotonic milliseconds. */
    int64_t poll_at, news_at, heartbeat_at, purge_at, heartbeat_every_ms;
    int64_t last_heartbeat_ms; /* when the leases were last known to be ours */
    int64_t lease_shortest_ms;
    int64_t due_at_ms, tick_at_ms; /* UTC: the next delayed job, the next schedule */
    int64_t tick_late_ms;          /* another for each node: the first is the only one that acts */
    JobSum sums[JOB_SUMS_MAX];     /* of what ended since they were last stored */
    char sum_names[JOB_SUMS_MAX][ID_LENGTH + 1];
    size_t sum_count;
    int failures; /* of rounds, in a row */
    Error last_failure;

    atomic_int_fast64_t done_count, failed_count, dead_count, stale_count, recovered_count;
};

/* --- job_runner.c -------------------------------------------------------------------- */

/* Under the lock: a claimed job goes into its lane. */
void lane_give(Lane *lane, const JobRow *row);
/* Under the lock: after its outcome was stored. */
void run_forget(JobRunner *runner, JobRun *run);

/* --- job_queue.c --------------------------------------------------------------------- */

/* Runners look into this line; `is_first`: there may be jobs before those that wait. */
MUST_CHECK bool job_tell_line(DbTx *tx, Str type, Str workspace, bool is_first, Error *err);
MUST_CHECK bool job_tell_lines(DbTx *tx, const JobLines *lines, Error *err);

/* --- job_lines.c --------------------------------------------------------------------- */

/* What a round claims of a lane. */
typedef struct LanePlan {
    int64_t max;     /* jobs; 0: none */
    LaneLine *lines; /* as they were when the round began */
    size_t line_count;
    /* What came of it, in the round's results. */
    VEC(JobRow) claimed;
    LaneLine *after; /* those that were looked at, as they are now */
    size_t looked_at;
    int64_t next_ms; /* UTC: when a rate lets one more begin; 0: now */
} LanePlan;

/* Under the lock. Something is in this line. */
void lane_hear(Lane *lane, Str workspace, bool is_first);
bool lane_has_lines(const Lane *lane); /* with jobs, as far as is known */
int64_t lane_room(const Lane *lane);
/* What a round may claim; `forced`: however little room there is. */
void lane_plan(Lane *lane, Arena *arena, bool forced, int64_t monotonic, LanePlan *plan_r);
/* In the round: `all` (may be NULL) are the lines of all types, instead of those of the plan. */
MUST_CHECK bool lane_claim(DbTx *tx, const Scope *system, const Lane *lane, LanePlan *plan,
                           const JobLines *all, Arena *results, int64_t now_ms, Error *err);
/* Under the lock, after the round: its lines take their next turns, its jobs begin. */
void lane_apply(Lane *lane, const LanePlan *plan, const JobLines *all, int64_t now_ms);

/* --- job_dispatch.c ------------------------------------------------------------------ */

void *job_dispatch(void *runner);
/* Under the lock. */
size_t job_count_all(const JobRunner *runner);

/* --- job_tidy.c ---------------------------------------------------------------------- */

/* For db_listen(): what others tell runners. */
void job_hear(void *runner, const char *channel, Str text);
/* Old jobs go. Under the lock, which it gives up meanwhile. */
void job_purge(JobRunner *runner, int64_t monotonic);
/* Under the lock: one more has ended so. */
void job_sum(JobRunner *runner, const JobRun *run, JobState state);
/* Writes what became of jobs whose handlers do not return; for the end. */
void job_give_back(JobRunner *runner);

/* --- job_news.c ---------------------------------------------------------------------- */

/* Tells the listeners on every node. Texts are read at once. */
MUST_CHECK bool job_news_send(DbTx *tx, const JobEvent *events, size_t count, Error *err);
/* For db_listen(): calls the runner's listener. */
void job_news_hear(void *runner, const char *channel, Str text);
