/* target_test.c - the breaker, the limits and the retries of a target, on a clock that is moved. */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "gateway/shares.h"
#include "gateway/target.h"
#include "gateway/window.h"

static TargetStates *states;
static TargetState *state;

static void open_states(void)
{
    states = target_states_new();
    state = target_state(states, S("w/service/model"));
}

static void close_states(void) { target_states_free(states); }

TestSuite(target, .init = open_states, .fini = close_states);

static TargetVerdict start(TargetPlace *place, int64_t tokens)
{
    int64_t wait_ms;
    return target_start(state, &(TargetAsk){ .tokens = tokens, .who = 0 }, place, &wait_ms);
}

static void end(TargetPlace *place, TargetOutcome outcome)
{
    target_ended(place, &(TargetReport){ .outcome = outcome, .tokens = place->tokens });
}

static TargetVerdict call(TargetOutcome outcome)
{
    TargetPlace place = { 0 };
    TargetVerdict verdict = start(&place, 0);
    if (verdict == TARGET_GO)
        end(&place, outcome);
    return verdict;
}

static void open_breaker(void)
{
    for (int i = 0; i < 10; i++)
        cr_assert_eq(call(TARGET_FAILED), TARGET_GO);
    cr_assert_str_eq(target_view(state).breaker, "open");
}

Test(target, opens_when_half_of_enough_calls_have_failed)
{
    for (int i = 0; i < 9; i++)
        (void)call(i < 5 ? TARGET_GOOD : TARGET_FAILED);
    cr_assert_str_eq(target_view(state).breaker, "closed");
    (void)call(TARGET_FAILED);
    cr_assert_str_eq(target_view(state).breaker, "open");
    cr_assert_eq(call(TARGET_GOOD), TARGET_OPEN);
}

Test(target, forgets_failures_that_are_long_ago)
{
    for (int i = 0; i < 9; i++)
        (void)call(TARGET_FAILED);
    target_states_pass(states, 31000);
    (void)call(TARGET_FAILED);
    cr_assert_str_eq(target_view(state).breaker, "closed");
}

Test(target, is_not_judged_by_limits_and_by_clients_that_leave)
{
    for (int i = 0; i < 100; i++)
        (void)call(i % 2 ? TARGET_LIMITED : TARGET_NEUTRAL);
    cr_assert_str_eq(target_view(state).breaker, "closed");
    cr_assert_eq(target_view(state).failure_share, 0);
}

Test(target, is_probed_by_one_call_at_a_time)
{
    TargetPlace probe, other;
    open_breaker();
    target_states_pass(states, 5001);
    cr_assert_eq(start(&probe, 0), TARGET_GO);
    cr_assert_eq(start(&other, 0), TARGET_OPEN);
    end(&probe, TARGET_NEUTRAL);
    cr_assert_str_eq(target_view(state).breaker, "half_open");
    cr_assert_eq(start(&probe, 0), TARGET_GO);
    end(&probe, TARGET_LIMITED);
    cr_assert_eq(start(&probe, 0), TARGET_GO);
    end(&probe, TARGET_GOOD);
    cr_assert_str_eq(target_view(state).breaker, "closed");
}

Test(target, stays_shut_longer_while_probes_fail)
{
    TargetPlace probe;
    open_breaker();
    target_states_pass(states, 5001);
    cr_assert_eq(start(&probe, 0), TARGET_GO);
    end(&probe, TARGET_FAILED);
    target_states_pass(states, 5001);
    cr_assert_eq(start(&probe, 0), TARGET_OPEN);
    target_states_pass(states, 5001);
    cr_assert_eq(start(&probe, 0), TARGET_GO);
    end(&probe, TARGET_GOOD);
}

Test(target, closes_at_the_first_word_of_a_probe)
{
    TargetPlace probe, other;
    open_breaker();
    target_states_pass(states, 5001);
    cr_assert_eq(start(&probe, 0), TARGET_GO);
    target_answers(&probe);
    cr_assert_str_eq(target_view(state).breaker, "closed");
    cr_assert_eq(start(&other, 0), TARGET_GO);
    end(&other, TARGET_GOOD);
    end(&probe, TARGET_FAILED);
    cr_assert_eq(target_view(state).failure_share, 0.5);
}

Test(target, is_not_judged_now_by_calls_from_before_it_opened)
{
    TargetPlace old[20], probe;
    for (size_t i = 0; i < COUNT(old); i++)
        cr_assert_eq(start(&old[i], 0), TARGET_GO);
    open_breaker();
    target_states_pass(states, 5001);
    cr_assert_eq(start(&probe, 0), TARGET_GO);
    for (size_t i = 0; i < COUNT(old); i++)
        end(&old[i], i % 2 ? TARGET_GOOD : TARGET_FAILED);
    cr_assert_str_eq(target_view(state).breaker, "half_open");
    end(&probe, TARGET_GOOD);
    cr_assert_str_eq(target_view(state).breaker, "closed");
}

Test(target, waits_as_long_as_it_was_asked_to)
{
    TargetPlace place;
    int64_t wait_ms;
    cr_assert_eq(start(&place, 0), TARGET_GO);
    target_ended(&place, &(TargetReport){ .outcome = TARGET_LIMITED, .wait_ms = 3000 });
    cr_assert_eq(target_start(state, &(TargetAsk){ 0 }, &place, &wait_ms), TARGET_COOLING);
    cr_assert(wait_ms > 2000 && wait_ms <= 3000);
    target_states_pass(states, 3001);
    cr_assert_eq(call(TARGET_GOOD), TARGET_GO);
}

Test(target, keeps_to_the_limits_that_were_set)
{
    TargetPlace places[3];
    target_limit(state, &(GatewayLimits){ .requests_per_minute = 5, .concurrent = 2 });
    cr_assert_eq(start(&places[0], 0), TARGET_GO);
    cr_assert_eq(start(&places[1], 0), TARGET_GO);
    cr_assert_eq(start(&places[2], 0), TARGET_FULL);
    end(&places[0], TARGET_GOOD);
    end(&places[1], TARGET_GOOD);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(call(TARGET_GOOD), TARGET_GO);
    cr_assert_eq(call(TARGET_GOOD), TARGET_COOLING);
    target_states_pass(states, 58000);
    cr_assert_eq(call(TARGET_GOOD), TARGET_COOLING);
    target_states_pass(states, 4000);
    cr_assert_eq(call(TARGET_GOOD), TARGET_GO);
}

Test(target, counts_the_tokens_that_were_used_not_those_that_were_guessed)
{
    TargetPlace place;
    target_limit(state, &(GatewayLimits){ .tokens_per_minute = 1000 });
    cr_assert_eq(start(&place, 900), TARGET_GO);
    target_ended(&place, &(TargetReport){ .outcome = TARGET_GOOD, .tokens = 100 });
    cr_assert_eq(start(&place, 900), TARGET_GO);
    target_ended(&place, &(TargetReport){ .outcome = TARGET_GOOD, .tokens = 950 });
    cr_assert_eq(call(TARGET_GOOD), TARGET_COOLING);
    target_states_pass(states, 62000);
    cr_assert_eq(start(&place, 5000), TARGET_GO, "larger than the limit: it goes alone");
    end(&place, TARGET_GOOD);
}

static void learn(const char *limit, const char *remaining, const char *reset)
{
    const HttpPair pairs[] = { { S("x-ratelimit-limit-requests"), str(limit) },
                               { S("x-ratelimit-remaining-requests"), str(remaining) },
                               { S("x-ratelimit-reset-requests"), str(reset) } };
    Hints hints = hints_of_headers((HttpPairs){ pairs, COUNT(pairs) }, now_ms());
    target_learn(state, &hints);
}

Test(target, stops_before_a_limit_that_its_answers_tell_of)
{
    int64_t wait_ms = 0;
    TargetPlace place;
    learn("60", "2", "58s"); /* one comes back each second */
    cr_assert_eq(call(TARGET_GOOD), TARGET_GO);
    cr_assert_eq(call(TARGET_GOOD), TARGET_GO);
    cr_assert_eq(target_start(state, &(TargetAsk){ 0 }, &place, &wait_ms), TARGET_COOLING);
    cr_assert(wait_ms > 900 && wait_ms <= 1001, "%" PRId64, wait_ms);
    cr_assert_eq(target_view(state).requests_left, 0);
    learn("60", "5", "55s"); /* an older answer that was overtaken */
    cr_assert_eq(call(TARGET_GOOD), TARGET_COOLING);
    target_states_pass(states, 2100);
    cr_assert_eq(call(TARGET_GOOD), TARGET_GO);
    target_states_pass(states, 600000);
    cr_assert_eq(target_view(state).requests_left, 60);
}

Test(target, counts_what_is_sent_and_what_is_answered_apart)
{
    const HttpPair pairs[] = {
        { S("anthropic-ratelimit-input-tokens-limit"), S("1000") },
        { S("anthropic-ratelimit-input-tokens-remaining"), S("900") },
        { S("anthropic-ratelimit-input-tokens-reset"), S("100s") },
        { S("anthropic-ratelimit-output-tokens-limit"), S("1000") },
        { S("anthropic-ratelimit-output-tokens-remaining"), S("50") },
        { S("anthropic-ratelimit-output-tokens-reset"), S("950s") },
    };
    Hints hints = hints_of_headers((HttpPairs){ pairs, COUNT(pairs) }, now_ms());
    TargetPlace place;
    target_learn(state, &hints);
    cr_assert_eq(start(&place, 300), TARGET_GO);
    target_ended(&place, &(TargetReport){ .tokens = 240, .output = 40 });
    cr_assert_eq(start(&place, 600), TARGET_GO, "of 900 there are 700 left");
    target_ended(&place, &(TargetReport){ .tokens = 620, .output = 20 });
    cr_assert_eq(start(&place, 10), TARGET_COOLING, "no more may be answered");
    target_states_pass(states, 12000);
    cr_assert_eq(start(&place, 10), TARGET_GO);
    end(&place, TARGET_NEUTRAL);
}

Test(target, learns_nothing_from_limits_that_do_not_say_when_more_comes)
{
    learn("60", "0", "");
    learn("0", "0", "1s");
    learn("5", "9", "1s");
    cr_assert_eq(target_view(state).requests_left, -1);
    cr_assert_eq(call(TARGET_GOOD), TARGET_GO);
}

Test(target, is_asked_again_for_a_tenth_of_its_calls)
{
    int retries = 0;
    while (target_may_retry(state))
        retries++;
    cr_assert_eq(retries, 10);
    for (int i = 0; i < 1000; i++) {
        (void)call(TARGET_GOOD);
        retries += target_may_retry(state);
    }
    cr_assert(retries >= 108 && retries <= 111, "%d", retries);
    target_states_pass(states, 20001);
    cr_assert(target_may_retry(state) && target_may_retry(state));
}

/* A million random events against what must always be true. */
Test(target, holds_its_promises_over_a_million_random_events, .timeout = 120)
{
    enum { PLACES = 40 };
    TargetPlace places[PLACES] = { 0 };
    uint64_t random = 88172645463325252;
    int64_t wait_ms;
    for (int i = 0; i < 1000000; i++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        TargetPlace *place = &places[random % PLACES];
        unsigned what = (unsigned)(random >> 32) % 100;
        if (!place->state)
            (void)target_start(state, &(TargetAsk){ .tokens = (int64_t)(what % 7), .who = 0 },
                               place, &wait_ms);
        else if (what < 10)
            target_answers(place);
        else
            target_ended(place, &(TargetReport){ .outcome = (TargetOutcome)(what % 4),
                                                 .wait_ms = what == 42 ? 50 : 0 });
        if (what > 90)
            target_states_pass(states, (int64_t)(random >> 40) % 2000);
        int64_t held = 0, probes = 0;
        for (int j = 0; j < PLACES; j++) {
            held += places[j].state != NULL;
            probes += places[j].state && places[j].is_probe;
        }
        TargetView view = target_view(state);
        cr_assert_eq(view.running, held);
        cr_assert(probes <= 1 || strcmp(view.breaker, "half_open") != 0);
    }
    for (int j = 0; j < PLACES; j++)
        target_ended(&places[j], &(TargetReport){ .outcome = TARGET_NEUTRAL });
    cr_assert_eq(target_view(state).running, 0);
    target_states_pass(states, 120000);
    cr_assert_eq(call(TARGET_GOOD), TARGET_GO);
    cr_assert_str_eq(target_view(state).breaker, "closed");
}

/* The window against a list of all that was added. */
Test(target, a_window_never_counts_less_than_its_span)
{
    enum { EVENTS = 3000 };
    int64_t times[EVENTS], counts[EVENTS], now = 5000;
    Window window = { .slot_ms = 100 };
    unsigned random = 1;
    for (int i = 0; i < EVENTS; i++) {
        random = random * 1664525 + 1013904223;
        now += random % 97 == 0 ? 9000 : (random >> 8) % 200;
        times[i] = now;
        counts[i] = (random >> 20) % 5;
        window_add(&window, now, counts[i]);
        int64_t least = 0, most = 0;
        for (int j = 0; j <= i; j++) {
            least += times[j] > now - 6000 ? counts[j] : 0;
            most += times[j] > now - 6100 ? counts[j] : 0;
        }
        int64_t total = window_total(&window, now);
        cr_assert(total >= least && total <= most, "%d: %" PRId64 " of %" PRId64 "..%" PRId64, i,
                  total, least, most);
        int64_t wait_ms = window_wait_ms(&window, now, 3);
        Window later = window;
        cr_assert(window_total(&later, now + wait_ms) <= 3);
        later = window;
        cr_assert(!wait_ms || window_total(&later, now + wait_ms - 1) > 3);
    }
}

Test(target, what_is_scarce_is_shared_among_those_who_want_it)
{
    enum { GREEDY = 1, MODEST, LATE };
    TargetPlace place;
    int64_t wait_ms;
    int taken[4] = { 0 };
    target_limit(state, &(GatewayLimits){ .requests_per_minute = 100 });
    for (int i = 0; i < 85; i++)
        taken[GREEDY] += target_start(state, &(TargetAsk){ .tokens = 10, .who = GREEDY }, &place,
                                      &wait_ms) == TARGET_GO;
    cr_assert_eq(taken[GREEDY], 85, "alone, it may have all");
    cr_assert_eq(target_start(state, &(TargetAsk){ .tokens = 10, .who = MODEST }, &place, &wait_ms),
                 TARGET_GO);
    cr_assert_eq(target_start(state, &(TargetAsk){ .tokens = 10, .who = GREEDY }, &place, &wait_ms),
                 TARGET_COOLING);
    cr_assert(wait_ms > 0 && wait_ms <= 2000);
    for (int i = 0; i < 20; i++)
        for (uint64_t who = GREEDY; who <= LATE; who++)
            taken[who] += target_start(state, &(TargetAsk){ .tokens = 10, .who = who }, &place,
                                       &wait_ms) == TARGET_GO;
    cr_assert_eq(taken[GREEDY], 85);
    cr_assert_eq(taken[MODEST], 7);
    cr_assert_eq(taken[LATE], 7);
    target_states_pass(states, 10 * 60 * 1000);
    cr_assert_eq(target_start(state, &(TargetAsk){ .tokens = 10, .who = GREEDY }, &place, &wait_ms),
                 TARGET_GO);
}

/* Two that want more than there is, for some minutes; what each gets of the last ones. */
static void contend(const int weights[2], int taken[2])
{
    TargetPlace place;
    int64_t wait_ms;
    for (int second = 0; second < 15 * 60; second++) {
        for (int i = 0; i < 100; i++) {
            TargetAsk ask = { .tokens = 10, .who = (uint64_t)i % 2 + 1, .weight = weights[i % 2] };
            if (target_start(state, &ask, &place, &wait_ms) != TARGET_GO)
                continue;
            target_ended(&place, &(TargetReport){ .outcome = TARGET_GOOD, .tokens = 10 });
            taken[i % 2] += second >= 5 * 60;
        }
        target_states_pass(states, 1000);
    }
}

Test(target, who_has_a_larger_weight_gets_as_much_more)
{
    static const int weights[][2] = { { 1, 1 }, { 3, 1 }, { 1, 10 }, { 0, 0 } };
    static const char *const names[] = { "equal", "three", "ten", "unsaid" };
    for (size_t i = 0; i < COUNT(weights); i++) {
        int taken[2] = { 0 };
        double wanted = (double)MAX(weights[i][0], 1) / MAX(weights[i][1], 1);
        state = target_state(states, str(names[i]));
        target_limit(state, &(GatewayLimits){ .requests_per_minute = 600 });
        contend(weights[i], taken);
        double got = (double)taken[0] / taken[1];
        cr_expect(got > wanted * .85 && got < wanted * 1.15, "%zu: %f", i, got);
        cr_expect(taken[0] + taken[1] > 580 * 10, "nothing is left unused: %d",
                  taken[0] + taken[1]);
    }
}

Test(target, who_can_wait_leaves_a_fifth_to_who_cannot)
{
    TargetPlace place;
    int64_t wait_ms;
    int patient = 0;
    TargetAsk waits = { .tokens = 1, .is_patient = true }, live = { .tokens = 1 };
    target_limit(state, &(GatewayLimits){ .requests_per_minute = 50, .concurrent = 1000 });
    while (target_start(state, &waits, &place, &wait_ms) == TARGET_GO)
        patient++;
    cr_assert_eq(patient, 40);
    for (int i = 0; i < 10; i++)
        cr_assert_eq(target_start(state, &live, &place, &wait_ms), TARGET_GO);
    cr_assert_eq(target_start(state, &live, &place, &wait_ms), TARGET_COOLING);
}

Test(target, who_can_wait_leaves_one_of_a_few_places_and_takes_the_only_one)
{
    static const struct {
        int64_t places;
        int patient;
    } cases[] = { { 1, 1 }, { 2, 1 }, { 4, 3 }, { 5, 4 }, { 10, 8 } };
    TargetAsk waits = { .tokens = 1, .is_patient = true };
    for (size_t i = 0; i < COUNT(cases); i++) {
        TargetStates *alone = target_states_new();
        TargetState *one = target_state(alone, S("w/s/m"));
        TargetPlace place;
        int64_t wait_ms;
        int patient = 0;
        target_limit(one, &(GatewayLimits){ .concurrent = cases[i].places });
        while (target_start(one, &waits, &place, &wait_ms) == TARGET_GO)
            patient++;
        cr_expect_eq(patient, cases[i].patient, "%" PRId64 " places: %d", cases[i].places, patient);
        target_states_free(alone);
    }
}

Test(target, shares_fade_and_hold_a_crowd)
{
    Shares shares = { 0 };
    for (uint64_t who = 1; who <= 1000; who++)
        shares_add(&shares, who, 1, 1000, (double)who);
    cr_assert_eq(shares.count, SHARES_MAX);
    cr_assert(!shares_allow(&shares, 1000, 1, 1000) && shares_allow(&shares, 1, 1, 1000));
    shares_add(&shares, 1000, 1, 1000, -1e9); /* never below nothing */
    cr_assert(shares_allow(&shares, 1000, 1, 1000));
    cr_assert(shares_allow(&shares, 999, 1, 60 * 60 * 1000), "all is forgotten");
    cr_assert_eq(shares.count, 0);
}

static atomic_bool has_ended;
static atomic_int looks;

static void see_nothing(void *self, Str name, TargetView view)
{
    (void)self, (void)name, (void)view;
}

static void *look_on(void *unused)
{
    for (; !has_ended; looks++)
        target_states_each(states, see_nothing, NULL);
    return unused;
}

/* Each of them takes memory that all states share while it is held itself. */
Test(target, looking_at_all_of_them_stops_no_call, .timeout = 120)
{
    pthread_t looker;
    TargetPlace place;
    int64_t wait_ms;
    cr_assert(pthread_create(&looker, NULL, look_on, NULL) == 0);
    for (int i = 0; i < 9000; i++) {
        char name[16];
        while (looks < i / 50) /* both go on side by side */
            sched_yield();
        snprintf(name, sizeof name, "%d", i);
        TargetState *each = target_state(states, str(name));
        target_limit(each, &(GatewayLimits){ .requests_per_minute = 50 });
        cr_assert_eq(target_start(each, &(TargetAsk){ .who = 1 }, &place, &wait_ms), TARGET_GO);
    }
    has_ended = true;
    pthread_join(looker, NULL);
}
