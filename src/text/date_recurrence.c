/* date_recurrence.c - what repeats: "every other Monday", "am letzten Freitag im Monat", "daily".
 */
#include "text/date_rule.h"

static const struct {
    RepeatWords kind;
    unsigned languages;
    const char *words;
    DateRule rule;
} phrases[] = {
#define WORDS(kind, languages, words) { kind, languages, words, { 0 } },
#define ADVERB(languages, words, frequency, interval, weekdays)                                    \
    { WHOLE_RULE, languages, words, { frequency, interval, weekdays } },
#include "text/date_recurrence.def"
#undef WORDS
#undef ADVERB
};

/* The row of the longest one, SIZE_MAX for none. */
static size_t find_phrase(const DateText *t, size_t i, RepeatWords kind, size_t *end_r)
{
    size_t best = SIZE_MAX;
    *end_r = 0;
    for (size_t k = 0; i < t->count && k < COUNT(phrases); k++) {
        if (phrases[k].kind != kind || !(phrases[k].languages & t->languages) ||
            phrases[k].words[0] != t->at[i].text.at[0])
            continue;
        size_t end = match_words(t, i, phrases[k].words);
        if (end > *end_r) {
            *end_r = end;
            best = k;
        }
    }
    return best;
}

size_t match_repeat_words(const DateText *t, size_t i, RepeatWords kind)
{
    size_t end;
    (void)find_phrase(t, i, kind, &end);
    return end;
}

static size_t match_adverb(const DateText *t, size_t i, DateRule *rule)
{
    size_t end, row = find_phrase(t, i, WHOLE_RULE, &end);
    if (row != SIZE_MAX)
        *rule = phrases[row].rule;
    return end;
}

/* --- What repeats --- */

/* False: not a unit that anything repeats by. */
static bool set_unit(DateRule *rule, int unit, int every)
{
    static const struct {
        Frequency frequency;
        int times;
    } units[CENTURIES + 1] = {
        [MINUTES] = { MINUTELY, 1 }, [HOURS] = { HOURLY, 1 },         [DAYS] = { DAILY, 1 },
        [WEEKS] = { WEEKLY, 1 },     [WEEKENDS] = { WEEKLY, 1 },      [FORTNIGHTS] = { WEEKLY, 2 },
        [MONTHS] = { MONTHLY, 1 },   [QUARTERS] = { MONTHLY, 3 },     [YEARS] = { YEARLY, 1 },
        [DECADES] = { YEARLY, 10 },  [BUSINESS_DAYS] = { WEEKLY, 1 },
    };
    rule->frequency = units[unit].frequency;
    rule->interval = units[unit].times * every;
    rule->weekdays = unit == WEEKENDS ? WEEKEND : unit == BUSINESS_DAYS ? WORKDAYS : 0;
    return rule->frequency != 0;
}

size_t match_weekdays(const DateText *t, size_t i, unsigned *days_r)
{
    size_t end = 0;
    for (size_t at = i; is_kind(t, at, WEEKDAY);) {
        *days_r |= 1u << token(t, at)->value;
        end = at + 1;
        at = skip_key(t, skip_sign(t, end, ','), AND);
        at = at > end ? skip_key(t, skip_key(t, at, ON), THE) : at;
        if (at == end)
            break;
    }
    return end;
}

size_t match_ranked(const DateText *t, size_t i, DateRule *rule)
{
    size_t at = skip_key(t, i, THE);
    const DateToken *rank = token(t, at);
    bool is_last = rank->kind == TURN && rank->value == LAST;
    if ((!is_last && rank->kind != ORDINAL) || rank->value < 1 || rank->value > 5 ||
        !is_kind(t, at + 1, WEEKDAY))
        return 0;
    rule->rank = is_last ? -1 : rank->value;
    rule->weekdays = 1u << token(t, at + 1)->value;
    return at + 2;
}

size_t match_month_days(const DateText *t, size_t i, DateRule *rule)
{
    size_t end = 0, at = i;
    uint64_t days = 0;
    for (;;) {
        size_t article = skip_key(t, at, THE), next;
        int day = 0;
        if (is_kind(t, article, TURN) && token(t, article)->value == LAST &&
            is_kind(t, article + 1, UNIT) && token(t, article + 1)->value == DAYS)
            day = LAST_DAY, next = article + 2;
        else if ((next = match_day_number(t, at, &day)) == 0)
            break;
        days |= (uint64_t)1 << day;
        end = next + (is_sign(t, next, '.') && token(t, next)->is_glued);
        at = skip_key(t, skip_sign(t, end, ','), AND);
        if (at == end)
            break;
    }
    rule->month_days = days;
    return end;
}

/* "the last Friday of each month", "the 1st and 15th of every month"; "of the month" alone is said
 * of each month's Friday in other languages, of this month's in English. */
static size_t match_habitual(const DateText *t, size_t i, DateRule *rule)
{
    DateRule one = { .frequency = MONTHLY, .interval = 1 };
    size_t at = match_ranked(t, i, &one), end;
    bool is_ranked = at > 0;
    if (!at)
        at = match_month_days(t, i, &one);
    if (!at)
        return 0;
    end = match_repeat_words(t, at, EACH_MONTH);
    if (!end && is_ranked && !(t->languages & EN))
        end = match_repeat_words(t, at, OF_MONTH);
    if (end)
        *rule = one;
    return end;
}

/* What stands behind "every": "other Friday", "2 weeks", "second Tuesday of the month", "4 July".
 */
static size_t match_repeated(const DateText *t, size_t i, bool is_any, DateRule *rule)
{
    size_t at = i, end;
    int every = 1;
    DateRule monthly = { .frequency = MONTHLY, .interval = 1 };
    if ((end = match_month_days(t, at, &monthly)) != 0 &&
        (end = match_repeat_words(t, end, OF_MONTH)) != 0) {
        *rule = monthly;
        return end;
    }
    monthly.month_days = 0;
    if ((end = match_ranked(t, at, &monthly)) != 0) {
        size_t of =
            MAX(match_repeat_words(t, end, EACH_MONTH), match_repeat_words(t, end, OF_MONTH));
        if (of) {
            *rule = monthly;
            return of;
        }
    }
    DateSpan day;
    if ((end = match_month_day(t, at, &day)) != 0 && day.month && !day.year) {
        *rule = (DateRule){ .frequency = YEARLY, .interval = 1, .month = day.month };
        rule->month_days = (uint64_t)1 << day.day;
        return end;
    }
    *rule = (DateRule){ .interval = 1 };
    if (is_key(t, at, OTHER))
        every = 2, at++;
    else if ((is_kind(t, at, NUMBER) || is_kind(t, at, ORDINAL)) && token(t, at)->value >= 1 &&
             token(t, at)->value <= 1000) {
        every = token(t, at++)->value;
        at += is_sign(t, at, '.') && token(t, at)->is_glued;
    }
    static const char *const works[] = { "weekday",       "business day", "working day",
                                         "jour ouvrable", "jour ouvré",   NULL };
    if ((end = match_weekdays(t, at, &rule->weekdays)) != 0) {
        rule->frequency = WEEKLY;
        rule->interval = every;
        return end;
    }
    if ((end = match_any(t, at, works)) != 0)
        return set_unit(rule, BUSINESS_DAYS, every) ? end : 0;
    DateClock clock;
    bool is_part = is_kind(t, at, PART) || is_word(t, at, "morgen");
    if (is_part && !is_any && (end = match_clock(t, at, &clock)) != 0) {
        *rule = (DateRule){
            .frequency = DAILY, .interval = every, .has_clock = true, .clock = clock.from
        };
        return end;
    }
    if (!is_kind(t, at, UNIT) || (is_any && token(t, at)->value != WEEKENDS) ||
        !set_unit(rule, token(t, at)->value, every))
        return 0;
    return at + 1;
}

static size_t match_every(const DateText *t, size_t i, DateRule *rule)
{
    size_t at = match_repeat_words(t, i, EVERY_ONE);
    return at ? match_repeated(t, at, is_word(t, i, "any"), rule) : 0;
}

/* "once a month", "einmal pro Woche"; "un mardi sur deux" */
static size_t match_times(const DateText *t, size_t i, DateRule *rule)
{
    size_t at = match_repeat_words(t, i, ONCE_IN);
    if (at && is_kind(t, at, UNIT) && set_unit(rule, token(t, at)->value, 1))
        return at + 1;
    at = skip_key(t, i, A);
    size_t end = at > i ? match_repeat_words(t, at + 1, EACH_SECOND) : 0;
    if (end && is_kind(t, at, UNIT))
        return set_unit(rule, token(t, at)->value, 2) ? end : 0;
    if (!end || !is_kind(t, at, WEEKDAY))
        return 0;
    *rule = (DateRule){ .frequency = WEEKLY, .interval = 2, .weekdays = 1u << token(t, at)->value };
    return end;
}

static bool is_plural_day(const DateToken *day)
{
    return day->is_plural && !str_is(day->text, "tues") && !str_is(day->text, "thurs");
}

/* "Mondays", "on Thursdays at 17.30", "les lundis et jeudis" */
static size_t match_plural(const DateText *t, size_t i, DateRule *rule)
{
    size_t at = skip_key(t, i, ON);
    bool is_weekdays = is_word(t, at, "weekdays"), has_les = is_word(t, i, "les");
    bool is_said = at > i || (i && is_key(t, i - 1, ON)) || is_key(t, at + 1, AT);
    if (is_said && (is_weekdays || is_word(t, at, "weekends"))) {
        *rule = (DateRule){ .frequency = WEEKLY,
                            .interval = 1,
                            .weekdays = is_weekdays ? WORKDAYS : WEEKEND };
        return at + 1;
    }
    at += has_les;
    if (!is_kind(t, at, WEEKDAY))
        return 0;
    unsigned days = 0;
    size_t end = match_weekdays(t, at, &days);
    DateClock part;
    *rule = (DateRule){ .frequency = WEEKLY, .interval = 1, .weekdays = days };
    if (!is_plural_day(token(t, end - 1)) && is_kind(t, end, PART) && token(t, end)->is_plural &&
        match_clock(t, end, &part)) {
        rule->has_clock = true;
        rule->clock = part.from;
        return end + 1;
    }
    bool is_plural = is_plural_day(token(t, end - 1)) && (has_les || !(t->languages & (FR | ES)));
    return is_plural ? end : 0;
}

static size_t match_rule(const DateText *t, size_t i, DateRule *rule)
{
    static size_t (*const rules[])(const DateText *, size_t,
                                   DateRule *) = { match_adverb, match_every, match_times,
                                                   match_habitual, match_plural };
    size_t best = 0;
    for (size_t k = 0; k < COUNT(rules); k++) {
        DateRule one = { 0 };
        size_t end = rules[k](t, i, &one);
        if (end > best) {
            best = end;
            *rule = one;
        }
    }
    return best;
}

size_t match_recurrence(const DateText *t, size_t i, DateItem *item_r)
{
    DateRule rule = { 0 };
    DateClock before = { 0 };
    size_t end = match_rule(t, i, &rule);
    if (!end) { /* "3pm each day" */
        size_t at = match_clock(t, i, &before);
        if (!at || before.is_weak || before.is_span)
            return 0;
        if ((end = match_every(t, at, &rule)) == 0 && (end = match_adverb(t, at, &rule)) == 0)
            return 0;
        rule.has_clock = true;
        rule.clock = before.from;
    }
    end = match_rule_rest(t, end, &rule);
    *item_r = (DateItem){
        .kind = ITEM_RULE, .grain = DATE_DAY, .rule = rule_text(t->arena, &rule), .confidence = 0.9
    };
    return end;
}
