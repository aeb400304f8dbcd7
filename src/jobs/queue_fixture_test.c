#include "jobs/queue_fixture_test.h"

#include "base/clock.h"
#include "store/migrate.h"

Arena *queue_arena;
atomic_int queue_run_count, queue_running, queue_stopped_count;

static void open_arena(void) { queue_arena = arena_new(MB(64)); }
static void close_arena(void) { arena_free(queue_arena); }

TestSuite(jobs, .init = open_arena, .fini = close_arena, .timeout = 60);

Db *queue_open(const char *url)
{
    Error err = { 0 };
    Db *db;
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    cr_assert(migrate_up(db, &err), "%s", err.message);
    return db;
}

typedef struct Adding {
    NewJob job;
    int count;
    Str id; /* of the last */
} Adding;

static bool add_jobs(DbTx *tx, void *argument, Error *err)
{
    Adding *adding = argument;
    Scope system = scope_system();
    for (int i = 0; i < adding->count; i++)
        if (!job_add(tx, &system, queue_arena, &adding->job, &adding->id, err))
            return false;
    return true;
}

Str queue_add(Db *db, NewJob job, int count)
{
    Adding adding = { .job = job, .count = count };
    Scope system = scope_system();
    Error err = { 0 };
    cr_assert(store_write(db, &system, add_jobs, &adding, &err), "%s", err.message);
    return adding.id;
}

typedef struct Finding {
    Str id;
    JobRow row;
} Finding;

static bool find_job(DbTx *tx, void *argument, Error *err)
{
    Finding *finding = argument;
    Scope system = scope_system();
    return jobs_store_find(tx, &system, queue_arena, finding->id, &finding->row, err);
}

JobRow queue_find(Db *db, Str id)
{
    Finding finding = { .id = id };
    Scope system = scope_system();
    Error err = { 0 };
    cr_assert(store_read(db, &system, find_job, &finding, &err), "%s", err.message);
    return finding.row;
}

static bool cancel_job(DbTx *tx, void *argument, Error *err)
{
    Scope system = scope_system();
    return job_cancel(tx, &system, *(Str *)argument, err);
}

static bool retry_job(DbTx *tx, void *argument, Error *err)
{
    Scope system = scope_system();
    return job_retry(tx, &system, *(Str *)argument, err);
}

bool queue_cancel(Db *db, Str id, Error *err)
{
    Scope system = scope_system();
    return store_write(db, &system, cancel_job, &id, err);
}

bool queue_retry(Db *db, Str id, Error *err)
{
    Scope system = scope_system();
    return store_write(db, &system, retry_job, &id, err);
}

static bool count_jobs(DbTx *tx, void *argument, Error *err)
{
    Scope system = scope_system();
    return jobs_store_count(tx, &system, argument, err);
}

JobCounts queue_counts(Db *db)
{
    JobCounts counts = { 0 };
    Scope system = scope_system();
    Error err = { 0 };
    cr_assert(store_read(db, &system, count_jobs, &counts, &err), "%s", err.message);
    return counts;
}

int64_t queue_left(Db *db)
{
    JobCounts counts = queue_counts(db);
    return counts.waiting + counts.running + counts.delayed + counts.dead;
}

static bool list_rows(DbTx *tx, void *argument, Error *err)
{
    Scope system = scope_system();
    JobFilter any = { 0 };
    return jobs_store_list(tx, &system, queue_arena, &any, NULL, argument, err);
}

size_t queue_count_rows(Db *db)
{
    JobRowList list = { 0 };
    Scope system = scope_system();
    Error err = { 0 };
    cr_assert(store_read(db, &system, list_rows, &list, &err), "%s", err.message);
    return list.count;
}

bool queue_wait_state(Db *db, Str id, JobState state)
{
    for (int i = 0; i < 600; i++) {
        if (queue_find(db, id).state == state)
            return true;
        sleep_ms(25);
    }
    return false;
}

JobRunner *queue_start(Db *db, const JobType *types, size_t count)
{
    JobRunnerOptions options = { .db = db, .types = types, .type_count = count, .poll_ms = 300 };
    JobRunner *runner;
    Error err = { 0 };
    cr_assert(jobs_start(&options, &runner, &err), "%s", err.message);
    return runner;
}

bool queue_do_nothing(Job *job, Error *err)
{
    (void)job;
    (void)err;
    atomic_fetch_add(&queue_run_count, 1);
    return true;
}

bool queue_wait_for(atomic_int *number, int wanted)
{
    for (int i = 0; i < 600 && atomic_load(number) < wanted; i++)
        sleep_ms(25);
    return atomic_load(number) >= wanted;
}

bool queue_work_until_stopped(Job *job, Error *err)
{
    for (int64_t i = 1; i < 3000; i++) {
        atomic_store(&queue_running, 1);
        if (!job_progress(job, "reading", i, 3000)) {
            atomic_fetch_add(&queue_stopped_count, 1);
            return job_stopped(job, err);
        }
        sleep_ms(10);
    }
    return true;
}
