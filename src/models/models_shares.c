/* models_shares.c - a budget has reached 50, 80 or 100 per cent: noted and told once in a period,
 * by whichever node sees it first. */
#include "base/clock.h"
#include "gateway/price.h"
#include "models/models_budgets.h"
#include "notify/notify.h"
#include "store/api_keys_store.h"
#include "store/audit_store.h"
#include "store/people_store.h"

static const int64_t shares[] = { 100, 80, 50 };

typedef struct ShareWork {
    Arena *arena;
    Scope scope;
    Str id;
    BudgetRow row;
    int64_t share;
} ShareWork;

static bool find_in(DbTx *tx, void *argument, Error *err)
{
    ShareWork *work = argument;
    return budget_find(tx, &work->scope, work->arena, work->id, now_ms(), &work->row, err);
}

static int64_t share_reached(const BudgetRow *row)
{
    for (size_t i = 0; i < COUNT(shares); i++)
        if ((__int128)row->spent * 100 >= (__int128)row->amount * shares[i])
            return shares[i];
    return 0;
}

static bool name_of(DbTx *tx, const ShareWork *work, Str *name_r, Error *err)
{
    const Subject *subject = &work->row.subject;
    ApiKey key;
    User user;
    *name_r = S("This workspace");
    if (subject->kind == SUBJECT_KEY) {
        if (!api_key_find(tx, &work->scope, work->arena, subject->id, &key, err))
            return false;
        *name_r = str_format(work->arena, "The key \"" STR_FMT "\"", STR_ARG(key.name));
    } else if (subject->kind == SUBJECT_USER) {
        if (!user_find(tx, &work->scope, work->arena, subject->id, &user, err))
            return false;
        *name_r = user.name;
    }
    return true;
}

static Str limit_text(Arena *arena, const BudgetRow *row)
{
    return row->counts_calls ? str_format(arena, "%" PRId64 " calls", row->amount)
                             : price_text(arena, row->amount);
}

static bool send_notice(DbTx *tx, const ShareWork *work, Error *err)
{
    static const char *const per[] = {
        [PERIOD_DAY] = "a day", [PERIOD_MONTH] = "a month", [PERIOD_TOTAL] = "in total"
    };
    const BudgetRow *row = &work->row;
    Str name;
    if (!name_of(tx, work, &name, err))
        return false;
    NoticeField fields[] = {
        { "name", name },
        { "value", str_format(work->arena, "%" PRId64, work->share) },
        { "limit", limit_text(work->arena, row) },
        { "period", str(per[row->period]) },
    };
    Notice notice = { .kind = NOTICE_budget,
                      .audience = ROLE_ADMIN,
                      .fields = fields,
                      .field_count = COUNT(fields) };
    return notify_send(tx, &work->scope, work->arena, &notice, err);
}

static bool tell_in(DbTx *tx, void *argument, Error *err)
{
    const ShareWork *work = argument;
    bool is_new;
    AuditEntry entry = { .action = S("budget.reached"),
                         .subject_kind = S("budget"),
                         .subject = work->id,
                         .details =
                             str_format(work->arena, "{\"share\":%" PRId64 "}", work->share) };
    if (!budget_tell(tx, &work->scope, work->id, work->row.period_start_ms, work->share, &is_new,
                     err))
        return false;
    return !is_new || (audit_add(tx, &work->scope, &entry, err) && send_notice(tx, work, err));
}

void spendings_tell(Db *db, Arena *arena, const Spendings *spendings)
{
    Error ignored; /* what is not told now is told with the next call */
    for (size_t i = 0; i < spendings->count; i++) {
        const BudgetSpending *spending = &spendings->rows[i];
        ShareWork work = { .arena = arena,
                           .scope = { .workspace = spending->workspace, .role = ROLE_OWNER },
                           .id = spending->budget };
        if (!store_read(db, &work.scope, find_in, &work, &ignored) ||
            work.row.period_start_ms != spending->period_start_ms)
            continue;
        work.share = share_reached(&work.row);
        if (work.share > work.row.told)
            (void)!store_write(db, &work.scope, tell_in, &work, &ignored);
    }
}
