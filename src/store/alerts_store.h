/* alerts_store.h - the `alerts` table: a rule that holds for something (a service, the workspace)
 * has one open row. It is pending until it has held for as long as the rule wants, and goes without
 * a trace when it does not; once it has fired it is kept, closed when it no longer holds. */
#pragma once

#include "base/json.h"
#include "store/call_sums.h"
#include "store/scope.h"
#include "store/slice.h"

typedef struct Alert {
    Str id, rule, subject; /* subject: the service or budget; empty: the workspace */
    bool is_open;
    double value, threshold;
    int64_t calm_count; /* how often in a row it did not hold */
    int64_t opened_at_ms, closed_at_ms;
    int64_t fired_at_ms;            /* 0: pending */
    int64_t told_at_ms, told_count; /* when last, and how often */
    int64_t acknowledged_at_ms;     /* 0: not */
    Str acknowledged_by;            /* user */
} Alert;

typedef struct AlertList {
    Alert *at;
    size_t count;
    Str next; /* see slice.h */
} AlertList;

/* Adds an open one with a new id, set in *alert. *is_new_r false: there is one already, or another
 * node was faster. */
MUST_CHECK bool alert_open(DbTx *tx, const Scope *scope, Arena *arena, Alert *alert, bool *is_new_r,
                           Error *err);
/* Saves all but rule, subject, threshold, opened_at_ms and who has seen to it; *is_ours_r false: it
 * was closed already. */
MUST_CHECK bool alert_save(DbTx *tx, const Scope *scope, const Alert *alert, bool *is_ours_r,
                           Error *err);
/* Removes one that is pending. */
MUST_CHECK bool alert_drop(DbTx *tx, const Scope *scope, Str id, Error *err);
/* All that are open. */
MUST_CHECK bool alert_list_open(DbTx *tx, const Scope *scope, Arena *arena, AlertList *list_r,
                                Error *err);
/* Newest first. */
MUST_CHECK bool alert_list(DbTx *tx, const Scope *scope, Arena *arena, bool only_open,
                           const Slice *slice, AlertList *list_r, Error *err);
/* The scope's user has seen to it. */
MUST_CHECK bool alert_acknowledge(DbTx *tx, const Scope *scope, Str id, Error *err);
/* Removes what was closed before. System scope. */
MUST_CHECK bool alert_forget(DbTx *tx, const Scope *scope, int64_t before_ms, Error *err);

/* How the calls of models went. */
typedef struct CallHealth {
    CallTotals totals;
    int64_t errors; /* of services, not of those who asked */
} CallHealth;
/* Of minutes, hours or days that begin in from <= t < to. */
MUST_CHECK bool call_health(DbTx *tx, const Scope *scope, CallSpan span, int64_t from_ms,
                            int64_t to_ms, CallHealth *health_r, Error *err);

/* Services that failed at half of at least `calls_min` calls, on whatever nodes these were. */
MUST_CHECK bool call_services_down(DbTx *tx, const Scope *scope, Arena *arena, CallSpan span,
                                   int64_t from_ms, int64_t to_ms, int64_t calls_min,
                                   StrList *services_r, Error *err);
