/* date_moments.c - a day with a time of day: "tomorrow at 8", "end of the Sunday", "9 to 5 on
 * Friday". */
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
