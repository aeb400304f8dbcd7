/* date.c - the longest thing said from each word on, and how it is written. */
#include "text/date.h"

#include "base/clock.h"
#include "text/date_int.h"

static unsigned languages_of(Str language)
{
    return str_starts(language, S("de"))   ? DE
           : str_starts(language, S("fr")) ? FR
           : str_starts(language, S("es")) ? ES
                                           : EN;
}

/* --- Things that need no company --- */

static size_t match_plain_span(const DateText *t, size_t i, DateItem *item_r)
{
    DateSpan span;
    size_t end = match_span(t, i, &span);
    if (!end)
        return 0;
    bool is_year = span.grain == DATE_YEAR && span.is_weak;
    if (is_year) {
        /* A number that could be a year: not "2000 pieces", "$2000", "room 2010". */
        static const char *const after[] = { "or",   "and", "is",    "was",  "were",    "are",
                                             "will", "for", "to",    "but",  "in",      "as",
                                             "has",  "had", "which", "that", "the",     "at",
                                             "when", "by",  "on",    "with", "because", "it",
                                             "he",   "she", "we",    "they", "i",       NULL };
        const DateToken *next = token(t, end), *first = token(t, i);
        bool is_sum = (i > 1 && t->at[i - 1].kind == SIGN && is_kind(t, i - 2, NUMBER) &&
                       !is_sign(t, i - 1, ',')) ||
                      (is_sign(t, end, '-') && is_kind(t, end + 1, NUMBER));
        bool is_joined = i && first->is_glued && !strchr("('\"", t->at[i - 1].text.at[0]);
        bool is_noun = end < t->count && next->kind != SIGN && !match_any(t, end, after);
        bool after_money = i && (strchr("$#+%=", t->at[i - 1].text.at[0]) ||
                                 is_word(t, i - 1, "room") || is_key(t, i - 1, AT));
        static const char *const others[] = { "spring", "summer", "autumn", "fall",
                                              "winter", "fiscal", "school", "year",
                                              "fy",     "sy",     NULL };
        size_t name = i - (i > 1 && is_key(t, i - 1, OF));
        is_sum |= name && match_any(t, name - 1, others) ==
                              name; /* years and parts of them that begin elsewhere */
        if (is_sum || is_joined || after_money || (is_noun && !is_key(t, i - (i > 0), IN)))
            return 0;
    } else if (span.is_weak)
        return 0;
    *item_r = item_of_span(&span);
    item_r->confidence = is_year ? 0.6 : 0.85;
    return end;
}

static size_t match_plain_length(const DateText *t, size_t i, DateItem *item_r)
{
    DateLength length;
    size_t end = match_length(t, i, &length);
    static const char *const rates[] = { "once", "twice", "times", "time",
                                         "days", "hours", "per",   NULL };
    if (!end || length.is_weak || (is_key(t, i, A) && i && match_any(t, i - 1, rates)) ||
        (i > 1 && is_kind(t, i - 2, NUMBER) && (is_sign(t, i - 1, '-') || is_key(t, i - 1, TO))))
        return 0; /* "3 times a day", "2-3 hours" */
    *item_r = (DateItem){ .kind = ITEM_LENGTH, .length = length, .confidence = 0.85 };
    return end;
}

static size_t match_plain_range(const DateText *t, size_t i, DateItem *item_r)
{
    DateClock clock;
    size_t end = match_clock_range(t, i, &clock);
    if (!end || clock.is_weak)
        return 0;
    *item_r = item_of_clock(&clock);
    int zone_seconds = 0;
    size_t zone = match_zone(t, end, &zone_seconds);
    if (zone) {
        item_r->has_zone = true;
        item_r->zone_seconds = zone_seconds;
        return zone;
    }
    return end;
}

static size_t match_item(const DateText *t, size_t i, DateItem *item_r)
{
    static size_t (*const rules[])(const DateText *, size_t, DateItem *) = {
        match_recurrence, match_bounded,    match_moment,      match_range,        match_shifted,
        match_counted,    match_plain_span, match_plain_range, match_plain_length,
    };
    size_t best = 0, from = skip_key(t, i, ON);
    for (size_t k = 0; k < COUNT(rules); k++) {
        DateItem item = { 0 };
        size_t end = rules[k](t, from, &item);
        if (end > best) {
            best = end;
            *item_r = item;
        }
    }
    return best;
}

/* --- Written down --- */

static DateMoment moment_of(const DateItem *item, int64_t value)
{
    switch (item->kind) {
    case ITEM_DAY:
    case ITEM_DAYS: return (DateMoment){ .has_day = true, .seconds = value * DAY_SECONDS };
    case ITEM_CLOCK:
    case ITEM_CLOCKS:
        return (DateMoment){ .has_clock = true,
                             .seconds = (value % DAY_SECONDS + DAY_SECONDS) % DAY_SECONDS };
    default: return (DateMoment){ .has_day = true, .has_clock = true, .seconds = value };
    }
}

static void print_moment(Buf *out, const DateMoment *m, const DateItem *item)
{
    int64_t day = floor_div(m->seconds, DAY_SECONDS), clock = m->seconds - day * DAY_SECONDS;
    if (m->has_day) {
        Civil c = civil_of(day);
        buf_addf(out, "%04d-%02d-%02d", c.year, c.month, c.day);
    }
    if (m->has_day && m->has_clock)
        buf_add_char(out, 'T');
    if (m->has_clock)
        buf_addf(out, "%02d:%02d:%02d", (int)(clock / 3600), (int)(clock / 60 % 60),
                 (int)(clock % 60));
    if (m->has_clock && item->has_zone && item->zone_seconds == 0)
        buf_add_char(out, 'Z');
    else if (m->has_clock && item->has_zone)
        buf_addf(out, "%c%02d:%02d", item->zone_seconds < 0 ? '-' : '+',
                 abs(item->zone_seconds) / 3600, abs(item->zone_seconds) / 60 % 60);
}

static bool is_range(const DateItem *item)
{
    return item->kind == ITEM_DAYS || item->kind == ITEM_CLOCKS || item->kind == ITEM_TIMES;
}

static Str print_value(Arena *arena, const DateItem *item, int which, DateValue *value_r)
{
    Buf out = buf_new(arena, 100);
    bool has_start = item->has_start || !is_range(item), has_end = is_range(item) && item->has_end;
    *value_r = (DateValue){ 0 };
    if (has_start)
        value_r->start = moment_of(item, item->start[which]);
    if (has_end)
        value_r->end = moment_of(item, item->end[which]);
    if (has_start)
        print_moment(&out, &value_r->start, item);
    if (is_range(item)) {
        buf_add(&out, has_start ? S("/") : S("../"));
        if (has_end)
            print_moment(&out, &value_r->end, item);
        else
            buf_add(&out, S(".."));
    }
    return buf_str(&out);
}

static DateFound found_of(const DateText *t, const DateItem *item, size_t first, size_t end)
{
    DateFound found = { .grain = item->grain,
                        .start = t->at[first].start,
                        .end = t->at[end - 1].end,
                        .confidence = item->confidence,
                        .is_deadline = item->is_deadline,
                        .has_zone = item->has_zone,
                        .zone_seconds = item->zone_seconds };
    found.kind = item->kind == ITEM_LENGTH ? DATE_DURATION
                 : item->kind == ITEM_RULE ? DATE_RECURRENCE
                 : is_range(item)          ? DATE_RANGE
                                           : DATE_POINT;
    if (item->kind == ITEM_LENGTH)
        found.iso = length_iso(t->arena, &item->length);
    else if (item->kind == ITEM_RULE)
        found.iso = item->rule;
    else {
        int preferred =
            t->reference->prefers_past && item->kind != ITEM_CLOCK && item->kind != ITEM_CLOCKS;
        found.iso = print_value(t->arena, item, preferred, &found.value);
        found.other_iso = print_value(t->arena, item, !preferred, &found.other);
        found.is_ambiguous = !str_equal(found.iso, found.other_iso);
        if (!found.is_ambiguous)
            found.other_iso = STR_NONE;
    }
    return found;
}

static bool is_backwards(const DateValue *value)
{
    return value->start.has_day && value->end.has_day && value->end.seconds < value->start.seconds;
}

/* Years outside 1..9999 have no four digits; a range that ends before it begins is no reading. */
static bool is_printable(const DateFound *found)
{
    if (is_backwards(&found->value) || is_backwards(&found->other))
        return false;
    const int64_t least = civil_days(1, 1, 1) * DAY_SECONDS,
                  most = civil_days(10000, 1, 1) * DAY_SECONDS;
    const DateMoment *moments[] = { &found->value.start, &found->value.end, &found->other.start,
                                    &found->other.end };
    for (size_t i = 0; i < COUNT(moments); i++)
        if (moments[i]->has_day && (moments[i]->seconds < least || moments[i]->seconds >= most))
            return false;
    return true;
}

size_t date_find(Arena *arena, Str text, const DateReference *reference, DateFound **found_r)
{
    DateMemo memo = { 0 };
    DateText t = { .arena = arena, .reference = reference, .text = text, .memo = &memo };
    t.languages = languages_of(reference->language);
    t.today = floor_div(reference->now, DAY_SECONDS);
    t.date = civil_of(t.today);
    date_tokens(&t);
    VEC(DateFound) list = { 0 };
    size_t looks = 0;
    for (size_t i = 0; i < t.count;) {
        if (looks++ % DATE_STOP_EACH == 0 && stop_is_wished(reference->stop))
            break;
        DateItem item = { 0 };
        size_t end = match_item(&t, i, &item);
        DateFound found = end ? found_of(&t, &item, i, end) : (DateFound){ 0 };
        if (end && is_printable(&found))
            *vec_push(arena, &list) = found;
        i = end ? end : i + 1;
    }
    *found_r = list.at;
    return list.count;
}

bool date_read_civil(Str text, int64_t *seconds_r, Error *err)
{
    int64_t time_ms = 0;
    bool has_clock = text.length > 10;
    Str day = str_slice(text, 0, 10), clock = str_from(text, 11);
    char full[40];
    size_t length = MIN(clock.length, 8u);
    int written = snprintf(full, sizeof(full), STR_FMT "T" STR_FMT "%sZ", STR_ARG(day), (int)length,
                           clock.at ? clock.at : "", length == 5 ? ":00" : "");
    Str whole = has_clock ? (Str){ full, (size_t)MAX(written, 0) } : day;
    if (day.length != 10 || (has_clock && text.at[10] != 'T' && text.at[10] != ' ') ||
        !time_parse(whole, &time_ms, err))
        return fail_field(err, "reference",
                          "the reference is a time like 2026-11-21T10:00:00, not '" STR_FMT "'",
                          STR_ARG(text));
    *seconds_r = floor_div(time_ms, 1000);
    return true;
}
