/* job_runner.c - starting and stopping a runner, and its lanes. See job_runner.h. */
#include "jobs/job_runner.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"
#include "base/log.h"
#include "base/trace.h"
#include "jobs/job_run.h"
#include "store/schedules_store.h"

#include <assert.h>

#define ATTEMPTS_MAX 5
#define LEASE_S 30
#define POLL_MS 4000
#define WATCHED_POLL_MS 60000 /* where the database says what is there (db_watch()) */
/* So much later than it is due, at most, a node looks for a schedule that nobody has kept. */
#define TICK_LATE_MS 400
/* How long a handler that was asked to stop may take at the end. */
#define GRACE_MS 2000

/* --- Lists --------------------------------------------------------------------------- */

void run_list_add(RunList *list, JobRun *run)
{
    run->next = NULL;
    if (list->first)
        list->last->next = run;
    else
        list->first = run;
    list->last = run;
    list->count++;
}

JobRun *run_list_take(RunList *list)
{
    JobRun *run = list->first;
    if (run) {
        list->first = run->next;
        list->count--;
    }
    return run;
}

void run_forget(JobRunner *runner, JobRun *run)
{
    if (run->before)
        run->before->after = run->after;
    else
        runner->all = run->after;
    if (run->after)
        run->after->before = run->before;
    pthread_mutex_destroy(&run->lock);
    arena_free(run->arena);
    free(run);
}

/* --- Lanes --------------------------------------------------------------------------- */

/* Below the request, or the job, that added it; times that it waited are told apart from its own.
 */
static void begin_span(JobRun *run, TraceSpan *span)
{
    TraceContext from = { 0 };
    Str state = run->trace, parent;
    if (str_next(&state, ' ', &parent))
        (void)trace_read(parent, state, &from);
    span_begin(span, &from, TRACE_CONSUMER,
               str_format(run->arena, "job " STR_FMT, STR_ARG(run->job.type)));
    span_add_text(span, "lectern.job.type", run->job.type);
    span_add_text(span, "lectern.job.id", run->job.id);
    span_add_number(span, "lectern.job.attempt", run->job.attempt);
    span_add_number(span, "lectern.job.waited_ms", MAX(run->claimed_ms - run->ready_ms, 0));
}

static void run_handler(JobRun *run)
{
    TraceSpan span;
    begin_span(run, &span);
    log_set_id(run->job.id);
    trace_set_here(&span.context);
    run->is_ok = run->lane->type.run(&run->job, &run->err);
    trace_set_here(NULL);
    log_set_id(STR_NONE);
    if (!run->is_ok && !run->awaits && !run->is_put_off)
        span_fail(&span, str(error_name(run->err.code)));
    span_end(&span);
}

static void *work(void *argument)
{
    Lane *lane = argument;
    JobRunner *runner = lane->runner;

    pthread_mutex_lock(&runner->lock);
    while (!runner->is_stopping) {
        JobRun *run = run_list_take(&lane->waiting);
        if (!run) {
            lane->idle_count++;
            pthread_cond_wait(&lane->wake, &runner->lock);
            lane->idle_count--;
            continue;
        }
        lane->running_count++;
        runner->running_count++;
        run->started_ms = monotonic_ms();
        pthread_mutex_unlock(&runner->lock);
        run_handler(run);
        run->ended_ms = monotonic_ms();
        pthread_mutex_lock(&runner->lock);
        lane->running_count--;
        runner->running_count--;
        run_list_add(&runner->finished, run);
        if (runner->finished.count == 1)
            pthread_cond_signal(&runner->wake);
        if (runner->is_stopping)
            pthread_cond_signal(&runner->returned);
    }
    pthread_mutex_unlock(&runner->lock);
    return NULL;
}

static JobRun *run_new(Lane *lane, const JobRow *row)
{
    JobRunner *runner = lane->runner;
    JobRun *run = heap_alloc(sizeof *run);
    Arena *arena = arena_new(runner->options.memory_max);

    run->lane = lane;
    run->arena = arena;
    run->token = row->token;
    run->ready_ms = row->run_at_ms;
    run->claimed_ms = now_ms();
    run->retry_in_ms = -1;
    run->trace = str_copy(arena, row->trace);
    pthread_mutex_init(&run->lock, NULL);
    run->job = (Job){
        .id = str_copy(arena, row->id),
        .type = str(lane->type.name),
        .subject = str_copy(arena, row->subject),
        .payload = str_copy(arena, row->payload),
        .user = str_copy(arena, row->user),
        .api_key = str_copy(arena, row->api_key),
        .scope = { .workspace = str_copy(arena, row->workspace),
                   .role = ROLE_OWNER,
                   .is_system = !row->workspace.length },
        .attempt = row->attempt,
        .attempt_max = row->attempt_max,
        .children = row->children,
        .children_failed = row->children_failed,
        .db = runner->options.db,
        .arena = arena,
        .argument = lane->type.argument,
        .run = run,
    };
    return run;
}

void lane_give(Lane *lane, const JobRow *row)
{
    JobRunner *runner = lane->runner;
    JobRun *run = run_new(lane, row);

    run->after = runner->all;
    if (runner->all)
        runner->all->before = run;
    runner->all = run;
    if (runner->is_stopping) { /* since it was claimed */
        atomic_store(&run->stop, STOP_SHUTDOWN);
        run_list_add(&runner->finished, run);
        return;
    }
    run_list_add(&lane->waiting, run);
    if ((size_t)lane->idle_count >= lane->waiting.count) {
        pthread_cond_signal(&lane->wake);
    } else if (lane->thread_count < lane->type.at_once &&
               pthread_create(&lane->threads[lane->thread_count], NULL, work, lane) == 0) {
        char name[16];
        snprintf(name, sizeof name, "%.15s", lane->type.name);
        pthread_setname_np(lane->threads[lane->thread_count++], name);
    }
}

/* --- Starting ------------------------------------------------------------------------ */

static void set_up_lane(JobRunner *runner, Lane *lane, const JobType *type)
{
    lane->runner = runner;
    lane->type = *type;
    if (lane->type.attempts_max <= 0)
        lane->type.attempts_max = ATTEMPTS_MAX;
    if (lane->type.lease_s <= 0)
        lane->type.lease_s = LEASE_S;
    if (lane->type.at_once <= 0)
        lane->type.at_once = 1;
    lane->threads = heap_alloc(sizeof(pthread_t) * (size_t)lane->type.at_once);
    lane->lines = heap_alloc(sizeof(LaneLine) * LANE_LINES_MAX);
    pthread_cond_init(&lane->wake, NULL);
    runner->lease_shortest_ms = MIN(runner->lease_shortest_ms, lane->type.lease_s * INT64_C(1000));
}

/* Where the database tells of what there is, all its nodes hear it at the same time. */
static void settle_times(JobRunner *runner)
{
    bool is_watched = db_watch(runner->options.db, JOBS_CHANNEL, jobs_store_watch);
    uint16_t random = 0;
    random_bytes(&random, sizeof random);
    if (runner->options.poll_ms <= 0)
        runner->options.poll_ms = is_watched ? WATCHED_POLL_MS : POLL_MS;
    if (is_watched)
        runner->tick_late_ms = random % TICK_LATE_MS;
}

static JobRunner *runner_new(const JobRunnerOptions *options)
{
    JobRunner *runner = heap_alloc(sizeof *runner);

    runner->options = *options;
    runner->must_beat = true;
    if (!runner->options.memory_max)
        runner->options.memory_max = GB(1);
    if (runner->options.done_days <= 0)
        runner->options.done_days = 7;
    if (runner->options.dead_days <= 0)
        runner->options.dead_days = 90;
    if (options->owner.length)
        snprintf(runner->owner, sizeof runner->owner, STR_FMT, STR_ARG(options->owner));
    else
        id_write(runner->owner);
    pthread_mutex_init(&runner->lock, NULL);
    pthread_cond_init(&runner->returned, NULL);
    pthread_cond_init(&runner->wake, NULL);

    runner->lease_shortest_ms = INT32_MAX;
    runner->lane_count = options->type_count;
    runner->lanes = heap_alloc(sizeof(Lane) * options->type_count);
    for (size_t i = 0; i < options->type_count; i++)
        set_up_lane(runner, &runner->lanes[i], &options->types[i]);
    runner->heartbeat_every_ms = runner->lease_shortest_ms / 3;
    runner->last_heartbeat_ms = monotonic_ms();
    runner->heartbeat_at = runner->last_heartbeat_ms + runner->heartbeat_every_ms;
    return runner;
}

static void runner_free(JobRunner *runner)
{
    for (size_t i = 0; i < runner->lane_count; i++) {
        pthread_cond_destroy(&runner->lanes[i].wake);
        free(runner->lanes[i].threads);
        free(runner->lanes[i].lines);
    }
    while (runner->all)
        run_forget(runner, runner->all);
    pthread_cond_destroy(&runner->wake);
    pthread_cond_destroy(&runner->returned);
    pthread_mutex_destroy(&runner->lock);
    free(runner->lanes);
    free(runner);
}

static bool prepare(DbTx *tx, void *argument, Error *err)
{
    JobRunner *runner = argument;
    Scope system = scope_system();
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    int64_t released;

    if (!jobs_store_release(tx, &system, arena, str(runner->owner), now_ms(), &released, err))
        return false;
    atomic_store(&runner->recovered_count, released);
    for (size_t i = 0; i < runner->lane_count; i++) {
        const JobType *type = &runner->lanes[i].type;
        Schedule schedule = { .name = str(type->name),
                              .type = str(type->name),
                              .every_ms = type->every_ms,
                              .next_at_ms = now_ms() };
        if (type->every_ms > 0 && !schedule_keep(tx, &system, &schedule, err))
            return false;
    }
    for (size_t i = 0; i < runner->options.usual_count; i++) {
        const UsualSchedule *usual = &runner->options.usual[i];
        Schedule schedule = { .name = str(usual->name),
                              .type = str(usual->type),
                              .every_ms = usual->every_ms,
                              .next_at_ms = now_ms() + usual->every_ms };
        if (usual->every_ms > 0 && !schedule_keep_usual(tx, &system, arena, &schedule, err))
            return false;
    }
    return true;
}

static void stop_listening(JobRunner *runner)
{
    db_unlisten(runner->options.db, JOBS_CHANNEL, job_hear, runner);
    db_unlisten(runner->options.db, JOB_NEWS_CHANNEL, job_news_hear, runner);
}

bool jobs_start(const JobRunnerOptions *options, JobRunner **runner_r, Error *err)
{
    JobRunner *runner = runner_new(options);
    Scope system = scope_system();

    bool ok = store_write(options->db, &system, prepare, runner, err) &&
              db_listen(options->db, JOBS_CHANNEL, job_hear, runner, err) &&
              (!options->listener ||
               db_listen(options->db, JOB_NEWS_CHANNEL, job_news_hear, runner, err));
    if (ok)
        settle_times(runner);
    if (ok && pthread_create(&runner->dispatcher, NULL, job_dispatch, runner) != 0)
        ok = fail(err, ERROR_BUSY, "no thread could be started");
    if (!ok) {
        stop_listening(runner);
        runner_free(runner);
        return fail_in(err, "starting the job runner");
    }
    pthread_setname_np(runner->dispatcher, "jobs");
    *runner_r = runner;
    return true;
}

/* --- Stopping ------------------------------------------------------------------------ */

/* Under the lock. Jobs that were claimed and not begun are finished without having run. */
static void take_back_waiting(JobRunner *runner)
{
    for (size_t i = 0; i < runner->lane_count; i++) {
        JobRun *run;
        while ((run = run_list_take(&runner->lanes[i].waiting))) {
            atomic_store(&run->stop, STOP_SHUTDOWN);
            run_list_add(&runner->finished, run);
        }
        pthread_cond_broadcast(&runner->lanes[i].wake);
    }
    pthread_cond_signal(&runner->wake);
}

/* Under the lock. */
static bool wait_for_handlers(JobRunner *runner, int64_t wait_ms)
{
    int64_t until_ms = monotonic_ms() + wait_ms;
    while (runner->running_count && cond_wait_until(&runner->returned, &runner->lock, until_ms))
        ;
    return runner->running_count == 0;
}

/* Under the lock. `all`: also those that end by themselves. */
static void ask_to_stop(JobRunner *runner, bool all)
{
    for (JobRun *run = runner->all; run; run = run->after) {
        JobStop none = STOP_NOT;
        if (all || atomic_load(&run->never_ends))
            atomic_compare_exchange_strong(&run->stop, &none, STOP_SHUTDOWN);
    }
}

void jobs_retire(JobRunner *runner)
{
    stop_listening(runner);
    pthread_mutex_lock(&runner->lock);
    runner->is_stopping = true;
    take_back_waiting(runner);
    ask_to_stop(runner, false);
    pthread_mutex_unlock(&runner->lock);
}

bool jobs_stop(JobRunner *runner, int64_t wait_ms)
{
    if (!runner)
        return true;
    jobs_retire(runner);
    pthread_mutex_lock(&runner->lock);
    bool all_returned = wait_for_handlers(runner, wait_ms);
    if (!all_returned) {
        ask_to_stop(runner, true);
        all_returned = wait_for_handlers(runner, GRACE_MS);
    }
    runner->dispatcher_ends = true;
    pthread_cond_signal(&runner->wake);
    pthread_mutex_unlock(&runner->lock);
    pthread_join(runner->dispatcher, NULL);
    if (!all_returned) {
        job_give_back(runner);
        return false;
    }
    for (size_t i = 0; i < runner->lane_count; i++)
        for (int k = 0; k < runner->lanes[i].thread_count; k++)
            pthread_join(runner->lanes[i].threads[k], NULL);
    runner_free(runner);
    return true;
}

const JobType *jobs_type(const JobRunner *runner, Str name)
{
    for (size_t i = 0; i < runner->lane_count; i++)
        if (str_is(name, runner->lanes[i].type.name))
            return &runner->lanes[i].type;
    return NULL;
}

StrList jobs_types_shown(const JobRunner *runner, Arena *arena, JobShown shown)
{
    Str *names = arena_new_array(arena, Str, runner->lane_count);
    size_t count = 0;
    for (size_t i = 0; i < runner->lane_count; i++)
        if (runner->lanes[i].type.shown == shown)
            names[count++] = str(runner->lanes[i].type.name);
    return (StrList){ names, count };
}

JobFigures jobs_figures(JobRunner *runner)
{
    JobFigures figures = { .done = atomic_load(&runner->done_count),
                           .failed = atomic_load(&runner->failed_count),
                           .dead = atomic_load(&runner->dead_count),
                           .stale = atomic_load(&runner->stale_count),
                           .recovered = atomic_load(&runner->recovered_count) };
    pthread_mutex_lock(&runner->lock);
    for (size_t i = 0; i < runner->lane_count; i++)
        figures.claimed += (int64_t)runner->lanes[i].waiting.count;
    figures.running = runner->running_count;
    figures.unreported = (int64_t)runner->finished.count;
    figures.is_failing = runner->failures > 0;
    pthread_mutex_unlock(&runner->lock);
    return figures;
}

void jobs_describe(JobRunner *runner, Buf *json_members)
{
    JobFigures figures = jobs_figures(runner);
    buf_addf(json_members,
             "\"running\":%" PRId64 ",\"claimed\":%" PRId64 ",\"unreported\":%" PRId64
             ",\"done\":%" PRId64 ",\"failed\":%" PRId64 ",\"dead\":%" PRId64 ",\"stale\":%" PRId64
             ",\"recovered\":%" PRId64 ",\"is_failing\":%s",
             figures.running, figures.claimed, figures.unreported, figures.done, figures.failed,
             figures.dead, figures.stale, figures.recovered, figures.is_failing ? "true" : "false");
}
