/* ledger.h - who may call, how much, and what it has cost: budgets, limits and the journal of
 * calls.
 *
 * A budget is money or a number of calls for a day, a month or ever, kept in the database. A node
 * borrows credit from it in slices (LedgerPorts) and spends that in memory:
 *
 *     database --lend--> credit --reserve--> a call --settle--> spent; the rest is credit again
 *              <--take_back-- (idle, asked to, shutting down)
 *
 * Reserving never takes more than there is, from any number of threads and nodes; a call that costs
 * more than was foreseen leaves a debt, which the next loan pays first. What a crash leaves
 * borrowed stays lent until the period ends or a person gives it back. What was spent reaches the
 * database with the rows of the calls, in one transaction, so the two always agree.
 *
 * Threads: any; each budget has a lock of its own that is held for nanoseconds. */
#pragma once

#include "gateway/limits.h"
#include "gateway/model.h"

typedef struct Budget Budget;
typedef struct Ledger Ledger;

/* --- Budgets --- */

/* What a budget is, as the database says; none of it changes. */
typedef struct BudgetTerms {
    Str id, workspace;
    Str title;         /* "the key's budget of the day" */
    bool counts_calls; /* else pico-dollars */
} BudgetTerms;
const BudgetTerms *budget_terms(const Budget *budget);

typedef enum BudgetVerdict {
    BUDGET_OK,
    BUDGET_WAIT,   /* credit is being borrowed: the waiter will be told */
    BUDGET_BORROW, /* the same, and whoever got this calls budget_borrow() */
    BUDGET_SPENT,
    BUDGET_UNKNOWN /* the database could not be asked */
} BudgetVerdict;

/* Who waits for credit; lives until it is told. */
typedef struct BudgetWaiter {
    struct BudgetWaiter *next;
    int64_t amount;
    void (*go_on)(struct BudgetWaiter *self); /* ask again; on the thread that borrowed */
    void *owner;
} BudgetWaiter;

/* Credit taken for one call, of one period. */
typedef struct BudgetHold {
    Budget *budget;
    int64_t amount, period_ms;
} BudgetHold;

/* Take `amount` out of the credit at hand. */
BudgetVerdict budget_reserve(Budget *budget, int64_t amount, BudgetWaiter *waiter,
                             BudgetHold *hold_r);
/* The call is over: of what it held, this much is spent and the rest is credit again. */
void budget_settle(const BudgetHold *hold, int64_t spent);
/* Ask the database for credit, then tell all who wait. Blocks. */
void budget_borrow(Budget *budget);
/* Nobody can ask it just now: tell all who wait. */
void budget_borrow_failed(Budget *budget);
/* Less than a tenth was left when credit was last borrowed: cheaper models come first. */
bool budget_is_near_end(Budget *budget);
/* When there may be credit again: the next period, or sooner when calls that run may leave some. */
int64_t budget_wait_ms(Budget *budget);

/* --- All of them --- */

typedef struct BudgetAsk {
    const BudgetTerms *terms;
    int64_t least; /* less is of no use */
    int64_t wanted;
    int64_t ahead; /* besides that, when there is plenty */
    int64_t now_ms;
} BudgetAsk;

typedef struct BudgetLoan {
    int64_t amount; /* less than `wanted`: there is no more */
    int64_t period_ms, period_end_ms;
    bool is_near_end; /* less than a tenth is left behind it */
} BudgetLoan;

/* They may block. */
typedef struct LedgerPorts {
    void *app;
    bool (*lend)(void *app, const BudgetAsk *ask, BudgetLoan *loan_r, Error *err);
    /* Below 0: a debt that is left. */
    bool (*take_back)(void *app, const BudgetTerms *terms, int64_t period_ms, int64_t amount,
                      Error *err);
    /* This node lives and holds credit; every few seconds. */
    void (*alive)(void *app);
} LedgerPorts;

Ledger *ledger_new(const LedgerPorts *ports);
/* Gives back all credit. No call may be running. NULL is fine. */
void ledger_free(Ledger *ledger);
/* The budget of this id; it and what follows live as long as the ledger, whatever is loaded anew,
 * so a change never resets what was used. */
Budget *ledger_budget(Ledger *ledger, const BudgetTerms *terms);
/* What this name ("key/ID") has used of its limits, which from now on are these. */
LimitState *ledger_limits(Ledger *ledger, Str name, const LimitRates *rates);
/* Its terms or amount have changed: credit goes back at the next look, and there may be more. */
void ledger_recall(Ledger *ledger);
/* Give back what lies idle; once a second or so. Blocks. */
void ledger_look(Ledger *ledger);

/* Pico-dollars that calls which run have reserved, of all budgets: a call counts in each it has. */
int64_t ledger_reserved(Ledger *ledger);

/* --- Calls --- */

#define LIMITS_MAX 4  /* of key, user and workspace; and the server's own */
#define BUDGETS_MAX 9 /* of key, user and workspace; for a day, a month, ever */

/* A budget that pays for a call: its cost, or one of the calls that it counts. */
typedef struct BudgetCharge {
    Budget *budget;
    int64_t period_ms;
} BudgetCharge;

/* What is kept of a call. Texts are valid while the call runs. */
typedef struct CallRecord {
    Str id, workspace, user, key, feature;
    Str route, service, model, front;
    Str side;                /* of a route that is tried on a part of the calls; "" */
    Str status;              /* "ok", or the name of an error */
    Str cache;               /* "", "hit", "miss", "semantic" */
    Str trace, span, parent; /* of OpenTelemetry, in hexadecimal; "" when it is not wanted */
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
    BudgetCharge charges[BUDGETS_MAX];
    int charge_count;
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
