/* models_alerts.c - see models_alerts.h. */
#include "models/models_alerts.h"

#include "base/clock.h"
#include "models/models_int.h"
#include "models/server_facts.h"
#include "notify/notify.h"
#include "store/settings_store.h"
#include "store/workspaces_store.h"

#define SETTING S("alerts")
#define MINUTE_MS ((int64_t)60 * 1000)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define WINDOW_MINUTES 5
#define SLOW_SHARE 0.95
#define CALLS_MIN 5       /* fewer say nothing of errors */
#define DOWN_CALLS_MIN 10 /* as of a breaker */
#define USUAL_DAYS 7
#define USUAL_DAYS_MIN 3 /* with calls; fewer say nothing of what is usual */
#define CALM_MINUTES 3
#define CALM_SHARE 0.8 /* of the limit */
#define DOWN_MAX 20

static const struct {
    const char *name, *unit, *title;
    double limit;
    NoticeKind notice;
} rules[] = {
#define ALERT(name, limit, unit, title) { #name, unit, title, limit, NOTICE_##name },
#include "models/alerts.def"
#undef ALERT
};

const char *alert_rule_name(AlertRule rule) { return rules[rule].name; }
const char *alert_rule_unit(AlertRule rule) { return rules[rule].unit; }
const char *alert_rule_title(AlertRule rule) { return rules[rule].title; }

/* --- Limits --- */

bool alert_limits_find(DbTx *tx, const Scope *scope, Arena *arena, AlertLimits *limits_r,
                       Error *err)
{
    AUTO_JSON json_t *json = NULL;
    AlertLimits limits;
    Str text;
    for (size_t i = 0; i < ALERT_RULE_COUNT; i++)
        limits.at[i] = rules[i].limit;
    if (!setting_find(tx, scope, arena, SETTING, &text, err)) {
        if (err->code != ERROR_NOT_FOUND)
            return false;
        *limits_r = limits;
        return true;
    }
    if (!json_parse(text, KB(64), &json, err))
        return false;
    for (size_t i = 0; i < ALERT_RULE_COUNT; i++) {
        const json_t *limit = json_object_get(json, rules[i].name);
        if (json_is_number(limit))
            limits.at[i] = json_number_value(limit);
    }
    *limits_r = limits;
    return true;
}

bool alert_limits_set(DbTx *tx, const Scope *scope, Arena *arena, const AlertLimits *limits,
                      Error *err)
{
    Buf text = buf_new(arena, KB(16));
    JsonWriter json = put_begin(&text);
    if (!scope_needs(scope, ROLE_ADMIN, err))
        return false;
    for (size_t i = 0; i < ALERT_RULE_COUNT; i++) {
        if (!(limits->at[i] >= 0 && limits->at[i] <= 1e6))
            return fail_field(err, rules[i].name, "'%s' is a number from 0 to 1000000",
                              rules[i].name);
        put_number(&json, rules[i].name, limits->at[i]);
    }
    put_end(&json);
    return setting_set(tx, scope, SETTING, buf_str(&text), err);
}

/* --- Values --- */

typedef struct Watch {
    Job *job;
    Models *models;
    Scope scope;
    const ServerFacts *server; /* NULL: told elsewhere */
    Arena *arena;
    int64_t now_ms;
    AlertLimits limits;
    AlertList open;
    VEC(AlertFinding) findings; /* every rule that could be judged */
} Watch;

static AlertFinding *find_value(Watch *watch, AlertRule rule, Str subject, double value)
{
    AlertFinding *finding = vec_push(watch->arena, &watch->findings);
    *finding = (AlertFinding){
        .rule = rule, .subject = subject, .value = value, .limit = watch->limits.at[rule]
    };
    return finding;
}

static bool judge_calls(Watch *watch, DbTx *tx, Error *err)
{
    int64_t to = watch->now_ms - watch->now_ms % MINUTE_MS + MINUTE_MS;
    CallHealth health;
    if (!call_health(tx, &watch->scope, SPAN_MINUTE, to - (WINDOW_MINUTES + 1) * MINUTE_MS, to,
                     &health, err))
        return false;
    int64_t calls = health.totals.calls;
    if (calls)
        find_value(watch, ALERT_slow_answers, STR_NONE,
                   (double)call_quantile_us(&health.totals, SLOW_SHARE) / 1e6);
    if (calls >= CALLS_MIN)
        find_value(watch, ALERT_many_errors, STR_NONE,
                   100.0 * (double)health.errors / (double)calls);
    return true;
}

static Str dollars(Arena *arena, double pico) { return str_format(arena, "%.2f", pico / 1e12); }

static bool judge_cost(Watch *watch, DbTx *tx, Error *err)
{
    int64_t today = watch->now_ms - watch->now_ms % DAY_MS;
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
    AlertFinding *finding =
        find_value(watch, ALERT_high_cost, STR_NONE, MAX(100.0 * (cost / usual - 1), 0.0));
    finding->cost = dollars(watch->arena, cost);
    finding->usual = dollars(watch->arena, usual);
    return true;
}

static void find_down(Watch *watch, Str service)
{
    size_t down = 0;
    for (size_t i = 0; i < watch->findings.count; i++) {
        const AlertFinding *finding = &watch->findings.at[i];
        if (finding->rule != ALERT_provider_down)
            continue;
        if (str_equal(finding->subject, service))
            return;
        down++;
    }
    if (down < DOWN_MAX)
        find_value(watch, ALERT_provider_down, str_copy(watch->arena, service),
                   watch->limits.at[ALERT_provider_down] + 1);
}

/* By what all nodes have written: the breakers below are only this node's. */
static bool judge_services(Watch *watch, DbTx *tx, Error *err)
{
    int64_t to = watch->now_ms - watch->now_ms % MINUTE_MS + MINUTE_MS;
    StrList down;
    if (!call_services_down(tx, &watch->scope, watch->arena, SPAN_MINUTE,
                            to - (WINDOW_MINUTES + 1) * MINUTE_MS, to, DOWN_CALLS_MIN, &down, err))
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
    (void)find_value(self, rule, subject, value);
}

static bool look_work(DbTx *tx, void *argument, Error *err)
{
    Watch *watch = argument;
    watch->findings.count = 0; /* it may be run again */
    return alert_limits_find(tx, &watch->scope, watch->arena, &watch->limits, err) &&
           alert_list_open(tx, &watch->scope, watch->arena, &watch->open, err) &&
           judge_calls(watch, tx, err) && judge_cost(watch, tx, err) &&
           judge_services(watch, tx, err) &&
           alerts_judge_work(tx, &watch->scope, watch->arena, watch->now_ms, find_work, watch, err);
}

/* --- Opening and closing --- */

bool alert_judge(Alert *alert, double value)
{
    bool is_calm = value <= alert->threshold * CALM_SHARE;
    alert->calm_count = is_calm ? alert->calm_count + 1 : 0;
    if (value >= 0)
        alert->value = value;
    return alert->calm_count >= CALM_MINUTES;
}

static bool tell(DbTx *tx, const Watch *watch, NoticeKind kind, const Alert *alert,
                 const AlertFinding *finding, Error *err)
{
    int64_t minutes = kind == NOTICE_alert_over
                          ? (alert->closed_at_ms - alert->opened_at_ms) / MINUTE_MS
                          : WINDOW_MINUTES;
    Str title = STR_NONE;
    for (size_t i = 0; i < ALERT_RULE_COUNT; i++)
        if (str_is(alert->rule, rules[i].name))
            title = str(notice_title(rules[i].notice));
    NoticeField service[] = { { "service", alert->subject } };
    NoticeField fields[] = {
        { "value", str_format(watch->arena, "%.3g", alert->value) },
        { "limit", str_format(watch->arena, "%.3g", alert->threshold) },
        { "minutes", str_format(watch->arena, "%" PRId64, minutes) },
        { "service", alert->subject },
        { "cost", finding ? finding->cost : STR_NONE },
        { "usual", finding ? finding->usual : STR_NONE },
        { "title", notice_fill(watch->arena, str_c(watch->arena, title), service, 1) },
    };
    Notice notice = { .kind = kind,
                      .audience = ROLE_ADMIN,
                      .dedup = str_format(watch->arena, "alert:" STR_FMT ":%s", STR_ARG(alert->id),
                                          notice_name(kind)),
                      .link = S("/settings/notices"),
                      .fields = fields,
                      .field_count = COUNT(fields) };
    return notify_send(tx, &watch->scope, watch->arena, &notice, err);
}

static const AlertFinding *finding_of(const Watch *watch, const Alert *alert)
{
    for (size_t i = 0; i < watch->findings.count; i++)
        if (str_is(alert->rule, rules[watch->findings.at[i].rule].name) &&
            str_equal(watch->findings.at[i].subject, alert->subject))
            return &watch->findings.at[i];
    return NULL;
}

static bool go_on(DbTx *tx, Watch *watch, Alert *alert, Error *err)
{
    const AlertFinding *finding = finding_of(watch, alert);
    bool is_ours;
    if (alert_judge(alert, finding ? finding->value : -1)) {
        alert->is_open = false;
        alert->closed_at_ms = watch->now_ms;
    }
    return alert_save(tx, &watch->scope, alert, &is_ours, err) &&
           (alert->is_open || !is_ours || tell(tx, watch, NOTICE_alert_over, alert, finding, err));
}

static bool is_open(const Watch *watch, const AlertFinding *finding)
{
    for (size_t i = 0; i < watch->open.count; i++)
        if (finding_of(watch, &watch->open.at[i]) == finding)
            return true;
    return false;
}

static bool begin(DbTx *tx, Watch *watch, const AlertFinding *finding, Error *err)
{
    Alert alert = { .rule = str(rules[finding->rule].name),
                    .subject = finding->subject,
                    .value = finding->value,
                    .threshold = finding->limit };
    bool is_new;
    return alert_open(tx, &watch->scope, watch->arena, &alert, &is_new, err) &&
           (!is_new || tell(tx, watch, rules[finding->rule].notice, &alert, finding, err));
}

static bool act_work(DbTx *tx, void *argument, Error *err)
{
    Watch *watch = argument;
    for (size_t i = 0; i < watch->open.count; i++)
        if (!go_on(tx, watch, &watch->open.at[i], err))
            return false;
    for (size_t i = 0; i < watch->findings.count; i++) {
        const AlertFinding *finding = &watch->findings.at[i];
        if (finding->limit > 0 && finding->value > finding->limit && !is_open(watch, finding) &&
            !begin(tx, watch, finding, err))
            return false;
    }
    return true;
}

static bool needs_acting(const Watch *watch)
{
    bool needs = watch->open.count > 0;
    for (size_t i = 0; i < watch->findings.count && !needs; i++)
        needs = watch->findings.at[i].limit > 0 &&
                watch->findings.at[i].value > watch->findings.at[i].limit;
    return needs;
}

/* --- The job --- */

static bool watch_workspace(Job *job, Str workspace, const ServerFacts *server, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Models *models = job->argument;
    Watch watch = { .job = job,
                    .models = models,
                    .scope = { .workspace = workspace, .role = ROLE_OWNER },
                    .server = server,
                    .arena = arena,
                    .now_ms = now_ms() };
    if (!store_read(job->db, &watch.scope, look_work, &watch, err))
        return false;
    if (server)
        alerts_judge_server(server, watch.now_ms, find_work, &watch);
    target_states_each(gateway_states(models->gateway), judge_breaker, &watch);
    return !needs_acting(&watch) || store_write(job->db, &watch.scope, act_work, &watch, err);
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
