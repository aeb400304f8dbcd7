/* calendar_read.c - VTODO into tasks; see calendar.h. */
#include "base/clock.h"
#include "base/utf8.h"
#include "tasks/calendar.h"
#include "tasks/calendar_lines.h"
#include "text/date.h"

#define VALUE_MAX KB(64)

/* "DUE;TZID=Europe/Berlin:20270301T120000": name, parameters, value. */
typedef struct Line {
    Str name, parameters, value;
} Line;

/* --- Lines --- */

/* Section 3.1: CRLF and a blank go. */
static Str unfold(Arena *arena, Str text)
{
    Buf out = buf_new(arena, CALENDAR_MAX + 1);
    for (size_t i = 0; i < text.length; i++) {
        size_t end = i + (text.at[i] == '\r' && i + 1 < text.length && text.at[i + 1] == '\n');
        bool folds = text.at[end] == '\n' && end + 1 < text.length &&
                     (text.at[end + 1] == ' ' || text.at[end + 1] == '\t');
        if (folds)
            i = end + 1;
        else if (text.at[i] != '\r')
            buf_add_char(&out, text.at[i]);
    }
    return buf_str(&out);
}

/* The colon that ends the name may stand in quotes before. */
static bool split(Str text, Line *line_r)
{
    bool is_quoted = false;
    for (size_t i = 0; i < text.length; i++) {
        is_quoted ^= text.at[i] == '"';
        if (text.at[i] != ':' || is_quoted)
            continue;
        Str head = str_slice(text, 0, i);
        ptrdiff_t semicolon = str_find_char(head, ';');
        size_t end = semicolon < 0 ? head.length : (size_t)semicolon;
        *line_r = (Line){ str_slice(head, 0, end), str_from(head, end), str_from(text, i + 1) };
        return true;
    }
    return false;
}

static Str words(Arena *arena, Str value)
{
    Buf out = buf_new(arena, VALUE_MAX);
    for (size_t i = 0; i < value.length; i++) {
        char c = value.at[i];
        if (c == '\\' && i + 1 < value.length) {
            c = value.at[++i];
            c = c == 'n' || c == 'N' ? '\n' : c;
        }
        buf_add_char(&out, c);
    }
    return str_trim(utf8_clean(arena, buf_str(&out)));
}

/* --- Values --- */

/* The parameter TZID without its quotes; a "/" before it says that the name is known to all. */
static Str zone_of(Str parameters)
{
    Str part;
    while (str_next(&parameters, ';', &part)) {
        if (!str_starts(str_slice(part, 0, 5), S("TZID=")))
            continue;
        Str zone = str_from(part, 5);
        if (zone.length > 1 && zone.at[0] == '"')
            zone = str_slice(zone, 1, zone.length - 1);
        return zone.length && zone.at[0] == '/' ? str_from(zone, 1) : zone;
    }
    return S("");
}

/* A time that names no zone is taken as UTC; a zone that is not known is refused, not guessed. */
static bool read_moment(Arena *arena, const Line *line, CalendarItem *item, int64_t *time_ms_r,
                        Error *err)
{
    Task *task = &item->task;
    Str v = line->value;
    bool is_date = v.length == 8;
    if (!is_date && !((v.length == 15 || (v.length == 16 && v.at[15] == 'Z')) && v.at[8] == 'T'))
        return fail(err, ERROR_INVALID, STR_FMT " is no time", STR_ARG(line->name));
    Str text = str_format(arena, "%.4s-%.2s-%.2s", v.at, v.at + 4, v.at + 6);
    if (!is_date)
        text = str_format(arena, STR_FMT "T%.2s:%.2s:%.2sZ", STR_ARG(text), v.at + 9, v.at + 11,
                          v.at + 13);
    Str zone = is_date || v.length == 16 ? S("") : zone_of(line->parameters);
    int64_t time_ms;
    if (!time_parse(text, &time_ms, err) ||
        (zone.length && !date_instant(time_ms / 1000, zone, &time_ms, err)))
        return false;
    task->is_all_day = is_date;
    if (zone.length)
        task->time_zone = str_copy(arena, zone);
    item->has_zone |= zone.length > 0;
    *time_ms_r = time_ms;
    return true;
}

/* 1 is the highest of 9; 0 says nothing. */
static TaskPriority priority_of(Str value, TaskPriority missing)
{
    int64_t number;
    if (!str_to_int(value, 1, 9, &number))
        return missing;
    TaskPriority priority = TASK_PRIORITY_low;
    while (priority < TASK_PRIORITY_urgent && task_priorities[priority].number > number)
        priority = (TaskPriority)(priority + 1);
    return priority;
}

static TaskState state_of(Str value, TaskState missing)
{
    for (TaskState state = TASK_pending; state < TASK_STATE_COUNT; state = (TaskState)(state + 1))
        if (str_equal_ignore_case(value, str(task_states[state].calendar)))
            return state;
    return missing;
}

static bool read_line(Arena *arena, const Line *line, CalendarItem *item, Error *err)
{
    Task *task = &item->task;
    if (str_equal_ignore_case(line->name, S("SUMMARY")))
        task->summary = words(arena, line->value);
    else if (str_equal_ignore_case(line->name, S("DESCRIPTION")))
        task->description = words(arena, line->value);
    else if (str_equal_ignore_case(line->name, S("CATEGORIES")))
        task->category = words(arena, line->value);
    else if (str_equal_ignore_case(line->name, S("UID")))
        item->uid = str_copy(arena, line->value);
    else if (str_equal_ignore_case(line->name, S("RRULE")))
        task->recurrence = str_copy(arena, line->value);
    else if (str_equal_ignore_case(line->name, S("PRIORITY")))
        task->priority = priority_of(line->value, task->priority);
    else if (str_equal_ignore_case(line->name, S("STATUS")))
        task->state = state_of(line->value, task->state);
    else if (str_equal_ignore_case(line->name, S("DUE")))
        return read_moment(arena, line, item, &task->due_at_ms, err);
    else if (str_equal_ignore_case(line->name, S("DTSTART")))
        return read_moment(arena, line, item, &task->start_at_ms, err);
    return true;
}

/* --- The calendar --- */

typedef struct Reading {
    Arena *arena;
    const Task *plain;
    VEC(CalendarItem) items;
    int depth; /* within the VTODO: an alarm has a DESCRIPTION of its own */
    bool is_inside, is_calendar;
} Reading;

static void read_mark(Reading *reading, bool begins, Str what)
{
    if (reading->is_inside) {
        reading->depth += begins ? 1 : -1;
        reading->is_inside = reading->depth > 0;
    } else if (begins && str_equal_ignore_case(what, S("VTODO"))) {
        *vec_push(reading->arena, &reading->items) =
            (CalendarItem){ .task = *reading->plain, .is_good = true };
        reading->is_inside = true;
        reading->depth = 1;
    } else if (begins && str_equal_ignore_case(what, S("VCALENDAR"))) {
        reading->is_calendar = true;
    }
}

static void take_line(Reading *reading, const Line *line)
{
    bool begins = str_equal_ignore_case(line->name, S("BEGIN"));
    if (begins || str_equal_ignore_case(line->name, S("END"))) {
        read_mark(reading, begins, str_trim(line->value));
    } else if (reading->is_inside && reading->depth == 1) {
        CalendarItem *item = &reading->items.at[reading->items.count - 1];
        item->is_good = item->is_good && read_line(reading->arena, line, item, &item->why);
    }
}

bool calendar_read(Arena *arena, Str text, const Task *task, CalendarItemList *list_r, Error *err)
{
    Reading reading = { .arena = arena, .plain = task };
    Str rest, piece;
    Line line;
    if (text.length > CALENDAR_MAX)
        return fail(err, ERROR_TOO_LARGE, "the calendar has more than %zu bytes", CALENDAR_MAX);
    rest = unfold(arena, text);
    while (str_next(&rest, '\n', &piece)) {
        if (split(piece, &line))
            take_line(&reading, &line);
        if (reading.items.count > CALENDAR_TASKS_MAX)
            return fail(err, ERROR_TOO_LARGE, "the calendar has more than %d tasks",
                        CALENDAR_TASKS_MAX);
    }
    for (size_t i = 0; i < reading.items.count; i++) {
        Task *read = &reading.items.at[i].task;
        if (reading.items.at[i].has_zone)
            read->recurrence = calendar_rule_in(arena, read->recurrence, read->time_zone);
    }
    if (!reading.is_calendar)
        return fail(err, ERROR_INVALID, "this is no calendar: BEGIN:VCALENDAR is missing");
    *list_r = (CalendarItemList){ reading.items.at, reading.items.count };
    return true;
}
