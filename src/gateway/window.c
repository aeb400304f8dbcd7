/* window.c - see window.h. */
#include "gateway/window.h"

/* Forget what is too long ago. */
static void move(Window *window, int64_t now_ms)
{
    int64_t slot = now_ms / window->slot_ms;
    int64_t steps = MIN(slot - window->slot, (int64_t)WINDOW_SLOTS);
    for (int64_t i = 1; i <= steps; i++) {
        int64_t *count = &window->counts[(window->slot + i) % WINDOW_SLOTS];
        window->total -= *count;
        *count = 0;
    }
    if (steps > 0)
        window->slot = slot;
    if (steps == WINDOW_SLOTS)
        window_clear(window); /* slots between were stepped over */
}

void window_add(Window *window, int64_t now_ms, int64_t count)
{
    move(window, now_ms);
    window->counts[window->slot % WINDOW_SLOTS] += count;
    window->total += count;
}

void window_take_back(Window *window, int64_t now_ms, int64_t at_ms, int64_t count)
{
    int64_t slot = at_ms / window->slot_ms;
    move(window, now_ms);
    if (slot <= window->slot - WINDOW_SLOTS)
        return;
    window->counts[slot % WINDOW_SLOTS] -= count;
    window->total -= count;
}

int64_t window_total(Window *window, int64_t now_ms)
{
    move(window, now_ms);
    return window->total;
}

int64_t window_wait_ms(Window *window, int64_t now_ms, int64_t most)
{
    move(window, now_ms);
    int64_t total = window->total;
    for (int64_t i = 1; i <= WINDOW_SLOTS; i++) {
        if (total <= most)
            return i == 1 ? 0 : (window->slot + i - 1) * window->slot_ms - now_ms;
        total -= window->counts[(window->slot + i) % WINDOW_SLOTS];
    }
    return (window->slot + WINDOW_SLOTS) * window->slot_ms - now_ms;
}

void window_clear(Window *window)
{
    memset(window->counts, 0, sizeof window->counts);
    window->total = 0;
}
