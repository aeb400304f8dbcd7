/* date_days.c - days, months and years as they are written out: "May 9", "next March", "1998"; and
 * which rule of all reads a span of days best. */
#include "text/date_int.h"

#define CENTURY_PIVOT 40 /* '39 is 2039, '40 is 1940 */

/* --- Which year or month is meant --- */

DateSpan span_days(DateGrain grain, int64_t from, int64_t to)
{
    return (DateSpan){ .grain = grain, .from = { from, from }, .to = { to, to } };
}

static void set_month(DateSpan *s, int which, int year)
{
    s->from[which] = civil_days(year, s->month, 1);
    s->to[which] = civil_days(year, s->month + 1, 1);
}

/* A day of a month without its year: the next one from today on, and the last one before. */
static void resolve_month_day(const DateText *t, DateSpan *s)
{
    for (int which = 0; which < 2; which++) {
        int step = which ? -1 : 1;
        for (int year = t->date.year, tries = 0; tries < 10; year += step, tries++) {
            if (!civil_is_valid(year, s->month, s->day))
                continue;
            int64_t day = civil_days(year, s->month, s->day);
            if (which ? day >= t->today : day < t->today)
                continue;
            s->from[which] = day;
            s->to[which] = day + 1;
            break;
        }
    }
}

/* A day's number alone or with its weekday: months are tried from this one on, and back. */
static void resolve_day_number(const DateText *t, DateSpan *s)
{
    for (int which = 0; which < 2; which++) {
        int step = which ? -1 : 1;
        for (int month = t->date.month, tries = 0; tries < 60; month += step, tries++) {
            Civil first = civil_of(civil_days(t->date.year, month, 1));
            if (!civil_is_valid(first.year, first.month, s->day))
                continue;
            int64_t day = civil_days(first.year, first.month, s->day);
            if ((which ? day >= t->today : day < t->today) ||
                (s->weekday && weekday_of(day) != s->weekday))
                continue;
            s->from[which] = day;
            s->to[which] = day + 1;
            break;
        }
    }
}

/* Fills from and to with what the said fields mean on the day of reference. */
void span_resolve(const DateText *t, DateSpan *s)
{
    if (s->year && s->month && s->day)
        s->from[0] = s->from[1] = civil_days(s->year, s->month, s->day);
    else if (s->year && s->month)
        set_month(s, 0, s->year), set_month(s, 1, s->year);
    else if (s->year) {
        s->from[0] = s->from[1] = civil_days(s->year, 1, 1);
        s->to[0] = s->to[1] = civil_days(s->year + 1, 1, 1);
    } else if (s->month && s->day)
        resolve_month_day(t, s);
    else if (s->month) {
        set_month(s, 0, t->date.year + (s->month < t->date.month));
        set_month(s, 1, t->date.year - (s->month >= t->date.month));
    } else if (s->day)
        resolve_day_number(t, s);
    else if (s->weekday) {
        s->from[0] = t->today + (s->weekday - weekday_of(t->today) + 7) % 7;
        s->from[1] = s->from[0] - 7;
    }
    if (s->grain == DATE_DAY)
        for (int which = 0; which < 2; which++)
            s->to[which] = s->from[which] + 1;
}

/* --- Numbers of years and days --- */

static int year_of_two(int value) { return value + (value < CENTURY_PIVOT ? 2000 : 1900); }

static bool is_words(const DateToken *token)
{
    return token->kind == NUMBER && !token->digit_count;
}

size_t match_year(const DateText *t, size_t i, int *year_r)
{
    const DateToken *first = token(t, i), *second = token(t, i + 1);
    if (first->kind == NUMBER && first->digit_count == 4 && first->value >= 1000 &&
        first->value < 2500) {
        *year_r = first->value;
        return i + 1;
    }
    if (is_words(first) && first->value >= 15 && first->value <= 20 && is_words(second) &&
        second->value >= 10 && second->value <= 99) {
        *year_r = first->value * 100 + second->value;
        return i + 2;
    }
    if (is_words(first) && first->value >= 1500 && first->value <= 2100) {
        *year_r = first->value;
        return i + 1;
    }
    if (is_sign(t, i, '\'') && second->kind == NUMBER && second->digit_count == 2 &&
        second->is_glued) {
        *year_r = year_of_two(second->value);
        return i + 2;
    }
    return 0;
}

size_t match_day_number(const DateText *t, size_t i, int *day_r)
{
    i = skip_key(t, i, THE);
    const DateToken *number = token(t, i);
    if ((number->kind != NUMBER && number->kind != ORDINAL) || number->value < 1 ||
        number->value > 31 || number->digit_count > 2)
        return 0;
    if (i && number->is_glued && strchr("$#%+", t->at[i - 1].text.at[0]))
        return 0;
    /* "6.30" and "6:30" are no sixth. */
    bool is_clock = number->kind == NUMBER && (is_sign(t, i + 1, ':') || is_sign(t, i + 1, '.')) &&
                    token(t, i + 1)->is_glued && is_kind(t, i + 2, NUMBER) &&
                    token(t, i + 2)->is_glued;
    if (is_clock)
        return 0;
    *day_r = number->value;
    return i + 1;
}

/* ", 2019", "of 2019", "in 2019", "'87", of 87 */
static size_t match_year_after(const DateText *t, size_t i, int *year_r)
{
    size_t at = skip_sign(t, i, ','), end;
    at = at == i && is_sign(t, i, '-') ? i + 1 : at;
    at = at == i && is_sign(t, i, '/') ? i + 1 : at;
    bool has_of = is_key(t, at, OF) || is_key(t, at, IN);
    at += has_of;
    at = has_of && match_words(t, at, "the year") ? at + 2 : at;
    if ((end = match_year(t, at, year_r)) != 0) {
        /* "May 5 1530" may be a time, "2000 pieces" is none of ours. */
        if (*year_r < 1500 || (is_sign(t, end, ':') && token(t, end)->is_glued))
            return 0;
        return end;
    }
    if (is_key(t, i, OF) && is_kind(t, i + 1, NUMBER) && token(t, i + 1)->digit_count == 2) {
        *year_r = year_of_two(token(t, i + 1)->value);
        return i + 2;
    }
    return 0;
}

/* --- Months --- */

/* "this year", "next year" after a day: the year that it names. */
static size_t match_turned_year(const DateText *t, size_t i, int *year_r)
{
    i = skip_sign(t, i, ',');
    i = skip_key(t, skip_key(t, skip_key(t, i, OF), IN), THE);
    if (!is_kind(t, i, TURN) || !is_kind(t, i + 1, UNIT) || token(t, i + 1)->value != YEARS)
        return 0;
    int turn = token(t, i)->value;
    *year_r = t->date.year + (turn == THIS ? 0 : turn < THIS ? -1 : 1);
    return i + 2;
}

static size_t with_year(const DateText *t, size_t i, DateSpan *s)
{
    int year = 0;
    size_t end = match_year_after(t, i, &year);
    if (!end)
        end = match_turned_year(t, i, &year);
    s->year = year;
    return end ? end : i;
}

/* "next month", "the month": its year and month. */
size_t match_turned_month(const DateText *t, size_t i, DateSpan *s)
{
    i = skip_key(t, i, THE);
    int turn = is_kind(t, i, TURN) ? token(t, i)->value : THIS;
    i += is_kind(t, i, TURN);
    if (!is_kind(t, i, UNIT) || token(t, i)->value != MONTHS)
        return 0;
    int steps = turn == THIS ? 0 : turn < THIS ? -1 : 1;
    Civil first = civil_of(civil_days(t->date.year, t->date.month + steps, 1));
    s->year = first.year;
    s->month = first.month;
    return i + 1;
}

/* Separators of a written date: a space, "of", "-", "/", ",". */
static size_t skip_joint(const DateText *t, size_t i)
{
    if (is_key(t, i, OF))
        return i + 1;
    if ((is_sign(t, i, '-') || is_sign(t, i, '/') || is_sign(t, i, '.')) && token(t, i)->is_glued)
        return i + 1;
    return i;
}

/* "second of Aug", "26th of june of 2020", "22/Jan/2019", "the twenty third day of September" */
static size_t match_day_month(const DateText *t, size_t i, DateSpan *s)
{
    int day = 0;
    size_t at = match_day_number(t, i, &day);
    if (!at)
        return 0;
    if (is_kind(t, at, UNIT) && token(t, at)->value == DAYS && is_key(t, at + 1, OF))
        at++;
    at = skip_joint(t, is_kind(t, at - 1, ORDINAL) ? skip_sign(t, at, ',') : at);
    at = skip_key(t, at, THE);
    if (!is_kind(t, at, MONTH))
        return 0;
    s->day = day;
    s->month = token(t, at)->value;
    at++;
    at += is_sign(t, at, '.') && token(t, at)->is_glued && is_kind(t, at + 1, NUMBER);
    return with_year(t, at, s);
}

/* "the 20th of next month" */
static size_t match_day_of_month(const DateText *t, size_t i, DateSpan *s)
{
    int day = 0;
    size_t at = match_day_number(t, i, &day), end;
    if (!at || (!is_key(t, at, OF) && !is_key(t, at, IN)) ||
        (end = match_turned_month(t, at + 1, s)) == 0)
        return 0;
    s->day = day;
    return end;
}

/* "march eighteenth", "Dec31 , 1994", "April the ninth", "Sep-23-2020" */
static size_t match_month_then_day(const DateText *t, size_t i, DateSpan *s)
{
    /* "we may march second in line" */
    static const char *const auxiliaries[] = { "may",   "will", "would", "must", "can",
                                               "could", "they", "we",    "i",    NULL };
    bool is_verb = is_word(t, i, "march") && i && t->text.at[token(t, i)->start] == 'm' &&
                   match_any(t, i - 1, auxiliaries) == i;
    if (!is_kind(t, i, MONTH) || is_verb)
        return 0;
    int day = 0;
    size_t at = i + 1;
    at += is_sign(t, at, '.') && token(t, at)->is_glued;
    at = skip_joint(t, at);
    at = skip_sign(t, at, ',');
    size_t end = match_day_number(t, at, &day);
    if (!end)
        return 0;
    s->month = token(t, i)->value;
    s->day = day;
    return with_year(t, end, s);
}

/* "2019-aug-1", "2020/23/Sep" */
static size_t match_year_first(const DateText *t, size_t i, DateSpan *s)
{
    int year = 0;
    size_t at = match_year(t, i, &year);
    if (!at || !token(t, i)->digit_count || year < 1500)
        return 0;
    size_t next = skip_joint(t, at);
    if (next == at)
        return 0;
    size_t end = match_month_then_day(t, next, s);
    if (!end)
        end = match_day_month(t, next, s);
    s->year = year;
    return end;
}

size_t match_month_day(const DateText *t, size_t i, DateSpan *span_r)
{
    DateSpan s = { .grain = DATE_DAY };
    size_t end = match_day_month(t, i, &s);
    if (!end)
        end = match_month_then_day(t, i, &s);
    if (!end)
        end = match_day_of_month(t, i, &s);
    if (!end)
        end = match_year_first(t, i, &s);
    if (end && is_sign(t, end, '(') && is_kind(t, end + 1, WEEKDAY) && is_sign(t, end + 2, ')'))
        end += 3;
    if (!end || s.day > (s.year ? month_length(s.year, s.month) : month_length(2000, s.month)))
        return 0;
    span_resolve(t, &s);
    *span_r = s;
    return end;
}

/* "may" and "march" are months behind certain words, "sun" and "sat" days; written small, fewer of
 * them tell: "this may" goes on as a verb. */
static bool month_is_meant(const DateText *t, size_t i)
{
    if (!token(t, i)->is_weak)
        return true;
    static const char *const sure[] = { "in",     "of",  "since", "until", "till",  "last", "next",
                                        "during", "mid", "early", "late",  "every", "by",   NULL };
    static const char *const likely[] = { "from",    "to", "this", "before", "after", "between",
                                          "through", "-",  "and",  "or",     "for",   NULL };
    char first = t->text.at[token(t, i)->start];
    bool is_small = first >= 'a' && first <= 'z';
    if (str_is(token(t, i)->text, "dec") || str_is(token(t, i)->text, "jan") ||
        str_is(token(t, i)->text, "jun"))
        return true;
    return i && (match_any(t, i - 1, sure) == i || (!is_small && match_any(t, i - 1, likely) == i));
}

/* "an august body" */
static bool is_adjective(const DateText *t, size_t i)
{
    return i && is_key(t, i - 1, A) && is_word(t, i, "august") &&
           t->text.at[token(t, i)->start] == 'a';
}

/* "april 2017", "Dec, 2018", "April of 87", "next May", "the april", "2015-Mar" */
static size_t match_month(const DateText *t, size_t i, DateSpan *span_r)
{
    DateSpan s = { .grain = DATE_MONTH };
    size_t at = skip_key(t, i, THE);
    int turn = is_kind(t, at, TURN) ? token(t, at)->value : 0;
    at += turn != 0;
    if (!is_kind(t, at, MONTH))
        return 0;
    s.month = token(t, at)->value;
    size_t end = at + 1;
    end += is_sign(t, end, '.') && token(t, end)->is_glued && is_kind(t, end + 1, NUMBER);
    size_t after = with_year(t, end, &s);
    int day = 0;
    if (after == end && match_day_number(t, end, &day) && is_kind(t, end, NUMBER) &&
        day > month_length(2000, s.month))
        return 0; /* "February 30" is no day, and not the month either */
    s.is_weak = !s.year && !month_is_meant(t, at);
    if (is_adjective(t, at))
        return 0;
    if (turn && !s.year)
        s.year = t->date.year + (turn == THIS        ? 0
                                 : turn == NEXT      ? 1
                                 : turn == LAST      ? -1
                                 : turn == NEAR_NEXT ? s.month < t->date.month
                                                     : -(s.month >= t->date.month));
    span_resolve(t, &s);
    *span_r = s;
    return after;
}

/* "year 2012", "cy18", "in 1998" and the number alone, which is weak without such company. */
static size_t match_year_alone(const DateText *t, size_t i, DateSpan *span_r)
{
    DateSpan s = { .grain = DATE_YEAR };
    size_t at = skip_key(t, i, THE), end;
    bool has_word = is_word(t, at, "year") || is_word(t, at, "cy");
    at += has_word;
    at += has_word && (is_key(t, at, OF) || is_key(t, at, IN));
    end = match_year(t, at, &s.year);
    if (!end && has_word && is_word(t, at - 1, "cy") && token(t, at)->digit_count == 2) {
        s.year = year_of_two(token(t, at)->value);
        end = at + 1;
    }
    bool is_other = has_word && at >= 2 &&
                    (is_word(t, i - (i > 0), "school") || is_word(t, i - (i > 0), "fiscal"));
    if (!end || is_other || (at > i && !has_word))
        return 0;
    const DateToken *next = token(t, end);
    bool is_joined =
        (at && token(t, at)->is_glued && !has_word && !strchr("(", t->at[at - 1].text.at[0])) ||
        (next->is_glued && !(next->kind == SIGN && strchr(".,;:!?)'~-", next->text.at[0])));
    if (!has_word && (is_joined || s.year < 1500))
        return 0;
    span_resolve(t, &s);
    s.is_weak = !has_word;
    *span_r = s;
    return end;
}

static size_t find_span(const DateText *t, size_t i, DateSpan *span_r)
{
    static size_t (*const rules[])(const DateText *, size_t, DateSpan *) = {
        match_numeric, match_month_day, match_weekday,     match_near_day,   match_period,
        match_month,   match_holiday,   match_ordinal_day, match_year_alone,
    };
    size_t best = 0;
    for (size_t k = 0; k < COUNT(rules); k++) {
        DateSpan span = { 0 };
        size_t end = rules[k](t, i, &span);
        if (end > best && span.from[0] != span.to[0]) {
            best = end;
            *span_r = span;
        }
    }
    return best;
}

size_t match_span(const DateText *t, size_t i, DateSpan *span_r)
{
    DateMemo *memo = t->memo;
    struct DateKept *kept = &memo->kept[i % COUNT(memo->kept)];
    if (i >= t->count || memo->depth >= DEPTH_MAX)
        return 0;
    if (kept->key != i + 1) {
        DateSpan span = { 0 };
        memo->depth++;
        size_t end = find_span(t, i, &span);
        memo->depth--;
        *kept = (struct DateKept){ .key = i + 1, .end = end, .span = span };
    }
    if (kept->end)
        *span_r = kept->span;
    return kept->end;
}
