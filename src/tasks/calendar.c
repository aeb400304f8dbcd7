#include "tasks/calendar.h"

#include <time.h>

#include "base/utf8.h"

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

static void put_value(Buf *out, const char *name, Str value)
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
    put_value(out, name, buf_str(&escaped));
}

/* "20270301T110000Z", or the date alone. */
static Str moment(Arena *arena, int64_t time_ms, bool is_date)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    Str date = str_format(arena, "%04d%02d%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
    return is_date ? date
                   : str_format(arena, STR_FMT "T%02d%02d%02dZ", STR_ARG(date), tm.tm_hour,
                                tm.tm_min, tm.tm_sec);
}

static void put_moment(Buf *out, const char *name, const Task *task, int64_t time_ms)
{
    Str full = str_format(out->arena, "%s%s", name, task->is_all_day ? ";VALUE=DATE" : "");
    if (time_ms)
        put_value(out, full.at, moment(out->arena, time_ms, task->is_all_day));
}

static void put_stamp(Buf *out, const char *name, int64_t time_ms)
{
    if (time_ms)
        put_value(out, name, moment(out->arena, time_ms, false));
}

/* --- Tasks --- */

static void put_todo(Buf *out, const Task *task)
{
    const char *status = task_states[task->state].calendar;
    put_value(out, "BEGIN", S("VTODO"));
    put_value(out, "UID", task->id);
    put_stamp(out, "DTSTAMP", task->updated_at_ms);
    put_stamp(out, "CREATED", task->created_at_ms);
    put_stamp(out, "LAST-MODIFIED", task->updated_at_ms);
    put_words(out, "SUMMARY", task->summary);
    if (task->description.length)
        put_words(out, "DESCRIPTION", task->description);
    put_words(out, "CATEGORIES", task->category);
    put_value(out, "PRIORITY",
              str_format(out->arena, "%d", task_priorities[task->priority].number));
    put_value(out, "STATUS", str(status));
    if (task->completed_at_ms) {
        put_stamp(out, "COMPLETED", task->completed_at_ms);
        put_value(out, "PERCENT-COMPLETE", S("100"));
    }
    /* A rule begins at DTSTART (section 3.8.5.3), so what recurs has one. */
    put_moment(out, "DTSTART", task,
               task->recurrence.length && !task->start_at_ms ? task->due_at_ms : task->start_at_ms);
    put_moment(out, "DUE", task, task->due_at_ms);
    if (task->recurrence.length)
        put_value(out, "RRULE", task->recurrence);
    if (task->parent.length)
        put_value(out, "RELATED-TO", task->parent);
    put_value(out, "END", S("VTODO"));
}

void calendar_write(Buf *out, const TaskList *tasks, Str name)
{
    put_value(out, "BEGIN", S("VCALENDAR"));
    put_value(out, "VERSION", S("2.0"));
    put_value(out, "PRODID", S("-//Lectern//Tasks//EN"));
    put_value(out, "CALSCALE", S("GREGORIAN"));
    if (name.length)
        put_words(out, "X-WR-CALNAME", name);
    for (size_t i = 0; i < tasks->count; i++)
        put_todo(out, &tasks->at[i]);
    put_value(out, "END", S("VCALENDAR"));
}
