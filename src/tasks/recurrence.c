#include "tasks/recurrence.h"

#include <time.h>

#define DAY_S 86400
#define DAYS_MAX (366 * 20)
#define DAYS_LISTED (366 * 100)
#define DAYS_OF_RULE 40 /* entries of one BY... list */

typedef enum Frequency { DAILY, WEEKLY, MONTHLY, YEARLY } Frequency;

/* "2MO" is the second Monday, "-1FR" the last Friday, "TU" each Tuesday. */
typedef struct ByDay {
    int weekday; /* 0: Monday */
    int nth;     /* 0: each */
} ByDay;

typedef struct Rule {
    Frequency frequency;
    int64_t interval, count; /* count 0: without end */
    int64_t until;           /* civil; INT64_MAX: none */
    int64_t months[12], month_days[DAYS_OF_RULE], positions[DAYS_OF_RULE];
    size_t month_count, month_day_count, position_count;
    ByDay days[DAYS_OF_RULE];
    size_t day_count;
    int week_start;
} Rule;

typedef struct Day {
    int64_t number; /* since 1970 */
    int year, month, day, weekday, month_length;
} Day;

/* --- Days --- */

static Day day_of(int64_t number)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    time_t seconds = (time_t)(number * DAY_S);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    int year = tm.tm_year + 1900;
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return (Day){ .number = number,
                  .year = year,
                  .month = tm.tm_mon + 1,
                  .day = tm.tm_mday,
                  .weekday = (tm.tm_wday + 6) % 7,
                  .month_length = lengths[tm.tm_mon] + (tm.tm_mon == 1 && is_leap) };
}

static int64_t floor_days(int64_t seconds) { return seconds / DAY_S - (seconds % DAY_S < 0); }

/* --- Reading --- */

static bool read_numbers(Str text, int64_t min, int64_t max, int64_t *at, size_t most,
                         size_t *count_r)
{
    Str piece;
    size_t count = 0;
    while (str_next(&text, ',', &piece)) {
        if (piece.length > 1 && piece.at[0] == '+')
            piece = str_from(piece, 1);
        if (count == most || !str_to_int(piece, min, max, &at[count]) || !at[count])
            return false;
        count++;
    }
    *count_r = count;
    return count > 0;
}

static int weekday_named(Str name)
{
    static const char *const names[] = { "MO", "TU", "WE", "TH", "FR", "SA", "SU" };
    for (int i = 0; i < 7; i++)
        if (str_is(name, names[i]))
            return i;
    return -1;
}

static bool read_days(Str text, Rule *rule)
{
    Str piece;
    while (str_next(&text, ',', &piece)) {
        size_t at = piece.length < 2 ? 0 : piece.length - 2;
        Str nth = str_slice(piece, 0, at);
        int64_t number = 0;
        int weekday = weekday_named(str_from(piece, at));
        if (nth.length > 1 && nth.at[0] == '+')
            nth = str_from(nth, 1);
        if (weekday < 0 || rule->day_count == DAYS_OF_RULE ||
            (nth.length && (!str_to_int(nth, -5, 5, &number) || !number)))
            return false;
        rule->days[rule->day_count++] = (ByDay){ weekday, (int)number };
    }
    return rule->day_count > 0;
}

/* "20271231", "20271231T120000" or with a Z: the end of such a day, or that second. */
static bool read_until(Str text, int64_t *until_r)
{
    struct tm tm = { 0 };
    const char *ends[] = { "", "T000000", "T000000Z" };
    int64_t date, clock = 235959;
    bool ok = (text.length == 8 || text.length == strlen(ends[1]) + 8 ||
               text.length == strlen(ends[2]) + 8) &&
              str_to_int(str_slice(text, 0, 8), 19000101, 99991231, &date);
    if (ok && text.length > 8)
        ok = text.at[8] == 'T' && str_to_int(str_slice(text, 9, 15), 0, 235959, &clock) &&
             (text.length == 15 || text.at[15] == 'Z');
    if (!ok)
        return false;
    tm.tm_year = (int)(date / 10000) - 1900;
    tm.tm_mon = (int)(date / 100 % 100) - 1;
    tm.tm_mday = (int)(date % 100);
    tm.tm_hour = (int)(clock / 10000);
    tm.tm_min = (int)(clock / 100 % 100);
    tm.tm_sec = (int)(clock % 100);
    *until_r = (int64_t)timegm(&tm);
    return true;
}

static bool read_frequency(Str text, Frequency *frequency_r)
{
    static const char *const names[] = { "DAILY", "WEEKLY", "MONTHLY", "YEARLY" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(text, names[i])) {
            *frequency_r = (Frequency)i;
            return true;
        }
    return false;
}

static bool read_part(Str name, Str value, Rule *rule)
{
    if (str_is(name, "FREQ"))
        return read_frequency(value, &rule->frequency);
    if (str_is(name, "INTERVAL"))
        return str_to_int(value, 1, 1000, &rule->interval);
    if (str_is(name, "COUNT"))
        return str_to_int(value, 1, 10000, &rule->count);
    if (str_is(name, "UNTIL"))
        return read_until(value, &rule->until);
    if (str_is(name, "BYMONTH"))
        return read_numbers(value, 1, 12, rule->months, 12, &rule->month_count);
    if (str_is(name, "BYMONTHDAY"))
        return read_numbers(value, -31, 31, rule->month_days, DAYS_OF_RULE, &rule->month_day_count);
    if (str_is(name, "BYSETPOS"))
        return read_numbers(value, -31, 31, rule->positions, DAYS_OF_RULE, &rule->position_count);
    if (str_is(name, "BYDAY"))
        return read_days(value, rule);
    if (str_is(name, "WKST"))
        return (rule->week_start = weekday_named(value)) >= 0;
    return false;
}

static bool read_rule(Str text, Rule *rule_r, Error *err)
{
    Rule rule = { .interval = 1, .until = INT64_MAX };
    Str rest = text, part;
    bool has_frequency = false;
    if (text.length > RECURRENCE_MAX)
        return fail_field(err, "recurrence", "'recurrence' has more than %d bytes", RECURRENCE_MAX);
    while (str_next(&rest, ';', &part)) {
        ptrdiff_t equal = str_find_char(part, '=');
        Str name = str_slice(part, 0, equal < 0 ? 0 : (size_t)equal);
        if (equal < 0 || !read_part(name, str_from(part, (size_t)equal + 1), &rule))
            return fail_field(err, "recurrence",
                              "'recurrence' has a part '" STR_FMT
                              "' that is not understood; as FREQ=WEEKLY;BYDAY=MO",
                              STR_ARG(str_slice(part, 0, 60)));
        has_frequency |= str_is(name, "FREQ");
    }
    if (!has_frequency)
        return fail_field(err, "recurrence", "'recurrence' has no FREQ; as FREQ=WEEKLY;BYDAY=MO");
    if (rule.position_count && rule.frequency != MONTHLY)
        return fail_field(err, "recurrence", "BYSETPOS is understood with FREQ=MONTHLY only");
    *rule_r = rule;
    return true;
}

bool recurrence_check(Str rule, Error *err)
{
    Rule ignored;
    return read_rule(rule, &ignored, err);
}

/* --- Matching --- */

static bool has_number(const int64_t *at, size_t count, int64_t number)
{
    for (size_t i = 0; i < count; i++)
        if (at[i] == number)
            return true;
    return false;
}

/* Whether the period of a day is one of every INTERVAL, counted from the beginning's. */
static bool fits_interval(const Rule *rule, const Day *start, const Day *day)
{
    int64_t apart = 0;
    switch (rule->frequency) {
    case DAILY: apart = day->number - start->number; break;
    case WEEKLY: {
        int64_t from = start->number - (start->weekday - rule->week_start + 7) % 7;
        int64_t to = day->number - (day->weekday - rule->week_start + 7) % 7;
        apart = (to - from) / 7;
        break;
    }
    case MONTHLY: apart = (day->year - start->year) * 12 + day->month - start->month; break;
    case YEARLY: apart = day->year - start->year; break;
    }
    return apart % rule->interval == 0;
}

static bool fits_weekday(const Rule *rule, const Day *day)
{
    for (size_t i = 0; i < rule->day_count; i++) {
        const ByDay *by = &rule->days[i];
        int from_start = (day->day - 1) / 7 + 1;
        int from_end = -((day->month_length - day->day) / 7 + 1);
        if (by->weekday == day->weekday &&
            (!by->nth || by->nth == from_start || by->nth == from_end))
            return true;
    }
    return false;
}

/* What a rule leaves out is that of its beginning: the weekday, the day of the month, the month. */
static bool fits_days(const Rule *rule, const Day *start, const Day *day)
{
    bool has_day = rule->day_count > 0, has_month_day = rule->month_day_count > 0;
    if (rule->month_count ? !has_number(rule->months, rule->month_count, day->month)
                          : rule->frequency == YEARLY && day->month != start->month)
        return false;
    if (has_day && !fits_weekday(rule, day))
        return false;
    if (has_month_day && !has_number(rule->month_days, rule->month_day_count, day->day) &&
        !has_number(rule->month_days, rule->month_day_count, day->day - day->month_length - 1))
        return false;
    if (has_day || has_month_day || rule->frequency == DAILY)
        return true;
    return rule->frequency == WEEKLY ? day->weekday == start->weekday : day->day == start->day;
}

/* The how manieth of its month's days that fit it is, from the front and from the back. */
static bool fits_position(const Rule *rule, const Day *start, const Day *day)
{
    int64_t before = 0, all = 0;
    for (int i = 1; i <= day->month_length; i++) {
        Day other = day_of(day->number - day->day + i);
        bool fits = fits_days(rule, start, &other);
        all += fits;
        before += fits && i < day->day;
    }
    return has_number(rule->positions, rule->position_count, before + 1) ||
           has_number(rule->positions, rule->position_count, before - all);
}

static bool fits(const Rule *rule, const Day *start, const Day *day)
{
    return fits_interval(rule, start, day) && fits_days(rule, start, day) &&
           (!rule->position_count || fits_position(rule, start, day));
}

/* The rule with another COUNT. */
static Str recount(Arena *arena, Str text, int64_t count)
{
    Buf out = buf_new(arena, RECURRENCE_MAX + 20);
    Str part;
    while (str_next(&text, ';', &part)) {
        if (out.length)
            buf_add_char(&out, ';');
        if (str_starts(part, S("COUNT=")))
            buf_addf(&out, "COUNT=%" PRId64, count);
        else
            buf_add(&out, part);
    }
    return buf_str(&out);
}

/* The days of a rule, one after the other. */
typedef struct Walk {
    Rule rule;
    Day first;
    int64_t clock, day, left; /* day: of the last one, counted from the first */
} Walk;

static bool walk_begin(Str text, int64_t start, Walk *walk_r)
{
    Walk walk = { 0 };
    Error ignored;
    if (!read_rule(text, &walk.rule, &ignored))
        return false;
    walk.first = day_of(floor_days(start));
    walk.clock = start - walk.first.number * DAY_S;
    walk.left = walk.rule.count;
    *walk_r = walk;
    return true;
}

/* The next time, on a day before `day_max`. */
static bool walk_next(Walk *walk, int64_t day_max, int64_t *at_r)
{
    const Rule *rule = &walk->rule;
    while (walk->day + 1 <= day_max) {
        Day day = day_of(walk->first.number + ++walk->day);
        int64_t at = day.number * DAY_S + walk->clock;
        if (at > rule->until)
            return false;
        if (!fits(rule, &walk->first, &day))
            continue;
        *at_r = at;
        return !rule->count || --walk->left >= 1;
    }
    return false;
}

bool recurrence_next(Arena *arena, Str rule_text, int64_t start, int64_t after, int64_t *next_r,
                     Str *rule_r)
{
    Walk walk;
    int64_t at;
    if (!walk_begin(rule_text, start, &walk))
        return false;
    while (walk_next(&walk, DAYS_MAX, &at))
        if (at > after) {
            *next_r = at;
            *rule_r = recount(arena, rule_text, walk.left);
            return true;
        }
    return false;
}

size_t recurrence_list(Str rule, int64_t start, int64_t from, int64_t until, int64_t *times,
                       size_t max)
{
    Walk walk;
    size_t count = 0;
    int64_t at = start;
    if (!walk_begin(rule, start, &walk) || until <= start)
        return 0;
    int64_t day_max = MIN(floor_days(until) - walk.first.number, DAYS_LISTED);
    if (from <= start && max)
        times[count++] = start;
    if (!walk.rule.count) /* nobody has to count what came before */
        walk.day = MAX(floor_days(from) - walk.first.number - 1, 0);
    while (count < max && walk_next(&walk, day_max, &at))
        if (at >= from && at < until)
            times[count++] = at;
    return count;
}
