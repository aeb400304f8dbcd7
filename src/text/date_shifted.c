/* date_shifted.c - a day or moment counted from another: "two weeks from Tuesday", "3 minutes ago",
 * "the day after the holiday". */
#include "text/date_int.h"

static DateItem shifted(const DateLength *length, const int64_t from[2], bool has_clock, int sign)
{
    bool is_exact = length_is_exact(length);
    DateItem item = { .kind = is_exact || has_clock ? ITEM_BOTH : ITEM_DAY,
                      .grain = is_exact ? DATE_SECOND : DATE_DAY,
                      .has_start = true,
                      .confidence = 0.95 };
    for (int which = 0; which < 2; which++) {
        int64_t seconds = length_add(length, from[which], sign);
        item.start[which] = item.kind == ITEM_BOTH ? seconds : floor_div(seconds, DAY_SECONDS);
        item.end[which] = item.start[which] + 1;
    }
    return item;
}

/* "in 3 days on Friday": that Friday's week; after months, the first one from there on. */
static size_t add_weekday(const DateText *t, size_t i, const DateLength *length, DateItem *item)
{
    size_t at = skip_key(t, i, ON);
    if (item->kind != ITEM_DAY || !is_kind(t, at, WEEKDAY) || token(t, at)->is_weak || at == i)
        return i;
    int weekday = token(t, at)->value % 7, of = weekday_of(item->start[0]) % 7;
    int ahead = weekday - of;
    item->start[0] += length->months && ahead < 0 ? ahead + 7 : ahead;
    item->start[1] = item->start[0];
    item->end[0] = item->end[1] = item->start[0] + 1;
    return at + 1;
}

/* The day that "after" or "from" counts from: an ITEM_DAY, ITEM_BOTH or the beginning of a span. */
static size_t match_anchor(const DateText *t, size_t i, int64_t from_r[2], bool *has_clock_r)
{
    DateItem item;
    DateSpan span;
    size_t end = match_moment(t, i, &item), wide = match_span(t, i, &span);
    if (wide > end && span.is_edge) { /* "the end of the month" is its last day */
        from_r[0] = (span.edge - (span.edge > span.from[0])) * DAY_SECONDS;
        from_r[1] = (span.edge_other - (span.edge_other > span.from[1])) * DAY_SECONDS;
        *has_clock_r = false;
        return wide;
    }
    if (wide > end && span.grain > DATE_DAY && !span.is_cut) {
        from_r[0] = span.from[0] * DAY_SECONDS;
        from_r[1] = span.from[1] * DAY_SECONDS;
        *has_clock_r = false;
        return wide;
    }
    if (!end || (item.kind != ITEM_DAY && item.kind != ITEM_BOTH))
        return 0;
    for (int which = 0; which < 2; which++)
        from_r[which] = item.start[which] * (item.kind == ITEM_DAY ? DAY_SECONDS : 1);
    *has_clock_r = item.kind == ITEM_BOTH;
    return end;
}

/* now, or the midnight that today began with. */
static void anchor_now(const DateText *t, const DateLength *length, int64_t from_r[2])
{
    int64_t now = length_is_exact(length) ? t->reference->now : t->today * DAY_SECONDS;
    from_r[0] = from_r[1] = now;
}

/* Behind a length: ago, later, from now, after tomorrow, before Christmas. */
static size_t match_direction(const DateText *t, size_t i, const DateLength *length,
                              int64_t from_r[2], bool *has_clock_r, int *sign_r)
{
    static const char *const backs[] = { "ago", "earlier", "prior", "back", "before now", NULL };
    static const char *const aheads[] = { "later",     "hence",  "from now", "from right now",
                                          "after now", "später", NULL };
    static const char *const befores[] = { "before", "prior to", "ahead of", NULL };
    static const char *const afters[] = { "after", "from",    "since", "following",
                                          "past",  "on from", NULL };
    size_t end;
    anchor_now(t, length, from_r);
    *has_clock_r = false;
    if ((end = match_any(t, i, befores)) != 0 &&
        (end = match_anchor(t, end, from_r, has_clock_r)) != 0) {
        *sign_r = -1;
        return end;
    }
    if ((end = match_any(t, i, aheads)) != 0 || (end = match_any(t, i, backs)) != 0) {
        *sign_r = match_any(t, i, aheads) ? 1 : -1;
        /* "a month ago today" */
        if (!length_is_exact(length) && is_kind(t, end, DAY_WORD))
            return match_anchor(t, end, from_r, has_clock_r);
        return end;
    }
    *sign_r = 1;
    if (length->is_single && length->unit == WEEKS && is_key(t, i, ON) &&
        is_kind(t, i + 1, WEEKDAY))
        return match_anchor(t, i + 1, from_r, has_clock_r); /* "a week on Friday" */
    end = match_any(t, i, afters);
    return end ? match_anchor(t, end, from_r, has_clock_r) : 0;
}

/* "in two weeks", "il y a 3 jours", "vor 3 Tagen", "hace 3 días", "dans 2 semaines" */
static size_t match_prefix(const DateText *t, size_t i, int *sign_r)
{
    *sign_r = 1;
    if (is_key(t, i, IN) && !is_word(t, i, "during"))
        return i + 1;
    *sign_r = -1;
    if ((t->languages & DE) && is_word(t, i, "vor"))
        return i + 1;
    if ((t->languages & FR) && match_words(t, i, "il y a"))
        return i + 3;
    if ((t->languages & ES) && is_word(t, i, "hace"))
        return i + 1;
    return 0;
}

static size_t match_prefixed(const DateText *t, size_t i, DateItem *item_r)
{
    int sign = 1, after_sign = 1;
    DateLength length;
    size_t at = match_prefix(t, i, &sign);
    at = at ? skip_key(t, at, AROUND) : 0;
    size_t end = at ? match_length(t, at, &length) : 0;
    if (!end || length.is_weak || is_key(t, at, ALL))
        return 0;
    int64_t from[2];
    bool has_clock = false;
    anchor_now(t, &length, from);
    size_t more = sign > 0 ? match_direction(t, end, &length, from, &has_clock, &after_sign) : 0;
    if (!more)
        anchor_now(t, &length, from), has_clock = false, after_sign = sign;
    /* "in 5 minutes time", "in two weeks' time" */
    if (!more && is_sign(t, end, '\''))
        end += 1 + is_word(t, end + 1, "time");
    else if (!more)
        end += is_word(t, end, "time");
    *item_r = shifted(&length, from, has_clock, more ? after_sign : sign);
    return add_weekday(t, more ? more : end, &length, item_r);
}

/* "for 3 days, from today", "2 weeks starting May 20th" */
static size_t match_starting(const DateText *t, size_t i, const DateLength *length, bool has_for,
                             DateItem *item_r)
{
    static const char *const starts[] = {
        "starting from",  "starting on", "starting", "beginning on",
        "beginning from", "beginning",   NULL
    };
    static const char *const froms[] = { "from", NULL };
    size_t at = match_any(t, skip_sign(t, i, ','), starts);
    if (!at && has_for)
        at = match_any(t, skip_sign(t, i, ','), froms);
    int64_t from[2];
    bool has_clock = false;
    size_t end = at ? match_anchor(t, at, from, &has_clock) : 0;
    if (!end || has_clock)
        return 0;
    *item_r = (DateItem){
        .kind = ITEM_DAYS, .grain = DATE_DAY, .has_start = true, .has_end = true, .confidence = 0.9
    };
    for (int which = 0; which < 2; which++) {
        item_r->start[which] = floor_div(from[which], DAY_SECONDS);
        item_r->end[which] = floor_div(length_add(length, from[which], 1), DAY_SECONDS);
    }
    return end;
}

/* "for 2.5 hours from 9" */
static size_t match_hours_from(const DateText *t, size_t i, const DateLength *length,
                               DateItem *item_r)
{
    DateClock clock;
    size_t at = is_key(t, i, FROM) || is_word(t, i, "starting") ? i + 1 : 0;
    size_t end = at ? match_clock(t, skip_key(t, at, AT), &clock) : 0;
    if (!end || clock.is_span || !length_is_exact(length))
        return 0;
    DateItem item = item_of_clock(&clock);
    item.kind = ITEM_CLOCKS;
    item.start[0] = clock.from;
    for (int which = 0; which < 2; which++)
        item.end[which] = (item.start[which] + (int64_t)length->seconds) % DAY_SECONDS;
    *item_r = item;
    return end;
}

/* "the day before Christmas", "the week after Easter" counts one. */
static size_t match_next_to(const DateText *t, size_t i, DateItem *item_r)
{
    size_t at = skip_key(t, i, THE);
    if (!is_kind(t, at, UNIT) || token(t, at)->value != DAYS || token(t, at)->is_plural)
        return 0;
    DateLength day = length_of(DAYS, 1);
    int64_t from[2];
    bool has_clock = false;
    bool is_before = is_key(t, at + 1, BEFORE), is_after = is_key(t, at + 1, AFTER);
    size_t end = is_before || is_after ? match_anchor(t, at + 2, from, &has_clock) : 0;
    if (!end || has_clock)
        return 0;
    *item_r = shifted(&day, from, false, is_before ? -1 : 1);
    return end;
}

/* "two Fridays from now", "three Mondays ago" */
static size_t match_weekdays_away(const DateText *t, size_t i, DateItem *item_r)
{
    if (!is_kind(t, i, NUMBER) || token(t, i)->value < 1 || token(t, i)->value > 500 ||
        !is_kind(t, i + 1, WEEKDAY))
        return 0;
    bool is_back = is_key(t, i + 2, AGO);
    size_t end = is_back ? i + 3 : match_words(t, i + 2, "from now");
    int64_t day = t->today + (is_back ? -1 : 1);
    int weekday = token(t, i + 1)->value, count = token(t, i)->value - 1;
    if (!end)
        return 0;
    day += is_back ? -((weekday_of(day) - weekday + 7) % 7) - 7 * count
                   : (weekday - weekday_of(day) + 7) % 7 + 7 * count;
    DateSpan span = span_days(DATE_DAY, day, day + 1);
    *item_r = item_of_span(&span);
    return end;
}

/* "heute in 14 Tagen", "Freitag in einer Woche" */
static size_t match_day_then_length(const DateText *t, size_t i, DateItem *item_r)
{
    DateSpan day;
    DateLength length;
    size_t at = (t->languages & DE) ? match_span(t, i, &day) : 0;
    if (!at || !span_is_day(&day) || day.day || !is_key(t, at, IN))
        return 0;
    size_t end = match_length(t, at + 1, &length);
    if (!end || length_is_exact(&length) || length.is_weak)
        return 0;
    int64_t from[2] = { day.from[0] * DAY_SECONDS, day.from[1] * DAY_SECONDS };
    *item_r = shifted(&length, from, false, 1);
    return end;
}

/* "half an hour before noon", "45 minutes after midnight" */
static size_t match_clock_away(const DateText *t, size_t i, DateItem *item_r)
{
    DateLength length;
    DateClock clock;
    size_t at = match_length(t, i, &length);
    bool is_before = at && is_key(t, at, BEFORE), is_after = at && is_key(t, at, AFTER);
    size_t end = is_before || is_after ? match_clock(t, at + 1, &clock) : 0;
    if (!end || !length_is_exact(&length) || clock.is_weak || clock.is_span)
        return 0;
    DateItem item = item_of_clock(&clock);
    item.grain = MIN(item.grain, DATE_MINUTE);
    for (int which = 0; which < 2; which++)
        item.start[which] = (item.start[which] + 2 * DAY_SECONDS +
                             (is_before ? -1 : 1) * (int64_t)length.seconds % DAY_SECONDS) %
                            DAY_SECONDS;
    *item_r = item;
    return end;
}

size_t match_shifted(const DateText *t, size_t i, DateItem *item_r)
{
    DateItem item = { 0 };
    DateLength length;
    int64_t from[2];
    bool has_clock = false, has_for = is_key(t, i, FOR);
    int sign = 1;
    size_t best = match_prefixed(t, i, &item);
    if (!best)
        best = match_next_to(t, i, &item);
    if (!best)
        best = match_weekdays_away(t, i, &item);
    if (!best)
        best = match_day_then_length(t, i, &item);
    if (!best)
        best = match_clock_away(t, i, &item);
    if (best)
        *item_r = item;
    size_t at = has_for ? i + 1 : i;
    DateSpan weekday = { 0 };
    /* "Sunday 3 weeks after January 15th" */
    bool has_weekday = is_kind(t, at, WEEKDAY) && is_kind(t, at + 1, NUMBER);
    size_t length_end = match_length(t, at + has_weekday, &length);
    if (!length_end || length.is_weak)
        return best;
    size_t end = match_direction(t, length_end, &length, from, &has_clock, &sign);
    if (end > best && !has_for) {
        *item_r = shifted(&length, from, has_clock, sign);
        best = end;
        if (has_weekday && item_r->kind == ITEM_DAY) {
            weekday.weekday = token(t, at)->value;
            int64_t day = item_r->start[0];
            day += weekday.weekday % 7 - weekday_of(day) % 7;
            item_r->start[0] = item_r->start[1] = day;
        } else if (has_weekday)
            return 0;
        else
            best = add_weekday(t, best, &length, item_r);
    }
    if (has_weekday)
        return best;
    if ((end = match_starting(t, length_end, &length, has_for, &item)) > best) {
        *item_r = item;
        best = end;
    }
    if (has_for && (end = match_hours_from(t, length_end, &length, &item)) > best) {
        *item_r = item;
        best = end;
    }
    return best;
}
