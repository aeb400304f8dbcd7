#include "jobs/queue_fixture_test.h"

#include "base/clock.h"

/* --- Running ---------------------------------------------------------------------------- */

TEST_BOTH(jobs, every_job_runs_once_and_is_done)
{
    Db *db = queue_open(url);
    const JobType types[] = {
        { .name = "nothing", .run = queue_do_nothing, .at_once = 8, .ahead = 50 }
    };
    JobRunner *runner = queue_start(db, types, 1);

    Str last = queue_add(db, (NewJob){ .type = S("nothing") }, 500);
    cr_assert(queue_wait_for(&queue_run_count, 500));
    cr_assert(queue_wait_state(db, last, JOB_DONE));
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    cr_assert_eq(atomic_load(&queue_run_count), 500);
    JobCounts left = queue_counts(db);
    cr_assert_eq(left.waiting + left.running + left.delayed + left.dead, 0);
    db_close(db);
}

static atomic_int running_most;

static bool do_briefly(Job *job, Error *err)
{
    int now = atomic_fetch_add(&queue_running, 1) + 1;
    if (now > atomic_load(&running_most))
        atomic_store(&running_most, now);
    sleep_ms(20);
    atomic_fetch_sub(&queue_running, 1);
    return queue_do_nothing(job, err);
}

TEST_BOTH(jobs, no_more_than_at_once_run_at_once)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "brief", .run = do_briefly, .at_once = 3, .ahead = 9 } };

    queue_add(db, (NewJob){ .type = S("brief") }, 30);
    JobRunner *runner = queue_start(db, types, 1);
    cr_assert(queue_wait_for(&queue_run_count, 30));
    cr_assert_eq(atomic_load(&running_most), 3);
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
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
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "order", .run = note_order, .at_once = 1 } };

    queue_add(db, (NewJob){ .type = S("order"), .subject = S("c"), .priority = 1 }, 1);
    queue_add(db, (NewJob){ .type = S("order"), .subject = S("d"), .priority = 1 }, 1);
    queue_add(db, (NewJob){ .type = S("order"), .subject = S("e") }, 1);
    queue_add(db, (NewJob){ .type = S("order"), .subject = S("a"), .priority = 9 }, 1);
    queue_add(db, (NewJob){ .type = S("order"), .subject = S("b"), .priority = 5 }, 1);
    JobRunner *runner = queue_start(db, types, 1);
    cr_assert(queue_wait_for(&order_count, 5));
    cr_assert_str_eq(order, "abcde");
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    db_close(db);
}

TEST_BOTH(jobs, the_same_subject_is_queued_once_until_it_is_done)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "nothing", .run = queue_do_nothing } };
    NewJob job = { .type = S("nothing"), .subject = S("document 1") };

    Str first = queue_add(db, job, 1);
    cr_assert(str_equal(queue_add(db, job, 3), first));
    JobRunner *runner = queue_start(db, types, 1);
    cr_assert(queue_wait_state(db, first, JOB_DONE));
    cr_assert(!str_equal(queue_add(db, job, 1), first));
    cr_assert(queue_wait_for(&queue_run_count, 2));
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    cr_assert_eq(atomic_load(&queue_run_count), 2);
    db_close(db);
}

/* --- Failing ---------------------------------------------------------------------------- */

static bool fail_twice(Job *job, Error *err)
{
    atomic_fetch_add(&queue_run_count, 1);
    job_retry_in(job, 50);
    return job->attempt > 2 || fail(err, ERROR_UPSTREAM, "not yet");
}

static bool fail_for_good(Job *job, Error *err)
{
    (void)job;
    atomic_fetch_add(&queue_run_count, 1);
    return fail(err, ERROR_DAMAGED, "this file is broken");
}

static bool fail_always(Job *job, Error *err)
{
    atomic_fetch_add(&queue_run_count, 1);
    job_retry_in(job, 10);
    return fail(err, ERROR_UPSTREAM, "never");
}

static bool put_off_often(Job *job, Error *err)
{
    job_put_off(job, 1);
    return atomic_fetch_add(&queue_run_count, 1) == 5 || fail(err, ERROR_BUSY, "not here");
}

TEST_BOTH(jobs, what_is_put_off_uses_up_no_attempt)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "elsewhere", .run = put_off_often, .attempts_max = 2 } };
    JobRunner *runner = queue_start(db, types, 1);
    Str id = queue_add(db, (NewJob){ .type = S("elsewhere") }, 1);
    cr_assert(queue_wait_state(db, id, JOB_DONE));
    cr_assert_eq(atomic_load(&queue_run_count), 6);
    cr_assert_eq(queue_find(db, id).attempt, 1);
    cr_assert(jobs_stop(runner, 1000));
    db_close(db);
}

static bool runs_here(Job *job, Error *err)
{
    (void)err;
    atomic_fetch_add((atomic_int *)job->argument, 1);
    return true;
}

static atomic_int unable_runs;
static atomic_bool is_able;
static bool is_able_now(void *argument)
{
    (void)argument;
    return atomic_load(&is_able);
}

TEST_BOTH(jobs, what_a_runner_cannot_do_it_leaves_to_others_until_it_can)
{
    Db *db = queue_open(url);
    const JobType able[] = { { .name = "model", .run = runs_here, .argument = &queue_run_count } };
    const JobType unable[] = {
        { .name = "model", .run = runs_here, .argument = &unable_runs, .can = is_able_now },
        { .name = "other", .run = queue_do_nothing }
    };
    atomic_store(&is_able, false);
    atomic_store(&unable_runs, 0);
    JobRunner *lacking = queue_start(db, unable, 2);
    Str other = queue_add(db, (NewJob){ .type = S("other") }, 1);
    Str id = queue_add(db, (NewJob){ .type = S("model") }, 10);
    cr_assert(queue_wait_state(db, other, JOB_DONE)); /* it runs what it can */
    cr_assert_eq(queue_find(db, id).state, JOB_WAITING);
    cr_assert_eq(queue_find(db, id).attempt, 0);
    atomic_store(&queue_run_count, 0);
    JobRunner *having = queue_start(db, able, 1);
    cr_assert(queue_wait_for(&queue_run_count, 10));
    cr_assert(jobs_stop(having, QUEUE_STOP_MS));
    cr_expect_eq(atomic_load(&unable_runs), 0);
    queue_add(db, (NewJob){ .type = S("model") }, 5);
    atomic_store(&is_able, true); /* nobody tells it */
    cr_assert(queue_wait_for(&unable_runs, 5));
    cr_assert(jobs_stop(lacking, QUEUE_STOP_MS));
    db_close(db);
}

TEST_BOTH(jobs, a_failure_is_tried_again_and_a_permanent_one_is_not)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "twice", .run = fail_twice },
                              { .name = "broken", .run = fail_for_good },
                              { .name = "always", .run = fail_always, .attempts_max = 3 } };
    JobRunner *runner = queue_start(db, types, 3);
    Error err = { 0 };

    Str twice = queue_add(db, (NewJob){ .type = S("twice") }, 1);
    cr_assert(queue_wait_state(db, twice, JOB_DONE));
    cr_assert_eq(queue_find(db, twice).attempt, 3);
    cr_assert_eq(atomic_load(&queue_run_count), 3);

    Str broken = queue_add(db, (NewJob){ .type = S("broken") }, 1);
    cr_assert(queue_wait_state(db, broken, JOB_DEAD));
    cr_assert(str_is(queue_find(db, broken).error, "this file is broken"));
    cr_assert(str_is(queue_find(db, broken).error_code, "damaged"));
    cr_assert_eq(atomic_load(&queue_run_count), 4);

    Str always = queue_add(db, (NewJob){ .type = S("always") }, 1);
    cr_assert(queue_wait_state(db, always, JOB_DEAD));
    cr_assert_eq(atomic_load(&queue_run_count), 7);
    cr_assert(queue_retry(db, always, &err), "%s", err.message);
    cr_assert(queue_wait_for(&queue_run_count, 10));
    cr_assert(queue_wait_state(db, always, JOB_DEAD));
    cr_assert(!queue_retry(db, twice, &err));
    cr_assert_eq(err.code, ERROR_CONFLICT);
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
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

/* --- Effects in the same transaction ---------------------------------------------------- */

static bool finish_here(DbTx *tx, void *argument, Error *err)
{
    return job_done_in(tx, argument, err);
}

static bool done_by_itself(Job *job, Error *err)
{
    atomic_fetch_add(&queue_run_count, 1);
    return job_progress(job, "counting", 4, 5) &&
           store_write(job->db, &job->scope, finish_here, job, err);
}

TEST_BOTH(jobs, a_handler_may_be_done_in_its_own_transaction)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "own", .run = done_by_itself } };
    JobRunner *runner = queue_start(db, types, 1);

    Str id = queue_add(db, (NewJob){ .type = S("own") }, 1);
    cr_assert(queue_wait_state(db, id, JOB_DONE));
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    cr_assert_eq(atomic_load(&queue_run_count), 1);
    cr_expect(queue_find(db, id).done == 5 && queue_find(db, id).total == 5,
              "what is done is done with all");
    db_close(db);
}

static atomic_int may_end;
static bool wait_to_end(Job *job, Error *err)
{
    atomic_fetch_add(&queue_run_count, 1);
    while (!atomic_load(&may_end) && !job_is_stopped(job))
        sleep_ms(5);
    return queue_do_nothing(job, err);
}

TEST_BOTH(jobs, a_job_wanted_again_while_it_runs_runs_once_more)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "wait", .run = wait_to_end } };
    JobRunner *runner = queue_start(db, types, 1);
    NewJob job = { .type = S("wait"), .subject = S("s"), .is_wanted_again = true };

    Str id = queue_add(db, job, 1);
    cr_assert(queue_wait_for(&queue_run_count, 1));
    cr_assert(str_equal(queue_add(db, job, 5), id));
    atomic_store(&may_end, 1);
    cr_assert(queue_wait_for(&queue_run_count, 4));
    cr_assert(queue_wait_state(db, id, JOB_DONE));
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    cr_assert_eq(atomic_load(&queue_run_count), 4); /* each run counts two */
    db_close(db);
}

typedef struct Wish {
    Db *other;
    NewJob job;
    Str first, second;
    atomic_int has_second;
} Wish;

static void *wish_too(void *argument)
{
    Wish *wish = argument;
    wish->second = queue_add(wish->other, wish->job, 1);
    atomic_store(&wish->has_second, 1);
    return NULL;
}

/* Whether another one who wants the same is done before we are. */
static bool wish_beside(DbTx *tx, void *argument, Error *err)
{
    Wish *wish = argument;
    Scope system = scope_system();
    pthread_t thread;
    if (!job_add(tx, &system, queue_arena, &wish->job, &wish->first, err))
        return false;
    cr_assert(pthread_create(&thread, NULL, wish_too, wish) == 0);
    cr_assert(queue_wait_for(&wish->has_second, 1), "it waits for our commit");
    pthread_join(thread, NULL);
    return true;
}

Test(jobs, who_wants_a_waiting_job_again_waits_for_nobody_in_postgres)
{
    const char *url = test_db_ready(queue_arena, DB_POSTGRES);
    Wish wish = { .job = { .type = S("x"), .subject = S("mail"), .is_wanted_again = true } };
    Scope system = scope_system();
    Error err = { 0 };
    if (!url)
        return;
    Db *db = queue_open(url);
    wish.other = queue_open(url);
    Str id = queue_add(db, wish.job, 1);
    cr_assert(store_write(db, &system, wish_beside, &wish, &err), "%s", err.message);
    cr_assert(str_equal(wish.first, id) && str_equal(wish.second, id));
    cr_assert_eq(queue_count_rows(db), 1);
    db_close(wish.other);
    db_close(db);
}

/* --- Recurring -------------------------------------------------------------------------- */

TEST_BOTH(jobs, a_recurring_job_makes_one_row_a_tick_with_two_runners)
{
    Db *db = queue_open(url), *db2 = db;
    const JobType types[] = { { .name = "tick", .run = queue_do_nothing, .every_ms = 1000 } };
    Error err = { 0 };

    if (db_kind(db) == DB_POSTGRES)
        cr_assert(db_open(url, NULL, &db2, &err), "%s", err.message);
    int64_t began = monotonic_ms();
    JobRunner *runner = queue_start(db, types, 1), *other = queue_start(db2, types, 1);
    cr_assert(queue_wait_for(&queue_run_count, 3));
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS) && jobs_stop(other, QUEUE_STOP_MS));
    int64_t ticks = (monotonic_ms() - began) / 1000 + 1;
    cr_assert(atomic_load(&queue_run_count) <= ticks, "%d runs, %d ticks",
              atomic_load(&queue_run_count), (int)ticks);
    if (db2 != db)
        db_close(db2);
    db_close(db);
}
