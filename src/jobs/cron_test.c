#include "jobs/cron.h"

#include <criterion/criterion.h>

#include "base/clock.h"

static Arena *arena;
static void open_arena(void) { arena = arena_new(MB(16)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(cron, .init = open_arena, .fini = close_arena);

static int64_t at(const char *text)
{
    int64_t time_ms = 0;
    Error err;
    cr_assert(time_parse(str(text), &time_ms, &err), "%s", err.message);
    return time_ms;
}

/* The times after `from`, as UTC without seconds and with a space between. */
static Str times_of(const char *rule, const char *zone_name, const char *from, size_t count)
{
    Buf text = buf_new(arena, KB(4));
    const DateZone *zone;
    int64_t time_ms = at(from);
    char shown[TIME_TEXT_SIZE];
    Error err = { 0 };
    Cron cron;

    cr_assert(cron_read(str(rule), &cron, &err), "%s: %s", rule, err.message);
    cr_assert(date_zone(arena, str(zone_name), &zone, &err), "%s", err.message);
    for (size_t i = 0; i < count; i++) {
        if (!cron_next(&cron, zone, time_ms, &time_ms)) {
            buf_add(&text, S(" never"));
            break;
        }
        buf_addf(&text, "%s%.16s", i ? " " : "", time_format(time_ms, shown).at);
    }
    return str(buf_c(&text));
}

typedef struct Case {
    const char *rule, *zone, *from, *times;
} Case;

static void check(const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const Case *one = &cases[i];
        size_t wanted = 1;
        for (const char *c = one->times; *c; c++)
            wanted += *c == ' ';
        Str times = times_of(one->rule, one->zone, one->from, wanted);
        cr_expect(str_is(times, one->times), "%s %s from %s: %s instead of %s", one->rule,
                  one->zone, one->from, times.at, one->times);
    }
}

Test(cron, the_next_times_are_those_of_the_rule)
{
    static const Case cases[] = {
        { "* * * * *", "", "2026-01-01T00:00:00Z", "2026-01-01T00:01 2026-01-01T00:02" },
        { "* * * * *", "", "2026-01-01T00:00:59.999Z", "2026-01-01T00:01" },
        { "*/20 * * * *", "", "2026-01-01T00:41:00Z", "2026-01-01T01:00 2026-01-01T01:20" },
        { "5/20 3 * * *", "", "2026-01-01T03:05:00Z",
          "2026-01-01T03:25 2026-01-01T03:45 2026-01-02T03:05" },
        { "0 9-17/4 * * *", "", "2026-01-01T10:00:00Z",
          "2026-01-01T13:00 2026-01-01T17:00 2026-01-02T09:00" },
        { "30 7 * * mon-fri", "", "2026-01-02T08:00:00Z", "2026-01-05T07:30 2026-01-06T07:30" },
        { "0 0 * * 7", "", "2026-01-01T00:00:00Z", "2026-01-04T00:00 2026-01-11T00:00" },
        { "0 0 * * sun", "", "2026-01-01T00:00:00Z", "2026-01-04T00:00" },
        { "0 0 31 * *", "", "2026-01-31T00:00:00Z", "2026-03-31T00:00 2026-05-31T00:00" },
        { "0 0 29 2 *", "", "2026-01-01T00:00:00Z", "2028-02-29T00:00 2032-02-29T00:00" },
        { "0 0 29 2 *", "", "2096-03-01T00:00:00Z", "2104-02-29T00:00" },
        { "0 0 1 JAN,jul *", "", "2026-01-01T00:00:00Z", "2026-07-01T00:00 2027-01-01T00:00" },
        /* Either day counts where both are said; a star does not widen the other. */
        { "0 0 13 * fri", "", "2026-02-01T00:00:00Z",
          "2026-02-06T00:00 2026-02-13T00:00 2026-02-20T00:00" },
        { "0 0 */2 * mon", "", "2026-02-01T00:00:00Z", "2026-02-09T00:00 2026-02-23T00:00" },
        { "@hourly", "", "2026-01-01T00:00:00Z", "2026-01-01T01:00" },
        { "@weekly", "", "2026-01-01T00:00:00Z", "2026-01-04T00:00" },
        { "@yearly", "", "2026-01-01T00:00:00Z", "2027-01-01T00:00" },
        { " 1\t2 3 4  * ", "", "2026-01-01T00:00:00Z", "2026-04-03T02:01" },
        { "0 0 30 2 *", "", "2026-01-01T00:00:00Z", " never" },
        { "0 8 * * *", "Asia/Kolkata", "2026-01-01T00:00:00Z", "2026-01-01T02:30" },
        { "0 0 * * *", "Pacific/Kiritimati", "2026-01-01T00:00:00Z", "2026-01-01T10:00" },
        { "0 8 * * *", "Europe/Berlin", "2045-06-30T12:00:00Z", "2045-07-01T06:00" },
    };
    check(cases, COUNT(cases));
}

Test(cron, a_skipped_time_comes_later_by_the_jump_and_a_doubled_one_once)
{
    static const Case cases[] = {
        /* Berlin: 2026-03-29 01:00Z from 2 to 3 o'clock, 2026-10-25 01:00Z from 3 to 2. */
        { "30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00Z",
          "2026-03-28T01:30 2026-03-29T01:30 2026-03-30T00:30" },
        { "30 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z",
          "2026-03-29T01:30 2026-03-30T00:30 2026-03-30T01:30" },
        { "0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00" },
        { "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
          "2026-10-25T00:30 2026-10-26T01:30" },
        { "0 2,3 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z",
          "2026-10-25T00:00 2026-10-25T02:00 2026-10-26T01:00" },
        /* What comes in every hour follows the time that passes. */
        { "*/30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z",
          "2026-03-29T00:30 2026-03-29T01:00 2026-03-29T01:30" },
        { "0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z",
          "2026-10-25T00:00 2026-10-25T01:00 2026-10-25T02:00" },
        { "15,45 * * * *", "Europe/Berlin", "2026-10-25T00:20:00Z",
          "2026-10-25T00:45 2026-10-25T01:15 2026-10-25T01:45 2026-10-25T02:15" },
        /* New York: 2026-03-08 07:00Z and 2026-11-01 06:00Z. */
        { "30 2 * * *", "America/New_York", "2026-03-08T00:00:00Z",
          "2026-03-08T07:30 2026-03-09T06:30" },
        { "30 1 * * *", "America/New_York", "2026-11-01T00:00:00Z",
          "2026-11-01T05:30 2026-11-02T06:30" },
        /* Lord Howe jumps by half an hour: 2026-10-03 15:30Z on, 2026-04-04 15:00Z back. */
        { "15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z",
          "2026-10-03T15:45 2026-10-04T15:15" },
        { "45 1 * * *", "Australia/Lord_Howe", "2026-04-04T00:00:00Z",
          "2026-04-04T14:45 2026-04-05T15:15" },
        /* Santiago skips midnight: 2026-09-06 04:00Z, so that the day begins at 1 o'clock. */
        { "0 0 * * *", "America/Santiago", "2026-09-05T12:00:00Z",
          "2026-09-06T04:00 2026-09-07T03:00" },
        /* Apia had no 30 December 2011: the day's times came as those of the 31st. */
        { "0 12 * * *", "Pacific/Apia", "2011-12-29T00:00:00Z",
          "2011-12-29T22:00 2011-12-30T22:00 2011-12-31T22:00" },
    };
    check(cases, COUNT(cases));
}

Test(cron, a_rule_with_a_mistake_is_refused_by_its_part)
{
    static const struct {
        const char *rule, *says;
    } cases[] = {
        { "", "five fields" },
        { "* * * *", "five fields" },
        { "* * * * * *", "after five fields" },
        { "60 * * * *", "no minute" },
        { "* 24 * * *", "no hour" },
        { "* * 0 * *", "no day of the month" },
        { "* * 32 * *", "no day of the month" },
        { "* * * 13 *", "no month" },
        { "* * * janu *", "no month" },
        { "* * * * 8", "no day of the week" },
        { "* * * * fri-mon", "no day of the week" },
        { "9-5 * * * *", "no minute" },
        { "*/0 * * * *", "no minute" },
        { "*/61 * * * *", "no minute" },
        { "1,,2 * * * *", "no minute" },
        { "1- * * * *", "no minute" },
        { "-1 * * * *", "no minute" },
        { "1.5 * * * *", "no minute" },
        { "mon * * * *", "no minute" },
        { "@never", "no minute" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Cron cron;
        Error err = { 0 };
        cr_expect(!cron_read(str(cases[i].rule), &cron, &err), "%s", cases[i].rule);
        cr_expect(err.code == ERROR_INVALID && strstr(err.message, cases[i].says), "%s: %s",
                  cases[i].rule, err.message);
    }
}
