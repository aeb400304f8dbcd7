/* date_clock.c - times of a day: "half past seven", "8.30pm", "3 to 5 in the afternoon". */
#include "text/date_int.h"

#define HOUR 3600
#define MINUTE 60
#define HALF_DAY (12 * HOUR)
/* Hours without am or pm from here on are before noon, those below after it. */
#define MORNING_BEGINS (7 * HOUR)

/* --- Morning and evening --- */

static const struct PartHours {
    int from, to;
} hours[] = {
    [MORNING] = { 8 * HOUR, 12 * HOUR },
    [AFTERNOON] = { 12 * HOUR, 16 * HOUR },
    [EVENING] = { 16 * HOUR, 20 * HOUR },
    [NIGHT] = { 20 * HOUR, 24 * HOUR - 1 },
    [TONIGHT] = { 20 * HOUR, 24 * HOUR - 1 },
    [DAYTIME] = { 8 * HOUR, 18 * HOUR },
    [NIGHTTIME] = { 0, 8 * HOUR },
    [LUNCH] = { 11 * HOUR, 13 * HOUR },
    [BREAKFAST] = { 8 * HOUR, 12 * HOUR },
    [DINNER] = { 16 * HOUR, 20 * HOUR },
    [BUSINESS_HOURS] = { 8 * HOUR, 18 * HOUR },
    [NOON] = { 12 * HOUR, 12 * HOUR },
    [MIDNIGHT] = { 0, 0 },
};

static size_t match_part_name(const DateText *t, size_t i, DayPart *part_r, bool *is_weak_r)
{
    static const char *const works[] = { "business hours", "working hours", "office hours",
                                         "business hour", NULL };
    static const char *const nights[] = { "night - time", "night time", NULL };
    static const char *const middays[] = { "mid - day", "mid day", NULL };
    static const char *const midnights[] = { "mid - night", "mid night", NULL };
    static const char *const daytimes[] = { "day time", "day - time", NULL };
    size_t end;
    *is_weak_r = false;
    if ((end = match_any(t, i, works)) != 0)
        *part_r = BUSINESS_HOURS;
    else if ((end = match_any(t, i, nights)) != 0)
        *part_r = NIGHTTIME;
    else if ((end = match_any(t, i, middays)) != 0)
        *part_r = NOON;
    else if ((end = match_any(t, i, midnights)) != 0)
        *part_r = MIDNIGHT;
    else if ((end = match_any(t, i, daytimes)) != 0)
        *part_r = DAYTIME;
    else if ((t->languages & DE) && i && is_word(t, i, "morgen") &&
             (is_kind(t, i - 1, DAY_WORD) || is_kind(t, i - 1, WEEKDAY) ||
              is_word(t, i - 1, "jeden"))) { /* "heute Morgen" */
        *part_r = MORNING;
        end = i + 1;
    } else if (is_kind(t, i, PART)) {
        *part_r = (DayPart)token(t, i)->value;
        *is_weak_r = is_word(t, i, "lunch") || is_word(t, i, "dinner") ||
                     is_word(t, i, "breakfast") || is_word(t, i, "supper");
        end = i + 1;
    }
    return end;
}

/* [late] [in] [the] [early] morning; *share -1 its first half, 1 its second */
static size_t match_part_of_day(const DateText *t, size_t i, DateClock *clock_r)
{
    size_t at = i;
    int share = 0;
    for (int tries = 0; tries < 2; tries++) {
        at = skip_key(t, at, IN);
        at += is_key(t, at, AT) && is_kind(t, at + 1, PART);
        at = skip_key(t, at, THE);
        bool is_early = is_key(t, at, EARLY) || is_key(t, at, EARLIER);
        bool is_late = is_key(t, at, LATE) || is_key(t, at, LATER);
        if (!is_early && !is_late)
            break;
        share = is_early ? -1 : 1;
        at++;
    }
    at += is_sign(t, at, '-') && at > i;
    DayPart part;
    bool is_weak;
    size_t end = match_part_name(t, at, &part, &is_weak);
    if (!end || (at && is_word(t, at - 1, "good")))
        return 0;
    DateClock clock = { .from = hours[part].from,
                        .to = hours[part].to,
                        .is_named = true,
                        .part = part,
                        .is_weak = is_weak && !(i < at && is_key(t, i, AT)),
                        .grain = DATE_HOUR };
    clock.is_span = clock.to != clock.from;
    if (share && clock.is_span) {
        int length = part == NIGHT ? 4 * HOUR : clock.to - clock.from;
        int middle = clock.from + length / 2;
        *(share < 0 ? &clock.to : &clock.from) = middle;
    }
    *clock_r = clock;
    return end;
}

/* --- am, pm --- */

enum { NO_HALF, IS_AM, IS_PM, IS_EITHER };

static size_t match_half(const DateText *t, size_t i, int *half_r)
{
    if (is_key(t, i, AM) || is_key(t, i, PM) || is_key(t, i, AM_PM)) {
        *half_r = is_key(t, i, AM) ? IS_AM : is_key(t, i, PM) ? IS_PM : IS_EITHER;
        return i + 1;
    }
    bool is_a = is_word(t, i, "a"), is_p = is_word(t, i, "p");
    if (!is_a && !is_p)
        return 0;
    *half_r = is_a ? IS_AM : IS_PM;
    if (is_sign(t, i + 1, '.') && is_word(t, i + 2, "m"))
        return i + 3 + (is_sign(t, i + 3, '.') && token(t, i + 3)->is_glued);
    if (is_word(t, i + 1, "m") && (token(t, i)->is_glued || is_p))
        return i + 2;
    return token(t, i)->is_glued && !token(t, i + 1)->is_glued      ? i + 1
           : token(t, i)->is_glued && token(t, i + 1)->kind == SIGN ? i + 1
                                                                    : 0;
}

static bool set_half(DateClock *clock, int half)
{
    int hour = clock->from / HOUR;
    if (half == NO_HALF || half == IS_EITHER)
        return true;
    clock->is_half = false;
    clock->is_weak = false;
    if (hour > 12)
        return half == IS_PM;
    if (half == IS_PM && hour < 12)
        clock->from += HALF_DAY;
    if (half == IS_AM && hour == 12)
        clock->from -= HALF_DAY;
    return true;
}

/* What a part of the day says of an hour: three in the afternoon, two at night. */
static void set_part(DateClock *clock, DayPart part)
{
    if (!clock->is_half)
        return;
    int hour = clock->from / HOUR;
    int half = part == MORNING || part == BREAKFAST ? IS_AM
               : part == NIGHT || part == TONIGHT || part == NIGHTTIME
                   ? (hour >= 6 && hour < 12 ? IS_PM : IS_AM)
               : part == DAYTIME || part == BUSINESS_HOURS
                   ? (hour >= 7 && hour < 12 ? IS_AM : IS_PM)
                   : IS_PM;
    set_half(clock, half);
}

/* --- Hours and minutes --- */

static bool make_clock(int hour, int minute, int second, DateClock *clock)
{
    if (hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute || second)))
        return false;
    clock->from = hour % 24 * HOUR + minute * MINUTE + second;
    clock->is_half = hour >= 1 && hour <= 12;
    return true;
}

static bool is_small(const DateToken *token, int max)
{
    return token->kind == NUMBER && token->value <= max && token->digit_count <= 2;
}

/* 9:30, 9:30:15, 17h30, 9.30 (weak) */
static size_t match_digits(const DateText *t, size_t i, DateClock *clock)
{
    const DateToken *hour = token(t, i), *sign = token(t, i + 1), *minute = token(t, i + 2);
    if (!is_small(hour, 24) || !hour->digit_count || minute->kind != NUMBER ||
        minute->digit_count != 2 || !minute->is_glued || !sign->is_glued)
        return 0;
    /* "14h30"; in English "1h30m" is a length. */
    bool is_h = str_is(sign->text, "h") &&
                (!(t->languages & EN) || (hour->value > 12 && !is_word(t, i + 3, "m"))),
         is_dot = is_sign(t, i + 1, '.');
    if (!is_sign(t, i + 1, ':') && !is_h && !is_dot)
        return 0;
    if (i && hour->is_glued && strchr(":.$", t->at[i - 1].text.at[0]))
        return 0;
    int second = 0;
    size_t end = i + 3;
    if (is_sign(t, end, ':') && is_kind(t, end + 1, NUMBER) &&
        token(t, end + 1)->digit_count == 2 && token(t, end + 1)->is_glued) {
        second = token(t, end + 1)->value;
        end += 2;
        clock->grain = DATE_SECOND;
        if (is_sign(t, end, '.') && token(t, end)->is_glued && is_kind(t, end + 1, NUMBER) &&
            token(t, end + 1)->is_glued)
            end += 2;
    } else
        clock->grain = DATE_MINUTE;
    if (is_dot && (second || is_sign(t, end, '.')) && is_kind(t, end + 1, NUMBER) &&
        token(t, end + 1)->is_glued)
        return 0;
    clock->is_weak = is_dot;
    return make_clock(hour->value, minute->value, second, clock) ? end : 0;
}

/* 1140 a.m., 0730: weak until something says that it is a time. */
static size_t match_four(const DateText *t, size_t i, DateClock *clock)
{
    const DateToken *number = token(t, i);
    if (number->kind != NUMBER || (number->digit_count != 4 && number->digit_count != 3))
        return 0;
    clock->grain = DATE_MINUTE;
    clock->is_weak = true;
    if (!make_clock(number->value / 100, number->value % 100, 0, clock))
        return 0;
    if (number->text.at[0] == '0' && is_word(t, i + 1, "hours")) {
        clock->is_weak = clock->is_half = false;
        return i + 2;
    }
    return i + 1;
}

/* "half past seven", "quarter to five", "20 min past eight", "15 past seven" */
static size_t match_past(const DateText *t, size_t i, DateClock *clock)
{
    size_t at = skip_key(t, i, A);
    int minutes;
    if (is_key(t, at, HALF))
        minutes = 30, at++;
    else if (is_word(t, at, "quarter"))
        minutes = 15, at++;
    else if (is_small(token(t, at), 59)) {
        minutes = token(t, at)->value;
        at++;
        at += is_kind(t, at, UNIT) && token(t, at)->value == MINUTES;
    } else
        return 0;
    bool is_past = is_word(t, at, "past") || (is_key(t, at, AFTER) && at > i + 1);
    bool is_to = is_word(t, at, "to") || is_word(t, at, "til") || is_word(t, at, "before");
    bool has_word = !is_kind(t, at - 1, NUMBER);
    const DateToken *hour = token(t, at + 1);
    if ((!is_past && !is_to) || !is_small(hour, 23) || hour->value == 0)
        return 0;
    /* "five to seven" is rather a range, "twenty-five to nine" none. */
    const DateToken *number = token(t, at - 1);
    bool is_range = number->digit_count || number->value % 5 || number->value <= 12;
    if (!is_past && !has_word && is_range)
        return 0;
    if (!make_clock(hour->value, 0, 0, clock))
        return 0;
    clock->from =
        (clock->from + (is_past ? minutes : -minutes) * MINUTE + 2 * HALF_DAY) % (2 * HALF_DAY);
    clock->grain = DATE_MINUTE;
    return at + 2;
}

/* "nine thirty", "six forty-three minutes", "five-thirty", "7" */
static size_t match_hour(const DateText *t, size_t i, DateClock *clock)
{
    const DateToken *hour = token(t, i);
    if (!is_small(hour, 24) || (i && hour->is_glued && strchr("$#:.,", t->at[i - 1].text.at[0])) ||
        (is_sign(t, i + 1, '.') && token(t, i + 1)->is_glued && is_kind(t, i + 2, NUMBER)))
        return 0;
    size_t at = i + 1 + (is_sign(t, i + 1, '-') && !hour->digit_count);
    const DateToken *minute = token(t, at);
    clock->is_weak = true;
    clock->grain = DATE_HOUR;
    if (!hour->digit_count && hour->value >= 1 && hour->value <= 12 && minute->kind == NUMBER &&
        !minute->digit_count && minute->value >= 10 && minute->value <= 59 &&
        !is_kind(t, at + 1, UNIT)) {
        clock->is_weak = false;
        clock->grain = DATE_MINUTE;
        return make_clock(hour->value, minute->value, 0, clock) ? at + 1 : 0;
    }
    if (!hour->digit_count && hour->value <= 12 && minute->kind == NUMBER && !minute->digit_count &&
        minute->value >= 10 && minute->value <= 59 && is_word(t, at + 1, "minutes")) {
        clock->is_weak = false;
        clock->grain = DATE_MINUTE;
        return make_clock(hour->value, minute->value, 0, clock) ? at + 2 : 0;
    }
    return make_clock(hour->value, 0, 0, clock) ? i + 1 : 0;
}

/* German "halb acht" is half past seven. */
static size_t match_german(const DateText *t, size_t i, DateClock *clock)
{
    if (!(t->languages & DE) || !is_key(t, i, HALF) || !is_small(token(t, i + 1), 12) ||
        !make_clock(token(t, i + 1)->value, 0, 0, clock))
        return 0;
    clock->from -= 30 * MINUTE;
    clock->grain = DATE_MINUTE;
    return i + 2;
}

/* "12 noon", "12 midnight" */
static size_t match_twelve(const DateText *t, size_t i, DateClock *clock)
{
    const DateToken *part = token(t, i + 1);
    if (!is_small(token(t, i), 12) || token(t, i)->value != 12 || part->kind != PART ||
        (part->value != NOON && part->value != MIDNIGHT))
        return 0;
    clock->from = part->value == NOON ? HALF_DAY : 0;
    clock->grain = DATE_HOUR;
    return i + 2;
}

static size_t match_bare(const DateText *t, size_t i, DateClock *clock_r)
{
    static size_t (*const rules[])(const DateText *, size_t,
                                   DateClock *) = { match_digits, match_four,   match_past,
                                                    match_german, match_twelve, match_hour };
    size_t best = 0;
    for (size_t k = 0; k < COUNT(rules); k++) {
        DateClock clock = { .grain = DATE_HOUR };
        size_t end = rules[k](t, i, &clock);
        if (end > best) {
            best = end;
            *clock_r = clock;
        }
    }
    return best;
}

/* am, o'clock, Uhr, h, sharp behind a time. */
static size_t match_suffix(const DateText *t, size_t i, DateClock *clock)
{
    int half = NO_HALF;
    size_t end = i;
    if (is_key(t, end, OCLOCK) || (is_word(t, end, "h") && (t->languages & (FR | ES)))) {
        clock->is_weak = false;
        end++;
        if (is_small(token(t, end), 59) && clock->grain == DATE_HOUR &&
            (t->languages & (DE | FR)) && token(t, end)->digit_count == 2) {
            clock->from += token(t, end++)->value * MINUTE;
            clock->grain = DATE_MINUTE;
        }
    }
    size_t after = match_half(t, end, &half);
    if (after && set_half(clock, half)) {
        clock->is_weak = false;
        end = after;
    }
    end += is_word(t, end, "sharp");
    return end;
}

size_t match_clock(const DateText *t, size_t i, DateClock *clock_r)
{
    DateClock clock, part;
    size_t named = match_part_of_day(t, i, &part), end;
    size_t at = skip_key(t, skip_key(t, i, AT), AROUND);
    at += is_key(t, at, AT);
    bool has_at = at > i;
    if (named) { /* "in the morning at 7", "sunday late evening at 10:00" */
        size_t behind = skip_key(t, skip_key(t, skip_sign(t, named, ','), AT), AROUND);
        if (behind > named && (end = match_bare(t, behind, &clock)) != 0) {
            end = match_suffix(t, end, &clock);
            set_part(&clock, part.part);
            clock.is_weak = false;
            *clock_r = clock;
            return end;
        }
        *clock_r = part;
        return named;
    }
    if ((end = match_bare(t, at, &clock)) == 0) {
        if (!has_at || (named = match_part_of_day(t, at, &part)) == 0)
            return 0;
        *clock_r = part;
        clock_r->is_weak = false;
        return named;
    }
    bool was_four = token(t, at)->digit_count >= 3;
    end = match_suffix(t, end, &clock);
    size_t behind = match_part_of_day(t, skip_sign(t, end, ','), &part);
    /* "half past seven tonight": which night that is, the day says. */
    if (behind && !was_four && (part.part != NOON || is_key(t, end, IN)) && part.part != TONIGHT &&
        !(clock.is_weak && !has_at && !is_key(t, end, IN) && !is_key(t, end, AT))) {
        set_part(&clock, part.part);
        clock.is_weak = false;
        end = behind;
    }
    /* "at 6" is a time; "at 6 people", "at 5%" and "at 2000" are none. */
    if (has_at && clock.is_weak && !was_four) {
        const DateToken *next = token(t, end);
        clock.is_weak =
            (next->is_glued && next->kind != SIGN) || is_sign(t, end, '%') || next->kind == UNIT ||
            (next->is_glued && is_kind(t, end + 1, NUMBER) && token(t, end + 1)->is_glued);
    }
    *clock_r = clock;
    return end;
}

/* --- From one to another --- */

static void later_than(const DateClock *from, DateClock *to)
{
    if (to->is_half && to->from <= from->from && to->from + HALF_DAY > from->from)
        to->from = (to->from + HALF_DAY) % (2 * HALF_DAY);
}

static void join_ends(const DateClock *a, const DateClock *b, DateClock *range)
{
    DateClock from = *a, to = *b;
    range->is_half = false;
    if (from.is_half && !to.is_half) {
        if (from.from / HOUR == 12 && to.from >= 12 * HOUR)
            from.is_half = false;
        else if (from.from / HOUR == 12)
            from.from = 0;
        /* The same half when the order allows it: "3-8pm", but "9:30 to 4:30pm". */
        if (from.is_half && to.from > HALF_DAY - 1 && from.from + HALF_DAY < to.from)
            from.from += HALF_DAY;
        else if (to.from < HALF_DAY && from.from >= to.from && from.from < HALF_DAY)
            from.from += HALF_DAY;
    } else if (!from.is_half && to.is_half)
        later_than(&from, &to);
    else if (from.is_half && to.is_half) {
        later_than(&from, &to);
        range->is_half = (to.from - from.from + 2 * HALF_DAY) % (2 * HALF_DAY) < HALF_DAY;
    }
    range->from = from.from;
    range->to = to.from;
    range->is_late = to.from <= from.from;
}

static size_t match_to(const DateText *t, size_t i, bool is_between)
{
    if (is_key(t, i, TO) || is_key(t, i, UNTIL) || is_key(t, i, THROUGH) ||
        (is_between && is_key(t, i, AND)) || is_sign(t, i, '-') || is_sign(t, i, '~'))
        return i + 1;
    return 0;
}

size_t match_clock_range(const DateText *t, size_t i, DateClock *clock_r)
{
    bool is_between = is_key(t, i, BETWEEN), is_from = is_key(t, i, FROM) || is_key(t, i, AT);
    size_t at = i + (is_between || is_from), to, end;
    DateClock a, b, part;
    if ((end = match_clock(t, at, &a)) == 0 || a.is_span ||
        (to = match_to(t, end, is_between)) == 0 || (end = match_clock(t, to, &b)) == 0 ||
        b.is_span)
        return 0;
    size_t behind = match_part_of_day(t, end, &part);
    if (behind && b.is_half) {
        set_part(&b, part.part);
        end = behind;
    }
    DateClock range = { .is_span = true,
                        .is_weak = a.is_weak && b.is_weak,
                        .grain = MIN(a.grain, b.grain) };
    if (a.is_weak && b.is_weak && is_between &&
        (token(t, at)->digit_count == 4 && token(t, to)->digit_count == 4) &&
        token(t, at)->text.at[0] == '0')
        range.is_weak = false;
    const DateToken *next = token(t, end);
    /* "9 to 12 people", "4-5 days" */
    if (range.is_weak && (next->kind == UNIT || (next->is_glued && next->kind != SIGN)))
        return 0;
    join_ends(&a, &b, &range);
    *clock_r = range;
    return end;
}

size_t match_zone(const DateText *t, size_t i, int *seconds_r)
{
    static const struct {
        const char *name;
        int minutes;
    } zones[] = { { "utc", 0 },    { "gmt", 0 },    { "z", 0 },      { "pst", -480 },
                  { "pdt", -420 }, { "mst", -420 }, { "mdt", -360 }, { "cst", -360 },
                  { "cdt", -300 }, { "est", -300 }, { "edt", -240 }, { "cet", 60 },
                  { "cest", 120 }, { "mez", 60 },   { "mesz", 120 }, { "bst", 60 },
                  { "eet", 120 },  { "eest", 180 }, { "jst", 540 },  { "ist", 330 },
                  { "msk", 180 } };
    for (size_t k = 0; k < COUNT(zones); k++)
        if (is_word(t, i, zones[k].name)) {
            *seconds_r = zones[k].minutes * MINUTE;
            return i + 1;
        }
    bool is_plus = is_sign(t, i, '+'), is_minus = is_sign(t, i, '-');
    const DateToken *hour = token(t, i + 1), *minute = token(t, i + 3);
    if ((!is_plus && !is_minus) || !token(t, i)->is_glued || hour->kind != NUMBER ||
        !hour->is_glued || hour->digit_count != 2 || !is_sign(t, i + 2, ':') ||
        minute->kind != NUMBER || minute->digit_count != 2 || hour->value > 14 ||
        minute->value > 59)
        return 0;
    *seconds_r = (is_plus ? 1 : -1) * (hour->value * HOUR + minute->value * MINUTE);
    return i + 4;
}
