/* jobs_long_bench.c - whether the queue stays as fast when millions of jobs have gone through:
 * jobs_long_bench URL [MILLIONS [kept | purged | forgotten]]
 *
 * No-op jobs are added, a thousand in a statement, while others are claimed, run and completed,
 * each durably: some 50,000 are always on their way. What is done stays (kept), goes after half a
 * minute as retention has it (purged), or goes at once (forgotten). Prints one JSON line for each
 * million: jobs a second, processor time of a job (of this process and all of PostgreSQL's, so that
 * what else the machine does counts little), size of the table and of its indexes, rows that live
 * and that are dead but not cleared away; and one for all: the last million beside the first. */
#include "base/clock.h"
#include "base/id.h"
#include "jobs/job_runner.h"
#include "must.h"
#include "store/migrate.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#define MILLION 1000000
#define BATCH 1000
#define ON_THEIR_WAY 50000
#define AT_ONCE 64
#define KEPT_MS 30000 /* of those that are purged */

static Db *db;
static Scope system_scope;
static atomic_int_fast64_t run_count;
static int64_t job_count;
static atomic_bool is_over;

static bool do_nothing(Job *job, Error *err)
{
    (void)job;
    (void)err;
    atomic_fetch_add(&run_count, 1);
    return true;
}

/* --- Adding and clearing away -------------------------------------------------------------- */

/* The last one as everybody adds one: so runners hear of it. */
static bool add_batch(DbTx *tx, void *argument, Error *err)
{
#define COPIES                                                                                     \
    "INSERT INTO jobs (id, type, subject, payload, rank, state, run_at, attempt, attempt_max,"     \
    " owner, token, lease_ms, lease_until, is_cancelled, is_wanted_again, stage, stage_at, done,"  \
    " total, error_code, error, created_at, started_at, finished_at)"                              \
    " SELECT value, 'noop', '', '{}', 9, 0, $2, 0, 0, '', 0, 0, 0, 0, 0, '', 0, 0, 0, '', '', $2," \
    " 0, 0 FROM "
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const NewJob job = { .type = S("noop"), .payload = S("{}") };
    Buf ids = buf_new(arena, MB(1));
    (void)argument;
    for (int i = 1; i < BATCH; i++) {
        Str id = id_new(arena);
        buf_addf(&ids, "%c\"" STR_FMT "\"", i == 1 ? '[' : ',', STR_ARG(id));
    }
    buf_add_char(&ids, ']');
    return db_exec(tx,
                   DB_SQL(COPIES "json_each($1)",
                          COPIES "json_array_elements_text($1::json) AS ids (value)"),
                   DB_ARGS(db_text(buf_str(&ids)), db_int(now_ms())), NULL, err) &&
           job_add(tx, &system_scope, arena, &job, NULL, err);
#undef COPIES
}

static void *add_jobs(void *unused)
{
    Error err;
    for (int64_t added = 0; added < job_count; added += BATCH) {
        while (added - atomic_load(&run_count) > ON_THEIR_WAY)
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

/* --- Processor time ------------------------------------------------------------------------ */

typedef struct ProcessTimes {
    int parent;
    unsigned long own, of_ended_children; /* in ticks of the clock */
} ProcessTimes;

static bool read_times(const char *pid, ProcessTimes *times_r)
{
    char path[300], text[1000];
    unsigned long user, kernel, ended_user, ended_kernel;
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "r");
    size_t length = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = '\0';
    const char *rest = strrchr(text, ')'); /* the name of the program before it may hold anything */
    if (!rest || sscanf(rest, ") %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %lu %lu",
                        &times_r->parent, &user, &kernel, &ended_user, &ended_kernel) != 5)
        return false;
    times_r->own = user + kernel;
    times_r->of_ended_children = ended_user + ended_kernel;
    return true;
}

/* Of a PostgreSQL on this machine, one of whose processes this is; 0: there is none. */
static double server_seconds(int64_t backend)
{
    ProcessTimes times;
    char name[24];
    unsigned long ticks = 0;
    snprintf(name, sizeof name, "%" PRId64, backend);
    DIR *folder = backend ? opendir("/proc") : NULL;
    if (!folder || !read_times(name, &times)) {
        if (folder)
            closedir(folder);
        return 0;
    }
    int server = times.parent;
    for (struct dirent *entry; (entry = readdir(folder));)
        if (strspn(entry->d_name, "0123456789") == strlen(entry->d_name) &&
            read_times(entry->d_name, &times)) {
            bool is_server = strtol(entry->d_name, NULL, 10) == server;
            if (is_server || times.parent == server)
                ticks += times.own + (is_server ? times.of_ended_children : 0);
        }
    closedir(folder);
    return (double)ticks / (double)sysconf(_SC_CLK_TCK);
}

static double own_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* --- Figures ------------------------------------------------------------------------------- */

typedef struct Figures {
    double per_second, cpu_us; /* of a job */
    int64_t table_bytes, index_bytes, live, dead, backend;
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
        { DB_SQL("SELECT 0", "SELECT pg_backend_pid()"), &figures->backend },
    };
#undef STAT
    for (size_t i = 0; i < COUNT(asked); i++)
        if (!db_query_int(tx, asked[i].sql, DB_NO_ARGS, 0, asked[i].number, err))
            return false;
    return true;
}

/* Of `count` jobs since the last look. */
static void look(Figures *figures, int64_t done, int64_t count)
{
    static int64_t last_us;
    static double last_s;
    Error err;
    *figures = (Figures){ .cpu_us = 0 };
    must(store_read(db, &system_scope, read_figures, figures, &err), &err);
    int64_t now_us = monotonic_us();
    double now_s = own_seconds() + server_seconds(figures->backend);
    if (count) {
        figures->per_second = (double)count / ((double)(now_us - last_us) / 1e6);
        figures->cpu_us = (now_s - last_s) * 1e6 / (double)count;
        printf("{\"done\":%" PRId64 ",\"per_second\":%.0f,\"cpu_us\":%.1f,\"table_mb\":%" PRId64
               ",\"index_mb\":%" PRId64 ",\"live\":%" PRId64 ",\"dead\":%" PRId64 "}\n",
               done, figures->per_second, figures->cpu_us, figures->table_bytes / MILLION,
               figures->index_bytes / MILLION, figures->live, figures->dead);
        fflush(stdout);
    }
    last_us = now_us;
    last_s = now_s;
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
    Figures now, first = { 0 };
    for (int64_t done = 0, count; done < job_count;) {
        count = MIN(MILLION, job_count - done);
        while (atomic_load(&run_count) < done + count)
            sleep_ms(5);
        done += count;
        if (done == job_count)
            wait_for_all();
        look(&now, done, count);
        if (done == count)
            first = now;
    }
    printf("{\"what\":\"long-%s-%s\",\"jobs\":%" PRId64 ",\"first\":%.0f,\"last\":%.0f,"
           "\"first_cpu_us\":%.1f,\"last_cpu_us\":%.1f,\"table_mb\":%" PRId64
           ",\"index_mb\":%" PRId64 ",\"dead\":%" PRId64 "}\n",
           db_kind(db) == DB_SQLITE ? "sqlite" : "postgresql", how, job_count, first.per_second,
           now.per_second, first.cpu_us, now.cpu_us, now.table_bytes / MILLION,
           now.index_bytes / MILLION, now.dead);
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
    pthread_t adder, purger;
    JobRunner *runner;
    Figures before;
    must(jobs_start(&options, &runner, &err), &err);
    look(&before, 0, 0);
    if (pthread_create(&adder, NULL, add_jobs, NULL) != 0)
        return 1;
    if (is_purged && pthread_create(&purger, NULL, purge_jobs, NULL) != 0)
        return 1;
    measure(how);
    atomic_store(&is_over, true);
    pthread_join(adder, NULL);
    if (is_purged)
        pthread_join(purger, NULL);
    bool stopped = jobs_stop(runner, 10000);
    db_close(db);
    return stopped ? 0 : 1;
}
