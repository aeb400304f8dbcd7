/* pace.h - the limits of a target that its owner has set. Not for other folders.
 *
 * Threads: the lock of the target's state is held. */
#pragma once

#include "gateway/target.h"
#include "gateway/window.h"

typedef struct Pace {
    GatewayLimits limits;
    Window minute_requests, minute_tokens, day_requests, day_tokens;
} Pace;

/* One of its limits, and what a call would take of it. */
typedef struct PaceRow {
    Window *window;
    int64_t limit, need;
} PaceRow;

#define PACE_ROWS 4

void pace_begin(Pace *pace);
void pace_rows(Pace *pace, int64_t tokens, PaceRow rows[PACE_ROWS]);
/* How long until a call of so many tokens has room. */
int64_t pace_wait_ms(Pace *pace, int64_t now_ms, int64_t tokens, bool is_patient);
void pace_take(Pace *pace, int64_t now_ms, int64_t tokens);
/* What was guessed becomes what was used. */
void pace_correct(Pace *pace, int64_t now_ms, const TargetPlace *place, int64_t tokens);
