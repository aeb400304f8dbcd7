/* job_groups_test.c - turns of workspaces, parents and children, keys, rates, dead letters. */
#include "base/clock.h"
#include "jobs/queue_fixture_test.h"
#include "store/workspaces_store.h"

/* --- Doing things for a workspace ------------------------------------------------------- */

typedef struct Doing {
    Scope scope;
    NewJob job;
    int count;
    Str id;
    int64_t changed;
    bool (*work)(DbTx *tx, struct Doing *doing, Error *err);
} Doing;

static bool do_work(DbTx *tx, void *argument, Error *err)
{
    Doing *doing = argument;
    return doing->work(tx, doing, err);
}

static bool add(DbTx *tx, Doing *doing, Error *err)
{
    for (int i = 0; i < doing->count; i++)
        if (!job_add(tx, &doing->scope, queue_arena, &doing->job, &doing->id, err))
            return false;
    return true;
}

static bool open_group(DbTx *tx, Doing *doing, Error *err)
{
    return job_open(tx, &doing->scope, doing->id, err);
}

static bool retry_dead(DbTx *tx, Doing *doing, Error *err)
{
    return job_retry_dead(tx, &doing->scope, doing->job.type, &doing->changed, err);
}

static bool add_workspace(DbTx *tx, Doing *doing, Error *err)
{
    Workspace workspace = { .name = S("One") };
    if (!workspace_add(tx, &doing->scope, queue_arena, &workspace, err))
        return false;
    doing->id = workspace.id;
    return true;
}

static void must(Db *db, Doing *doing, bool (*work)(DbTx *, Doing *, Error *))
{
    Scope system = scope_system();
    Error err = { 0 };
    doing->work = work;
    cr_assert(store_write(db, &system, do_work, doing, &err), "%s", err.message);
}

static Scope new_workspace(Db *db)
{
    Doing doing = { .scope = scope_system() };
    must(db, &doing, add_workspace);
    return (Scope){ .workspace = doing.id, .role = ROLE_OWNER };
}

static Str add_for(Db *db, Scope scope, NewJob job, int count)
{
    Doing doing = { .scope = scope, .job = job, .count = count };
    must(db, &doing, add);
    return doing.id;
}

/* --- Turns ------------------------------------------------------------------------------ */

static char ran_for[64];
static atomic_int ran_count;
static bool note_workspace(Job *job, Error *err)
{
    (void)err;
    ran_for[atomic_load(&ran_count)] = job->payload.at[1]; /* one runs at a time */
    atomic_fetch_add(&ran_count, 1);
    return true;
}

TEST_BOTH(jobs, workspaces_take_turns_however_many_jobs_one_adds)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "turn", .run = note_workspace, .at_once = 1 } };
    Scope many = new_workspace(db), few = new_workspace(db);
    int for_few_by_now = 0;

    add_for(db, many, (NewJob){ .type = S("turn"), .payload = S("\"m\"") }, 30);
    add_for(db, few, (NewJob){ .type = S("turn"), .payload = S("\"f\"") }, 3);
    JobRunner *runner = queue_start(db, types, 1);
    cr_assert(queue_wait_for(&ran_count, 33));
    for (int i = 0; i < 8; i++)
        for_few_by_now += ran_for[i] == 'f';
    cr_assert_eq(for_few_by_now, 3, "%.33s", ran_for);
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    db_close(db);
}

/* --- Parents and children --------------------------------------------------------------- */

static bool fail_when_told(Job *job, Error *err)
{
    atomic_fetch_add(&queue_run_count, 1);
    job_give_up(job);
    return !str_is(job->payload, "\"fail\"") || fail(err, ERROR_DAMAGED, "told to");
}

static atomic_int end_failed, end_children, end_count;
static bool note_end(Job *job, Error *err)
{
    (void)err;
    atomic_store(&end_failed, (int)job->children_failed);
    atomic_store(&end_children, (int)job->children);
    atomic_fetch_add(&end_count, 1);
    return true;
}

TEST_BOTH(jobs, the_end_of_a_group_runs_once_when_all_its_jobs_are_over)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "part", .run = fail_when_told, .at_once = 4, .ahead = 4 },
                              { .name = "end", .run = note_end } };
    Scope scope = new_workspace(db);
    JobRunner *runner = queue_start(db, types, 2);

    Doing group = { .scope = scope, .job = { .type = S("end"), .is_held = true }, .count = 1 };
    must(db, &group, add);
    add_for(db, scope, (NewJob){ .type = S("part"), .parent = group.id }, 20);
    add_for(db, scope, (NewJob){ .type = S("part"), .parent = group.id, .payload = S("\"fail\"") },
            3);
    cr_assert(queue_wait_for(&queue_run_count, 23));
    sleep_ms(100);
    cr_assert_eq(queue_find(db, group.id).state, JOB_HELD, "it was not opened yet");
    must(db, &group, open_group);
    cr_assert(queue_wait_state(db, group.id, JOB_DONE));
    cr_assert_eq(atomic_load(&end_count), 1);
    cr_assert_eq(atomic_load(&end_children), 23);
    cr_assert_eq(atomic_load(&end_failed), 3);
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    db_close(db);
}

static bool split(Job *job, Error *err)
{
    Doing doing = { .scope = job->scope,
                    .job = { .type = S("part"), .parent = job->id },
                    .count = 5,
                    .work = add };
    if (job->children)
        return note_end(job, err);
    if (!store_write(job->db, &job->scope, do_work, &doing, err))
        return false;
    job_await_children(job);
    return false;
}

TEST_BOTH(jobs, a_job_that_splits_its_work_goes_on_when_its_children_are_over)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "part", .run = queue_do_nothing, .at_once = 2 },
                              { .name = "whole", .run = split } };
    JobRunner *runner = queue_start(db, types, 2);

    Str id = queue_add(db, (NewJob){ .type = S("whole"), .attempt_max = 1 }, 1);
    cr_assert(queue_wait_state(db, id, JOB_DONE));
    cr_assert_eq(atomic_load(&queue_run_count), 5);
    cr_assert_eq(atomic_load(&end_children), 5);
    cr_assert_eq(queue_find(db, id).attempt, 1);
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    db_close(db);
}

TEST_BOTH(jobs, cancelling_a_parent_cancels_its_children_and_theirs)
{
    Db *db = queue_open(url);
    Error err = { 0 };
    Str top = queue_add(db, (NewJob){ .type = S("t"), .is_held = true }, 1);
    Str middle = queue_add(db, (NewJob){ .type = S("t"), .is_held = true, .parent = top }, 1);
    Str leaf = queue_add(db, (NewJob){ .type = S("t"), .parent = middle }, 1);

    cr_assert(queue_cancel(db, top, &err), "%s", err.message);
    cr_assert_eq(queue_find(db, middle).state, JOB_CANCELLED);
    cr_assert_eq(queue_find(db, leaf).state, JOB_CANCELLED);
    db_close(db);
}

/* --- Keys, rates, dead letters ---------------------------------------------------------- */

TEST_BOTH(jobs, a_key_finds_the_first_job_also_when_it_is_over)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "nothing", .run = queue_do_nothing } };
    NewJob job = { .type = S("nothing"), .key = S("order 7"), .payload = S("1") };
    JobRunner *runner = queue_start(db, types, 1);
    Scope system = scope_system();
    Error err = { 0 };

    Str first = queue_add(db, job, 1);
    cr_assert(queue_wait_state(db, first, JOB_DONE));
    cr_assert(str_equal(queue_add(db, job, 2), first));
    Doing other = { .scope = system, .job = job, .count = 1, .work = add };
    other.job.payload = S("2");
    cr_assert(!store_write(db, &system, do_work, &other, &err));
    cr_assert_eq(err.code, ERROR_CONFLICT);
    cr_assert(!str_equal(add_for(db, new_workspace(db), other.job, 1), first));
    cr_assert(queue_wait_for(&queue_run_count, 2));
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    cr_assert_eq(atomic_load(&queue_run_count), 2);
    db_close(db);
}

TEST_BOTH(jobs, no_more_begin_in_a_time_than_their_rate_on_two_nodes)
{
    Db *db = queue_open(url);
    const JobType types[] = {
        { .name = "slow", .run = queue_do_nothing, .at_once = 4, .rate_count = 5, .rate_ms = 1000 }
    };

    queue_add(db, (NewJob){ .type = S("slow") }, 40);
    int64_t began = monotonic_ms();
    JobRunner *runner = queue_start(db, types, 1), *other = queue_start(db, types, 1);
    cr_assert(queue_wait_for(&queue_run_count, 12));
    int64_t most = 5 + (monotonic_ms() - began) * 5 / 1000 + 1;
    cr_assert_leq(atomic_load(&queue_run_count), most);
    cr_assert_geq(monotonic_ms() - began, 1200);
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS) && jobs_stop(other, QUEUE_STOP_MS));
    db_close(db);
}

TEST_BOTH(jobs, dead_jobs_of_a_type_are_run_again_together)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "part", .run = fail_when_told, .at_once = 2 } };
    JobRunner *runner = queue_start(db, types, 1);
    Doing again = { .scope = scope_system(), .job = { .type = S("part") } };

    queue_add(db, (NewJob){ .type = S("part"), .payload = S("\"fail\"") }, 4);
    cr_assert(queue_wait_for(&queue_run_count, 4));
    for (int i = 0; i < 200 && queue_counts(db).dead < 4; i++)
        sleep_ms(25);
    must(db, &again, retry_dead);
    cr_assert_eq(again.changed, 4);
    cr_assert(queue_wait_for(&queue_run_count, 8));
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    db_close(db);
}

TEST_BOTH(jobs, a_row_goes_with_its_job_where_none_are_kept)
{
    Db *db = queue_open(url);
    const JobType types[] = { { .name = "brief", .run = queue_do_nothing, .forgets_done = true } };
    JobRunner *runner = queue_start(db, types, 1);

    queue_add(db, (NewJob){ .type = S("brief") }, 1);
    cr_assert(queue_wait_for(&queue_run_count, 1));
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    cr_assert_eq(queue_count_rows(db), 0);
    db_close(db);
}
