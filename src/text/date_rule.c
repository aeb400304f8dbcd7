/* date_rule.c - what stands behind something that repeats: "... on March 8 at noon until June", and
 * how the whole is written by RFC 5545, section 3.3.10. */
#include "text/date_rule.h"

/* "every year on March 8", "monthly on the first Monday", "jede Woche am Dienstag" */
static size_t match_rule_days(const DateText *t, size_t i, DateRule *rule)
{
    size_t at = skip_key(t, skip_sign(t, i, ','), ON);
    DateRule more = *rule;
    DateSpan day;
    size_t end = 0;
    bool is_open = !rule->weekdays && !rule->month_days && !rule->has_clock;
    if (!is_open || (at == i && !is_key(t, at, THE)))
        return i;
    if (rule->frequency == YEARLY && (end = match_month_day(t, at, &day)) != 0 && day.month) {
        more.month = day.month;
        more.month_days = (uint64_t)1 << day.day;
    } else if (rule->frequency == MONTHLY && (end = match_ranked(t, at, &more)) == 0)
        end = match_month_days(t, at, &more);
    else if (rule->frequency == WEEKLY)
        end = match_weekdays(t, skip_key(t, at, THE), &more.weekdays);
    if (!end)
        return i;
    *rule = more;
    return end;
}

static size_t match_rule_clock(const DateText *t, size_t i, DateRule *rule)
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

/* So often in all, if its units are those of the rule: "for six weeks" of each other week is three.
 * 0: they are not. */
static int count_of(const DateRule *rule, const DateLength *length)
{
    static const DateUnit units[] = {
        [DAILY] = DAYS, [WEEKLY] = WEEKS, [MONTHLY] = MONTHS, [YEARLY] = YEARS
    };
    bool is_one = !(rule->weekdays & (rule->weekdays - 1));
    if (rule->frequency < DAILY || !length->is_single || !is_one ||
        length->unit != units[rule->frequency])
        return 0;
    return (int)length->amounts[length->unit] / rule->interval;
}

/* "until June", "for six weeks", "10 times" */
static size_t match_rule_end(const DateText *t, size_t i, DateRule *rule)
{
    size_t at = skip_sign(t, i, ','), end;
    DateSpan until;
    DateLength length;
    if (is_key(t, at, UNTIL)) {
        at = skip_sign(t, at + 1, '\''); /* "jusqu'en juin", "bis zum 3. Mai" */
        at = skip_key(t, skip_key(t, skip_key(t, at, TO), IN), AT);
        end = match_span(t, at, &until);
        if (!end)
            return i;
        rule->until = until.is_edge ? until.edge - 1 : until.from[0];
        return end;
    }
    if (is_key(t, at, FOR) && (end = match_length(t, at + 1, &length)) != 0 && !length.is_weak) {
        rule->count = count_of(rule, &length);
        if (!rule->count)
            rule->until = floor_div(length_add(&length, t->today * DAY_SECONDS, 1), DAY_SECONDS);
        return end;
    }
    at = skip_key(t, at, FOR);
    end = is_kind(t, at, NUMBER) ? match_repeat_words(t, at + 1, SO_OFTEN) : 0;
    if (!end || token(t, at)->value < 1)
        return i;
    rule->count = token(t, at)->value;
    return end;
}

size_t match_rule_rest(const DateText *t, size_t i, DateRule *rule)
{
    size_t end = match_rule_clock(t, match_rule_days(t, i, rule), rule);
    return match_rule_end(t, end, rule);
}

/* --- Written down --- */

static void print_days(Buf *out, const DateRule *rule)
{
    static const char *const names[] = { "", "MO", "TU", "WE", "TH", "FR", "SA", "SU" };
    const char *separator = ";BYMONTHDAY=";
    for (int day = 1; day <= LAST_DAY; day++)
        if (rule->month_days >> day & 1) {
            buf_addf(out, "%s%d", separator, day == LAST_DAY ? -1 : day);
            separator = ",";
        }
    separator = ";BYDAY=";
    for (int day = 1; day <= 7; day++)
        if (rule->weekdays >> day & 1) {
            buf_add(out, str(separator));
            if (rule->rank)
                buf_addf(out, "%d", rule->rank);
            buf_add(out, str(names[day]));
            separator = ",";
        }
}

Str rule_text(Arena *arena, const DateRule *rule)
{
    static const char *const names[] = {
        [MINUTELY] = "MINUTELY", [HOURLY] = "HOURLY",   [DAILY] = "DAILY",
        [WEEKLY] = "WEEKLY",     [MONTHLY] = "MONTHLY", [YEARLY] = "YEARLY"
    };
    Buf out = buf_new(arena, 400);
    buf_addf(&out, "FREQ=%s", names[rule->frequency]);
    if (rule->interval > 1)
        buf_addf(&out, ";INTERVAL=%d", rule->interval);
    if (rule->month)
        buf_addf(&out, ";BYMONTH=%d", rule->month);
    print_days(&out, rule);
    if (rule->has_clock)
        buf_addf(&out, ";BYHOUR=%d;BYMINUTE=%d", rule->clock / 3600, rule->clock / 60 % 60);
    if (rule->count)
        buf_addf(&out, ";COUNT=%d", rule->count);
    if (rule->until) {
        Civil c = civil_of(rule->until);
        buf_addf(&out, ";UNTIL=%04d%02d%02d", c.year, c.month, c.day);
    }
    return buf_str(&out);
}
