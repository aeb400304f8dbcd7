/* target.c - see target.h. */
#include "gateway/target.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/map.h"

#define STATES_MAX 10000 /* clients may ask for any name; what comes then shares one */

struct TargetState {
    pthread_mutex_t lock;
    int64_t running, calls, failures;
    int64_t first_us, total_us;
    int64_t cool_until_ms;
};

struct TargetStates {
    pthread_mutex_t lock;
    Arena *arena;
    Map by_name;
};

TargetStates *target_states_new(void)
{
    TargetStates *states = heap_alloc(sizeof *states);
    states->arena = arena_new(MB(64));
    states->by_name = map_new(states->arena);
    pthread_mutex_init(&states->lock, NULL);
    return states;
}

void target_states_free(TargetStates *states)
{
    if (!states)
        return;
    pthread_mutex_destroy(&states->lock);
    arena_free(states->arena);
    free(states);
}

TargetState *target_state(TargetStates *states, Str name)
{
    pthread_mutex_lock(&states->lock);
    MapEntry *entry = map_find(&states->by_name, name);
    if (!entry && states->by_name.count >= STATES_MAX)
        name = S("others");
    if (!entry)
        entry = map_find(&states->by_name, name);
    if (!entry) {
        TargetState *state = arena_new_one(states->arena, TargetState);
        pthread_mutex_init(&state->lock, NULL);
        entry = map_add(&states->by_name, str_copy(states->arena, name), NULL);
        entry->pointer = state;
    }
    TargetState *found = entry->pointer;
    pthread_mutex_unlock(&states->lock);
    return found;
}

TargetVerdict target_start(TargetState *state, int64_t tokens, int64_t *wait_ms_r)
{
    (void)tokens;
    pthread_mutex_lock(&state->lock);
    int64_t wait_ms = state->cool_until_ms ? state->cool_until_ms - monotonic_ms() : 0;
    TargetVerdict verdict = wait_ms > 0 ? TARGET_COOLING : TARGET_GO;
    if (verdict == TARGET_GO)
        state->running++;
    else
        *wait_ms_r = wait_ms;
    pthread_mutex_unlock(&state->lock);
    return verdict;
}

static int64_t average(int64_t old, int64_t value) { return old ? old + (value - old) / 8 : value; }

void target_ended(TargetState *state, const TargetReport *report)
{
    pthread_mutex_lock(&state->lock);
    state->running--;
    state->calls++;
    state->failures += report->outcome == TARGET_FAILED;
    if (report->outcome == TARGET_GOOD) {
        state->first_us = average(state->first_us, report->first_us);
        state->total_us = average(state->total_us, report->total_us);
    }
    if (report->outcome == TARGET_LIMITED && report->wait_ms)
        state->cool_until_ms = monotonic_ms() + report->wait_ms;
    pthread_mutex_unlock(&state->lock);
}

void target_learn(TargetState *state, HttpPairs headers) { (void)state, (void)headers; }

TargetView target_view(TargetState *state)
{
    pthread_mutex_lock(&state->lock);
    TargetView view = { .breaker = "closed",
                        .running = state->running,
                        .calls = state->calls,
                        .failures = state->failures,
                        .first_us = state->first_us,
                        .total_us = state->total_us };
    pthread_mutex_unlock(&state->lock);
    return view;
}
