/* date_moments.c - a day with a time of day, and days counted from another: "tomorrow at 8", "end
 * of the Sunday", "two weeks from Tuesday", "3 minutes ago". */
#include "text/date_int.h"

#define END_OF_DAY (DAY_SECONDS - 1)
#define CLOSE_OF_BUSINESS (17 * 3600)

DateItem item_of_span(const DateSpan *s)
{
    bool is_day = span_is_day(s);
    DateItem item = { .kind = is_day ? ITEM_DAY : ITEM_DAYS,
                      .grain = s->grain,
                      .has_start = true,
                      .has_end = true,
                      .confidence = 0.9 };
    for (int which = 0; which < 2; which++) {
        item.start[which] = s->from[which];
        item.end[which] = s->to[which];
    }
    return item;
}

DateItem item_of_clock(const DateClock *c)
{
    DateItem item = { .kind = c->is_span ? ITEM_CLOCKS : ITEM_CLOCK,
                      .grain = c->grain,
                      .has_start = true,
                      .has_end = true,
                      .confidence = 0.85 };
    int other = c->is_half && c->from < DAY_SECONDS / 2 ? DAY_SECONDS / 2
                : c->is_half                            ? -DAY_SECONDS / 2
                                                        : 0;
    item.start[0] = item.start[1] = c->from;
    item.end[0] = item.end[1] = c->to;
    item.start[1] = (c->from + other + DAY_SECONDS) % DAY_SECONDS;
    item.end[1] = (c->to + other + DAY_SECONDS) % DAY_SECONDS;
    /* A bare hour before seven is rather one after noon; "03:00" and "12" are as written. */
    if (c->is_half && c->from < 7 * 3600 && (!c->is_span || c->to < 12 * 3600)) {
        int64_t swap = item.start[0];
        item.start[0] = item.start[1];
        item.start[1] = swap;
        swap = item.end[0];
        item.end[0] = item.end[1];
        item.end[1] = swap;
    }
    return item;
}

/* --- A day and a clock, in any order --- */

typedef struct When {
    DateSpan day;
    DateClock clock, part;
    bool has_day, has_clock, has_part, has_zone, is_tonight, is_day_end;
    int zone_seconds;
} When;

/* What may stand between: ", at", "@", "on", "-", "around", "in". */
static size_t skip_links(const DateText *t, size_t i)
{
    size_t at = skip_sign(t, i, ',');
    for (int k = 0; k < 3; k++) {
        const DateToken *word = token(t, at);
        bool is_link = word->kind == KEY && (word->value == AT || word->value == ON ||
                                             word->value == AROUND || word->value == OF);
        is_link |= word->kind == SIGN && word->text.at[0] == '@';
        if (!is_link)
            break;
        at++;
    }
    return at;
}

static const char *const ends_of_day[] = {
    "the end of the day", "end of the day", "the end of day", "end of day", "the eod", "eod", NULL
};
static const char *const closes[] = { "close of business",
                                      "the close of business",
                                      "end of business",
                                      "cob",
                                      "close of play",
                                      "cop",
                                      "eob",
                                      NULL };

/* Behind a day: "tomorrow at the same time". */
static size_t take_same_time(const DateText *t, size_t i, When *w)
{
    static const char *const words[] = { "the same time", "this time", NULL };
    size_t end = w->has_day ? match_any(t, i, words) : 0;
    if (!end)
        return 0;
    int seconds = (int)(t->reference->now - t->today * DAY_SECONDS);
    w->clock = (DateClock){ .from = seconds, .to = seconds, .grain = DATE_MINUTE };
    w->has_clock = true;
    return end;
}

static size_t take_end_of_day(const DateText *t, size_t i, When *w)
{
    size_t end = match_any(t, i, ends_of_day), close = end ? 0 : match_any(t, i, closes);
    DateSpan day;
    size_t of = 0;
    if (!end && !close) { /* "end of the sunday", "end of tomorrow" */
        size_t at = skip_key(t, i, THE);
        if (!is_key(t, at, END) || !is_key(t, at + 1, OF))
            return 0;
        of = match_span(t, at + 2, &day);
        if (!of || !span_is_day(&day) || day.is_weak || w->has_day)
            return 0;
        w->day = day;
        w->has_day = true;
    }
    int seconds = close ? CLOSE_OF_BUSINESS : END_OF_DAY;
    w->clock =
        (DateClock){ .from = seconds, .to = seconds, .grain = close ? DATE_HOUR : DATE_SECOND };
    w->has_clock = true;
    w->is_day_end = true;
    return end ? end : close ? close : of;
}

static size_t take_tonight(const DateText *t, size_t i, When *w)
{
    size_t at = i;
    int days = 0;
    int share = is_key(t, at, LATE) || is_key(t, at, LATER) ? 1 : is_key(t, at, EARLY) ? -1 : 0;
    at += share != 0;
    bool is_tonight = is_kind(t, at, PART) && token(t, at)->value == TONIGHT;
    if (!is_tonight) {
        size_t turn = skip_key(t, at, THE);
        if (!is_kind(t, turn, TURN) || !is_kind(t, turn + 1, PART))
            return 0;
        int value = token(t, turn)->value;
        days = value < THIS ? -1 : value > THIS ? 1 : 0;
        at = turn + 1;
    }
    DateClock part;
    if (!w->has_day) {
        w->day = span_days(DATE_DAY, t->today + days, t->today + days + 1);
        w->has_day = true;
    } else if (days)
        return 0;
    /* The part by itself: its clock stands behind it, if there is one. */
    size_t next = match_clock(t, at, &part);
    if (!next)
        return 0;
    if (!part.is_span) {
        if (w->has_clock)
            return 0;
        w->clock = part;
        w->has_clock = true;
        w->is_tonight = true;
        return next;
    }
    if (share) {
        int length = part.part == NIGHT || part.part == TONIGHT ? 4 * 3600 : part.to - part.from;
        *(share < 0 ? &part.to : &part.from) = part.from + length / 2;
    }
    w->part = part;
    w->has_part = true;
    return next;
}

static bool part_fits(const When *w, const DateClock *clock)
{
    return !clock->is_named || !w->has_part;
}

/* One more piece at i: the token behind it, or 0. */
static size_t take(const DateText *t, size_t i, When *w)
{
    DateSpan day = { 0 };
    DateClock clock = { 0 }, range = { 0 };
    size_t links = skip_links(t, i), end = 0;
    if (w->has_day && is_word(t, links, "t") && token(t, links)->is_glued)
        links++; /* 2016-11-07T15:00 */
    if (w->has_day && is_sign(t, links, '-') && token(t, links)->is_glued)
        links++;
    if (!w->has_part && (end = take_tonight(t, links, w)) != 0)
        return end;
    if (!w->has_clock && (end = take_end_of_day(t, links, w)) != 0)
        return end;
    if (!w->has_clock && (end = take_same_time(t, links, w)) != 0)
        return end;
    size_t clock_at = links > i && is_key(t, links - 1, AT) ? links - 1 : links;
    size_t to_range = w->has_clock ? 0 : match_clock_range(t, clock_at, &range);
    size_t to_clock = match_clock(t, clock_at, &clock);
    if (w->has_clock && !(clock.is_named && clock.is_span && w->has_day))
        to_clock = 0;
    size_t day_at = skip_key(t, links, IN);
    size_t to_day = w->has_day ? 0 : match_span(t, day_at, &day);
    if (to_day && !span_is_day(&day))
        to_day = 0; /* a weak one needs a clock: match_moment() sees to it */
    if (to_range && to_range >= to_clock && to_range > to_day) {
        w->clock = range;
        w->has_clock = true;
        return to_range;
    }
    bool is_said = links > i && (is_key(t, links - 1, AT) || is_key(t, links - 1, AROUND) ||
                                 is_sign(t, links - 1, '@'));
    is_said |= i && is_key(t, i - 1, FROM); /* "for two hours from 9" */
    is_said |= to_clock && is_kind(t, to_clock, DAY_WORD) &&
               !token(t, clock_at)->is_glued; /* "7 tomorrow morning", not "db-2 today" */
    if (clock.is_weak && !clock.is_named && !is_said)
        to_clock = 0;
    if (to_clock > to_day && part_fits(w, &clock)) {
        if (clock.is_span) {
            w->part = clock;
            w->has_part = true;
        } else {
            w->clock = clock;
            w->has_clock = true;
        }
        return to_clock;
    }
    if (to_day) {
        w->day = day;
        w->has_day = true;
    }
    return to_day;
}

static void use_part(When *w)
{
    DateClock *c = &w->clock;
    int part = (int)w->part.part, hour = c->from / 3600;
    if (!c->is_half)
        return;
    bool is_night = part == NIGHT || part == TONIGHT;
    bool is_late = part == AFTERNOON || part == EVENING || part == LUNCH || part == DINNER ||
                   (is_night && hour >= 6 && hour < 12);
    if (is_late && hour < 12) {
        c->from += DAY_SECONDS / 2;
        if (c->to < DAY_SECONDS / 2)
            c->to += DAY_SECONDS / 2;
    } else if (!is_late && hour == 12)
        c->from -= DAY_SECONDS / 2;
    c->is_half = false;
    c->is_weak = false;
}

static void put_moment(const DateSpan *day, const DateItem *clock, bool is_late, DateItem *item)
{
    bool is_span = clock->kind == ITEM_CLOCKS;
    *item = (DateItem){ .kind = is_span ? ITEM_TIMES : ITEM_BOTH,
                        .grain = clock->grain,
                        .has_start = true,
                        .has_end = true,
                        .confidence = 0.95 };
    bool clock_differs = clock->start[0] != clock->start[1];
    for (int which = 0; which < 2; which++) {
        /* The second reading differs by its day, if it can; else by its half of the day. */
        int half = which && day->from[0] == day->from[1] && clock_differs;
        item->start[which] = day->from[which] * DAY_SECONDS + clock->start[half];
        item->end[which] =
            day->from[which] * DAY_SECONDS + clock->end[half] +
            (is_span && (is_late || clock->end[half] < clock->start[half]) ? DAY_SECONDS : 0);
    }
}

/* Hours that follow a start: "from 9:30am for 7 hours", "for 2.5 hours from 9". */
static size_t match_hours_long(const DateText *t, size_t i, int64_t *seconds_r)
{
    DateLength length;
    if (!is_key(t, i, FOR))
        return 0;
    size_t end = match_length(t, i + 1, &length);
    if (!end || !length_is_exact(&length) || length.seconds < 60)
        return 0;
    *seconds_r = (int64_t)length.seconds;
    return end;
}

static size_t add_hours_long(const DateText *t, size_t end, bool has_from, DateItem *item)
{
    int64_t seconds = 0;
    size_t after = has_from ? match_hours_long(t, end, &seconds) : 0;
    if (!after || (item->kind != ITEM_CLOCK && item->kind != ITEM_BOTH))
        return end;
    item->kind = item->kind == ITEM_CLOCK ? ITEM_CLOCKS : ITEM_TIMES;
    for (int which = 0; which < 2; which++)
        item->end[which] = item->start[which] + seconds;
    return after;
}

static size_t read_when(const DateText *t, size_t i, When *w, bool *has_from_r)
{
    size_t end = 0, at = i;
    for (int pieces = 0; pieces < 4; pieces++) {
        size_t start = at;
        if (end && is_key(t, at, FROM)) {
            *has_from_r = true;
            DateClock range;
            if (!match_clock_range(t, at, &range) || w->has_clock)
                start = at + 1;
        }
        When trial = *w;
        size_t next = take(t, start, &trial);
        if (!next)
            break;
        *w = trial;
        at = end = next;
        size_t zone = match_zone(t, end, &w->zone_seconds);
        if (zone && w->has_clock) {
            w->has_zone = true;
            at = end = zone;
        }
    }
    /* "Wednesday evening next week" */
    int64_t monday = 0;
    size_t week = end && w->has_day && w->day.weekday && !w->day.day && !w->day.month
                      ? match_week_after(t, end, &monday)
                      : 0;
    if (week) {
        int64_t day = monday + w->day.weekday - 1;
        w->day = span_days(DATE_DAY, day, day + 1);
        end = week;
    }
    return end;
}

/* Day, clock, or both. A weak clock needs a day beside it. */
size_t match_moment(const DateText *t, size_t i, DateItem *item_r)
{
    static const char *const nows[] = {
        "right now",           "now",          "at present", "at this time", "at the moment",
        "as soon as possible", "asap",         "jetzt",      "maintenant",   "ahora",
        "the current time",    "current time", NULL
    };
    size_t now = match_any(t, i, nows);
    if (now) {
        *item_r = (DateItem){
            .kind = ITEM_BOTH, .grain = DATE_SECOND, .has_start = true, .confidence = 0.9
        };
        item_r->start[0] = item_r->start[1] = t->reference->now;
        return now;
    }
    When w = { 0 };
    bool has_from = is_key(t, i, FROM);
    size_t end = read_when(t, i + has_from, &w, &has_from);
    if (!end)
        return 0;
    if (w.is_day_end && !w.has_day) {
        w.day = span_days(DATE_DAY, t->today, t->today + 1);
        w.has_day = true;
    }
    if (w.has_part && w.has_clock)
        use_part(&w);
    else if (w.has_part)
        w.clock = w.part;
    bool has_clock = w.has_clock || w.has_part;
    DateItem clock = item_of_clock(&w.clock);
    if (w.is_tonight && clock.start[0] > clock.start[1] && clock.start[1] < 6 * 3600)
        clock.start[0] = clock.start[1];
    if (w.has_day && has_clock) {
        if (w.clock.is_weak && w.clock.is_named)
            return 0;
        put_moment(&w.day, &clock, w.clock.is_late && !w.clock.is_half, item_r);
        if (w.day.is_weak)
            item_r->confidence = 0.7;
    } else if (w.has_day) {
        if (w.day.is_weak)
            return 0;
        *item_r = item_of_span(&w.day);
    } else if (w.clock.is_weak && !(has_from && is_key(t, end, FOR)))
        return 0;
    else {
        *item_r = clock;
        if (w.clock.is_span && w.clock.to == w.clock.from && !w.has_part)
            return 0;
        if (w.clock.is_weak)
            item_r->start[0] = item_r->start[1] = w.clock.from;
    }
    item_r->has_zone = w.has_zone;
    item_r->zone_seconds = w.zone_seconds;
    size_t after = add_hours_long(t, end, has_from, item_r);
    if (w.clock.is_weak && !w.has_day && after == end)
        return 0;
    return after;
}

/* --- Counted from another day --- */

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
