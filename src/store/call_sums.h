/* call_sums.h - calls summed by minute, hour and day, model, service, key, person, feature, task
 * and outcome. */
#pragma once

#include "store/call_pages.h"

typedef enum CallSpan { SPAN_MINUTE, SPAN_HOUR, SPAN_DAY, SPAN_COUNT } CallSpan;
int64_t call_span_ms(CallSpan span);

typedef struct CallTotals {
#define CALL_SUM(name, what) int64_t name;
#include "store/call_sums.def"
#undef CALL_SUM
} CallTotals;

/* The time in microseconds that this share of the calls (0.95: all but one in twenty) took at most:
 * between two limits of call_times.def as if they lay evenly, and never beyond one that they kept.
 * 0: there are none. */
int64_t call_quantile_us(const CallTotals *totals, double share);

void call_totals_add(CallTotals *to, const CallTotals *from);

#define CALL_TOTAL_COUNT (sizeof(CallTotals) / sizeof(int64_t))

/* What calls are told apart by. Minutes are not told apart by key and person: they are looked at
 * for how busy it was, and would be a row for nearly every call. */
enum {
    CALL_BY_MODEL,
    CALL_BY_SERVICE,
    CALL_BY_KEY,
    CALL_BY_USER,
    CALL_BY_FEATURE,
    CALL_BY_TASK,
    CALL_BY_STATUS,
    CALL_NAMES
};

typedef struct CallSum {
    CallSpan span;
    int64_t at_ms; /* its beginning, UTC */
    Str names[CALL_NAMES];
    CallTotals totals;
} CallSum;

/* Sums that calls are added to, a few at a time; of the rows only the texts must live on. */
typedef struct CallSums CallSums;
CallSums *call_sums_new(Arena *arena);
void call_sums_add(CallSums *sums, const CallRow *rows, size_t count);
/* Those of all spans, in one order for everybody: then two nodes that add to the same rows wait for
 * each other but never in a circle. */
void call_sums_list(const CallSums *sums, Arena *arena, CallSum **list_r, size_t *count_r);
