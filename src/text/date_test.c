/* date_test.c - what sentences say of dates; the day of reference is Thursday, 14 March 2024,
 * 15:20. */
#include "text/date_check.h"

#include "text/date_calendar.h"

#define REFERENCE "2024-03-14T15:20:00"
#define CHECK_ALL(cases, ...) DATE_CHECK_ALL(cases, REFERENCE, __VA_ARGS__)

static const DateCase deadlines[] = {
    { "Send it by EOD Friday.", "../2024-03-15T23:59:59" },
    { "Invoices are due by COB tomorrow", "../2024-03-15T17:00:00" },
    { "by the end of next week", "../2024-03-25" },
    { "reply within 3 business days", "2024-03-14/2024-03-19" },
    { "before the 15th", "../2024-03-15" },
    { "no later than 1 June 2024", "../2024-06-01" },
    { "two weeks from Tuesday", "2024-04-02" },
    { "ready next Friday", "2024-03-22" },
    { "ready this Friday", "2024-03-15" },
    { "ready on Friday", "2024-03-15" },
    { "in a fortnight", "2024-03-28" },
    { "in 5 business days", "2024-03-21" },
    { "the draft is wanted in Q3", "2024-07-01/2024-10-01" },
    { "by the end of Q2 2025", "../2025-07-01" },
    { "by 5pm today", "../2024-03-14T17:00:00" },
    { "tomorrow before noon", "../2024-03-15T12:00:00" },
    { "until 30 April", "../2024-04-30" },
    { "by the 20th of next month", "../2024-04-20" },
    { "not before 2 September 2024", "2024-09-02/.." },
    { "next business day", "2024-03-15" },
    { "by EOM", "../2024-04-01" },
    { "before year end", "../2025-01-01" },
};

Test(date, deadlines_are_found) { CHECK_ALL(deadlines, .language = S("en")); }

static const DateCase points[] = {
    { "We met on the 3rd of May, 2019.", "2019-05-03" },
    { "Sept. 9 2021 was sunny", "2021-09-09" },
    { "7/4/1999", "1999-07-04" },
    { "25/12/2023", "2023-12-25" },
    { "2024-02-29T08:05:00Z", "2024-02-29T08:05:00Z" },
    { "noon tomorrow", "2024-03-15T12:00:00" },
    { "half past nine in the evening", "21:30:00" },
    { "quarter to six in the morning", "05:45:00" },
    { "Monday at 9", "2024-03-18T09:00:00" },
    { "at 4 on Monday", "2024-03-18T16:00:00" },
    { "20 minutes ago", "2024-03-14T15:00:00" },
    { "three days before Christmas", "2024-12-22" },
    { "the last Friday of May", "2024-05-31" },
    { "the second Tuesday in November 2024", "2024-11-12" },
    { "the day after tomorrow", "2024-03-16" },
    { "the last business day of June 2024", "2024-06-28" },
    { "the first Monday", "2024-04-01" },
    { "Wednesday week", "2024-03-27" },
    { "three Tuesdays ago", "2024-02-27" },
    { "the day after Labor Day", "2024-09-03" },
    { "half past ten tomorrow morning", "2024-03-15T10:30:00" },
    { "0815 hours", "08:15:00" },
    { "Easter Monday 2024", "2024-04-01" },
    { "Thanksgiving 2025", "2025-11-27" },
    { "March 31 plus one month", "2024-03-31 P1M" },
    { "a month from January 31st, 2025", "2025-02-28" },
};

Test(date, points_are_found) { CHECK_ALL(points, .language = S("en")); }

static const DateCase ranges[] = {
    { "next week", "2024-03-18/2024-03-25" },
    { "from 5 to 9 April", "2024-04-05/2024-04-09" },
    { "June 28 - July 3, 2024", "2024-06-28/2024-07-03" },
    { "between 2 and 4pm on Sunday", "2024-03-17T14:00:00/2024-03-17T16:00:00" },
    { "from November to February", "2024-11-01/2025-02-01" },
    { "the first week of 2025", "2024-12-30/2025-01-06" },
    { "last 3 months", "2023-12-14/2024-03-14" },
    { "since 2020", "2020-01-01/.." },
    { "after May 2024", "2024-06-01/.." },
    { "tonight", "2024-03-14T20:00:00/2024-03-14T23:59:59" },
    { "10pm-2am", "22:00:00/02:00:00" },
    { "Tuesday to Thursday next week", "2024-03-19/2024-03-21" },
    { "6pm Saturday to 8am Monday", "2024-03-16T18:00:00/2024-03-18T08:00:00" },
    { "from the 4th to the 9th of next month", "2024-04-04/2024-04-09" },
    { "from Q2 to Q4 2025", "2025-04-01/2025-10-01" },
    { "the 1980s", "1980-01-01/1990-01-01" },
    { "mid-July", "2024-07-10/2024-07-21" },
};

Test(date, ranges_are_found) { CHECK_ALL(ranges, .language = S("en")); }

static const DateCase durations[] = {
    { "for an hour and a half", "PT1.5H" },
    { "it takes 2 weeks and 3 days", "P2W3D" },
    { "a 45-minute call", "PT45M" },
    { "half a year", "P0.5Y" },
    { "it ran for 90s", "" },
};

Test(date, durations_are_found) { CHECK_ALL(durations, .language = S("en")); }

static const DateCase rules[] = {
    { "every other Monday until June", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;UNTIL=20240601" },
    { "each weekday at 9:15am", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYHOUR=9;BYMINUTE=15" },
    { "every 3 months", "FREQ=MONTHLY;INTERVAL=3" },
    { "Tuesdays and Thursdays", "FREQ=WEEKLY;BYDAY=TU,TH" },
    { "open on weekends", "FREQ=WEEKLY;BYDAY=SA,SU" },
    { "once a year", "FREQ=YEARLY" },
    { "a daily report", "FREQ=DAILY" },
};

Test(date, recurrences_are_rules_of_rfc_5545) { CHECK_ALL(rules, .language = S("en")); }

static const DateCase nothings[] = {
    { "", "" },
    { "You may march on, the sun sat still.", "" },
    { "Call +49 30 1234-5678 or 555-1234", "" },
    { "version 10.2.3 of the file", "" },
    { "a 16:9 screen costs $2000", "" },
    { "12 people and 3000 sheep", "" },
    { "the second attempt", "" },
    { "1/0", "" },
    { "February 30", "" },
    { "Good morning everyone", "" },
    { "the end of the road", "" },
    { "fiscal year 2023", "" },
    { "the winter of 2010", "" },
    { "it takes 4-6 hours", "" },
    { "three times a day", "" },
};

Test(date, what_says_no_date_gets_none) { CHECK_ALL(nothings, .language = S("en")); }

static const DateCase german[] = {
    { "bis Freitag", "../2024-03-15" }, { "am 3. Mai 2024 um 15 Uhr", "2024-05-03T15:00:00" },
    { "übermorgen", "2024-03-16" },     { "nächste Woche", "2024-03-18/2024-03-25" },
    { "in 3 Tagen", "2024-03-17" },     { "vor zwei Wochen", "2024-02-29" },
    { "01.04.2024", "2024-04-01" },
};

Test(date, german_is_understood) { CHECK_ALL(german, .language = S("de")); }

static const DateCase french[] = {
    { "le 14 juillet 2024", "2024-07-14" }, { "demain", "2024-03-15" },
    { "dans 3 jours", "2024-03-17" },       { "il y a deux semaines", "2024-02-29" },
    { "lundi prochain", "2024-03-18" },     { "la semaine prochaine", "2024-03-18/2024-03-25" },
    { "03/04/2024", "2024-04-03" },
};

Test(date, french_is_understood) { CHECK_ALL(french, .language = S("fr")); }

static const DateCase spanish[] = {
    { "el 5 de mayo de 2024", "2024-05-05" }, { "mañana", "2024-03-15" },
    { "hace 3 días", "2024-03-11" },          { "en dos semanas", "2024-03-28" },
    { "el próximo viernes", "2024-03-22" },   { "antes del 1 de junio de 2024", "../2024-06-01" },
};

Test(date, spanish_is_understood) { CHECK_ALL(spanish, .language = S("es")); }

Test(date, the_bytes_where_it_stands_are_said)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    DateReference reference = { .language = S("en") };
    DateFound *found;
    Str text = S("Naïve: pay by 1 May 2024, please");
    cr_assert_eq(date_find(arena, text, &reference, &found), 1);
    Str there = str_slice(text, found->start, found->end);
    cr_expect(str_is(there, "by 1 May 2024"));
    cr_expect(found->is_deadline && found->kind == DATE_RANGE && !found->value.start.has_day);
}

Test(date, both_readings_of_an_ambiguous_day_are_said)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    DateReference reference = { .language = S("en") };
    Error err = { 0 };
    DateFound *found;
    cr_assert(date_read_civil(S(REFERENCE), &reference.now, &err));
    cr_assert_eq(date_find(arena, S("on Friday"), &reference, &found), 1);
    cr_expect(found->is_ambiguous && str_is(found->iso, "2024-03-15"));
    cr_expect(str_is(found->other_iso, "2024-03-08"));
    reference.prefers_past = true;
    cr_assert_eq(date_find(arena, S("on Friday"), &reference, &found), 1);
    cr_expect(str_is(found->iso, "2024-03-08"));
}

Test(date, nested_edges_end)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    DateReference reference = { .language = S("en") };
    DateFound *found;
    Buf text = buf_new(arena, MB(1));
    for (int i = 0; i < 5000; i++)
        buf_add(&text, S("the end of the first week of "));
    cr_expect(date_find(arena, buf_str(&text), &reference, &found) < 5000);
}

Test(date, civil_days_and_back)
{
    for (int64_t day = -800000; day < 3000000; day += 997) {
        Civil c = civil_of(day);
        cr_assert_eq(civil_days(c.year, c.month, c.day), day);
        cr_assert(civil_is_valid(c.year, c.month, c.day) || c.year < 1 || c.year > 9999);
    }
    cr_expect_eq(civil_days(1970, 1, 1), 0);
    cr_expect_eq(weekday_of(civil_days(2000, 2, 29)), 2);
    cr_expect_eq(civil_days(2023, 14, 1), civil_days(2024, 2, 1));
}

Test(date, easter_and_weeks_are_those_of_the_almanac)
{
    static const int easters[][3] = {
        { 1961, 4, 2 }, { 2000, 4, 23 }, { 2008, 3, 23 }, { 2038, 4, 25 }
    };
    for (size_t i = 0; i < COUNT(easters); i++)
        cr_expect_eq(easter_of(easters[i][0]),
                     civil_days(easters[i][0], easters[i][1], easters[i][2]));
    cr_expect_eq(weeks_of_year(2020), 53);
    cr_expect_eq(weeks_of_year(2021), 52);
    cr_expect_eq(week_of_year(2021, 1), civil_days(2021, 1, 4));
}

typedef struct ZoneCase {
    const char *zone, *civil, *utc;
} ZoneCase;

static const ZoneCase zones[] = {
    { "", "2024-07-01T12:00:00", "2024-07-01T12:00:00Z" },
    { "Europe/Berlin", "2024-01-15T12:00:00", "2024-01-15T11:00:00Z" },
    { "Europe/Berlin", "2024-07-15T12:00:00", "2024-07-15T10:00:00Z" },
    { "Europe/Berlin", "2024-03-31T02:30:00", "2024-03-31T01:30:00Z" }, /* skipped: 03:30 */
    { "Europe/Berlin", "2024-10-27T02:30:00", "2024-10-27T00:30:00Z" }, /* twice: the first */
    { "America/New_York", "2050-07-04T09:00:00", "2050-07-04T13:00:00Z" },
    { "Asia/Kolkata", "2024-03-01T00:00:00", "2024-02-29T18:30:00Z" },
};

Test(date, zones_know_summer_time_gaps_and_hours_that_come_twice)
{
    for (size_t i = 0; i < COUNT(zones); i++) {
        int64_t civil = 0, utc = 0, time_ms = 0, back = 0;
        Error err = { 0 };
        cr_assert(date_read_civil(str(zones[i].civil), &civil, &err));
        cr_assert(date_read_civil(str(zones[i].utc), &utc, &err));
        cr_assert(date_instant(civil, str(zones[i].zone), &time_ms, &err), "%s", err.message);
        cr_expect_eq(time_ms, utc * 1000, "%s %s", zones[i].zone, zones[i].civil);
        cr_assert(date_local(time_ms, str(zones[i].zone), &back, &err));
        cr_expect(back == civil || back == civil + 3600, "%s", zones[i].civil);
    }
}

Test(date, a_zone_is_a_name_and_no_path)
{
    static const char *const names[] = { "../../etc/passwd", "/etc/passwd", "Europe",
                                         "Nowhere/City",     "a//b",        "posixrules\n" };
    for (size_t i = 0; i < COUNT(names); i++) {
        int64_t time_ms = 0;
        Error err = { 0 };
        cr_expect_not(date_instant(0, str(names[i]), &time_ms, &err), "%s", names[i]);
        cr_expect_eq(err.code, ERROR_INVALID);
    }
}
