#include "jobs/schedules.h"

#include "base/clock.h"
#include "base/map.h"
#include "jobs/queue_fixture_test.h"
#include "store/client_files_store.h"
#include "store/workspaces_store.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define MINUTE INT64_C(60000)
#define BEGIN INT64_C(1767225600000) /* 2026-01-01T00:00Z */

typedef struct Ticking {
    Scope scope;
    Schedule schedule;
    int64_t now_ms, count;
} Ticking;

static bool add_schedule(DbTx *tx, void *argument, Error *err)
{
    Ticking *ticking = argument;
    Workspace workspace = { .name = S("Ours") };
    Scope system = scope_system();
    if (!workspace_add(tx, &system, queue_arena, &workspace, err))
        return false;
    ticking->scope = (Scope){ .workspace = workspace.id, .role = ROLE_ADMIN, .user = S("u") };
    return schedule_plan(&ticking->schedule, BEGIN, err) &&
           schedule_add(tx, &ticking->scope, queue_arena, &ticking->schedule, err);
}

static bool tick(DbTx *tx, void *argument, Error *err)
{
    Ticking *ticking = argument;
    Scope system = scope_system();
    return schedules_tick(tx, &system, queue_arena, ticking->now_ms, &ticking->count, err);
}

static bool find(DbTx *tx, void *argument, Error *err)
{
    Ticking *ticking = argument;
    return schedule_find(tx, &ticking->scope, queue_arena, ticking->schedule.id, &ticking->schedule,
                         err);
}

static void must_write(Db *db, DbWork *work, Ticking *ticking)
{
    Scope system = scope_system();
    Error err = { 0 };
    cr_assert(store_write(db, &system, work, ticking, &err), "%s", err.message);
}

static bool end(DbTx *tx, void *argument, Error *err)
{
    Ticking *ticking = argument;
    return schedule_remove(tx, &ticking->scope, ticking->schedule.id, err);
}

/* --- Ticks ------------------------------------------------------------------------------ */

TEST_BOTH(jobs, a_schedule_is_caught_up_as_it_says)
{
    static const struct {
        CatchUp catch_up;
        int64_t late_ms, jobs, next_ms; /* of a rule for each minute, due a minute after BEGIN */
    } cases[] = {
        { CATCH_UP_ONE, 0, 1, 2 * MINUTE },
        { CATCH_UP_ONE, 10 * MINUTE, 1, 12 * MINUTE },
        { CATCH_UP_NONE, 0, 1, 2 * MINUTE },
        { CATCH_UP_NONE, MINUTE / 2, 1, 2 * MINUTE },
        { CATCH_UP_NONE, 10 * MINUTE, 0, 11 * MINUTE },
        { CATCH_UP_ALL, 0, 1, 2 * MINUTE },
        { CATCH_UP_ALL, 10 * MINUTE, 11, 12 * MINUTE },
        { CATCH_UP_ALL, 1000 * MINUTE, 100, 101 * MINUTE },
    };
    Db *db = queue_open(url);
    for (size_t i = 0; i < COUNT(cases); i++) {
        Ticking ticking = { .now_ms = BEGIN + MINUTE + cases[i].late_ms,
                            .schedule = { .name = S("each minute"),
                                          .type = S("t"),
                                          .payload = S("{}"),
                                          .cron = S("* * * * *"),
                                          .catch_up = cases[i].catch_up } };
        must_write(db, add_schedule, &ticking);
        cr_assert_eq(ticking.schedule.next_at_ms, BEGIN + MINUTE);
        must_write(db, tick, &ticking);
        must_write(db, find, &ticking);
        cr_expect_eq(ticking.count, cases[i].jobs, "%zu: %d jobs", i, (int)ticking.count);
        cr_expect_eq(ticking.schedule.next_at_ms, BEGIN + cases[i].next_ms, "%zu: minute %d", i,
                     (int)((ticking.schedule.next_at_ms - BEGIN) / MINUTE));
        cr_expect_eq(ticking.schedule.fired, cases[i].jobs);
        cr_expect_eq(ticking.schedule.last_job.length > 0, cases[i].jobs > 0);
        must_write(db, end, &ticking);
    }
    db_close(db);
}

TEST_BOTH(jobs, a_clock_that_goes_back_repeats_no_tick)
{
    Db *db = queue_open(url);
    Ticking ticking = { .now_ms = BEGIN + 5 * MINUTE,
                        .schedule = { .name = S("each minute"),
                                      .type = S("t"),
                                      .payload = S("{}"),
                                      .cron = S("* * * * *"),
                                      .catch_up = CATCH_UP_ALL } };
    must_write(db, add_schedule, &ticking);
    must_write(db, tick, &ticking);
    cr_expect_eq(ticking.count, 5);
    ticking.now_ms = BEGIN + 2 * MINUTE;
    must_write(db, tick, &ticking);
    cr_expect_eq(ticking.count, 0);
    ticking.now_ms = BEGIN + 6 * MINUTE;
    must_write(db, tick, &ticking);
    cr_expect_eq(ticking.count, 1);
    db_close(db);
}

/* --- Types whose ticks need no job (store/due_types.def) --------------------------------- */

static bool keep_recurring(DbTx *tx, void *argument, Error *err)
{
    Ticking *ticking = argument;
    Scope system = scope_system();
    return schedule_keep(tx, &system, &ticking->schedule, err);
}

static bool add_file(DbTx *tx, void *argument, Error *err)
{
    Ticking *ticking = argument;
    ClientFile file = { .name = S("a"), .purpose = S("batch"), .blob = S("b"), .size = 1 };
    file.expires_at_ms = ticking->now_ms;
    return client_file_add(tx, &ticking->scope, queue_arena, 10, &file, err);
}

TEST_BOTH(jobs, a_tick_with_nothing_to_do_makes_no_job_and_what_is_due_has_one_at_the_next)
{
    Db *db = queue_open(url);
    Ticking ours = { .schedule = { .name = S("own"), .type = S("x"), .every_ms = MINUTE } };
    Ticking ticking = { .now_ms = BEGIN,
                        .schedule = { .name = S("batch_tidy"),
                                      .type = S("batch_tidy"),
                                      .every_ms = MINUTE,
                                      .next_at_ms = BEGIN } };
    must_write(db, add_schedule, &ours);
    must_write(db, end, &ours);
    must_write(db, keep_recurring, &ticking);
    must_write(db, tick, &ticking);
    cr_expect_eq(ticking.count, 0);
    cr_expect_eq(queue_count_rows(db), 0);
    ours.now_ms = BEGIN + 2;
    must_write(db, add_file, &ours);
    ticking.now_ms = BEGIN + MINUTE - 1;
    must_write(db, tick, &ticking);
    cr_expect_eq(ticking.count, 0, "the next tick is a minute later");
    ticking.now_ms = BEGIN + MINUTE;
    must_write(db, tick, &ticking);
    cr_expect_eq(ticking.count, 1);
    cr_expect_eq(queue_count_rows(db), 1);
    db_close(db);
}

Test(jobs, intervals_and_rules_show_when_they_come_next)
{
    Schedule every = { .every_ms = 5 * MINUTE }, never = { .cron = S("0 0 30 2 *") };
    int64_t times[3];
    size_t count;
    Error err = { 0 };

    cr_assert(schedule_plan(&every, BEGIN, &err), "%s", err.message);
    cr_assert(schedule_preview(&every, BEGIN + 7 * MINUTE, times, 3, &count, &err));
    cr_assert(count == 3 && times[0] == BEGIN + 10 * MINUTE && times[2] == BEGIN + 20 * MINUTE);
    cr_assert(!schedule_plan(&never, BEGIN, &err));
    cr_assert_str_eq(err.field, "cron");
    cr_assert(!schedule_plan(&(Schedule){ .every_ms = 1000 }, BEGIN, &err));
    cr_assert_str_eq(err.field, "every_s");
    cr_assert(!schedule_plan(&(Schedule){ .every_ms = MINUTE, .cron = S("* * * * *") }, 0, &err));
    cr_assert(!schedule_plan(&(Schedule){ .cron = S("* * * * *"), .zone = S("Berlin") }, 0, &err));
    cr_assert_str_eq(err.field, "zone");
}

/* --- Usual ones ------------------------------------------------------------------------- */

static bool list_usual(DbTx *tx, void *argument, Error *err)
{
    Ticking *ticking = argument;
    ScheduleList list;
    const Slice all = { .limit = SLICE_MAX };
    if (!schedule_list(tx, &ticking->scope, queue_arena, &all, &list, err))
        return false;
    ticking->count = (int64_t)list.count;
    if (list.count)
        ticking->schedule = list.at[0];
    return true;
}

TEST_BOTH(jobs, a_usual_schedule_is_added_once_to_each_workspace_and_stays_away_when_removed)
{
    const UsualSchedule usual[] = { { "Tidy", "t", MINUTE }, { "", "other", 0 } };
    const JobType type = { .name = "t", .run = queue_do_nothing };
    Db *db = queue_open(url);
    Error err = { 0 };
    Ticking ticking = { .schedule = { .name = S("own"), .type = S("x"), .every_ms = MINUTE } };
    must_write(db, add_schedule, &ticking);
    must_write(db, end, &ticking);
    for (int starts = 0; starts < 3; starts++) {
        const JobRunnerOptions options = {
            .db = db, .types = &type, .type_count = 1, .usual = usual, .usual_count = COUNT(usual)
        };
        JobRunner *runner;
        cr_assert(jobs_start(&options, &runner, &err), "%s", err.message);
        cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
        must_write(db, list_usual, &ticking);
        cr_assert_eq(ticking.count, starts < 2 ? 1 : 0);
        if (starts < 2)
            cr_expect(str_is(ticking.schedule.name, "Tidy") &&
                      ticking.schedule.next_at_ms > now_ms());
        if (starts == 1)
            must_write(db, end, &ticking);
    }
    db_close(db);
}

/* --- Three nodes, killed at random ------------------------------------------------------ */

#define NODES 3
#define TICK_MS 100

static void be_a_node(const char *url)
{
    const JobType types[] = {
        { .name = "t", .run = queue_do_nothing, .at_once = 2, .lease_s = 1 }
    };
    JobRunnerOptions options = { .types = types, .type_count = 1, .poll_ms = 50 };
    JobRunner *runner;
    Error err;
    while (!db_open(url, NULL, &options.db, &err) || !jobs_start(&options, &runner, &err))
        sleep_ms(50);
    for (;;)
        pause();
}

static pid_t start_node(const char *url)
{
    pid_t child = fork();
    if (child == 0)
        be_a_node(url);
    return child;
}

static bool add_fast(DbTx *tx, void *argument, Error *err)
{
    Ticking *ticking = argument;
    Workspace workspace = { .name = S("Ours") };
    Scope system = scope_system();
    if (!workspace_add(tx, &system, queue_arena, &workspace, err))
        return false;
    ticking->scope = (Scope){ .workspace = workspace.id, .role = ROLE_ADMIN, .user = S("u") };
    return schedule_add(tx, &ticking->scope, queue_arena, &ticking->schedule, err);
}

typedef struct History {
    int64_t rows, ticks, other; /* jobs, different ones, those that are not over */
} History;

static bool read_history(DbTx *tx, void *argument, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    History *history = argument;
    Scope system = scope_system();
    JobFilter filter = { .type = S("t") };
    Slice slice = { .limit = SLICE_MAX };
    Map ticks = map_new(arena);
    JobRowList list;

    *history = (History){ 0 };
    do {
        if (!jobs_store_list(tx, &system, arena, &filter, &slice, &list, err))
            return false;
        for (size_t i = 0; i < list.count; i++) {
            (void)map_add(&ticks, list.at[i].subject, NULL);
            history->other += list.at[i].state != JOB_DONE;
        }
        history->rows += (int64_t)list.count;
        slice.after = list.next;
    } while (list.next.length);
    history->ticks = (int64_t)ticks.count;
    return true;
}

/* JOBS_CHAOS_S in the environment: for how long; 600 are ten minutes. */
Test(jobs, each_tick_has_one_job_though_nodes_are_killed, .timeout = 1200)
{
    const char *url = test_db_ready(queue_arena, DB_POSTGRES), *wish = getenv("JOBS_CHAOS_S");
    int64_t seconds = 3, began;
    Ticking ticking = { .schedule = { .name = S("fast"),
                                      .type = S("t"),
                                      .payload = S("{}"),
                                      .every_ms = TICK_MS,
                                      .catch_up = CATCH_UP_ALL } };
    Scope system = scope_system();
    History history = { .other = 1 };
    pid_t nodes[NODES];
    unsigned seed = 7;
    int kills = 0;
    Error err = { 0 };
    if (!url)
        return;

    (void)(wish && str_to_int(str(wish), 1, 3600, &seconds));
    Db *db = queue_open(url);
    began = ticking.schedule.next_at_ms = now_ms();
    must_write(db, add_fast, &ticking);
    db_close(db);
    for (int i = 0; i < NODES; i++)
        nodes[i] = start_node(url);
    while (now_ms() - began < seconds * 1000) {
        int one = rand_r(&seed) % NODES;
        sleep_ms(rand_r(&seed) % 400);
        kill(nodes[one], SIGKILL);
        waitpid(nodes[one], NULL, 0);
        nodes[one] = start_node(url);
        kills++;
    }
    sleep_ms(2500); /* leases of the killed end; what they had runs again */
    db = queue_open(url);
    for (int i = 0; i < NODES; i++) {
        kill(nodes[i], SIGKILL);
        waitpid(nodes[i], NULL, 0);
    }
    must_write(db, find, &ticking);
    const JobType types[] = { { .name = "t", .run = queue_do_nothing, .at_once = 4 } };
    must_write(db, end, &ticking);
    JobRunner *runner = queue_start(db, types, 1);
    for (int i = 0; i < 400 && history.other; i++) {
        sleep_ms(25);
        cr_assert(store_read(db, &system, read_history, &history, &err), "%s", err.message);
    }
    cr_assert(jobs_stop(runner, QUEUE_STOP_MS));
    int64_t expected = (ticking.schedule.next_at_ms - began) / TICK_MS;
    cr_log_info("%d kills, %d ticks", kills, (int)expected);
    cr_expect_eq(history.rows, expected, "%d jobs for %d ticks", (int)history.rows, (int)expected);
    cr_expect_eq(history.ticks, expected);
    cr_expect_eq(ticking.schedule.fired, expected);
    cr_expect_eq(history.other, 0);
    cr_expect_geq(expected, seconds * 1000 / TICK_MS / 2);
    db_close(db);
}
