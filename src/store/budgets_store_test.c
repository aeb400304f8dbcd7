/* budgets_store_test.c - credit is lent, spent, taken back, and never more than there is. */
#include "store/budgets_store.h"

#include "base/clock.h"
#include "store/world_test.h"

#define NOON INT64_C(1763726400000) /* 2025-11-21 12:00 UTC */
#define DAY INT64_C(86400000)

Test(store, periods_begin_at_midnight_and_on_the_first)
{
    static const struct {
        const char *now;
        BudgetPeriod period;
        const char *start, *end;
    } cases[] = {
        { "2025-11-21T12:00:00Z", PERIOD_DAY, "2025-11-21", "2025-11-22" },
        { "2025-11-21T00:00:00Z", PERIOD_DAY, "2025-11-21", "2025-11-22" },
        { "2025-11-20T23:59:59.999Z", PERIOD_DAY, "2025-11-20", "2025-11-21" },
        { "2025-12-31T23:59:59.999Z", PERIOD_MONTH, "2025-12-01", "2026-01-01" },
        { "2026-01-01T00:00:00Z", PERIOD_MONTH, "2026-01-01", "2026-02-01" },
        { "2028-02-29T00:00:00Z", PERIOD_MONTH, "2028-02-01", "2028-03-01" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t now, start, end, from, to;
        Error err;
        cr_assert(time_parse(str(cases[i].now), &now, &err) &&
                  time_parse(str(cases[i].start), &from, &err) &&
                  time_parse(str(cases[i].end), &to, &err));
        budget_period_bounds(cases[i].period, now, &start, &end);
        cr_assert(start == from && end == to, "%s", cases[i].now);
    }
}

static bool add(DbTx *tx, World *world, BudgetPeriod period, int64_t amount, Str *id_r, Error *err)
{
    BudgetRow row = {
        .subject = { SUBJECT_KEY, S("k") }, .period = period, .counts_calls = true, .amount = amount
    };
    CALL(budget_set(tx, &world->ours, world->arena, &row, err));
    *id_r = row.id;
    return true;
}

static bool lend(DbTx *tx, World *world, Str id, const char *node, int64_t wanted, int64_t ahead,
                 int64_t now, BudgetLent *lent_r, Error *err)
{
    BudgetWish wish = { .budget = id,
                        .node = str(node),
                        .least = MIN(wanted, (int64_t)1),
                        .wanted = wanted,
                        .ahead = ahead,
                        .now_ms = now };
    return budget_lend(tx, &world->ours, world->arena, &wish, lent_r, err);
}

STORE_TEST(never_more_is_lent_than_there_is)
{
    static const struct {
        const char *node;
        int64_t wanted, ahead, amount;
    } cases[] = { { "a", 10, 0, 10 },
                  { "b", 10, 100, 20 },
                  { "a", 60, 0, 60 },
                  { "b", 20, 50, 10 },
                  { "a", 1, 50, 0 } };
    BudgetLent lent;
    BudgetRow row;
    Str id;
    CALL(add(tx, world, PERIOD_DAY, 100, &id, err));
    for (size_t i = 0; i < COUNT(cases); i++) {
        CALL(lend(tx, world, id, cases[i].node, cases[i].wanted, cases[i].ahead, NOON, &lent, err));
        EXPECT(lent.amount == cases[i].amount);
        EXPECT(lent.period_end_ms - lent.period_start_ms == DAY);
    }
    CALL(budget_take_back(tx, &world->ours, id, S("a"), lent.period_start_ms, 30, err));
    CALL(lend(tx, world, id, "b", 40, 0, NOON, &lent, err));
    EXPECT(lent.amount == 30);
    CALL(budget_find(tx, &world->ours, world->arena, id, NOON, &row, err));
    EXPECT(row.lent == 100 && row.spent == 0);
    CALL(lend(tx, world, id, "a", 40, 0, NOON + DAY, &lent, err));
    EXPECT(lent.amount == 40); /* another day */
    CALL(lend(tx, world, id, "b", 80, 0, NOON, &lent, err));
    EXPECT(lent.amount == 60); /* a clock that is behind opens no day again */
    return true;
}

STORE_TEST(a_clock_that_was_far_ahead_closes_no_day_and_opens_none_again)
{
    BudgetLent lent;
    BudgetRow row;
    Str id;
    CALL(add(tx, world, PERIOD_DAY, 100, &id, err));
    CALL(lend(tx, world, id, "a", 70, 0, NOON, &lent, err));
    CALL(lend(tx, world, id, "a", 100, 0, NOON + 40 * DAY, &lent, err));
    EXPECT(lent.amount == 100);
    CALL(budget_find(tx, &world->ours, world->arena, id, NOON, &row, err));
    EXPECT(row.lent == 70);
    CALL(lend(tx, world, id, "b", 50, 0, NOON, &lent, err));
    EXPECT(lent.amount == 30 && lent.period_end_ms < NOON + DAY);
    CALL(lend(tx, world, id, "b", 50, 0, NOON, &lent, err));
    EXPECT(lent.amount == 0);
    CALL(lend(tx, world, id, "b", 50, 0, NOON + 40 * DAY, &lent, err));
    EXPECT(lent.amount == 0); /* nor does that day open again when it comes */
    return true;
}

STORE_TEST(less_than_the_least_is_not_lent)
{
    BudgetWish wish = { .node = S("a"), .least = 8, .wanted = 24, .ahead = 100, .now_ms = NOON };
    BudgetLent lent;
    CALL(add(tx, world, PERIOD_TOTAL, 103, &wish.budget, err));
    CALL(budget_lend(tx, &world->ours, world->arena, &wish, &lent, err));
    EXPECT(lent.amount == 32); /* a share ahead, of whole calls */
    EXPECT(lent.period_end_ms == INT64_MAX);
    wish.wanted = 64;
    CALL(budget_lend(tx, &world->ours, world->arena, &wish, &lent, err));
    EXPECT(lent.amount == 64);
    CALL(budget_lend(tx, &world->ours, world->arena, &wish, &lent, err));
    EXPECT(lent.amount == 0); /* 7 are left */
    return true;
}

static bool spend(DbTx *tx, World *world, Str id, const char *node, int64_t batch, int64_t amount,
                  Error *err)
{
    Scope system = scope_system();
    BudgetSpending row = { world->ours.workspace, id, 1, amount };
    return budget_spend(tx, &system, world->arena, str(node), batch, &row, 1, err);
}

static bool spend_all(DbTx *tx, void *argument, Error *err)
{
    World *world = argument;
    BudgetLent lent;
    BudgetRow row;
    Str id;
    int64_t amount;
    bool is_new;
    CALL(add(tx, world, PERIOD_TOTAL, 100, &id, err));
    CALL(lend(tx, world, id, "a", 50, 0, NOON, &lent, err));
    CALL(lend(tx, world, id, "b", 30, 0, NOON + 60000, &lent, err));
    CALL(spend(tx, world, id, "a", 1, 20, err));
    CALL(spend(tx, world, id, "a", 1, 20, err)); /* the same batch */
    CALL(spend(tx, world, id, "a", 2, 5, err));
    CALL(spend(tx, world, id, "b", 1, 30, err));
    CALL(budget_find(tx, &world->ours, world->arena, id, NOON, &row, err));
    EXPECT(row.lent == 80 && row.spent == 55);
    CALL(budget_reclaim(tx, &world->ours, id, 1, NOON + 1, &amount, err));
    EXPECT(amount == 25); /* of node a, which was seen last at noon */
    CALL(budget_find(tx, &world->ours, world->arena, id, NOON, &row, err));
    EXPECT(row.lent == 55 && row.spent == 55);
    CALL(budget_tell(tx, &world->ours, id, 1, 50, &is_new, err));
    EXPECT(is_new);
    CALL(budget_tell(tx, &world->ours, id, 1, 50, &is_new, err));
    EXPECT(!is_new);
    CALL(add(tx, world, PERIOD_TOTAL, 60, &id, err)); /* a smaller amount keeps what was spent */
    CALL(budget_find(tx, &world->ours, world->arena, id, NOON, &row, err));
    EXPECT(row.amount == 60 && row.spent == 55 && row.told == 50);
    CALL(lend(tx, world, id, "b", 9, 0, NOON, &lent, err));
    EXPECT(lent.amount == 5);
    return true;
}

TEST_BOTH(store, what_is_spent_is_counted_once_and_the_rest_is_given_back)
{
    World world;
    Error err = { 0 };
    world_open(&world, url);
    cr_assert(store_write(world.db, &world.system, spend_all, &world, &err), "%s", err.message);
    world_close(&world);
}

STORE_TEST(limits_are_replaced)
{
    Subject subject = { SUBJECT_KEY, S("k") };
    KeyLimits set = { S("[\"gpt-5*\"]"), 60, 1000, 4 }, found;
    CALL(key_limits_find(tx, &world->ours, world->arena, &subject, &found, err));
    EXPECT(str_is(found.models, "[]") && !found.concurrent);
    CALL(key_limits_set(tx, &world->ours, &subject, &set, err));
    set.concurrent = 5;
    CALL(key_limits_set(tx, &world->ours, &subject, &set, err));
    CALL(key_limits_find(tx, &world->ours, world->arena, &subject, &found, err));
    EXPECT(str_equal(found.models, set.models) && found.concurrent == 5);
    CALL(key_limits_find(tx, &world->theirs, world->arena, &subject, &found, err));
    EXPECT(str_is(found.models, "[]") && !found.concurrent);
    return true;
}
