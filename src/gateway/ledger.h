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

/* What is kept of a call. Texts are valid while the call runs. */
typedef struct CallRecord {
    Str id, workspace, user, key, feature;
    Str route, service, model, front;
    Str status; /* "ok", or the name of an error */
    Str cache;  /* "", "hit", "miss", "semantic" */
    ModelTask task;
    int http_status;
    ModelUsage usage;
    bool is_estimated; /* tokens are guessed from bytes */
    bool is_stream, is_truncated, is_local;
    int64_t cost, saved;           /* pico-dollars; -1: unknown */
    int masked;                    /* secrets and personal data that did not leave */
    int tries, fallbacks, skipped; /* skipped: targets that were not asked just then */
    int64_t bytes_in, bytes_out;
    int64_t first_us, total_us, own_us; /* own: of total, what was not a service's */
    int64_t started_ms;
} CallRecord;

/* The records of calls on their way to the database.
 *
 *     call -> lane (one for each reactor) -> pages -> the journal's thread -> write
 *
 * Adding one takes a copy into memory that is there already, under a lock that only the journal's
 * thread contends for, five times a second. What a crash loses is the last flush. */
typedef struct Journal Journal;
typedef struct JournalLane JournalLane;

/* `write` gets records in batches, on a thread of the journal's own. On false it is asked again
 * with the same records; a batch that fails again and again for good is dropped. */
typedef bool JournalWrite(void *app, const CallRecord *const *records, size_t count, Error *err);
/* Sees each record once, on the same thread, before it is written. Must not block for long. */
typedef void JournalSeen(void *seen_app, const CallRecord *const *records, size_t count);
typedef struct JournalOptions {
    JournalWrite *write;
    void *app;
    JournalSeen *seen; /* may be NULL */
    void *seen_app;
} JournalOptions;
Journal *journal_new(const JournalOptions *options);
/* Writes what is left, then frees. NULL is fine. */
void journal_free(Journal *journal);
/* A lane more, as long as the journal lives. */
JournalLane *journal_lane(Journal *journal);
/* One thread at a time for each lane. Texts are copied, of each its first 200 bytes. */
void journal_add(JournalLane *lane, const CallRecord *record);
/* Records that found no room or could not be written. */
uint64_t journal_dropped(Journal *journal);
