/* job_queue.c - adding and steering jobs, and what a handler may say. See job_queue.h. */
#include "jobs/job_queue.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "jobs/job_run.h"

#define RETRY_FIRST_MS 2000
#define RETRY_MAX_MS 600000

/* --- Adding and steering ------------------------------------------------------------- */

bool job_add(DbTx *tx, const Scope *scope, Arena *arena, const NewJob *job, Str *id_r, Error *err)
{
    Str id;
    bool is_new;
    if (!jobs_store_add(tx, scope, arena, job, &id, &is_new, err) ||
        !db_notify(tx, JOBS_CHANNEL, S("new"), err))
        return fail_in(err, "queueing " STR_FMT, STR_ARG(job->type));
    if (id_r)
        *id_r = id;
    return true;
}

bool job_cancel(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    char text[ID_LENGTH + 10];
    bool is_running;
    if (!jobs_store_cancel(tx, scope, id, now_ms(), &is_running, err))
        return false;
    snprintf(text, sizeof text, "cancel " STR_FMT, STR_ARG(id));
    return !is_running || db_notify(tx, JOBS_CHANNEL, str(text), err);
}

bool job_retry(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return jobs_store_retry(tx, scope, id, now_ms(), err) &&
           db_notify(tx, JOBS_CHANNEL, S("new"), err);
}

int64_t job_retry_delay_max_ms(int attempt)
{
    int64_t delay_ms = RETRY_FIRST_MS;
    for (int i = 1; i < attempt && delay_ms < RETRY_MAX_MS; i++)
        delay_ms *= 2;
    return MIN(delay_ms, RETRY_MAX_MS);
}

int64_t job_retry_delay_ms(int attempt)
{
    uint64_t random;
    random_bytes(&random, sizeof random);
    return (int64_t)(random % (uint64_t)(job_retry_delay_max_ms(attempt) + 1));
}

int64_t job_seconds_left(const JobRow *row, int64_t now)
{
    int64_t spent_ms = now - row->stage_at_ms, done = row->done - row->stage_done;

    if (row->state == JOB_RUNNING && row->total > 0 && row->done >= row->total)
        return 0;
    if (row->state != JOB_RUNNING || done <= 0 || row->total <= 0 || spent_ms <= 0)
        return -1;
    double left_ms = (double)spent_ms * (double)(row->total - row->done) / (double)done;
    return (int64_t)(left_ms / 1000 + 0.999);
}

/* --- Inside a handler ---------------------------------------------------------------- */

bool job_progress(Job *job, const char *stage, int64_t done, int64_t total)
{
    JobRun *run = job->run;

    pthread_mutex_lock(&run->lock);
    if (strcmp(run->stage, stage) != 0) {
        snprintf(run->stage, sizeof run->stage, "%s", stage);
        run->stage_at_ms = now_ms();
        run->stage_done = done;
        run->has_news = true;
    }
    run->has_news = run->has_news || run->done != done || run->total != total;
    run->done = done;
    run->total = total;
    pthread_mutex_unlock(&run->lock);
    return !job_is_stopped(job);
}

bool job_is_stopped(const Job *job) { return atomic_load(&job->run->stop) != STOP_NOT; }

bool job_stopped(const Job *job, Error *err)
{
    switch (atomic_load(&job->run->stop)) {
    case STOP_CANCELLED: return fail(err, ERROR_CANCELLED, "cancelled while it ran");
    case STOP_TIMEOUT: return fail(err, ERROR_TIMEOUT, "it took longer than it may");
    case STOP_LOST: return fail(err, ERROR_CONFLICT, "the job's lease was lost");
    case STOP_SHUTDOWN: return fail(err, ERROR_BUSY, "the program is stopping");
    case STOP_NOT: break;
    }
    return fail(err, ERROR_INTERNAL, "the handler stopped for no reason");
}

bool job_hold(DbTx *tx, const Job *job, Error *err)
{
    return jobs_store_hold(tx, &job->scope, job->id, job->run->token, err);
}

bool job_done_in(DbTx *tx, Job *job, Error *err)
{
    JobRun *run = job->run;
    pthread_mutex_lock(&run->lock);
    int64_t total = run->total;
    pthread_mutex_unlock(&run->lock);
    if (!job_hold(tx, job, err) ||
        !jobs_store_done(tx, &job->scope, job->id, run->token, total, now_ms(), err))
        return false;
    run->is_done_already = true;
    return true;
}

void job_retry_in(Job *job, int64_t delay_ms) { job->run->retry_in_ms = MAX(delay_ms, 0); }

void job_put_off(Job *job, int64_t delay_ms)
{
    job_retry_in(job, delay_ms);
    job->run->is_put_off = true;
}

void job_give_up(Job *job) { job->run->gives_up = true; }
