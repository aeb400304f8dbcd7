#include "store/budgets_store.h"

#include <time.h>

#include "base/clock.h"
#include "base/id.h"
#include "store/sql.h"

#define DAY_MS INT64_C(86400000)
/* Leases of longer ago are forgotten. */
#define KEPT_MS (400 * DAY_MS)
/* So far the clocks of nodes may lie apart; a time zone mistaken is less. */
#define SKEW_MS DAY_MS

/* --- Periods --- */

static const char *const period_names[PERIOD_KINDS] = {
    [PERIOD_DAY] = "day", [PERIOD_MONTH] = "month", [PERIOD_TOTAL] = "total"
};

const char *budget_period_name(BudgetPeriod period) { return period_names[period]; }

bool budget_period_named(Str name, BudgetPeriod *period_r)
{
    for (BudgetPeriod period = PERIOD_DAY; period < PERIOD_KINDS; period++)
        if (str_is(name, period_names[period]))
            return *period_r = period, true;
    return false;
}

static int64_t month_start(int64_t now_ms, int months_later)
{
    time_t seconds = now_ms / 1000;
    struct tm day;
    gmtime_r(&seconds, &day);
    struct tm first = { .tm_year = day.tm_year, .tm_mon = day.tm_mon + months_later, .tm_mday = 1 };
    return (int64_t)timegm(&first) * 1000;
}

void budget_period_bounds(BudgetPeriod period, int64_t now_ms, int64_t *start_r, int64_t *end_r)
{
    *start_r = 1;
    *end_r = INT64_MAX;
    if (period == PERIOD_DAY) {
        *start_r = now_ms - now_ms % DAY_MS;
        *end_r = *start_r + DAY_MS;
    } else if (period == PERIOD_MONTH) {
        *start_r = month_start(now_ms, 0);
        *end_r = month_start(now_ms, 1);
    }
}

/* --- Rows --- */

#define SELECT_BUDGETS                                                                             \
    "SELECT b.id, b.kind, b.subject, b.period, b.counts_calls, b.amount, b.lent, b.period_start,"  \
    " b.told, b.created_at, (SELECT CAST(COALESCE(sum(l.spent), 0) AS BIGINT) FROM budget_leases"  \
    " l WHERE l.workspace = b.workspace AND l.budget = b.id AND l.period_start = b.period_start)"  \
    " FROM budgets b WHERE b.workspace = $1 "

static void read_budget(DbRows *row, Arena *arena, void *item)
{
    BudgetRow *budget = item;
    *budget = (BudgetRow){
        .id = db_get_text(row, 0, arena),
        .subject = { subject_kind_named(db_get_text(row, 1, arena)), db_get_text(row, 2, arena) },
        .counts_calls = db_get_int(row, 4) != 0,
        .amount = db_get_int(row, 5),
        .lent = db_get_int(row, 6),
        .period_start_ms = db_get_int(row, 7),
        .told = db_get_int(row, 8),
        .created_at_ms = db_get_int(row, 9),
        .spent = db_get_int(row, 10),
    };
    (void)!budget_period_named(db_get_text(row, 3, arena), &budget->period);
}

static void read_sums(DbRows *row, Arena *arena, void *item)
{
    BudgetRow *budget = item;
    (void)arena;
    budget->lent = db_get_int(row, 0);
    budget->spent = db_get_int(row, 1);
}

/* What its leases tell: nothing of a new period, all of one that is entered again. */
static bool load_period(DbTx *tx, const Scope *scope, Arena *arena, BudgetRow *row, Error *err)
{
    BudgetRow sums = { 0 };
    if (!sql_find(
            tx, arena,
            DB_SAME("SELECT CAST(COALESCE(sum(lent), 0) AS BIGINT),"
                    " CAST(COALESCE(sum(spent), 0) AS BIGINT) FROM budget_leases"
                    " WHERE workspace = $1 AND budget = $2 AND period_start = $3"),
            DB_ARGS(db_text(scope->workspace), db_text(row->id), db_int(row->period_start_ms)),
            read_sums, &sums, "budget", row->id, err))
        return false;
    row->lent = sums.lent;
    row->spent = sums.spent;
    row->told = 0;
    return true;
}

/* A clock that is behind another node's finds the row ahead of it, and goes by the row; but what
 * lies further ahead was written by a clock that was wrong, and would stay closed until that day
 * comes. */
static bool enter_period(DbTx *tx, const Scope *scope, Arena *arena, BudgetRow *row, int64_t now,
                         Error *err)
{
    int64_t start, before = row->period_start_ms;
    bool is_behind = before > now && before - now <= SKEW_MS;
    budget_period_bounds(row->period, is_behind ? before : now, &start, &row->period_end_ms);
    row->period_start_ms = start;
    return start == before || load_period(tx, scope, arena, row, err);
}

bool budget_list(DbTx *tx, const Scope *scope, Arena *arena, const Subject *subject, int64_t now,
                 BudgetRowList *list_r, Error *err)
{
    Str kind = subject ? str(subject_kind_name(subject->kind)) : S("");
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME(SELECT_BUDGETS "AND ($2 = '' OR (b.kind = $2 AND b.subject = $3))"
                                         " ORDER BY b.kind, b.subject, b.period"),
                  DB_ARGS(db_text(scope->workspace), db_text(kind),
                          db_text(subject ? subject->id : S(""))),
                  read_budget, sizeof(BudgetRow), &items, err))
        return false;
    BudgetRow *rows = items.at;
    for (size_t i = 0; i < items.count; i++)
        if (!enter_period(tx, scope, arena, &rows[i], now, err))
            return false;
    *list_r = (BudgetRowList){ rows, items.count };
    return true;
}

static bool find_budget(DbTx *tx, const Scope *scope, Arena *arena, DbSql sql, Str id, int64_t now,
                        BudgetRow *row_r, Error *err)
{
    BudgetRow row;
    if (!sql_find(tx, arena, sql, DB_ARGS(db_text(scope->workspace), db_text(id)), read_budget,
                  &row, "budget", id, err) ||
        !enter_period(tx, scope, arena, &row, now, err))
        return false;
    *row_r = row;
    return true;
}

bool budget_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t now, BudgetRow *row_r,
                 Error *err)
{
    return find_budget(tx, scope, arena, DB_SAME(SELECT_BUDGETS "AND b.id = $2"), id, now, row_r,
                       err);
}

static bool find_by_subject(DbTx *tx, const Scope *scope, Arena *arena, const BudgetRow *like,
                            BudgetRow *found_r, bool *is_found_r, Error *err)
{
    BudgetRowList list;
    *is_found_r = false;
    if (!budget_list(tx, scope, arena, &like->subject, now_ms(), &list, err))
        return false;
    for (size_t i = 0; i < list.count && !*is_found_r; i++)
        if (list.at[i].period == like->period) {
            *found_r = list.at[i];
            *is_found_r = true;
        }
    return true;
}

static bool add_budget(DbTx *tx, const Scope *scope, Arena *arena, BudgetRow *row, Error *err)
{
    Str id = id_new(arena);
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO budgets (workspace, id, kind, subject, period, counts_calls,"
                         " amount, lent, period_start, told, created_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, $8)"),
                 DB_ARGS(db_text(scope->workspace), db_text(id),
                         db_text(str(subject_kind_name(row->subject.kind))),
                         db_text(row->subject.id), db_text(str(period_names[row->period])),
                         db_int(row->counts_calls), db_int(row->amount), db_int(now_ms())),
                 NULL, err))
        return false;
    row->id = id;
    return true;
}

bool budget_set(DbTx *tx, const Scope *scope, Arena *arena, BudgetRow *row, Error *err)
{
    BudgetRow old;
    bool is_found;
    if (!find_by_subject(tx, scope, arena, row, &old, &is_found, err))
        return false;
    if (is_found && old.counts_calls == row->counts_calls) {
        row->id = old.id;
        /* Of a larger amount, the shares are reached anew. */
        return db_exec(tx,
                       DB_SAME("UPDATE budgets SET amount = $3,"
                               " told = CASE WHEN amount < $3 THEN 0 ELSE told END"
                               " WHERE workspace = $1 AND id = $2"),
                       DB_ARGS(db_text(scope->workspace), db_text(old.id), db_int(row->amount)),
                       NULL, err);
    }
    return (!is_found || budget_remove(tx, scope, &row->subject, row->period, err)) &&
           add_budget(tx, scope, arena, row, err);
}

bool budget_remove(DbTx *tx, const Scope *scope, const Subject *subject, BudgetPeriod period,
                   Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM budgets WHERE workspace = $1 AND kind = $2 AND subject = $3"
                           " AND period = $4"),
                   DB_ARGS(db_text(scope->workspace),
                           db_text(str(subject_kind_name(subject->kind))), db_text(subject->id),
                           db_text(str(period_names[period]))),
                   NULL, err);
}

/* --- Lending --- */

/* All that is wanted, and some ahead while there is plenty: in whole calls, so that of a budget for
 * so many equal calls no node keeps a part that is of no use to anybody. */
static int64_t loan_of(const BudgetWish *wish, int64_t left)
{
    if (left < wish->least)
        return 0;
    if (left <= wish->wanted)
        return MAX(left, (int64_t)0);
    int64_t ahead = MIN(wish->ahead, (left - wish->wanted) / 8);
    return wish->wanted + (wish->least > 1 ? ahead / wish->least * wish->least : ahead);
}

static bool forget_old_leases(DbTx *tx, const Scope *scope, Str budget, int64_t start, Error *err)
{
    return db_exec(tx,
                   DB_SAME("DELETE FROM budget_leases WHERE workspace = $1 AND budget = $2"
                           " AND period_start < $3"),
                   DB_ARGS(db_text(scope->workspace), db_text(budget), db_int(start - KEPT_MS)),
                   NULL, err);
}

static bool add_to_lease(DbTx *tx, const Scope *scope, const BudgetWish *wish,
                         const BudgetLent *lent, Error *err)
{
    return db_exec(
        tx,
        DB_SAME("INSERT INTO budget_leases (workspace, budget, period_start, node, lent,"
                " spent, batch, seen_at) VALUES ($1, $2, $3, $4, $5, 0, 0, $6)"
                " ON CONFLICT (workspace, budget, period_start, node) DO UPDATE SET"
                " lent = budget_leases.lent + excluded.lent, seen_at = excluded.seen_at"),
        DB_ARGS(db_text(scope->workspace), db_text(wish->budget), db_int(lent->period_start_ms),
                db_text(wish->node), db_int(lent->amount), db_int(wish->now_ms)),
        NULL, err);
}

bool budget_lend(DbTx *tx, const Scope *scope, Arena *arena, const BudgetWish *wish,
                 BudgetLent *lent_r, Error *err)
{
    BudgetRow row;
    /* Two loans at the same time must not see the same sum. */
    if (!find_budget(
            tx, scope, arena,
            DB_SQL(SELECT_BUDGETS "AND b.id = $2", SELECT_BUDGETS "AND b.id = $2 FOR UPDATE OF b"),
            wish->budget, wish->now_ms, &row, err))
        return false;
    /* Calls that cost more than they reserved count, also those whose node left no debt behind. */
    int64_t left = row.amount - MAX(row.lent, row.spent);
    BudgetLent lent = { loan_of(wish, left), row.period_start_ms, row.period_end_ms };
    lent.is_near_end = left - lent.amount < row.amount / 10;
    if (!db_exec(tx,
                 DB_SAME("UPDATE budgets SET lent = $3, period_start = $4, told = $5"
                         " WHERE workspace = $1 AND id = $2"),
                 DB_ARGS(db_text(scope->workspace), db_text(wish->budget),
                         db_int(row.lent + lent.amount), db_int(row.period_start_ms),
                         db_int(row.told)),
                 NULL, err) ||
        !add_to_lease(tx, scope, wish, &lent, err) ||
        !forget_old_leases(tx, scope, wish->budget, row.period_start_ms, err))
        return false;
    *lent_r = lent;
    return true;
}

static bool lower_lent(DbTx *tx, const Scope *scope, Str budget, int64_t start, int64_t amount,
                       Error *err)
{
    return db_exec(
        tx,
        DB_SAME("UPDATE budgets SET lent = lent - $4 WHERE workspace = $1 AND id = $2"
                " AND period_start = $3"),
        DB_ARGS(db_text(scope->workspace), db_text(budget), db_int(start), db_int(amount)), NULL,
        err);
}

bool budget_take_back(DbTx *tx, const Scope *scope, Str budget, Str node, int64_t start,
                      int64_t amount, Error *err)
{
    return lower_lent(tx, scope, budget, start, amount, err) &&
           db_exec(tx,
                   DB_SAME("UPDATE budget_leases SET lent = lent - $5 WHERE workspace = $1"
                           " AND budget = $2 AND period_start = $3 AND node = $4"),
                   DB_ARGS(db_text(scope->workspace), db_text(budget), db_int(start), db_text(node),
                           db_int(amount)),
                   NULL, err);
}

bool budget_spend(DbTx *tx, const Scope *scope, Arena *arena, Str node, int64_t batch,
                  const BudgetSpending *rows, size_t count, Error *err)
{
    enum { COLUMNS = 6 };
    DbValue *values = arena_new_array(arena, DbValue, count * COLUMNS);
    if (!sql_needs_system(scope, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        DbValue value[COLUMNS] = { db_text(rows[i].workspace),      db_text(rows[i].budget),
                                   db_int(rows[i].period_start_ms), db_text(node),
                                   db_int(rows[i].amount),          db_int(batch) };
        memcpy(values + i * COLUMNS, value, sizeof value);
    }
    return !count ||
           db_exec_many(tx,
                        DB_SAME("UPDATE budget_leases SET spent = spent + $5, batch = $6"
                                " WHERE workspace = $1 AND budget = $2 AND period_start = $3"
                                " AND node = $4 AND batch < $6"),
                        values, COLUMNS, count, err);
}

bool budget_seen(DbTx *tx, const Scope *scope, Str node, int64_t now, Error *err)
{
    return sql_needs_system(scope, err) &&
           db_exec(tx, DB_SAME("UPDATE budget_leases SET seen_at = $2 WHERE node = $1"),
                   DB_ARGS(db_text(node), db_int(now)), NULL, err);
}

bool budget_reclaim(DbTx *tx, const Scope *scope, Str budget, int64_t start, int64_t seen_before,
                    int64_t *amount_r, Error *err)
{
    int64_t amount;
    if (!db_query_int(
            tx,
            DB_SAME("SELECT CAST(COALESCE(sum(lent - spent), 0) AS BIGINT)"
                    " FROM budget_leases WHERE workspace = $1 AND budget = $2"
                    " AND period_start = $3 AND seen_at < $4"),
            DB_ARGS(db_text(scope->workspace), db_text(budget), db_int(start), db_int(seen_before)),
            0, &amount, err) ||
        !db_exec(
            tx,
            DB_SAME("UPDATE budget_leases SET lent = spent WHERE workspace = $1"
                    " AND budget = $2 AND period_start = $3 AND seen_at < $4"),
            DB_ARGS(db_text(scope->workspace), db_text(budget), db_int(start), db_int(seen_before)),
            NULL, err) ||
        !lower_lent(tx, scope, budget, start, amount, err))
        return false;
    *amount_r = amount;
    return true;
}

bool budget_tell(DbTx *tx, const Scope *scope, Str budget, int64_t start, int64_t share,
                 bool *is_new_r, Error *err)
{
    int64_t changed;
    if (!db_exec(tx,
                 DB_SAME("UPDATE budgets SET told = $4 WHERE workspace = $1 AND id = $2"
                         " AND period_start = $3 AND told < $4"),
                 DB_ARGS(db_text(scope->workspace), db_text(budget), db_int(start), db_int(share)),
                 &changed, err))
        return false;
    *is_new_r = changed > 0;
    return true;
}
