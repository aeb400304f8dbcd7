/* date_weekdays.c - days without their month: "Tue May 9" and "next Friday", "the day after
 * tomorrow", "the 18th". */
#include "text/date_int.h"

/* --- Weekdays --- */

static int64_t turned_weekday(const DateText *t, int weekday, int turn)
{
    int64_t of_week = week_begin(t->today) + weekday - 1;
    int64_t ahead = t->today + 1 + (weekday - weekday_of(t->today + 1) + 7) % 7;
    switch (turn) {
    case LAST: return of_week - 7;
    case NEXT: return of_week + 7;
    case NEAR_NEXT: return ahead;
    case NEAR_PAST: return ahead - 7 - 7 * (ahead - 7 == t->today);
    default: return of_week;
    }
}

/* What may say the day again behind a weekday: "Tue May 9", "friday (jun-15)", "Monday 21" */
static size_t match_day_again(const DateText *t, size_t i, int weekday, int turn, DateSpan *span_r)
{
    bool is_open = is_sign(t, i, '(');
    size_t at = is_open ? i + 1 : skip_sign(t, i, ',');
    at = skip_key(t, at, ON);
    DateSpan s;
    size_t end = match_month_day(t, at, &s);
    if (!end)
        end = match_numeric(t, at, &s);
    if (end && turn && !s.year && s.month) {
        s.year = t->date.year;
        span_resolve(t, &s);
    }
    int day = 0;
    if (!end && (end = match_day_number(t, at, &day)) != 0) {
        const DateToken *number = token(t, end - 1), *next = token(t, end);
        bool is_hour = next->kind == SIGN
                           ? (next->is_glued && strchr(":-~/", next->text.at[0]))
                           : (next->kind == KEY && (next->value == AM || next->value == PM ||
                                                    next->value == OCLOCK || next->value == TO)) ||
                                 next->kind == UNIT || match_words(t, end, "a.m") ||
                                 str_is(next->text, "p") || str_is(next->text, "a");
        if (is_hour || (number->kind == NUMBER && (!number->digit_count || number->value < 13)))
            return 0;
        s = (DateSpan){ .grain = DATE_DAY, .day = day, .weekday = weekday };
        span_resolve(t, &s);
    }
    if (!end || (is_open && !is_sign(t, end, ')')) || s.grain != DATE_DAY)
        return 0;
    *span_r = s;
    return end + is_open;
}

/* "[next] week [on] Tuesday" begins elsewhere: here "Tuesday of last week", "Wednesday next week".
 */
size_t match_week_after(const DateText *t, size_t i, int64_t *monday_r)
{
    i = skip_sign(t, i, ',');
    i = skip_key(t, skip_key(t, i, OF), IN);
    i = skip_key(t, i, THE);
    if (!is_kind(t, i, TURN) || !is_kind(t, i + 1, UNIT) || token(t, i + 1)->value != WEEKS)
        return 0;
    int turn = token(t, i)->value;
    *monday_r = week_begin(t->today) + (turn == THIS ? 0 : turn < THIS ? -7 : 7);
    return i + 2;
}

/* How many words of turn stand there: "this coming", "next". */
static size_t match_turn(const DateText *t, size_t i, int *turn_r)
{
    size_t at = skip_key(t, i, THE);
    if (!is_kind(t, at, TURN))
        return is_key(t, at, THAT) && at == i ? (*turn_r = THIS, i + 1) : 0;
    *turn_r = token(t, at)->value;
    if (*turn_r == THIS && is_kind(t, at + 1, TURN)) {
        at++;
        *turn_r = token(t, at)->value == LAST ? NEAR_PAST : token(t, at)->value;
    }
    return at + 1;
}

size_t match_weekday(const DateText *t, size_t i, DateSpan *span_r)
{
    int turn = 0;
    size_t at = match_turn(t, i, &turn);
    at = at ? at : skip_key(t, i, THE);
    if (!is_kind(t, at, WEEKDAY) ||
        (token(t, at)->is_plural && !is_word(t, at, "thurs") && (t->languages & EN)))
        return 0;
    int weekday = token(t, at)->value;
    size_t end = at + 1, again;
    end += is_sign(t, end, '.') && token(t, end)->is_glued && is_kind(t, end + 1, NUMBER);
    DateSpan s = { .grain = DATE_DAY,
                   .weekday = weekday,
                   .is_weak = token(t, at)->is_weak && !turn };
    int64_t monday = 0;
    /* French and Spanish put it behind: "lundi prochain". */
    if (!turn && is_kind(t, end, TURN) && (t->languages & (FR | ES)) &&
        token(t, end)->value != THIS)
        turn = token(t, end++)->value;
    if ((again = match_day_again(t, end, weekday, turn, &s)) != 0) {
        *span_r = s;
        return again;
    }
    if ((again = match_week_after(t, end, &monday)) != 0) {
        *span_r = span_days(DATE_DAY, monday + weekday - 1, monday + weekday);
        span_r->weekday = weekday;
        return again;
    }
    if (!turn && (again = match_words(t, end, "after next")) != 0 && !is_kind(t, again, UNIT)) {
        int64_t day = turned_weekday(t, weekday, NEAR_NEXT) + 7;
        *span_r = span_days(DATE_DAY, day, day + 1);
        return again;
    }
    if (!turn && is_word(t, end, "week")) { /* "Friday week" */
        int64_t day = turned_weekday(t, weekday, NEAR_NEXT) + 7;
        *span_r = span_days(DATE_DAY, day, day + 1);
        return end + 1;
    }
    span_resolve(t, &s);
    if (turn) {
        int64_t day = turned_weekday(t, weekday, turn);
        s = span_days(DATE_DAY, day, day + 1);
    }
    *span_r = s;
    return end;
}

/* --- Days by their distance --- */

static const struct Phrase {
    const char *words;
    int days;
} phrases[] = {
    { "the day after tomorrow", 2 },
    { "day after tomorrow", 2 },
    { "the day before yesterday", -2 },
    { "day before yesterday", -2 },
    { "the day before", -1 },
    { "the previous day", -1 },
    { "the day after", 1 },
    { "the next day", 1 },
    { "next day", 1 },
    { "the following day", 1 },
    { "last day", -1 },
    { "the day", 0 },
    { "my day", 0 },
    { "this day", 0 },
    { "the same day", 0 },
    { "same day", 0 },
    { "the current date", 0 },
    { "current date", 0 },
};

size_t match_near_day(const DateText *t, size_t i, DateSpan *span_r)
{
    size_t end = 0;
    int days = 0;
    if (is_kind(t, i, DAY_WORD)) {
        days = token(t, i)->value;
        end = i + 1;
        DateSpan again;
        size_t after = match_numeric(t, skip_sign(t, end, ','), &again);
        if (!after)
            after = match_month_day(t, skip_sign(t, end, ','), &again);
        if (after && again.grain == DATE_DAY) { /* "tomorrow, 13/04/21": what is written wins */
            *span_r = again;
            return after;
        }
    }
    for (size_t k = 0; !end && k < COUNT(phrases); k++)
        if (phrases[k].words[0] == (i < t->count ? t->at[i].text.at[0] : 0) &&
            (end = match_words(t, i, phrases[k].words)) != 0)
            days = phrases[k].days;
    /* "the day my lease ends" is another one. */
    static const char *const owners[] = {
        "my", "your", "his", "her",  "our",  "their", "i",  "you",
        "he", "she",  "we",  "they", "when", "that",  "it", NULL
    };
    if (end && !days && match_any(t, end, owners))
        end = 0;
    size_t at = skip_key(t, i, THE);
    static const char *const business[] = { "business day", "working day", "workday", NULL };
    size_t works = !end && is_kind(t, at, TURN) ? match_any(t, at + 1, business) : 0;
    if (works) {
        int turn = token(t, at)->value;
        int64_t day = turn == THIS ? t->today : days_add_business(t->today, turn < THIS ? -1 : 1);
        days = (int)(day - t->today);
        end = works;
    }
    if (!end)
        return 0;
    *span_r = span_days(DATE_DAY, t->today + days, t->today + days + 1);
    return end;
}

/* "the 18th", "29th": one that has its ending, or its article and a word before it. */
size_t match_ordinal_day(const DateText *t, size_t i, DateSpan *span_r)
{
    size_t at = skip_key(t, i, THE);
    bool is_short =
        is_kind(t, at, NUMBER) && token(t, at)->digit_count && token(t, at)->digit_count <= 2;
    bool has_dot = (t->languages & DE) && is_sign(t, at + 1, '.') && token(t, at + 1)->is_glued &&
                   !(is_kind(t, at + 2, NUMBER) && token(t, at + 2)->is_glued);
    bool is_number =
        is_short && ((at > i && i && is_key(t, i - 1, ON)) || has_dot ||
                     ((at > i || (i && is_key(t, i - 1, TO))) && (t->languages & (FR | ES))));
    if ((!is_kind(t, at, ORDINAL) && !is_number) || token(t, at)->value < 1 ||
        token(t, at)->value > 31)
        return 0;
    DateSpan s = { .grain = DATE_DAY, .day = token(t, at)->value };
    bool has_before =
        i && (is_key(t, i - 1, ON) || is_key(t, i - 1, BY) || is_key(t, i - 1, BEFORE) ||
              is_key(t, i - 1, UNTIL) || is_key(t, i - 1, FOR) || is_key(t, i - 1, AFTER));
    s.is_weak = !(has_before && (at > i || token(t, at)->digit_count));
    const DateToken *next = token(t, at + 1);
    if (next->kind == OTHER_WORD && !next->is_glued && at + 1 < t->count &&
        (next->text.at[0] != 'w' && !is_word(t, at + 1, "at")))
        s.is_weak = true;
    span_resolve(t, &s);
    *span_r = s;
    return at + 1 + (has_dot && is_key(t, at + 2, AT)); /* "am 20. um 12 Uhr" */
}
