/* budget.c - see ledger.h: credit at hand, taken and given back. */
#include "gateway/budget.h"

#include "base/clock.h"

#define SPENT_MS 1000                       /* then the database is asked again */
#define IDLE_MS 10000                       /* credit that nobody uses goes back */
#define SKEW_MS (24 * 3600 * INT64_C(1000)) /* so far clocks of nodes may lie apart */
#define BUSY_MS 1000                        /* loans that follow each other faster become larger */

Budget *budget_new(const LedgerPorts *ports, const BudgetTerms *terms, Arena *arena)
{
    Budget *budget = arena_new_one(arena, Budget);
    budget->ports = ports;
    budget->terms = (BudgetTerms){ .id = str_copy(arena, terms->id),
                                   .workspace = str_copy(arena, terms->workspace),
                                   .title = str_copy(arena, terms->title),
                                   .counts_calls = terms->counts_calls };
    pthread_mutex_init(&budget->lock, NULL);
    return budget;
}

const BudgetTerms *budget_terms(const Budget *budget) { return &budget->terms; }

/* --- Taking and giving back --- */

/* A wait that began at most SPENT_MS ago: a clock that was set back makes none longer. */
static bool is_waiting(int64_t until_ms, int64_t now)
{
    return now < until_ms && until_ms - now <= SPENT_MS;
}

/* What was lent for a period is worth nothing after it, nor before it by more than clocks lie
 * apart. */
static void leave_period(Budget *budget, int64_t now)
{
    if (now < budget->period_end_ms && budget->period_ms - now <= SKEW_MS)
        return;
    budget->credit = budget->reserved = 0;
    budget->period_ms = budget->period_end_ms = budget->spent_until_ms = 0;
    budget->is_near_end = false;
}

static BudgetVerdict wait_for_loan(Budget *budget, BudgetWaiter *waiter, int64_t amount)
{
    bool is_first = !budget->is_borrowing;
    waiter->amount = amount;
    waiter->next = budget->waiters;
    budget->waiters = waiter;
    budget->is_borrowing = true;
    return is_first ? BUDGET_BORROW : BUDGET_WAIT;
}

BudgetVerdict budget_reserve(Budget *budget, int64_t amount, BudgetWaiter *waiter,
                             BudgetHold *hold_r)
{
    int64_t now = now_ms();
    BudgetVerdict verdict = BUDGET_OK;
    pthread_mutex_lock(&budget->lock);
    leave_period(budget, now);
    budget->used_ms = now;
    if (budget->period_end_ms && amount <= budget->credit) {
        budget->credit -= amount;
        budget->reserved += amount;
        *hold_r = (BudgetHold){ budget, amount, budget->period_ms };
    } else if (is_waiting(budget->failed_until_ms, now)) {
        verdict = BUDGET_UNKNOWN;
    } else if (is_waiting(budget->spent_until_ms, now) &&
               amount - budget->credit >= budget->short_of) {
        verdict = BUDGET_SPENT;
    } else {
        verdict = wait_for_loan(budget, waiter, amount);
    }
    pthread_mutex_unlock(&budget->lock);
    return verdict;
}

void budget_settle(const BudgetHold *hold, int64_t spent)
{
    Budget *budget = hold->budget;
    pthread_mutex_lock(&budget->lock);
    if (budget->period_ms == hold->period_ms) {
        budget->credit += hold->amount - spent;
        budget->reserved -= hold->amount;
    }
    pthread_mutex_unlock(&budget->lock);
}

bool budget_is_near_end(Budget *budget)
{
    pthread_mutex_lock(&budget->lock);
    leave_period(budget, now_ms());
    bool is_near_end = budget->is_near_end;
    pthread_mutex_unlock(&budget->lock);
    return is_near_end;
}

int64_t budget_wait_ms(Budget *budget)
{
    int64_t now = now_ms();
    pthread_mutex_lock(&budget->lock);
    bool is_over = budget->reserved <= 0 && budget->period_end_ms;
    int64_t wait_ms = is_over ? budget->period_end_ms - now : SPENT_MS;
    pthread_mutex_unlock(&budget->lock);
    return MAX(wait_ms, (int64_t)1);
}

/* --- Borrowing --- */

static int64_t add(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX / 4 : sum;
}

/* What the waiters lack; loans that follow each other grow, so that a busy budget asks rarely. */
static BudgetAsk ask_of(Budget *budget, int64_t now)
{
    BudgetAsk ask = { .terms = &budget->terms, .least = INT64_MAX, .now_ms = now };
    for (const BudgetWaiter *waiter = budget->waiters; waiter; waiter = waiter->next) {
        ask.least = MIN(ask.least, waiter->amount);
        ask.wanted = add(ask.wanted, waiter->amount);
    }
    ask.least = MAX(ask.least - budget->credit, (int64_t)0);
    ask.wanted = MAX(ask.wanted - budget->credit, ask.least);
    bool is_busy = now - budget->lent_ms < BUSY_MS;
    budget->ahead = is_busy ? MAX(add(budget->ahead, budget->ahead), ask.wanted) : 0;
    budget->lent_ms = now;
    ask.ahead = budget->ahead;
    return ask;
}

static void take_loan(Budget *budget, const BudgetAsk *ask, const BudgetLoan *loan)
{
    if (loan->period_ms != budget->period_ms)
        budget->credit = budget->reserved = 0;
    budget->period_ms = loan->period_ms;
    budget->period_end_ms = loan->period_end_ms;
    budget->credit += loan->amount;
    budget->is_near_end = loan->is_near_end;
    budget->failed_until_ms = budget->spent_until_ms = 0;
    if (loan->amount < ask->wanted) {
        budget->spent_until_ms = ask->now_ms + SPENT_MS;
        /* It lends all that it has or nothing: then less than this may still be had. */
        budget->short_of = loan->amount ? 1 : ask->least;
    }
}

/* Under the lock; whoever waits may be gone as soon as it is told. */
static BudgetWaiter *end_borrowing(Budget *budget)
{
    BudgetWaiter *waiters = budget->waiters;
    budget->waiters = NULL;
    budget->is_borrowing = false;
    return waiters;
}

static void tell(BudgetWaiter *waiters)
{
    while (waiters) {
        BudgetWaiter *waiter = waiters;
        waiters = waiter->next;
        waiter->go_on(waiter);
    }
}

void budget_borrow(Budget *budget)
{
    BudgetLoan loan;
    Error err;
    int64_t now = now_ms();
    pthread_mutex_lock(&budget->lock);
    leave_period(budget, now);
    BudgetAsk ask = ask_of(budget, now);
    pthread_mutex_unlock(&budget->lock);
    bool good = budget->ports->lend(budget->ports->app, &ask, &loan, &err);
    pthread_mutex_lock(&budget->lock);
    if (good)
        take_loan(budget, &ask, &loan);
    else
        budget->failed_until_ms = now + SPENT_MS;
    BudgetWaiter *waiters = end_borrowing(budget);
    pthread_mutex_unlock(&budget->lock);
    tell(waiters);
}

void budget_borrow_failed(Budget *budget)
{
    pthread_mutex_lock(&budget->lock);
    budget->failed_until_ms = now_ms() + SPENT_MS;
    BudgetWaiter *waiters = end_borrowing(budget);
    pthread_mutex_unlock(&budget->lock);
    tell(waiters);
}

void budget_give_back(Budget *budget, BudgetGiving when)
{
    Error ignored; /* it stays lent, which is safe */
    int64_t now = now_ms(), amount = 0, period_ms = 0;
    pthread_mutex_lock(&budget->lock);
    bool is_due = when != GIVE_IDLE || now - budget->used_ms > IDLE_MS;
    if (is_due && !budget->is_borrowing && now < budget->period_end_ms) {
        amount = budget->credit;
        period_ms = budget->period_ms;
        budget->credit = 0;
    }
    if (when == GIVE_RECALLED)
        budget->spent_until_ms = budget->failed_until_ms = 0;
    pthread_mutex_unlock(&budget->lock);
    if (amount)
        (void)!budget->ports->take_back(budget->ports->app, &budget->terms, period_ms, amount,
                                        &ignored);
}
