/* run_credit.c - what a call may take before it starts, and what it has taken when it is over:
 * models, rates, places, budgets. */
#include "base/clock.h"
#include "gateway/gateway_int.h"

/* Of an answer whose length nobody has limited and whose model has no known limit. */
#define OUTPUT_GUESS 4096

/* --- Models --- */

/* "gpt-5*": a star stands for any text, everything else for itself. */
static bool fits(Str pattern, Str name)
{
    size_t p = 0, n = 0, star = SIZE_MAX, from = 0;
    while (n < name.length) {
        if (p < pattern.length && pattern.at[p] == '*') {
            star = p++;
            from = n;
        } else if (p < pattern.length && pattern.at[p] == name.at[n]) {
            p++, n++;
        } else if (star != SIZE_MAX) {
            p = star + 1;
            n = ++from;
        } else {
            return false;
        }
    }
    while (p < pattern.length && pattern.at[p] == '*')
        p++;
    return p == pattern.length;
}

static bool is_listed(StrList patterns, Str name)
{
    for (size_t i = 0; i < patterns.count; i++)
        if (fits(patterns.at[i], name))
            return true;
    return !patterns.count;
}

bool caller_allows(const GatewayCaller *caller, Str model)
{
    for (size_t i = 0; i < COUNT(caller->models); i++)
        if (!is_listed(caller->models[i], model))
            return false;
    return true;
}

/* --- Rates --- */

/* As OpenAI writes them: "250ms", "1.5s", "1m30s". */
static Str duration_text(Arena *arena, int64_t ms)
{
    if (ms < 1000)
        return str_format(arena, "%" PRId64 "ms", ms);
    if (ms < 60000)
        return str_format(arena, "%" PRId64 ".%" PRId64 "s", ms / 1000, ms % 1000 / 100);
    return str_format(arena, "%" PRId64 "m%" PRId64 "s", ms / 60000, ms % 60000 / 1000);
}

static void tell_rate(Run *run, const char *of, int64_t limit, int64_t left, int64_t full_ms)
{
    char name[64];
    if (!limit)
        return;
    snprintf(name, sizeof name, "x-ratelimit-limit-%s", of);
    http_header(run->response, name, str_format(run->arena, "%" PRId64, limit));
    snprintf(name, sizeof name, "x-ratelimit-remaining-%s", of);
    http_header(run->response, name, str_format(run->arena, "%" PRId64, left));
    snprintf(name, sizeof name, "x-ratelimit-reset-%s", of);
    http_header(run->response, name, duration_text(run->arena, full_ms));
}

static bool refuse_rate(Run *run, LimitState *state, RateKind kind, Error *err)
{
    static const char *const what[] = { [RATE_REQUESTS] = "requests a minute",
                                        [RATE_TOKENS] = "tokens a minute",
                                        [RATE_CONCURRENT] = "requests at the same time" };
    LimitView view = limit_view(state);
    int64_t limits[] = { [RATE_REQUESTS] = view.requests,
                         [RATE_TOKENS] = view.tokens,
                         [RATE_CONCURRENT] = view.concurrent };
    if (run->response) {
        tell_rate(run, "requests", view.requests, view.requests_left, view.requests_full_ms);
        tell_rate(run, "tokens", view.tokens, view.tokens_left, view.tokens_full_ms);
    }
    return fail(err, ERROR_LIMITED, "the limit of %" PRId64 " %s is reached", limits[kind],
                what[kind]);
}

/* Tokens that this call asks for: its prompt, and the answer as far as the client says. */
static int64_t tokens_of(const Run *run)
{
    return usage_input(run) + price_heard_tokens(run->needs.seconds) +
           MAX(run->request.output_max, (int64_t)0);
}

static bool take_rates(Run *run, Error *err)
{
    const GatewayCaller *caller = run->caller;
    if (run->has_places || run->is_within)
        return true;
    run->held_tokens = tokens_of(run);
    for (int i = 0; i < caller->limit_count; i++) {
        RateKind kind =
            limit_take(caller->limits[i], run->held_tokens, run->is_patient, &run->wait_ms);
        if (kind == RATE_NONE)
            continue;
        for (int j = 0; j < i; j++)
            limit_undo(caller->limits[j], run->held_tokens);
        return refuse_rate(run, caller->limits[i], kind, err);
    }
    run->has_places = true;
    return true;
}

static void end_rates(Run *run)
{
    const ModelUsage *usage = &run->record.usage;
    int64_t used = usage->input + usage->cache_write + usage->cache_write_long + usage->output;
    for (int i = 0; run->has_places && i < run->caller->limit_count; i++)
        limit_end(run->caller->limits[i], run->held_tokens, used);
    run->has_places = false;
}

/* --- Budgets --- */

static bool has_price(const GatewayTarget *target)
{
    return target->service->is_local || price_is_known(&target->price);
}

static bool has_money_budget(const GatewayCaller *caller)
{
    for (int i = 0; i < caller->budget_count; i++)
        if (!budget_terms(caller->budgets[i])->counts_calls)
            return true;
    return false;
}

/* The targets from..to that have a price, moved to `at`; returns where they end. */
static int keep_priced(Run *run, int at, int from, int to)
{
    for (int i = from; i < to; i++)
        if (has_price(run->targets[i]))
            run->targets[at++] = run->targets[i];
    return at;
}

/* Whoever has a budget of money is not sent where the cost is unknown. */
static bool leave_out_unpriced(Run *run, Error *err)
{
    int usual = run->target_count, all = run->all_count;
    if (run->caller->allows_unpriced || !has_money_budget(run->caller))
        return true;
    run->target_count = keep_priced(run, 0, 0, usual);
    run->all_count = keep_priced(run, run->target_count, usual, all);
    if (usual && !run->target_count)
        return fail(err, ERROR_DENIED,
                    "'" STR_FMT "' has no price, and a budget applies; set its price, or the "
                    "setting unpriced_models to free",
                    STR_ARG(str_slice(run->request.model, 0, 100)));
    return true;
}

/* The most that the dearest target can cost. */
static int64_t cost_max(const Run *run)
{
    int64_t most = 0;
    for (int i = 0; i < run->all_count; i++) {
        const GatewayTarget *target = run->targets[i];
        int64_t output = run->request.output_max ? run->request.output_max : target->output_max;
        PriceMost use = route_most(&run->needs, output > 0 ? output : OUTPUT_GUESS);
        use.input = usage_input(run);
        use.tier = service_tier_named(run->request.service_tier);
        int64_t cost = price_reserve(&target->price, &use);
        most = MAX(most, cost);
    }
    /* Two may be asked at once. */
    return run->route->hedge_ms ? MIN(most, INT64_MAX / 4) * 2 : most;
}

static void settle(Run *run, int64_t cost, int64_t calls)
{
    CallRecord *record = &run->record;
    record->charge_count = 0;
    for (int i = 0; i < run->hold_count; i++) {
        const BudgetHold *hold = &run->holds[i];
        int64_t spent = budget_terms(hold->budget)->counts_calls ? calls : cost;
        budget_settle(hold, spent);
        if (spent)
            record->charges[record->charge_count++] =
                (BudgetCharge){ hold->budget, hold->period_ms };
    }
    run->hold_count = 0;
}

static void on_credit(void *argument)
{
    Run *run = argument;
    run->is_loading = false;
    if (run->is_gone)
        run_stop(run);
    else
        run_go(run);
}

static void go_on(BudgetWaiter *waiter)
{
    Run *run = waiter->owner;
    reactor_post(run->loop->reactor, on_credit, run);
}

static void borrow(void *budget) { budget_borrow(budget); }

static bool refuse_budget(Run *run, Budget *budget, BudgetVerdict verdict, Error *err)
{
    if (verdict == BUDGET_UNKNOWN) {
        run->wait_ms = 1000;
        return fail(err, ERROR_BUSY, STR_FMT " cannot be looked up just now",
                    STR_ARG(budget_terms(budget)->title));
    }
    run->wait_ms = budget_wait_ms(budget);
    if (run->response && run->wait_ms > RUN_WAIT_MAX_MS)
        http_header(run->response, "X-Should-Retry", S("false"));
    return fail(err, ERROR_LIMITED, STR_FMT " is used up", STR_ARG(budget_terms(budget)->title));
}

CreditVerdict credit_take(Run *run, Error *err)
{
    const GatewayCaller *caller = run->caller;
    run->wait_ms = 0;
    if (!take_rates(run, err) || !leave_out_unpriced(run, err))
        return CREDIT_REFUSED;
    int64_t most = caller->budget_count ? cost_max(run) : 0;
    run->credit = (BudgetWaiter){ .go_on = go_on, .owner = run };
    for (int i = 0; i < caller->budget_count; i++) {
        Budget *budget = caller->budgets[i];
        bool counts_calls = budget_terms(budget)->counts_calls;
        if (counts_calls && run->is_within)
            continue;
        BudgetVerdict verdict = budget_reserve(budget, counts_calls ? 1 : most, &run->credit,
                                               &run->holds[run->hold_count]);
        run->is_loading = verdict == BUDGET_WAIT || verdict == BUDGET_BORROW;
        if (verdict == BUDGET_OK) {
            run->hold_count++;
            continue;
        }
        settle(run, 0, 0);
        if (verdict == BUDGET_BORROW && !pool_add(run->loop->gateway->pool, borrow, budget))
            budget_borrow_failed(budget);
        if (run->is_loading)
            return CREDIT_WAITS;
        (void)refuse_budget(run, budget, verdict, err);
        return CREDIT_REFUSED;
    }
    return CREDIT_GIVEN;
}

void credit_settle(Run *run, const Error *failure)
{
    bool is_counted = !failure || run->is_answered || run->record.cost > 0;
    if (!run->caller)
        return;
    settle(run, MAX(run->record.cost, (int64_t)0), is_counted);
    end_rates(run);
}
