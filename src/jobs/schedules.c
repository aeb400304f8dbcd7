#include "jobs/schedules.h"

#include "base/clock.h"
#include "jobs/cron.h"
#include "jobs/job_run.h"

/* A tick that is to be caught up by nothing may be so late: a node was busy, or began again. */
#define GRACE_MS 60000
/* Jobs of one schedule in one transaction, when each tick has its own. */
#define TICKS_AT_ONCE 100

/* --- When ---------------------------------------------------------------------------- */

static bool next_time(const Schedule *schedule, int64_t after, int64_t *next_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    const DateZone *zone;
    Cron cron;

    if (!schedule->cron.length) {
        int64_t since = MAX(after - schedule->next_at_ms, -1);
        *next_r =
            schedule->next_at_ms + (since / schedule->every_ms + (since >= 0)) * schedule->every_ms;
        return true;
    }
    return cron_read(schedule->cron, &cron, err) && date_zone(arena, schedule->zone, &zone, err) &&
           (cron_next(&cron, zone, after, next_r) ||
            fail_field(err, "cron", "'" STR_FMT "' never comes", STR_ARG(schedule->cron)));
}

bool schedule_plan(Schedule *schedule, int64_t after, Error *err)
{
    if (!schedule->cron.length == !schedule->every_ms)
        return fail_field(err, "cron", "give either 'cron' or 'every_s'");
    if (!schedule->cron.length && schedule->every_ms < SCHEDULE_EVERY_MIN_MS)
        return fail_field(err, "every_s", "a schedule comes at most once in %d seconds",
                          SCHEDULE_EVERY_MIN_MS / 1000);
    if (!schedule->cron.length) {
        schedule->next_at_ms = after + schedule->every_ms;
        return true;
    }
    return next_time(schedule, after, &schedule->next_at_ms, err);
}

bool schedule_preview(const Schedule *schedule, int64_t after, int64_t *times, size_t count,
                      size_t *count_r, Error *err)
{
    Schedule at = *schedule;
    *count_r = 0;
    if (at.next_at_ms <= after && !next_time(schedule, after, &at.next_at_ms, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        Error never;
        times[(*count_r)++] = at.next_at_ms;
        if (!next_time(&at, at.next_at_ms, &at.next_at_ms, &never))
            break;
    }
    return true;
}

/* --- Ticks --------------------------------------------------------------------------- */

/* Its job has the rights of the workspace, and the name and key of whoever made the schedule. */
static bool add_job(DbTx *tx, Arena *arena, const Schedule *schedule, Str subject, Str *id_r,
                    bool *is_new_r, Error *err)
{
    Scope scope = { .workspace = schedule->workspace,
                    .user = schedule->user,
                    .key = schedule->api_key,
                    .role = ROLE_OWNER,
                    .is_system = !schedule->workspace.length };
    NewJob job = { .type = schedule->type,
                   .subject = subject,
                   .payload = schedule->payload,
                   .title = schedule->workspace.length ? schedule->name : STR_NONE };
    return jobs_store_add(tx, &scope, arena, &job, id_r, is_new_r, err);
}

bool schedule_run(DbTx *tx, const Scope *scope, Arena *arena, const Schedule *schedule, Str *job_r,
                  Error *err)
{
    bool is_new;
    return add_job(tx, arena, schedule, schedule->id, job_r, &is_new, err) &&
           schedule_set_job(tx, scope, schedule->id, *job_r, err) &&
           job_tell_line(tx, schedule->type, schedule->workspace, false, err);
}

bool schedule_changed(DbTx *tx, Error *err) { return db_hint(tx, JOBS_CHANNEL, S("time"), err); }

typedef struct Ticks {
    int64_t at[TICKS_AT_ONCE]; /* that have a job */
    size_t count;
    int64_t missed;
} Ticks;

/* Which ticks have jobs, and schedule->next_at_ms behind them. */
static bool take_ticks(Schedule *schedule, int64_t now, Ticks *ticks, Error *err)
{
    int64_t due = schedule->next_at_ms;

    *ticks = (Ticks){ 0 };
    switch (schedule->catch_up) {
    case CATCH_UP_NONE:
        if (now - due > GRACE_MS) {
            ticks->missed = 1;
            return next_time(schedule, now - GRACE_MS, &schedule->next_at_ms, err);
        }
        break;
    case CATCH_UP_ONE: break;
    case CATCH_UP_ALL:
        while (schedule->next_at_ms <= now && ticks->count < TICKS_AT_ONCE) {
            ticks->at[ticks->count++] = schedule->next_at_ms;
            if (!next_time(schedule, schedule->next_at_ms, &schedule->next_at_ms, err))
                return false;
        }
        return true;
    }
    ticks->at[ticks->count++] = due;
    return next_time(schedule, now, &schedule->next_at_ms, err);
}

static Str tick_subject(Arena *arena, const Schedule *schedule, int64_t tick)
{
    char text[TIME_TEXT_SIZE];
    if (schedule->catch_up != CATCH_UP_ALL)
        return schedule->id;
    return str_format(arena, STR_FMT "@" STR_FMT, STR_ARG(schedule->id),
                      STR_ARG(time_format(tick, text)));
}

static bool tick(DbTx *tx, const Scope *scope, Arena *arena, Schedule *schedule, int64_t now,
                 int64_t *count, Error *err)
{
    int64_t due = schedule->next_at_ms;
    Error why = { 0 };
    bool is_ours, is_new;
    Ticks ticks;
    Str job = STR_NONE;

    if (!take_ticks(schedule, now, &ticks, &why)) {
        ticks.count = 0;
        schedule->is_paused = true;
        schedule->error = str(why.message);
    }
    schedule->fired += (int64_t)ticks.count;
    schedule->missed += ticks.missed;
    if (ticks.count)
        schedule->last_at_ms = ticks.at[ticks.count - 1];
    if (!schedule_move(tx, scope, schedule, due, &is_ours, err))
        return false;
    for (size_t i = 0; i < ticks.count && is_ours; i++) {
        if (!add_job(tx, arena, schedule, tick_subject(arena, schedule, ticks.at[i]), &job, &is_new,
                     err))
            return false;
        *count += is_new;
    }
    return !job.length || !schedule->workspace.length ||
           schedule_set_job(tx, scope, schedule->id, job, err);
}

bool schedules_tick(DbTx *tx, const Scope *scope, Arena *arena, int64_t now, int64_t *count_r,
                    Error *err)
{
    ScheduleList list;
    size_t idle_count = 0;

    *count_r = 0;
    if (!schedule_list_due(tx, scope, arena, now, &list, err))
        return false;
    Str *idle = arena_new_array(arena, Str, list.count + 1);
    for (size_t i = 0; i < list.count; i++)
        if (list.at[i].is_idle)
            idle[idle_count++] = list.at[i].id;
        else if (!tick(tx, scope, arena, &list.at[i], now, count_r, err))
            return false;
    return !idle_count || schedules_pass(tx, scope, arena, (StrList){ idle, idle_count }, now, err);
}
