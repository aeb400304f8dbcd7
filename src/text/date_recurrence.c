/* date_recurrence.c - "every other Monday until June" as a rule of RFC 5545, section 3.3.10. */
#include "text/date_int.h"

typedef struct Rule {
    const char *frequency;
    int interval;
    unsigned weekdays; /* bit n: weekday n */
    bool has_clock;
    int clock;
} Rule;

static const char *frequency_of(int unit, int *times)
{
    switch (unit) {
    case HOURS: return "HOURLY";
    case MINUTES: return "MINUTELY";
    case DAYS: return "DAILY";
    case WEEKS: return "WEEKLY";
    case WEEKENDS: return "WEEKLY";
    case FORTNIGHTS: *times = 2; return "WEEKLY";
    case MONTHS: return "MONTHLY";
    case QUARTERS: *times = 3; return "MONTHLY";
    case YEARS: return "YEARLY";
    case DECADES: *times = 10; return "YEARLY";
    default: return NULL;
    }
}

static size_t match_adverb(const DateText *t, size_t i, Rule *rule)
{
    static const struct {
        const char *words, *frequency;
        int interval;
    } adverbs[] = { { "daily", "DAILY", 1 },
                    { "everyday", "DAILY", 1 },
                    { "weekly", "WEEKLY", 1 },
                    { "biweekly", "WEEKLY", 2 },
                    { "bi - weekly", "WEEKLY", 2 },
                    { "fortnightly", "WEEKLY", 2 },
                    { "monthly", "MONTHLY", 1 },
                    { "bimonthly", "MONTHLY", 2 },
                    { "bi - monthly", "MONTHLY", 2 },
                    { "quarterly", "MONTHLY", 3 },
                    { "yearly", "YEARLY", 1 },
                    { "annually", "YEARLY", 1 },
                    { "semi - annually", "MONTHLY", 6 },
                    { "semiannually", "MONTHLY", 6 },
                    { "täglich", "DAILY", 1 },
                    { "wöchentlich", "WEEKLY", 1 },
                    { "monatlich", "MONTHLY", 1 },
                    { "jährlich", "YEARLY", 1 } };
    for (size_t k = 0; k < COUNT(adverbs); k++) {
        size_t end = match_words(t, i, adverbs[k].words);
        if (end) {
            *rule = (Rule){ .frequency = adverbs[k].frequency, .interval = adverbs[k].interval };
            return end;
        }
    }
    return 0;
}

/* Monday, Wednesday and Friday */
static size_t match_weekdays(const DateText *t, size_t i, unsigned *days_r)
{
    size_t end = 0;
    for (size_t at = i; is_kind(t, at, WEEKDAY);) {
        *days_r |= 1u << token(t, at)->value;
        end = at + 1;
        at = skip_key(t, skip_sign(t, end, ','), AND);
        if (at == end)
            break;
    }
    return end;
}

/* "once a month" */
static size_t match_once(const DateText *t, size_t i, Rule *rule)
{
    int times = 1;
    if (!is_word(t, i, "once") ||
        (!is_key(t, i + 1, A) && !is_word(t, i + 1, "per") && !is_key(t, i + 1, EVERY)) ||
        !is_kind(t, i + 2, UNIT))
        return 0;
    *rule = (Rule){ .frequency = frequency_of(token(t, i + 2)->value, &times) };
    rule->interval = times;
    return rule->frequency ? i + 3 : 0;
}

static size_t match_every(const DateText *t, size_t i, Rule *rule)
{
    if (!is_key(t, i, EVERY) && !is_word(t, i, "any"))
        return 0;
    size_t at = i + 1;
    bool is_any = is_word(t, i, "any");
    *rule = (Rule){ .interval = 1 };
    if (is_key(t, at, OTHER)) {
        rule->interval = 2;
        at++;
    } else if ((is_kind(t, at, NUMBER) || is_kind(t, at, ORDINAL)) && token(t, at)->value >= 1 &&
               token(t, at)->value <= 1000)
        rule->interval = token(t, at++)->value;
    size_t days = match_weekdays(t, at, &rule->weekdays);
    if (days) {
        rule->frequency = "WEEKLY";
        return days;
    }
    if (is_word(t, at, "weekday") || match_words(t, at, "business day") ||
        match_words(t, at, "working day")) {
        rule->frequency = "WEEKLY";
        rule->weekdays = 0x3E;
        return at + 1 + !is_word(t, at, "weekday");
    }
    int times = 1;
    if (is_kind(t, at, PART) && !is_any) {
        DateClock clock;
        size_t end = match_clock(t, at, &clock);
        rule->frequency = "DAILY";
        rule->has_clock = true;
        rule->clock = clock.from;
        return end;
    }
    if (!is_kind(t, at, UNIT) || (is_any && token(t, at)->value != WEEKENDS) ||
        (rule->frequency = frequency_of(token(t, at)->value, &times)) == NULL)
        return 0;
    if (token(t, at)->value == WEEKENDS)
        rule->weekdays = 1u << 6 | 1u << 7;
    rule->interval *= times;
    return at + 1;
}

/* "Mondays", "on Thursdays at 17.30" */
static size_t match_plural(const DateText *t, size_t i, Rule *rule)
{
    size_t at = skip_key(t, i, ON);
    bool is_weekdays = is_word(t, at, "weekdays");
    if ((at > i || (i && is_key(t, i - 1, ON))) && (is_weekdays || is_word(t, at, "weekends"))) {
        *rule =
            (Rule){ .frequency = "WEEKLY", .interval = 1, .weekdays = is_weekdays ? 0x3E : 0xC0 };
        return at + 1;
    }
    if (!is_kind(t, at, WEEKDAY))
        return 0;
    unsigned days = 0;
    size_t end = match_weekdays(t, at, &days);
    DateClock part;
    bool is_plural = token(t, end - 1)->is_plural && !str_is(token(t, end - 1)->text, "tues") &&
                     !str_is(token(t, end - 1)->text, "thurs");
    if (!is_plural && is_kind(t, end, PART) && token(t, end)->is_plural &&
        match_clock(t, end, &part)) {
        *rule = (Rule){ .frequency = "WEEKLY",
                        .interval = 1,
                        .weekdays = days,
                        .has_clock = true,
                        .clock = part.from };
        return end + 1;
    }
    if (!is_plural || (t->languages & (FR | ES)))
        return 0;
    *rule = (Rule){ .frequency = "WEEKLY", .interval = 1, .weekdays = days };
    return end;
}

static void print_rule(const DateText *t, const Rule *rule, const int64_t *until, DateItem *item)
{
    static const char *const names[] = { "", "MO", "TU", "WE", "TH", "FR", "SA", "SU" };
    Buf out = buf_new(t->arena, 200);
    buf_addf(&out, "FREQ=%s", rule->frequency);
    if (rule->interval > 1)
        buf_addf(&out, ";INTERVAL=%d", rule->interval);
    const char *separator = ";BYDAY=";
    for (int day = 1; day <= 7; day++)
        if (rule->weekdays >> day & 1) {
            buf_addf(&out, "%s%s", separator, names[day]);
            separator = ",";
        }
    if (rule->has_clock)
        buf_addf(&out, ";BYHOUR=%d;BYMINUTE=%d", rule->clock / 3600, rule->clock / 60 % 60);
    if (until) {
        Civil c = civil_of(*until);
        buf_addf(&out, ";UNTIL=%04d%02d%02d", c.year, c.month, c.day);
    }
    *item = (DateItem){
        .kind = ITEM_RULE, .grain = DATE_DAY, .rule = buf_str(&out), .confidence = 0.9
    };
}

static size_t match_rule_clock(const DateText *t, size_t i, Rule *rule)
{
    DateClock clock;
    size_t at = skip_sign(t, i, ',');
    size_t end = rule->has_clock && !is_key(t, at, AT) ? 0 : match_clock(t, at, &clock);
    if (!end || clock.is_weak || (clock.is_span && !clock.is_named))
        return i;
    rule->has_clock = true;
    rule->clock = (int)item_of_clock(&clock).start[0];
    return end;
}

size_t match_recurrence(const DateText *t, size_t i, DateItem *item_r)
{
    Rule rule = { 0 };
    DateClock before = { 0 };
    size_t end = match_every(t, i, &rule);
    if (!end)
        end = match_adverb(t, i, &rule);
    if (!end)
        end = match_once(t, i, &rule);
    if (!end)
        end = match_plural(t, i, &rule);
    if (!end) { /* "3pm each day" */
        size_t at = match_clock(t, i, &before);
        if (!at || before.is_weak || before.is_span)
            return 0;
        if ((end = match_every(t, at, &rule)) == 0 && (end = match_adverb(t, at, &rule)) == 0)
            return 0;
        rule.has_clock = true;
        rule.clock = before.from;
    }
    end = match_rule_clock(t, end, &rule);
    DateSpan until;
    size_t at = is_key(t, end, UNTIL) ? match_span(t, end + 1, &until) : 0;
    print_rule(t, &rule, at ? &until.from[0] : NULL, item_r);
    return at ? at : end;
}
