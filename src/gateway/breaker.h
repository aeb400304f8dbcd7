/* breaker.h - the circuit breaker of a target; target.h tells what it does. Not for other folders.
 *
 * Threads: the lock of the target's state is held. */
#pragma once

#include "gateway/target.h"
#include "gateway/window.h"

typedef enum BreakerState { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN } BreakerState;

typedef struct Breaker {
    BreakerState state;
    uint32_t epoch; /* what began before it opened or closed tells nothing of now */
    bool has_probe;
    bool is_watched;
    int64_t open_ms; /* how long it opens for; grows while probes fail */
    int64_t until_ms;
    Window calls, failures;
} Breaker;

void breaker_begin(Breaker *breaker);
/* Until a call may go through; 0: now. */
int64_t breaker_wait_ms(const Breaker *breaker, int64_t now_ms);
/* A call takes its place, as a probe when it is half open. */
void breaker_enter(Breaker *breaker, TargetPlace *place);
void breaker_leave(Breaker *breaker, const TargetPlace *place, TargetOutcome outcome,
                   int64_t now_ms);
void breaker_close(Breaker *breaker);
