/* date_ranges.c - from one day or time to another: "May 3 to 5", "between 9 and noon". */
#include "text/date_int.h"

typedef struct Side {
    DateSpan span;
    DateItem item;
    bool is_span, has_clock, is_number; /* is_number: a day's number only */
} Side;

static size_t match_to(const DateText *t, size_t i, bool is_between)
{
    if (is_key(t, i, TO) || is_key(t, i, UNTIL) || is_key(t, i, THROUGH) ||
        (is_between && is_key(t, i, AND)))
        return i + 1;
    return is_sign(t, i, '-') || is_sign(t, i, '~') ? i + 1 : 0;
}

/* A year right behind a dash, which alone would be a part of some number. */
static size_t match_side_year(const DateText *t, size_t i, DateSpan *span_r)
{
    int year = 0;
    size_t end = match_year(t, i, &year);
    if (!end || (is_sign(t, end, '-') && token(t, end)->is_glued && is_kind(t, end + 1, NUMBER)) ||
        year < 1500)
        return 0;
    *span_r = (DateSpan){ .grain = DATE_YEAR, .year = year };
    span_resolve(t, span_r);
    return end;
}

/* A side; has_sign: a dash stands between the two and may join numbers. */
static size_t match_side(const DateText *t, size_t i, Side *side_r)
{
    Side side = { 0 };
    DateSpan year;
    int day = 0;
    size_t end = match_span(t, i, &side.span);
    size_t year_end = match_side_year(t, i, &year);
    size_t moment = match_moment(t, i, &side.item), number = match_day_number(t, i, &day);
    side.is_span = end > 0;
    if (year_end > end) {
        side.span = year;
        side.is_span = true;
        end = year_end;
    }
    bool has_clock = side.item.kind == ITEM_BOTH || side.item.kind == ITEM_CLOCK;
    if (moment && has_clock && (moment > end || (moment == end && side.item.kind == ITEM_BOTH))) {
        side.is_span = false;
        side.has_clock = true;
        end = moment;
    }
    DateItem later;
    size_t shift = match_shifted(t, i, &later);
    if (shift > end && (later.kind == ITEM_DAY || later.kind == ITEM_BOTH)) {
        side = (Side){ .item = later,
                       .has_clock = later.kind == ITEM_BOTH,
                       .is_span = later.kind == ITEM_DAY };
        if (side.is_span)
            side.span = span_days(DATE_DAY, later.start[0], later.start[0] + 1);
        end = shift;
    }
    if (number > end || (number && number == end && side.is_span && side.span.day &&
                         !side.span.month && !side.span.weekday)) {
        side =
            (Side){ .is_span = true, .is_number = true, .span = { .grain = DATE_DAY, .day = day } };
        span_resolve(t, &side.span);
        end = number;
    }
    *side_r = side;
    return end;
}

/* Sides give each other what one of them did not say: "3 - 7 Jan", "5/1-5/7, 2020". */
static void share_fields(const DateText *t, Side *a, Side *b)
{
    DateSpan *from = &a->span, *to = &b->span;
    if (a->is_number && to->month && !from->month) {
        if (from->day < to->day)
            from->month = to->month, from->year = to->year;
        else if (to->year)
            from->month = to->month - 1 ? to->month - 1 : 12,
            from->year = to->year - (to->month == 1);
        a->is_number = !from->month;
    }
    if (b->is_number && from->month && from->day) {
        to->month = from->month;
        to->year = from->year;
        if (to->day < from->day) {
            to->month = from->month % 12 + 1;
            to->year = from->year ? from->year + (from->month == 12) : 0;
        }
        b->is_number = false;
    }
    if (from->month && to->month && to->year && !from->year) {
        bool is_before =
            from->month < to->month ||
            (from->month == to->month && (!from->day || !to->day || from->day <= to->day));
        from->year = to->year - !is_before;
    }
    if (from->month || from->day)
        span_resolve(t, from);
    if (to->month || to->day)
        span_resolve(t, to);
}

/* The first reading of `to` that is behind the day. */
static int64_t after_day(const DateText *t, const DateSpan *to, int64_t day)
{
    if (to->year || (!to->month && !to->day && !to->weekday) || to->is_cut)
        return to->from[1] > day && to->from[1] < to->from[0] ? to->from[1] : to->from[0];
    DateReference reference = *t->reference;
    DateText later = *t;
    DateSpan span = *to;
    later.reference = &reference;
    later.today = day;
    later.date = civil_of(day);
    span_resolve(&later, &span);
    if (span.grain == DATE_MONTH && span.from[0] < day)
        span.from[0] = days_add_months(span.from[0], 12);
    return span.from[0] == day && to->weekday && !to->day ? day + 7 : span.from[0];
}

static int64_t side_place(const DateSpan *s, int which)
{
    return s->is_edge ? (which ? s->edge_other : s->edge) : s->from[which];
}

static bool join_days(const DateText *t, Side *a, Side *b, bool has_from, DateItem *item)
{
    share_fields(t, a, b);
    /* "from Q1 to Q3 2017": the first one is of that year too. */
    if (a->span.grain == DATE_QUARTER && a->span.from[0] != a->span.from[1] &&
        b->span.from[0] == b->span.from[1]) {
        Civil to = civil_of(b->span.from[0]), from = civil_of(a->span.from[0]);
        a->span.from[0] = civil_days(to.year - (from.month > to.month), from.month, 1);
        a->span.from[1] = a->span.from[0];
    }
    if ((a->is_number && b->is_number) ||
        (a->span.is_weak && b->span.is_weak && !has_from && a->span.grain != b->span.grain))
        return false;
    *item = (DateItem){ .kind = ITEM_DAYS,
                        .has_start = true,
                        .has_end = true,
                        .confidence = 0.95,
                        .grain = MIN(a->span.grain, b->span.grain) };
    if (a->is_number && b->span.month && !b->span.year) { /* "from the 27th to the 3rd of April" */
        DateSpan to = b->span;
        item->start[0] = a->span.from[0];
        item->end[0] = after_day(t, &to, a->span.from[0]);
        item->start[1] = item->start[0];
        item->end[1] = item->end[0];
        return true;
    }
    for (int which = 0; which < 2; which++) {
        item->start[which] = side_place(&a->span, which);
        bool is_later = b->span.is_edge || b->span.from[0] == b->span.from[1];
        item->end[which] =
            is_later ? side_place(&b->span, which) : after_day(t, &b->span, a->span.from[which]);
        if (b->span.is_edge && item->end[which] < item->start[which] &&
            b->span.from[0] != b->span.from[1])
            item->end[which] = days_add_months(item->end[which], 12);
    }
    /* One that goes on now is meant: "from August to October" said in September. */
    if (item->start[1] <= t->today && t->today < item->end[1] && item->start[1] < item->end[1]) {
        item->start[0] = item->start[1];
        item->end[0] = item->end[1];
    }
    return item->end[0] > item->start[0];
}

/* Civil seconds of a side that has a clock; a missing day is that of the other side. */
static bool join_times(const DateText *t, Side *a, Side *b, DateItem *item)
{
    *item = (DateItem){ .kind = ITEM_TIMES,
                        .has_start = true,
                        .has_end = true,
                        .confidence = 0.9,
                        .grain = DATE_MINUTE };
    for (int which = 0; which < 2; which++) {
        int64_t from, to, day;
        if (a->is_span)
            from = a->span.from[which] * DAY_SECONDS;
        else if (a->item.kind == ITEM_BOTH)
            from = a->item.start[which];
        else { /* "from 2pm till tomorrow 4:30pm": today's */
            bool has_later = b->item.kind == ITEM_BOTH;
            day = has_later && floor_div(b->item.start[which], DAY_SECONDS) < t->today
                      ? floor_div(b->item.start[which], DAY_SECONDS)
                      : t->today;
            from = day * DAY_SECONDS + a->item.start[which];
        }
        if (b->is_span)
            to = b->span.from[which] * DAY_SECONDS;
        else if (b->item.kind == ITEM_BOTH)
            to = b->item.start[which];
        else {
            day = floor_div(from, DAY_SECONDS);
            to = day * DAY_SECONDS + b->item.start[which];
            if (to <= from && b->item.start[0] != b->item.start[1])
                to = day * DAY_SECONDS + b->item.start[!which];
        }
        /* "3pm Friday to 10am Monday": the Monday behind that Friday. */
        bool is_weekday = !b->is_span && b->item.start[0] - b->item.start[1] == 7 * DAY_SECONDS;
        item->start[which] = from;
        item->end[which] = to <= from && is_weekday ? to + 7 * DAY_SECONDS : to;
    }
    return item->end[0] > item->start[0];
}

/* "Monday through Friday next week", "the 3rd to the 12th of next month": what holds both sides. */
static size_t add_container(const DateText *t, size_t i, Side *a, Side *b)
{
    size_t end;
    bool are_weekdays = a->span.weekday && b->span.weekday && !a->span.day && !b->span.day;
    if (are_weekdays && b->span.from[0] == b->span.from[1] && a->span.from[0] != a->span.from[1]) {
        int64_t day = b->span.from[0] - (b->span.weekday - a->span.weekday + 7) % 7;
        a->span = span_days(DATE_DAY, day, day + 1);
    }
    if (a->is_number && b->is_number && (is_key(t, i, OF) || is_key(t, i, IN)) &&
        (end = match_turned_month(t, i + 1, &b->span)) != 0) {
        b->is_number = false;
        return end;
    }
    return i;
}

/* "it is 9 to 12 people", "two to four": numbers that no month or weekday joins. */
size_t match_range(const DateText *t, size_t i, DateItem *item_r)
{
    bool is_between = is_key(t, i, BETWEEN), is_from = is_key(t, i, FROM);
    size_t at = i + (is_between || is_from);
    at += !is_between && !is_from && is_key(t, i, IN);
    Side a, b;
    size_t end = match_side(t, at, &a), to = end ? match_to(t, end, is_between || is_from) : 0;
    /* "5/1-5/7": a date in digits ends before the dash. */
    if (!to || (end = match_side(t, to, &b)) == 0)
        return 0;
    bool has_from = is_between || is_from;
    DateItem item;
    if (a.is_span && b.is_span) {
        int year = 0;
        bool lacks_year =
            b.span.day && !b.span.year && (b.span.month || (a.span.month && !a.span.year));
        size_t after = lacks_year ? match_year(t, skip_sign(t, end, ','), &year) : 0;
        if (after && year >= 1500) {
            b.span.year = year;
            if (b.is_number)
                a.span.year = year;
            end = after;
        }
        end = add_container(t, end, &a, &b);
        bool is_month_only =
            a.span.is_weak && !a.span.year && b.span.is_weak && !b.span.year && !has_from;
        if (is_month_only || (b.is_number && a.span.grain > DATE_DAY && !a.span.month) ||
            (a.is_number && !b.span.month) || !join_days(t, &a, &b, has_from, &item))
            return 0;
    } else if (a.is_number || b.is_number ||
               (!a.is_span && !b.is_span && a.item.kind == ITEM_CLOCK && b.item.kind == ITEM_CLOCK))
        return 0;
    else {
        /* "between Jan 2019 and now" ends with today. */
        bool is_now = a.is_span && !b.is_span && b.item.kind == ITEM_BOTH &&
                      b.item.start[0] == t->reference->now;
        bool now_first = b.is_span && !a.is_span && a.item.start[0] == t->reference->now;
        if (is_now || now_first) {
            Side *side = is_now ? &b : &a;
            *side = (Side){ .is_span = true, .span = span_days(DATE_DAY, t->today, t->today + 1) };
            if (!join_days(t, &a, &b, has_from, &item))
                return 0;
        } else if (!join_times(t, &a, &b, &item))
            return 0;
    }
    *item_r = item;
    return end;
}
