/* job_queue.c - adding and steering jobs, and what a handler may say. See job_queue.h. */
#include "jobs/job_queue.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "jobs/job_run.h"
#include "store/api_keys_store.h"

#define RETRY_FIRST_MS 2000
#define RETRY_MAX_MS 600000
#define RETRIED_AT_ONCE 1000

/* --- Adding and steering ------------------------------------------------------------- */

bool job_tell_line(DbTx *tx, Str type, Str workspace, bool is_first, Error *err)
{
    char text[200];
    snprintf(text, sizeof text, "%s " STR_FMT " " STR_FMT, is_first ? "now" : "new", STR_ARG(type),
             STR_ARG(workspace));
    return db_hint(tx, JOBS_CHANNEL, str(text), err);
}

bool job_tell_lines(DbTx *tx, const JobLines *lines, Error *err)
{
    for (size_t i = 0; i < lines->count; i++)
        if (!job_tell_line(tx, lines->at[i].type, lines->at[i].workspace, true, err))
            return false;
    return true;
}

bool job_add(DbTx *tx, const Scope *scope, Arena *arena, const NewJob *job, Str *id_r, Error *err)
{
    Str id;
    bool is_new;
    if (!jobs_store_add(tx, scope, arena, job, &id, &is_new, err))
        return fail_in(err, "queueing " STR_FMT, STR_ARG(job->type));
    if (id_r)
        *id_r = id;
    return job->run_at_ms ? db_hint(tx, JOBS_CHANNEL, S("time"), err)
                          : job_tell_line(tx, job->type, scope->workspace, job->priority > 0, err);
}

bool job_open(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    JobLines woken = { 0 };
    return jobs_store_open(tx, scope, arena, id, now_ms(), &woken, err) &&
           job_tell_lines(tx, &woken, err);
}

bool job_cancel(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    JobLines woken = { 0 };
    char text[ID_LENGTH + 10];
    bool is_running;
    if (!jobs_store_cancel(tx, scope, arena, id, now_ms(), &is_running, &woken, err))
        return false;
    snprintf(text, sizeof text, "cancel " STR_FMT, STR_ARG(id));
    return job_tell_lines(tx, &woken, err) && db_notify(tx, JOBS_CHANNEL, str(text), err);
}

bool job_stays(DbTx *tx, const Scope *scope, Arena *arena, const JobRow *job, Error *err)
{
    (void)tx, (void)scope, (void)arena;
    return fail(err, ERROR_CONFLICT,
                "a job of the type " STR_FMT " carries out a change that holds already, and cannot"
                " be cancelled: it ends by itself, or make another change",
                STR_ARG(job->type));
}

bool job_retry(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    JobRow row;
    return jobs_store_retry(tx, scope, id, now_ms(), err) &&
           jobs_store_find(tx, scope, arena, id, &row, err) &&
           job_tell_line(tx, row.type, row.workspace, true, err);
}

bool job_retry_dead(DbTx *tx, const Scope *scope, Str type, int64_t *count_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    return jobs_store_retry_dead(tx, scope, arena, type, now_ms(), RETRIED_AT_ONCE, count_r, err) &&
           db_hint(tx, JOBS_CHANNEL, S("time"), err);
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

typedef struct AskerWork {
    const Job *job;
    Scope asker;
} AskerWork;

static bool asker_work(DbTx *tx, void *argument, Error *err)
{
    AskerWork *work = argument;
    return api_key_act(tx, work->job->arena, work->job->api_key, &work->asker, err);
}

bool job_asker(const Job *job, Role role, Scope *scope_r, Error *err)
{
    AskerWork work = { job, job->scope };
    work.asker.user = job->user;
    work.asker.role = role;
    if (job->api_key.length && !store_read(job->db, &job->scope, asker_work, &work, err))
        return false;
    *scope_r = work.asker;
    return true;
}

bool job_reader(const Job *job, Scope *scope_r, Error *err)
{
    if (!job_asker(job, ROLE_READER, scope_r, err))
        return false;
    if (!scope_r->user.length && !scope_r->key.length)
        scope_r->role = ROLE_OWNER;
    return true;
}

void job_never_ends(Job *job) { atomic_store(&job->run->never_ends, true); }

bool job_hold(DbTx *tx, const Job *job, Error *err)
{
    return jobs_store_hold(tx, &job->scope, job->id, job->run->token, err);
}

bool job_done_in(DbTx *tx, Job *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    JobRun *run = job->run;
    JobLines woken = { 0 };
    pthread_mutex_lock(&run->lock);
    int64_t total = run->total;
    pthread_mutex_unlock(&run->lock);
    if (!job_hold(tx, job, err) ||
        !jobs_store_done(tx, &job->scope, arena, job->id, run->token, total, now_ms(), &woken,
                         err) ||
        !job_tell_lines(tx, &woken, err))
        return false;
    run->is_done_already = true;
    return true;
}

bool job_set_result(DbTx *tx, const Job *job, Str json, Error *err)
{
    if (json.length > JOB_RESULT_MAX)
        return fail(err, ERROR_TOO_LARGE, "the result has %zu bytes; at most %zu are kept",
                    json.length, JOB_RESULT_MAX);
    return jobs_store_set_result(tx, &job->scope, job->id, json, now_ms(), err);
}

void job_retry_in(Job *job, int64_t delay_ms) { job->run->retry_in_ms = MAX(delay_ms, 0); }

void job_put_off(Job *job, int64_t delay_ms)
{
    job_retry_in(job, delay_ms);
    job->run->is_put_off = true;
}

void job_await_children(Job *job) { job->run->awaits = true; }

void job_give_up(Job *job) { job->run->gives_up = true; }
