/* date_parts.c - parts of a period: quarters and halves, "mid-November", "the rest of the week",
 * "year to date". */
#include "text/date_int.h"

/* --- Quarters and halves --- */

/* q1, h2, "first quarter", "2nd half"; months of it in *size_r. */
static size_t match_share(const DateText *t, size_t i, int *number_r, int *size_r)
{
    size_t at = skip_key(t, i, THE);
    bool is_q = is_word(t, at, "q"), is_h = is_word(t, at, "h");
    const DateToken *number = token(t, at + 1);
    if ((is_q || is_h) && number->kind == NUMBER && number->digit_count == 1 && number->is_glued &&
        number->value >= 1 && number->value <= (is_q ? 4 : 2)) {
        *number_r = number->value;
        *size_r = is_q ? 3 : 6;
        return at + 2;
    }
    bool is_quarter = is_word(t, at + 1, "quarter"), is_half = is_key(t, at + 1, HALF);
    bool is_last = is_kind(t, at, TURN) && token(t, at)->value == LAST && is_half;
    if ((!is_kind(t, at, ORDINAL) && !is_last) || (!is_quarter && !is_half))
        return 0;
    *number_r = is_last ? 2 : token(t, at)->value;
    *size_r = is_quarter ? 3 : 6;
    return *number_r >= 1 && *number_r <= 12 / *size_r ? at + 2 : 0;
}

static DateSpan share_of(int64_t year_begin, int number, int size)
{
    Civil c = civil_of(year_begin);
    int month = (number - 1) * size + 1;
    return span_days(DATE_QUARTER, civil_days(c.year, month, 1),
                     civil_days(c.year, month + size, 1));
}

static void half_month(DateSpan *s, int number)
{
    for (int which = 0; which < 2; which++)
        *(number == 1 ? &s->to[which] : &s->from[which]) = s->from[which] + 15;
    s->is_cut = true;
    s->is_weak = false;
    s->year = s->month = 0;
}

size_t match_quarter(const DateText *t, size_t i, DateSpan *span_r)
{
    int number = 0, size = 0;
    DateSpan year;
    size_t at = match_share(t, i, &number, &size), end = 0;
    if (at) {
        size_t joint = at + (is_sign(t, at, '-') && token(t, at)->is_glued);
        int said = 0;
        end = joint > at ? match_year(t, joint, &said) : match_container(t, at, &year);
        if (end && said)
            year = span_days(DATE_YEAR, civil_days(said, 1, 1), civil_days(said + 1, 1, 1));
        if (end && size == 6 && year.grain == DATE_MONTH && is_key(t, at, OF)) {
            half_month(&year, number); /* "the second half of May" */
            *span_r = year;
            return end;
        }
        end = end && year.grain == DATE_YEAR ? end : 0;
    } else if ((is_kind(t, i, NUMBER) || is_kind(t, i, TURN) || is_key(t, i, THE)) &&
               !is_word(t, i + 1, "quarter")) {
        int said = 0;
        size_t behind = match_year(t, i, &said);
        if (behind)
            year.from[0] = year.from[1] = civil_days(said, 1, 1);
        else if ((behind = match_piece(t, i, &year)) == 0 || year.grain != DATE_YEAR)
            return 0;
        behind += is_sign(t, behind, '-') && token(t, behind)->is_glued;
        if (is_sign(t, behind, '\'') && is_word(t, behind + 1, "s"))
            behind += 2;
        end = match_share(t, behind, &number, &size);
        if (!end)
            return 0;
    } else
        return 0;
    DateSpan s;
    if (end) {
        s = share_of(year.from[0], number, size);
        if (year.from[1] != year.from[0])
            s.from[1] = share_of(year.from[1], number, size).from[1];
    } else {
        DateSpan now = share_of(t->today, number, size);
        s = now.to[0] <= t->today ? share_of(civil_days(t->date.year + 1, 1, 1), number, size)
                                  : now;
        DateSpan back = now.to[0] <= t->today
                            ? now
                            : share_of(civil_days(t->date.year - 1, 1, 1), number, size);
        s.from[1] = back.from[0];
        s.to[1] = back.to[0];
        s.is_weak = !is_word(t, i, "q") && !is_word(t, i, "h");
    }
    *span_r = s;
    return end ? end : at;
}

/* --- Parts: early, mid, late, beginning, middle, end, rest --- */

typedef enum Share {
    SHARE_NONE,
    SHARE_EARLY,
    SHARE_MID,
    SHARE_LATE,
    SHARE_BEGIN,
    SHARE_MIDDLE,
    SHARE_END,
    SHARE_SOON_PAST,
    SHARE_STILL
} Share;

static size_t match_share_word(const DateText *t, size_t i, Share *share_r)
{
    size_t at = skip_key(t, i, THE);
    const DateToken *word = token(t, at);
    if (word->kind != KEY)
        return 0;
    switch (word->value) {
    case EARLY: *share_r = SHARE_EARLY; break;
    case EARLIER: *share_r = SHARE_SOON_PAST; break;
    case LATER: *share_r = SHARE_STILL; break;
    case LATE: *share_r = SHARE_LATE; break;
    case MID: *share_r = is_word(t, at, "mid") ? SHARE_MID : SHARE_MIDDLE; break;
    case BEGIN: *share_r = SHARE_BEGIN; break;
    case END: *share_r = SHARE_END; break;
    default: return 0;
    }
    bool needs_of = *share_r >= SHARE_BEGIN && *share_r <= SHARE_END && (t->languages & EN);
    size_t next = at + 1;
    next += is_sign(t, next, '-') && token(t, next)->is_glued;
    if (is_key(t, next, OF) || (is_key(t, next, IN) && !needs_of))
        return next + 1;
    return needs_of ? 0 : next;
}

static void cut_month(DateSpan *s, int which, Share share)
{
    int64_t from = s->from[which], to = s->to[which];
    bool is_first = share == SHARE_EARLY || share == SHARE_BEGIN || share == SHARE_SOON_PAST;
    bool is_mid = share == SHARE_MID || share == SHARE_MIDDLE;
    s->from[which] = is_first ? from : is_mid ? from + 9 : from + 15;
    s->to[which] = is_first ? from + 15 : is_mid ? from + 20 : to;
}

static void cut_year(DateSpan *s, int which, Share share)
{
    static const int months[][2] = {
        [SHARE_EARLY] = { 1, 7 },     [SHARE_MID] = { 4, 10 },   [SHARE_LATE] = { 7, 13 },
        [SHARE_BEGIN] = { 1, 5 },     [SHARE_MIDDLE] = { 5, 9 }, [SHARE_END] = { 9, 13 },
        [SHARE_SOON_PAST] = { 1, 7 }, [SHARE_STILL] = { 7, 13 },
    };
    int year = civil_of(s->from[which]).year;
    s->from[which] = civil_days(year, months[share][0], 1);
    s->to[which] = civil_days(year, months[share][1], 1);
}

static void cut_week(DateSpan *s, int which, Share share)
{
    int64_t monday = s->from[which];
    bool is_first = share == SHARE_EARLY || share == SHARE_BEGIN || share == SHARE_SOON_PAST;
    bool is_mid = share == SHARE_MID || share == SHARE_MIDDLE;
    s->from[which] = is_first ? monday : is_mid ? monday + 1 : monday + 3;
    s->to[which] = is_first ? monday + 3 : is_mid ? monday + 4 : monday + 7;
}

static bool cut(const DateText *t, DateSpan *s, int which, Share share)
{
    int64_t from = s->from[which], to = s->to[which];
    if (s->grain == DATE_MONTH)
        cut_month(s, which, share);
    else if (s->grain == DATE_YEAR)
        cut_year(s, which, share);
    else if (s->grain == DATE_WEEK && to - from == 7)
        cut_week(s, which, share);
    else if (s->grain >= DATE_QUARTER && share != SHARE_MID && share != SHARE_MIDDLE) {
        bool is_first = share == SHARE_EARLY || share == SHARE_BEGIN || share == SHARE_SOON_PAST;
        int64_t middle = from + (to - from) / 2;
        s->from[which] = is_first ? from : middle;
        s->to[which] = is_first ? middle : to;
    } else
        return false;
    if (share == SHARE_STILL && from <= t->today && t->today < to)
        s->from[which] = MAX(s->from[which], t->today);
    if (share == SHARE_SOON_PAST && from < t->today && t->today < to)
        s->to[which] = MIN(s->to[which], t->today);
    int64_t edge = share == SHARE_END       ? to
                   : share == SHARE_BEGIN   ? from
                   : s->grain == DATE_MONTH ? from + 15
                                            : from + (to - from) / 2;
    *(which ? &s->edge_other : &s->edge) = edge;
    return true;
}

size_t match_rest(const DateText *t, size_t i, DateSpan *span_r)
{
    size_t at = skip_key(t, i, THE);
    if (!is_key(t, at, REST) || !is_key(t, at + 1, OF))
        return 0;
    at += 2;
    at += is_word(t, at, "my") || is_word(t, at, "your") || is_word(t, at, "our");
    DateSpan s;
    size_t end = match_piece(t, at, &s);
    if (!end && is_kind(t, at, UNIT) && piece_of(token(t, at)->value, t->today, 0, &s))
        end = at + 1;
    if (!end || s.from[0] > t->today || s.to[0] <= t->today)
        return 0;
    s.from[0] = s.from[1] = t->today;
    s.to[0] = s.to[1] = s.to[0] - 1; /* said of what is left before its last day is over */
    s.is_cut = true;
    *span_r = s;
    return end;
}

/* EOW, EOM, "year end" */
static size_t match_short_end(const DateText *t, size_t i, int *unit_r)
{
    static const struct {
        const char *words;
        int unit;
    } ends[] = { { "eow", WEEKS },
                 { "eom", MONTHS },
                 { "eoq", QUARTERS },
                 { "eoy", YEARS },
                 { "year end", YEARS },
                 { "year - end", YEARS },
                 { "month end", MONTHS },
                 { "month - end", MONTHS },
                 { "quarter end", QUARTERS },
                 { "monatsende", MONTHS },
                 { "quartalsende", QUARTERS },
                 { "jahresende", YEARS } };
    for (size_t k = 0; k < COUNT(ends); k++) {
        size_t end = match_words(t, i, ends[k].words);
        if (end) {
            *unit_r = ends[k].unit;
            return end;
        }
    }
    return 0;
}

size_t match_part(const DateText *t, size_t i, DateSpan *span_r)
{
    Share share = SHARE_NONE;
    DateSpan s;
    int unit = 0;
    size_t end = match_short_end(t, skip_key(t, i, THE), &unit);
    size_t at = end ? end : match_share_word(t, i, &share);
    if (!at)
        return 0;
    if (end) {
        share = SHARE_END;
        if (!piece_of(unit, t->today, 0, &s))
            return 0;
    } else
        end = match_span(t, at, &s);
    if (!end && share == SHARE_END && is_kind(t, at, UNIT) &&
        piece_of(token(t, at)->value, t->today, 0, &s))
        end = at + 1;
    if (!end || s.is_cut || s.grain < DATE_WEEK || !cut(t, &s, 0, share) || !cut(t, &s, 1, share))
        return 0;
    s.is_edge = share >= SHARE_BEGIN && share <= SHARE_END;
    s.is_cut = true;
    s.is_weak = false;
    s.year = s.month = s.day = 0;
    *span_r = s;
    return end;
}

/* "year to date", "month to date" */
size_t match_to_date(const DateText *t, size_t i, DateSpan *span_r)
{
    size_t at = skip_key(t, i, THE);
    at += is_kind(t, at, TURN) && token(t, at)->value == THIS;
    DateSpan s;
    bool is_short = is_word(t, at, "ytd") || is_word(t, at, "mtd");
    int unit = is_short ? (is_word(t, at, "ytd") ? YEARS : MONTHS) : token(t, at)->value;
    if ((!is_short && (!is_kind(t, at, UNIT) || !match_words(t, at + 1, "to date"))) ||
        !piece_of(unit, t->today, 0, &s) || s.from[0] == t->today)
        return 0;
    s.to[0] = s.to[1] = t->today;
    s.is_cut = true;
    *span_r = s;
    return at + (is_short ? 1 : 3);
}
