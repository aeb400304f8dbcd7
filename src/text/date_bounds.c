/* date_bounds.c - ranges with one side: before, by, since, until, within, in the next. */
#include "text/date_int.h"

typedef enum Bound { NO_BOUND, UP_TO, ENDS_WITH, ONWARDS, BEHIND } Bound;

typedef struct BoundWords {
    unsigned languages;
    const char *words;
    Bound bound;
    bool is_deadline;
} BoundWords;

static const BoundWords bounds[] = {
#define BOUND(languages, words, bound, is_deadline) { languages, words, bound, is_deadline },
#define TAIL(languages, words, bound, is_deadline)
#define WITHIN_WORDS(languages, words)
#include "text/date_bounds.def"
#undef BOUND
#undef TAIL
};

static const BoundWords tails[] = {
#define BOUND(languages, words, bound, is_deadline)
#define TAIL(languages, words, bound, is_deadline) { languages, words, bound, is_deadline },
#include "text/date_bounds.def"
#undef BOUND
#undef TAIL
#undef WITHIN_WORDS
};

static const BoundWords withins[] = {
#define BOUND(languages, words, bound, is_deadline)
#define TAIL(languages, words, bound, is_deadline)
#define WITHIN_WORDS(languages, words) { languages, words, ENDS_WITH, true },
#include "text/date_bounds.def"
#undef BOUND
#undef TAIL
#undef WITHIN_WORDS
};

/* The longest of a list; *words_r is its row. */
static size_t match_bound(const DateText *t, size_t i, const BoundWords *list, size_t count,
                          const BoundWords **words_r)
{
    size_t best = 0;
    for (size_t k = 0; i < t->count && k < count; k++) {
        if (!(list[k].languages & t->languages) || list[k].words[0] != t->at[i].text.at[0])
            continue;
        size_t end = match_words(t, i, list[k].words);
        if (end > best) {
            best = end;
            *words_r = &list[k];
        }
    }
    return best;
}

/* Where a bound cuts what follows it: before its beginning, at its end, behind it. */
static void bound_item(Bound bound, const DateItem *of, const DateSpan *span, DateItem *item)
{
    bool is_wide = of->kind == ITEM_DAYS || of->kind == ITEM_CLOCKS || of->kind == ITEM_TIMES;
    *item = *of;
    item->kind = of->kind == ITEM_DAY     ? ITEM_DAYS
                 : of->kind == ITEM_BOTH  ? ITEM_TIMES
                 : of->kind == ITEM_CLOCK ? ITEM_CLOCKS
                                          : of->kind;
    for (int which = 0; which < 2; which++) {
        int64_t place = of->start[which];
        if (span && span->is_edge)
            place = which ? span->edge_other : span->edge;
        else if (is_wide && bound == BEHIND)
            place = of->end[which];
        item->start[which] = item->end[which] = place;
    }
    item->has_start = bound == ONWARDS || bound == BEHIND;
    item->has_end = !item->has_start;
}

static size_t match_bounded_thing(const DateText *t, size_t i, DateItem *item_r, DateSpan *span_r,
                                  bool *is_span_r)
{
    DateItem moment, shift;
    DateSpan span = { 0 };
    DateClock clock;
    *is_span_r = false;
    size_t end = match_moment(t, i, &moment), wide = match_span(t, i, &span);
    size_t later = match_shifted(t, i, &shift), hour = 0;
    if (end)
        *item_r = moment;
    /* Behind "before" a bare number may be an hour: "before 5"; a name alone is one: "before
     * lunch". */
    if (!end && (hour = match_clock(t, i, &clock)) != 0 && clock.is_named) {
        *item_r = item_of_clock(&clock);
        end = hour;
    }
    bool bare_number = span.is_weak && span.grain == DATE_DAY;
    if (wide > end || (wide && wide == end && !span_is_day(&span) && !bare_number)) {
        *item_r = item_of_span(&span);
        *span_r = span;
        *is_span_r = true;
        end = wide;
    }
    if (later > end && (shift.kind == ITEM_DAY || shift.kind == ITEM_BOTH)) {
        *item_r = shift;
        *is_span_r = false;
        end = later;
    }
    return end;
}

/* "within 2h", "within 3 business days", "within the next two weeks", "innerhalb von 3 Tagen" */
static size_t match_within(const DateText *t, size_t i, DateItem *item_r)
{
    const BoundWords *words;
    DateLength length;
    size_t at = match_bound(t, i, withins, COUNT(withins), &words);
    if (!at)
        return 0;
    at += is_kind(t, at, TURN) && token(t, at)->value > THIS;
    size_t end = match_length(t, at, &length);
    if (!end)
        return 0;
    bool is_exact = length_is_exact(&length);
    *item_r = (DateItem){ .kind = is_exact ? ITEM_TIMES : ITEM_DAYS,
                          .grain = is_exact ? DATE_SECOND : DATE_DAY,
                          .has_start = true,
                          .has_end = true,
                          .is_deadline = true,
                          .confidence = 0.95 };
    int64_t from = is_exact ? t->reference->now : t->today * DAY_SECONDS,
            to = length_add(&length, from, 1);
    for (int which = 0; which < 2; which++) {
        item_r->start[which] = is_exact ? from : t->today;
        item_r->end[which] = is_exact ? to : floor_div(to, DAY_SECONDS);
    }
    return end;
}

/* "more than 2 weeks before today", "less than 3 days after tomorrow" */
static size_t match_compared(const DateText *t, size_t i, DateItem *item_r)
{
    bool is_more = is_key(t, i, MORE), is_less = is_key(t, i, LESS);
    if ((!is_more && !is_less) || !is_key(t, i + 1, THAN))
        return 0;
    DateItem far;
    DateLength length;
    size_t length_end = match_length(t, i + 2, &length);
    size_t end = match_shifted(t, i + 2, &far);
    if (!length_end)
        return 0;
    if (end <= length_end || (far.kind != ITEM_DAY && far.kind != ITEM_BOTH)) {
        *item_r = (DateItem){ .kind = ITEM_LENGTH, .length = length, .confidence = 0.9 };
        return length_end;
    }
    int sign = is_key(t, length_end, AGO) || is_key(t, length_end, BEFORE) ||
                       is_key(t, length_end, EARLIER)
                   ? -1
                   : 1;
    int64_t scale = far.kind == ITEM_DAY ? DAY_SECONDS : 1;
    DateItem item = far;
    item.kind = far.kind == ITEM_DAY ? ITEM_DAYS : ITEM_TIMES;
    for (int which = 0; which < 2; which++) {
        int64_t near = length_add(&length, far.start[which] * scale, -sign) / scale;
        item.start[which] = sign > 0 ? (is_more ? far.start[which] : near) : far.start[which];
        item.end[which] = sign > 0 ? far.start[which] : (is_more ? far.start[which] : near);
    }
    item.has_start = is_less || sign > 0;
    item.has_end = is_less || sign < 0;
    *item_r = item;
    return end;
}

/* A day and then a bound of its hours: "tomorrow before 5pm", "tuesday after 1pm". */
static size_t match_day_bounded(const DateText *t, size_t i, DateItem *item_r)
{
    DateSpan day;
    size_t at = match_span(t, i, &day);
    const BoundWords *words = NULL;
    if (!at || !span_is_day(&day) || day.is_weak)
        return 0;
    size_t behind = match_bound(t, skip_sign(t, at, ','), bounds, COUNT(bounds), &words);
    DateClock clock;
    size_t end = behind ? match_clock(t, skip_key(t, behind, AROUND), &clock) : 0;
    if (!end || clock.is_weak || (clock.is_span && !clock.is_named))
        return 0;
    DateItem hours = item_of_clock(&clock), bounded;
    bound_item(words->bound, &hours, NULL, &bounded);
    *item_r = bounded;
    item_r->kind = ITEM_TIMES;
    item_r->is_deadline = words->is_deadline;
    for (int which = 0; which < 2; which++) {
        item_r->start[which] = day.from[which] * DAY_SECONDS + bounded.start[0];
        item_r->end[which] = day.from[which] * DAY_SECONDS + bounded.end[0];
    }
    return end;
}

/* "3 pm or later on Monday", "2012 or later", "1/1/2016 and later" */
static size_t match_or_later(const DateText *t, size_t i, DateItem *item_r)
{
    DateItem item;
    DateSpan span = { 0 };
    bool is_span;
    size_t at = match_bounded_thing(t, i, &item, &span, &is_span);
    const BoundWords *words;
    size_t end = at ? match_bound(t, at, tails, COUNT(tails), &words) : 0;
    if (!end)
        return 0;
    bound_item(words->bound, &item, is_span ? &span : NULL, item_r);
    item_r->is_deadline = words->is_deadline;
    DateSpan day;
    size_t after = item_r->kind == ITEM_CLOCKS ? match_span(t, skip_key(t, end, ON), &day) : 0;
    if (!after || !span_is_day(&day))
        return end;
    item_r->kind = ITEM_TIMES;
    for (int which = 0; which < 2; which++) {
        item_r->start[which] += day.from[which] * DAY_SECONDS;
        item_r->end[which] += day.from[which] * DAY_SECONDS;
    }
    return after;
}

static size_t match_before_after(const DateText *t, size_t i, DateItem *item_r)
{
    const BoundWords *words = NULL;
    size_t at = match_bound(t, i, bounds, COUNT(bounds), &words);
    if (!at)
        return 0;
    size_t thing = skip_key(t, at, AROUND);
    thing += is_key(t, thing, ON) || is_key(t, thing, AT);
    DateItem item;
    DateSpan span = { 0 };
    bool is_span = false;
    size_t end = match_bounded_thing(t, thing, &item, &span, &is_span);
    if (!end)
        return 0;
    /* "by 2000" may be an amount, "after 30" anything. */
    if (is_span && span.is_weak && span.grain == DATE_MONTH && is_word(t, i, "by"))
        return 0;
    if (item.kind == ITEM_TIMES || (item.kind == ITEM_CLOCKS && !item.has_end))
        if (!item.has_end || !item.has_start)
            return 0;
    bound_item(words->bound, &item, is_span ? &span : NULL, item_r);
    item_r->is_deadline = words->is_deadline;
    return end;
}

/* "to date": up to today. */
static size_t match_until_today(const DateText *t, size_t i, DateItem *item_r)
{
    size_t end = match_words(t, i, "to date");
    if (!end || (i && (is_word(t, i - 1, "up") || is_word(t, i - 1, "equals") ||
                       is_word(t, i - 1, "equal"))))
        return 0;
    const DateToken *next = token(t, end);
    if (end < t->count && next->kind != SIGN)
        return 0;
    *item_r =
        (DateItem){ .kind = ITEM_DAYS, .grain = DATE_DAY, .has_end = true, .confidence = 0.8 };
    item_r->end[0] = item_r->end[1] = t->today;
    return end;
}

/* "early in the day Wednesday", "later in today": half a day. */
static size_t match_half_day(const DateText *t, size_t i, DateItem *item_r)
{
    bool is_early = is_key(t, i, EARLY) || is_key(t, i, EARLIER),
         is_late = is_key(t, i, LATE) || is_key(t, i, LATER);
    if (!is_early && !is_late)
        return 0;
    size_t at = skip_key(t, i + 1, IN);
    size_t in_day = match_words(t, at, "the day");
    DateSpan day;
    size_t end = match_span(t, in_day ? skip_key(t, in_day, ON) : at, &day);
    if (end && (!span_is_day(&day) || day.is_weak))
        end = 0;
    if ((!end && !in_day) || is_kind(t, end, PART))
        return 0;
    if (!end)
        day = span_days(DATE_DAY, t->today, t->today + 1), end = in_day;
    *item_r = (DateItem){ .kind = ITEM_TIMES,
                          .grain = DATE_HOUR,
                          .has_start = true,
                          .has_end = true,
                          .confidence = 0.8 };
    for (int which = 0; which < 2; which++) {
        item_r->start[which] = day.from[which] * DAY_SECONDS + (is_late ? DAY_SECONDS / 2 : 0);
        item_r->end[which] = item_r->start[which] + DAY_SECONDS / 2;
    }
    return end;
}

size_t match_bounded(const DateText *t, size_t i, DateItem *item_r)
{
    static size_t (*const rules[])(const DateText *, size_t, DateItem *) = {
        match_before_after, match_within,      match_compared, match_day_bounded,
        match_or_later,     match_until_today, match_half_day
    };
    size_t best = 0;
    for (size_t k = 0; k < COUNT(rules); k++) {
        DateItem item = { 0 };
        size_t end = rules[k](t, i, &item);
        if (end > best) {
            best = end;
            *item_r = item;
        }
    }
    return best;
}
