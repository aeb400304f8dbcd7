/* target.h - how a service does, or one model of it, or one key: its circuit breaker, its pace,
 * what it allows.
 *
 *     closed --too many failures--> open --after a while--> half open --a probe is good--> closed
 *                                     ^------ the probe fails ------------|
 *
 * While it is half open exactly one call, the probe, goes through at a time. A probe that tells
 * nothing (the client left, the request was wrong, the service asked to wait) gives its place back.
 *
 * Limits are those that its owner has set, and those that its answers tell of; both are kept to
 * before the service refuses.
 *
 * When a limit is nearly used up, who of many has used more than its part waits, so that one
 * workspace does not take a service from all others.
 *
 * Threads: any; each state has a lock of its own that is held for nanoseconds. */
#pragma once

#include "gateway/hints.h"

typedef struct TargetState TargetState;
typedef struct TargetStates TargetStates;

TargetStates *target_states_new(void);
void target_states_free(TargetStates *states);
/* For tests: so much time passes. */
void target_states_pass(TargetStates *states, int64_t duration_ms);
/* The state of this name ("workspace/service/model"; "server/..." for what all workspaces share),
 * made when it is new. Lives as long as `states`. */
TargetState *target_state(TargetStates *states, Str name);

typedef struct GatewayLimits {
    int64_t requests_per_minute, tokens_per_minute, requests_per_day, tokens_per_day, concurrent;
} GatewayLimits; /* 0: none */
/* From now on it is asked no more often than this. */
void target_limit(TargetState *state, const GatewayLimits *limits);

typedef enum TargetVerdict {
    TARGET_GO,
    TARGET_OPEN,    /* the breaker: it failed too often */
    TARGET_COOLING, /* it asked to wait, or its limit is used up */
    TARGET_FULL     /* too many calls at once */
} TargetVerdict;

/* A place that a call has at a target. */
typedef struct TargetPlace {
    TargetState *state; /* NULL: none is held */
    int64_t tokens;     /* that were counted for it */
    int64_t at_ms;      /* when */
    uint64_t who;       /* whose call it is; 0: nobody's */
    uint32_t epoch;     /* of the breaker */
    bool is_probe;
} TargetPlace;

/* A call that wants to start. */
typedef struct TargetAsk {
    int64_t tokens;  /* about */
    uint64_t who;    /* among whom it is shared; 0: nobody's */
    int weight;      /* of its share; 0: 1 */
    bool is_patient; /* leaves a fifth of each limit to those who are not */
} TargetAsk;

/* May it start? TARGET_GO takes a place, which target_ended() gives
 * back exactly once. *wait_ms_r: how long until it is worth asking again. */
TargetVerdict target_start(TargetState *state, const TargetAsk *ask, TargetPlace *place_r,
                           int64_t *wait_ms_r);
/* The first word of an answer has come: a probe need not wait for a long answer's end. */
void target_answers(TargetPlace *place);

typedef enum TargetOutcome {
    TARGET_GOOD,
    TARGET_FAILED,  /* counts against it */
    TARGET_LIMITED, /* it asked to wait: neither good nor bad */
    TARGET_NEUTRAL  /* the client left, or its request was wrong */
} TargetOutcome;

typedef struct TargetReport {
    TargetOutcome outcome;
    int64_t tokens, output;     /* that were used, for its limits; output: of tokens */
    int64_t first_us, total_us; /* 0: unknown */
    int64_t wait_ms;            /* that it asked for; 0: none */
} TargetReport;
/* Fine for a place that is not held. */
void target_ended(TargetPlace *place, const TargetReport *report);

/* True once each time that the breaker is open and nobody looks after the target: the caller does,
 * and tells with target_probed() what it has found. */
bool target_wants_probe(TargetState *state);
/* A good one lets the next call try at once; after a bad one no call tries before `next_ms`, when
 * it is probed again. False: it is not to be probed any more. */
bool target_probed(TargetState *state, bool is_good, int64_t next_ms);

/* May what failed be asked once more? At most a tenth of what is asked is asked again, so that an
 * outage does not double the load. True takes one. */
bool target_may_retry(TargetState *state);
/* What an answer says of its limits. */
void target_learn(TargetState *state, const Hints *hints);

typedef struct TargetView {
    const char *breaker; /* "closed", "open", "half_open" */
    int64_t running, calls, failures;
    int64_t first_us, total_us;         /* moving averages of good answers; 0: there was none */
    int64_t open_ms, cool_ms;           /* how long it is still not asked; 0: it is */
    double failure_share;               /* of the last half minute */
    int64_t requests_left, tokens_left; /* as its answers tell; -1: they do not */
} TargetView;
TargetView target_view(TargetState *state);
/* All of them, each with its name. */
void target_states_each(TargetStates *states, void (*see)(void *self, Str name, TargetView view),
                        void *self);
