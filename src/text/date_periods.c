/* date_periods.c - weeks, months, years and longer: "next week", "the last week of July", "the
 * nineties", "last 3 months". */
#include "text/date_int.h"

static int turn_steps(int turn) { return turn == THIS ? 0 : turn < THIS ? -1 : 1; }

bool piece_of(int unit, int64_t day, int steps, DateSpan *s)
{
    Civil c = civil_of(day);
    int64_t monday = week_begin(day);
    switch (unit) {
    case WEEKS: *s = span_days(DATE_WEEK, monday + steps * 7, monday + steps * 7 + 7); return true;
    case FORTNIGHTS:
        *s = span_days(DATE_WEEK, monday + steps * 14, monday + steps * 14 + 14);
        return true;
    case WEEKENDS:
        *s = span_days(DATE_WEEK, monday + steps * 7 + 5, monday + steps * 7 + 7);
        s->is_cut = true;
        return true;
    case MONTHS:
        *s = span_days(DATE_MONTH, civil_days(c.year, c.month + steps, 1),
                       civil_days(c.year, c.month + steps + 1, 1));
        return true;
    case QUARTERS: {
        int month = (c.month - 1) / 3 * 3 + 1 + steps * 3;
        *s =
            span_days(DATE_QUARTER, civil_days(c.year, month, 1), civil_days(c.year, month + 3, 1));
        return true;
    }
    case YEARS:
    case DECADES:
    case CENTURIES: {
        int size = unit == YEARS ? 1 : unit == DECADES ? 10 : 100;
        int year = (c.year / size + steps) * size;
        if (year < 1 || year > 9000)
            return false;
        *s = span_days(unit == YEARS     ? DATE_YEAR
                       : unit == DECADES ? DATE_DECADE
                                         : DATE_CENTURY,
                       civil_days(year, 1, 1), civil_days(year + size, 1, 1));
        return true;
    }
    default: return false;
    }
}

/* "next week", "this working week", "the month", "weekend", "the week after next" */
size_t match_piece(const DateText *t, size_t i, DateSpan *span_r)
{
    size_t at = skip_key(t, i, THE);
    bool has_the = at > i;
    int turn = is_kind(t, at, TURN) ? token(t, at)->value : is_key(t, at, THAT) ? THIS : 0;
    at += turn != 0;
    if (turn == THIS && is_kind(t, at, TURN)) /* "this past week", "this coming month" */
        turn = token(t, at++)->value;
    bool works = is_word(t, at, "working") || is_word(t, at, "work") || is_word(t, at, "business");
    at += works || (turn && is_word(t, at, "calendar"));
    if (!is_kind(t, at, UNIT) || (token(t, at)->is_plural && turn != THIS))
        return 0;
    int unit = token(t, at)->value;
    size_t end = at + 1;
    /* French and Spanish put the turn behind: "la semaine prochaine", "el mes pasado". */
    if (!turn && (t->languages & (FR | ES)) && is_kind(t, end, TURN))
        turn = token(t, end++)->value;
    else if (!turn && (t->languages & ES) && match_words(t, end, "que viene"))
        turn = NEXT, end += 2;
    if (!turn && !has_the && unit != WEEKENDS)
        return 0;
    bool is_shift = !turn && (is_key(t, end, AFTER) || is_key(t, end, BEFORE)) &&
                    is_kind(t, end + 1, TURN) && !is_kind(t, end + 2, UNIT) &&
                    !is_kind(t, end + 2, WEEKDAY) && !is_kind(t, end + 2, MONTH);
    DateSpan s;
    if (!piece_of(unit, t->today,
                  is_shift ? (is_key(t, end, AFTER) ? 2 : -2) : turn_steps(turn ? turn : THIS), &s))
        return 0;
    if (works && unit == WEEKS) {
        s.to[0] = s.to[1] = s.from[0] + 5;
        s.is_cut = true;
    }
    *span_r = s;
    return end + (is_shift ? 2 : 0);
}

/* "next week on Tuesday", "this week Monday", "next month on the 5th" */
static size_t match_piece_then_day(const DateText *t, size_t i, DateSpan *span_r)
{
    DateSpan piece;
    size_t behind = match_piece(t, i, &piece), end = 0;
    if (!behind || piece.is_cut)
        return 0;
    size_t on = skip_key(t, skip_sign(t, behind, ','), ON), at = skip_key(t, on, THE);
    int64_t day = piece.from[0] - 1;
    int number = 0;
    if (piece.grain == DATE_WEEK && piece.to[0] - piece.from[0] == 7 && is_kind(t, at, WEEKDAY)) {
        day += token(t, at)->value;
        end = at + 1;
    } else if (piece.grain == DATE_MONTH && at > on && on > behind) {
        end = match_day_number(t, at, &number);
        day += number;
    }
    if (!end || day >= piece.to[0])
        return 0;
    *span_r = span_days(DATE_DAY, day, day + 1);
    return end;
}

/* --- Numbered pieces of a longer one --- */

size_t match_container(const DateText *t, size_t i, DateSpan *span_r)
{
    size_t at = is_key(t, i, OF) || is_key(t, i, IN) ? i + 1 : skip_sign(t, i, ',');
    DateSpan s;
    size_t end = match_span(t, at, &s);
    if (!end || s.grain < DATE_MONTH || s.is_cut)
        return 0;
    *span_r = s;
    return end;
}

/* The Monday of the first week that has most of its days from `day` on (ISO 8601: its Thursday). */
static int64_t first_week(int64_t day)
{
    int64_t monday = week_begin(day);
    return day - monday > 3 ? monday + 7 : monday;
}

/* `n` units from the beginning (skip: after so many) or, back, from the end of [from, to). */
static bool numbered(int unit, int64_t from, int64_t to, int skip, int n, bool back, DateSpan *s)
{
    int64_t begin = from, end = from;
    if (unit == WEEKS) {
        int64_t first = first_week(from), last = first_week(to);
        begin = back ? last - 7 * n : first + 7 * skip;
        end = begin + 7 * n;
    } else if (unit == DAYS) {
        begin = back ? to - n : from + skip;
        end = begin + n;
    } else if (unit == MONTHS || unit == QUARTERS || unit == YEARS || unit == DECADES) {
        int months = unit == MONTHS ? 1 : unit == QUARTERS ? 3 : unit == YEARS ? 12 : 120;
        begin = back ? days_add_months(to, -n * months) : days_add_months(from, skip * months);
        end = days_add_months(begin, n * months);
    } else if (unit == WEEKENDS) {
        int64_t first = from + (6 - weekday_of(from) + 7) % 7;
        int64_t last = to - 1 - (weekday_of(to - 1) + 1) % 7;
        begin = back ? last - 7 * (n - 1) : first + 7 * skip;
        end = begin + 2;
    } else
        return false;
    if (begin >= to || end <= from)
        return false;
    s->from[0] = begin;
    s->to[0] = end;
    s->grain = unit == DAYS ? DATE_DAY : unit == WEEKS || unit == WEEKENDS ? DATE_WEEK : DATE_MONTH;
    return true;
}

/* "first", "last", "3rd" and, behind it, "[ten] days". */
static size_t match_rank(const DateText *t, size_t i, int *rank_r, int *count_r)
{
    static const char *const seconds_last[] = { "penultimate",        "second to last",
                                                "second - to - last", "next to last",
                                                "last but one",       NULL };
    size_t at = skip_key(t, i, THE);
    const DateToken *rank = token(t, at);
    *rank_r = 0;
    if (rank->kind == ORDINAL)
        *rank_r = rank->value;
    else if (rank->kind == TURN && (rank->value == LAST || is_word(t, at, "final")))
        *rank_r = -1;
    size_t back = match_any(t, at, seconds_last);
    if (back)
        *rank_r = -2;
    else if (!*rank_r)
        return 0;
    at = back ? back : at + 1;
    *count_r = 1;
    if (is_kind(t, at, NUMBER) && token(t, at)->value >= 1 && token(t, at)->value <= 400)
        *count_r = token(t, at++)->value;
    else if (is_key(t, at, COUPLE) || is_key(t, at, FEW))
        *count_r = is_key(t, at++, COUPLE) ? 2 : 3;
    return at;
}

/* The nth such weekday that comes, and the last one that was. */
static DateSpan rank_of_months(const DateText *t, int weekday, int rank)
{
    DateSpan s = { .grain = DATE_DAY };
    for (int which = 0; which < 2; which++)
        for (int steps = 0; steps < 4 && s.from[which] == 0; steps++) {
            Civil c =
                civil_of(civil_days(t->date.year, t->date.month + (which ? -steps : steps), 1));
            int64_t day = rank <= 5 ? weekday_of_month(c.year, c.month, weekday, rank) : 0;
            if (day && (which ? day < t->today : day >= t->today)) {
                s.from[which] = day;
                s.to[which] = day + 1;
            }
        }
    return s;
}

/* "last business day of the month" */
static size_t match_business_day(const DateText *t, size_t i, DateSpan *span_r)
{
    static const char *const names[] = { "business day", "working day", "workday", "weekday",
                                         NULL };
    int rank = 0, count = 1;
    size_t at = match_rank(t, i, &rank, &count);
    size_t of = at && count == 1 ? match_any(t, at, names) : 0;
    DateSpan whole;
    size_t end =
        of && (is_key(t, of, OF) || is_key(t, of, IN)) ? match_container(t, of, &whole) : 0;
    if (!end || rank > 20)
        return 0;
    for (int which = 0; which < 2; which++) {
        int64_t day = rank < 0 ? days_add_business(whole.to[which], rank)
                               : days_add_business(whole.from[which] - 1, rank);
        whole.from[which] = day;
        whole.to[which] = day + 1;
    }
    *span_r = whole;
    span_r->grain = DATE_DAY;
    span_r->year = span_r->month = span_r->day = 0;
    return end;
}

/* "first Monday of next month", "last week of 2019", "first ten days of last year" */
static size_t match_numbered(const DateText *t, size_t i, DateSpan *span_r)
{
    int rank = 0, count = 1;
    size_t at = match_rank(t, i, &rank, &count);
    if (!at || (!is_kind(t, at, UNIT) && !is_kind(t, at, WEEKDAY)))
        return 0;
    const DateToken *what = token(t, at);
    DateSpan whole, s = { .grain = DATE_DAY };
    size_t of =
        is_key(t, at + 1, OF) || is_key(t, at + 1, IN) ? match_container(t, at + 1, &whole) : 0;
    if (!of && what->kind == WEEKDAY && count == 1 &&
        rank > 0) { /* "the third Wednesday": of this month or the next */
        *span_r = rank_of_months(t, what->value, rank);
        return span_r->from[0] ? at + 1 : 0;
    }
    if (!of)
        return 0;
    for (int which = 0; which < 2; which++) {
        DateSpan one = { .grain = DATE_DAY };
        if (what->kind == WEEKDAY) {
            Civil c = civil_of(rank < 0 ? whole.to[which] - 1 : whole.from[which]);
            one.from[0] = weekday_of_month(c.year, c.month, what->value, rank);
            one.to[0] = one.from[0] + 1;
            if (count != 1 || one.from[0] == 0 || rank > 5)
                return 0;
        } else if ((count > 1 && rank > 1) || rank < -1 ||
                   !numbered(what->value, whole.from[which], whole.to[which], MAX(rank - 1, 0),
                             count, rank < 0, &one))
            return 0;
        s.from[which] = one.from[0];
        s.to[which] = one.to[0];
        s.grain = one.grain;
    }
    s.is_cut = s.to[0] - s.from[0] != 1 && (s.grain == DATE_DAY || count > 1);
    *span_r = s;
    return of;
}

/* --- Weeks by number or day, decades, centuries --- */

static size_t match_week(const DateText *t, size_t i, DateSpan *span_r)
{
    size_t at = skip_key(t, i, THE);
    if (match_words(t, at, "w / c"))
        at += 3;
    else if (is_word(t, at, "wc"))
        at++;
    else if (is_word(t, at, "week"))
        at++;
    else
        return 0;
    bool is_named = is_word(t, at - 1, "week");
    const DateToken *number = token(t, at);
    if (is_named && number->kind == NUMBER && number->digit_count && number->digit_count <= 2 &&
        !(is_sign(t, at + 1, ':') && token(t, at + 1)->is_glued)) {
        DateSpan year = { .from = { t->today, t->today } };
        size_t end = match_container(t, at + 1, &year);
        if (!end || year.grain != DATE_YEAR)
            end = at + 1, year.from[0] = t->today;
        int of = civil_of(year.from[0]).year;
        if (number->value < 1 || number->value > weeks_of_year(of))
            return 0;
        int64_t monday = week_of_year(of, number->value);
        *span_r = span_days(DATE_WEEK, monday, monday + 7);
        return end;
    }
    static const char *const links[] = { "of",           "starting on", "starting",
                                         "beginning on", "beginning",   "commencing on",
                                         "commencing",   "from",        NULL };
    size_t link = is_named ? match_any(t, at, links) : at;
    DateSpan day;
    size_t end = link ? match_span(t, link, &day) : 0;
    if (!end || !span_is_day(&day))
        return 0;
    bool is_around = is_named && is_key(t, at, OF);
    *span_r = span_days(DATE_WEEK, 0, 0);
    for (int which = 0; which < 2; which++) {
        span_r->from[which] =
            is_around || !is_named ? week_begin(day.from[which]) : day.from[which];
        span_r->from[which] = week_begin(span_r->from[which]);
        span_r->to[which] = span_r->from[which] + 7;
    }
    return end;
}

static size_t match_decade(const DateText *t, size_t i, DateSpan *span_r)
{
    static const struct {
        const char *name;
        int year;
    } names[] = { { "twenties", 20 }, { "thirties", 30 },  { "forties", 40 },  { "fifties", 50 },
                  { "sixties", 60 },  { "seventies", 70 }, { "eighties", 80 }, { "nineties", 90 } };
    size_t at = skip_key(t, i, THE);
    bool has_the = at > i;
    at += is_sign(t, at, '\'');
    const DateToken *number = token(t, at);
    int year = 0;
    size_t end = 0;
    for (size_t k = 0; k < COUNT(names); k++)
        if (is_word(t, at, names[k].name) && (has_the || at == i)) {
            year = 1900 + names[k].year;
            end = has_the ? at + 1 : 0;
        } else if (is_kind(t, at, NUMBER) && is_word(t, at + 1, names[k].name) &&
                   number->value >= 15 && number->value <= 20) {
            year = number->value * 100 + names[k].year;
            end = at + 2;
        }
    if (number->kind == NUMBER && number->value % 10 == 0 &&
        (number->digit_count == 4 ||
         (number->digit_count == 2 && (has_the || at > i || i == 0 || is_key(t, i - 1, IN)))))
        for (size_t s = at + 1; !end && s <= at + 2; s++)
            if (is_word(t, s, "s") && (s == at + 1 || is_sign(t, at + 1, '\''))) {
                year = number->digit_count == 4
                           ? number->value
                           : number->value + (number->value < 30 ? 2000 : 1900);
                end = s + 1;
            }
    if (!end || year < 1000)
        return 0;
    *span_r = span_days(DATE_DECADE, civil_days(year, 1, 1), civil_days(year + 10, 1, 1));
    return end;
}

static size_t match_century(const DateText *t, size_t i, DateSpan *span_r)
{
    size_t at = skip_key(t, i, THE);
    if (!is_kind(t, at, ORDINAL) || !is_word(t, at + 1, "century") || token(t, at)->value > 30 ||
        token(t, at)->value < 2)
        return 0;
    int year = (token(t, at)->value - 1) * 100;
    *span_r = span_days(DATE_CENTURY, civil_days(year, 1, 1), civil_days(year + 100, 1, 1));
    return at + 2;
}

size_t match_period(const DateText *t, size_t i, DateSpan *span_r)
{
    static size_t (*const rules[])(const DateText *, size_t, DateSpan *) = {
        match_piece,   match_piece_then_day, match_numbered, match_business_day,
        match_quarter, match_week,           match_decade,   match_century,
        match_part,    match_rest,           match_to_date,
    };
    size_t best = 0;
    for (size_t k = 0; k < COUNT(rules); k++) {
        DateSpan span = { 0 };
        size_t end = rules[k](t, i, &span);
        if (end > best) {
            best = end;
            *span_r = span;
        }
    }
    return best;
}

/* --- Counted pieces: "last 3 months", "the 10 previous weeks", "next 4 business days" --- */

/* Weeks and months are counted from today; quarters and decades are those of the calendar. */
static bool counted(const DateText *t, const DateLength *length, bool is_ahead, DateItem *item)
{
    *item = (DateItem){ .kind = ITEM_DAYS, .has_start = true, .has_end = true, .confidence = 0.9 };
    item->grain = DATE_DAY;
    int64_t from = t->today, to = t->today;
    int unit = (int)length->unit, size = (int)length->amounts[unit];
    DateSpan piece, last;
    if (length->unit == QUARTERS || unit == DECADES || unit == CENTURIES) {
        if (!length->is_single || !piece_of(unit, t->today, is_ahead ? 1 : -size, &piece) ||
            !piece_of(unit, t->today, is_ahead ? size : -1, &last))
            return false;
        from = piece.from[0];
        to = last.to[0];
    } else if (length_is_exact(length)) {
        int64_t now = t->reference->now, end = length_add(length, now, is_ahead ? 1 : -1);
        item->kind = ITEM_TIMES;
        item->grain = DATE_SECOND;
        from = MIN(now, end);
        to = MAX(now, end);
    } else if (length->business_days) {
        from = is_ahead ? days_add_business(t->today, 1)
                        : days_add_business(t->today, -length->business_days);
        to = is_ahead ? days_add_business(t->today, length->business_days) + 1 : t->today;
    } else {
        int64_t begin = (is_ahead ? t->today + 1 : t->today) * DAY_SECONDS;
        int64_t end = length_add(length, begin, is_ahead ? 1 : -1);
        from = floor_div(MIN(begin, end), DAY_SECONDS);
        to = floor_div(MAX(begin, end), DAY_SECONDS);
    }
    for (int which = 0; which < 2; which++) {
        item->start[which] = from;
        item->end[which] = to;
    }
    return true;
}

size_t match_counted(const DateText *t, size_t i, DateItem *item_r)
{
    size_t at = skip_key(t, i, THE), end;
    int turn = 0;
    DateLength length;
    static const char *const verbs[] = { "will", "would", "can",  "could", "should",
                                         "may",  "might", "must", "to",    "does",
                                         "did",  "not",   "'",    "ll",    NULL };
    if (at == i && i && is_word(t, i, "last") && match_any(t, i - 1, verbs) == i)
        return 0; /* "it will last three days" */
    at += is_kind(t, at, TURN) && token(t, at)->value == THIS && is_kind(t, at + 1, TURN);
    if (is_kind(t, at, TURN) && token(t, at)->value != THIS) {
        turn = token(t, at)->value;
        end = match_length(t, at + 1, &length);
        /* "next hour", "last minute": the number one is not said. */
        if (!end && is_kind(t, at + 1, UNIT) && token(t, at + 1)->value <= HOURS) {
            length = length_of((DateUnit)token(t, at + 1)->value, 1);
            end = at + 2;
        }
    } else if (is_kind(t, at, NUMBER) && is_kind(t, at + 1, TURN) && is_kind(t, at + 2, UNIT) &&
               token(t, at + 1)->value != THIS && str_ends(token(t, at + 2)->text, S("s"))) {
        turn = token(t, at + 1)->value;
        length = length_of((DateUnit)token(t, at + 2)->value, token(t, at)->value);
        end = at + 3;
    } else
        return 0;
    if (!end || !counted(t, &length, turn > THIS, item_r))
        return 0;
    return end;
}
