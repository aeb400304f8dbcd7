/* ics_test.c - calendars as programs write them, unrolled in a week of March 2027. */
#include <criterion/criterion.h>

#include "base/clock.h"
#include "meetings/ics.h"
#include "tasks/recurrence.h"

#define EVENT(lines)                                                                               \
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\n" lines "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define OUTLOOK                                                                                    \
    "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\n"                       \
    "BEGIN:STANDARD\r\nDTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"      \
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\n"                       \
    "BEGIN:DAYLIGHT\r\nDTSTART:19810329T020000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"      \
    "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"

/* A series, and what stands apart from it. */
#define SERIES(lines) "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\n" lines "END:VEVENT\r\n"
#define CHANGE_(lines) "BEGIN:VEVENT\r\nUID:u\r\n" lines "END:VEVENT\r\n"
#define CHANGE(lines) CHANGE_(lines) "END:VCALENDAR\r\n"
#define CHANGE_ALONE(lines) "BEGIN:VCALENDAR\r\n" CHANGE(lines)

static Arena *arena;

static void open_arena(void) { arena = arena_new(MB(256)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(meetings_ics, .init = open_arena, .fini = close_arena);

static int64_t at(const char *text)
{
    int64_t time_ms = 0;
    Error err;
    cr_assert(time_parse(str(text), &time_ms, &err), "%s", text);
    return time_ms;
}

/* From the last week of winter time to the first of summer time, in Europe. */
static IcsWindow week(void)
{
    return (IcsWindow){ .from_ms = at("2027-03-22"), .until_ms = at("2027-04-05") };
}

static int compare(const void *a, const void *b)
{
    int64_t left = ((const Meeting *)a)->starts_at_ms, right = ((const Meeting *)b)->starts_at_ms;
    return left < right ? -1 : left > right;
}

/* "2027-03-22T09:00 2027-03-29T08:00": when they begin, in order. */
static Str starts(const char *text, const IcsWindow *window)
{
    IcsMeetings list;
    Error err;
    Buf out = buf_new(arena, KB(16));
    cr_assert(ics_read(arena, str(text), window, &list, &err), "%s", err.message);
    if (list.count)
        qsort(list.at, list.count, sizeof *list.at, compare);
    for (size_t i = 0; i < list.count; i++) {
        char iso[TIME_TEXT_SIZE];
        buf_addf(&out, "%s%.16s", i ? " " : "", time_format(list.at[i].starts_at_ms, iso).at);
    }
    if (list.passed_over)
        buf_addf(&out, "%s!%zu", out.length ? " " : "", list.passed_over);
    return buf_str(&out);
}

static const struct {
    const char *name, *text, *starts;
} cases[] = {
    { "once, in UTC", EVENT("DTSTART:20270323T090000Z\r\nDTEND:20270323T100000Z\r\n"),
      "2027-03-23T09:00" },
    { "outside", EVENT("DTSTART:20270523T090000Z\r\n"), "" },
    { "over the edge", EVENT("DTSTART:20270321T230000Z\r\nDURATION:PT2H\r\n"), "2027-03-21T23:00" },
    { "a zone, over its summer time",
      EVENT("DTSTART;TZID=Europe/Berlin:20270101T100000\r\nRRULE:FREQ=WEEKLY;BYDAY=MO\r\n"),
      "2027-03-22T09:00 2027-03-29T08:00" },
    { "quoted and with a slash", EVENT("DTSTART;TZID=\"/Europe/Berlin\":20270323T100000\r\n"),
      "2027-03-23T09:00" },
    { "Outlook's own zone",
      OUTLOOK "BEGIN:VEVENT\r\nUID:u\r\nDTSTART;TZID=W. Europe Standard Time:20270322T100000\r\n"
              "RRULE:FREQ=DAILY;INTERVAL=7\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
      "2027-03-22T09:00 2027-03-29T08:00" },
    { "a zone that nobody knows", EVENT("DTSTART;TZID=Mars/North:20270323T100000\r\n"), "!1" },
    { "the calendar's zone",
      "BEGIN:VCALENDAR\r\nX-WR-TIMEZONE:America/New_York\r\nBEGIN:VEVENT\r\nUID:u\r\n"
      "DTSTART:20270323T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
      "2027-03-23T14:00" },
    { "left out and moved",
      "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART;TZID=Europe/Berlin:20270301T100000\r\n"
      "RRULE:FREQ=DAILY;UNTIL=20270326T090000Z\r\nEXDATE;TZID=Europe/Berlin:20270323T100000\r\n"
      "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID;TZID=Europe/Berlin:20270324T100000\r\n"
      "DTSTART;TZID=Europe/Berlin:20270324T150000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
      "2027-03-22T09:00 2027-03-24T14:00 2027-03-25T09:00 2027-03-26T09:00" },
    { "moved out of sight",
      "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:20270322T100000Z\r\n"
      "RRULE:FREQ=DAILY;COUNT=2\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\n"
      "RECURRENCE-ID:20270323T100000Z\r\nDTSTART:20270601T100000Z\r\nEND:VEVENT\r\n"
      "END:VCALENDAR\r\n",
      "2027-03-22T10:00" },
    { "UNTIL far east of UTC",
      EVENT(
          "DTSTART;TZID=Asia/Tokyo:20270322T100000\r\nRRULE:FREQ=DAILY;UNTIL=20270324T010000Z\r\n"),
      "2027-03-22T01:00 2027-03-23T01:00 2027-03-24T01:00" },
    { "a series of years ago",
      EVENT("DTSTART:19990104T080000Z\r\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1\r\n"),
      "2027-03-31T08:00" },
    { "counted from years ago", EVENT("DTSTART:20260322T080000Z\r\nRRULE:FREQ=DAILY;COUNT=366\r\n"),
      "2027-03-22T08:00" },
    { "single days more",
      EVENT("DTSTART:20270323T080000Z\r\nRDATE:20270324T090000Z,20270325T100000Z\r\n"),
      "2027-03-23T08:00 2027-03-24T09:00 2027-03-25T10:00" },
    { "a whole day", EVENT("DTSTART;VALUE=DATE:20270323\r\n"), "2027-03-23T00:00" },
    { "whole days but one",
      EVENT("DTSTART;VALUE=DATE:20270322\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"
            "EXDATE;VALUE=DATE:20270323\r\n"),
      "2027-03-22T00:00 2027-03-24T00:00" },
    { "a rule that is not understood", EVENT("DTSTART:20270323T080000Z\r\nRRULE:FREQ=SECONDLY\r\n"),
      "!1" },
    { "a zone of Windows without a description",
      EVENT("DTSTART;TZID=\"Pacific Standard Time\":20270323T090000\r\n"), "2027-03-23T16:00" },
    { "a zone of Windows in another case, over its summer time",
      EVENT("DTSTART;TZID=W. EUROPE STANDARD TIME:20270322T100000\r\nRRULE:FREQ=WEEKLY\r\n"),
      "2027-03-22T09:00 2027-03-29T08:00" },
    { "a calendar's zone of Windows",
      "BEGIN:VCALENDAR\r\nX-WR-TIMEZONE:Tokyo Standard Time\r\nBEGIN:VEVENT\r\nUID:u\r\n"
      "DTSTART:20270323T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
      "2027-03-23T01:00" },
    { "its own zone with a name that Windows has too: as it describes it",
      "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:Tokyo Standard Time\r\nBEGIN:STANDARD\r\n"
      "DTSTART:16010101T000000\r\nTZOFFSETFROM:+0500\r\nTZOFFSETTO:+0500\r\nEND:STANDARD\r\n"
      "END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:u\r\n"
      "DTSTART;TZID=Tokyo Standard Time:20270323T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
      "2027-03-23T05:00" },
    { "from the third one on an hour later and longer",
      SERIES("DTSTART;TZID=Europe/Berlin:20270322T100000\r\nRRULE:FREQ=DAILY;COUNT=5\r\n")
          CHANGE("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20270324T100000\r\n"
                 "DTSTART;TZID=Europe/Berlin:20270324T110000\r\n"),
      "2027-03-22T09:00 2027-03-23T09:00 2027-03-24T10:00 2027-03-25T10:00 2027-03-26T10:00" },
    { "from then on twice, and over summer time",
      SERIES(
          "DTSTART;TZID=Europe/Berlin:20270322T100000\r\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=6\r\n")
          CHANGE_("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20270324T100000\r\n"
                  "DTSTART;TZID=Europe/Berlin:20270324T110000\r\n")
              CHANGE("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20270328T100000\r\n"
                     "DTSTART;TZID=Europe/Berlin:20270328T120000\r\n"),
      "2027-03-22T09:00 2027-03-24T10:00 2027-03-26T10:00 2027-03-28T10:00 2027-03-30T10:00 "
      "2027-04-01T10:00" },
    { "from then on, but one of them alone",
      SERIES("DTSTART:20270322T100000Z\r\nRRULE:FREQ=DAILY;COUNT=4\r\n") CHANGE_(
          "RECURRENCE-ID;RANGE=THISANDFUTURE:20270323T100000Z\r\nDTSTART:20270323T110000Z\r\n")
          CHANGE("RECURRENCE-ID:20270324T100000Z\r\nDTSTART:20270324T180000Z\r\n"),
      "2027-03-22T10:00 2027-03-23T11:00 2027-03-24T18:00 2027-03-25T11:00" },
    { "from then on on another day, out of what lies before the window",
      SERIES("DTSTART:20270101T100000Z\r\nRRULE:FREQ=WEEKLY\r\n") CHANGE(
          "RECURRENCE-ID;RANGE=THISANDFUTURE:20270108T100000Z\r\nDTSTART:20270118T100000Z\r\n"),
      "2027-03-22T10:00 2027-03-29T10:00" },
    { "a change of what is no longer there",
      CHANGE_ALONE(
          "RECURRENCE-ID;RANGE=THISANDFUTURE:20270323T100000Z\r\nDTSTART:20270323T110000Z\r\n"),
      "2027-03-23T11:00" },
    { "told apart by its day alone",
      SERIES("DTSTART;TZID=Europe/Berlin:20270322T100000\r\nRRULE:FREQ=DAILY;COUNT=2\r\n") CHANGE(
          "RECURRENCE-ID;VALUE=DATE:20270323\r\nDTSTART;TZID=Europe/Berlin:20270323T150000\r\n"),
      "2027-03-22T09:00 2027-03-23T14:00" },
    { "single days more and less, each in a zone of its own",
      EVENT("DTSTART;TZID=Europe/Berlin:20270322T100000\r\nRRULE:FREQ=DAILY;COUNT=3\r\n"
            "RDATE;TZID=America/New_York:20270327T090000,20270328T090000\r\n"
            "EXDATE;TZID=America/New_York:20270323T050000,20270328T090000\r\n"
            "EXDATE:20270324T090000Z\r\n"),
      "2027-03-22T09:00 2027-03-27T13:00" },
    { "a period more",
      EVENT("DTSTART:20270323T080000Z\r\nRDATE;VALUE=PERIOD:20270324T090000Z/PT2H\r\n"),
      "2027-03-23T08:00 2027-03-24T09:00" },
    { "left out by its day",
      EVENT("DTSTART;TZID=Europe/Berlin:20270323T003000\r\nRRULE:FREQ=DAILY;COUNT=2\r\n"
            "EXDATE;VALUE=DATE:20270324\r\n"),
      "2027-03-22T23:30" },
    { "in the hour that summer time skips", EVENT("DTSTART;TZID=Europe/Berlin:20270328T023000\r\n"),
      "2027-03-28T01:30" },
    { "an hour that does not float: the calendar has no zone", EVENT("DTSTART:20270323T100000\r\n"),
      "2027-03-23T10:00" },
    { "whole days of a week, and a whole day moved",
      SERIES("DTSTART;VALUE=DATE:20270322\r\nRRULE:FREQ=WEEKLY;COUNT=2\r\n")
          CHANGE("RECURRENCE-ID;VALUE=DATE:20270329\r\nDTSTART;VALUE=DATE:20270330\r\n"),
      "2027-03-22T00:00 2027-03-30T00:00" },
    { "as it was and as it is, in either order",
      SERIES("SEQUENCE:2\r\nDTSTART:20270324T080000Z\r\n")
          CHANGE("SEQUENCE:1\r\nDTSTART:20270323T080000Z\r\n"),
      "2027-03-24T08:00" },
    { "no time", EVENT("DTSTART:tomorrow\r\n"), "!1" },
    { "a calendar within an event",
      "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:20270323T080000Z\r\nBEGIN:VCALENDAR\r\n"
      "BEGIN:VEVENT\r\nUID:v\r\nDTSTART:20270324T080000Z\r\nATTENDEE:mailto:a@b\r\nEND:VEVENT\r\n"
      "END:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
      "2027-03-23T08:00" },
    { "cut off", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTART:20270323T080000Z\r\n",
      "2027-03-23T08:00" },
    { "an alarm's times are not the event's",
      EVENT(
          "DTSTART:20270323T080000Z\r\nBEGIN:VALARM\r\nDTSTART:20270324T080000Z\r\nEND:VALARM\r\n"),
      "2027-03-23T08:00" },
};

Test(meetings_ics, series_are_unrolled_where_the_clocks_change_too)
{
    IcsWindow window = week();
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str found = starts(cases[i].text, &window);
        cr_expect(str_is(found, cases[i].starts), "%s: " STR_FMT, cases[i].name, STR_ARG(found));
    }
}

Test(meetings_ics, a_meeting_has_what_its_event_says)
{
    static const char text[] =
        EVENT("SUMMARY:Plan\\, next\r\n  steps\r\nLOCATION:https://zoom.us/j/123456789?pwd=a\r\n"
              "DESCRIPTION:Agenda\\nPoints\r\nORGANIZER;CN=Ann:mailto:ann@example.org\r\n"
              "ATTENDEE;CN=\"Lee: Bo\";PARTSTAT=DECLINED:mailto:Bo@example.org\r\n"
              "STATUS:TENTATIVE\r\nDTSTART;TZID=Europe/Berlin:20270323T100000\r\n"
              "DTEND;TZID=Europe/Berlin:20270323T113000\r\n");
    IcsWindow window = week();
    IcsMeetings list;
    Error err;
    window.address = S("bo@example.org");
    cr_assert(ics_read(arena, str(text), &window, &list, &err));
    cr_assert_eq(list.count, 1);
    const Meeting *m = &list.at[0];
    cr_expect(str_is(m->title, "Plan, next steps"));
    cr_expect(str_is(m->description, "Agenda\nPoints"));
    cr_expect(str_is(m->organizer, "ann@example.org"));
    cr_expect(str_is(m->answer, "declined") && str_is(m->state, "tentative"));
    cr_expect(
        str_is(m->attendees,
               "[{\"name\":\"Lee: Bo\",\"email\":\"Bo@example.org\",\"answer\":\"declined\"}]"),
        STR_FMT, STR_ARG(m->attendees));
    cr_expect_eq(m->ends_at_ms - m->starts_at_ms, 90 * 60000);
    cr_expect(str_is(m->link_kind, "zoom") && str_is(m->link_id, "123456789"));
    cr_expect(str_is(m->time_zone, "Europe/Berlin") && !m->occurrence.length);
}

Test(meetings_ics, an_occurrence_keeps_its_name_when_it_is_moved)
{
    static const char text[] =
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:u\nDTSTART:20270322T100000Z\nRRULE:FREQ=DAILY;COUNT=1\n"
        "END:VEVENT\nBEGIN:VEVENT\nUID:u\nRECURRENCE-ID:20270322T100000Z\n"
        "DTSTART:20270323T120000Z\nEND:VEVENT\nEND:VCALENDAR\n";
    IcsWindow window = week();
    IcsMeetings list;
    Error err;
    cr_assert(ics_read(arena, str(text), &window, &list, &err));
    cr_assert_eq(list.count, 1);
    cr_expect(str_is(list.at[0].occurrence, "20270322T100000Z"));
    cr_expect_eq(list.at[0].starts_at_ms, at("2027-03-23T12:00:00Z"));
}

Test(meetings_ics, what_changes_from_then_on_is_the_change_s_and_keeps_its_names)
{
    static const char text[] = SERIES(
        "SUMMARY:Old\r\nDTSTART:20270322T100000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\n")
        CHANGE("SUMMARY:New\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20270323T100000Z\r\n"
               "DTSTART:20270323T120000Z\r\nDURATION:PT2H\r\n");
    IcsWindow window = week();
    IcsMeetings list;
    Error err;
    cr_assert(ics_read(arena, str(text), &window, &list, &err));
    cr_assert_eq(list.count, 3);
    qsort(list.at, list.count, sizeof *list.at, compare);
    cr_expect(str_is(list.at[0].title, "Old") && str_is(list.at[2].title, "New"));
    cr_expect(str_is(list.at[1].occurrence, "20270323T100000Z") &&
              str_is(list.at[2].occurrence, "20270324T100000Z"));
    cr_expect_eq(list.at[2].ends_at_ms - list.at[2].starts_at_ms, 2 * 3600000);
}

Test(meetings_ics, what_is_cancelled_from_then_on_or_alone_says_so)
{
    static const char text[] =
        SERIES("DTSTART:20270322T100000Z\r\nRRULE:FREQ=DAILY;COUNT=5\r\n") CHANGE_(
            "STATUS:CANCELLED\r\nRECURRENCE-ID:20270323T100000Z\r\nDTSTART:20270323T100000Z\r\n")
            CHANGE("STATUS:CANCELLED\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20270325T100000Z\r\n"
                   "DTSTART:20270325T100000Z\r\n");
    IcsWindow window = week();
    IcsMeetings list;
    Error err;
    cr_assert(ics_read(arena, str(text), &window, &list, &err));
    cr_assert_eq(list.count, 5);
    qsort(list.at, list.count, sizeof *list.at, compare);
    for (size_t i = 0; i < list.count; i++)
        cr_expect(str_is(list.at[i].state, i == 0 || i == 2 ? "confirmed" : "cancelled"), "%zu", i);
}

Test(meetings_ics, a_zone_of_windows_is_kept_by_its_other_name)
{
    IcsWindow window = week();
    IcsMeetings list;
    Error err;
    Str text = S(EVENT("DTSTART;TZID=W. Europe Standard Time:20270323T090000\r\n"));
    cr_assert(ics_read(arena, text, &window, &list, &err) && list.count == 1);
    cr_expect(str_is(list.at[0].time_zone, "Europe/Berlin"));
}

Test(meetings_ics, what_is_no_calendar_or_too_much_is_refused)
{
    IcsWindow window = week();
    IcsMeetings list;
    Error err = { 0 };
    cr_expect(!ics_read(arena, S("<html>"), &window, &list, &err) && err.code == ERROR_INVALID);
    Buf out = buf_new(arena, MB(8));
    buf_add(&out, S("BEGIN:VCALENDAR\n"));
    for (int i = 0; i <= ICS_EVENTS_MAX; i++)
        buf_add(&out, S("BEGIN:VEVENT\nEND:VEVENT\n"));
    cr_expect(!ics_read(arena, buf_str(&out), &window, &list, &err) && err.code == ERROR_TOO_LARGE);
}

Test(meetings_ics, a_list_of_a_rule_begins_with_its_beginning)
{
    int64_t times[3];
    Str rule = S("FREQ=DAILY;COUNT=3");
    cr_expect_eq(recurrence_list(rule, 0, 0, 86400 * 9, times, 3), 3);
    cr_expect(times[0] == 0 && times[2] == 2 * 86400);
    cr_expect_eq(recurrence_list(rule, 0, 0, 86400 * 9, times, 2), 2);
    cr_expect_eq(recurrence_list(rule, 0, 86400 * 3, 86400 * 9, times, 3), 0);
    cr_expect_eq(recurrence_list(S("FREQ=NEVER"), 0, 0, 86400, times, 3), 0);
    cr_expect_eq(recurrence_list(rule, 86400, 0, 86400, times, 3), 0);
}
