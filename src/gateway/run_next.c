/* run_next.c - which target a call asks next, and what becomes of an attempt.
 *
 *     plan -> take places -> try -> good: the answer
 *                 ^-- another key, the same once more, the next one, a larger one --|
 *
 * An attempt holds a place at its key (where a service has several), at its service as a whole (for
 * limits) and at its target, whose breaker comes last so that a probe is never taken in vain. */
#include "base/clock.h"
#include "base/hash.h"
#include "gateway/failure.h"
#include "gateway/gateway_int.h"
#include "gateway/probe.h"

#define RETRIES 1
#define RETRY_MS 250      /* the first pause is at most this; each next one twice as long */
#define WAITS_MAX 2       /* for a target that has room soon, when there is no other */
#define KEY_COOL_MS 60000 /* a key that was refused, or has nothing left */
#define KEY_BUSY_MS 1000  /* a key whose service does not say for how long */

static int64_t left_ms(const Run *run)
{
    return run->deadline_ms ? run->deadline_ms - monotonic_ms() : INT64_MAX;
}

/* --- The plan --- */

static void read_timeout(int64_t *at_ms, Str value, double unit_ms)
{
    double number;
    if (!str_to_double(value, &number) || !(number > 0) || number > 1e7)
        return;
    int64_t until_ms = monotonic_ms() + (int64_t)(number * unit_ms);
    *at_ms = *at_ms ? MIN(*at_ms, until_ms) : until_ms;
}

/* How long the client waits. The clients of OpenAI and Anthropic tell after how many seconds
 * without a byte they give up, and ask again: an answer that begins later is paid for in vain. */
static void read_wishes(Run *run)
{
    for (size_t i = 0; run->http && i < run->http->headers.count; i++) {
        const HttpPair *header = &run->http->headers.at[i];
        Str name = header->name;
        if (name.length < 13 || (name.at[0] | 0x20) != 'x' || name.at[1] != '-')
            continue;
        name = str_from(name, 2);
        if (str_equal_ignore_case(name, S("lectern-timeout-ms")))
            read_timeout(&run->deadline_ms, header->value, 1);
        else if (str_equal_ignore_case(name, S("stainless-timeout")) ||
                 str_equal_ignore_case(name, S("stainless-read-timeout")))
            read_timeout(&run->begin_by_ms, header->value, 1000);
        else if (str_equal_ignore_case(name, S("lectern-tag")))
            run->needs.tag = header->value;
        else if (str_equal_ignore_case(name, S("lectern-persona")))
            run->needs.persona = header->value;
        else if (str_equal_ignore_case(name, S("lectern-conversation")))
            run->needs.who[SHARE_BY_CONVERSATION] = header->value;
    }
}

static bool is_saving(const Run *run)
{
    const GatewayCaller *caller = run->caller;
    for (int i = 0; run->route->cheaper && i < caller->budget_count; i++)
        if (budget_is_near_end(caller->budgets[i]))
            return true;
    return false;
}

/* A key that is nobody's stands for who has it, and a person without a key for theirs. */
static void name_who(Run *run)
{
    const GatewayCaller *caller = run->caller;
    Str *who = run->needs.who;
    who[SHARE_BY_KEY] = caller->key.length ? caller->key : caller->user;
    who[SHARE_BY_USER] = caller->user.length ? caller->user : caller->key;
    if (!who[SHARE_BY_CONVERSATION].length)
        who[SHARE_BY_CONVERSATION] = who[SHARE_BY_KEY];
}

void run_plan(Run *run)
{
    const GatewayRoute *route = run->route;
    run->needs = route_needs(&run->request, run->body);
    run->needs.tag = run->record.feature;
    run->needs.persona = run->persona;
    run->needs.is_saving = is_saving(run);
    run->needs.never_here = run->never_here;
    read_wishes(run);
    name_who(run);
    run->record.side = route_side(route, &run->needs);
    size_t count = route_plan(route, &run->needs, run->targets, 0, RUN_TARGETS_MAX);
    run->target_count = (int)count;
    run->all_count = (int)count;
    if (route->larger)
        run->all_count =
            (int)route_plan(route->larger, &run->needs, run->targets, count, RUN_TARGETS_MAX);
    if (!count) /* none is large enough: the larger ones from the start */
        run->target_count = run->all_count;
}

/* --- Places --- */

static TargetState *state_of(Run *run, const GatewayTarget *target)
{
    if (target->state)
        return target->state;
    Str model = str_slice(target_model(target, run->request.model), 0, 200);
    return target_state(
        run->loop->gateway->states,
        str_format(run->arena, STR_FMT "/" STR_FMT, STR_ARG(target->name), STR_ARG(model)));
}

/* The first key that may be used now. */
static TargetVerdict take_key(const GatewayService *service, RunSeat *seat, int64_t *wait_ms_r)
{
    TargetVerdict verdict = TARGET_GO;
    int64_t wait_ms, least_ms = INT64_MAX;
    if (!service->key_states)
        return verdict;
    for (seat->key = 0; seat->key < service->keys.count; seat->key++) {
        verdict = target_start(service->key_states[seat->key], &(TargetAsk){ 0 },
                               &seat->places[PLACE_KEY], &wait_ms);
        if (verdict == TARGET_GO)
            return verdict;
        least_ms = MIN(least_ms, wait_ms);
    }
    *wait_ms_r = least_ms;
    return verdict;
}

static void leave(RunSeat *seat)
{
    for (size_t i = 0; i < PLACE_COUNT; i++)
        target_ended(&seat->places[i], &(TargetReport){ .outcome = TARGET_NEUTRAL });
}

static TargetVerdict take_places(Run *run, const GatewayTarget *target, RunSeat *seat,
                                 int64_t *wait_ms_r)
{
    const GatewayService *service = target->service;
    uint64_t who = str_hash(run->caller->workspace);
    int weight = run->caller->config->share_weight;
    TargetAsk input = { run->needs.input, who, weight, run->is_patient };
    TargetAsk all = { run->needs.input + run->needs.output, who, weight, run->is_patient };
    TargetVerdict verdict = TARGET_GO;
    if (service->state)
        verdict = target_start(service->state, &all, &seat->places[PLACE_SERVICE], wait_ms_r);
    if (verdict == TARGET_GO)
        verdict = take_key(service, seat, wait_ms_r);
    if (verdict == TARGET_GO)
        verdict =
            target_start(state_of(run, target), &input, &seat->places[PLACE_TARGET], wait_ms_r);
    if (verdict != TARGET_GO)
        leave(seat);
    return verdict;
}

/* --- Attempts --- */

/* Why nobody was asked. */
typedef struct Refusal {
    Error err;
    int64_t wait_ms; /* the shortest of all; -1: waiting is of no use */
} Refusal;

static void refuse(Refusal *refusal, const GatewayService *service, TargetVerdict verdict,
                   int64_t wait_ms)
{
    static const char *const why[] = { [TARGET_OPEN] = "it failed too often",
                                       [TARGET_COOLING] = "it wants fewer requests",
                                       [TARGET_FULL] = "it has as many calls as it may" };
    bool is_sooner = refusal->wait_ms < 0 || wait_ms < refusal->wait_ms;
    if (!is_sooner)
        return;
    refusal->wait_ms = wait_ms;
    fail(&refusal->err, verdict == TARGET_COOLING ? ERROR_LIMITED : ERROR_BUSY,
         STR_FMT " is not asked just now: %s", STR_ARG(service->title), why[verdict]);
}

/* What an attempt has cost whose answer nobody gets. `is_used`: the service has worked on it. */
static void count_lost(RunTry *try, bool is_used)
{
    ModelUsage usage;
    if (!try->reader.usage.is_known && !is_used)
        return;
    (void)usage_of(try, &usage);
    try->run->lost_cost += MAX(price_of(&try->target->price, &usage), (int64_t)0);
}

/* Ask the next target that may be asked. */
static bool begin(RunTry *try, Refusal *refusal)
{
    Run *run = try->run;
    while (run->next < run->target_count) {
        RunSeat seat = { .at = run->next++ };
        const GatewayTarget *target = run->targets[seat.at];
        int64_t wait_ms = 0;
        TargetVerdict verdict = take_places(run, target, &seat, &wait_ms);
        if (verdict != TARGET_GO) {
            run->record.skipped++;
            refuse(refusal, target->service, verdict, wait_ms);
            continue;
        }
        run->record.tries++;
        if (try->target) /* the one before it, which nobody tells of any more */
            count_lost(try, try->reader.output_bytes > 0);
        if (try_start(try, target, &seat, &refusal->err))
            return true;
        leave(&try->seat);
    }
    return false;
}

static void on_waited(ReactorTimer *timer) { run_next(timer->owner); }

static uint32_t noise(void)
{
    uint32_t bits;
    random_bytes(&bits, sizeof bits);
    return bits;
}

/* What a service asks for is a floor, and those who wait for it do not come all at once. */
static bool wait_for(Run *run, int64_t wait_ms, int64_t most_ms)
{
    wait_ms += noise() % (uint32_t)(wait_ms / 4 + 1);
    if (wait_ms >= MIN(most_ms, left_ms(run)))
        return false;
    run->wait = (ReactorTimer){ .fire = on_waited, .owner = run };
    reactor_set_timer(run->loop->reactor, &run->wait, monotonic_ms() + wait_ms);
    return true;
}

static void on_hedge(ReactorTimer *timer)
{
    Run *run = timer->owner;
    Refusal refusal = { .wait_ms = -1 };
    if (run->rival || run->is_answered)
        return;
    RunTry *rival = arena_new_one(run->arena, RunTry);
    rival->run = run;
    run->rival = rival;
    if (!begin(rival, &refusal))
        run->rival = NULL;
}

static void hedge(Run *run)
{
    if (!run->route->hedge_ms || run->next >= run->target_count)
        return;
    run->hedge = (ReactorTimer){ .fire = on_hedge, .owner = run };
    reactor_set_timer(run->loop->reactor, &run->hedge, monotonic_ms() + run->route->hedge_ms);
}

static void fail_plan(Run *run)
{
    Error err;
    const GatewayRoute *route = run->route;
    const char *why = route->step_count ? route_refuses(&route->steps[0], &run->needs) : NULL;
    fail(&err, ERROR_INVALID, "no model of '" STR_FMT "' can be asked this: %s",
         STR_ARG(str_slice(run->request.model, 0, 100)), why ? why : "it has none");
    run_fail(run, &err, 0);
}

void run_next(Run *run)
{
    Refusal refusal = { .wait_ms = -1, .err = { .code = ERROR_BUSY } };
    if (begin(run->try, &refusal)) {
        hedge(run);
        return;
    }
    if (run->failed) { /* what went wrong says more than who was not asked after it */
        run_fail(run, run->failed, run->failed_wait_ms);
        return;
    }
    if (!run->target_count) {
        fail_plan(run);
        return;
    }
    if (refusal.wait_ms >= 0 && refusal.wait_ms <= RUN_WAIT_MAX_MS && run->waits < WAITS_MAX &&
        wait_for(run, refusal.wait_ms, INT64_MAX)) {
        run->waits++;
        run->next = 0;
        return;
    }
    run_fail(run, &refusal.err, MAX(refusal.wait_ms, (int64_t)0));
}

/* --- Two at once --- */

static void report(RunTry *try, FailureKind kind, bool is_good);

/* The service has been asked, and has not ended. */
static bool is_at_work(const RunTry *try) { return !try->ended_us && try->call.sent > 0; }

static void drop(RunTry *try)
{
    try->is_dropped = is_at_work(try);
    try_cancel(try);
    count_lost(try, try->is_dropped);
    report(try, FAILURE_GONE, false);
}

void run_wins(RunTry *try)
{
    Run *run = try->run;
    reactor_clear_timer(run->loop->reactor, &run->hedge);
    if (!run->rival)
        return;
    RunTry *other = try == run->try ? run->rival : run->try;
    run->try = try;
    run->rival = NULL;
    drop(other);
}

/* The attempt is over; true: another one runs at the same time, and is the one that counts now. */
static bool has_rival(RunTry *try)
{
    Run *run = try->run;
    if (!run->rival)
        return false;
    run->try = try == run->try ? run->rival : run->try;
    run->rival = NULL;
    return true;
}

void run_cancel(Run *run)
{
    RunTry *tries[] = { run->try, run->rival };
    reactor_clear_timer(run->loop->reactor, &run->wait);
    reactor_clear_timer(run->loop->reactor, &run->hedge);
    for (size_t i = 0; i < COUNT(tries); i++)
        if (tries[i] && tries[i]->target) {
            tries[i]->is_dropped = is_at_work(tries[i]);
            try_cancel(tries[i]);
            report(tries[i], FAILURE_GONE, false);
        }
    if (run->rival)
        count_lost(run->rival, run->rival->is_dropped);
    run->rival = NULL;
}

/* --- After an attempt --- */

/* A failure of the key, where there are several, says nothing of the target. */
static void report(RunTry *try, FailureKind kind, bool is_good)
{
    RunSeat *seat = &try->seat;
    const ModelUsage *usage = &try->reader.usage;
    bool is_of_key = seat->places[PLACE_KEY].state && !is_good &&
                     (kind == FAILURE_KEY || kind == FAILURE_QUOTA || kind == FAILURE_BUSY);
    int64_t least_ms = kind == FAILURE_BUSY ? (is_of_key ? KEY_BUSY_MS : 0) : KEY_COOL_MS;
    TargetReport told = { .outcome = is_good ? TARGET_GOOD : failure_outcomes[kind],
                          .tokens = usage->input + usage->cache_write + usage->output,
                          .output = usage->output,
                          .first_us = try->first_us ? try->first_us - try->started_us : 0,
                          .total_us = monotonic_us() - try->started_us,
                          .wait_ms = MAX(try->wait_ms, least_ms) };
    TargetReport neutral = { .outcome = TARGET_NEUTRAL, .tokens = told.tokens };
    TargetReport limited = { .outcome = TARGET_LIMITED, .wait_ms = told.wait_ms };
    target_ended(&seat->places[PLACE_KEY], is_of_key ? &limited : &neutral);
    target_ended(&seat->places[PLACE_SERVICE], &neutral);
    TargetState *state = seat->places[PLACE_TARGET].state;
    target_ended(&seat->places[PLACE_TARGET], is_of_key ? &neutral : &told);
    if (state && told.outcome == TARGET_FAILED)
        probe_begin(try->run->loop->gateway, try->run->caller, try->target, state);
}

/* Reasoning models of OpenAI refuse max_tokens and any temperature, with 400: said again, plainly.
 */
static bool wants_plain(const RunTry *try)
{
    const Run *run = try->run;
    Str body = buf_str(&try->failure);
    return try->status == 400 && !try->is_same && !run->request.is_plain &&
           (str_find(body, S("max_tokens")) >= 0 || str_find(body, S("temperature")) >= 0);
}

/* Our own pause is drawn from its whole length ("Exponential Backoff And Jitter", Brooker 2015). */
static bool retry(RunTry *try)
{
    Run *run = try->run;
    int most = run->route->retries >= 0 ? run->route->retries : RETRIES;
    int64_t wait_ms = try->wait_ms;
    if (run->retries >= most || wait_ms > RUN_WAIT_MAX_MS ||
        !target_may_retry(state_of(run, try->target)))
        return false;
    if (wait_ms < 0)
        wait_ms = noise() % (RETRY_MS << MIN(run->retries, 3));
    /* Behind its time limit it would not be asked any more. */
    if (!wait_for(run, wait_ms, run->started_us / 1000 + try->times.total_ms - monotonic_ms()))
        return false;
    run->retries++;
    run->next = try->seat.at;
    return true;
}

static bool go_on(Run *run)
{
    if (run->next >= run->target_count)
        return false;
    run->retries = run->keys_tried = 0;
    run->record.fallbacks++;
    run_next(run);
    return true;
}

static bool ask_another_key(RunTry *try)
{
    Run *run = try->run;
    const GatewayService *service = try->target->service;
    if (!service->key_states || ++run->keys_tried >= (int)service->keys.count)
        return go_on(run);
    run->next = try->seat.at;
    run_next(run);
    return true;
}

static bool ask_larger(Run *run)
{
    if (run->target_count == run->all_count)
        return false;
    run->next = run->target_count;
    run->target_count = run->all_count;
    return go_on(run);
}

/* Somebody may do better, as long as nothing has been shown. */
static bool may_recover(RunTry *try, FailureKind kind)
{
    Run *run = try->run;
    if (run->is_answered || left_ms(run) <= 0)
        return false;
    switch (failure_nexts[kind]) {
    case NEXT_RETRY:
        if (kind == FAILURE_BUSY && try->target->service->key_states)
            return ask_another_key(try);
        return retry(try) || go_on(run);
    case NEXT_TARGET: return go_on(run);
    case NEXT_KEY: return ask_another_key(try);
    case NEXT_LARGER: return ask_larger(run);
    case NEXT_STOP: return false;
    }
    return false;
}

static void keep_failure(Run *run, const Error *failure, int64_t wait_ms)
{
    if (!run->failed)
        run->failed = arena_new_one(run->arena, Error);
    *run->failed = *failure;
    run->failed_wait_ms = wait_ms;
}

void run_tried(RunTry *try, const Error *failure)
{
    Run *run = try->run;
    reactor_clear_timer(run->loop->reactor, &run->hedge);
    report(try, try->kind, !failure);
    if (!failure) {
        run_finish(run, NULL);
        return;
    }
    if (has_rival(try)) {
        count_lost(try, try->reader.output_bytes > 0);
        return;
    }
    if (wants_plain(try)) {
        run->request.is_plain = true;
        run->next = try->seat.at;
        run_next(run);
        return;
    }
    keep_failure(run, failure, try->wait_ms);
    if (!may_recover(try, try->kind))
        run_fail(run, failure, try->wait_ms);
}
