/* models_budgets.h - budgets and limits of callers, for the files of src/models only.
 *
 *     records --spendings_of()--> one row for each budget --spendings_write(), with the calls' rows
 *             --spendings_tell(), after that: shares of a budget that are reached--> people
 */
#pragma once

#include "models/models_int.h"

ModelBudgets *budgets_new(Models *models);
void budgets_free(ModelBudgets *budgets); /* NULL is fine */
LedgerPorts budgets_ports(ModelBudgets *budgets);
/* Hear of changes that any node makes; the gateway is open. */
MUST_CHECK bool budgets_listen(ModelBudgets *budgets, Error *err);
void budgets_unlisten(ModelBudgets *budgets);

/* Give a new caller its key, models, limits and budgets; on failure it is released. */
MUST_CHECK bool budgets_attach(const ModelBudgets *budgets, const Scope *scope,
                               GatewayCaller *caller, Error *err);

/* What a batch of calls takes from budgets. */
typedef struct Spendings {
    BudgetSpending *rows;
    size_t count;
    int64_t batch;
} Spendings;
/* On the journal's thread. The same records again are the same batch. */
void spendings_of(ModelBudgets *budgets, Arena *arena, const CallRecord *const *records,
                  size_t count, Spendings *spendings_r);
MUST_CHECK bool spendings_write(DbTx *tx, const ModelBudgets *budgets, Arena *arena,
                                const Spendings *spendings, Error *err);
/* models_shares.c */
void spendings_tell(Db *db, Arena *arena, const Spendings *spendings);

/* Nodes that were not seen since then are dead. */
int64_t budgets_dead_since(void);
/* The patterns of models. */
StrList limits_models(Arena *arena, const KeyLimits *limits);
