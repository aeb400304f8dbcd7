/* recurrence_test.c - when a task comes again. */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "tasks/recurrence.h"

static int64_t at(const char *text)
{
    int64_t time = 0;
    Error err;
    cr_assert(time_parse(str(text), &time, &err), "%s", text);
    return time / 1000;
}

static const struct {
    const char *rule, *start, *after, *next, *rest;
} cases[] = {
    { "FREQ=DAILY", "2026-11-20T09:00:00Z", "2026-11-20T09:00:00Z", "2026-11-21T09:00:00Z",
      "FREQ=DAILY" },
    { "FREQ=DAILY;INTERVAL=3", "2026-11-20", "2026-11-24", "2026-11-26", "FREQ=DAILY;INTERVAL=3" },
    { "FREQ=WEEKLY", "2026-11-20", "2026-11-20", "2026-11-27", "FREQ=WEEKLY" },
    { "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", "2026-11-18", "2026-11-18", "2026-11-30", NULL },
    { "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", "2026-11-16", "2026-11-16", "2026-11-29",
      NULL },
    { "FREQ=MONTHLY", "2026-01-31", "2026-01-31", "2026-03-31", NULL },
    { "FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31", "2026-01-31", "2026-02-28", NULL },
    { "FREQ=MONTHLY;BYDAY=2TU", "2026-11-10", "2026-11-10", "2026-12-08", NULL },
    { "FREQ=MONTHLY;BYDAY=-1FR", "2026-11-27", "2026-11-27", "2026-12-25", NULL },
    { "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-10-30", "2026-10-30", "2026-11-30",
      NULL },
    { "FREQ=YEARLY", "2024-02-29", "2024-02-29", "2028-02-29", NULL },
    { "FREQ=YEARLY;BYMONTH=3,9;BYMONTHDAY=1", "2026-03-01", "2026-03-01", "2026-09-01", NULL },
    { "FREQ=DAILY;COUNT=3", "2026-11-20", "2026-11-20", "2026-11-21", "FREQ=DAILY;COUNT=2" },
    { "FREQ=DAILY;COUNT=2", "2026-11-20", "2026-11-21", NULL, NULL },
    { "FREQ=DAILY;COUNT=1", "2026-11-20", "2026-11-20", NULL, NULL },
    { "FREQ=DAILY;UNTIL=20261121", "2026-11-20", "2026-11-20", "2026-11-21", NULL },
    { "FREQ=DAILY;UNTIL=20261121", "2026-11-20", "2026-11-21", NULL, NULL },
    { "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", "2026-01-30", "2026-01-30", NULL, NULL },
};

Test(tasks, a_rule_gives_the_next_time_and_what_is_left_of_it)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t next = 0;
        Str rest;
        bool comes = recurrence_next(arena, str(cases[i].rule), at(cases[i].start),
                                     at(cases[i].after), &next, &rest);
        cr_assert_eq(comes, cases[i].next != NULL, "%s", cases[i].rule);
        if (!comes)
            continue;
        cr_assert_eq(next, at(cases[i].next), "%s: %" PRId64, cases[i].rule, next);
        cr_assert(!cases[i].rest || str_is(rest, cases[i].rest), "%s", cases[i].rule);
    }
}

Test(tasks, a_rule_that_is_not_understood_is_refused)
{
    static const char *const bad[] = {
        "",
        "FREQ",
        "FREQ=HOURLY",
        "BYDAY=MO",
        "FREQ=DAILY;",
        "FREQ=DAILY;COUNT=0",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=9MO",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;UNTIL=soon",
        "FREQ=YEARLY;BYWEEKNO=2",
        "FREQ=WEEKLY;BYSETPOS=1",
    };
    Error err;
    for (size_t i = 0; i < COUNT(bad); i++)
        cr_assert(!recurrence_check(str(bad[i]), &err), "%s", bad[i]);
    cr_assert(recurrence_check(S("FREQ=MONTHLY;BYDAY=+1MO;INTERVAL=2"), &err));
}
