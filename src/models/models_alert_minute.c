/* models_alert_minute.c - what becomes of a workspace's alerts in one minute, by what was found in
 * it. */
#include "models/models_alerts.h"
#include "notify/notify.h"

#define MINUTE_MS ((int64_t)60 * 1000)
#define CALM_MINUTES 3
#define CALM_SHARE 0.8 /* of the limit */

static const NoticeKind notices[] = {
#define ALERT(name, when, limit, hold, repeat, unit, title) NOTICE_##name,
#include "models/alerts.def"
#undef ALERT
};

/* --- Looking --- */

bool alerts_look(DbTx *tx, AlertMinute *minute, Error *err)
{
    minute->findings.count = 0; /* it may be run again */
    return alert_limits_find(tx, minute->scope, minute->arena, &minute->limits, err) &&
           alert_list_open(tx, minute->scope, minute->arena, &minute->open, err) &&
           alert_silence_list(tx, minute->scope, minute->arena, minute->now_ms, &minute->silences,
                              err);
}

AlertFinding *alerts_find(AlertMinute *minute, AlertRule rule, Str subject, double value)
{
    AlertFinding *finding = vec_push(minute->arena, &minute->findings);
    *finding = (AlertFinding){ .rule = rule, .subject = subject, .value = value };
    return finding;
}

static bool is_beyond(const AlertMinute *minute, const AlertFinding *finding)
{
    double limit = minute->limits.at[finding->rule].limit;
    return limit > 0 &&
           (alert_rule_is_below(finding->rule) ? finding->value < limit : finding->value > limit);
}

bool alerts_need_acting(const AlertMinute *minute)
{
    bool needs = minute->open.count > 0;
    for (size_t i = 0; i < minute->findings.count && !needs; i++)
        needs = is_beyond(minute, &minute->findings.at[i]);
    return needs;
}

bool alert_judge(Alert *alert, const double *value)
{
    AlertRule rule;
    bool is_below = alert_rule_named(alert->rule, &rule) && alert_rule_is_below(rule);
    bool is_calm = !value || (is_below ? *value * CALM_SHARE >= alert->threshold
                                       : *value <= alert->threshold * CALM_SHARE);
    alert->calm_count = is_calm ? alert->calm_count + 1 : 0;
    if (value)
        alert->value = *value;
    return alert->calm_count >= CALM_MINUTES;
}

/* --- Telling --- */

static bool is_silenced(const AlertMinute *minute, const Alert *alert)
{
    for (size_t i = 0; i < minute->silences.count; i++) {
        const AlertSilence *silence = &minute->silences.at[i];
        if ((!silence->rule.length || str_equal(silence->rule, alert->rule)) &&
            (!silence->subject.length || str_equal(silence->subject, alert->subject)))
            return true;
    }
    return false;
}

static bool tell(DbTx *tx, const AlertMinute *minute, NoticeKind kind, const Alert *alert,
                 const AlertFinding *finding, Error *err)
{
    Arena *arena = minute->arena;
    int64_t minutes = kind == NOTICE_alert_over
                          ? (alert->closed_at_ms - alert->opened_at_ms) / MINUTE_MS
                          : ALERT_WINDOW_MINUTES;
    AlertRule rule;
    Str title = alert_rule_named(alert->rule, &rule) ? str(notice_title(notices[rule])) : STR_NONE;
    NoticeField service[] = { { "service", alert->subject } };
    NoticeField fields[] = {
        { "value", str_format(arena, "%.3g", alert->value) },
        { "limit", str_format(arena, "%.3g", alert->threshold) },
        { "minutes", str_format(arena, "%" PRId64, minutes) },
        { "service", alert->subject },
        { "cost", finding ? finding->cost : STR_NONE },
        { "usual", finding ? finding->usual : STR_NONE },
        { "title", notice_fill(arena, str_c(arena, title), service, 1) },
    };
    bool again = kind != NOTICE_alert_over && alert->told_count > 1;
    Str once = str_format(arena, "alert:" STR_FMT ":%s", STR_ARG(alert->id), notice_name(kind));
    Notice notice = { .kind = kind,
                      .audience = ROLE_ADMIN,
                      .dedup = again ? str_format(arena, STR_FMT ":%" PRId64, STR_ARG(once),
                                                  alert->told_count)
                                     : once,
                      .link = S("/settings/notices"),
                      .fields = fields,
                      .field_count = COUNT(fields) };
    return notify_send(tx, minute->scope, arena, &notice, err);
}

static bool is_to_be_told(const AlertMinute *minute, const Alert *alert, AlertRule rule)
{
    int64_t repeat_ms = minute->limits.at[rule].repeat_s * 1000;
    if (!alert->fired_at_ms || is_silenced(minute, alert))
        return false;
    return !alert->told_count || (repeat_ms && !alert->acknowledged_at_ms && !alert->calm_count &&
                                  minute->now_ms - alert->told_at_ms >= repeat_ms);
}

/* Whoever saves it tells: another node may have been faster. */
static bool save_and_tell(DbTx *tx, const AlertMinute *minute, Alert *alert, AlertRule rule,
                          const AlertFinding *finding, Error *err)
{
    bool tells = alert->is_open && is_to_be_told(minute, alert, rule), is_ours;
    if (tells) {
        alert->told_at_ms = minute->now_ms;
        alert->told_count++;
    }
    if (!alert_save(tx, minute->scope, alert, &is_ours, err))
        return false;
    if (is_ours && tells)
        return tell(tx, minute, notices[rule], alert, finding, err);
    bool says_over = is_ours && !alert->is_open && alert->told_count && !is_silenced(minute, alert);
    return !says_over || tell(tx, minute, NOTICE_alert_over, alert, finding, err);
}

/* --- Opening and closing --- */

/* A row that was just added is some milliseconds newer than what it was judged by. */
static void fire_when_held(const AlertMinute *minute, Alert *alert, AlertRule rule)
{
    int64_t held_ms = MAX(minute->now_ms - alert->opened_at_ms, 0);
    if (held_ms >= minute->limits.at[rule].hold_s * 1000)
        alert->fired_at_ms = minute->now_ms;
}

static const AlertFinding *finding_of(const AlertMinute *minute, const Alert *alert)
{
    for (size_t i = 0; i < minute->findings.count; i++) {
        const AlertFinding *finding = &minute->findings.at[i];
        if (str_is(alert->rule, alert_rule_name(finding->rule)) &&
            str_equal(finding->subject, alert->subject))
            return finding;
    }
    return NULL;
}

static bool go_on(DbTx *tx, AlertMinute *minute, Alert *alert, Error *err)
{
    const AlertFinding *finding = finding_of(minute, alert);
    bool is_beyond_now = finding && is_beyond(minute, finding);
    AlertRule rule;
    if (!alert_rule_named(alert->rule, &rule))
        return true; /* of a newer program */
    if (!alert->fired_at_ms && !is_beyond_now)
        return alert_drop(tx, minute->scope, alert->id, err);
    bool is_off = minute->limits.at[rule].limit == 0;
    if (alert_judge(alert, finding && !is_off ? &finding->value : NULL)) {
        alert->is_open = false;
        alert->closed_at_ms = minute->now_ms;
    } else if (!alert->fired_at_ms) {
        fire_when_held(minute, alert, rule);
    }
    return save_and_tell(tx, minute, alert, rule, finding, err);
}

static bool is_open(const AlertMinute *minute, const AlertFinding *finding)
{
    for (size_t i = 0; i < minute->open.count; i++)
        if (finding_of(minute, &minute->open.at[i]) == finding)
            return true;
    return false;
}

static bool begin(DbTx *tx, AlertMinute *minute, const AlertFinding *finding, Error *err)
{
    Alert alert = { .rule = str(alert_rule_name(finding->rule)),
                    .subject = finding->subject,
                    .value = finding->value,
                    .threshold = minute->limits.at[finding->rule].limit };
    bool is_new;
    if (!alert_open(tx, minute->scope, minute->arena, &alert, &is_new, err))
        return false;
    fire_when_held(minute, &alert, finding->rule);
    return !is_new || !alert.fired_at_ms ||
           save_and_tell(tx, minute, &alert, finding->rule, finding, err);
}

bool alerts_act(DbTx *tx, AlertMinute *minute, Error *err)
{
    for (size_t i = 0; i < minute->open.count; i++)
        if (!go_on(tx, minute, &minute->open.at[i], err))
            return false;
    for (size_t i = 0; i < minute->findings.count; i++) {
        const AlertFinding *finding = &minute->findings.at[i];
        if (is_beyond(minute, finding) && !is_open(minute, finding) &&
            !begin(tx, minute, finding, err))
            return false;
    }
    return true;
}
