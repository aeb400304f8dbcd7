/* jobs_lost_bench.c - how soon the jobs of a node that was killed run again: jobs_lost_bench URL
 * [ROUNDS]
 *
 * Nodes are processes, each at work on ten jobs, with the leases and pauses of the program. Each is
 * killed (SIGKILL) at a moment of its own. Then either another node is there and takes over when
 * the leases are over ("other"; PostgreSQL alone, twelve nodes a round), or the node starts again
 * under its name ("again"; one node a round). Timed from the kill to the beginning of the next run
 * of each job. Prints a JSON line for each way: seconds, median, 99th percentile and the longest.
 * Exit status 1 when a job did not run again. */
#include "base/clock.h"
#include "jobs/job_runner.h"
#include "must.h"
#include "store/migrate.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define NODES 12
#define JOBS_EACH 10
#define JOBS (NODES * JOBS_EACH)
#define ROUNDS_MAX 100
#define KILLS_WITHIN_MS 10000 /* leases are extended so often */
#define WAIT_MS 120000

/* What survives a process. */
typedef struct Shared {
    struct {
        atomic_int runs, node;
        atomic_int_fast64_t again_us;
    } jobs[JOBS];
    int64_t killed_us[NODES];
} Shared;

static Shared *shared;
static const char *url;
static int this_node;
static int64_t times_us[ROUNDS_MAX * JOBS];
static size_t time_count;

static Db *open_database(void)
{
    Error err = { 0 };
    Db *db;
    must(db_open(url, NULL, &db, &err) && migrate_up(db, &err), &err);
    return db;
}

/* --- Processes ----------------------------------------------------------------------------- */

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const Scope system = scope_system();
    for (int i = 0; i < *(int *)argument; i++) {
        const NewJob job = { .type = S("hold"), .payload = str_format(arena, "%d", i) };
        if (!job_add(tx, &system, arena, &job, NULL, err))
            return false;
    }
    return true;
}

static void add_jobs(int count)
{
    const Scope system = scope_system();
    Db *db = open_database();
    Error err;
    must(store_write(db, &system, add_work, &count, &err), &err);
    db_close(db);
}

/* The first run is at work until its process ends. */
static bool hold(Job *job, Error *err)
{
    int64_t number = 0;
    (void)str_to_int(job->payload, 0, JOBS - 1, &number);
    atomic_store(&shared->jobs[number].again_us, monotonic_us());
    atomic_store(&shared->jobs[number].node, this_node);
    if (atomic_fetch_add(&shared->jobs[number].runs, 1) > 0)
        return true;
    while (!job_is_stopped(job))
        sleep_ms(20);
    return job_stopped(job, err);
}

static void be_a_node(int node)
{
    char owner[20];
    snprintf(owner, sizeof owner, "node %d", node);
    const JobType type = { .name = "hold",
                           .run = hold,
                           .at_once = node < NODES ? JOBS_EACH : JOBS };
    const JobRunnerOptions options = {
        .db = open_database(), .owner = str(owner), .types = &type, .type_count = 1
    };
    JobRunner *runner;
    Error err;
    this_node = node;
    must(jobs_start(&options, &runner, &err), &err);
    for (;;)
        pause();
}

static pid_t start(void (*body)(int), int argument)
{
    pid_t child = fork();
    if (child == 0) {
        body(argument);
        exit(0);
    }
    return child;
}

static void end(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* --- Rounds -------------------------------------------------------------------------------- */

static void wait_for_runs(int count, int runs)
{
    Error err = { .message = "a job did not run" };
    int64_t end_ms = monotonic_ms() + WAIT_MS;
    for (int i = 0; i < count; i++)
        while (atomic_load(&shared->jobs[i].runs) < runs) {
            must(monotonic_ms() < end_ms, &err);
            sleep_ms(1);
        }
}

static void begin_round(int count)
{
    memset(shared, 0, sizeof *shared);
    waitpid(start(add_jobs, count), NULL, 0);
}

/* By whoever was killed while it had the job. */
static void take_times(int count, const int *had)
{
    for (int i = 0; i < count; i++)
        times_us[time_count++] = atomic_load(&shared->jobs[i].again_us) - shared->killed_us[had[i]];
}

static void note_who(int count, int *had)
{
    for (int i = 0; i < count; i++)
        had[i] = atomic_load(&shared->jobs[i].node);
}

static void other_node_takes_over(void)
{
    pid_t nodes[NODES + 1];
    int64_t at_ms[NODES], began_ms;
    int had[JOBS], left = NODES;
    begin_round(JOBS);
    for (int i = 0; i < NODES; i++)
        nodes[i] = start(be_a_node, i);
    wait_for_runs(JOBS, 1);
    note_who(JOBS, had);
    nodes[NODES] = start(be_a_node, NODES);
    began_ms = monotonic_ms();
    for (int i = 0; i < NODES; i++)
        at_ms[i] = 1000 + random() % KILLS_WITHIN_MS;
    for (; left; sleep_ms(1))
        for (int i = 0; i < NODES; i++)
            if (!shared->killed_us[i] && monotonic_ms() - began_ms >= at_ms[i]) {
                shared->killed_us[i] = monotonic_us();
                end(nodes[i]);
                left--;
            }
    wait_for_runs(JOBS, 2);
    sleep_ms(500); /* what is done is stored */
    end(nodes[NODES]);
    take_times(JOBS, had);
}

static void node_starts_again(void)
{
    int had[JOBS_EACH];
    begin_round(JOBS_EACH);
    pid_t node = start(be_a_node, 0);
    wait_for_runs(JOBS_EACH, 1);
    note_who(JOBS_EACH, had);
    sleep_ms(random() % 1000);
    shared->killed_us[0] = monotonic_us();
    end(node);
    node = start(be_a_node, 0);
    wait_for_runs(JOBS_EACH, 2);
    sleep_ms(500);
    end(node);
    take_times(JOBS_EACH, had);
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static void measure(const char *how, void (*round)(void), int rounds)
{
    time_count = 0;
    for (int i = 0; i < rounds; i++)
        round();
    qsort(times_us, time_count, sizeof times_us[0], by_size);
    printf("{\"what\":\"lost-%s-%s\",\"jobs\":%zu,\"p50_s\":%.2f,\"p99_s\":%.2f,\"max_s\":%.2f}\n",
           str_starts(str(url), S("postgres")) ? "postgresql" : "sqlite", how, time_count,
           (double)times_us[time_count / 2] / 1e6, (double)times_us[time_count * 99 / 100] / 1e6,
           (double)times_us[time_count - 1] / 1e6);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 2;
    if (argc < 2 || rounds < 1 || rounds * NODES > ROUNDS_MAX) {
        fprintf(stderr, "usage: jobs_lost_bench URL [ROUNDS]\n");
        return 2;
    }
    url = argv[1];
    srandom((unsigned)now_ms());
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return 1;
    measure("again", node_starts_again, rounds * NODES);
    if (str_starts(str(url), S("postgres")))
        measure("other", other_node_takes_over, rounds);
    return 0;
}
