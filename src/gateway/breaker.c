/* breaker.c - see breaker.h. */
#include "gateway/breaker.h"

/* The breaker opens when of at least so many calls in half a minute half have failed. */
#define BREAKER_SLOT_MS 500
#define BREAKER_CALLS 10
#define BREAKER_OPEN_MS 5000
#define BREAKER_OPEN_MAX_MS 60000
#define PROBE_POLL_MS 1000 /* who is refused while a probe runs */

void breaker_begin(Breaker *breaker)
{
    breaker->open_ms = BREAKER_OPEN_MS;
    breaker->calls.slot_ms = breaker->failures.slot_ms = BREAKER_SLOT_MS;
}

static void breaker_open(Breaker *breaker, int64_t now_ms)
{
    breaker->state = BREAKER_OPEN;
    breaker->epoch++;
    breaker->has_probe = false;
    breaker->until_ms = now_ms + breaker->open_ms;
    breaker->open_ms = MIN(breaker->open_ms * 2, (int64_t)BREAKER_OPEN_MAX_MS);
}

void breaker_close(Breaker *breaker)
{
    breaker->state = BREAKER_CLOSED;
    breaker->epoch++;
    breaker->has_probe = false;
    breaker->open_ms = BREAKER_OPEN_MS;
    window_clear(&breaker->calls);
    window_clear(&breaker->failures);
}

int64_t breaker_wait_ms(const Breaker *breaker, int64_t now_ms)
{
    if (breaker->state == BREAKER_OPEN)
        return MAX(breaker->until_ms - now_ms, (int64_t)0);
    return breaker->has_probe ? PROBE_POLL_MS : 0;
}

void breaker_enter(Breaker *breaker, TargetPlace *place)
{
    if (breaker->state == BREAKER_OPEN)
        breaker->state = BREAKER_HALF_OPEN;
    place->is_probe = breaker->state == BREAKER_HALF_OPEN;
    breaker->has_probe = place->is_probe;
    place->epoch = breaker->epoch;
}

static void breaker_count(Breaker *breaker, int64_t now_ms, bool has_failed)
{
    window_add(&breaker->calls, now_ms, 1);
    window_add(&breaker->failures, now_ms, has_failed);
    int64_t calls = window_total(&breaker->calls, now_ms);
    if (has_failed && calls >= BREAKER_CALLS && breaker->failures.total * 2 >= calls)
        breaker_open(breaker, now_ms);
}

void breaker_leave(Breaker *breaker, const TargetPlace *place, TargetOutcome outcome,
                   int64_t now_ms)
{
    if (place->epoch != breaker->epoch)
        return;
    if (place->is_probe) {
        breaker->has_probe = false;
        if (outcome == TARGET_GOOD)
            breaker_close(breaker);
        else if (outcome == TARGET_FAILED)
            breaker_open(breaker, now_ms);
    } else if (outcome == TARGET_GOOD || outcome == TARGET_FAILED) {
        breaker_count(breaker, now_ms, outcome == TARGET_FAILED);
    }
}
