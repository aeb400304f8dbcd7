/* ledger.h - who may call, how much, and what it has cost: budgets, limits and the journal of
 * calls.
 *
 * A budget holds credit that this node has leased from the database (GatewayPorts). A call reserves
 * the most it can cost before it starts, and settles what it did cost after. Reserving never takes
 * more than there is, from any number of threads; what a crash leaves reserved stays spent.
 *
 * Threads: any. */
#pragma once

#include "gateway/model.h"

typedef struct Budget Budget;

typedef enum BudgetVerdict { BUDGET_OK, BUDGET_NEEDS_LEASE, BUDGET_SPENT } BudgetVerdict;

/* A budget with this much credit at hand; it may get more by budget_lease(). */
Budget *budget_new(Str id);
void budget_free(Budget *budget);
/* Take `pico` out of the credit at hand. */
BudgetVerdict budget_reserve(Budget *budget, int64_t pico);
/* The call is over: of what it reserved, this much is spent and the rest is given back. */
void budget_settle(Budget *budget, int64_t reserved, int64_t spent);
/* The database has lent this much more; `is_last`: there is no more until `until_ms`. */
void budget_lease(Budget *budget, int64_t pico, bool is_last, int64_t until_ms);

/* A row for each call; texts are copied. */
typedef struct CallRecord {
    Str id, workspace, user, key, feature;
    Str route, service, model, front;
    Str status; /* "ok", or the name of an error */
    int http_status;
    ModelUsage usage;
    bool is_estimated; /* tokens are guessed from bytes */
    bool is_stream, is_truncated;
    int64_t cost, saved; /* pico-dollars; -1: unknown */
    Str cache;           /* "", "hit", "miss", "semantic" */
    int tries, fallbacks;
    int64_t bytes_in, bytes_out;
    int64_t first_us, total_us, own_us; /* own: our share of the time to the first byte */
    int64_t started_ms;
} CallRecord;

typedef struct Journal Journal;
/* `write` gets rows in batches, on a thread of the journal's own; false: it tries again later. */
typedef bool JournalWrite(void *app, const CallRecord *records, size_t count, Error *err);
Journal *journal_new(JournalWrite *write, void *app);
/* Writes what is left, then frees. */
void journal_free(Journal *journal);
void journal_add(Journal *journal, const CallRecord *record);
