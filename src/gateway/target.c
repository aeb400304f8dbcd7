/* target.c - see target.h. */
#include "gateway/target.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/map.h"
#include "gateway/shares.h"
#include "gateway/window.h"

#define STATES_MAX 10000 /* clients may ask for any name; what comes then shares one */

/* The breaker opens when of at least so many calls in half a minute half have failed. */
#define BREAKER_SLOT_MS 500
#define BREAKER_CALLS 10
#define BREAKER_OPEN_MS 5000
#define BREAKER_OPEN_MAX_MS 60000
#define PROBE_POLL_MS 1000 /* who is refused while a probe runs */

#define MINUTE_SLOT_MS 1000
#define DAY_SLOT_MS (24 * 60 * 1000)

/* Retries: a tenth of the calls, and one each ten seconds so that who calls seldom has some. */
#define RETRY_SHARE 0.1
#define RETRY_EACH_MS 10000.0
#define RETRIES_MAX 10.0

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

/* What is left of a limit that the service told of. It is taken for a bucket that fills evenly: it
 * is so at OpenAI, Anthropic and Groq, and where it is not, a 429 tells the rest. */
typedef struct Bucket {
    bool is_known;
    double limit, left;
    double each_ms; /* that come back in a millisecond */
    int64_t at_ms;  /* when `left` was true */
} Bucket;

/* Limits that were set by hand. */
typedef struct Pace {
    GatewayLimits limits;
    Window minute_requests, minute_tokens, day_requests, day_tokens;
} Pace;

struct TargetState {
    pthread_mutex_t lock;
    TargetStates *states;
    int64_t running, calls, failures;
    int64_t first_us, total_us;
    int64_t cool_until_ms;
    double retries;
    int64_t retries_at_ms;
    Breaker breaker;
    bool has_buckets;
    Bucket buckets[LIMIT_COUNT];
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
    state->breaker.open_ms = BREAKER_OPEN_MS;
    state->breaker.calls.slot_ms = state->breaker.failures.slot_ms = BREAKER_SLOT_MS;
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
    pace->minute_requests.slot_ms = pace->minute_tokens.slot_ms = MINUTE_SLOT_MS;
    pace->day_requests.slot_ms = pace->day_tokens.slot_ms = DAY_SLOT_MS;
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

/* --- Limits that were set --- */

typedef struct PaceRow {
    Window *window;
    int64_t limit, need;
} PaceRow;

#define PACE_ROWS 4

static void pace_rows(Pace *pace, int64_t tokens, PaceRow rows[PACE_ROWS])
{
    const GatewayLimits *limits = &pace->limits;
    rows[0] = (PaceRow){ &pace->minute_requests, limits->requests_per_minute, 1 };
    rows[1] = (PaceRow){ &pace->minute_tokens, limits->tokens_per_minute, tokens };
    rows[2] = (PaceRow){ &pace->day_requests, limits->requests_per_day, 1 };
    rows[3] = (PaceRow){ &pace->day_tokens, limits->tokens_per_day, tokens };
}

/* How long until a call of so many tokens has room. One that is larger than the whole limit goes
 * when nothing else has been asked: it would wait for ever. */
static int64_t pace_wait_ms(Pace *pace, int64_t now_ms, int64_t tokens, bool is_patient)
{
    PaceRow rows[PACE_ROWS];
    int64_t wait_ms = 0;
    pace_rows(pace, tokens, rows);
    for (int i = 0; i < PACE_ROWS; i++)
        if (rows[i].limit) {
            int64_t most = rows[i].limit - SHARE_SPARE(rows[i].limit, is_patient);
            wait_ms = MAX(wait_ms, window_wait_ms(rows[i].window, now_ms,
                                                  MAX(most - rows[i].need, (int64_t)0)));
        }
    return wait_ms;
}

static void pace_take(Pace *pace, int64_t now_ms, int64_t tokens)
{
    PaceRow rows[PACE_ROWS];
    pace_rows(pace, tokens, rows);
    for (int i = 0; i < PACE_ROWS; i++)
        window_add(rows[i].window, now_ms, rows[i].need);
}

/* What was guessed becomes what was used. */
static void pace_correct(Pace *pace, int64_t now_ms, const TargetPlace *place, int64_t tokens)
{
    Window *const windows[] = { &pace->minute_tokens, &pace->day_tokens };
    for (size_t i = 0; i < COUNT(windows); i++)
        if (tokens > place->tokens)
            window_add(windows[i], now_ms, tokens - place->tokens);
        else
            window_take_back(windows[i], now_ms, place->at_ms, place->tokens - tokens);
}

/* --- Limits that were told --- */

static void refill(Bucket *bucket, int64_t now_ms)
{
    double more = (double)(now_ms - bucket->at_ms) * bucket->each_ms;
    bucket->left = MIN(bucket->left + more, bucket->limit);
    bucket->at_ms = now_ms;
}

/* What a call takes out of buckets. Its answer counts when it has come: what a client allows at
 * most is nearly always more than that. */
typedef struct Use {
    int64_t requests, input, output;
} Use;

static double use_of(size_t kind, const Use *use)
{
    switch (limit_counts[kind]) {
    case COUNTS_REQUESTS: return (double)use->requests;
    case COUNTS_TOKENS: return (double)(use->input + use->output);
    case COUNTS_INPUT: return (double)use->input;
    case COUNTS_OUTPUT: return (double)use->output;
    }
    return 0;
}

static int64_t buckets_wait_ms(TargetState *state, int64_t now_ms, const TargetAsk *ask)
{
    const Use use = { 1, ask->tokens, 1 };
    double wait_ms = 0;
    for (size_t i = 0; state->has_buckets && i < LIMIT_COUNT; i++) {
        Bucket *bucket = &state->buckets[i];
        if (!bucket->is_known)
            continue;
        refill(bucket, now_ms);
        double need = use_of(i, &use) + (ask->is_patient ? bucket->limit / 5 : 0);
        double lacks = MIN(need, bucket->limit) - bucket->left;
        if (lacks > 0)
            wait_ms = MAX(wait_ms, lacks / bucket->each_ms);
    }
    return wait_ms >= (double)HINT_MAX_MS ? HINT_MAX_MS
                                          : (int64_t)wait_ms + (wait_ms > (double)(int64_t)wait_ms);
}

static void buckets_take(TargetState *state, const Use *use)
{
    for (size_t i = 0; state->has_buckets && i < LIMIT_COUNT; i++)
        if (state->buckets[i].is_known)
            state->buckets[i].left -= use_of(i, use);
}

/* Answers overtake each other, and calls are on their way that this one's service had not seen: so
 * what is left by our own count is not made more by what an answer tells. */
static void learn(Bucket *bucket, const LimitTold *told, int64_t now_ms)
{
    double limit = told->limit >= 0 ? (double)told->limit : bucket->limit;
    double left = (double)told->remaining;
    if (limit < 1 || limit < left || told->reset_ms < 1)
        return; /* without them nobody knows when more comes */
    if (bucket->is_known) {
        refill(bucket, now_ms);
        left = MIN(left, bucket->left + (limit - bucket->limit));
    }
    /* A whole bucket fills again no faster than it did. */
    double each_ms = (limit - (double)told->remaining) / (double)told->reset_ms;
    if (each_ms > 0)
        bucket->each_ms = each_ms;
    *bucket = (Bucket){ .is_known = bucket->each_ms > 0,
                        .limit = limit,
                        .left = left,
                        .each_ms = bucket->each_ms,
                        .at_ms = now_ms };
}

void target_learn(TargetState *state, const Hints *hints)
{
    if (!hints->tells_limits)
        return;
    int64_t now_ms = clock_ms(state->states);
    pthread_mutex_lock(&state->lock);
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        if (hints->limits[i].remaining >= 0)
            learn(&state->buckets[i], &hints->limits[i], now_ms);
    state->has_buckets = true;
    pthread_mutex_unlock(&state->lock);
}

/* --- The breaker --- */

static void breaker_open(Breaker *breaker, int64_t now_ms)
{
    breaker->state = BREAKER_OPEN;
    breaker->epoch++;
    breaker->has_probe = false;
    breaker->until_ms = now_ms + breaker->open_ms;
    breaker->open_ms = MIN(breaker->open_ms * 2, (int64_t)BREAKER_OPEN_MAX_MS);
}

static void breaker_close(Breaker *breaker)
{
    breaker->state = BREAKER_CLOSED;
    breaker->epoch++;
    breaker->has_probe = false;
    breaker->open_ms = BREAKER_OPEN_MS;
    window_clear(&breaker->calls);
    window_clear(&breaker->failures);
}

static int64_t breaker_wait_ms(const Breaker *breaker, int64_t now_ms)
{
    if (breaker->state == BREAKER_OPEN)
        return MAX(breaker->until_ms - now_ms, (int64_t)0);
    return breaker->has_probe ? PROBE_POLL_MS : 0;
}

static void breaker_enter(Breaker *breaker, TargetPlace *place)
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

static void breaker_leave(Breaker *breaker, const TargetPlace *place, TargetOutcome outcome,
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
    for (size_t i = 0; state->has_buckets && i < LIMIT_COUNT; i++) {
        const Bucket *bucket = &state->buckets[i];
        double left = bucket->left - use_of(i, &use);
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
    if (!ask->who || (!state->pace && !state->has_buckets))
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
    wait_ms = MAX(wait_ms, buckets_wait_ms(state, now_ms, ask));
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
        buckets_take(state, &(Use){ 1, ask->tokens, 0 });
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
    buckets_take(state, &(Use){ 0, input - place->tokens, report->output });
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

static int64_t left_of(TargetState *state, int64_t now_ms, bool of_tokens)
{
    double least = -1;
    for (size_t i = 0; i < LIMIT_COUNT; i++) {
        Bucket *bucket = &state->buckets[i];
        if (!bucket->is_known || (limit_counts[i] != COUNTS_REQUESTS) != of_tokens)
            continue;
        refill(bucket, now_ms);
        double left = MAX(bucket->left, 0);
        least = least < 0 ? left : MIN(least, left);
    }
    return (int64_t)least;
}

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
                        .requests_left = left_of(state, now_ms, false),
                        .tokens_left = left_of(state, now_ms, true) };
    if (breaker->state == BREAKER_OPEN)
        view.open_ms = breaker_wait_ms(breaker, now_ms);
    pthread_mutex_unlock(&state->lock);
    return view;
}

void target_states_each(TargetStates *states, void (*see)(void *self, Str name, TargetView view),
                        void *self)
{
    pthread_mutex_lock(&states->lock);
    for (size_t i = 0; i < states->by_name.capacity; i++) {
        const MapEntry *entry = &states->by_name.slots[i];
        if (entry->key.at)
            see(self, entry->key, target_view(entry->pointer));
    }
    pthread_mutex_unlock(&states->lock);
}
