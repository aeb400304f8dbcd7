/* ics_times.c - times of a calendar and the zones they are written in; see ics_int.h. */
#include "meetings/ics_int.h"

#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "tasks/recurrence.h"
#include "text/date.h"

#define YEAR_S (INT64_C(366) * 86400)

static bool read_number(Str text, size_t start, size_t end, int64_t max, int *number_r)
{
    int64_t number;
    if (end > text.length || !str_to_int(str_slice(text, start, end), 0, max, &number))
        return false;
    *number_r = (int)number;
    return true;
}

static bool read_civil(Str text, bool *is_date_r, int64_t *civil_r)
{
    struct tm tm = { 0 };
    bool is_date = text.length == 8;
    if (!read_number(text, 0, 4, 9999, &tm.tm_year) || !read_number(text, 4, 6, 12, &tm.tm_mon) ||
        !read_number(text, 6, 8, 31, &tm.tm_mday) || !tm.tm_mon || !tm.tm_mday || tm.tm_year < 1900)
        return false;
    if (!is_date &&
        (text.length < 15 || text.length > 16 || text.at[8] != 'T' ||
         !read_number(text, 9, 11, 23, &tm.tm_hour) || !read_number(text, 11, 13, 59, &tm.tm_min) ||
         !read_number(text, 13, 15, 60, &tm.tm_sec)))
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    *is_date_r = is_date;
    *civil_r = (int64_t)timegm(&tm);
    return true;
}

bool ics_time(Arena *arena, const ContentLine *line, Str value, IcsTime *time_r, Error *err)
{
    IcsTime time = { .is_there = true };
    value = str_trim(value);
    if (!read_civil(value, &time.is_date, &time.civil))
        return fail(err, ERROR_INVALID, STR_FMT " '" STR_FMT "' is no time", STR_ARG(line->name),
                    STR_ARG(str_slice(value, 0, 40)));
    time.is_utc = value.length == 16 && (value.at[15] == 'Z' || value.at[15] == 'z');
    Str zone = content_parameter(line, "TZID");
    if (zone.length > 1 && zone.at[0] == '/')
        zone = str_from(zone, 1);
    if (!time.is_utc && !time.is_date)
        time.zone = utf8_clean(arena, zone);
    *time_r = time;
    return true;
}

bool ics_duration(Str text, int64_t *seconds_r)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = { { 'W', 604800 }, { 'D', 86400 }, { 'H', 3600 }, { 'M', 60 }, { 'S', 1 } };
    int64_t sum = 0, number = -1;
    text = str_trim(text);
    if (text.length && text.at[0] == '+')
        text = str_from(text, 1);
    if (text.length < 2 || text.length > 30 || text.at[0] != 'P')
        return false;
    for (size_t i = 1; i < text.length; i++) {
        char c = text.at[i];
        if (c >= '0' && c <= '9') {
            number = MAX(number, 0) * 10 + (c - '0');
            if (number > 1000000)
                return false;
            continue;
        }
        size_t unit = 0;
        while (unit < COUNT(units) && units[unit].unit != c)
            unit++;
        if (c != 'T' && (unit == COUNT(units) || number < 0))
            return false;
        if (c != 'T')
            sum += number * units[unit].seconds;
        number = -1;
    }
    *seconds_r = sum;
    return number < 0;
}

bool ics_offset(Str text, int64_t *seconds_r)
{
    int hours, minutes, seconds = 0;
    text = str_trim(text);
    if (text.length < 5 || !HAS_CHAR(text.at[0], "+-") || !read_number(text, 1, 3, 23, &hours) ||
        !read_number(text, 3, 5, 59, &minutes) ||
        (text.length > 5 && !read_number(text, 5, 7, 59, &seconds)))
        return false;
    int64_t offset = hours * 3600 + minutes * 60 + seconds;
    *seconds_r = text.at[0] == '-' ? -offset : offset;
    return true;
}

Str ics_utc(Arena *arena, int64_t time_ms)
{
    char text[TIME_TEXT_SIZE];
    Str iso = time_format(time_ms, text);
    return str_format(arena, "%.4s%.2s%.2sT%.2s%.2s%.2sZ", iso.at, iso.at + 5, iso.at + 8,
                      iso.at + 11, iso.at + 14, iso.at + 17);
}

/* --- Zones --- */

static const IcsZone *own_zone(const IcsReading *reading, Str name)
{
    for (size_t i = 0; i < reading->zones.count; i++)
        if (str_equal(reading->zones.at[i].name, name))
            return &reading->zones.at[i];
    return NULL;
}

/* When the observance began the last time before that hour; INT64_MIN: never. */
static int64_t last_onset(const IcsObservance *observance, int64_t civil)
{
    int64_t times[4];
    if (observance->start > civil)
        return INT64_MIN;
    if (!observance->rule.length)
        return observance->start;
    size_t count = recurrence_list(observance->rule, observance->start, civil - 2 * YEAR_S,
                                   civil + 1, times, COUNT(times));
    return count ? times[count - 1] : observance->start;
}

static int64_t own_offset(const IcsZone *zone, int64_t civil)
{
    int64_t best = INT64_MIN, offset = 0;
    for (size_t i = 0; i < zone->observances.count; i++) {
        const IcsObservance *observance = &zone->observances.at[i];
        int64_t onset = last_onset(observance, civil);
        if (i == 0 || onset > best) {
            best = onset;
            offset = observance->offset_s;
        }
    }
    return offset;
}

Str ics_zone_name(Str zone)
{
    static const struct {
        const char *windows, *iana;
    } names[] = {
#define WINDOWS_ZONE(windows, iana) { windows, iana },
#include "meetings/windows_zones.def"
#undef WINDOWS_ZONE
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal_ignore_case(zone, str(names[i].windows)))
            return str(names[i].iana);
    return zone;
}

/* A name that the system does not know may be described in the calendar itself; what Outlook calls
 * "W. Europe Standard Time" is known where it is not. */
static bool find_zone(const IcsReading *reading, Str zone, const IcsZone **own_r, Error *err)
{
    const IcsZone *own = own_zone(reading, zone);
    *own_r = own && own->observances.count ? own : NULL;
    return *own_r || fail(err, ERROR_INVALID, "there is no time zone '" STR_FMT "'",
                          STR_ARG(str_slice(zone, 0, 60)));
}

static bool zone_instant(const IcsReading *reading, Str zone, int64_t civil, int64_t *time_ms_r,
                         Error *err)
{
    const IcsZone *own;
    Error ignored;
    if (!zone.length) {
        *time_ms_r = civil * 1000;
        return true;
    }
    if (date_instant(civil, zone, time_ms_r, &ignored))
        return true;
    if (!find_zone(reading, zone, &own, &ignored))
        return date_instant(civil, ics_zone_name(zone), time_ms_r, &ignored) ||
               find_zone(reading, zone, &own, err);
    *time_ms_r = (civil - own_offset(own, civil)) * 1000;
    return true;
}

static Str zone_of(const IcsReading *reading, const IcsTime *time)
{
    return time->is_utc || time->is_date ? STR_NONE
           : time->zone.length           ? time->zone
                                         : reading->zone;
}

bool ics_instant(const IcsReading *reading, const IcsTime *time, int64_t *time_ms_r, Error *err)
{
    return zone_instant(reading, zone_of(reading, time), time->civil, time_ms_r, err);
}

bool ics_civil(const IcsReading *reading, const IcsTime *like, int64_t time_ms, int64_t *civil_r,
               Error *err)
{
    Str zone = zone_of(reading, like);
    const IcsZone *own;
    Error ignored;
    if (!zone.length) {
        *civil_r = time_ms / 1000;
        return true;
    }
    if (date_local(time_ms, zone, civil_r, &ignored))
        return true;
    if (!find_zone(reading, zone, &own, &ignored))
        return date_local(time_ms, ics_zone_name(zone), civil_r, &ignored) ||
               find_zone(reading, zone, &own, err);
    int64_t about = time_ms / 1000 + own_offset(own, time_ms / 1000);
    *civil_r = time_ms / 1000 + own_offset(own, about);
    return true;
}
