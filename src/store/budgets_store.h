/* budgets_store.h - the tables `budgets` and `budget_leases`: how much may be spent, who has
 * borrowed how much of it, and how much of that is spent.
 *
 * In one period, lent = the sum of its leases' lent, and never more than the amount but for what
 * calls cost above their reservation. A period's rows stay for its history; a new one begins with
 * the first loan after it. Amounts are pico-dollars, or calls. */
#pragma once

#include "store/key_limits_store.h"

/* Days and months are UTC's. */
typedef enum BudgetPeriod { PERIOD_DAY, PERIOD_MONTH, PERIOD_TOTAL } BudgetPeriod;
#define PERIOD_KINDS 3
/* "day", "month", "total". */
const char *budget_period_name(BudgetPeriod period);
MUST_CHECK bool budget_period_named(Str name, BudgetPeriod *period_r);
/* The period of this kind that a moment is in; the total's begins at 1 and ends at INT64_MAX. */
void budget_period_bounds(BudgetPeriod period, int64_t now_ms, int64_t *start_r, int64_t *end_r);

typedef struct BudgetRow {
    Str id;
    Subject subject;
    BudgetPeriod period;
    bool counts_calls; /* else pico-dollars */
    int64_t amount;
    int64_t lent, spent; /* in the period that now is in; lent holds what is spent */
    int64_t told;        /* per cent */
    int64_t period_start_ms, period_end_ms, created_at_ms;
} BudgetRow;

typedef struct BudgetRowList {
    BudgetRow *at;
    size_t count;
} BudgetRowList;

/* Adds the subject's budget for this period, with a new id set in *row; or changes its amount, and
 * then what was spent stays spent unless it counts something else now. */
MUST_CHECK bool budget_set(DbTx *tx, const Scope *scope, Arena *arena, BudgetRow *row, Error *err);
/* True also when there was none. */
MUST_CHECK bool budget_remove(DbTx *tx, const Scope *scope, const Subject *subject,
                              BudgetPeriod period, Error *err);
/* Of one subject, or with NULL of the whole workspace. */
MUST_CHECK bool budget_list(DbTx *tx, const Scope *scope, Arena *arena, const Subject *subject,
                            int64_t now_ms, BudgetRowList *list_r, Error *err);
MUST_CHECK bool budget_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now_ms,
                            BudgetRow *row_r, Error *err);

/* --- Lending --- */

typedef struct BudgetWish {
    Str budget, node;
    int64_t least;  /* less is of no use */
    int64_t wanted; /* at best this, and a share of `ahead` while there is plenty */
    int64_t ahead;
    int64_t now_ms;
} BudgetWish;

typedef struct BudgetLent {
    int64_t amount; /* less than wanted: there is no more */
    int64_t period_start_ms, period_end_ms;
    bool is_near_end; /* less than a tenth is left */
} BudgetLent;

MUST_CHECK bool budget_lend(DbTx *tx, const Scope *scope, Arena *arena, const BudgetWish *wish,
                            BudgetLent *lent_r, Error *err);
/* What a node has borrowed and not spent comes back; below 0: a debt it leaves. */
MUST_CHECK bool budget_take_back(DbTx *tx, const Scope *scope, Str budget, Str node,
                                 int64_t period_start_ms, int64_t amount, Error *err);
/* What a node has spent, one row for a budget and period. `batch` numbers the node's batches from
 * 1: one that is written again counts once. System scope. */
typedef struct BudgetSpending {
    Str workspace, budget;
    int64_t period_start_ms, amount;
} BudgetSpending;
MUST_CHECK bool budget_spend(DbTx *tx, const Scope *scope, Arena *arena, Str node, int64_t batch,
                             const BudgetSpending *rows, size_t count, Error *err);
/* The node lives. System scope. */
MUST_CHECK bool budget_seen(DbTx *tx, const Scope *scope, Str node, int64_t now_ms, Error *err);
/* Gives back what nodes that were not seen since then have borrowed and are not known to have
 * spent. *amount_r: how much that was. */
MUST_CHECK bool budget_reclaim(DbTx *tx, const Scope *scope, Str budget, int64_t period_start_ms,
                               int64_t seen_before_ms, int64_t *amount_r, Error *err);
/* Notes that this share in per cent is reached; *is_new_r: nobody has noted it before. */
MUST_CHECK bool budget_tell(DbTx *tx, const Scope *scope, Str budget, int64_t period_start_ms,
                            int64_t share, bool *is_new_r, Error *err);
