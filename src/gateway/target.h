/* target.h - how one model of one service does: its circuit breaker, its pace, what it allows.
 *
 * Threads: any; each state has a lock of its own that is held for nanoseconds. */
#pragma once

#include "net/http.h"

typedef struct TargetState TargetState;
typedef struct TargetStates TargetStates;

TargetStates *target_states_new(void);
void target_states_free(TargetStates *states);
/* The state of this name ("workspace/service/model"), made when it is new. Lives as long as
 * `states`. */
TargetState *target_state(TargetStates *states, Str name);

typedef enum TargetVerdict {
    TARGET_GO,
    TARGET_OPEN,    /* the breaker: it failed too often */
    TARGET_COOLING, /* it asked to wait, or its limit is used up */
    TARGET_FULL     /* too many calls at once */
} TargetVerdict;

/* May a call of about so many tokens start? TARGET_GO takes a place, which target_ended() gives
 * back exactly once. *wait_ms_r: how long until it is worth asking again. */
TargetVerdict target_start(TargetState *state, int64_t tokens, int64_t *wait_ms_r);

typedef enum TargetOutcome {
    TARGET_GOOD,
    TARGET_FAILED,  /* counts against it */
    TARGET_LIMITED, /* it asked to wait: neither good nor bad */
    TARGET_NEUTRAL  /* the client left, or its request was wrong */
} TargetOutcome;

typedef struct TargetReport {
    TargetOutcome outcome;
    int64_t tokens;             /* that were used, for its limits */
    int64_t first_us, total_us; /* 0: unknown */
    int64_t wait_ms;            /* that it asked for; 0: none */
} TargetReport;
void target_ended(TargetState *state, const TargetReport *report);
/* What an answer's headers say of its limits (x-ratelimit-*, anthropic-ratelimit-*). */
void target_learn(TargetState *state, HttpPairs headers);

typedef struct TargetView {
    const char *breaker; /* "closed", "open", "half_open" */
    int64_t running, calls, failures;
    int64_t first_us, total_us; /* moving averages */
    int64_t open_until_ms;      /* 0: it is not */
    double failure_share;
} TargetView;
TargetView target_view(TargetState *state);
