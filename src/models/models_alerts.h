/* models_alerts.h - alerts about the calls and the background work of a workspace: rules, judged
 * once a minute.
 *
 *     call_sums, circuit breakers, jobs, server_facts.h -> values -> alerts_act() -> notices
 *
 *     pending --held for long enough--> fires, told --calm for three minutes--> over, told
 *        '--not any more--> forgotten     '--every `repeat`, unless seen to or silenced--> told
 * again
 *
 * A row of `alerts` is open while a rule holds for something, so that any node may judge. A service
 * is down by the calls of all nodes, or by a breaker of the node that judges. */
#pragma once

#include "models/models.h"
#include "store/alert_silences_store.h"
#include "store/alerts_store.h"

#define ALERT_WINDOW_MINUTES 5 /* that calls are judged by */

typedef enum AlertRule {
#define ALERT(name, when, limit, hold, repeat, unit, title) ALERT_##name,
#include "models/alerts.def"
#undef ALERT
    ALERT_RULE_COUNT
} AlertRule;

const char *alert_rule_name(AlertRule rule);
/* False when there is none of this name. */
bool alert_rule_named(Str name, AlertRule *rule_r);
const char *alert_rule_unit(AlertRule rule);
const char *alert_rule_title(AlertRule rule);
/* It fires below its limit, not above. */
bool alert_rule_is_below(AlertRule rule);

typedef struct AlertLimits {
    struct {
        double limit; /* 0: off */
        int64_t hold_s, repeat_s;
    } at[ALERT_RULE_COUNT];
} AlertLimits;

/* Of the scope's workspace; what it has not set is as in alerts.def. */
MUST_CHECK bool alert_limits_find(DbTx *tx, const Scope *scope, Arena *arena, AlertLimits *limits_r,
                                  Error *err);
/* Needs ROLE_ADMIN. */
MUST_CHECK bool alert_limits_set(DbTx *tx, const Scope *scope, Arena *arena,
                                 const AlertLimits *limits, Error *err);

/* What a rule found. */
typedef struct AlertFinding {
    AlertRule rule;
    Str subject; /* "": the workspace */
    double value;
    Str cost, usual; /* of high_cost, in dollars */
} AlertFinding;

/* --- One minute of one workspace --- (models_alert_minute.c) */

typedef struct AlertMinute {
    const Scope *scope; /* borrowed, as the arena */
    Arena *arena;
    int64_t now_ms;
    AlertLimits limits; /* these three by alerts_look() */
    AlertList open;
    AlertSilenceList silences;
    VEC(AlertFinding) findings; /* every rule that could be judged */
} AlertMinute;

MUST_CHECK bool alerts_look(DbTx *tx, AlertMinute *minute, Error *err);
/* The finding stays where it is until the next. */
AlertFinding *alerts_find(AlertMinute *minute, AlertRule rule, Str subject, double value);
/* Whether there is anything to do for alerts_act(). */
bool alerts_need_acting(const AlertMinute *minute);
/* Opens, tells, closes and forgets, as said above. */
MUST_CHECK bool alerts_act(DbTx *tx, AlertMinute *minute, Error *err);

/* Tells what a rule finds of jobs and workflows; the subject is the kind of job, or the workflow's
 * name. (models_alerts_work.c) */
typedef void AlertFound(void *self, AlertRule rule, Str subject, double value);
MUST_CHECK bool alerts_judge_work(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                  AlertFound *found, void *self, Error *err);

/* What becomes of an open alert (`value` NULL: there is nothing to judge any more): its calm_count
 * and value are set. True: it is over. */
bool alert_judge(Alert *alert, const double *value);
