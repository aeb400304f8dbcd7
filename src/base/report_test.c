/* report_test.c - what leaves the program of its failures: seldom, and without people's words. */
#include <criterion/criterion.h>

#include "base/report.h"

#define HIDDEN "\xe2\x80\xa6"

Test(report, words_of_people_and_secrets_are_scrubbed)
{
    static const struct {
        const char *message, *left;
    } cases[] = {
        { "the database is locked", "the database is locked" },
        { "there is no document 'Salaries 2026.xlsx'", "there is no document '" HIDDEN "'" },
        { "'a b' and \"c d\" end", "'" HIDDEN "' and '" HIDDEN "' end" },
        { "it's anna's, don't look", "it's anna's, don't look" },
        { "unclosed 'and so on, for ever", "unclosed '" HIDDEN "'" },
        { "mail to anna@example.org failed", "mail to " HIDDEN " failed" },
        { "reading /home/anna/cv.pdf (signal 11)", "reading " HIDDEN " (signal 11)" },
        { "https://u:p@api.example.org/v1/x?key=1 said 500", "https://api.example.org said 500" },
        { "key sk-proj-abcdefghij0123456789 is wrong", "key " HIDDEN " is wrong" },
        { "document 01a204d2-4c31-7080-9a42-75cbd2085d0e", "document " HIDDEN },
        { "token=abc", HIDDEN },
        { "two\nlines", "two lines" },
        { "", "" },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str left = report_scrub(arena, str(cases[i].message), 500);
        cr_expect(str_is(left, cases[i].left), "%s -> %s", cases[i].message, str_c(arena, left));
    }
}

Test(report, one_kind_is_told_once_a_minute)
{
    Failure one = { .area = "http", .where = S("GET /x"), .what = S("io"), .message = S("gone") };
    Failure other = one;
    Report report;
    other.where = S("GET /y");
    report_failure(&one); /* nobody listens */
    report_open();
    for (int i = 0; i < 10; i++)
        report_failure(&one);
    report_failure(&other);
    cr_assert(report_take(&report, 0));
    cr_expect_str_eq(report.where, "GET /x");
    cr_expect_eq(report.times, 1);
    cr_assert(report_take(&report, 0));
    cr_expect_str_eq(report.where, "GET /y");
    cr_expect(!report_take(&report, 0));
    report_close();
}

Test(report, more_kinds_than_the_queue_has_room_for_are_dropped)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Report report;
    int taken = 0;
    report_open();
    for (int i = 0; i < 500; i++) {
        Failure one = { .area = "http",
                        .where = str_format(arena, "GET /%d", i),
                        .what = S("io"),
                        .message = S("gone") };
        report_failure(&one);
    }
    while (report_take(&report, 0))
        taken++;
    cr_expect(taken > 0 && taken <= 64, "%d", taken);
    report_close();
}
