/* job_tidy.c - around the rounds of a runner: what it hears, what it sums, what it clears away, and
 * what it gives back at its end. */
#include "base/clock.h"
#include "base/log.h"
#include "jobs/job_run.h"

#define PURGE_EVERY_MS 3600000
#define PURGE_COUNT 1000
#define PURGE_PAUSE 9 /* times as long as clearing them away took */
#define DAY_MS INT64_C(86400000)

/* --- News ---------------------------------------------------------------------------- */

static void look_everywhere(JobRunner *runner)
{
    runner->poll_at = 0; /* keeps time too: delayed jobs and schedules */
}

/* "TYPE WORKSPACE" */
static void hear_line(JobRunner *runner, Str text, bool is_first)
{
    Str rest = text, type = STR_NONE;
    (void)str_next(&rest, ' ', &type);
    for (size_t i = 0; i < runner->lane_count; i++)
        if (str_is(type, runner->lanes[i].type.name))
            lane_hear(&runner->lanes[i], rest, is_first);
}

static void hear_cancel(JobRunner *runner, Str id)
{
    for (JobRun *run = runner->all; run; run = run->after)
        if (str_equal(run->job.id, id))
            runner->looks_for_cancelled = true;
}

/* Lost news make nobody late for long, and never too early: what is due later than is known here
 * was put off by somebody whose news came, or is looked for in vain. */
static void hear_watch(JobRunner *runner, Str text)
{
    JobsLook look;
    if (!jobs_watch_read(text, &look) || look.has_waiting)
        return look_everywhere(runner);
    runner->due_at_ms = MIN(runner->due_at_ms, look.due_at_ms);
    runner->tick_at_ms = MIN(runner->tick_at_ms, look.tick_at_ms);
}

void job_hear(void *argument, const char *channel, Str text)
{
    JobRunner *runner = argument;
    (void)channel;

    pthread_mutex_lock(&runner->lock);
    if (str_starts(text, S("new ")))
        hear_line(runner, str_from(text, 4), false);
    else if (str_starts(text, S("now ")))
        hear_line(runner, str_from(text, 4), true);
    else if (str_starts(text, S("watch ")))
        hear_watch(runner, str_from(text, 6));
    else if (str_starts(text, S("tick ")))
        (void)str_to_int(str_from(text, 5), 0, INT64_MAX, &runner->tick_at_ms);
    else if (str_starts(text, S("cancel ")))
        hear_cancel(runner, str_from(text, S("cancel ").length));
    else
        look_everywhere(runner);
    pthread_cond_signal(&runner->wake);
    pthread_mutex_unlock(&runner->lock);
}

/* --- Sums ---------------------------------------------------------------------------- */

static JobSum *sum_of(JobRunner *runner, const JobRun *run)
{
    Str type = str(run->lane->type.name), workspace = run->job.scope.workspace;
    for (size_t i = 0; i < runner->sum_count; i++)
        if (str_equal(runner->sums[i].type, type) &&
            str_equal(runner->sums[i].workspace, workspace))
            return &runner->sums[i];
    if (runner->sum_count == JOB_SUMS_MAX)
        return NULL;
    JobSum *sum = &runner->sums[runner->sum_count];
    char *name = runner->sum_names[runner->sum_count++];
    snprintf(name, sizeof runner->sum_names[0], STR_FMT, STR_ARG(workspace));
    *sum = (JobSum){ .type = type, .workspace = str(name) };
    return sum;
}

void job_sum(JobRunner *runner, const JobRun *run, JobState state)
{
    JobSum *sum = run->started_ms ? sum_of(runner, run) : NULL;
    if (!sum)
        return;
    sum->done += state == JOB_DONE;
    sum->failed += state == JOB_DELAYED;
    sum->dead += state == JOB_DEAD;
    sum->run_ms += run->ended_ms - run->started_ms;
    sum->wait_ms += MAX(run->claimed_ms - run->ready_ms, 0);
}

/* --- Old jobs ------------------------------------------------------------------------ */

typedef struct Purge {
    Arena *arena;
    JobKeeping *keeping;
    size_t keeping_count;
    int64_t now_ms, count;
} Purge;

static bool purge_some(DbTx *tx, void *argument, Error *err)
{
    Purge *old = argument;
    Scope system = scope_system();
    return jobs_store_purge(tx, &system, old->arena, old->keeping, old->keeping_count, old->now_ms,
                            PURGE_COUNT, &old->count, err);
}

static void plan_keeping(const JobRunner *runner, Purge *old)
{
    const JobRunnerOptions *options = &runner->options;
    int64_t dead_before = old->now_ms - options->dead_days * DAY_MS;

    old->keeping = arena_new_array(old->arena, JobKeeping, runner->lane_count + 1);
    for (size_t i = 0; i < runner->lane_count; i++) {
        const JobType *type = &runner->lanes[i].type;
        if (type->done_days)
            old->keeping[old->keeping_count++] =
                (JobKeeping){ str(type->name), old->now_ms - type->done_days * DAY_MS,
                              dead_before };
    }
    old->keeping[old->keeping_count++] =
        (JobKeeping){ STR_NONE, old->now_ms - options->done_days * DAY_MS, dead_before };
}

void job_purge(JobRunner *runner, int64_t monotonic)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Purge old = { .arena = arena, .now_ms = now_ms() };
    Scope system = scope_system();
    Error err;

    plan_keeping(runner, &old);
    pthread_mutex_unlock(&runner->lock);
    bool ok = store_write(runner->options.db, &system, purge_some, &old, &err);
    pthread_mutex_lock(&runner->lock);
    /* More of them: the next thousand soon, in a tenth of the time, so that nobody waits long for
     * the writer and ten thousand that end in a second are kept up with. */
    int64_t ended = monotonic_ms();
    bool is_more = ok && old.count == PURGE_COUNT;
    runner->purge_at = ended + (is_more ? PURGE_PAUSE * (ended - monotonic) : PURGE_EVERY_MS);
}

/* --- The end ------------------------------------------------------------------------- */

typedef struct GiveBack {
    Arena *arena;
    JobOutcome *outcomes;
    bool *is_stale;
    size_t count;
} GiveBack;

static bool write_given_back(DbTx *tx, void *argument, Error *err)
{
    GiveBack *back = argument;
    Scope system = scope_system();
    JobLines woken = { 0 };
    return jobs_store_finish(tx, &system, back->arena, back->outcomes, back->count, now_ms(),
                             back->is_stale, &woken, err) &&
           job_tell_lines(tx, &woken, err);
}

void job_give_back(JobRunner *runner)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Scope system = scope_system();
    GiveBack back = { .arena = arena };
    Error err;

    pthread_mutex_lock(&runner->lock);
    size_t count = job_count_all(runner);
    back.outcomes = arena_new_array(arena, JobOutcome, count + 1);
    back.is_stale = arena_new_array(arena, bool, count + 1);
    for (JobRun *run = runner->all; run; run = run->after)
        back.outcomes[back.count++] = (JobOutcome){
            .id = run->job.id, .token = run->token, .state = JOB_WAITING, .keeps_attempt = true
        };
    pthread_mutex_unlock(&runner->lock);
    if (!store_write(runner->options.db, &system, write_given_back, &back, &err))
        log_warn("jobs", "%zu jobs could not be given back and wait for their leases to end: %s",
                 back.count, err.message);
}
