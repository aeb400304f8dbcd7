#include "jobs/queue_fixture_test.h"

#include "base/clock.h"
#include "store/workspaces_store.h"

/* --- Cancelling, progress --------------------------------------------------------------- */

TEST_BOTH(jobs, a_running_job_shows_its_progress_and_stops_when_cancelled)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "long", .run = queue_work_until_stopped } };
    JobRunner *runner = queue_start(db, types, 1);
    Error err = { 0 };

    Str id = queue_add(db, (NewJob){ .type = S("long"), .subject = S("x") }, 1);
    cr_assert(queue_wait_for(&queue_running, 1));
    JobRow row = { 0 };
    for (int i = 0; i < 600 && row.done == row.stage_done; i++) {
        sleep_ms(25);
        row = queue_find(db, id);
    }
    cr_assert(row.done > 0 && row.total == 3000 && str_is(row.stage, "reading"));
    int64_t left = job_seconds_left(&row, row.stage_at_ms + 1000);
    cr_assert(left > 0 && left <= 3000);

    cr_assert(queue_cancel(db, id, &err), "%s", err.message);
    cr_assert(queue_wait_state(db, id, JOB_CANCELLED));
    cr_assert_eq(atomic_load(&queue_stopped_count), 1);
    cr_assert(!queue_cancel(db, id, &err) && err.code == ERROR_CONFLICT);
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    db_close(db);
}

TEST_BOTH(jobs, a_waiting_or_delayed_job_is_cancelled_at_once)
{
    Db *db = queue_open(url);
    Error err = { 0 };

    Str waiting = queue_add(db, (NewJob){ .type = S("nothing") }, 1);
    Str delayed = queue_add(db, (NewJob){ .type = S("nothing"), .run_at_ms = now_ms() + 60000 }, 1);
    cr_assert_eq(queue_find(db, delayed).state, JOB_DELAYED);
    cr_assert(queue_cancel(db, waiting, &err) && queue_cancel(db, delayed, &err));
    cr_assert_eq(queue_find(db, waiting).state, JOB_CANCELLED);
    cr_assert_eq(queue_find(db, delayed).state, JOB_CANCELLED);
    cr_assert(!queue_cancel(db, S("none"), &err) && err.code == ERROR_NOT_FOUND);
    db_close(db);
}

TEST_BOTH(jobs, a_job_that_takes_too_long_is_stopped_and_tried_again)
{
    Db *db = queue_open(url);
    const JobType types[] = {
        { .name = "long", .run = queue_work_until_stopped, .timeout_s = 1, .attempts_max = 1 }
    };
    JobRunner *runner = queue_start(db, types, 1);

    Str id = queue_add(db, (NewJob){ .type = S("long") }, 1);
    cr_assert(queue_wait_state(db, id, JOB_DEAD));
    cr_assert(str_is(queue_find(db, id).error_code, "timeout"));
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    db_close(db);
}

static bool go_on_for_ever(Job *job, Error *err)
{
    job_never_ends(job);
    return queue_work_until_stopped(job, err);
}

TEST_BOTH(jobs, a_job_that_never_ends_keeps_no_program_from_ending)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "watch", .run = go_on_for_ever } };
    JobRunner *runner = queue_start(db, types, 1);
    Str id = queue_add(db, (NewJob){ .type = S("watch"), .subject = S("x") }, 1);
    cr_assert(queue_wait_for(&queue_running, 1));

    int64_t began = monotonic_ms();
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    cr_assert(monotonic_ms() - began < QUEUE_STOP_MS / 2);
    cr_assert_eq(queue_find(db, id).state, JOB_WAITING); /* for the next program */
    db_close(db);
}

TEST_BOTH(jobs, a_delayed_job_runs_when_it_is_due)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "nothing", .run = queue_do_nothing } };
    JobRunner *runner = queue_start(db, types, 1);

    int64_t began = monotonic_ms();
    queue_add(db, (NewJob){ .type = S("nothing"), .run_at_ms = now_ms() + 700 }, 1);
    cr_assert(queue_wait_for(&queue_run_count, 1));
    cr_assert(monotonic_ms() - began >= 690);
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
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
    Db *db = queue_open(url), *db2;
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
    queue_add(db, (NewJob){ .type = S("steps"), .subject = S("x") }, 1);
    cr_assert(queue_wait_for(&heard_done, nodes));
    cr_assert_eq(atomic_load(&heard_running), nodes);
    cr_assert(atomic_load(&heard_progress) >= 2 * nodes &&
                  atomic_load(&heard_progress) <= 6 * nodes,
              "%d", atomic_load(&heard_progress));
    for (int i = 0; i < nodes; i++)
        cr_assert(jobs_stop(runners[i], QUEUE_STOP_MS));
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
        if (!workspace_add(tx, &system, queue_arena, &tenants->workspaces[i], err))
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
    return job_add(tx, &tenant->scope, queue_arena, &job, &tenant->own, err);
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

    cr_assert(jobs_store_list(tx, &tenant->scope, queue_arena, &filter, &slice, &list, err), "%s",
              err->message);
    cr_assert(list.count == 1 && str_equal(list.at[0].id, tenant->own) && !list.next.length);
    cr_assert(jobs_store_of_subjects(tx, &tenant->scope, queue_arena, &subject, 1, &list, err),
              "%s", err->message);
    cr_assert(list.count == 1 && str_equal(list.at[0].id, tenant->own));
    cr_assert(jobs_store_count(tx, &tenant->scope, &seen, err) && seen.waiting == 1);
    cr_assert(jobs_store_find(tx, &tenant->scope, queue_arena, tenant->own, &row, err));
    cr_assert(!jobs_store_find(tx, &tenant->scope, queue_arena, tenant->foreign, &row, err));
    return err->code == ERROR_NOT_FOUND;
}

static bool cancel_foreign(DbTx *tx, void *argument, Error *err)
{
    Tenant *tenant = argument;
    return job_cancel(tx, &tenant->scope, tenant->foreign, err);
}

TEST_BOTH(jobs, a_workspace_sees_and_steers_its_own_jobs_only)
{
    Db *db = queue_open(url);
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
    cr_assert_eq(queue_find(db, b.own).state, JOB_WAITING);
    db_close(db);
}
