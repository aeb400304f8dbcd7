/* job_dispatch.c - the one thread of a runner that talks to the database.
 *
 * Each round is one transaction: outcomes of finished jobs, progress, leases, due jobs, new claims.
 * While it commits, handlers finish more jobs, so the rounds grow with the load: that is what makes
 * ten thousand durable jobs a second possible. A round may be run again from its start, and each of
 * its changes is a compare-and-set, so a round of which nobody knows whether it was stored does no
 * harm when it is repeated. */
#include "base/clock.h"
#include "base/log.h"
#include "base/report.h"
#include "jobs/job_run.h"
#include "jobs/schedules.h"

#define OUTCOMES_MAX 1000 /* in one round */
#define NEWS_EVERY_MS 250
#define TAKEN_MS 100 /* until schedules that another node keeps are looked at again */
/* After a failed round: 100 ms, 200 ms ... */
#define PAUSE_MAX_MS 5000

/* What one round writes and reads. */
typedef struct Round {
    JobRunner *runner;
    Arena *arena;   /* of what goes in */
    Arena *results; /* of what comes out; emptied when the work begins again */
    int64_t now_ms;
    RunList finished;
    JobOutcome *outcomes;
    bool *is_stale;
    JobNews *news;
    JobEvent *events; /* the claimed jobs' are added at the end */
    size_t news_count, event_count;
    JobSum *sums;
    size_t sum_count;
    LanePlan *plans; /* for each lane */
    bool beats, keeps_time, looks_for_cancelled;
    bool ticks; /* schedules are due, by what this runner knows */

    JobLines lines; /* in the table, when it keeps time */
    JobHeldList held, cancelled;
    int64_t due_at_ms, tick_at_ms, recovered;
} Round;

/* --- What is to be done; under the lock ---------------------------------------------- */

static JobOutcome outcome_of(JobRun *run, int64_t now)
{
    JobOutcome outcome = { .id = run->job.id, .token = run->token, .state = JOB_DONE };
    JobStop stop = atomic_load(&run->stop);
    bool may_repeat = run->retry_in_ms >= 0 || error_is_temporary(run->err.code);

    if (run->is_ok) {
        outcome.is_forgotten = run->lane->type.forgets_done;
        return outcome;
    }
    if (stop == STOP_SHUTDOWN || stop == STOP_LOST || !run->started_ms) {
        outcome.state = JOB_WAITING;
        outcome.keeps_attempt = true;
        return outcome;
    }
    if (run->awaits && stop == STOP_NOT) {
        outcome.state = JOB_HELD;
        outcome.keeps_attempt = true;
        return outcome;
    }
    outcome.error_code = str(error_name(run->err.code));
    outcome.error = str(run->err.message);
    if (stop == STOP_CANCELLED || run->err.code == ERROR_CANCELLED) {
        outcome.state = JOB_CANCELLED;
    } else if (run->gives_up || !may_repeat ||
               (!run->is_put_off && run->job.attempt >= run->job.attempt_max)) {
        outcome.state = JOB_DEAD;
    } else {
        outcome.state = JOB_DELAYED;
        outcome.keeps_attempt = run->is_put_off;
        outcome.run_at_ms =
            now + (run->retry_in_ms >= 0 ? run->retry_in_ms : job_retry_delay_ms(run->job.attempt));
    }
    return outcome;
}

static JobEvent event_of(const JobRun *run, JobState state)
{
    return (JobEvent){ .id = run->job.id,
                       .workspace = run->job.scope.workspace,
                       .type = run->job.type,
                       .subject = run->job.subject,
                       .user = run->job.user,
                       .state = state };
}

static void take_finished(Round *round)
{
    JobRunner *runner = round->runner;
    size_t count = MIN(runner->finished.count, OUTCOMES_MAX);

    round->outcomes = arena_new_array(round->arena, JobOutcome, count + 1);
    round->is_stale = arena_new_array(round->arena, bool, count + 1);
    for (size_t i = 0; i < count; i++) {
        JobRun *run = run_list_take(&runner->finished);
        run_list_add(&round->finished, run);
        round->outcomes[i] = outcome_of(run, round->now_ms);
        round->events[round->event_count++] = event_of(run, round->outcomes[i].state);
    }
}

static void take_news_of(Round *round, JobRun *run)
{
    pthread_mutex_lock(&run->lock);
    if (run->has_news) {
        Str stage = str_copy(round->arena, str(run->stage));
        round->news[round->news_count++] = (JobNews){ .id = run->job.id,
                                                      .token = run->token,
                                                      .stage = stage,
                                                      .stage_at_ms = run->stage_at_ms,
                                                      .stage_done = run->stage_done,
                                                      .done = run->done,
                                                      .total = run->total };
        JobEvent *event = &round->events[round->event_count++];
        *event = event_of(run, JOB_RUNNING);
        event->stage = stage;
        event->done = run->done;
        event->total = run->total;
        event->stage_at_ms = run->stage_at_ms;
        event->stage_done = run->stage_done;
        run->has_news = false;
    }
    pthread_mutex_unlock(&run->lock);
}

size_t job_count_all(const JobRunner *runner)
{
    size_t count = 0;
    for (JobRun *run = runner->all; run; run = run->after)
        count++;
    return count;
}

static void take_news(Round *round, int64_t monotonic)
{
    JobRunner *runner = round->runner;

    if (monotonic < runner->news_at)
        return;
    runner->news_at = monotonic + NEWS_EVERY_MS;
    for (JobRun *run = runner->all; run; run = run->after)
        if (run->started_ms)
            take_news_of(round, run);
}

static void stop_late_ones(JobRunner *runner, int64_t monotonic)
{
    for (JobRun *run = runner->all; run; run = run->after) {
        JobStop none = STOP_NOT;
        int64_t timeout_ms = run->lane->type.timeout_s * INT64_C(1000);
        if (timeout_ms > 0 && run->started_ms && monotonic - run->started_ms > timeout_ms)
            atomic_compare_exchange_strong(&run->stop, &none, STOP_TIMEOUT);
        /* Nobody could tell the table for a whole lease: by now another node may have it. */
        if (monotonic - runner->last_heartbeat_ms > runner->lease_shortest_ms)
            atomic_compare_exchange_strong(&run->stop, &none, STOP_LOST);
    }
}

/* While nothing is leased there is nothing to extend. */
static void plan_beat(Round *round, int64_t monotonic)
{
    JobRunner *runner = round->runner;
    if (monotonic < runner->heartbeat_at)
        return;
    round->beats = runner->all || runner->sum_count || runner->must_beat;
    if (!round->beats) {
        runner->last_heartbeat_ms = monotonic;
        runner->heartbeat_at = monotonic + runner->heartbeat_every_ms;
    }
}

static void plan(Round *round, int64_t monotonic)
{
    JobRunner *runner = round->runner;

    round->ticks =
        !runner->is_stopping && round->now_ms - runner->tick_late_ms >= runner->tick_at_ms;
    round->keeps_time =
        round->ticks || (!runner->is_stopping &&
                         (monotonic >= runner->poll_at || round->now_ms >= runner->due_at_ms));
    round->plans = arena_new_array(round->arena, LanePlan, runner->lane_count + 1);
    for (size_t i = 0; i < runner->lane_count && !runner->is_stopping; i++)
        lane_plan(&runner->lanes[i], round->arena, round->keeps_time, monotonic, &round->plans[i]);
    plan_beat(round, monotonic);
    if (round->beats) {
        round->sums = arena_new_array(round->arena, JobSum, runner->sum_count + 1);
        memcpy(round->sums, runner->sums, runner->sum_count * sizeof *runner->sums);
        round->sum_count = runner->sum_count;
    }
    round->looks_for_cancelled = runner->all && (runner->looks_for_cancelled || round->keeps_time);
    runner->looks_for_cancelled = false;
    if (monotonic >= runner->poll_at)
        runner->poll_at = monotonic + runner->options.poll_ms;
}

static bool is_idle(const Round *round)
{
    for (size_t i = 0; i < round->runner->lane_count; i++)
        if (round->plans[i].max > 0)
            return false;
    return !round->finished.count && !round->news_count && !round->beats && !round->keeps_time &&
           !round->looks_for_cancelled;
}

/* --- The transaction ----------------------------------------------------------------- */

static bool is_ours(const JobRunner *runner, const JobHeld *held)
{
    for (const JobRun *run = runner->all; run; run = run->after)
        if (run->token == held->token && str_equal(run->job.id, held->id))
            return true;
    return false;
}

/* The list of all is changed by this thread alone, so it may be read without the lock. Leases that
 * are ours in the table only (a claim whose answer was lost) are given back at once. */
static bool beat(DbTx *tx, Round *round, const Scope *system, Error *err)
{
    JobRunner *runner = round->runner;

    if (!jobs_store_heartbeat(tx, system, round->results, str(runner->owner), round->now_ms,
                              &round->held, err))
        return false;
    JobOutcome *orphans = arena_new_array(round->results, JobOutcome, round->held.count + 1);
    bool *is_stale = arena_new_array(round->results, bool, round->held.count + 1);
    size_t count = 0;
    for (size_t i = 0; i < round->held.count; i++)
        if (!is_ours(runner, &round->held.at[i]))
            orphans[count++] = (JobOutcome){ .id = round->held.at[i].id,
                                             .token = round->held.at[i].token,
                                             .state = JOB_WAITING,
                                             .keeps_attempt = true };
    JobLines woken = { 0 };
    if (count && !(jobs_store_finish(tx, system, round->results, orphans, count, round->now_ms,
                                     is_stale, &woken, err) &&
                   job_tell_lines(tx, &woken, err)))
        return false;
    return !round->sum_count ||
           jobs_store_add_sums(tx, system, round->sums, round->sum_count, round->now_ms, err);
}

/* Other nodes need not look for the same schedules a moment later. */
static bool tell_tick(DbTx *tx, int64_t tick_at_ms, Error *err)
{
    char text[30];
    snprintf(text, sizeof text, "tick %" PRId64, tick_at_ms);
    return db_hint(tx, JOBS_CHANNEL, str(text), err);
}

/* Most of the time there is nothing, which one statement says. Ticks that are known to be due are
 * not asked for before. */
static bool keep_time(DbTx *tx, Round *round, const Scope *system, Error *err)
{
    JobsLook look;
    int64_t count, now = round->now_ms;
    round->lines = (JobLines){ 0 };
    if ((round->ticks && !schedules_tick(tx, system, round->results, now, &count, err)) ||
        !jobs_store_look(tx, system, now, &look, err))
        return false;
    bool is_late = !round->ticks && look.tick_at_ms <= now, promotes = look.due_at_ms <= now;
    bool ticks = round->ticks || is_late;
    if ((look.has_lost &&
         !jobs_store_recover(tx, system, round->results, now, &round->recovered, err)) ||
        (promotes && !jobs_store_promote(tx, system, now, &count, err)) ||
        (is_late && !schedules_tick(tx, system, round->results, now, &count, err)) ||
        ((is_late || promotes || look.has_lost) && !jobs_store_look(tx, system, now, &look, err)) ||
        (ticks && look.tick_at_ms > now && !tell_tick(tx, look.tick_at_ms, err)) ||
        (look.has_waiting && !jobs_store_lines(tx, system, round->results, &round->lines, err)))
        return false;
    round->due_at_ms = look.due_at_ms;
    round->tick_at_ms = look.tick_at_ms;
    if (ticks && look.tick_at_ms <= now) /* another node is at them */
        round->tick_at_ms = now + TAKEN_MS;
    return true;
}

static bool claim(DbTx *tx, Round *round, const Scope *system, Error *err)
{
    for (size_t i = 0; i < round->runner->lane_count; i++)
        if (!lane_claim(tx, system, &round->runner->lanes[i], &round->plans[i],
                        round->keeps_time ? &round->lines : NULL, round->results, round->now_ms,
                        err))
            return false;
    return true;
}

static bool finish(DbTx *tx, Round *round, const Scope *system, Error *err)
{
    JobLines woken = { 0 };
    return jobs_store_finish(tx, system, round->results, round->outcomes, round->finished.count,
                             round->now_ms, round->is_stale, &woken, err) &&
           job_tell_lines(tx, &woken, err);
}

static bool tell(DbTx *tx, const Round *round, Error *err)
{
    const JobRunner *runner = round->runner;
    size_t count = round->event_count;

    if (!runner->options.listener)
        return true;
    for (size_t i = 0; i < runner->lane_count; i++)
        count += round->plans[i].claimed.count;
    JobEvent *events = arena_new_array(round->results, JobEvent, count + 1);
    if (round->event_count)
        memcpy(events, round->events, round->event_count * sizeof *events);
    count = round->event_count;
    for (size_t i = 0; i < runner->lane_count; i++)
        for (size_t k = 0; k < round->plans[i].claimed.count; k++) {
            const JobRow *row = &round->plans[i].claimed.at[k];
            events[count++] = (JobEvent){ .id = row->id,
                                          .workspace = row->workspace,
                                          .type = row->type,
                                          .subject = row->subject,
                                          .user = row->user,
                                          .state = JOB_RUNNING };
        }
    return job_news_send(tx, events, count, err);
}

static bool write_round(DbTx *tx, void *argument, Error *err)
{
    Round *round = argument;
    JobRunner *runner = round->runner;
    Scope system = scope_system();

    arena_reset(round->results);
    round->held = round->cancelled = (JobHeldList){ 0 };
    round->recovered = 0;
    return (!round->finished.count || finish(tx, round, &system, err)) &&
           (!round->news_count ||
            jobs_store_progress(tx, &system, round->news, round->news_count, err)) &&
           (!round->beats || beat(tx, round, &system, err)) &&
           (!round->looks_for_cancelled ||
            jobs_store_cancelled(tx, &system, round->results, str(runner->owner), &round->cancelled,
                                 err)) &&
           (!round->keeps_time || keep_time(tx, round, &system, err)) &&
           claim(tx, round, &system, err) && tell(tx, round, err);
}

/* --- What came of it; under the lock ------------------------------------------------- */

/* A file that is broken, or a wrong password, is no failure of the program. */
static void tell_dead(const JobRun *run)
{
    if (!error_is_temporary(run->err.code))
        return;
    Failure failure = { .area = "job",
                        .where = run->job.type,
                        .what = str(error_name(run->err.code)),
                        .message = str(run->err.message),
                        .tags = { { "job_id", run->job.id } } };
    report_failure(&failure);
}

static void report(JobRunner *runner, const JobRun *run, const JobOutcome *outcome)
{
    switch (outcome->state) {
    case JOB_DONE: atomic_fetch_add(&runner->done_count, 1); break;
    case JOB_DELAYED:
        atomic_fetch_add(&runner->failed_count, 1);
        log_info("jobs", "%s " STR_FMT " failed (attempt %d of %d) and will be tried again: %s",
                 run->lane->type.name, STR_ARG(run->job.subject), run->job.attempt,
                 run->job.attempt_max, run->err.message);
        break;
    case JOB_DEAD:
        atomic_fetch_add(&runner->dead_count, 1);
        tell_dead(run);
        log_warn("jobs", "%s " STR_FMT " failed for good (attempt %d of %d): %s",
                 run->lane->type.name, STR_ARG(run->job.subject), run->job.attempt,
                 run->job.attempt_max, run->err.message);
        break;
    case JOB_WAITING:
    case JOB_RUNNING:
    case JOB_HELD:
    case JOB_CANCELLED: break;
    }
    job_sum(runner, run, outcome->state);
}

static void forget_finished(Round *round)
{
    JobRunner *runner = round->runner;
    JobRun *run;

    for (size_t i = 0; (run = run_list_take(&round->finished)); i++) {
        if (round->is_stale[i] && !run->is_done_already)
            atomic_fetch_add(&runner->stale_count, 1);
        else
            report(runner, run, &round->outcomes[i]);
        if (round->outcomes[i].state == JOB_DELAYED)
            runner->due_at_ms = MIN(runner->due_at_ms, round->outcomes[i].run_at_ms);
        run_forget(runner, run);
    }
}

static JobRun *find_run(JobRunner *runner, const JobHeld *held)
{
    for (JobRun *run = runner->all; run; run = run->after)
        if (run->token == held->token && str_equal(run->job.id, held->id))
            return run;
    return NULL;
}

static void stop_run(JobRun *run, JobStop why)
{
    JobStop none = STOP_NOT;
    if (run)
        atomic_compare_exchange_strong(&run->stop, &none, why);
}

/* Whoever is not among the held ones has lost its lease. */
static void note_held(Round *round, int64_t began_ms)
{
    JobRunner *runner = round->runner;

    runner->last_heartbeat_ms = began_ms;
    runner->heartbeat_at = began_ms + runner->heartbeat_every_ms;
    for (JobRun *run = runner->all; run; run = run->after) {
        bool is_held = false;
        for (size_t i = 0; i < round->held.count && !is_held; i++)
            is_held = round->held.at[i].token == run->token &&
                      str_equal(round->held.at[i].id, run->job.id);
        if (!is_held)
            stop_run(run, STOP_LOST);
    }
}

static void apply(Round *round, int64_t began_ms)
{
    JobRunner *runner = round->runner;

    runner->failures = 0;
    if (round->beats) {
        runner->sum_count = 0;
        runner->must_beat = false;
    }
    forget_finished(round);
    if (round->beats)
        note_held(round, began_ms);
    for (size_t i = 0; i < round->cancelled.count; i++)
        stop_run(find_run(runner, &round->cancelled.at[i]), STOP_CANCELLED);
    if (round->keeps_time) {
        runner->due_at_ms = round->due_at_ms;
        runner->tick_at_ms = round->tick_at_ms;
        atomic_fetch_add(&runner->recovered_count, round->recovered);
    }
    for (size_t i = 0; i < runner->lane_count; i++)
        lane_apply(&runner->lanes[i], &round->plans[i], round->keeps_time ? &round->lines : NULL,
                   round->now_ms);
}

/* Everything goes back to where it was, to be tried again after a pause. */
static void take_back(Round *round, const Error *err)
{
    JobRunner *runner = round->runner;
    JobRun *run;

    runner->failures++;
    runner->last_failure = *err;
    while ((run = run_list_take(&round->finished)))
        run_list_add(&runner->finished, run);
    for (run = runner->all; run; run = run->after) {
        pthread_mutex_lock(&run->lock);
        run->has_news = run->has_news || run->stage[0];
        pthread_mutex_unlock(&run->lock);
    }
    runner->looks_for_cancelled = true;
    runner->must_beat = true;
    runner->poll_at = 0;
    if (runner->failures == 1)
        log_warn("jobs", "the queue cannot be reached: %s", err->message);
}

/* --- The thread ---------------------------------------------------------------------- */

/* Under the lock: until when there is nothing to do, unless somebody wakes us. */
static int64_t next_time(const JobRunner *runner, int64_t monotonic)
{
    int64_t until = MIN(runner->poll_at, runner->heartbeat_at);
    if (runner->all)
        until = MIN(until, runner->news_at);
    for (size_t i = 0; i < runner->lane_count; i++)
        if (runner->lanes[i].open_at > monotonic && lane_has_lines(&runner->lanes[i]))
            until = MIN(until, runner->lanes[i].open_at);
    int64_t due_at_ms = runner->due_at_ms;
    if (runner->tick_at_ms < INT64_MAX)
        due_at_ms = MIN(due_at_ms, runner->tick_at_ms + runner->tick_late_ms);
    if (due_at_ms == INT64_MAX)
        return until;
    int64_t wait_ms = due_at_ms - now_ms();
    int64_t due_at = monotonic + MAX(wait_ms, 0);
    return MIN(until, due_at);
}

static bool has_work(const JobRunner *runner)
{
    if (runner->finished.count || runner->looks_for_cancelled || runner->dispatcher_ends)
        return true;
    for (size_t i = 0; i < runner->lane_count && !runner->is_stopping; i++) {
        const Lane *lane = &runner->lanes[i];
        if (lane_room(lane) > lane->type.ahead / 2 && lane_has_lines(lane) &&
            monotonic_ms() >= lane->open_at)
            return true;
    }
    return false;
}

/* Under the lock, which it gives up while the database works. False: the round failed. */
static bool run_round(JobRunner *runner, Round *round)
{
    Error err = { 0 };
    Scope system = scope_system();
    int64_t began_ms = monotonic_ms();
    size_t event_max = 2 * job_count_all(runner) + 1;

    arena_reset(round->arena);
    *round = (Round){
        .runner = runner, .arena = round->arena, .results = round->results, .now_ms = now_ms()
    };
    round->events = arena_new_array(round->arena, JobEvent, event_max);
    round->news = arena_new_array(round->arena, JobNews, event_max);
    stop_late_ones(runner, began_ms);
    take_finished(round);
    take_news(round, began_ms);
    plan(round, began_ms);
    if (is_idle(round))
        return true;
    pthread_mutex_unlock(&runner->lock);
    bool ok = store_write(runner->options.db, &system, write_round, round, &err);
    pthread_mutex_lock(&runner->lock);
    if (ok)
        apply(round, began_ms);
    else
        take_back(round, &err);
    return ok;
}

void *job_dispatch(void *argument)
{
    JobRunner *runner = argument;
    Round round = { .arena = arena_new(MB(256)), .results = arena_new(MB(256)) };

    pthread_mutex_lock(&runner->lock);
    while (!runner->dispatcher_ends || (runner->finished.count && runner->failures < 3)) {
        if (!run_round(runner, &round)) {
            int64_t pause_ms = MIN(INT64_C(50) << MIN(runner->failures, 10), PAUSE_MAX_MS);
            (void)cond_wait_until(&runner->wake, &runner->lock, monotonic_ms() + pause_ms);
            continue;
        }
        int64_t now = monotonic_ms();
        if (!runner->is_stopping && now >= runner->purge_at)
            job_purge(runner, now);
        while (!has_work(runner) && monotonic_ms() < next_time(runner, monotonic_ms()))
            (void)cond_wait_until(&runner->wake, &runner->lock, next_time(runner, monotonic_ms()));
    }
    pthread_mutex_unlock(&runner->lock);
    arena_free(round.arena);
    arena_free(round.results);
    return NULL;
}
