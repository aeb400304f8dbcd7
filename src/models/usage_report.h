/* usage_report.h - what the sums of calls say: peaks, contents, savings, unusual days, and keys
 * that a cheaper model might serve. */
#pragma once

#include "models/models.h"
#include "store/calls_store.h"

/* A day that cost more than 120 % of what such days cost. */
typedef struct UnusualDay {
    Str day; /* "2026-11-21" */
    int64_t cost_pico, usual_pico;
} UnusualDay;

/* Days on which something was called, one after the other by name. A day is measured against the
 * median of the same weekdays of the four weeks before (at least three), else against that of the
 * days of the two weeks before (at least five); a day without either is not judged. */
void usage_unusual_days(Arena *arena, const CallSumRow *days, size_t count, UnusualDay **unusual_r,
                        size_t *count_r);

/* A key whose calls of `model` another one of the workspace's models could serve for less. */
typedef struct UsageAdvice {
    Str key, model, service;
    Str other_model, other_service;
    int64_t calls, cost_pico, other_cost_pico; /* the same tokens at the other's price */
    int64_t errors, average_us;
    int64_t other_calls, other_errors, other_average_us; /* as measured, of whoever called it */
} UsageAdvice;

typedef struct UsageReport {
    CallTotals totals;
    int64_t errors;
    CallSumList tasks, clock, hours, days; /* hours: the busiest first */
    UnusualDay *unusual;
    size_t unusual_count;
    UsageAdvice *advice;
    size_t advice_count;
} UsageReport;

MUST_CHECK bool usage_report(Models *models, const Scope *scope, Arena *arena, int64_t from_ms,
                             int64_t to_ms, UsageReport *report_r, Error *err);
