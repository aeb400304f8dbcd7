/* log.c - see log.h. */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/passwords.h"
#include "base/trace.h"

static _Atomic int level_min = LOG_INFO;
static _Atomic bool as_json;
static _Thread_local char thread_id[80];

static const char *const level_names[] = { "debug", "info", "warn", "error" };

void log_set_level(LogLevel level) { level_min = (int)level; }
void log_set_json(bool json) { as_json = json; }
void log_set_id(Str id) { snprintf(thread_id, sizeof thread_id, STR_FMT, STR_ARG(id)); }

static void write_json(Buf *line, Str time, LogLevel level, const char *area, const char *message)
{
    JsonWriter json = put_begin(line);
    put_text(&json, "time", time);
    put_text(&json, "level", str(level_names[level]));
    put_text(&json, "area", str(area));
    put_text(&json, "message", str(message));
    if (thread_id[0])
        put_text(&json, "id", str(thread_id));
    if (trace_here()->is_set) {
        put_text(&json, "trace_id", trace_id_text(trace_here(), (char[TRACE_TEXT_SIZE]){ 0 }));
        put_text(&json, "span_id", trace_span_text(trace_here(), (char[TRACE_TEXT_SIZE]){ 0 }));
    }
    put_end(&json);
}

void log_line(LogLevel level, const char *area, const char *format, ...)
{
    char message[2000], time[TIME_TEXT_SIZE];
    va_list args;

    if ((int)level < level_min)
        return;
    va_start(args, format);
    int length = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    passwords_hide(message, (size_t)length >= sizeof message);
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Buf line = buf_new(arena, KB(16));
    if (as_json) {
        write_json(&line, time_format(now_ms(), time), level, area, message);
    } else {
        for (char *c = message; *c; c++)
            if ((unsigned char)*c < 0x20)
                *c = ' '; /* a file name must not forge a line */
        Str at = time_format(now_ms(), time);
        buf_addf(&line, STR_FMT " %-5s %s: %s", STR_ARG(at), level_names[level], area, message);
        if (thread_id[0])
            buf_addf(&line, " [%s]", thread_id);
        Str trace = trace_id_text(trace_here(), (char[TRACE_TEXT_SIZE]){ 0 });
        if (trace.length)
            buf_addf(&line, " trace=" STR_FMT, STR_ARG(trace));
    }
    buf_add_char(&line, '\n');
    (void)!write(STDERR_FILENO, line.at, line.length); /* one call: lines never mix */
}
