/* date_holidays.c - days with a name, of a year or the next and the last. */
#include "text/date_int.h"

typedef enum HolidayRule { FIXED_DAY, NTH_WEEKDAY, FROM_EASTER } HolidayRule;

typedef struct Holiday {
    const char *name;
    HolidayRule rule;
    int month, day, n, after;
} Holiday;

static const Holiday holidays[] = {
#define DAY(name, month, day) { name, FIXED_DAY, month, day, 0, 0 },
#define NTH(name, month, weekday, n, after) { name, NTH_WEEKDAY, month, weekday, n, after },
#define EASTER(name, after) { name, FROM_EASTER, 0, 0, 0, after },
#include "text/date_holidays.def"
#undef DAY
#undef NTH
#undef EASTER
};

static int64_t holiday_in(const Holiday *h, int year)
{
    if (h->rule == FIXED_DAY)
        return civil_days(year, h->month, h->day);
    if (h->rule == NTH_WEEKDAY)
        return weekday_of_month(year, h->month, h->day, h->n) + h->after;
    return easter_of(year) + h->after;
}

/* The token behind a name; apostrophes of the text and of the name do not count, nor does 's. */
static size_t match_name(const DateText *t, size_t i, const char *name)
{
    Str rest = str(name), word;
    while (str_next(&rest, ' ', &word)) {
        ptrdiff_t quote = str_find_char(word, '\'');
        Str stem = quote >= 0 ? str_slice(word, 0, (size_t)quote) : word;
        if (i >= t->count || !str_starts(t->at[i].text, stem))
            return 0;
        size_t extra = t->at[i].text.length - stem.length;
        if (extra > 1 || (extra == 1 && (quote < 0 || t->at[i].text.at[stem.length] != 's')))
            return 0;
        i++;
        if (is_sign(t, i, '.') && token(t, i)->is_glued && rest.length)
            i++;
        if (rest.length && is_sign(t, i, '\'') && token(t, i)->is_glued)
            i += 1 + (is_word(t, i + 1, "s") && token(t, i + 1)->is_glued);
    }
    return i;
}

static const Holiday *find_holiday(const DateText *t, size_t i, size_t *end_r)
{
    const Holiday *best = NULL;
    char first = i < t->count ? t->at[i].text.at[0] : 0;
    for (size_t k = 0; k < COUNT(holidays); k++) {
        if (holidays[k].name[0] != first)
            continue;
        size_t end = match_name(t, i, holidays[k].name);
        if (end && (!best || end > *end_r)) {
            best = &holidays[k];
            *end_r = end;
        }
    }
    return best;
}

/* ", 2019", "of this year" or nothing. */
static size_t match_its_year(const DateText *t, size_t i, int *year_r)
{
    size_t at = skip_key(t, skip_key(t, skip_sign(t, i, ','), OF), IN);
    size_t end = match_year(t, at, year_r);
    if (end && *year_r >= 1500)
        return end;
    *year_r = 0;
    at = skip_key(t, at, THE);
    if (is_kind(t, at, TURN) && is_word(t, at + 1, "year")) {
        int turn = token(t, at)->value;
        *year_r = t->date.year + (turn == THIS ? 0 : turn < THIS ? -1 : 1);
        return at + 2;
    }
    return i;
}

/* Saturday to Monday, longer when the day itself is the Friday before or the Monday after. */
static void widen_to_weekend(DateSpan *s, int64_t day, int which)
{
    int weekday = weekday_of(day);
    int64_t saturday = weekday <= 2 ? day - weekday - 1 : week_begin(day) + 5;
    s->from[which] = MIN(saturday, weekday == 5 || weekday == 4 ? day : saturday);
    s->to[which] = weekday <= 2 ? day + 1 : saturday + 2;
}

size_t match_holiday(const DateText *t, size_t i, DateSpan *span_r)
{
    size_t at = skip_key(t, i, THE), end = 0;
    int turn = is_kind(t, at, TURN) ? token(t, at)->value : 0, year = 0;
    at += turn != 0;
    const Holiday *holiday = find_holiday(t, at, &end);
    if (!holiday)
        return 0;
    end = match_its_year(t, end, &year);
    bool is_weekend = is_word(t, end, "weekend");
    end += is_weekend;
    if (is_weekend && !year)
        end = match_its_year(t, end, &year);
    int64_t ahead = holiday_in(holiday, t->date.year);
    ahead = ahead < t->today ? holiday_in(holiday, t->date.year + 1) : ahead;
    int64_t back = holiday_in(holiday, t->date.year);
    back = back >= t->today ? holiday_in(holiday, t->date.year - 1) : back;
    int64_t days[2] = { ahead, back };
    if (turn == THIS && !year)
        year = t->date.year;
    if (year)
        days[0] = days[1] = holiday_in(holiday, year);
    else if (turn)
        days[0] = days[1] = turn < THIS ? back : ahead;
    DateSpan s = { .grain = DATE_DAY, .is_cut = is_weekend };
    for (int which = 0; which < 2; which++) {
        s.from[which] = days[which];
        s.to[which] = days[which] + 1;
        if (is_weekend)
            widen_to_weekend(&s, days[which], which);
    }
    *span_r = s;
    return end;
}
