#include "db/fixture_test.h"

#include "base/clock.h"
#include "base/id.h"
#include "jobs/job_run.h"
#include "store/migrate.h"
#include "store/workspaces_store.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static Arena *arena;
static void open_arena(void) { arena = arena_new(MB(64)); }
static void close_arena(void) { arena_free(arena); }
/* For what runs to end, on a machine with much else to do. */
#define STOP_MS 20000

TestSuite(jobs, .init = open_arena, .fini = close_arena, .timeout = 60);

/* --- A queue for a test, and handlers that count ---------------------------------------- */

static Db *open_queue(const char *url)
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
        if (!job_add(tx, &system, arena, &adding->job, &adding->id, err))
            return false;
    return true;
}

static Str add(Db *db, NewJob job, int count)
{
    Adding adding = { .job = job, .count = count };
    Scope system = scope_system();
    Error err = { 0 };
    cr_assert(store_write(db, &system, add_jobs, &adding, &err), "%s", err.message);
    return adding.id;
}

typedef struct Steering {
    Str id;
    JobRow row;
    JobCounts counts;
} Steering;

static bool find_job(DbTx *tx, void *argument, Error *err)
{
    Steering *steering = argument;
    Scope system = scope_system();
    return jobs_store_find(tx, &system, arena, steering->id, &steering->row, err);
}

static JobRow find(Db *db, Str id)
{
    Steering steering = { .id = id };
    Scope system = scope_system();
    Error err = { 0 };
    cr_assert(store_read(db, &system, find_job, &steering, &err), "%s", err.message);
    return steering.row;
}

static bool cancel_job(DbTx *tx, void *argument, Error *err)
{
    Scope system = scope_system();
    return job_cancel(tx, &system, ((Steering *)argument)->id, err);
}

static bool retry_job(DbTx *tx, void *argument, Error *err)
{
    Scope system = scope_system();
    return job_retry(tx, &system, ((Steering *)argument)->id, err);
}

static bool steer(Db *db, DbWork *work, Str id, Error *err)
{
    Steering steering = { .id = id };
    Scope system = scope_system();
    return store_write(db, &system, work, &steering, err);
}

static bool count_jobs(DbTx *tx, void *argument, Error *err)
{
    Scope system = scope_system();
    return jobs_store_count(tx, &system, &((Steering *)argument)->counts, err);
}

static JobCounts counts(Db *db)
{
    Steering steering = { 0 };
    Scope system = scope_system();
    Error err = { 0 };
    cr_assert(store_read(db, &system, count_jobs, &steering, &err), "%s", err.message);
    return steering.counts;
}

static bool wait_state(Db *db, Str id, JobState state)
{
    for (int i = 0; i < 600; i++) {
        if (find(db, id).state == state)
            return true;
        sleep_ms(25);
    }
    return false;
}

static JobRunner *start(Db *db, const JobType *types, size_t count)
{
    JobRunnerOptions options = { .db = db, .types = types, .type_count = count, .poll_ms = 300 };
    JobRunner *runner;
    Error err = { 0 };
    cr_assert(jobs_start(&options, &runner, &err), "%s", err.message);
    return runner;
}

static atomic_int run_count, running, running_most;

static bool do_nothing(Job *job, Error *err)
{
    (void)job;
    (void)err;
    atomic_fetch_add(&run_count, 1);
    return true;
}

static bool do_briefly(Job *job, Error *err)
{
    int now = atomic_fetch_add(&running, 1) + 1;
    if (now > atomic_load(&running_most))
        atomic_store(&running_most, now);
    sleep_ms(20);
    atomic_fetch_sub(&running, 1);
    return do_nothing(job, err);
}

static bool wait_for(atomic_int *number, int wanted)
{
    for (int i = 0; i < 600 && atomic_load(number) < wanted; i++)
        sleep_ms(25);
    return atomic_load(number) >= wanted;
}

/* --- Running ---------------------------------------------------------------------------- */

TEST_BOTH(jobs, every_job_runs_once_and_is_done)
{
    Db *db = open_queue(url);
    const JobType types[] = { { .name = "nothing", .run = do_nothing, .at_once = 8, .ahead = 50 } };
    JobRunner *runner = start(db, types, 1);

    Str last = add(db, (NewJob){ .type = S("nothing") }, 500);
    cr_assert(wait_for(&run_count, 500));
    cr_assert(wait_state(db, last, JOB_DONE));
    cr_assert(jobs_stop(runner, STOP_MS));
    cr_assert_eq(atomic_load(&run_count), 500);
    JobCounts left = counts(db);
    cr_assert_eq(left.waiting + left.running + left.delayed + left.dead, 0);
    db_close(db);
}

TEST_BOTH(jobs, no_more_than_at_once_run_at_once)
{
    Db *db = open_queue(url);
    const JobType types[] = { { .name = "brief", .run = do_briefly, .at_once = 3, .ahead = 9 } };

    add(db, (NewJob){ .type = S("brief") }, 30);
    JobRunner *runner = start(db, types, 1);
    cr_assert(wait_for(&run_count, 30));
    cr_assert_eq(atomic_load(&running_most), 3);
    cr_assert(jobs_stop(runner, STOP_MS));
    db_close(db);
}

static char order[40];
static atomic_int order_count;
static bool note_order(Job *job, Error *err)
{
    (void)err;
    order[atomic_load(&order_count)] = job->subject.at[0]; /* one runs at a time */
    atomic_fetch_add(&order_count, 1);
    return true;
}

TEST_BOTH(jobs, a_higher_priority_runs_first_and_equals_in_order)
{
    Db *db = open_queue(url);
    const JobType types[] = { { .name = "order", .run = note_order, .at_once = 1 } };

    add(db, (NewJob){ .type = S("order"), .subject = S("c"), .priority = 1 }, 1);
    add(db, (NewJob){ .type = S("order"), .subject = S("d"), .priority = 1 }, 1);
    add(db, (NewJob){ .type = S("order"), .subject = S("e") }, 1);
    add(db, (NewJob){ .type = S("order"), .subject = S("a"), .priority = 9 }, 1);
    add(db, (NewJob){ .type = S("order"), .subject = S("b"), .priority = 5 }, 1);
    JobRunner *runner = start(db, types, 1);
    cr_assert(wait_for(&order_count, 5));
    cr_assert_str_eq(order, "abcde");
    cr_assert(jobs_stop(runner, STOP_MS));
    db_close(db);
}

TEST_BOTH(jobs, the_same_subject_is_queued_once_until_it_is_done)
{
    Db *db = open_queue(url);
    const JobType types[] = { { .name = "nothing", .run = do_nothing } };
    NewJob job = { .type = S("nothing"), .subject = S("document 1") };

    Str first = add(db, job, 1);
    cr_assert(str_equal(add(db, job, 3), first));
    JobRunner *runner = start(db, types, 1);
    cr_assert(wait_state(db, first, JOB_DONE));
    cr_assert(!str_equal(add(db, job, 1), first));
    cr_assert(wait_for(&run_count, 2));
    cr_assert(jobs_stop(runner, STOP_MS));
    cr_assert_eq(atomic_load(&run_count), 2);
    db_close(db);
}

/* --- Failing ---------------------------------------------------------------------------- */

static bool fail_twice(Job *job, Error *err)
{
    atomic_fetch_add(&run_count, 1);
    job_retry_in(job, 50);
    return job->attempt > 2 || fail(err, ERROR_UPSTREAM, "not yet");
}

static bool fail_for_good(Job *job, Error *err)
{
    (void)job;
    atomic_fetch_add(&run_count, 1);
    return fail(err, ERROR_DAMAGED, "this file is broken");
}

static bool fail_always(Job *job, Error *err)
{
    atomic_fetch_add(&run_count, 1);
    job_retry_in(job, 10);
    return fail(err, ERROR_UPSTREAM, "never");
}

static bool put_off_often(Job *job, Error *err)
{
    job_put_off(job, 1);
    return atomic_fetch_add(&run_count, 1) == 5 || fail(err, ERROR_BUSY, "not here");
}

TEST_BOTH(jobs, what_is_put_off_uses_up_no_attempt)
{
    Db *db = open_queue(url);
    const JobType types[] = { { .name = "elsewhere", .run = put_off_often, .attempts_max = 2 } };
    JobRunner *runner = start(db, types, 1);
    Str id = add(db, (NewJob){ .type = S("elsewhere") }, 1);
    cr_assert(wait_state(db, id, JOB_DONE));
    cr_assert_eq(atomic_load(&run_count), 6);
    cr_assert_eq(find(db, id).attempt, 1);
    cr_assert(jobs_stop(runner, 1000));
    db_close(db);
}

TEST_BOTH(jobs, a_failure_is_tried_again_and_a_permanent_one_is_not)
{
    Db *db = open_queue(url);
    const JobType types[] = { { .name = "twice", .run = fail_twice },
                              { .name = "broken", .run = fail_for_good },
                              { .name = "always", .run = fail_always, .attempts_max = 3 } };
    JobRunner *runner = start(db, types, 3);
    Error err = { 0 };

    Str twice = add(db, (NewJob){ .type = S("twice") }, 1);
    cr_assert(wait_state(db, twice, JOB_DONE));
    cr_assert_eq(find(db, twice).attempt, 3);
    cr_assert_eq(atomic_load(&run_count), 3);

    Str broken = add(db, (NewJob){ .type = S("broken") }, 1);
    cr_assert(wait_state(db, broken, JOB_DEAD));
    cr_assert(str_is(find(db, broken).error, "this file is broken"));
    cr_assert(str_is(find(db, broken).error_code, "damaged"));
    cr_assert_eq(atomic_load(&run_count), 4);

    Str always = add(db, (NewJob){ .type = S("always") }, 1);
    cr_assert(wait_state(db, always, JOB_DEAD));
    cr_assert_eq(atomic_load(&run_count), 7);
    cr_assert(steer(db, retry_job, always, &err), "%s", err.message);
    cr_assert(wait_for(&run_count, 10));
    cr_assert(wait_state(db, always, JOB_DEAD));
    cr_assert(!steer(db, retry_job, twice, &err));
    cr_assert_eq(err.code, ERROR_CONFLICT);
    cr_assert(jobs_stop(runner, STOP_MS));
    db_close(db);
}

Test(jobs, retries_wait_a_random_time_below_a_doubling_limit)
{
    static const struct {
        int attempt;
        int64_t max_ms;
    } cases[] = { { 1, 2000 },   { 2, 4000 },    { 3, 8000 },
                  { 9, 512000 }, { 10, 600000 }, { 90, 600000 } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t least = INT64_MAX, most = 0;
        cr_assert_eq(job_retry_delay_max_ms(cases[i].attempt), cases[i].max_ms);
        for (int k = 0; k < 1000; k++) {
            int64_t delay = job_retry_delay_ms(cases[i].attempt);
            least = MIN(least, delay);
            most = MAX(most, delay);
        }
        cr_assert(least >= 0 && least < cases[i].max_ms / 20);
        cr_assert(most <= cases[i].max_ms && most > cases[i].max_ms / 20 * 19);
    }
}

/* --- Cancelling, progress --------------------------------------------------------------- */

static atomic_int stopped_count;
static bool work_until_stopped(Job *job, Error *err)
{
    for (int64_t i = 1; i < 3000; i++) {
        atomic_store(&running, 1);
        if (!job_progress(job, "reading", i, 3000)) {
            atomic_fetch_add(&stopped_count, 1);
            return job_stopped(job, err);
        }
        sleep_ms(10);
    }
    return true;
}

TEST_BOTH(jobs, a_running_job_shows_its_progress_and_stops_when_cancelled)
{
    Db *db = open_queue(url);
    const JobType types[] = { { .name = "long", .run = work_until_stopped } };
    JobRunner *runner = start(db, types, 1);
    Error err = { 0 };

    Str id = add(db, (NewJob){ .type = S("long"), .subject = S("x") }, 1);
    cr_assert(wait_for(&running, 1));
    JobRow row = { 0 };
    for (int i = 0; i < 600 && row.done == 0; i++) {
        sleep_ms(25);
        row = find(db, id);
    }
    cr_assert(row.done > 0 && row.total == 3000 && str_is(row.stage, "reading"));
    int64_t left = job_seconds_left(&row, row.stage_at_ms + 1000);
    cr_assert(left > 0 && left <= 3000);

    cr_assert(steer(db, cancel_job, id, &err), "%s", err.message);
    cr_assert(wait_state(db, id, JOB_CANCELLED));
    cr_assert_eq(atomic_load(&stopped_count), 1);
    cr_assert(!steer(db, cancel_job, id, &err) && err.code == ERROR_CONFLICT);
    cr_assert(jobs_stop(runner, STOP_MS));
    db_close(db);
}

TEST_BOTH(jobs, a_waiting_or_delayed_job_is_cancelled_at_once)
{
    Db *db = open_queue(url);
    Error err = { 0 };

    Str waiting = add(db, (NewJob){ .type = S("nothing") }, 1);
    Str delayed = add(db, (NewJob){ .type = S("nothing"), .run_at_ms = now_ms() + 60000 }, 1);
    cr_assert_eq(find(db, delayed).state, JOB_DELAYED);
    cr_assert(steer(db, cancel_job, waiting, &err) && steer(db, cancel_job, delayed, &err));
    cr_assert_eq(find(db, waiting).state, JOB_CANCELLED);
    cr_assert_eq(find(db, delayed).state, JOB_CANCELLED);
    cr_assert(!steer(db, cancel_job, S("none"), &err) && err.code == ERROR_NOT_FOUND);
    db_close(db);
}

TEST_BOTH(jobs, a_job_that_takes_too_long_is_stopped_and_tried_again)
{
    Db *db = open_queue(url);
    const JobType types[] = {
        { .name = "long", .run = work_until_stopped, .timeout_s = 1, .attempts_max = 1 }
    };
    JobRunner *runner = start(db, types, 1);

    Str id = add(db, (NewJob){ .type = S("long") }, 1);
    cr_assert(wait_state(db, id, JOB_DEAD));
    cr_assert(str_is(find(db, id).error_code, "timeout"));
    cr_assert(jobs_stop(runner, STOP_MS));
    db_close(db);
}

TEST_BOTH(jobs, a_delayed_job_runs_when_it_is_due)
{
    Db *db = open_queue(url);
    const JobType types[] = { { .name = "nothing", .run = do_nothing } };
    JobRunner *runner = start(db, types, 1);

    int64_t began = monotonic_ms();
    add(db, (NewJob){ .type = S("nothing"), .run_at_ms = now_ms() + 700 }, 1);
    cr_assert(wait_for(&run_count, 1));
    cr_assert(monotonic_ms() - began >= 690);
    cr_assert(jobs_stop(runner, STOP_MS));
    db_close(db);
}

/* --- Leases ----------------------------------------------------------------------------- */

typedef struct Claiming {
    JobClaim claim;
    int64_t now_ms, recovered;
    JobRowList rows;
    JobOutcome outcome;
    bool is_stale;
} Claiming;

static bool claim_jobs(DbTx *tx, void *argument, Error *err)
{
    Claiming *claiming = argument;
    Scope system = scope_system();
    return jobs_store_recover(tx, &system, claiming->now_ms, &claiming->recovered, err) &&
           jobs_store_claim(tx, &system, arena, &claiming->claim, claiming->now_ms, &claiming->rows,
                            err);
}

static bool finish_job(DbTx *tx, void *argument, Error *err)
{
    Claiming *claiming = argument;
    Scope system = scope_system();
    return jobs_store_finish(tx, &system, &claiming->outcome, 1, claiming->now_ms,
                             &claiming->is_stale, err);
}

TEST_BOTH(jobs, a_stale_runner_cannot_change_a_job)
{
    Db *db = open_queue(url);
    Scope system = scope_system();
    Error err = { 0 };
    Str id = add(db, (NewJob){ .type = S("t") }, 1);
    Claiming first = { .claim = { S("t"), S("first"), 30000, 10, 5 }, .now_ms = now_ms() };
    Claiming second = { .claim = { S("t"), S("second"), 30000, 10, 5 }, .now_ms = now_ms() };

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
    cr_assert_eq(find(db, id).state, JOB_RUNNING);
    second.outcome = (JobOutcome){ .id = id, .token = second.rows.at[0].token, .state = JOB_DONE };
    cr_assert(store_write(db, &system, finish_job, &second, &err), "%s", err.message);
    cr_assert(!second.is_stale);
    cr_assert_eq(find(db, id).state, JOB_DONE);
    cr_assert(store_write(db, &system, finish_job, &second, &err) && second.is_stale);
    db_close(db);
}

TEST_BOTH(jobs, a_job_whose_runners_die_is_dead_after_its_attempts)
{
    Db *db = open_queue(url);
    Scope system = scope_system();
    Error err = { 0 };
    Str id = add(db, (NewJob){ .type = S("t"), .attempt_max = 2 }, 1);
    Claiming claiming = { .claim = { S("t"), S("dying"), 30000, 10, 5 }, .now_ms = now_ms() };

    for (int i = 0; i < 3; i++, claiming.now_ms += 30001)
        cr_assert(store_write(db, &system, claim_jobs, &claiming, &err), "%s", err.message);
    JobRow row = find(db, id);
    cr_assert_eq(row.state, JOB_DEAD);
    cr_assert_eq(row.attempt, 2);
    db_close(db);
}

TEST_BOTH(jobs, a_lease_is_extended_while_the_job_runs)
{
    Db *db = open_queue(url);
    const JobType types[] = { { .name = "long", .run = work_until_stopped, .lease_s = 2 } };
    JobRunner *runner = start(db, types, 1), *other = start(db, types, 1);
    Error err = { 0 };

    Str id = add(db, (NewJob){ .type = S("long") }, 1);
    cr_assert(wait_for(&running, 1));
    sleep_ms(4000);
    cr_assert_eq(find(db, id).state, JOB_RUNNING);
    cr_assert_eq(find(db, id).attempt, 1);
    cr_assert(steer(db, cancel_job, id, &err));
    cr_assert(wait_state(db, id, JOB_CANCELLED));
    cr_assert(jobs_stop(runner, STOP_MS) && jobs_stop(other, STOP_MS));
    db_close(db);
}

TEST_BOTH(jobs, stopping_gives_jobs_back_with_their_attempts)
{
    Db *db = open_queue(url);
    const JobType types[] = { { .name = "long", .run = work_until_stopped, .ahead = 5 } };
    JobRunner *runner = start(db, types, 1);

    Str id = add(db, (NewJob){ .type = S("long") }, 3);
    cr_assert(wait_for(&running, 1));
    cr_assert(jobs_stop(runner, 100));
    JobCounts left = counts(db);
    cr_assert_eq(left.waiting, 3);
    cr_assert_eq(left.running, 0);
    cr_assert_eq(find(db, id).attempt, 0);
    db_close(db);
}

/* --- Effects in the same transaction ---------------------------------------------------- */

static bool finish_here(DbTx *tx, void *argument, Error *err)
{
    return job_done_in(tx, argument, err);
}

static bool done_by_itself(Job *job, Error *err)
{
    atomic_fetch_add(&run_count, 1);
    return job_progress(job, "counting", 4, 5) &&
           store_write(job->db, &job->scope, finish_here, job, err);
}

TEST_BOTH(jobs, a_handler_may_be_done_in_its_own_transaction)
{
    Db *db = open_queue(url);
    const JobType types[] = { { .name = "own", .run = done_by_itself } };
    JobRunner *runner = start(db, types, 1);

    Str id = add(db, (NewJob){ .type = S("own") }, 1);
    cr_assert(wait_state(db, id, JOB_DONE));
    cr_assert(jobs_stop(runner, STOP_MS));
    cr_assert_eq(atomic_load(&run_count), 1);
    cr_expect(find(db, id).done == 5 && find(db, id).total == 5, "what is done is done with all");
    db_close(db);
}

static atomic_int may_end;
static bool wait_to_end(Job *job, Error *err)
{
    atomic_fetch_add(&run_count, 1);
    while (!atomic_load(&may_end) && !job_is_stopped(job))
        sleep_ms(5);
    return do_nothing(job, err);
}

TEST_BOTH(jobs, a_job_wanted_again_while_it_runs_runs_once_more)
{
    Db *db = open_queue(url);
    const JobType types[] = { { .name = "wait", .run = wait_to_end } };
    JobRunner *runner = start(db, types, 1);
    NewJob job = { .type = S("wait"), .subject = S("s"), .is_wanted_again = true };

    Str id = add(db, job, 1);
    cr_assert(wait_for(&run_count, 1));
    cr_assert(str_equal(add(db, job, 5), id));
    atomic_store(&may_end, 1);
    cr_assert(wait_for(&run_count, 4));
    cr_assert(wait_state(db, id, JOB_DONE));
    cr_assert(jobs_stop(runner, STOP_MS));
    cr_assert_eq(atomic_load(&run_count), 4); /* each run counts two */
    db_close(db);
}

/* --- Recurring -------------------------------------------------------------------------- */

TEST_BOTH(jobs, a_recurring_job_makes_one_row_a_tick_with_two_runners)
{
    Db *db = open_queue(url), *db2 = db;
    const JobType types[] = { { .name = "tick", .run = do_nothing, .every_ms = 1000 } };
    Error err = { 0 };

    if (db_kind(db) == DB_POSTGRES)
        cr_assert(db_open(url, NULL, &db2, &err), "%s", err.message);
    int64_t began = monotonic_ms();
    JobRunner *runner = start(db, types, 1), *other = start(db2, types, 1);
    cr_assert(wait_for(&run_count, 3));
    cr_assert(jobs_stop(runner, STOP_MS) && jobs_stop(other, STOP_MS));
    int64_t ticks = (monotonic_ms() - began) / 1000 + 1;
    cr_assert(atomic_load(&run_count) <= ticks, "%d runs, %d ticks", atomic_load(&run_count),
              (int)ticks);
    if (db2 != db)
        db_close(db2);
    db_close(db);
}

/* --- Listening -------------------------------------------------------------------------- */

static atomic_int heard_running, heard_progress, heard_done;
static void hear(void *argument, const JobEvent *event)
{
    (void)argument;
    if (!event->id.length)
        return;
    cr_assert(str_is(event->subject, "x") && str_is(event->type, "steps"));
    if (event->state == JOB_DONE)
        atomic_fetch_add(&heard_done, 1);
    else if (event->stage.length)
        atomic_fetch_add(&heard_progress, 1);
    else
        atomic_fetch_add(&heard_running, 1);
}

static bool do_steps(Job *job, Error *err)
{
    for (int i = 0; i < 100; i++) {
        if (!job_progress(job, "stepping", i, 100))
            return job_stopped(job, err);
        sleep_ms(10);
    }
    return true;
}

TEST_BOTH(jobs, listeners_on_every_node_hear_of_changes_at_most_four_times_a_second)
{
    Db *db = open_queue(url), *db2;
    const JobType types[] = { { .name = "steps", .run = do_steps } };
    JobRunner *runners[2];
    Error err = { 0 };

    /* In SQLite one handle is one node. */
    bool has_two = db_kind(db) == DB_POSTGRES;
    cr_assert(db_open(url, NULL, &db2, &err), "%s", err.message);
    for (int i = 0; i < (has_two ? 2 : 1); i++) {
        JobRunnerOptions options = {
            .db = i ? db2 : db, .types = types, .type_count = 1, .listener = hear
        };
        cr_assert(jobs_start(&options, &runners[i], &err), "%s", err.message);
    }
    int nodes = has_two ? 2 : 1;
    add(db, (NewJob){ .type = S("steps"), .subject = S("x") }, 1);
    cr_assert(wait_for(&heard_done, nodes));
    cr_assert_eq(atomic_load(&heard_running), nodes);
    cr_assert(atomic_load(&heard_progress) >= 2 * nodes &&
                  atomic_load(&heard_progress) <= 6 * nodes,
              "%d", atomic_load(&heard_progress));
    for (int i = 0; i < nodes; i++)
        cr_assert(jobs_stop(runners[i], STOP_MS));
    db_close(db2);
    db_close(db);
}

/* --- Workspaces ------------------------------------------------------------------------- */

typedef struct Tenants {
    Workspace workspaces[2];
    Scope scopes[2];
    Str ids[2];
} Tenants;

static bool add_tenants(DbTx *tx, void *argument, Error *err)
{
    Tenants *tenants = argument;
    Scope system = scope_system();
    for (int i = 0; i < 2; i++) {
        tenants->workspaces[i] = (Workspace){ .name = S("w"), .settings = S("{}") };
        if (!workspace_add(tx, &system, arena, &tenants->workspaces[i], err))
            return false;
        tenants->scopes[i] = (Scope){ .workspace = tenants->workspaces[i].id, .role = ROLE_EDITOR };
    }
    return true;
}

typedef struct Tenant {
    Scope scope;
    Str own, foreign;
} Tenant;

static bool add_own_job(DbTx *tx, void *argument, Error *err)
{
    Tenant *tenant = argument;
    NewJob job = { .type = S("t"), .subject = S("same subject") };
    return job_add(tx, &tenant->scope, arena, &job, &tenant->own, err);
}

static bool look_around(DbTx *tx, void *argument, Error *err)
{
    Tenant *tenant = argument;
    JobRowList list;
    JobCounts seen;
    JobRow row;
    Str subject = S("same subject");
    JobState waiting = JOB_WAITING;
    JobFilter filter = { .state = &waiting };
    Slice slice = { .limit = 10 };

    cr_assert(jobs_store_list(tx, &tenant->scope, arena, &filter, &slice, &list, err), "%s",
              err->message);
    cr_assert(list.count == 1 && str_equal(list.at[0].id, tenant->own) && !list.next.length);
    cr_assert(jobs_store_of_subjects(tx, &tenant->scope, arena, &subject, 1, &list, err), "%s",
              err->message);
    cr_assert(list.count == 1 && str_equal(list.at[0].id, tenant->own));
    cr_assert(jobs_store_count(tx, &tenant->scope, &seen, err) && seen.waiting == 1);
    cr_assert(jobs_store_find(tx, &tenant->scope, arena, tenant->own, &row, err));
    cr_assert(!jobs_store_find(tx, &tenant->scope, arena, tenant->foreign, &row, err));
    return err->code == ERROR_NOT_FOUND;
}

static bool cancel_foreign(DbTx *tx, void *argument, Error *err)
{
    Tenant *tenant = argument;
    return job_cancel(tx, &tenant->scope, tenant->foreign, err);
}

TEST_BOTH(jobs, a_workspace_sees_and_steers_its_own_jobs_only)
{
    Db *db = open_queue(url);
    Scope system = scope_system();
    Tenants both;
    Error err = { 0 };

    cr_assert(store_write(db, &system, add_tenants, &both, &err), "%s", err.message);
    Tenant a = { .scope = both.scopes[0] }, b = { .scope = both.scopes[1] };
    cr_assert(store_write(db, &a.scope, add_own_job, &a, &err), "%s", err.message);
    cr_assert(store_write(db, &b.scope, add_own_job, &b, &err), "%s", err.message);
    cr_assert(!str_equal(a.own, b.own));
    a.foreign = b.own;
    cr_assert(store_read(db, &a.scope, look_around, &a, &err), "%s", err.message);
    cr_assert(!store_write(db, &a.scope, cancel_foreign, &a, &err));
    cr_assert_eq(err.code, ERROR_NOT_FOUND);
    cr_assert_eq(find(db, b.own).state, JOB_WAITING);
    db_close(db);
}

/* --- When things break ------------------------------------------------------------------ */

static int64_t count_left(Db *db)
{
    Steering steering = { 0 };
    Scope system = scope_system();
    Error err = { 0 };
    cr_assert(store_read(db, &system, count_jobs, &steering, &err), "%s", err.message);
    return steering.counts.waiting + steering.counts.running + steering.counts.delayed +
           steering.counts.dead;
}

TEST_BOTH(jobs, with_every_13th_statement_failing_every_job_is_done)
{
    Db *db = open_queue(url), *failing;
    const JobType types[] = {
        { .name = "nothing", .run = do_nothing, .at_once = 4, .ahead = 4, .lease_s = 1 }
    };
    Error err = { 0 };

    /* A round has at most ten statements. jobs_start() itself may meet a failing one. */
    cr_assert(db_open(str_format(arena, "failing:13:%s", url).at, NULL, &failing, &err));
    JobRunnerOptions options = { .db = failing, .types = types, .type_count = 1, .poll_ms = 100 };
    JobRunner *runner;
    while (!jobs_start(&options, &runner, &err))
        ;
    add(db, (NewJob){ .type = S("nothing") }, 60);
    for (int i = 0; i < 1200 && count_left(db); i++)
        sleep_ms(25);
    cr_assert_eq(count_left(db), 0);
    cr_assert_geq(atomic_load(&run_count), 60);
    cr_assert(jobs_stop(runner, STOP_MS));
    db_close(failing);
    db_close(db);
}

TEST_BOTH(jobs, a_runner_that_is_back_takes_its_jobs_at_once_after_its_last_attempt_too)
{
    Db *db = open_queue(url);
    Scope system = scope_system();
    const JobType types[] = { { .name = "nothing", .run = do_nothing, .lease_s = 30 } };
    JobRunnerOptions options = { .db = db, .types = types, .type_count = 1, .owner = S("node") };
    Claiming before = { .claim = { S("nothing"), S("node"), 30000, 10, 1 }, .now_ms = now_ms() };
    Claiming other = { .claim = { S("nothing"), S("other"), 30000, 10, 1 }, .now_ms = now_ms() };
    JobRunner *runner;
    Error err = { 0 };

    Str ours = add(db, (NewJob){ .type = S("nothing") }, 1);
    cr_assert(store_write(db, &system, claim_jobs, &before, &err), "%s", err.message);
    Str theirs = add(db, (NewJob){ .type = S("nothing") }, 1);
    cr_assert(store_write(db, &system, claim_jobs, &other, &err), "%s", err.message);
    cr_assert_eq(before.rows.count + other.rows.count, 2);
    cr_assert(jobs_start(&options, &runner, &err), "%s", err.message);
    cr_assert(wait_state(db, ours, JOB_DONE));
    cr_assert_eq(find(db, theirs).state, JOB_RUNNING);
    cr_assert(jobs_stop(runner, STOP_MS));
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
    Db *db = open_queue(url);
    const JobType types[] = { { .name = "tell", .run = tell_parent, .at_once = 4, .lease_s = 1 } };
    int ends[2];
    char byte;

    add(db, (NewJob){ .type = S("tell"), .attempt_max = 5 }, 200);
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

    db = open_queue(url);
    int64_t left = count_left(db);
    cr_assert(left > 0 && left < 200);
    JobRunner *runner = start(db, types, 1);
    for (int i = 0; i < 600 && count_left(db); i++)
        sleep_ms(25);
    cr_assert_eq(count_left(db), 0);
    cr_assert(jobs_stop(runner, STOP_MS));
    db_close(db);
    close(ends[0]);
    close(ends[1]);
}
