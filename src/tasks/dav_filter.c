/* dav_filter.c - which tasks a calendar-query wants; see dav.h.
 *
 * A task is judged by the VTODO that is sent of it. Its times are in UTC, or are made so, and
 * written alike, so they are compared as texts. */
#include "tasks/calendar_lines.h"
#include "tasks/dav.h"
#include "text/date.h"

/* The value of the property's line and its parameters, from the semicolon on; false when there is
 * none. */
static bool find_line(Str calendar, Str name, Str *parameters_r, Str *value_r)
{
    Str line;
    while (str_next(&calendar, '\n', &line)) {
        ptrdiff_t colon = str_find_char(line, ':');
        Str head = str_slice(line, 0, colon < 0 ? 0 : (size_t)colon);
        ptrdiff_t semicolon = str_find_char(head, ';');
        size_t end = semicolon < 0 ? head.length : (size_t)semicolon;
        if (colon < 0 || !str_equal_ignore_case(str_slice(head, 0, end), name))
            continue;
        *parameters_r = str_from(head, end);
        *value_r = str_trim(str_from(line, (size_t)colon + 1));
        return true;
    }
    return false;
}

static bool find_value(Str calendar, Str name, Str *value_r)
{
    Str ignored;
    return find_line(calendar, name, &ignored, value_r);
}

/* A time of a zone in UTC. */
static Str in_utc(Arena *arena, Str value, Str zone)
{
    int64_t civil, time_ms;
    Error ignored;
    if (!calendar_read_civil(arena, value, &civil, &ignored) ||
        !date_instant(civil, zone, &time_ms, &ignored))
        return value;
    Str utc = calendar_civil(arena, time_ms / 1000);
    return str_format(arena, STR_FMT "Z", STR_ARG(utc));
}

/* Section 3.1 of RFC 5545: CRLF and a blank only fold a line. */
static Str unfold(Arena *arena, Str calendar)
{
    Buf out = buf_new(arena, calendar.length + 1);
    for (size_t i = 0; i < calendar.length; i++) {
        if (str_starts(str_from(calendar, i), S("\r\n ")))
            i += 2;
        else
            buf_add_char(&out, calendar.at[i]);
    }
    return buf_str(&out);
}

/* A whole day begins at its midnight. "" when it is not there. */
static Str moment_of(Arena *arena, Str calendar, const char *name)
{
    Str value = S(""), parameters;
    if (!find_line(calendar, str(name), &parameters, &value))
        return S("");
    if (str_starts(parameters, S(";TZID=")))
        return in_utc(arena, value, str_from(parameters, 6));
    return value.length == 8 ? str_format(arena, STR_FMT "T000000Z", STR_ARG(value)) : value;
}

static bool is_before(Str a, Str b) { return str_compare(a, b) < 0; }

/* The table of RFC 4791, section 9.9, for VTODO. What recurs goes on. */
static bool overlaps(Arena *arena, const DavRange *range, Str calendar)
{
    Str from = range->from, until = range->until.length ? range->until : S("9");
    Str start = moment_of(arena, calendar, "DTSTART"), due = moment_of(arena, calendar, "DUE");
    Str completed = moment_of(arena, calendar, "COMPLETED"), rule;
    Str created = moment_of(arena, calendar, "CREATED");
    if (find_value(calendar, S("RRULE"), &rule))
        return is_before(start, until);
    if (start.length && due.length)
        return (is_before(from, due) || !is_before(start, from)) &&
               (is_before(start, until) || !is_before(until, due));
    if (start.length)
        return !is_before(start, from) && is_before(start, until);
    if (due.length)
        return is_before(from, due) && !is_before(until, due);
    if (completed.length)
        return (!is_before(created, from) || !is_before(completed, from)) &&
               (!is_before(until, created) || !is_before(until, completed));
    return is_before(created, until);
}

static bool holds(Arena *arena, const DavCondition *condition, Str calendar)
{
    Str value = S("");
    bool is_there = find_value(calendar, condition->name, &value);
    if (condition->is_absent || !is_there)
        return condition->is_absent && !is_there;
    if (condition->has_text &&
        (str_find_ignore_case(value, condition->text) >= 0) == condition->is_negated)
        return false;
    if (!condition->range.is_set)
        return true;
    Str at = moment_of(arena, calendar, str_c(arena, condition->name));
    return !is_before(at, condition->range.from) &&
           (!condition->range.until.length || is_before(at, condition->range.until));
}

bool dav_wants(Arena *arena, const DavFilter *filter, Str calendar)
{
    if (filter->wants_none)
        return false;
    Str lines = unfold(arena, calendar);
    ptrdiff_t task = str_find(lines, S("BEGIN:VTODO")); /* zones come before */
    lines = str_from(lines, (size_t)MAX(task, (ptrdiff_t)0));
    if (filter->range.is_set && !overlaps(arena, &filter->range, lines))
        return false;
    for (size_t i = 0; i < filter->conditions.count; i++)
        if (!holds(arena, &filter->conditions.at[i], lines))
            return false;
    return true;
}
