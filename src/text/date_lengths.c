/* date_lengths.c - durations: "3h", "an hour and a half", "2 weeks and 2 days", "half a year". */
#include <math.h>

#include "text/date_int.h"

#define AMOUNT_MAX 1e6

static const struct UnitSize {
    int months;
    double seconds;
} sizes[] = {
    [SECONDS] = { 0, 1 },       [MINUTES] = { 0, 60 },      [HOURS] = { 0, 3600 },
    [DAYS] = { 0, 86400 },      [BUSINESS_DAYS] = { 0, 0 }, [NIGHTS] = { 0, 86400 },
    [WEEKENDS] = { 0, 172800 }, [WEEKS] = { 0, 604800 },    [FORTNIGHTS] = { 0, 1209600 },
    [MONTHS] = { 1, 0 },        [QUARTERS] = { 3, 0 },      [YEARS] = { 12, 0 },
    [DECADES] = { 120, 0 },     [CENTURIES] = { 1200, 0 },
};

static void add_amount(DateLength *length, DateUnit unit, double size)
{
    double months = size * sizes[unit].months;
    length->amounts[unit] += size;
    length->months += (int)months;
    /* A part of a month has 30 days to the whole. */
    length->seconds += size * sizes[unit].seconds + (months - (int)months) * 30 * DAY_SECONDS;
    if (unit == BUSINESS_DAYS)
        length->business_days += (int)size;
    length->unit = unit;
}

DateLength length_of(DateUnit unit, double size)
{
    DateLength length = { .is_single = true };
    add_amount(&length, unit, MIN(size, AMOUNT_MAX));
    return length;
}

bool length_is_exact(const DateLength *length)
{
    return length->unit <= HOURS && !length->business_days;
}

int64_t length_add(const DateLength *length, int64_t seconds, int sign)
{
    int64_t day = floor_div(seconds, DAY_SECONDS), clock = seconds - day * DAY_SECONDS;
    if (length->business_days)
        day = days_add_business(day, sign * length->business_days);
    if (length->months)
        day = days_add_months(day, sign * length->months);
    return day * DAY_SECONDS + clock + sign * (int64_t)llround(length->seconds);
}

/* --- How many --- */

static bool is_fraction_sign(const DateText *t, size_t i, double *size_r)
{
    static const struct {
        const char *sign;
        double size;
    } signs[] = { { "½", 0.5 }, { "¼", 0.25 }, { "¾", 0.75 } };
    for (size_t k = 0; k < COUNT(signs); k++)
        if (is_word(t, i, signs[k].sign)) {
            *size_r = signs[k].size;
            return true;
        }
    return false;
}

/* "and a half", "and 1/2", "and a quarter", "and half"; 0 when there is none. */
static size_t match_and_part(const DateText *t, size_t i, double *part_r)
{
    if (is_fraction_sign(t, i, part_r))
        return i + 1;
    if (!is_key(t, i, AND))
        return 0;
    size_t at = skip_key(t, i + 1, A);
    size_t half = match_words(t, at, "1 / 2");
    if (is_key(t, at, HALF) || half) {
        *part_r = 0.5;
        return half ? half : at + 1;
    }
    if (is_word(t, at, "quarter")) {
        *part_r = 0.25;
        return at + 1;
    }
    return 0;
}

/* 3, 2.5, 1/2, a, an, few, a couple of, half a, ½, one and a half */
static size_t match_amount(const DateText *t, size_t i, double *size_r, bool *is_weak_r)
{
    const DateToken *first = token(t, i), *second = token(t, i + 1);
    static const char *const quarters_of[] = { "quarters of an", "quarters of a", "quarter of an",
                                               "quarter of a", NULL };
    double part = 0;
    size_t end = i + 1;
    *is_weak_r = false;
    if (first->kind == NUMBER) {
        if (first->digit_count > 2 && first->text.at[0] == '0')
            return 0; /* 0930 hours */
        *size_r = first->value;
        const DateToken *third = token(t, i + 2);
        if ((is_sign(t, i + 1, '.') || is_sign(t, i + 1, '/')) && second->is_glued &&
            third->kind == NUMBER && third->is_glued && third->digit_count &&
            third->digit_count < 7 && first->digit_count) {
            if (is_sign(t, i + 1, '/') && third->value == 0)
                return 0;
            *size_r = is_sign(t, i + 1, '/')
                          ? (double)first->value / third->value
                          : first->value + third->value / pow(10, third->digit_count);
            end = i + 3;
        }
        size_t quarters = match_any(t, end, quarters_of);
        if (quarters && first->value < 4) {
            *size_r = first->value / 4.0;
            return quarters;
        }
        size_t more = match_and_part(t, end, &part);
        if (more)
            *size_r += part;
        return more ? more : end;
    }
    if (is_fraction_sign(t, i, size_r))
        return i + 1;
    if (first->kind == KEY && first->value == HALF) {
        *size_r = 0.5;
        return skip_key(t, i + 1, A);
    }
    size_t at = skip_key(t, i, A);
    if (is_key(t, at, COUPLE) || is_key(t, at, FEW)) {
        *size_r = is_key(t, at, COUPLE) ? 2 : 3;
        return skip_key(t, at + 1, OF);
    }
    if (at > i) {
        *size_r = is_key(t, at, HALF) ? 0.5 : 1;
        return at + is_key(t, at, HALF);
    }
    return 0;
}

/* A unit and whether it may follow a number: letters that stand for many things must touch it. */
static size_t match_unit(const DateText *t, size_t i, DateUnit *unit_r)
{
    size_t at = i + (is_sign(t, i, '-') && token(t, i)->is_glued);
    static const struct {
        const char *name;
        DateUnit unit;
    } letters[] = { { "y", YEARS }, { "d", DAYS }, { "w", WEEKS } };
    const DateToken *token_at = token(t, at);
    static const char *const business[] = {
        "business days",   "business day",  "working days", "working day",
        "work days",       "workdays",      "weekdays",     "workday",
        "bank days",       "banking days",  "jours ouvrés", "jour ouvré",
        "jours ouvrables", "jour ouvrable", "días hábiles", NULL
    };
    size_t end = match_any(t, at, business);
    if (end) {
        *unit_r = BUSINESS_DAYS;
        return end;
    }
    if (token_at->kind == UNIT) {
        *unit_r = (DateUnit)token_at->value;
        return at + 1;
    }
    if (token_at->kind == PART && token_at->value == NIGHT && token_at->is_plural) {
        *unit_r = NIGHTS;
        return at + 1;
    }
    if (is_word(t, at, "second")) {
        *unit_r = SECONDS;
        return at + 1;
    }
    for (size_t k = 0; k < COUNT(letters); k++)
        if (token_at->is_glued && at == i && is_word(t, at, letters[k].name)) {
            *unit_r = letters[k].unit;
            return at + 1;
        }
    return 0;
}

static size_t match_one(const DateText *t, size_t i, DateUnit *unit_r, double *size_r,
                        bool *is_weak_r)
{
    size_t at = match_amount(t, i, size_r, is_weak_r);
    size_t end = at ? match_unit(t, at, unit_r) : 0;
    if (!end || (is_key(t, i, A) && *unit_r == SECONDS))
        return 0;
    /* "a 3rd quarter"; "one second" is a length, "a night" and "a weekend" are none. */
    if (is_key(t, i, A) && (*unit_r == WEEKENDS || *unit_r == QUARTERS) && at == i + 1)
        *is_weak_r = true;
    return end;
}

/* "1h 20m", "5m30s": letters that stand for many things, behind the unit above theirs. */
static size_t match_letter_below(const DateText *t, size_t i, DateUnit above, DateUnit *unit_r,
                                 double *size_r)
{
    const DateToken *number = token(t, i);
    bool is_minutes = above == HOURS && is_word(t, i + 1, "m"),
         is_seconds = above == MINUTES && is_word(t, i + 1, "s");
    if (number->kind != NUMBER || !number->digit_count || !token(t, i + 1)->is_glued ||
        (!is_minutes && !is_seconds))
        return 0;
    *unit_r = is_minutes ? MINUTES : SECONDS;
    *size_r = number->value;
    return i + 2;
}

/* "all day", "the whole week" */
static size_t match_whole(const DateText *t, size_t i, DateLength *length_r)
{
    size_t at = skip_key(t, i, THE);
    if (!is_key(t, at, ALL) || !is_kind(t, at + 1, UNIT))
        return 0;
    *length_r = length_of((DateUnit)token(t, at + 1)->value, 1);
    return at + 2;
}

size_t match_length(const DateText *t, size_t i, DateLength *length_r)
{
    DateLength length = { .is_single = true };
    DateUnit unit = SECONDS;
    double size = 0, part = 0;
    bool is_weak = false;
    size_t end = match_one(t, i, &unit, &size, &is_weak);
    if (!end)
        return match_whole(t, i, length_r);
    if (size > AMOUNT_MAX)
        return 0;
    size_t more = match_and_part(t, end, &part);
    if (more) {
        size += part;
        end = more;
    }
    add_amount(&length, unit, size);
    length.is_weak = is_weak;
    for (int count = 1; count < 7; count++) {
        DateUnit next = SECONDS;
        size_t at = skip_key(t, skip_sign(t, end, ','), AND);
        size_t after = match_one(t, at, &next, &size, &is_weak);
        if (!after)
            after = match_letter_below(t, at, unit, &next, &size);
        static const char *const own[] = { "ago", "later", "earlier", NULL };
        /* "3 months and 2 days ago they found it" are two lengths. */
        if (!after || next >= unit || size > AMOUNT_MAX ||
            (at > end && match_any(t, after, own) && is_key(t, at - 1, AND) && count > 1))
            break;
        add_amount(&length, next, size);
        length.is_single = false;
        unit = next;
        end = after;
    }
    *length_r = length;
    return end;
}

static void add_number(Buf *out, double amount, char unit)
{
    if (amount == 0)
        return;
    if (amount == floor(amount))
        buf_addf(out, "%.0f%c", amount, unit);
    else {
        Str text = str_format(out->arena, "%.4f", amount);
        while (text.at[text.length - 1] == '0')
            text.length--;
        buf_addf(out, STR_FMT "%c", STR_ARG(text), unit);
    }
}

Str length_iso(Arena *arena, const DateLength *l)
{
    const double *a = l->amounts;
    double days = a[DAYS] + a[NIGHTS] + a[BUSINESS_DAYS] + 2 * a[WEEKENDS];
    Buf out = buf_new(arena, 200);
    buf_add_char(&out, 'P');
    add_number(&out, a[YEARS] + 10 * a[DECADES] + 100 * a[CENTURIES], 'Y');
    add_number(&out, a[MONTHS] + 3 * a[QUARTERS], 'M');
    add_number(&out, a[WEEKS] + 2 * a[FORTNIGHTS], 'W');
    add_number(&out, days, 'D');
    if (a[HOURS] > 0 || a[MINUTES] > 0 || a[SECONDS] > 0 || out.length == 1)
        buf_add_char(&out, 'T');
    add_number(&out, a[HOURS], 'H');
    add_number(&out, a[MINUTES], 'M');
    add_number(&out, a[SECONDS], 'S');
    if (out.length == 2)
        buf_add(&out, S("0S"));
    return buf_str(&out);
}
