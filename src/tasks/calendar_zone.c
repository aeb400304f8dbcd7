/* calendar_zone.c - a time zone as VTIMEZONE (RFC 5545, 3.6.5), so that what recurs keeps its hour
 * over summer time; see calendar_lines.h.
 *
 * Changes that come every year on the same weekday of a month are two rules without an end; those
 * before, and zones whose changes follow no such rule, are told one by one. */
#include "tasks/calendar_lines.h"
#include "text/date.h"
#include "text/date_calendar.h"

#define YEARS_MIN 4 /* that a rule has been kept, to be one */

/* Which weekday of its month a change is on: the nth, the last, or it may be either. */
typedef struct Place {
    int month, weekday, nth; /* nth 0: only the last fits */
    bool is_last;
    int64_t clock; /* seconds of the day, by the clock before */
    int year;
} Place;

static int64_t onset_of(const DateChange *change) { return change->time_s + change->before; }

static Place place_of(const DateChange *change)
{
    int64_t onset = onset_of(change), days = floor_div(onset, DAY_SECONDS);
    Civil civil = civil_of(days);
    return (Place){ .month = civil.month,
                    .weekday = weekday_of(days),
                    .nth = (civil.day - 1) / 7 + 1,
                    .is_last = civil.day + 7 > month_length(civil.year, civil.month),
                    .clock = onset - days * DAY_SECONDS,
                    .year = civil.year };
}

/* Whether a change is the next one's of the year after, by the rule that fits that; narrows it. */
static bool joins(const DateChange *change, const DateChange *next, Place *rule)
{
    Place place = place_of(change);
    if (change->before != next->before || change->after != next->after ||
        place.month != rule->month || place.weekday != rule->weekday ||
        place.clock != rule->clock || place.year + 1 != place_of(next).year)
        return false;
    int nth = place.nth == rule->nth ? rule->nth : 0;
    bool is_last = place.is_last && rule->is_last;
    if (!nth && !is_last)
        return false;
    rule->nth = nth;
    rule->is_last = is_last;
    return true;
}

/* From which change on two of each year follow rules; the count: none do. */
static size_t find_rules(const DateChange *at, size_t count, Place rules[2])
{
    if (count < 2 * YEARS_MIN + 1 || place_of(&at[count - 1]).year < DATE_CHANGES_YEAR_MAX)
        return count;
    size_t from = count - 2;
    rules[0] = place_of(&at[from]);
    rules[1] = place_of(&at[from + 1]);
    while (from > 1 && joins(&at[from - 1], &at[from + 1], &rules[(count - from + 1) % 2]))
        from--;
    return count - from >= 2 * YEARS_MIN ? from : count;
}

static Str offset_text(Arena *arena, int seconds)
{
    int size = seconds < 0 ? -seconds : seconds;
    Str text =
        str_format(arena, "%c%02d%02d", seconds < 0 ? '-' : '+', size / 3600, size / 60 % 60);
    return size % 60 ? str_format(arena, STR_FMT "%02d", STR_ARG(text), size % 60) : text;
}

static void put_observance(Buf *out, const DateChange *change, const Place *rule)
{
    static const char *const days[] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };
    const char *kind = change->is_summer ? "DAYLIGHT" : "STANDARD";
    calendar_put(out, "BEGIN", str(kind));
    calendar_put(out, "DTSTART", calendar_civil(out->arena, onset_of(change)));
    calendar_put(out, "TZOFFSETFROM", offset_text(out->arena, change->before));
    calendar_put(out, "TZOFFSETTO", offset_text(out->arena, change->after));
    calendar_put(out, "TZNAME", change->name);
    if (rule)
        calendar_put(out, "RRULE",
                     str_format(out->arena, "FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s", rule->month,
                                rule->is_last ? -1 : rule->nth, days[rule->weekday - 1]));
    calendar_put(out, "END", str(kind));
}

void calendar_put_zone(Buf *out, Str name, int64_t from_ms)
{
    const DateZone *zone;
    DateChange *changes;
    Place rules[2];
    Error ignored;
    if (!date_zone(out->arena, name, &zone, &ignored))
        return;
    size_t count = date_zone_changes(out->arena, zone, from_ms / 1000, &changes);
    size_t from = find_rules(changes, count, rules);
    calendar_put(out, "BEGIN", S("VTIMEZONE"));
    calendar_put(out, "TZID", name);
    for (size_t i = 0; i < from; i++)
        put_observance(out, &changes[i], NULL);
    for (size_t i = from; i < count && i < from + 2; i++)
        put_observance(out, &changes[i], &rules[(count - i) % 2]);
    calendar_put(out, "END", S("VTIMEZONE"));
}
