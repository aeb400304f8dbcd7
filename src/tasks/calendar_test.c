/* calendar_test.c - tasks as iCalendar and back. */
#include <criterion/criterion.h>

#include "base/utf8.h"
#include "tasks/calendar.h"

static Str written(Arena *arena, const Task *task)
{
    TaskList one = { (Task *)(uintptr_t)task, 1, S("") };
    Buf out = buf_new(arena, MB(1));
    calendar_write(&out, &one, S("Ann; at work"));
    return buf_str(&out);
}

Test(tasks, a_task_is_read_back_as_it_was_written)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Task plain = { .category = S("general") };
    const Task tasks[] = {
        { .id = S("1"),
          .summary = S("Größe, \"quoted\"; back\\slash\nsecond line"),
          .description = S("a:b;c,d"),
          .category = S("x,y"),
          .priority = TASK_PRIORITY_urgent,
          .state = TASK_in_progress,
          .due_at_ms = INT64_C(1803898800000),
          .recurrence = S("FREQ=WEEKLY;BYDAY=MO"),
          .start_at_ms = INT64_C(1803898700000) },
        { .id = S("2"),
          .summary = S("day"),
          .category = S("c"),
          .is_all_day = true,
          .due_at_ms = INT64_C(1803859200000),
          .state = TASK_done,
          .priority = TASK_PRIORITY_low },
    };
    for (size_t i = 0; i < COUNT(tasks); i++) {
        CalendarItemList list;
        Error err;
        cr_assert(calendar_read(arena, written(arena, &tasks[i]), &plain, &list, &err));
        cr_assert(list.count == 1 && list.at[0].is_good, "%s", list.at[0].why.message);
        const Task *got = &list.at[0].task;
        cr_assert(str_equal(got->summary, tasks[i].summary));
        cr_assert(str_equal(got->description, tasks[i].description));
        cr_assert(str_equal(got->category, tasks[i].category));
        cr_assert(str_equal(got->recurrence, tasks[i].recurrence));
        cr_assert(str_equal(list.at[0].uid, tasks[i].id));
        cr_assert_eq(got->due_at_ms, tasks[i].due_at_ms);
        cr_assert_eq(got->start_at_ms, tasks[i].start_at_ms);
        cr_assert_eq(got->is_all_day, tasks[i].is_all_day);
        cr_assert_eq(got->priority, tasks[i].priority);
        cr_assert_eq(got->state, tasks[i].state);
    }
}

/* --- Zones --- */

/* The lines of the zones of a calendar, with a space between. */
static Str zone_lines(Arena *arena, const Task *task)
{
    Str text = written(arena, task), line;
    Buf out = buf_new(arena, KB(64));
    bool is_inside = false;
    while (str_next(&text, '\n', &line)) {
        line = str_trim(line);
        is_inside |= str_is(line, "BEGIN:VTIMEZONE");
        if (is_inside)
            buf_addf(&out, "%s" STR_FMT, out.length ? " " : "", STR_ARG(line));
        is_inside &= !str_is(line, "END:VTIMEZONE");
    }
    return buf_str(&out);
}

static Task weekly(const char *zone)
{
    return (Task){ .id = S("1"),
                   .summary = S("s"),
                   .category = S("c"),
                   .due_at_ms = INT64_C(1803898800000), /* 2027-03-01T11:00:00Z */
                   .time_zone = str(zone),
                   .recurrence = S("FREQ=WEEKLY;BYDAY=MO;UNTIL=20271231") };
}

static const struct {
    const char *zone, *lines;
} zones[] = {
    { "", "" },
    { "UTC", "" },
    { "Mars/North", "" },
    { "Asia/Tokyo", "BEGIN:VTIMEZONE TZID:Asia/Tokyo BEGIN:STANDARD DTSTART:19510909T010000 "
                    "TZOFFSETFROM:+1000 TZOFFSETTO:+0900 TZNAME:JST END:STANDARD END:VTIMEZONE" },
    { "Europe/Berlin",
      "BEGIN:VTIMEZONE TZID:Europe/Berlin BEGIN:STANDARD DTSTART:20261025T030000 "
      "TZOFFSETFROM:+0200 TZOFFSETTO:+0100 TZNAME:CET END:STANDARD BEGIN:DAYLIGHT "
      "DTSTART:20270328T020000 TZOFFSETFROM:+0100 TZOFFSETTO:+0200 TZNAME:CEST "
      "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU END:DAYLIGHT BEGIN:STANDARD DTSTART:20271031T030000 "
      "TZOFFSETFROM:+0200 TZOFFSETTO:+0100 TZNAME:CET RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU "
      "END:STANDARD END:VTIMEZONE" },
    { "America/New_York",
      "BEGIN:VTIMEZONE TZID:America/New_York BEGIN:STANDARD DTSTART:20261101T020000 "
      "TZOFFSETFROM:-0400 TZOFFSETTO:-0500 TZNAME:EST END:STANDARD BEGIN:DAYLIGHT "
      "DTSTART:20270314T020000 TZOFFSETFROM:-0500 TZOFFSETTO:-0400 TZNAME:EDT "
      "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU END:DAYLIGHT BEGIN:STANDARD DTSTART:20271107T020000 "
      "TZOFFSETFROM:-0400 TZOFFSETTO:-0500 TZNAME:EST RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU "
      "END:STANDARD END:VTIMEZONE" },
};

Test(tasks, what_recurs_in_a_zone_has_it_in_its_calendar)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    for (size_t i = 0; i < COUNT(zones); i++) {
        Task task = weekly(zones[i].zone);
        Str lines = zone_lines(arena, &task);
        cr_expect(str_is(lines, zones[i].lines), "%s: " STR_FMT, zones[i].zone, STR_ARG(lines));
        task.recurrence = STR_NONE;
        cr_expect(!zone_lines(arena, &task).length);
        task = weekly(zones[i].zone);
        task.is_all_day = true;
        cr_expect(!zone_lines(arena, &task).length);
    }
}

Test(tasks, what_recurs_in_a_zone_keeps_its_clock_and_its_end)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Task task = weekly("Europe/Berlin"), plain = { .category = S("general") };
    CalendarItemList list;
    Error err;
    Str text = written(arena, &task);
    cr_expect(str_find(text, S("DTSTART;TZID=Europe/Berlin:20270301T120000\r\n")) > 0);
    cr_expect(str_find(text, S("DUE;TZID=Europe/Berlin:20270301T120000\r\n")) > 0);
    cr_expect(str_find(text, S("UNTIL=20271231T225959Z\r\n")) > 0);
    cr_assert(calendar_read(arena, text, &plain, &list, &err) && list.count == 1);
    const Task *got = &list.at[0].task;
    cr_expect_eq(got->due_at_ms, task.due_at_ms);
    cr_expect(str_is(got->time_zone, "Europe/Berlin"));
    cr_expect(str_is(got->recurrence, "FREQ=WEEKLY;BYDAY=MO;UNTIL=20271231T235959"), STR_FMT,
              STR_ARG(got->recurrence));
}

Test(tasks, no_line_of_a_calendar_is_longer_than_75_octets_or_ends_within_a_character)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Buf long_text = buf_new(arena, KB(4));
    for (int i = 0; i < 200; i++)
        buf_add(&long_text, i % 3 ? S("ü") : S("€"));
    Task task = { .id = S("1"), .summary = buf_str(&long_text) };
    Str rest = written(arena, &task), line;
    while (str_next(&rest, '\n', &line)) {
        if (!line.length)
            continue;
        cr_assert(str_ends(line, S("\r")) && line.length <= 76 && utf8_is_valid(line));
    }
}

Test(tasks, a_calendar_that_is_wrong_is_refused_and_a_wrong_task_alone)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Task plain = { 0 };
    CalendarItemList list;
    Error err;
    cr_assert(!calendar_read(arena, S("hello"), &plain, &list, &err));
    cr_assert(
        calendar_read(arena,
                      S("BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:a\nDUE:soon\nEND:VTODO\n"
                        "BEGIN:VTODO\nSUMMARY:b\nBEGIN:VALARM\nDESCRIPTION:ring\nEND:VALARM\n"
                        "DUE;X=\"a:b\":20270301T110000Z\nEND:VTODO\nBEGIN:VEVENT\nSUMMARY:no\n"
                        "END:VEVENT\nBEGIN:VTODO\nSUMMARY:c\n"
                        "DUE;TZID=\"Europe/Berlin\":20270301T120000\nEND:VTODO\n"
                        "BEGIN:VTODO\nSUMMARY:d\nDUE;TZID=Nowhere/At:20270301T120000\n"
                        "END:VTODO"),
                      &plain, &list, &err));
    cr_assert(list.count == 4 && !list.at[0].is_good && list.at[1].is_good);
    cr_assert(str_is(list.at[1].task.summary, "b") && !list.at[1].task.description.length);
    cr_assert_eq(list.at[1].task.due_at_ms, INT64_C(1803898800000));
    cr_assert_eq(list.at[2].task.due_at_ms, INT64_C(1803898800000));
    cr_assert(str_is(list.at[2].task.time_zone, "Europe/Berlin") && !list.at[3].is_good);
}
