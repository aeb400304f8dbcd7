/* calendar_rule.c - RRULE as others read it: an UNTIL in UTC where its beginning has a zone; see
 * calendar_lines.h. Here it counts by the clock of the task. */
#include "base/clock.h"
#include "tasks/calendar_lines.h"
#include "text/date.h"

#define RULE_MAX KB(1)
#define DAY_END_S (86400 - 1)

bool calendar_read_civil(Arena *arena, Str text, int64_t *civil_r, Error *err)
{
    bool is_date = text.length == 8;
    int64_t time_ms;
    if (!is_date && text.length != 15 && text.length != 16)
        return fail(err, ERROR_INVALID, "'" STR_FMT "' is no time",
                    STR_ARG(str_slice(text, 0, 40)));
    const char *v = text.at;
    Str iso = is_date ? str_format(arena, "%.4s-%.2s-%.2s", v, v + 4, v + 6)
                      : str_format(arena, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", v, v + 4, v + 6, v + 9,
                                   v + 11, v + 13);
    if (!time_parse(iso, &time_ms, err))
        return false;
    *civil_r = time_ms / 1000 + (is_date ? DAY_END_S : 0);
    return true;
}

static Str with_until(Arena *arena, Str rule, Str until, const char *end)
{
    Buf out = buf_new(arena, RULE_MAX);
    Str part;
    while (str_next(&rule, ';', &part)) {
        if (out.length)
            buf_add_char(&out, ';');
        if (str_starts(part, S("UNTIL=")))
            buf_addf(&out, "UNTIL=" STR_FMT "%s", STR_ARG(until), end);
        else
            buf_add(&out, part);
    }
    return buf_str(&out);
}

static Str until_of(Str rule)
{
    Str part;
    while (str_next(&rule, ';', &part))
        if (str_starts(part, S("UNTIL=")))
            return str_from(part, 6);
    return STR_NONE;
}

Str calendar_rule_out(Arena *arena, Str rule, Str zone)
{
    Str until = until_of(rule);
    int64_t civil, time_ms;
    Error ignored;
    if (!until.length || until.length == 16 ||
        !calendar_read_civil(arena, until, &civil, &ignored) ||
        !date_instant(civil, zone, &time_ms, &ignored))
        return rule;
    return with_until(arena, rule, calendar_civil(arena, time_ms / 1000), "Z");
}

Str calendar_rule_in(Arena *arena, Str rule, Str zone)
{
    Str until = until_of(rule);
    int64_t seconds, civil;
    Error ignored;
    if (until.length != 16 || !calendar_read_civil(arena, until, &seconds, &ignored) ||
        !date_local(seconds * 1000, zone, &civil, &ignored))
        return rule;
    return with_until(arena, rule, calendar_civil(arena, civil), "");
}
