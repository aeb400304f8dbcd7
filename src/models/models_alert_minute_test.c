/* models_alert_minute_test.c - alerts over time, by a clock that the test moves: what is pending,
 * told, told again, silenced and over. */
#include "base/clock.h"
#include "db/fixture_test.h"
#include "models/models_alerts.h"
#include "notify/notify.h"
#include "store/workspaces_store.h"

#define NOW INT64_C(1800000000000)

typedef struct Bench {
    Db *db;
    Arena *arena;
    Scope scope;
    AlertMinute minute;
    double value; /* of low_memory on the node "a"; below 0: nobody says */
    Str told;     /* kinds of notices, the oldest first */
    AlertList alerts;
} Bench;

static bool make_place(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    const Scope system = scope_system();
    Workspace place = { .name = S("Harbour") };
    AlertLimits limits;
    AlertRule rule = ALERT_low_memory;
    if (!workspace_add(tx, &system, bench->arena, &place, err))
        return false;
    bench->scope = (Scope){ .workspace = place.id, .user = S("u"), .role = ROLE_OWNER };
    if (!alert_limits_find(tx, &bench->scope, bench->arena, &limits, err))
        return false;
    limits.at[rule].limit = 5;
    limits.at[rule].hold_s = 120;
    limits.at[rule].repeat_s = 600;
    return alert_limits_set(tx, &bench->scope, bench->arena, &limits, err);
}

static bool pass_minute(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    AlertMinute *minute = &bench->minute;
    *minute = (AlertMinute){ .scope = &bench->scope, .arena = bench->arena, .now_ms = now_ms() };
    if (!alerts_look(tx, minute, err))
        return false;
    if (bench->value >= 0)
        alerts_find(minute, ALERT_low_memory, S("a"), bench->value);
    return !alerts_need_acting(minute) || alerts_act(tx, minute, err);
}

static bool look(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    NoticeList list;
    Buf told = buf_new(bench->arena, KB(4));
    if (!notice_list(tx, &bench->scope, bench->arena, false, NULL, &list, err) ||
        !alert_list(tx, &bench->scope, bench->arena, false, NULL, &bench->alerts, err))
        return false;
    for (size_t i = list.count; i > 0; i--)
        buf_addf(&told, STR_FMT " ", STR_ARG(list.at[i - 1].event.kind));
    bench->told = buf_str(&told);
    return true;
}

static void open_bench(Bench *bench, const char *url)
{
    const Scope system = scope_system();
    Error err;
    *bench = (Bench){ .arena = arena_new(MB(64)) };
    clock_set(NOW);
    cr_assert(db_open(url, NULL, &bench->db, &err), "%s", err.message);
    cr_assert(store_write(bench->db, &system, make_place, bench, &err), "%s", err.message);
    bench->scope.user = STR_NONE; /* as the job has it */
}

static void close_bench(Bench *bench)
{
    db_close(bench->db);
    arena_free(bench->arena);
}

/* `minute` minutes after the beginning, with this value. */
static void pass(Bench *bench, int64_t minute, double value)
{
    Error err;
    clock_set(NOW + minute * 60000);
    bench->value = value;
    cr_assert(store_write(bench->db, &bench->scope, pass_minute, bench, &err), "%s", err.message);
    cr_assert(store_read(bench->db, &bench->scope, look, bench, &err), "%s", err.message);
}

/* What is told after each minute, and how the newest alert stands. */
typedef struct Minute {
    int64_t at;
    double value;
    const char *told;
    const char *state; /* "", "pending", "firing", "over" */
} Minute;

static const char *state_of(const Bench *bench)
{
    const Alert *alert = bench->alerts.at;
    if (!bench->alerts.count)
        return "";
    return !alert->is_open ? "over" : alert->fired_at_ms ? "firing" : "pending";
}

static void pass_all(Bench *bench, const Minute *minutes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pass(bench, minutes[i].at, minutes[i].value);
        cr_expect(str_is(bench->told, minutes[i].told), "minute %" PRId64 ": " STR_FMT,
                  minutes[i].at, STR_ARG(bench->told));
        cr_expect_str_eq(state_of(bench), minutes[i].state, "minute %" PRId64, minutes[i].at);
    }
}

TEST_BOTH(models, an_alert_is_told_when_it_has_held_and_again_and_when_it_is_over)
{
    static const Minute minutes[] = {
        { 0, 3, "", "pending" },
        { 1, 3, "", "pending" },
        { 2, 3, "low_memory ", "firing" },
        { 3, 3, "low_memory ", "firing" },
        { 11, 3, "low_memory ", "firing" },
        { 12, 3, "low_memory low_memory ", "firing" },
        { 13, 9, "low_memory low_memory ", "firing" },
        { 14, 9, "low_memory low_memory ", "firing" },
        { 15, -1, "low_memory low_memory alert_over ", "over" },
        { 16, 9, "low_memory low_memory alert_over ", "over" },
        { 17, 3, "low_memory low_memory alert_over ", "pending" },
    };
    Bench bench;
    open_bench(&bench, url);
    pass_all(&bench, minutes, COUNT(minutes));
    close_bench(&bench);
}

TEST_BOTH(models, what_does_not_hold_for_long_is_forgotten)
{
    static const Minute minutes[] = {
        { 0, 3, "", "pending" },
        { 1, 9, "", "" },
        { 2, 3, "", "pending" },
        { 3, -1, "", "" },
    };
    Bench bench;
    open_bench(&bench, url);
    pass_all(&bench, minutes, COUNT(minutes));
    close_bench(&bench);
}

static bool silence_work(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    AlertSilence silence = { .rule = S("low_memory"), .ends_at_ms = NOW + 10 * 60000 };
    AlertSilence other = { .rule = S("low_memory"), .subject = S("b"), .ends_at_ms = INT64_MAX };
    return alert_silence_add(tx, &bench->scope, bench->arena, &silence, err) &&
           alert_silence_add(tx, &bench->scope, bench->arena, &other, err);
}

TEST_BOTH(models, a_silenced_alert_is_told_when_the_silence_has_ended)
{
    static const Minute minutes[] = {
        { 0, 3, "", "pending" },
        { 2, 3, "", "firing" },
        { 9, 3, "", "firing" },
        { 10, 3, "low_memory ", "firing" },
    };
    Bench bench;
    Error err;
    open_bench(&bench, url);
    cr_assert(store_write(bench.db, &bench.scope, silence_work, &bench, &err), "%s", err.message);
    pass_all(&bench, minutes, COUNT(minutes));
    close_bench(&bench);
}

TEST_BOTH(models, what_begins_and_ends_in_a_silence_is_kept_and_never_told)
{
    static const Minute minutes[] = {
        { 0, 3, "", "pending" }, { 2, 3, "", "firing" }, { 3, 50, "", "firing" },
        { 4, 50, "", "firing" }, { 5, 50, "", "over" },
    };
    Bench bench;
    Error err;
    open_bench(&bench, url);
    cr_assert(store_write(bench.db, &bench.scope, silence_work, &bench, &err), "%s", err.message);
    pass_all(&bench, minutes, COUNT(minutes));
    close_bench(&bench);
}

static bool see_work(DbTx *tx, void *argument, Error *err)
{
    Bench *bench = argument;
    return alert_acknowledge(tx, &bench->scope, bench->alerts.at[0].id, err);
}

TEST_BOTH(models, what_somebody_sees_to_is_not_told_again_but_that_it_is_over)
{
    static const Minute before[] = { { 0, 3, "", "pending" }, { 2, 3, "low_memory ", "firing" } };
    static const Minute after[] = {
        { 20, 3, "low_memory ", "firing" },
        { 21, 50, "low_memory ", "firing" },
        { 22, 50, "low_memory ", "firing" },
        { 23, 50, "low_memory alert_over ", "over" },
    };
    Bench bench;
    Error err;
    open_bench(&bench, url);
    pass_all(&bench, before, COUNT(before));
    cr_assert(store_write(bench.db, &bench.scope, see_work, &bench, &err), "%s", err.message);
    pass_all(&bench, after, COUNT(after));
    close_bench(&bench);
}
