/* date_numeric.c - dates in digits: 2018-09-23, 23.04.2022, 10/1/2018, 22/04, 12-2015. */
#include "text/date_int.h"

typedef struct Digits {
    int value[3], count[3];
    char sign; /* between them; ' ' when there is none */
    int parts;
    size_t end;
} Digits;

static bool is_joined(const DateText *t, size_t i, char sign)
{
    return is_sign(t, i, sign) && token(t, i)->is_glued && is_kind(t, i + 1, NUMBER) &&
           token(t, i + 1)->digit_count && token(t, i + 1)->is_glued;
}

/* Two or three numbers with the same sign between them. */
static bool read_digits(const DateText *t, size_t i, Digits *d)
{
    if (!is_kind(t, i, NUMBER) || !token(t, i)->digit_count)
        return false;
    *d = (Digits){ .parts = 1, .end = i + 1 };
    d->value[0] = token(t, i)->value;
    d->count[0] = token(t, i)->digit_count;
    const DateToken *next = token(t, i + 1);
    if (next->kind == SIGN && strchr("-/.", next->text.at[0]) &&
        is_joined(t, i + 1, next->text.at[0]))
        d->sign = next->text.at[0];
    else if (d->count[0] == 4 && is_kind(t, i + 1, NUMBER) && is_kind(t, i + 2, NUMBER))
        d->sign = ' ';
    else
        return false;
    while (d->parts < 3) {
        size_t number = d->end + (d->sign != ' ');
        if (d->sign == ' ' ? !is_kind(t, number, NUMBER) : !is_joined(t, d->end, d->sign))
            break;
        d->value[d->parts] = token(t, number)->value;
        d->count[d->parts] = token(t, number)->digit_count;
        d->parts++;
        d->end = number + 1;
    }
    return d->parts > 1;
}

/* Part of a longer number or code: a telephone number, a version, a formula. */
static bool stands_in_code(const DateText *t, size_t i, const Digits *d)
{
    const DateToken *before = i ? &t->at[i - 1] : NULL, *first = token(t, i),
                    *after = token(t, d->end);
    bool ends_number = after->kind == SIGN && after->is_glued &&
                       strchr("-/.:%", after->text.at[0]) && is_kind(t, d->end + 1, NUMBER) &&
                       token(t, d->end + 1)->is_glued;
    bool is_range = d->parts == 3 && ends_number && after->text.at[0] == '-';
    if (ends_number && !is_range && d->parts < 3 && after->text.at[0] != '-')
        return true;
    if (ends_number && !is_range && d->parts == 3)
        return true;
    if (before && before->kind == SIGN && first->is_glued && strchr("+*=$#", before->text.at[0]))
        return true;
    if (after->is_glued && (after->kind == OTHER_WORD || after->kind == NUMBER) &&
        d->count[0] != 4 && !str_is(after->text, "t"))
        return true;
    return before && first->is_glued && d->count[0] != 4 &&
           (before->kind == OTHER_WORD || before->kind == NUMBER);
}

static int full_year(int value, int digits)
{
    return digits == 4 ? value : digits == 2 ? value + (value < 40 ? 2000 : 1900) : 0;
}

/* Month and day in the order of the language, or in the only one that is possible. */
static bool set_month_day(DateSpan *s, int a, int b, bool day_first)
{
    bool may_swap = b >= 1 && b <= 12 && a >= 1 && a <= 31,
         is_usual = a >= 1 && a <= 12 && b >= 1 && b <= 31;
    if (!may_swap && !is_usual)
        return false;
    if (may_swap && (day_first || !is_usual)) {
        s->month = b;
        s->day = a;
    } else {
        s->month = a;
        s->day = b;
    }
    return s->day <= month_length(s->year ? s->year : 2000, s->month);
}

size_t match_numeric(const DateText *t, size_t i, DateSpan *span_r)
{
    Digits d;
    size_t at = i;
    int turn = is_kind(t, at, TURN) ? token(t, at)->value : 0;
    at += turn != 0;
    if (!read_digits(t, at, &d) || stands_in_code(t, at, &d))
        return 0;
    DateSpan s = { .grain = DATE_DAY };
    bool day_first = t->reference->is_day_first || !(t->languages & EN);
    bool year_first = d.count[0] == 4, has_year = d.parts == 3;
    if (has_year && year_first && d.count[1] <= 2 && d.count[2] <= 2) {
        s.year = d.value[0];
        if (s.year < 1000 || !set_month_day(&s, d.value[1], d.value[2], false))
            return 0;
    } else if (has_year && d.count[0] <= 2 && d.count[1] <= 2) {
        s.year = full_year(d.value[2], d.count[2]);
        if (s.year < 1000 || !set_month_day(&s, d.value[0], d.value[1], day_first || d.sign == '.'))
            return 0;
    } else if (d.parts == 2 && d.count[1] == 4 && d.count[0] <= 2 && d.value[0] >= 1 &&
               d.value[0] <= 12 && d.value[1] >= 1500 && d.value[1] < 2200) {
        s.month = d.value[0]; /* 12-2015 */
        s.year = d.value[1];
        s.grain = DATE_MONTH;
    } else if (d.parts == 2 && year_first && d.count[1] <= 2 && d.sign != '.' &&
               d.value[0] >= 1500 && d.value[0] < 2200 && d.value[1] >= 1 && d.value[1] <= 12) {
        s.year = d.value[0]; /* 2015-12 */
        s.month = d.value[1];
        s.grain = DATE_MONTH;
    } else if (d.parts == 2 && d.count[0] <= 2 && d.count[1] <= 2) {
        bool after_weekday = i && is_kind(t, i - 1, WEEKDAY);
        bool is_always = d.sign == '/' && d.value[0] == 24 && d.value[1] == 7; /* 24/7 */
        if (is_always ||
            (d.sign == '.' && !(after_weekday || (t->languages & DE && is_sign(t, d.end, '.')))) ||
            (d.sign == '-' && !(i && is_key(t, i - 1, ON))) ||
            !set_month_day(&s, d.value[0], d.value[1], day_first))
            return 0;
        if (turn)
            s.year = t->date.year + (turn == THIS ? 0 : turn < THIS ? -1 : 1);
    } else
        return 0;
    span_resolve(t, &s);
    *span_r = s;
    return d.end;
}
