/* jobs_long_bench.c - whether the queue stays as fast when millions of jobs have gone through:
 * jobs_long_bench URL [MILLIONS [kept | purged | forgotten]]
 *
 * No-op jobs are added, a thousand in a transaction, while others are claimed, run and completed,
 * each durably: some 50,000 are always on their way. What is done stays (kept), goes after half a
 * minute as retention has it (purged), or goes at once (forgotten). Prints one JSON line for each
 * million: jobs a second, size of the table and of its indexes, rows that live and that are dead
 * but not cleared away; and one for all: the last million beside the first and the slowest. */
#include "base/clock.h"
#include "jobs/job_runner.h"
#include "store/migrate.h"

#include <pthread.h>
#include <stdatomic.h>

#define MILLION 1000000
#define BATCH 1000
#define ON_THEIR_WAY 50000
#define ADDERS 2
#define AT_ONCE 64
#define KEPT_MS 30000 /* of those that are purged */

static Db *db;
static Scope system_scope;
static atomic_int_fast64_t run_count, add_count;
static int64_t job_count;
static atomic_bool is_over;

static void must(bool ok, const Error *err)
{
    if (ok)
        return;
    fprintf(stderr, "jobs_long_bench: %s\n", err->message);
    exit(1);
}

static bool do_nothing(Job *job, Error *err)
{
    (void)job;
    (void)err;
    atomic_fetch_add(&run_count, 1);
    return true;
}

/* --- Adding and clearing away -------------------------------------------------------------- */

static bool add_batch(DbTx *tx, void *argument, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const NewJob job = { .type = S("noop"), .payload = S("{}") };
    (void)argument;
    for (int i = 0; i < BATCH; i++)
        if (!job_add(tx, &system_scope, arena, &job, NULL, err))
            return false;
    return true;
}

static void *add_jobs(void *unused)
{
    Error err;
    while (atomic_fetch_add(&add_count, BATCH) < job_count) {
        while (atomic_load(&add_count) - atomic_load(&run_count) > ON_THEIR_WAY)
            sleep_ms(1);
        must(store_write(db, &system_scope, add_batch, NULL, &err), &err);
    }
    return unused;
}

static bool purge(DbTx *tx, void *count, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const JobKeeping keeping = { STR_NONE, now_ms() - KEPT_MS, now_ms() - KEPT_MS };
    return jobs_store_purge(tx, &system_scope, arena, &keeping, 1, now_ms(), BATCH, count, err);
}

static void *purge_jobs(void *unused)
{
    int64_t count;
    Error err;
    while (!atomic_load(&is_over)) {
        must(store_write(db, &system_scope, purge, &count, &err), &err);
        if (count < BATCH)
            sleep_ms(100);
    }
    return unused;
}

/* --- Figures ------------------------------------------------------------------------------- */

typedef struct Figures {
    double per_second;
    int64_t table_bytes, index_bytes, live, dead;
} Figures;

static bool read_figures(DbTx *tx, void *argument, Error *err)
{
    Figures *figures = argument;
#define STAT(column) "SELECT " column " FROM pg_stat_user_tables WHERE relname = 'jobs'"
    const struct {
        DbSql sql;
        int64_t *number;
    } asked[] = {
        { DB_SQL("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
                 "SELECT pg_table_size('jobs')"),
          &figures->table_bytes },
        { DB_SQL("SELECT 0", "SELECT pg_indexes_size('jobs')"), &figures->index_bytes },
        { DB_SQL("SELECT 0", STAT("n_live_tup")), &figures->live },
        { DB_SQL("SELECT 0", STAT("n_dead_tup")), &figures->dead },
    };
#undef STAT
    for (size_t i = 0; i < COUNT(asked); i++)
        if (!db_query_int(tx, asked[i].sql, DB_NO_ARGS, 0, asked[i].number, err))
            return false;
    return true;
}

static void look(Figures *figures, int64_t done, int64_t count, int64_t began_us)
{
    Error err;
    *figures =
        (Figures){ .per_second = (double)count / ((double)(monotonic_us() - began_us) / 1e6) };
    must(store_read(db, &system_scope, read_figures, figures, &err), &err);
    printf("{\"done\":%" PRId64 ",\"per_second\":%.0f,\"table_mb\":%" PRId64
           ",\"index_mb\":%" PRId64 ",\"live\":%" PRId64 ",\"dead\":%" PRId64 "}\n",
           done, figures->per_second, figures->table_bytes / MILLION,
           figures->index_bytes / MILLION, figures->live, figures->dead);
    fflush(stdout);
}

static bool count_left(DbTx *tx, void *argument, Error *err)
{
    return jobs_store_count(tx, &system_scope, argument, err);
}

/* Until the table says that every job is done. */
static void wait_for_all(void)
{
    JobCounts left = { .waiting = 1 };
    Error err;
    while (left.waiting + left.running) {
        sleep_ms(5);
        must(store_read(db, &system_scope, count_left, &left, &err), &err);
    }
}

static void measure(const char *how)
{
    Figures now, first = { 0 }, slowest = { 0 };
    int64_t done = 0, began_us = monotonic_us();
    while (done < job_count) {
        int64_t count = MIN(MILLION, job_count - done);
        while (atomic_load(&run_count) < done + count)
            sleep_ms(5);
        done += count;
        if (done == job_count)
            wait_for_all();
        look(&now, done, count, began_us);
        began_us = monotonic_us();
        if (done == count)
            first = slowest = now;
        if (now.per_second < slowest.per_second)
            slowest = now;
    }
    printf("{\"what\":\"long-%s-%s\",\"jobs\":%" PRId64
           ",\"first\":%.0f,\"last\":%.0f,\"slowest\":%.0f,\"last_of_first\":%.2f,\"table_mb\":"
           "%" PRId64 ",\"index_mb\":%" PRId64 ",\"dead\":%" PRId64 "}\n",
           db_kind(db) == DB_SQLITE ? "sqlite" : "postgresql", how, job_count, first.per_second,
           now.per_second, slowest.per_second, now.per_second / first.per_second,
           now.table_bytes / MILLION, now.index_bytes / MILLION, now.dead);
}

int main(int argc, char **argv)
{
    Error err = { 0 };
    double millions = argc > 2 ? strtod(argv[2], NULL) : 10;
    const char *how = argc > 3 ? argv[3] : "kept";
    bool is_purged = strcmp(how, "purged") == 0, is_forgotten = strcmp(how, "forgotten") == 0;
    if (argc < 2 || millions <= 0 || !(is_purged || is_forgotten || strcmp(how, "kept") == 0)) {
        fprintf(stderr, "usage: jobs_long_bench URL [MILLIONS [kept | purged | forgotten]]\n");
        return 2;
    }
    job_count = (int64_t)(millions * MILLION) / BATCH * BATCH;
    system_scope = scope_system();
    must(db_open(argv[1], NULL, &db, &err) && migrate_up(db, &err), &err);

    const JobType type = { .name = "noop",
                           .run = do_nothing,
                           .at_once = AT_ONCE,
                           .ahead = 500,
                           .forgets_done = is_forgotten };
    const JobRunnerOptions options = { .db = db, .types = &type, .type_count = 1 };
    pthread_t adders[ADDERS], purger;
    JobRunner *runner;
    must(jobs_start(&options, &runner, &err), &err);
    for (int i = 0; i < ADDERS; i++)
        if (pthread_create(&adders[i], NULL, add_jobs, NULL) != 0)
            return 1;
    if (is_purged && pthread_create(&purger, NULL, purge_jobs, NULL) != 0)
        return 1;
    measure(how);
    atomic_store(&is_over, true);
    for (int i = 0; i < ADDERS; i++)
        pthread_join(adders[i], NULL);
    if (is_purged)
        pthread_join(purger, NULL);
    bool stopped = jobs_stop(runner, 10000);
    db_close(db);
    return stopped ? 0 : 1;
}
