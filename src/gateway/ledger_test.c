/* ledger_test.c - limits and budgets: exact from any number of threads, and over a database that
 * lends to several nodes. */
#include "gateway/ledger.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/pool.h"

#define SECOND INT64_C(1000000)
#define NOON INT64_C(1763726400000)

/* --- Buckets --- */

Test(gateway, a_bucket_fills_evenly_and_holds_a_minute)
{
    Bucket bucket = { 0 };
    bucket_set(&bucket, 60, 0);
    for (int i = 0; i < 60; i++) {
        cr_assert_eq(bucket_wait_us(&bucket, 1, 0), 0, "%d", i);
        bucket_take(&bucket, 1);
    }
    cr_assert_eq(bucket_wait_us(&bucket, 1, 0), SECOND);
    cr_assert_eq(bucket_wait_us(&bucket, 1, SECOND - 1), 1);
    cr_assert_eq(bucket_wait_us(&bucket, 1, SECOND), 0);
    bucket_take(&bucket, 1);
    cr_assert_eq(bucket_wait_us(&bucket, 3, SECOND), 3 * SECOND);
    cr_assert_eq(bucket_wait_us(&bucket, 60, 1000 * SECOND), 0);
    cr_assert_eq(bucket_left(&bucket), 60, "never more than a minute's");
    cr_assert_eq(bucket_wait_us(&bucket, 1000, 1000 * SECOND), 0, "a large one waits for all");
}

Test(gateway, a_bucket_loses_nothing_by_rounding)
{
    Bucket bucket = { 0 };
    int64_t taken = 0;
    bucket_set(&bucket, 7, 0);
    for (int64_t now = 0; now < 6000 * SECOND; now += 12345)
        while (!bucket_wait_us(&bucket, 1, now)) {
            bucket_take(&bucket, 1);
            taken++;
        }
    cr_assert_eq(taken, 7 + 699, "%" PRId64, taken); /* 100 minutes, less than one call short */
}

Test(gateway, what_was_used_stays_used_when_the_limit_changes)
{
    Bucket bucket = { 0 };
    bucket_set(&bucket, 10, 0);
    bucket_take(&bucket, 8);
    bucket_set(&bucket, 20, 0);
    cr_assert_eq(bucket_left(&bucket), 12);
    bucket_set(&bucket, 5, 0);
    cr_assert_eq(bucket_left(&bucket), 0);
    bucket_set(&bucket, 10, 0);
    cr_assert_eq(bucket_left(&bucket), 2);
    bucket_take(&bucket, BUCKET_LIMIT_MAX); /* more tokens than anybody foresaw */
    for (int i = 0; i < 100; i++)
        bucket_take(&bucket, BUCKET_LIMIT_MAX);
    cr_assert(bucket_wait_us(&bucket, 1, 60 * SECOND) > 0);
}

typedef struct Hammer {
    LimitState *state;
    atomic_int running, most, taken;
} Hammer;

static void *hammer(void *argument)
{
    Hammer *work = argument;
    int64_t wait_ms;
    for (int i = 0; i < 20000; i++) {
        if (limit_take(work->state, 2, false, &wait_ms) != RATE_NONE)
            continue;
        int now = ++work->running, most = work->most;
        while (now > most && !atomic_compare_exchange_weak(&work->most, &most, now))
            ;
        work->taken++;
        work->running--;
        limit_end(work->state, 2, 1);
    }
    return NULL;
}

static void run_threads(void *(*run)(void *), void *argument)
{
    pthread_t threads[8];
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_create(&threads[i], NULL, run, argument);
    for (size_t i = 0; i < COUNT(threads); i++)
        pthread_join(threads[i], NULL);
}

Test(gateway, places_and_rates_are_exact_from_many_threads)
{
    Hammer work = { .state = limit_state_new() };
    limit_state_set(work.state, &(LimitRates){ .concurrent = 3 });
    run_threads(hammer, &work);
    LimitView view = limit_view(work.state);
    cr_assert(view.running == 0 && work.most <= 3 && work.taken >= 20000);

    int before = work.taken;
    int64_t began = monotonic_ms();
    limit_state_set(work.state, &(LimitRates){ .requests_per_minute = 500 });
    run_threads(hammer, &work);
    int64_t earned = 500 * (monotonic_ms() - began + 1) / 60000 + 1;
    int taken = work.taken - before;
    cr_assert(taken >= 500 && taken <= 500 + earned, "%d, %" PRId64, taken, earned);
    limit_state_free(work.state);
}

Test(gateway, who_can_wait_leaves_a_fifth_of_a_limit)
{
    LimitState *state = limit_state_new();
    int64_t wait_ms;
    int patient = 0, live = 0;
    limit_state_set(state, &(LimitRates){ 1000, 0, 10 });
    while (limit_take(state, 1, true, &wait_ms) == RATE_NONE)
        patient++;
    while (limit_take(state, 1, false, &wait_ms) == RATE_NONE)
        live++;
    cr_assert(patient == 8 && live == 2);
    limit_state_free(state);
}

Test(gateway, a_refusal_takes_nothing)
{
    LimitState *state = limit_state_new();
    int64_t wait_ms;
    limit_state_set(state, &(LimitRates){ 2, 100, 0 });
    cr_assert_eq(limit_take(state, 90, false, &wait_ms), RATE_NONE);
    cr_assert_eq(limit_take(state, 90, false, &wait_ms), RATE_TOKENS);
    cr_assert(wait_ms > 40000 && wait_ms <= 48000, "%" PRId64, wait_ms);
    limit_undo(state, 90);
    cr_assert_eq(limit_take(state, 90, false, &wait_ms), RATE_NONE);
    limit_end(state, 90, 10); /* less was used than foreseen */
    cr_assert_eq(limit_take(state, 90, false, &wait_ms), RATE_NONE);
    cr_assert_eq(limit_take(state, 0, false, &wait_ms), RATE_REQUESTS);
    cr_assert_eq(limit_view(state).running, 1);
    limit_state_free(state);
}

/* --- Budgets over a bank --- */

/* What the database is to several nodes. */
typedef struct Bank {
    pthread_mutex_t lock;
    int64_t left, loans, period_ms, period_end_ms;
    bool is_down;
} Bank;

static bool lend(void *app, const BudgetAsk *ask, BudgetLoan *loan_r, Error *err)
{
    Bank *bank = app;
    pthread_mutex_lock(&bank->lock);
    bool is_down = bank->is_down;
    int64_t amount = MIN(ask->wanted + MIN(ask->ahead, bank->left / 8), bank->left);
    if (is_down || amount < ask->least)
        amount = 0;
    bank->left -= amount;
    bank->loans++;
    *loan_r = (BudgetLoan){ amount, bank->period_ms, bank->period_end_ms, false };
    pthread_mutex_unlock(&bank->lock);
    return !is_down || fail(err, ERROR_IO, "the bank is closed");
}

static bool take_back(void *app, const BudgetTerms *terms, int64_t period_ms, int64_t amount,
                      Error *err)
{
    Bank *bank = app;
    (void)terms, (void)period_ms, (void)err;
    pthread_mutex_lock(&bank->lock);
    bank->left += amount;
    pthread_mutex_unlock(&bank->lock);
    return true;
}

static void alive(void *app) { (void)app; }

static Ledger *open_node(Bank *bank, Budget **budget_r)
{
    LedgerPorts ports = { bank, lend, take_back, alive };
    Ledger *ledger = ledger_new(&ports);
    *budget_r = ledger_budget(ledger, &(BudgetTerms){ .id = S("b"), .title = S("the budget") });
    return ledger;
}

typedef struct Call {
    BudgetWaiter waiter;
    pthread_mutex_t lock;
    pthread_cond_t told;
    bool is_told;
} Call;

static void go_on(BudgetWaiter *waiter)
{
    Call *call = waiter->owner;
    pthread_mutex_lock(&call->lock);
    call->is_told = true;
    pthread_cond_signal(&call->told);
    pthread_mutex_unlock(&call->lock);
}

/* As a run does it, on a thread of its own. */
static bool take(Budget *budget, int64_t amount, BudgetHold *hold_r)
{
    Call call = { .lock = PTHREAD_MUTEX_INITIALIZER, .told = PTHREAD_COND_INITIALIZER };
    for (;;) {
        call.waiter = (BudgetWaiter){ .go_on = go_on, .owner = &call };
        call.is_told = false;
        BudgetVerdict verdict = budget_reserve(budget, amount, &call.waiter, hold_r);
        if (verdict == BUDGET_OK)
            return true;
        if (verdict == BUDGET_SPENT || verdict == BUDGET_UNKNOWN)
            return false;
        if (verdict == BUDGET_BORROW)
            budget_borrow(budget);
        pthread_mutex_lock(&call.lock);
        while (!call.is_told)
            pthread_cond_wait(&call.told, &call.lock);
        pthread_mutex_unlock(&call.lock);
    }
}

typedef struct Shoppers {
    Budget *nodes[3];
    int node_count, rounds;
    int64_t price, cost_max; /* each call reserves the price, and costs up to cost_max */
    atomic_int next;
    atomic_llong taken, spent;
} Shoppers;

static void *shop(void *argument)
{
    Shoppers *all = argument;
    unsigned seed = (unsigned)++all->next;
    Budget *budget = all->nodes[seed % (unsigned)all->node_count];
    BudgetHold hold;
    for (int i = 0; i < all->rounds; i++) {
        if (!take(budget, all->price, &hold))
            continue;
        int64_t cost =
            all->cost_max < all->price ? rand_r(&seed) % (all->cost_max + 1) : all->cost_max;
        all->taken++;
        all->spent += cost;
        budget_settle(&hold, cost);
    }
    return NULL;
}

static Bank open_bank(int64_t left)
{
    return (Bank){
        .lock = PTHREAD_MUTEX_INITIALIZER, .left = left, .period_ms = 1, .period_end_ms = INT64_MAX
    };
}

Test(gateway, a_budget_for_a_hundred_calls_admits_a_hundred)
{
    Bank bank = open_bank(700);
    Shoppers all = { .node_count = 1, .rounds = 125, .price = 7, .cost_max = 7 };
    Ledger *ledger = open_node(&bank, &all.nodes[0]);
    run_threads(shop, &all);
    cr_assert(all.taken == 100 && bank.left == 0, "%lld", (long long)all.taken);
    ledger_free(ledger);
    cr_assert_eq(bank.left, 0);
}

Test(gateway, three_nodes_never_spend_one_too_many_and_give_back_the_rest)
{
    for (int round = 0; round < 5; round++) {
        Bank bank = open_bank(700000);
        Ledger *ledgers[3];
        Shoppers all = { .node_count = 3, .rounds = 400, .price = 700, .cost_max = 500 };
        for (int i = 0; i < 3; i++)
            ledgers[i] = open_node(&bank, &all.nodes[i]);
        run_threads(shop, &all);
        cr_assert(all.spent <= 700000 && all.taken >= 1000);
        for (int i = 0; i < 3; i++)
            ledger_free(ledgers[i]);
        cr_assert_eq(bank.left, 700000 - all.spent, "to the last unit");
        cr_assert(bank.loans < all.taken / 4, "%lld loans for %lld calls", (long long)bank.loans,
                  (long long)all.taken);
    }
}

Test(gateway, a_call_that_costs_more_leaves_a_debt_that_is_paid_first)
{
    Bank bank = open_bank(100);
    Budget *budget;
    BudgetHold hold;
    Ledger *ledger = open_node(&bank, &budget);
    cr_assert(take(budget, 10, &hold));
    budget_settle(&hold, 60);
    cr_assert(take(budget, 40, &hold));
    cr_assert(!take(budget, 1, &hold));
    budget_settle(&(BudgetHold){ budget, 40, 1 }, 45); /* the last one may overrun by its error */
    ledger_free(ledger);
    cr_assert_eq(bank.left, -5);
}

Test(gateway, a_new_period_begins_with_nothing_and_old_calls_settle_in_theirs)
{
    Bank bank = open_bank(10);
    Budget *budget;
    BudgetHold old, hold;
    clock_set(NOON);
    bank.period_end_ms = NOON + 1000;
    Ledger *ledger = open_node(&bank, &budget);
    cr_assert(take(budget, 10, &old));
    cr_assert(!take(budget, 10, &hold));
    clock_set(NOON + 999);
    cr_assert(!take(budget, 10, &hold));
    clock_set(NOON + 1000);
    bank.left = 10;
    bank.period_ms = NOON + 1000;
    bank.period_end_ms = NOON + 3000;
    cr_assert(take(budget, 10, &hold), "to the millisecond");
    budget_settle(&old, 0); /* credit of a day that is over */
    clock_set(NOON + 2500);
    cr_assert(!take(budget, 1, &hold));
    budget_settle(&hold, 9);
    cr_assert(take(budget, 1, &hold));
    ledger_free(ledger);
    clock_set(0);
}

Test(gateway, a_clock_that_was_far_ahead_makes_nobody_wait_for_it)
{
    enum { FAR = 40 };
    const int64_t day = INT64_C(86400000), then = NOON + FAR * day;
    Bank bank = open_bank(10);
    Budget *budget;
    BudgetHold hold;
    clock_set(then);
    bank.period_ms = then;
    bank.period_end_ms = then + day;
    Ledger *ledger = open_node(&bank, &budget);
    cr_assert(take(budget, 10, &hold));
    cr_assert(!take(budget, 1, &hold));
    clock_set(NOON);
    bank.left = 5;
    bank.period_ms = NOON;
    bank.period_end_ms = NOON + day;
    cr_assert(take(budget, 5, &hold));
    cr_assert(!take(budget, 1, &hold));
    ledger_free(ledger);
    clock_set(0);
}

Test(gateway, a_bank_that_is_closed_is_not_a_budget_that_is_spent)
{
    Bank bank = open_bank(10);
    Budget *budget;
    BudgetHold hold;
    BudgetWaiter waiter = { 0 };
    bank.is_down = true;
    clock_set(NOON);
    Ledger *ledger = open_node(&bank, &budget);
    cr_assert(!take(budget, 1, &hold));
    cr_assert_eq(budget_reserve(budget, 1, &waiter, &hold), BUDGET_UNKNOWN);
    bank.is_down = false;
    clock_set(NOON + 1001);
    cr_assert(take(budget, 1, &hold));
    ledger_recall(ledger);
    budget_settle(&hold, 0);
    ledger_look(ledger);
    cr_assert_eq(bank.left, 10, "what was recalled is back");
    ledger_free(ledger);
    clock_set(0);
}
