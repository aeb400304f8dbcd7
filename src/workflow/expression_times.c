/* expression_times.c - functions of numbers and times. */
#include "workflow/expression_int.h"

#include "base/clock.h"

#include <math.h>

/* --- Numbers --- */

json_t *function_round(ExpressionRun *run, const Args *args)
{
    double number, digits = 0;
    Taken taken = expression_take_number(run, args->at[0], &number);
    if (taken == TAKEN && args->count > 1)
        taken = expression_take_number(run, args->at[1], &digits);
    if (taken != TAKEN)
        return expression_nothing(taken);
    if (digits < 0 || digits > 15)
        return expression_fail(run, "it rounds to 0 to 15 digits");
    double scale = pow(10, floor(digits));
    return expression_number(run, round(number * scale) / scale);
}

json_t *function_abs(ExpressionRun *run, const Args *args)
{
    double number;
    Taken taken = expression_take_number(run, args->at[0], &number);
    return taken == TAKEN ? expression_number(run, fabs(number)) : expression_nothing(taken);
}

/* --- Times --- */

static Taken take_time(ExpressionRun *run, const json_t *value, int64_t *time_ms_r)
{
    Str text;
    Error ignored;
    Taken taken = expression_take_text(run, value, &text);
    if (taken == TAKEN && !time_parse(text, time_ms_r, &ignored)) {
        (void)expression_fail(run, "'" STR_FMT "' is no time such as 2026-11-21T10:00:00Z",
                              STR_ARG(str_slice(text, 0, 40)));
        return TAKEN_NOT;
    }
    return taken;
}

static json_t *time_value(ExpressionRun *run, int64_t time_ms)
{
    char out[TIME_TEXT_SIZE];
    return expression_text(run, time_format(time_ms, out));
}

json_t *function_now(ExpressionRun *run, const Args *args)
{
    (void)args;
    return time_value(run, run->now_ms);
}

json_t *function_time(ExpressionRun *run, const Args *args)
{
    Str text;
    int64_t time_ms;
    Error ignored;
    Taken taken = expression_take_text(run, args->at[0], &text);
    if (taken != TAKEN)
        return expression_nothing(taken);
    return time_parse(text, &time_ms, &ignored) ? time_value(run, time_ms) : json_null();
}

/* Milliseconds of "days" or "day"; 0 after a failure. */
static double unit_ms(ExpressionRun *run, const json_t *value)
{
    static const struct {
        const char *one, *many;
        double ms;
    } units[] = { { "second", "seconds", 1e3 },
                  { "minute", "minutes", 60e3 },
                  { "hour", "hours", 3600e3 },
                  { "day", "days", 86400e3 },
                  { "week", "weeks", 604800e3 } };
    Str name = expression_str(value);
    for (size_t i = 0; i < COUNT(units); i++)
        if (str_is(name, units[i].one) || str_is(name, units[i].many))
            return units[i].ms;
    (void)expression_fail(run, "the last is one of seconds, minutes, hours, days, weeks");
    return 0;
}

json_t *function_after(ExpressionRun *run, const Args *args)
{
    int64_t time_ms;
    double number, unit = unit_ms(run, args->at[2]);
    Taken taken = unit > 0 ? take_time(run, args->at[0], &time_ms) : TAKEN_NOT;
    if (taken == TAKEN)
        taken = expression_take_number(run, args->at[1], &number);
    if (taken != TAKEN)
        return expression_nothing(taken);
    double moved = (double)time_ms + number * unit;
    if (!(moved > -62e12 && moved < 253e12)) /* the years 1 to 9999 */
        return expression_fail(run, "the time is too far away");
    return time_value(run, (int64_t)moved);
}

json_t *function_between(ExpressionRun *run, const Args *args)
{
    int64_t from, to;
    double unit = unit_ms(run, args->at[2]);
    Taken taken = unit > 0 ? take_time(run, args->at[0], &from) : TAKEN_NOT;
    if (taken == TAKEN)
        taken = take_time(run, args->at[1], &to);
    return taken == TAKEN ? expression_number(run, (double)(to - from) / unit)
                          : expression_nothing(taken);
}

json_t *function_weekday(ExpressionRun *run, const Args *args)
{
    int64_t time_ms;
    Taken taken = take_time(run, args->at[0], &time_ms);
    if (taken != TAKEN)
        return expression_nothing(taken);
    int64_t days =
        (time_ms - (time_ms < 0 ? 86399999 : 0)) / 86400000; /* 1970 began on a Thursday */
    return expression_keep(run, json_integer(((days + 3) % 7 + 7) % 7 + 1));
}
