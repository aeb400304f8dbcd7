/* models_alerts.c - see models_alerts.h. */
#include "models/models_alerts.h"

#include "base/clock.h"
#include "models/models_int.h"
#include "models/server_facts.h"
#include "store/workspaces_store.h"

#define MINUTE_MS ((int64_t)60 * 1000)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define SLOW_SHARE 0.95
#define CALLS_MIN 5       /* fewer say nothing of errors */
#define DOWN_CALLS_MIN 10 /* as of a breaker */
#define USUAL_DAYS 7
#define USUAL_DAYS_MIN 3 /* with calls; fewer say nothing of what is usual */
#define DOWN_MAX 20

/* --- Values --- */

typedef struct Watch {
    Models *models;
    Scope scope;
    AlertMinute minute;
} Watch;

static bool judge_calls(Watch *watch, DbTx *tx, Error *err)
{
    int64_t to = watch->minute.now_ms - watch->minute.now_ms % MINUTE_MS + MINUTE_MS;
    CallHealth health;
    if (!call_health(tx, &watch->scope, SPAN_MINUTE, to - (ALERT_WINDOW_MINUTES + 1) * MINUTE_MS,
                     to, &health, err))
        return false;
    int64_t calls = health.totals.calls;
    if (calls)
        alerts_find(&watch->minute, ALERT_slow_answers, STR_NONE,
                    (double)call_quantile_us(&health.totals, SLOW_SHARE) / 1e6);
    if (calls >= CALLS_MIN)
        alerts_find(&watch->minute, ALERT_many_errors, STR_NONE,
                    100.0 * (double)health.errors / (double)calls);
    return true;
}

static Str dollars(Arena *arena, double pico) { return str_format(arena, "%.2f", pico / 1e12); }

static bool judge_cost(Watch *watch, DbTx *tx, Error *err)
{
    int64_t today = watch->minute.now_ms - watch->minute.now_ms % DAY_MS;
    int64_t sum = 0, days = 0;
    CallHealth now, day;
    if (!call_health(tx, &watch->scope, SPAN_DAY, today, today + DAY_MS, &now, err))
        return false;
    for (int i = 1; i <= USUAL_DAYS && now.totals.cost_pico; i++) {
        if (!call_health(tx, &watch->scope, SPAN_DAY, today - i * DAY_MS, today - (i - 1) * DAY_MS,
                         &day, err))
            return false;
        sum += day.totals.cost_pico;
        days += day.totals.calls > 0;
    }
    if (days < USUAL_DAYS_MIN || !sum)
        return true;
    double usual = (double)sum / (double)days, cost = (double)now.totals.cost_pico;
    AlertFinding *finding = alerts_find(&watch->minute, ALERT_high_cost, STR_NONE,
                                        MAX(100.0 * (cost / usual - 1), 0.0));
    finding->cost = dollars(watch->minute.arena, cost);
    finding->usual = dollars(watch->minute.arena, usual);
    return true;
}

static void find_down(Watch *watch, Str service)
{
    size_t down = 0;
    for (size_t i = 0; i < watch->minute.findings.count; i++) {
        const AlertFinding *finding = &watch->minute.findings.at[i];
        if (finding->rule != ALERT_provider_down)
            continue;
        if (str_equal(finding->subject, service))
            return;
        down++;
    }
    if (down < DOWN_MAX)
        alerts_find(&watch->minute, ALERT_provider_down, str_copy(watch->minute.arena, service),
                    watch->minute.limits.at[ALERT_provider_down].limit + 1);
}

/* By what all nodes have written: the breakers below are only this node's. */
static bool judge_services(Watch *watch, DbTx *tx, Error *err)
{
    int64_t to = watch->minute.now_ms - watch->minute.now_ms % MINUTE_MS + MINUTE_MS;
    StrList down;
    if (!call_services_down(tx, &watch->scope, watch->minute.arena, SPAN_MINUTE,
                            to - (ALERT_WINDOW_MINUTES + 1) * MINUTE_MS, to, DOWN_CALLS_MIN, &down,
                            err))
        return false;
    for (size_t i = 0; i < down.count; i++)
        find_down(watch, down.at[i]);
    return true;
}

/* States are named "workspace/service" and "workspace/service/model"; services of the server, which
 * every workspace has, "server/service". One that is open is enough. */
static void judge_breaker(void *self, Str name, TargetView view)
{
    Watch *watch = self;
    Str rest = name, workspace, service;
    if (strcmp(view.breaker, "open") != 0 || !str_next(&rest, '/', &workspace) ||
        !str_next(&rest, '/', &service) ||
        !(str_equal(workspace, watch->scope.workspace) || str_is(workspace, "server")))
        return;
    find_down(watch, service);
}

/* An AlertFound. */
static void find_work(void *self, AlertRule rule, Str subject, double value)
{
    (void)alerts_find(self, rule, subject, value);
}

static bool look_work(DbTx *tx, void *argument, Error *err)
{
    Watch *watch = argument;
    AlertMinute *minute = &watch->minute;
    return alerts_look(tx, minute, err) && judge_calls(watch, tx, err) &&
           judge_cost(watch, tx, err) && judge_services(watch, tx, err) &&
           alerts_judge_work(tx, &watch->scope, minute->arena, minute->now_ms, find_work, minute,
                             err);
}

static bool act_work(DbTx *tx, void *argument, Error *err) { return alerts_act(tx, argument, err); }

/* --- The job --- */

/* `server`: NULL: told elsewhere. */
static bool watch_workspace(Job *job, Str workspace, const ServerFacts *server, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Models *models = job->argument;
    Watch watch = { .models = models, .scope = { .workspace = workspace, .role = ROLE_OWNER } };
    AlertMinute *minute = &watch.minute;
    *minute = (AlertMinute){ .scope = &watch.scope, .arena = arena, .now_ms = now_ms() };
    if (!store_read(job->db, &watch.scope, look_work, &watch, err))
        return false;
    if (server)
        alerts_judge_server(server, minute->now_ms, find_work, minute);
    target_states_each(gateway_states(models->gateway), judge_breaker, &watch);
    return !alerts_need_acting(minute) || store_write(job->db, &watch.scope, act_work, minute, err);
}

typedef struct ListWork {
    const Job *job;
    WorkspaceList list;
    ServerFacts server;
} ListWork;

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    ListWork *work = argument;
    return workspace_list(tx, &work->job->scope, work->job->arena, &work->list, err) &&
           server_facts_find(tx, &work->job->scope, work->job->arena, &work->server, err);
}

bool models_alerts_job(Job *job, Error *err)
{
    ListWork work = { .job = job };
    if (!store_read(job->db, &job->scope, list_work, &work, err))
        return false;
    for (size_t i = 0; i < work.list.count; i++) {
        if (job_is_stopped(job))
            return job_stopped(job, err);
        if (!watch_workspace(job, work.list.at[i].id, i ? NULL : &work.server, err))
            return false;
    }
    return true;
}
