/* budget.c - see ledger.h: credit at hand, taken and given back. */
#include <pthread.h>

#include "base/clock.h"
#include "gateway/ledger.h"

struct Budget {
    pthread_mutex_t lock;
    int64_t credit; /* at hand, not reserved */
    int64_t spent;  /* since the last lease, for the database */
    int64_t empty_until_ms;
    char *id;
};

Budget *budget_new(Str id)
{
    Budget *budget = heap_alloc(sizeof *budget);
    budget->id = heap_alloc(id.length + 1);
    if (id.length)
        memcpy(budget->id, id.at, id.length);
    pthread_mutex_init(&budget->lock, NULL);
    return budget;
}

void budget_free(Budget *budget)
{
    if (!budget)
        return;
    pthread_mutex_destroy(&budget->lock);
    free(budget->id);
    free(budget);
}

BudgetVerdict budget_reserve(Budget *budget, int64_t pico)
{
    pthread_mutex_lock(&budget->lock);
    BudgetVerdict verdict = BUDGET_OK;
    if (pico <= budget->credit)
        budget->credit -= pico;
    else
        verdict = budget->empty_until_ms > now_ms() ? BUDGET_SPENT : BUDGET_NEEDS_LEASE;
    pthread_mutex_unlock(&budget->lock);
    return verdict;
}

void budget_settle(Budget *budget, int64_t reserved, int64_t spent)
{
    pthread_mutex_lock(&budget->lock);
    budget->credit += reserved - spent;
    budget->spent += spent;
    pthread_mutex_unlock(&budget->lock);
}

void budget_lease(Budget *budget, int64_t pico, bool is_last, int64_t until_ms)
{
    pthread_mutex_lock(&budget->lock);
    budget->credit += pico;
    budget->empty_until_ms = is_last ? until_ms : 0;
    pthread_mutex_unlock(&budget->lock);
}
