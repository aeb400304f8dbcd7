/* draw_deadline.c - the words of a unit that say until when: the longest run of words of dates,
 * with the preposition before it; which day that is, src/text/date.h knows. */
#include "tasks/draw_int.h"
#include "tasks/recurrence.h"
#include "text/date.h"
#include "text/language.h"

#define WORD_IN_LIST_MAX 40

typedef enum DateWord {
    NOT_DATE,
    PREPOSITION,
    CONNECTOR,
    NUMBER,
    UNIT_OF_TIME,
    DATE_NAME
} DateWord;

/* "by": until then; the others say when. */
static const char *const until_words =
    " by before until till due within bis spätestens vor avant d'ici d' sous under ";
static const struct {
    DateWord kind;
    const char *words;
} date_words[] = {
    { PREPOSITION,
      " by before until till due within in on at no later than bis spätestens vor am um "
      "avant d'ici d' ici sous pour dans zum zur not after every each jeden jede jedes chaque " },
    { CONNECTOR,
      " the of first last next this end coming following beginning start middle to pm am o'clock "
      "noch "
      "diese diesen dieser dieses nächste nächsten kommende kommenden ende nach uhr le la les "
      "du de mois fin prochain prochaine h a one two three four six ten afternoon morning "
      "evening mittag zwei drei zehn this " },
    { UNIT_OF_TIME,
      " day days week weeks month months hour hours minute minutes year years meeting tag "
      "tage tagen woche wochen monat monaten monate stunden jahr jahre jours jour semaine "
      "semaines mois heures" },
    { DATE_NAME,
      " today tonight weekend wochenende tomorrow monday tuesday wednesday thursday friday "
      "saturday sunday noon "
      "midnight eod cob asap january february march april june july august september october "
      "november december jan feb apr jun jul aug sep sept oct nov dec heute morgen übermorgen "
      "montag dienstag mittwoch donnerstag freitag samstag sonntag januar februar märz mai juni "
      "juli oktober dezember abend lundi mardi mercredi jeudi vendredi samedi dimanche demain "
      "aujourd'hui soir janvier février mars avril juin juillet août septembre octobre "
      "novembre décembre christmas easter ostern weihnachten noël " },
};

static bool is_in(const char *list, Str word)
{
    char spaced[WORD_IN_LIST_MAX];
    if (word.length + 2 >= sizeof(spaced))
        return false;
    spaced[0] = ' ';
    memcpy(spaced + 1, word.at, word.length);
    spaced[word.length + 1] = ' ';
    spaced[word.length + 2] = 0;
    return strstr(list, spaced) != NULL;
}

static DateWord date_word(const DrawWord *word)
{
    Str text = word->word;
    if (word->is_mark)
        return NOT_DATE;
    if (text.at[0] >= '0' && text.at[0] <= '9')
        return text.length > 2 && text.at[1] != 'k' ? DATE_NAME : NUMBER;
    /* "may" is a verb unless it looks like a name. */
    if (str_is(text, "may"))
        return word->is_capital ? DATE_NAME : NOT_DATE;
    for (size_t i = COUNT(date_words); i-- > 0;)
        if (is_in(date_words[i].words, text))
            return date_words[i].kind;
    return NOT_DATE;
}

typedef struct DateRun {
    size_t begin, end; /* words */
    int score;         /* 0: no date */
} DateRun;

/* A date's name or a number with a unit or a preposition makes a run a date. */
static int run_score(const DrawWords *words, size_t begin, size_t end)
{
    bool names = false, numbers = false, units = false, prepositions = false, is_until = false;
    bool is_next = false;
    for (size_t i = begin; i < end; i++) {
        DateWord kind = date_word(&words->at[i]);
        names |= kind == DATE_NAME;
        numbers |= kind == NUMBER ||
                   is_in(" one two three four six ten zwei drei zehn a ", words->at[i].word);
        units |= kind == UNIT_OF_TIME;
        prepositions |= kind == PREPOSITION;
        is_until |=
            is_in(until_words, words->at[i].word) || is_in(" later spätestens ", words->at[i].word);
        is_next |=
            is_in(" next this end every each jeden jede jedes chaque diese dieser noch nächste "
                  "nächsten ende fin prochain prochaine ",
                  words->at[i].word);
    }
    if (!names && !(numbers && units) && !(units && is_next) && !(is_until && numbers))
        return 0;
    return 1 + names + 3 * is_until + prepositions;
}

/* Without what only connects at its end, and from its preposition or date on. */
static DateRun trim_run(const DrawWords *words, size_t begin, size_t end)
{
    while (end > begin && is_in(" the of to a le la les du de no not after in on at am um one the ",
                                words->at[end - 1].word))
        end--;
    while (begin < end && is_in(" to of a de du la les not after pm ", words->at[begin].word))
        begin++;
    return (DateRun){ begin, end, begin < end ? run_score(words, begin, end) : 0 };
}

bool draw_deadline(const DrawWords *words, size_t *start_r, size_t *end_r)
{
    DateRun best = { 0 };
    for (size_t i = 0; i < words->count; i++) {
        size_t end = i;
        while (end < words->count && (date_word(&words->at[end]) != NOT_DATE ||
                                      is_in(" later than ", words->at[end].word)))
            end++;
        DateRun run = trim_run(words, i, end);
        if (run.score >= MAX(best.score, 1) && run.end > best.end)
            best = run;
        i = end;
    }
    if (!best.score)
        return false;
    *start_r = words->at[best.begin].start;
    *end_r = words->at[best.end - 1].end;
    return true;
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

/* False: it is not known when the text was written. */
static bool find_dates(Arena *arena, const DrawRequest *request, Str words,
                       DateReference *reference, DateFound **found_r, size_t *count_r)
{
    Error err;
    if (!request->reference_ms ||
        !date_local(request->reference_ms, request->zone, &reference->now, &err))
        return false;
    reference->language =
        str(language_about(language_detect(request->text, LANGUAGE_ENGLISH))->code);
    *count_r = date_find(arena, words, reference, found_r);
    return true;
}

void draw_due(Arena *arena, const DrawRequest *request, DrawnTask *task)
{
    DateReference reference = { 0 };
    DateFound *found;
    size_t count;
    if (!task->deadline_text.length ||
        !find_dates(arena, request, task->deadline_text, &reference, &found, &count))
        return;
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
    DateReference reference = { 0 };
    DateFound *found;
    size_t count, i = 0;
    int64_t seconds;
    DrawnTask again = *task;
    Error err;
    if (!find_dates(arena, request, task->quote, &reference, &found, &count))
        return;
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
