/* ledger.c - see ledger.h: the budgets and limits of a process, found again by name. */
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/map.h"
#include "gateway/budget.h"

struct Ledger {
    LedgerPorts ports;
    pthread_mutex_t lock; /* of arena, maps and lists */
    Arena *arena;
    Map budgets, limits;
    VEC(Budget *) all_budgets;
    VEC(LimitState *) all_limits;
    atomic_bool is_recalled;
    int64_t alive_ms; /* of ledger_look() only */
};

#define ALIVE_MS 10000

Ledger *ledger_new(const LedgerPorts *ports)
{
    Ledger *ledger = heap_alloc(sizeof *ledger);
    ledger->ports = *ports;
    ledger->arena = arena_new(GB(1));
    ledger->budgets = map_new(ledger->arena);
    ledger->limits = map_new(ledger->arena);
    pthread_mutex_init(&ledger->lock, NULL);
    return ledger;
}

void ledger_free(Ledger *ledger)
{
    if (!ledger)
        return;
    for (size_t i = 0; i < ledger->all_budgets.count; i++) {
        budget_give_back(ledger->all_budgets.at[i], GIVE_ALL);
        pthread_mutex_destroy(&ledger->all_budgets.at[i]->lock);
    }
    for (size_t i = 0; i < ledger->all_limits.count; i++)
        limit_state_free(ledger->all_limits.at[i]);
    pthread_mutex_destroy(&ledger->lock);
    arena_free(ledger->arena);
    free(ledger);
}

Budget *ledger_budget(Ledger *ledger, const BudgetTerms *terms)
{
    pthread_mutex_lock(&ledger->lock);
    MapEntry *entry = map_find(&ledger->budgets, terms->id);
    if (!entry) {
        Budget *budget = budget_new(&ledger->ports, terms, ledger->arena);
        entry = map_add(&ledger->budgets, budget->terms.id, NULL);
        entry->pointer = budget;
        *vec_push(ledger->arena, &ledger->all_budgets) = budget;
    }
    Budget *found = entry->pointer;
    pthread_mutex_unlock(&ledger->lock);
    return found;
}

LimitState *ledger_limits(Ledger *ledger, Str name, const LimitRates *rates)
{
    pthread_mutex_lock(&ledger->lock);
    MapEntry *entry = map_find(&ledger->limits, name);
    if (!entry) {
        entry = map_add(&ledger->limits, str_copy(ledger->arena, name), NULL);
        entry->pointer = limit_state_new();
        *vec_push(ledger->arena, &ledger->all_limits) = entry->pointer;
    }
    LimitState *found = entry->pointer;
    limit_state_set(found, rates);
    pthread_mutex_unlock(&ledger->lock);
    return found;
}

void ledger_recall(Ledger *ledger) { ledger->is_recalled = true; }

void ledger_look(Ledger *ledger)
{
    BudgetGiving when = atomic_exchange(&ledger->is_recalled, false) ? GIVE_RECALLED : GIVE_IDLE;
    pthread_mutex_lock(&ledger->lock);
    size_t count = ledger->all_budgets.count;
    pthread_mutex_unlock(&ledger->lock);
    if (count && monotonic_ms() - ledger->alive_ms > ALIVE_MS) {
        ledger->alive_ms = monotonic_ms();
        ledger->ports.alive(ledger->ports.app);
    }
    for (size_t i = 0; i < count; i++) {
        pthread_mutex_lock(&ledger->lock);
        Budget *budget = ledger->all_budgets.at[i]; /* the list may move while it grows */
        pthread_mutex_unlock(&ledger->lock);
        budget_give_back(budget, when);
    }
}

int64_t ledger_reserved(Ledger *ledger)
{
    int64_t reserved = 0;
    pthread_mutex_lock(&ledger->lock);
    for (size_t i = 0; i < ledger->all_budgets.count; i++) {
        Budget *budget = ledger->all_budgets.at[i];
        if (budget->terms.counts_calls)
            continue;
        pthread_mutex_lock(&budget->lock);
        reserved += budget->reserved;
        pthread_mutex_unlock(&budget->lock);
    }
    pthread_mutex_unlock(&ledger->lock);
    return reserved;
}
