#include "jobs/cron.h"

#include "text/date_calendar.h"

/* 29 February comes after eight years at the latest; with a year's change of calendars in mind. */
#define DAYS_AHEAD (9 * 366)
#define EVERY_HOUR 0xffffffu

/* --- Reading ------------------------------------------------------------------------- */

typedef struct CronField {
    const char *name;
    int min, max;
    const char *words; /* three letters each, from `min` on */
} CronField;

static const CronField fields[] = {
    { "minute", 0, 59, "" },
    { "hour", 0, 23, "" },
    { "day of the month", 1, 31, "" },
    { "month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec" },
    { "day of the week", 0, 7, "sunmontuewedthufrisat" },
};

static const struct {
    const char *name, *text;
} names[] = {
    { "@hourly", "0 * * * *" },   { "@daily", "0 0 * * *" },   { "@midnight", "0 0 * * *" },
    { "@weekly", "0 0 * * 0" },   { "@monthly", "0 0 1 * *" }, { "@yearly", "0 0 1 1 *" },
    { "@annually", "0 0 1 1 *" },
};

static bool read_number(const CronField *field, Str text, int *number_r)
{
    int64_t number;
    for (int i = 0; text.length == 3 && field->words[i * 3]; i++)
        if (str_equal_ignore_case(text, (Str){ field->words + i * 3, 3 })) {
            *number_r = field->min + i;
            return true;
        }
    if (!str_to_int(text, field->min, field->max, &number))
        return false;
    *number_r = (int)number;
    return true;
}

/* One of the parts with commas between: its bits. */
static bool read_part(const CronField *field, Str part, uint64_t *bits)
{
    int from = field->min, to = field->max;
    int64_t step = 1;
    ptrdiff_t slash = str_find_char(part, '/'), dash;
    Str range = slash < 0 ? part : str_slice(part, 0, (size_t)slash);

    if (slash >= 0 && !str_to_int(str_from(part, (size_t)slash + 1), 1, field->max, &step))
        return false;
    dash = str_find_char(range, '-');
    if (dash >= 0) {
        if (!read_number(field, str_slice(range, 0, (size_t)dash), &from) ||
            !read_number(field, str_from(range, (size_t)dash + 1), &to))
            return false;
    } else if (!str_is(range, "*")) {
        if (!read_number(field, range, &from))
            return false;
        to = slash < 0 ? from : field->max;
    }
    for (int i = from; i <= to; i += (int)step)
        *bits |= UINT64_C(1) << i;
    return from <= to;
}

static bool read_field(const CronField *field, Str text, uint64_t *bits_r, Error *err)
{
    Str rest = text, part;
    *bits_r = 0;
    while (str_next(&rest, ',', &part))
        if (!read_part(field, part, bits_r))
            return fail_field(err, "cron",
                              "'" STR_FMT "' is no %s: it is %d to %d, a range 'a-b', '*', steps "
                              "'*/n', or several with commas between",
                              STR_ARG(str_slice(part, 0, 40)), field->name, field->min, field->max);
    return true;
}

static Str next_word(Str *rest)
{
    Str text = str_trim(*rest);
    size_t length = 0;
    while (length < text.length && !HAS_CHAR(text.at[length], " \t"))
        length++;
    *rest = str_from(text, length);
    return str_slice(text, 0, length);
}

static bool starts_with_star(Str text) { return text.length && text.at[0] == '*'; }

bool cron_read(Str text, Cron *cron_r, Error *err)
{
    uint64_t bits[COUNT(fields)];
    Str rest = text, words[COUNT(fields)];

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(str_trim(text), names[i].name))
            rest = str(names[i].text);
    if (rest.length > CRON_MAX)
        return fail_field(err, "cron", "a rule has at most %d bytes", CRON_MAX);
    for (size_t i = 0; i < COUNT(fields); i++) {
        words[i] = next_word(&rest);
        if (!words[i].length)
            return fail_field(err, "cron",
                              "a rule has five fields: minute, hour, day of the month, month, day "
                              "of the week, as in '30 7 * * mon-fri'");
        if (!read_field(&fields[i], words[i], &bits[i], err))
            return false;
    }
    if (str_trim(rest).length)
        return fail_field(err, "cron", "after five fields there is '" STR_FMT "'",
                          STR_ARG(str_slice(str_trim(rest), 0, 40)));
    *cron_r = (Cron){ .minutes = bits[0],
                      .hours = (uint32_t)bits[1],
                      .days = (uint32_t)bits[2],
                      .months = (uint16_t)bits[3],
                      .weekdays = (uint8_t)((bits[4] | bits[4] >> 7) & 0x7f),
                      .any_day = starts_with_star(words[2]),
                      .any_weekday = starts_with_star(words[4]) };
    return true;
}

/* --- The next time ------------------------------------------------------------------- */

static bool is_day(const Cron *cron, int64_t days)
{
    Civil date = civil_of(days);
    bool is_date = cron->days >> date.day & 1;
    bool is_weekday = cron->weekdays >> (weekday_of(days) % 7) & 1;

    if (!(cron->months >> date.month & 1))
        return false;
    /* As crontab(5) has it: what begins with a star does not widen the other. */
    return cron->any_day || cron->any_weekday ? is_date && is_weekday : is_date || is_weekday;
}

/* The earliest of this day that is after `after_ms` and before *best. */
static void look_at_day(const Cron *cron, const DateZone *zone, int64_t days, int64_t after_ms,
                        int64_t *best)
{
    int64_t times[2];

    for (int minute = 0; minute < 24 * 60; minute++) {
        if (!(cron->hours >> (minute / 60) & 1) || !(cron->minutes >> (minute % 60) & 1))
            continue;
        size_t count = date_zone_instants(zone, days * DAY_SECONDS + minute * 60, times);
        if (cron->hours != EVERY_HOUR)
            count = 1;
        for (size_t i = 0; i < count; i++)
            if (times[i] > after_ms && times[i] < *best)
                *best = times[i];
    }
}

/* From the day before, whose last times a change of clocks may have moved; and a day longer than
 * the first that has one, as moved times may overtake others. */
bool cron_next(const Cron *cron, const DateZone *zone, int64_t after_ms, int64_t *next_ms_r)
{
    int64_t first = floor_div(date_zone_local(zone, after_ms), DAY_SECONDS) - 1;
    int64_t last = first + DAYS_AHEAD, best = INT64_MAX;

    for (int64_t day = first; day <= last; day++) {
        if (!is_day(cron, day))
            continue;
        look_at_day(cron, zone, day, after_ms, &best);
        if (best < INT64_MAX)
            last = MIN(last, day + 1);
    }
    if (best < INT64_MAX)
        *next_ms_r = best;
    return best < INT64_MAX;
}
