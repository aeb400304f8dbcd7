/* target.c - see target.h. */
#include "gateway/target.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/map.h"
#include "gateway/breaker.h"
#include "gateway/buckets.h"
#include "gateway/pace.h"
#include "gateway/shares.h"

#define STATES_MAX 10000 /* clients may ask for any name; what comes then shares one */

/* Retries: a tenth of the calls, and one each ten seconds so that who calls seldom has some. */
#define RETRY_SHARE 0.1
#define RETRY_EACH_MS 10000.0
#define RETRIES_MAX 10.0

struct TargetState {
    pthread_mutex_t lock;
    TargetStates *states;
    int64_t running, calls, failures;
    int64_t first_us, total_us;
    int64_t cool_until_ms;
    double retries;
    int64_t retries_at_ms;
    Breaker breaker;
    Buckets buckets;
    Pace *pace;     /* NULL: no limit was ever set */
    Shares *shares; /* NULL: nothing is limited */
};

struct TargetStates {
    pthread_mutex_t lock;
    Arena *arena;
    Map by_name;
    atomic_int_fast64_t ahead_ms; /* of the clock */
};

/* --- All states --- */

TargetStates *target_states_new(void)
{
    TargetStates *states = heap_alloc(sizeof *states);
    states->arena = arena_new(MB(128));
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

void target_states_pass(TargetStates *states, int64_t duration_ms)
{
    states->ahead_ms += duration_ms;
}

static int64_t clock_ms(const TargetStates *states) { return monotonic_ms() + states->ahead_ms; }

static TargetState *new_state(TargetStates *states)
{
    TargetState *state = arena_new_one(states->arena, TargetState);
    pthread_mutex_init(&state->lock, NULL);
    state->states = states;
    state->retries = RETRIES_MAX;
    state->retries_at_ms = clock_ms(states);
    breaker_begin(&state->breaker);
    return state;
}

TargetState *target_state(TargetStates *states, Str name)
{
    pthread_mutex_lock(&states->lock);
    MapEntry *entry = map_find(&states->by_name, name);
    if (!entry && states->by_name.count >= STATES_MAX) {
        name = S("others");
        entry = map_find(&states->by_name, name);
    }
    if (!entry) {
        TargetState *state = new_state(states);
        entry = map_add(&states->by_name, str_copy(states->arena, name), NULL);
        entry->pointer = state;
    }
    TargetState *found = entry->pointer;
    pthread_mutex_unlock(&states->lock);
    return found;
}

static Pace *new_pace(TargetStates *states)
{
    pthread_mutex_lock(&states->lock);
    Pace *pace = arena_new_one(states->arena, Pace);
    pthread_mutex_unlock(&states->lock);
    pace_begin(pace);
    return pace;
}

void target_limit(TargetState *state, const GatewayLimits *limits)
{
    static const GatewayLimits none;
    pthread_mutex_lock(&state->lock);
    if (!state->pace && memcmp(limits, &none, sizeof none) != 0)
        state->pace = new_pace(state->states);
    if (state->pace)
        state->pace->limits = *limits;
    pthread_mutex_unlock(&state->lock);
}

/* --- What it allows --- */

void target_learn(TargetState *state, const Hints *hints)
{
    if (!hints->tells_limits)
        return;
    int64_t now_ms = clock_ms(state->states);
    pthread_mutex_lock(&state->lock);
    buckets_learn(&state->buckets, hints, now_ms);
    pthread_mutex_unlock(&state->lock);
}

/* --- Fair shares --- */

/* What is scarce is shared: from here on of each limit. */
#define SCARCE 0.8
#define TURN_MS 1000 /* then the turn may be another's */

static bool is_nearly_used(Window *window, int64_t now_ms, int64_t limit, int64_t need)
{
    return limit && (double)(window_total(window, now_ms) + need) > SCARCE * (double)limit;
}

static bool is_scarce(TargetState *state, int64_t now_ms, int64_t tokens)
{
    PaceRow rows[PACE_ROWS];
    if (state->pace) {
        int64_t most = state->pace->limits.concurrent;
        pace_rows(state->pace, tokens, rows);
        for (int i = 0; i < PACE_ROWS; i++)
            if (is_nearly_used(rows[i].window, now_ms, rows[i].limit, rows[i].need))
                return true;
        if (most && (double)(state->running + 1) > SCARCE * (double)most)
            return true;
    }
    const Use use = { 1, tokens, 1 };
    for (size_t i = 0; state->buckets.are_known && i < LIMIT_COUNT; i++) {
        const Bucket *bucket = &state->buckets.at[i];
        double left = bucket->left - bucket_use(i, &use);
        if (bucket->is_known && left < (1 - SCARCE) * bucket->limit)
            return true;
    }
    return false;
}

static bool has_too_much(TargetState *state, int64_t now_ms, const TargetAsk *ask)
{
    return ask->who && state->shares && is_scarce(state, now_ms, ask->tokens) &&
           !shares_allow(state->shares, ask->who, MAX(ask->weight, 1), now_ms);
}

/* A request is worth some tokens too, where only requests are limited. */
static void share_take(TargetState *state, int64_t now_ms, const TargetAsk *ask)
{
    if (!ask->who || (!state->pace && !state->buckets.are_known))
        return;
    if (!state->shares) {
        pthread_mutex_lock(&state->states->lock);
        state->shares = arena_new_one(state->states->arena, Shares);
        pthread_mutex_unlock(&state->states->lock);
    }
    shares_add(state->shares, ask->who, MAX(ask->weight, 1), now_ms, (double)ask->tokens + 1);
}

/* --- A call --- */

static TargetVerdict judge(TargetState *state, int64_t now_ms, const TargetAsk *ask,
                           int64_t *wait_ms_r)
{
    int64_t wait_ms = state->cool_until_ms - now_ms;
    if (state->pace) {
        int64_t most = state->pace->limits.concurrent;
        *wait_ms_r = 100;
        if (most && state->running >= most - SHARE_SPARE(most, ask->is_patient))
            return TARGET_FULL;
        wait_ms = MAX(wait_ms, pace_wait_ms(state->pace, now_ms, ask->tokens, ask->is_patient));
    }
    wait_ms = MAX(wait_ms, buckets_wait_ms(&state->buckets, now_ms, ask));
    if (wait_ms <= 0 && has_too_much(state, now_ms, ask))
        wait_ms = TURN_MS;
    *wait_ms_r = wait_ms;
    if (wait_ms > 0)
        return TARGET_COOLING;
    *wait_ms_r = breaker_wait_ms(&state->breaker, now_ms);
    return *wait_ms_r > 0 ? TARGET_OPEN : TARGET_GO;
}

TargetVerdict target_start(TargetState *state, const TargetAsk *ask, TargetPlace *place_r,
                           int64_t *wait_ms_r)
{
    int64_t now_ms = clock_ms(state->states);
    pthread_mutex_lock(&state->lock);
    TargetVerdict verdict = judge(state, now_ms, ask, wait_ms_r);
    if (verdict == TARGET_GO) {
        *place_r = (TargetPlace){
            .state = state, .tokens = ask->tokens, .who = ask->who, .at_ms = now_ms
        };
        breaker_enter(&state->breaker, place_r);
        state->running++;
        if (state->pace)
            pace_take(state->pace, now_ms, ask->tokens);
        buckets_take(&state->buckets, &(Use){ 1, ask->tokens, 0 });
        share_take(state, now_ms, ask);
        state->retries = MIN(state->retries + RETRY_SHARE, RETRIES_MAX);
    }
    pthread_mutex_unlock(&state->lock);
    return verdict;
}

void target_answers(TargetPlace *place)
{
    if (!place->is_probe)
        return;
    TargetState *state = place->state;
    pthread_mutex_lock(&state->lock);
    if (place->epoch == state->breaker.epoch) {
        breaker_close(&state->breaker);
        place->epoch = state->breaker.epoch;
    }
    place->is_probe = false;
    pthread_mutex_unlock(&state->lock);
}

static int64_t average(int64_t old, int64_t value) { return old ? old + (value - old) / 8 : value; }

void target_ended(TargetPlace *place, const TargetReport *report)
{
    TargetState *state = place->state;
    if (!state)
        return;
    int64_t now_ms = clock_ms(state->states);
    pthread_mutex_lock(&state->lock);
    assert(state->running > 0);
    state->running--;
    state->calls++;
    state->failures += report->outcome == TARGET_FAILED;
    breaker_leave(&state->breaker, place, report->outcome, now_ms);
    if (report->outcome == TARGET_GOOD) {
        state->first_us = average(state->first_us, report->first_us);
        state->total_us = average(state->total_us, report->total_us);
    }
    if (report->outcome == TARGET_LIMITED && report->wait_ms)
        state->cool_until_ms = MAX(state->cool_until_ms, now_ms + report->wait_ms);
    if (state->pace)
        pace_correct(state->pace, now_ms, place, report->tokens);
    int64_t input = report->tokens - report->output;
    buckets_take(&state->buckets, &(Use){ 0, input - place->tokens, report->output });
    if (place->who && state->shares)
        shares_add(state->shares, place->who, 0, now_ms, (double)(report->tokens - place->tokens));
    pthread_mutex_unlock(&state->lock);
    *place = (TargetPlace){ 0 };
}

bool target_wants_probe(TargetState *state)
{
    pthread_mutex_lock(&state->lock);
    Breaker *breaker = &state->breaker;
    bool wants = breaker->state == BREAKER_OPEN && !breaker->is_watched;
    breaker->is_watched = breaker->is_watched || wants;
    pthread_mutex_unlock(&state->lock);
    return wants;
}

bool target_probed(TargetState *state, bool is_good, int64_t next_ms)
{
    int64_t now_ms = clock_ms(state->states);
    pthread_mutex_lock(&state->lock);
    Breaker *breaker = &state->breaker;
    if (breaker->state == BREAKER_OPEN)
        breaker->until_ms = is_good ? now_ms : MAX(breaker->until_ms, now_ms + next_ms);
    breaker->is_watched = breaker->state == BREAKER_OPEN && !is_good;
    bool goes_on = breaker->is_watched;
    pthread_mutex_unlock(&state->lock);
    return goes_on;
}

bool target_may_retry(TargetState *state)
{
    int64_t now_ms = clock_ms(state->states);
    pthread_mutex_lock(&state->lock);
    double more = (double)(now_ms - state->retries_at_ms) / RETRY_EACH_MS;
    state->retries = MIN(state->retries + more, RETRIES_MAX);
    state->retries_at_ms = now_ms;
    bool may = state->retries >= 1;
    state->retries -= may;
    pthread_mutex_unlock(&state->lock);
    return may;
}

/* --- For people --- */

TargetView target_view(TargetState *state)
{
    static const char *const words[] = { "closed", "open", "half_open" };
    int64_t now_ms = clock_ms(state->states);
    pthread_mutex_lock(&state->lock);
    Breaker *breaker = &state->breaker;
    int64_t calls = window_total(&breaker->calls, now_ms);
    int64_t failures = window_total(&breaker->failures, now_ms);
    TargetView view = { .breaker = words[breaker->state],
                        .running = state->running,
                        .calls = state->calls,
                        .failures = state->failures,
                        .first_us = state->first_us,
                        .total_us = state->total_us,
                        .cool_ms = MAX(state->cool_until_ms - now_ms, (int64_t)0),
                        .failure_share = calls ? (double)failures / (double)calls : 0,
                        .requests_left = buckets_left(&state->buckets, now_ms, false),
                        .tokens_left = buckets_left(&state->buckets, now_ms, true) };
    if (breaker->state == BREAKER_OPEN)
        view.open_ms = breaker_wait_ms(breaker, now_ms);
    pthread_mutex_unlock(&state->lock);
    return view;
}

void target_states_each(TargetStates *states, void (*see)(void *self, Str name, TargetView view),
                        void *self)
{
    /* Seen without the lock, which calls take while they hold a state's own. States stay. */
    pthread_mutex_lock(&states->lock);
    size_t count = states->by_name.capacity;
    AUTO_FREE MapEntry *entries = heap_alloc((count + 1) * sizeof(*entries));
    for (size_t i = 0; i < count; i++)
        entries[i] = states->by_name.slots[i];
    pthread_mutex_unlock(&states->lock);
    for (size_t i = 0; i < count; i++)
        if (entries[i].key.at)
            see(self, entries[i].key, target_view(entries[i].pointer));
}
