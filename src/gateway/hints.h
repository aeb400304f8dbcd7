/* hints.h - what a service says of its limits and of how long to wait, in all the forms that are in
 * use.
 *
 * Threads: any; nothing is kept. */
#pragma once

#include "net/http.h"

#define HINT_NONE (-1)
#define HINT_MAX_MS (INT64_C(7) * 24 * 3600 * 1000) /* what is longer is cut to this */

/* What is counted: x-ratelimit-remaining-KIND, anthropic-ratelimit-KIND-remaining. */
typedef enum LimitKind {
#define LIMIT(name, word, counts) LIMIT_##name,
#include "gateway/limit_kinds.def"
#undef LIMIT
    LIMIT_COUNT
} LimitKind;
typedef enum LimitCounts {
    COUNTS_REQUESTS,
    COUNTS_TOKENS,
    COUNTS_INPUT,
    COUNTS_OUTPUT
} LimitCounts;
extern const LimitCounts limit_counts[LIMIT_COUNT];

/* One limit as an answer tells of it; -1: not told. */
typedef struct LimitTold {
    int64_t limit, remaining;
    int64_t reset_ms; /* until it is whole again */
} LimitTold;

typedef struct Hints {
    int64_t wait_ms; /* the longest of what is asked for: a floor. HINT_NONE: nothing is */
    bool tells_limits;
    LimitTold limits[LIMIT_COUNT];
} Hints;

/* `now_ms`: UTC, for dates; where the answer has a date of its own that one is used. */
Hints hints_of_headers(HttpPairs headers, int64_t now_ms);
/* What a failure's body asks for: google.rpc.RetryInfo, or "try again in 5.3s" in its text. */
int64_t hint_of_body(Str body);
/* Go's way to write a duration ("1m2.5s", "12ms"), also with words ("5 seconds"); a number alone is
 * in seconds. False: it is none, or not more than nothing. */
bool hint_parse_duration(Str text, int64_t *ms_r);
