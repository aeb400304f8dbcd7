/* connect_watch.c - places that tell of news by themselves, watched between the rounds; see
 * connect.h.
 *
 * The job holds one session open. What it cannot do is no failure: the rounds that are due find the
 * same, only later, and say what is wrong. A session that ends is followed by another after ever
 * longer waits, and each new one by a round, for what came meanwhile. */
#include "base/clock.h"
#include "base/log.h"
#include "connect/connect_int.h"

#define STEP_MS 500         /* in which somebody who wants it to stop is heard */
#define LOOK_EVERY_MS 10000 /* whether the connection has changed */
#define ROUND_EVERY_MS 5000 /* at most one is asked for in this time */
#define GOOD_AFTER_MS 60000 /* a session that lasted so long was a good one */

typedef enum WatchEnd {
    WATCH_OVER,   /* there is nothing to watch */
    WATCH_BROKEN, /* the session has ended */
    WATCH_ANEW,   /* the settings are others */
} WatchEnd;

typedef struct Watch {
    ConnectRun run;
    Job *job;
    bool has_news;
    int64_t asked_at_ms, looked_at_ms;
} Watch;

static bool round_work(DbTx *tx, void *argument, Error *err)
{
    Watch *watch = argument;
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str job;
    return job_hold(tx, watch->job, err) &&
           connect_sync(tx, watch->run.scope, arena, &watch->run.connection, true, &job, err);
}

/* What was told is kept until a round is asked for, and not asked for once each mail. */
static bool ask_for_round(Watch *watch, Error *err)
{
    int64_t now = monotonic_ms();
    if (!watch->has_news || (watch->asked_at_ms && now - watch->asked_at_ms < ROUND_EVERY_MS))
        return true;
    watch->asked_at_ms = now;
    watch->has_news = false;
    return store_write(watch->job->db, &watch->job->scope, round_work, watch, err);
}

/* Only a change of what leads to the place, or to nowhere, ends a session. */
static bool has_changed(Watch *watch)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    const Connection *was = &watch->run.connection;
    const ConnectorKind *kind;
    Connection now;
    Error err = { 0 };
    if (monotonic_ms() - watch->looked_at_ms < LOOK_EVERY_MS)
        return false;
    watch->looked_at_ms = monotonic_ms();
    if (!connect_load(watch->job, arena, &now, &kind, NULL, &err))
        return err.code == ERROR_NOT_FOUND;
    return !now.is_on || !now.every_minutes || !str_equal(now.settings, was->settings) ||
           !str_equal(now.sealed, was->sealed) || !str_equal(now.whole, was->whole);
}

static WatchEnd watch_session(Watch *watch, Error *err)
{
    const Connector *connector = watch->run.connector;
    while (!job_is_stopped(watch->job)) {
        bool is_new = false;
        arena_reset(watch->run.arena);
        if (!connector->watch(&watch->run, STEP_MS, &is_new, err))
            return err->code == ERROR_UNSUPPORTED || err->code == ERROR_DENIED ? WATCH_OVER
                                                                               : WATCH_BROKEN;
        watch->has_news |= is_new;
        if (!ask_for_round(watch, err))
            return WATCH_BROKEN;
        if (has_changed(watch))
            return WATCH_ANEW;
    }
    return WATCH_OVER;
}

static WatchEnd watch_once(Job *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    AUTO_JSON json_t *settings = NULL;
    const ConnectorKind *kind;
    Connection connection;
    Scope scope = job->scope;
    if (!connect_load(job, arena, &connection, &kind, &settings, err))
        return err->code == ERROR_NOT_FOUND ? WATCH_OVER : WATCH_BROKEN;
    if (!connection.is_on || !connection.every_minutes || !kind->connector->watch)
        return WATCH_OVER;
    scope.user = connection.created_by;
    Watch watch = { .job = job, .looked_at_ms = monotonic_ms() };
    connect_run_begin(&watch.run, job->argument, &scope, kind, &connection, settings);
    watch.run.job = job;
    WatchEnd end = watch_session(&watch, err);
    Error none = { 0 };
    if (err->code == ERROR_DENIED && /* a round says so to people; the next one does anyway */
        !store_write(job->db, &job->scope, round_work, &watch, &none))
        log_info("connect", "no round could be asked for: %s", none.message);
    connect_run_end(&watch.run);
    return end;
}

static void pause_after(const Job *job, int failures)
{
    int64_t until_ms = monotonic_ms() + job_retry_delay_ms(failures);
    while (!job_is_stopped(job) && monotonic_ms() < until_ms)
        sleep_ms(STEP_MS);
}

bool connect_watch_job(Job *job, Error *err)
{
    int failures = 0;
    job_never_ends(job);
    while (!job_is_stopped(job)) {
        Error why = { 0 };
        int64_t began_ms = monotonic_ms();
        WatchEnd end = watch_once(job, &why);
        if (end == WATCH_OVER && !job_is_stopped(job))
            return true;
        if (end != WATCH_BROKEN)
            continue;
        failures = monotonic_ms() - began_ms < GOOD_AFTER_MS ? failures + 1 : 1;
        log_info("connect", "the watch over connection " STR_FMT " broke off: %s",
                 STR_ARG(job->subject), why.message);
        pause_after(job, failures);
    }
    return job_stopped(job, err);
}
