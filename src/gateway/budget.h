/* budget.h - the inside of a budget, for budget.c and ledger.c only. */
#pragma once

#include <pthread.h>

#include "gateway/ledger.h"

struct Budget {
    const LedgerPorts *ports;
    BudgetTerms terms;
    pthread_mutex_t lock;             /* of all below */
    int64_t credit;                   /* at hand; below 0: a debt */
    int64_t reserved;                 /* by calls that run */
    int64_t period_ms, period_end_ms; /* what the credit is for; end 0: nothing was lent yet */
    int64_t spent_until_ms, short_of; /* until then there is no such amount to be had */
    int64_t failed_until_ms;          /* until then nobody is asked */
    int64_t ahead, lent_ms, used_ms;
    bool is_borrowing, is_near_end;
    BudgetWaiter *waiters;
};

Budget *budget_new(const LedgerPorts *ports, const BudgetTerms *terms, Arena *arena);

typedef enum BudgetGiving { GIVE_IDLE, GIVE_RECALLED, GIVE_ALL } BudgetGiving;
void budget_give_back(Budget *budget, BudgetGiving when);
