#include "jobs/queue_fixture_test.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* --- Leases ----------------------------------------------------------------------------- */

typedef struct Claiming {
    JobClaim claim;
    int64_t now_ms, recovered;
    JobRowList rows;
    JobOutcome outcome;
    bool is_stale;
} Claiming;

static JobClaim claim_of(const char *type, const char *owner, int attempt_max)
{
    return (JobClaim){ .type = str(type),
                       .owner = str(owner),
                       .lease_ms = 30000,
                       .limit = 10,
                       .attempt_max = attempt_max };
}

static bool claim_jobs(DbTx *tx, void *argument, Error *err)
{
    Claiming *claiming = argument;
    Scope system = scope_system();
    return jobs_store_recover(tx, &system, queue_arena, claiming->now_ms, &claiming->recovered,
                              err) &&
           jobs_store_claim(tx, &system, queue_arena, &claiming->claim, claiming->now_ms,
                            &claiming->rows, err);
}

static bool finish_job(DbTx *tx, void *argument, Error *err)
{
    Claiming *claiming = argument;
    Scope system = scope_system();
    JobLines woken = { 0 };
    return jobs_store_finish(tx, &system, queue_arena, &claiming->outcome, 1, claiming->now_ms,
                             &claiming->is_stale, &woken, err);
}

TEST_BOTH(jobs, a_stale_runner_cannot_change_a_job)
{
    Db *db = queue_open(url);
    Scope system = scope_system();
    Error err = { 0 };
    Str id = queue_add(db, (NewJob){ .type = S("t") }, 1);
    Claiming first = { .claim = claim_of("t", "first", 5), .now_ms = now_ms() };
    Claiming second = { .claim = claim_of("t", "second", 5), .now_ms = now_ms() };

    cr_assert(store_write(db, &system, claim_jobs, &first, &err), "%s", err.message);
    cr_assert_eq(first.rows.count, 1);
    cr_assert(store_write(db, &system, claim_jobs, &second, &err), "%s", err.message);
    cr_assert_eq(second.rows.count, 0);
    second.now_ms += 30001; /* the lease is over */
    cr_assert(store_write(db, &system, claim_jobs, &second, &err), "%s", err.message);
    cr_assert_eq(second.recovered, 1);
    cr_assert_eq(second.rows.count, 1);
    cr_assert_gt(second.rows.at[0].token, first.rows.at[0].token);

    first.outcome = (JobOutcome){ .id = id, .token = first.rows.at[0].token, .state = JOB_DONE };
    cr_assert(store_write(db, &system, finish_job, &first, &err), "%s", err.message);
    cr_assert(first.is_stale);
    cr_assert_eq(queue_find(db, id).state, JOB_RUNNING);
    second.outcome = (JobOutcome){ .id = id, .token = second.rows.at[0].token, .state = JOB_DONE };
    cr_assert(store_write(db, &system, finish_job, &second, &err), "%s", err.message);
    cr_assert(!second.is_stale);
    cr_assert_eq(queue_find(db, id).state, JOB_DONE);
    cr_assert(store_write(db, &system, finish_job, &second, &err) && second.is_stale);
    db_close(db);
}

#define RACERS 50 /* jobs that two finish at once */

typedef struct Racing {
    Db *db;
    Claiming claiming;
    JobOutcome outcomes[RACERS];
    bool is_stale[RACERS];
    bool is_backwards; /* the two meet in the middle of the list */
} Racing;

static bool finish_one(DbTx *tx, void *argument, Error *err)
{
    Claiming *claiming = argument;
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Scope system = scope_system();
    JobLines woken = { 0 };
    return jobs_store_finish(tx, &system, arena, &claiming->outcome, 1, claiming->now_ms,
                             &claiming->is_stale, &woken, err);
}

static void *finish_racing(void *argument)
{
    Racing *racing = argument;
    Scope system = scope_system();
    Error err = { 0 };
    for (int i = 0; i < RACERS; i++) {
        int at = racing->is_backwards ? RACERS - 1 - i : i;
        racing->claiming.outcome = racing->outcomes[at];
        cr_assert(store_write(racing->db, &system, finish_one, &racing->claiming, &err), "%s",
                  err.message);
        racing->is_stale[at] = racing->claiming.is_stale;
    }
    return NULL;
}

static void claim_racing(Racing *racing, const char *owner, int64_t now, JobState state)
{
    Scope system = scope_system();
    Error err = { 0 };
    racing->claiming = (Claiming){ .claim = claim_of("t", owner, 5), .now_ms = now };
    racing->claiming.claim.limit = RACERS;
    cr_assert(store_write(racing->db, &system, claim_jobs, &racing->claiming, &err), "%s",
              err.message);
    cr_assert_eq(racing->claiming.rows.count, RACERS);
    for (size_t i = 0; i < RACERS; i++) {
        const JobRow *row = &racing->claiming.rows.at[i];
        racing->outcomes[i] = (JobOutcome){ .id = row->id, .token = row->token, .state = state };
    }
}

/* JOBS_RACES in the environment: how many rounds of 50; 200 are ten thousand races. */
TEST_BOTH(jobs, of_two_that_finish_at_once_only_whoever_has_the_lease_does)
{
    Db *db = queue_open(url);
    Racing *late = arena_new_one(queue_arena, Racing), *now = arena_new_one(queue_arena, Racing);
    const char *wish = getenv("JOBS_RACES");
    int64_t rounds = 1, began = now_ms();
    pthread_t threads[2];

    (void)(wish && str_to_int(str(wish), 1, 1000, &rounds));
    for (int64_t round = 0; round < rounds; round++) {
        late->db = now->db = db;
        late->is_backwards = round % 2;
        queue_add(db, (NewJob){ .type = S("t") }, RACERS);
        claim_racing(late, "late", began, JOB_DEAD);
        claim_racing(now, "now", began + 30001, JOB_DONE);
        cr_assert_eq(pthread_create(&threads[0], NULL, finish_racing, late), 0);
        cr_assert_eq(pthread_create(&threads[1], NULL, finish_racing, now), 0);
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        for (int i = 0; i < RACERS; i++)
            cr_assert(late->is_stale[i] && !now->is_stale[i]);
    }
    cr_assert_eq(queue_left(db), 0);
    db_close(db);
}

TEST_BOTH(jobs, a_job_whose_runners_die_is_dead_after_its_attempts)
{
    Db *db = queue_open(url);
    Scope system = scope_system();
    Error err = { 0 };
    Str id = queue_add(db, (NewJob){ .type = S("t"), .attempt_max = 2 }, 1);
    Claiming claiming = { .claim = claim_of("t", "dying", 5), .now_ms = now_ms() };

    for (int i = 0; i < 3; i++, claiming.now_ms += 30001)
        cr_assert(store_write(db, &system, claim_jobs, &claiming, &err), "%s", err.message);
    JobRow row = queue_find(db, id);
    cr_assert_eq(row.state, JOB_DEAD);
    cr_assert_eq(row.attempt, 2);
    db_close(db);
}

TEST_BOTH(jobs, a_lease_is_extended_while_the_job_runs)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "long", .run = queue_work_until_stopped, .lease_s = 2 } };
    JobRunner *runner = queue_start(db, types, 1), *other = queue_start(db, types, 1);
    Error err = { 0 };

    Str id = queue_add(db, (NewJob){ .type = S("long") }, 1);
    cr_assert(queue_wait_for(&queue_running, 1));
    sleep_ms(4000);
    cr_assert_eq(queue_find(db, id).state, JOB_RUNNING);
    cr_assert_eq(queue_find(db, id).attempt, 1);
    cr_assert(queue_cancel(db, id, &err));
    cr_assert(queue_wait_state(db, id, JOB_CANCELLED));
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS) && jobs_stop(other, QUEUE_STOP_MS));
    db_close(db);
}

/* --- Rows that a handler's transaction has locked ---------------------------------------- */

typedef struct Holding {
    Db *db;
    Str id;
    int64_t token;
    atomic_bool is_held, may_end;
    bool ended_early; /* nobody came past it in time */
} Holding;

static bool hold_row(DbTx *tx, void *argument, Error *err)
{
    Holding *holding = argument;
    Scope system = scope_system();
    if (!jobs_store_hold(tx, &system, holding->id, holding->token, err))
        return false;
    atomic_store(&holding->is_held, true);
    for (int i = 0; i < 400 && !atomic_load(&holding->may_end); i++)
        sleep_ms(25);
    holding->ended_early = !atomic_load(&holding->may_end);
    return true;
}

static void *hold_in_a_thread(void *argument)
{
    Holding *holding = argument;
    Scope system = scope_system();
    Error err = { 0 };
    cr_assert(store_write(holding->db, &system, hold_row, holding, &err), "%s", err.message);
    return NULL;
}

typedef struct Beating {
    int64_t now_ms, recovered;
    JobHeldList held;
    JobNews news;
} Beating;

static bool beat_and_recover(DbTx *tx, void *argument, Error *err)
{
    Beating *beating = argument;
    Scope system = scope_system();
    return jobs_store_progress(tx, &system, &beating->news, 1, err) &&
           jobs_store_heartbeat(tx, &system, queue_arena, S("node"), beating->now_ms,
                                &beating->held, err) &&
           jobs_store_recover(tx, &system, queue_arena, beating->now_ms, &beating->recovered, err);
}

/* One that waited would be a part of a deadlock when the handler wants the row of a parent. */
Test(jobs, a_round_waits_for_no_row_that_a_handler_has_locked)
{
    const char *url = test_db_ready(queue_arena, DB_POSTGRES);
    Scope system = scope_system();
    Error err = { 0 };
    pthread_t thread;
    if (!url)
        return;

    Db *db = queue_open(url);
    queue_add(db, (NewJob){ .type = S("t") }, 2);
    Claiming claiming = { .claim = claim_of("t", "node", 5), .now_ms = now_ms() };
    cr_assert(store_write(db, &system, claim_jobs, &claiming, &err), "%s", err.message);
    cr_assert_eq(claiming.rows.count, 2);
    const JobRow *locked = &claiming.rows.at[0], *other = &claiming.rows.at[1];
    Holding holding = { .db = db, .id = locked->id, .token = locked->token };
    cr_assert_eq(pthread_create(&thread, NULL, hold_in_a_thread, &holding), 0);
    while (!atomic_load(&holding.is_held))
        sleep_ms(1);

    Beating beating = { .now_ms = claiming.now_ms + 20000,
                        .news = { .id = locked->id, .token = locked->token, .done = 7 } };
    cr_assert(store_write(db, &system, beat_and_recover, &beating, &err), "%s", err.message);
    cr_assert_eq(beating.held.count, 2);
    cr_assert_eq(beating.recovered, 0);
    beating.now_ms = claiming.now_ms + 30001; /* only the other's lease was extended */
    beating.news = (JobNews){ .id = other->id, .token = other->token, .done = 7 };
    cr_assert(store_write(db, &system, beat_and_recover, &beating, &err), "%s", err.message);
    cr_assert_eq(beating.recovered, 0);
    atomic_store(&holding.may_end, true);
    pthread_join(thread, NULL);
    cr_assert(!holding.ended_early);
    cr_assert_eq(queue_find(db, other->id).done, 7);
    cr_assert_eq(queue_find(db, locked->id).done, 0);
    db_close(db);
}

TEST_BOTH(jobs, stopping_gives_jobs_back_with_their_attempts)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "long", .run = queue_work_until_stopped, .ahead = 5 } };
    JobRunner *runner = queue_start(db, types, 1);

    Str id = queue_add(db, (NewJob){ .type = S("long") }, 3);
    cr_assert(queue_wait_for(&queue_running, 1));
    cr_assert(jobs_stop(runner, 100));
    JobCounts left = queue_counts(db);
    cr_assert_eq(left.waiting, 3);
    cr_assert_eq(left.running, 0);
    cr_assert_eq(queue_find(db, id).attempt, 0);
    db_close(db);
}

/* --- When things break ------------------------------------------------------------------ */

TEST_BOTH(jobs, what_is_claimed_while_a_stop_begins_is_given_back)
{
    Db *db = queue_open(url);
    JobType type = { .name = "test", .run = queue_do_nothing, .at_once = 4 };

    for (int i = 0; i < 8; i++) {
        JobRunner *runner = queue_start(db, &type, 1);
        queue_add(db, (NewJob){ .type = S("test") }, 4);
        struct timespec pause = { .tv_nsec = i * 500000 };
        nanosleep(&pause, NULL);
        cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
        cr_expect_eq(queue_counts(db).running, 0, "in round %d", i);
    }
    db_close(db);
}

TEST_BOTH(jobs, with_every_23rd_statement_failing_every_job_is_done)
{
    Db *db = queue_open(url), *failing;
    const JobType types[] = {
        { .name = "nothing", .run = queue_do_nothing, .at_once = 4, .ahead = 4, .lease_s = 1 }
    };
    Error err = { 0 };

    /* A round has at most twenty statements. jobs_start() itself may meet a failing one. */
    cr_assert(db_open(str_format(queue_arena, "failing:23:%s", url).at, NULL, &failing, &err));
    JobRunnerOptions options = { .db = failing, .types = types, .type_count = 1, .poll_ms = 100 };
    JobRunner *runner;
    while (!jobs_start(&options, &runner, &err))
        ;
    queue_add(db, (NewJob){ .type = S("nothing") }, 60);
    for (int i = 0; i < 1200 && queue_left(db); i++)
        sleep_ms(25);
    cr_assert_eq(queue_left(db), 0);
    cr_assert_geq(atomic_load(&queue_run_count), 60);
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    db_close(failing);
    db_close(db);
}

TEST_BOTH(jobs, a_runner_that_is_back_takes_its_jobs_at_once_after_its_last_attempt_too)
{
    Db *db = queue_open(url);
    Scope system = scope_system();
    const JobType types[] = { { .name = "nothing", .run = queue_do_nothing, .lease_s = 30 } };
    JobRunnerOptions options = { .db = db, .types = types, .type_count = 1, .owner = S("node") };
    Claiming before = { .claim = claim_of("nothing", "node", 1), .now_ms = now_ms() };
    Claiming other = { .claim = claim_of("nothing", "other", 1), .now_ms = now_ms() };
    JobRunner *runner;
    Error err = { 0 };

    Str ours = queue_add(db, (NewJob){ .type = S("nothing") }, 1);
    cr_assert(store_write(db, &system, claim_jobs, &before, &err), "%s", err.message);
    Str theirs = queue_add(db, (NewJob){ .type = S("nothing") }, 1);
    cr_assert(store_write(db, &system, claim_jobs, &other, &err), "%s", err.message);
    cr_assert_eq(before.rows.count + other.rows.count, 2);
    cr_assert(jobs_start(&options, &runner, &err), "%s", err.message);
    cr_assert(queue_wait_state(db, ours, JOB_DONE));
    cr_assert_eq(queue_find(db, theirs).state, JOB_RUNNING);
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    db_close(db);
}

static int told_fd;
static bool tell_parent(Job *job, Error *err)
{
    sleep_ms(5);
    return write(told_fd, "x", 1) == 1 || fail(err, ERROR_IO, "%d", job->attempt);
}

static void run_until_killed(const char *url)
{
    const JobType types[] = { { .name = "tell", .run = tell_parent, .at_once = 4, .lease_s = 1 } };
    JobRunnerOptions options = { .types = types, .type_count = 1 };
    JobRunner *runner;
    Error err;
    if (!db_open(url, NULL, &options.db, &err) || !jobs_start(&options, &runner, &err))
        _exit(1);
    for (;;)
        pause();
}

TEST_BOTH(jobs, a_killed_process_loses_no_job_and_another_takes_over)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "tell", .run = tell_parent, .at_once = 4, .lease_s = 1 } };
    int ends[2];
    char byte;

    queue_add(db, (NewJob){ .type = S("tell"), .attempt_max = 5 }, 200);
    db_close(db);
    cr_assert_eq(pipe(ends), 0);
    told_fd = ends[1];
    pid_t child = fork();
    if (child == 0)
        run_until_killed(url);
    for (int i = 0; i < 50; i++)
        cr_assert_eq(read(ends[0], &byte, 1), 1);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);

    db = queue_open(url);
    int64_t left = queue_left(db);
    cr_assert(left > 0 && left < 200);
    JobRunner *runner = queue_start(db, types, 1);
    for (int i = 0; i < 600 && queue_left(db); i++)
        sleep_ms(25);
    cr_assert_eq(queue_left(db), 0);
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    db_close(db);
    close(ends[0]);
    close(ends[1]);
}

/* --- News that nobody told --- */

static bool add_in_silence(DbTx *tx, void *argument, Error *err)
{
    const NewJob *job = argument;
    Scope system = scope_system();
    bool is_new;
    Str id;
    return jobs_store_add(tx, &system, queue_arena, job, &id, &is_new, err);
}

static void add_unheard(Db *db, NewJob job)
{
    Scope system = scope_system();
    Error err;
    cr_assert(store_write(db, &system, add_in_silence, &job, &err), "%s", err.message);
}

/* Whoever added them ended before it could tell: at once, and some time from then. */
TEST_BOTH(jobs, jobs_of_which_nobody_told_run_within_seconds)
{
    const JobType types[] = { { .name = "t", .run = queue_do_nothing } };
    Db *db = queue_open(url);
    JobRunner *runner;
    Error err;
    cr_assert(
        jobs_start(&(JobRunnerOptions){ .db = db, .types = types, .type_count = 1 }, &runner, &err),
        "%s", err.message);
    sleep_ms(200);
    add_unheard(db, (NewJob){ .type = S("t"), .subject = S("now") });
    add_unheard(db, (NewJob){ .type = S("t"), .subject = S("later"), .run_at_ms = now_ms() + 500 });
    cr_expect(queue_wait_for(&queue_run_count, 2));
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    db_close(db);
}
