#include "tasks/calendar.h"

#include <time.h>

#include "base/map.h"
#include "base/utf8.h"
#include "tasks/calendar_lines.h"
#include "text/date.h"

#define LINE_MAX_OCTETS 75
#define VALUE_MAX KB(64)

/* --- Lines --- */

/* Section 3.1: a longer line goes on after CRLF and a space, which counts. */
static void put_line(Buf *out, Str line)
{
    size_t most = LINE_MAX_OCTETS;
    while (line.length > most) {
        size_t end = utf8_floor(line, most);
        buf_add(out, str_slice(line, 0, end));
        buf_add(out, S("\r\n "));
        line = str_from(line, end);
        most = LINE_MAX_OCTETS - 1;
    }
    buf_add(out, line);
    buf_add(out, S("\r\n"));
}

void calendar_put(Buf *out, const char *name, Str value)
{
    put_line(out, str_format(out->arena, "%s:" STR_FMT, name, STR_ARG(value)));
}

/* Section 3.3.11. Other control characters have no way to be written. */
static void put_words(Buf *out, const char *name, Str text)
{
    Buf escaped = buf_new(out->arena, VALUE_MAX);
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        if (c == '\n')
            buf_add(&escaped, S("\\n"));
        else if (c == '\\' || c == ';' || c == ',')
            buf_addf(&escaped, "\\%c", c);
        else if ((unsigned char)c >= ' ' || c == '\t')
            buf_add_char(&escaped, c);
    }
    calendar_put(out, name, buf_str(&escaped));
}

Str calendar_civil(Arena *arena, int64_t civil_seconds)
{
    time_t seconds = (time_t)civil_seconds;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    return str_format(arena, "%04d%02d%02dT%02d%02d%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                      tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* "20270301T110000Z", or the date alone. */
static Str moment(Arena *arena, int64_t time_ms, bool is_date)
{
    Str civil = calendar_civil(arena, time_ms / 1000);
    return is_date ? str_slice(civil, 0, 8) : str_format(arena, STR_FMT "Z", STR_ARG(civil));
}

/* What recurs keeps its hour when the clocks change, so its zone is told. */
static bool has_zone(const Task *task)
{
    int64_t ignored_time;
    Error ignored;
    return task->recurrence.length && !task->is_all_day && task->time_zone.length &&
           !str_is(task->time_zone, "UTC") &&
           date_local(0, task->time_zone, &ignored_time, &ignored);
}

static void put_moment(Buf *out, const char *name, const Task *task, int64_t time_ms)
{
    Arena *arena = out->arena;
    int64_t civil;
    Error ignored;
    if (!time_ms)
        return;
    if (has_zone(task) && date_local(time_ms, task->time_zone, &civil, &ignored)) {
        Str full = str_format(arena, "%s;TZID=" STR_FMT, name, STR_ARG(task->time_zone));
        calendar_put(out, full.at, calendar_civil(arena, civil));
        return;
    }
    Str full = str_format(arena, "%s%s", name, task->is_all_day ? ";VALUE=DATE" : "");
    calendar_put(out, full.at, moment(arena, time_ms, task->is_all_day));
}

static void put_stamp(Buf *out, const char *name, int64_t time_ms)
{
    if (time_ms)
        calendar_put(out, name, moment(out->arena, time_ms, false));
}

/* --- Tasks --- */

static void put_todo(Buf *out, const Task *task)
{
    const char *status = task_states[task->state].calendar;
    calendar_put(out, "BEGIN", S("VTODO"));
    calendar_put(out, "UID", task->id);
    put_stamp(out, "DTSTAMP", task->updated_at_ms);
    put_stamp(out, "CREATED", task->created_at_ms);
    put_stamp(out, "LAST-MODIFIED", task->updated_at_ms);
    put_words(out, "SUMMARY", task->summary);
    if (task->description.length)
        put_words(out, "DESCRIPTION", task->description);
    put_words(out, "CATEGORIES", task->category);
    calendar_put(out, "PRIORITY",
                 str_format(out->arena, "%d", task_priorities[task->priority].number));
    calendar_put(out, "STATUS", str(status));
    if (task->completed_at_ms) {
        put_stamp(out, "COMPLETED", task->completed_at_ms);
        calendar_put(out, "PERCENT-COMPLETE", S("100"));
    }
    /* A rule begins at DTSTART (section 3.8.5.3), so what recurs has one. */
    put_moment(out, "DTSTART", task,
               task->recurrence.length && !task->start_at_ms ? task->due_at_ms : task->start_at_ms);
    put_moment(out, "DUE", task, task->due_at_ms);
    if (task->recurrence.length)
        calendar_put(out, "RRULE",
                     has_zone(task)
                         ? calendar_rule_out(out->arena, task->recurrence, task->time_zone)
                         : task->recurrence);
    if (task->parent.length)
        calendar_put(out, "RELATED-TO", task->parent);
    calendar_put(out, "END", S("VTODO"));
}

static int64_t begin_of(const Task *task)
{
    return task->start_at_ms ? task->start_at_ms : task->due_at_ms;
}

/* Each zone that a task names, once, from the earliest of its times on. */
static void put_zones(Buf *out, const TaskList *tasks)
{
    Map zones = map_new(out->arena);
    for (size_t i = 0; i < tasks->count; i++) {
        const Task *task = &tasks->at[i];
        bool is_first;
        if (!has_zone(task) || !begin_of(task))
            continue;
        MapEntry *entry = map_add(&zones, task->time_zone, &is_first);
        entry->number = is_first ? begin_of(task) : MIN(entry->number, begin_of(task));
    }
    for (size_t i = 0; i < tasks->count && zones.count; i++) {
        MapEntry *entry = has_zone(&tasks->at[i]) ? map_find(&zones, tasks->at[i].time_zone) : NULL;
        if (entry && entry->number)
            calendar_put_zone(out, tasks->at[i].time_zone, entry->number);
        if (entry)
            entry->number = 0; /* written */
    }
}

void calendar_write(Buf *out, const TaskList *tasks, Str name)
{
    calendar_put(out, "BEGIN", S("VCALENDAR"));
    calendar_put(out, "VERSION", S("2.0"));
    calendar_put(out, "PRODID", S("-//Lectern//Tasks//EN"));
    calendar_put(out, "CALSCALE", S("GREGORIAN"));
    if (name.length)
        put_words(out, "X-WR-CALNAME", name);
    put_zones(out, tasks);
    for (size_t i = 0; i < tasks->count; i++)
        put_todo(out, &tasks->at[i]);
    calendar_put(out, "END", S("VCALENDAR"));
}
