/* jobs_bench.c - no-op jobs a second through the real queue: jobs_bench URL [JOBS] [AT_ONCE]
 *
 * Rows go when their jobs are done, unless KEEP is set in the environment.
 *
 * Every job is added, claimed, run and completed durably (SQLite: synchronous=FULL, group commit;
 * PostgreSQL: synchronous_commit=on). Prints one JSON line: jobs added a second (64 threads, one
 * job a transaction, and 1,000 a transaction), jobs run a second, and how long an idle runner takes
 * to pick a job up (milliseconds, median and 99th percentile of 200). */
#include "base/clock.h"
#include "base/id.h"
#include "jobs/job_runner.h"
#include "must.h"
#include "store/migrate.h"

#include <pthread.h>
#include <stdatomic.h>

#define ADDERS 64
#define BATCH 1000
#define PINGS 200

static Db *db;
static Scope system_scope;
static atomic_int run_count, next_add;
static int job_count;
static int64_t ping_us[PINGS];
static atomic_int ping_count;

static bool do_nothing(Job *job, Error *err)
{
    (void)job;
    (void)err;
    atomic_fetch_add(&run_count, 1);
    return true;
}

static bool take_ping(Job *job, Error *err)
{
    int64_t sent_us;
    if (!str_to_int(job->payload, 0, INT64_MAX, &sent_us))
        return fail(err, ERROR_INTERNAL, "no time");
    ping_us[atomic_load(&ping_count)] = monotonic_us() - sent_us;
    atomic_fetch_add(&ping_count, 1);
    return true;
}

/* --- Adding -------------------------------------------------------------------------- */

typedef struct Adding {
    Str type, payload;
    int count;
} Adding;

static bool add_jobs(DbTx *tx, void *argument, Error *err)
{
    const Adding *adding = argument;
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    NewJob job = { .type = adding->type, .payload = adding->payload };

    for (int i = 0; i < adding->count; i++)
        if (!job_add(tx, &system_scope, arena, &job, NULL, err))
            return false;
    return true;
}

static void add(Str type, Str payload, int count)
{
    Adding adding = { type, payload, count };
    Error err;
    must(store_write(db, &system_scope, add_jobs, &adding, &err), &err);
}

static void *add_one_by_one(void *unused)
{
    while (atomic_fetch_add(&next_add, 1) < job_count)
        add(S("noop"), S("{}"), 1);
    return unused;
}

static double per_second(int count, int64_t began_us)
{
    return (double)count / ((double)(monotonic_us() - began_us) / 1e6);
}

static double measure_single_adds(void)
{
    pthread_t threads[ADDERS];
    int64_t began_us = monotonic_us();
    for (int i = 0; i < ADDERS; i++)
        if (pthread_create(&threads[i], NULL, add_one_by_one, NULL) != 0)
            exit(1);
    for (int i = 0; i < ADDERS; i++)
        pthread_join(threads[i], NULL);
    return per_second(job_count, began_us);
}

static double measure_batch_adds(void)
{
    int64_t began_us = monotonic_us();
    for (int i = 0; i < job_count / BATCH; i++)
        add(S("noop"), S("{}"), BATCH);
    return per_second(job_count / BATCH * BATCH, began_us);
}

/* --- Running -------------------------------------------------------------------------- */

static bool count_left(DbTx *tx, void *argument, Error *err)
{
    return jobs_store_count(tx, &system_scope, argument, err);
}

/* Until the table says that every job is done, not only that the handlers were called. */
static double measure_running(JobRunner **runner_r, const JobRunnerOptions *options)
{
    JobCounts left = { .waiting = 1 };
    int64_t began_us = monotonic_us();
    Error err;

    must(jobs_start(options, runner_r, &err), &err);
    while (left.waiting + left.running) {
        sleep_ms(5);
        if (atomic_load(&run_count) >= job_count)
            must(store_read(db, &system_scope, count_left, &left, &err), &err);
    }
    return per_second(atomic_load(&run_count), began_us);
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static void measure_pings(void)
{
    for (int i = 0; i < PINGS; i++) {
        char text[24];
        snprintf(text, sizeof text, "%" PRId64, monotonic_us());
        add(S("ping"), str(text), 1);
        while (atomic_load(&ping_count) <= i)
            sleep_ms(1);
        sleep_ms(15);
    }
    qsort(ping_us, PINGS, sizeof ping_us[0], by_size);
}

int main(int argc, char **argv)
{
    Error err = { 0 };
    if (argc < 2) {
        fprintf(stderr, "usage: jobs_bench URL [JOBS] [AT_ONCE]\n");
        return 2;
    }
    job_count = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 20000;
    int at_once = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 64;
    system_scope = scope_system();
    must(db_open(argv[1], NULL, &db, &err) && migrate_up(db, &err), &err);

    const JobType types[] = {
        { .name = "noop",
          .run = do_nothing,
          .at_once = at_once,
          .ahead = 500,
          .forgets_done = getenv("KEEP") == NULL },
        { .name = "ping", .run = take_ping, .at_once = 1 },
    };
    JobRunnerOptions options = { .db = db, .types = types, .type_count = COUNT(types) };
    JobRunner *runner;

    double singles = measure_single_adds();
    int once = job_count;
    double batches = measure_batch_adds();
    job_count = once + once / BATCH * BATCH;
    double runs = measure_running(&runner, &options);
    measure_pings();
    bool stopped = jobs_stop(runner, 1000);
    printf("{\"what\":\"lectern-%s\",\"jobs\":%d,\"at_once\":%d,\"inserted_one_by_one\":%.0f,"
           "\"inserted_batches\":%.0f,\"done\":%.0f,\"pickup\":[%.2f,%.2f]}\n",
           db_kind(db) == DB_SQLITE ? "sqlite" : "postgresql", job_count, at_once, singles, batches,
           runs, (double)ping_us[PINGS / 2] / 1000, (double)ping_us[PINGS * 99 / 100] / 1000);
    db_close(db);
    return stopped ? 0 : 1;
}
