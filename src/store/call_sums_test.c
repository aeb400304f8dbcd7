/* call_sums_test.c - what is said of many calls by how long they took. */
#include <criterion/criterion.h>

#include "store/call_sums.h"

/* The sum of calls that took these times, milliseconds. */
static CallTotals totals_of(Arena *arena, const int64_t *took_ms, size_t count)
{
    CallRow *rows = arena_new_array(arena, CallRow, count);
    CallSums *sums = call_sums_new(arena);
    CallSum *list;
    for (size_t i = 0; i < count; i++)
        rows[i].total_us = took_ms[i] * 1000;
    call_sums_add(sums, rows, count);
    call_sums_list(sums, arena, &list, &count);
    return count ? list[0].totals : (CallTotals){ 0 };
}

Test(call_sums, quantiles_lie_within_the_range_of_their_call)
{
    static const struct {
        int64_t took_ms[4];
        size_t count;
        double share;
        int64_t quantile_ms;
    } cases[] = {
        { { 0 }, 0, 0.95, 0 },
        { { 100 }, 1, 1, 500 }, /* as far as is known */
        { { 1500 }, 1, 0.95, 1950 },
        { { 100, 100, 100, 15000 }, 4, 0.75, 500 },
        { { 100, 100, 100, 15000 }, 4, 0.875, 15000 },
        { { 10000, 10000 }, 2, 1, 10000 }, /* at its limit, not over it */
        { { 10001 }, 1, 0.5, 15000 },
        { { 400000 }, 1, 0.95, 120000 }, /* how much longer is not known */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        CallTotals totals = totals_of(arena, cases[i].took_ms, cases[i].count);
        int64_t us = call_quantile_us(&totals, cases[i].share);
        cr_expect_eq(us / 1000, cases[i].quantile_ms, "%zu: %" PRId64, i, us);
    }
}

static int by_size(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

/* An alert at one of the limits opens when more calls than its share are above, and only then. */
Test(call_sums, a_quantile_is_above_a_limit_when_the_calls_are)
{
    static const int64_t limits_ms[] = {
        500, 1000, 2000, 5000, 10000, 20000, 30000, 60000, 120000
    };
    unsigned seed = 3;
    for (int round = 0; round < 300; round++) {
        AUTO_ARENA Arena *arena = arena_new(MB(4));
        int64_t took_ms[200];
        size_t count = 1 + (size_t)rand_r(&seed) % COUNT(took_ms);
        for (size_t i = 0; i < count; i++)
            took_ms[i] = 1 + rand_r(&seed) % (1 << (8 + rand_r(&seed) % 9));
        CallTotals totals = totals_of(arena, took_ms, count);
        qsort(took_ms, count, sizeof *took_ms, by_size);
        for (size_t i = 0; i + 1 < COUNT(limits_ms); i++) {
            size_t above = 0;
            while (above < count && took_ms[count - 1 - above] > limits_ms[i])
                above++;
            bool is_above = (double)(count - above) < 0.95 * (double)count;
            cr_expect_eq(call_quantile_us(&totals, 0.95) > limits_ms[i] * 1000, is_above,
                         "%zu calls, %zu over %" PRId64 " ms", count, above, limits_ms[i]);
        }
    }
}
