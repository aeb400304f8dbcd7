/* window.h - how much of something there was lately: sums over a span of time that slides.
 *
 * The span is divided into slots; what has happened leaves with its slot, so it counts for the
 * whole span and at most one slot more. Threads: a window belongs to one, or to a lock. */
#pragma once

#include "base/base.h"

#define WINDOW_SLOTS 61

typedef struct Window {
    int64_t slot_ms; /* set by the maker: a sixtieth of the span */
    int64_t slot;    /* the number of the one that is filled now, since the clock began */
    int64_t total;
    int64_t counts[WINDOW_SLOTS];
} Window;

/* Time must not run backwards. */
void window_add(Window *window, int64_t now_ms, int64_t count);
/* So much of what was added at `at_ms` was not true. */
void window_take_back(Window *window, int64_t now_ms, int64_t at_ms, int64_t count);
int64_t window_total(Window *window, int64_t now_ms);
/* How long until the total is at most this much, if nothing is added; 0: it is. */
int64_t window_wait_ms(Window *window, int64_t now_ms, int64_t most);
void window_clear(Window *window);
