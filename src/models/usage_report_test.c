/* usage_report_test.c - which days are unusual. */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "models/usage_report.h"

#define DAY_MS INT64_C(86400000)

Test(models, a_day_is_unusual_beside_days_of_its_kind)
{
    static const struct {
        const char *about;
        int64_t costs[30]; /* day by day from a Monday; not above 0: nothing was called */
        const char *unusual;
    } cases[] = {
        { "nothing to compare with", { 100, 900, 100, 900 }, "" },
        { "all alike", { 100, 100, 100, 100, 100, 100, 100, 100 }, "" },
        { "exactly 120 %", { 100, 100, 100, 100, 100, 120 }, "" },
        { "more than that", { 100, 100, 100, 100, 100, 200 }, "5" },
        { "days without calls are no days of nothing",
          { 100, -1, 100, -1, 100, -1, 100, -1, 100, -1, 119, -1, 300 },
          "12" },
        { "Sundays are dear, and are measured against Sundays",
          { 100, 100, 100, 100, 100, 100, 900, 100, 100, 100, 100, 100, 100, 900, 100,
            100, 100, 100, 100, 100, 900, 100, 100, 100, 100, 100, 100, 900, 900 },
          "6 13 20 28" },
        { "one dear day does not make dear days usual",
          { 100, 100, 100, 100, 100, 999, 100, 100, 150 },
          "5 8" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        CallSumRow days[30] = { 0 };
        size_t count = 0, unusual_count;
        UnusualDay *unusual;
        for (int64_t day = 0; day < 30; day++) {
            char text[TIME_TEXT_SIZE];
            if (cases[i].costs[day] <= 0)
                continue;
            /* 2026-11-02 is a Monday. */
            Str time = time_format(1793577600000 + day * DAY_MS, text);
            days[count].name = str_copy(arena, str_slice(time, 0, 10));
            days[count++].totals.cost_pico = cases[i].costs[day] * 1000000;
        }
        usage_unusual_days(arena, days, count, &unusual, &unusual_count);
        Buf found = buf_new(arena, KB(1));
        for (size_t j = 0; j < unusual_count; j++) {
            int64_t time_ms = 0;
            Error err;
            cr_assert(time_parse(unusual[j].day, &time_ms, &err));
            buf_addf(&found, "%s%d", j ? " " : "", (int)((time_ms - 1793577600000) / DAY_MS));
        }
        cr_assert(str_is(buf_str(&found), cases[i].unusual), "%s: %s", cases[i].about,
                  buf_c(&found));
    }
}
