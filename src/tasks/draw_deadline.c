/* draw_deadline.c - which of the dates in a unit says until when, and what day that is; finding
 * them is src/text/date.h's. */
#include "tasks/draw_int.h"
#include "tasks/recurrence.h"
#include "text/date.h"
#include "text/language.h"

#define DATED_MAX                                                                                  \
    KB(4) /* bytes of a unit that are looked at: no sentence that is a task is longer */

/* --- The dates that are there --- */

/* All of them; short sentences do not show their language well, so each is tried until one has a
 * date. The reference's day is 1 January 1970 when nobody knows when the text was written. */
static size_t find_dates(Arena *arena, const DrawRequest *request, Str words,
                         DateReference *reference_r, DateFound **found_r)
{
    Error ignored;
    *reference_r = (DateReference){ 0 };
    if (request->reference_ms &&
        !date_local(request->reference_ms, request->zone, &reference_r->now, &ignored))
        return 0;
    words = str_slice(words, 0, MIN(words.length, DATED_MAX));
    const Language tried[] = { language_detect(words, request->language), LANGUAGE_ENGLISH,
                               LANGUAGE_GERMAN, LANGUAGE_FRENCH };
    size_t count = 0;
    for (size_t i = 0; i < COUNT(tried) && !count; i++) {
        reference_r->language = str(language_about(tried[i])->code);
        count = date_find(arena, words, reference_r, found_r);
    }
    return count;
}

/* The word before a date, NULL when there is none. */
static const DrawWord *word_before(const DrawWords *words, size_t start)
{
    size_t i = 0;
    while (i < words->count && words->at[i].end <= start)
        i++;
    return i ? &words->at[i - 1] : NULL;
}

static bool is_one_of(const DrawWord *word, const char *const *list, size_t count)
{
    for (size_t i = 0; word && i < count; i++)
        if (str_is(word->word, list[i]))
            return true;
    return false;
}

/* "last year's figures", "the numbers for Q1", "works now" say of what or how it is. */
static bool is_attribute(Str text, const DateFound *found, const DrawWord *before, int64_t now)
{
    static const char *const links[] = { "for", "of", "from", "since", "für", "von", "de", "du" };
    Str behind = str_from(text, found->end);
    bool is_period = found->kind == DATE_RANGE && found->grain >= DATE_MONTH;
    bool is_now = found->kind == DATE_POINT && found->grain == DATE_SECOND &&
                  found->value.start.has_day && found->value.start.seconds == now;
    if (found->is_deadline)
        return false;
    return str_starts(behind, S("'s ")) || str_starts(behind, S("’s ")) ||
           (is_period && is_one_of(before, links, COUNT(links))) ||
           (is_now && str_starts(str_from(text, found->start), S("now")));
}

/* 0: says no time until when anything could be done. */
static int score_of(const DateFound *found, bool has_preposition)
{
    return found->kind == DATE_DURATION ? 0 : 1 + 3 * found->is_deadline + has_preposition;
}

bool draw_deadline(Arena *arena, const DrawRequest *request, const DrawUnit *unit,
                   const DrawWords *words, size_t *start_r, size_t *end_r)
{
    static const char *const prepositions[] = { "due", "by",   "until", "on",  "in",
                                                "at",  "for",  "noch",  "zum", "am",
                                                "um",  "pour", "within" };
    DateReference reference;
    DateFound *found;
    size_t count = find_dates(arena, request, unit->text, &reference, &found);
    int best = 0;
    for (size_t i = 0; i < count; i++) {
        const DrawWord *before = word_before(words, found[i].start);
        bool has_preposition = is_one_of(before, prepositions, COUNT(prepositions));
        int score = score_of(&found[i], has_preposition);
        if (!score || score < best || is_attribute(unit->text, &found[i], before, reference.now))
            continue;
        best = score;
        *start_r = has_preposition ? before->start : found[i].start;
        *end_r = found[i].end;
    }
    return best > 0;
}

/* --- Which day that is --- */

#define DAY_SECONDS 86400

/* A moment as tasks have it: a whole day is its midnight in UTC. 0: not said. */
static int64_t instant_of(const DateMoment *moment, const DateFound *found, Str zone)
{
    int64_t time_ms;
    Error err;
    if (!moment->has_day)
        return 0;
    if (!moment->has_clock)
        return moment->seconds * 1000;
    if (found->has_zone)
        return (moment->seconds - found->zone_seconds) * 1000;
    return date_instant(moment->seconds, zone, &time_ms, &err) ? time_ms : 0;
}

static void take_date(const DateFound *found, Str zone, DrawnTask *task)
{
    DateMoment start = found->value.start, end = found->value.end;
    task->is_all_day = !start.has_clock && !end.has_clock;
    if (found->kind == DATE_POINT || !end.has_day) {
        task->due_at_ms = instant_of(&start, found, zone);
        return;
    }
    /* "by Friday" is that day; "this week" ends where the next begins. */
    if (start.has_day && !end.has_clock)
        end.seconds -= DAY_SECONDS;
    task->due_at_ms = instant_of(&end, found, zone);
    if (!found->is_deadline && start.has_day && start.seconds <= end.seconds)
        task->start_at_ms = instant_of(&start, found, zone);
}

void draw_due(Arena *arena, const DrawRequest *request, DrawnTask *task)
{
    DateReference reference;
    DateFound *found;
    if (!request->reference_ms || !task->deadline_text.length)
        return;
    size_t count = find_dates(arena, request, task->deadline_text, &reference, &found);
    for (size_t i = 0; i < count && !task->due_at_ms; i++)
        if (found[i].kind == DATE_POINT || found[i].kind == DATE_RANGE)
            take_date(&found[i], request->zone, task);
}

/* --- What comes again --- */

/* Tasks come again by days; the hour is that of the deadline. False: it says more than an hour. */
static bool split_rule(Arena *arena, Str iso, Str *rule_r, int64_t *seconds_r)
{
    Buf rule = buf_new(arena, RECURRENCE_MAX);
    Str part;
    int64_t hour = -1, minute = 0;
    while (str_next(&iso, ';', &part)) {
        bool is_hour = str_starts(part, S("BYHOUR=")), is_minute = str_starts(part, S("BYMINUTE="));
        if ((is_hour && !str_to_int(str_from(part, 7), 0, 23, &hour)) ||
            (is_minute && !str_to_int(str_from(part, 9), 0, 59, &minute)))
            return false;
        if (is_hour || is_minute)
            continue;
        buf_addf(&rule, "%s" STR_FMT, rule.length ? ";" : "", STR_ARG(part));
    }
    *rule_r = buf_str(&rule);
    *seconds_r = hour < 0 ? -1 : hour * 3600 + minute * 60;
    return !rule.overflowed;
}

/* The first day that the rule names behind the day of the text; a day that the text names itself
 * ("on the first of every month") where the rule names none. */
static bool set_first(Arena *arena, const DrawRequest *request, int64_t today, int64_t seconds,
                      DrawnTask *task)
{
    Error err;
    Str ignored;
    int64_t day;
    bool names_day = str_find(task->recurrence, S("BY")) >= 0;
    if (!names_day && task->due_at_ms)
        return true;
    if (!recurrence_next(arena, task->recurrence, today, today, &day, &ignored))
        return false;
    task->start_at_ms = 0;
    task->is_all_day = seconds < 0;
    if (seconds < 0)
        task->due_at_ms = day * 1000;
    return seconds < 0 || date_instant(day + seconds, request->zone, &task->due_at_ms, &err);
}

void draw_recurrence(Arena *arena, const DrawRequest *request, DrawnTask *task)
{
    DateReference reference;
    DateFound *found;
    int64_t seconds;
    DrawnTask again = *task;
    Error err;
    if (!request->reference_ms)
        return;
    size_t count = find_dates(arena, request, task->quote, &reference, &found), i = 0;
    while (i < count && found[i].kind != DATE_RECURRENCE)
        i++;
    again.due_at_ms = 0;
    for (size_t k = 0; k < count && !again.due_at_ms; k++)
        if (found[k].kind == DATE_POINT)
            take_date(&found[k], request->zone, &again);
    if (i == count || !split_rule(arena, found[i].iso, &again.recurrence, &seconds) ||
        !recurrence_check(again.recurrence, &err) ||
        !set_first(arena, request, reference.now - reference.now % DAY_SECONDS, seconds, &again))
        return;
    again.deadline_start = task->start + found[i].start;
    again.deadline_end = task->start + found[i].end;
    again.deadline_text = str_slice(request->text, again.deadline_start, again.deadline_end);
    *task = again;
}
