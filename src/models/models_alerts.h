/* models_alerts.h - alerts about the calls and the background work of a workspace: rules, judged
 * once a minute.
 *
 *     call_sums, circuit breakers -> value of each rule -> open, still open, closed -> one notice
 *
 * A row of `alerts` is open while a rule holds for something, so that any node may judge. A service
 * is down by the calls of all nodes, or by a breaker of the node that judges. */
#pragma once

#include "models/models.h"
#include "store/alerts_store.h"

typedef enum AlertRule {
#define ALERT(name, limit, unit, title) ALERT_##name,
#include "models/alerts.def"
#undef ALERT
    ALERT_RULE_COUNT
} AlertRule;

const char *alert_rule_name(AlertRule rule);
const char *alert_rule_unit(AlertRule rule);
const char *alert_rule_title(AlertRule rule);

typedef struct AlertLimits {
    double at[ALERT_RULE_COUNT]; /* 0: off */
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
    double value, limit;
    Str cost, usual; /* of high_cost, in dollars */
} AlertFinding;

/* Tells what a rule finds of jobs and workflows; the subject is the kind of job, or the workflow's
 * name. (models_alerts_work.c) */
typedef void AlertFound(void *self, AlertRule rule, Str subject, double value);
MUST_CHECK bool alerts_judge_work(DbTx *tx, const Scope *scope, Arena *arena, int64_t now_ms,
                                  AlertFound *found, void *self, Error *err);

/* What becomes of an open alert (`value` < 0: there is nothing to judge any more): its calm_count
 * and value are set. True: it is over. */
bool alert_judge(Alert *alert, double value);
