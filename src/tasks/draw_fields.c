/* draw_fields.c - of a unit that is a task: what, who, until when, how pressing. */
#include "base/utf8.h"
#include "tasks/draw_int.h"

#define SUMMARY_MAX 200 /* bytes */

/* --- What --- */

/* Words that say nothing of what is to be done, at either end. */
static bool is_padding(const DrawWord *word, bool at_end)
{
    static const char *const heads[] = { "please", "pls",  "kindly", "bitte", "to",  "also",
                                         "then",   "noch", "zu",     "that",  "you", "also",
                                         "mal",    "de",   "still",  "now",   "be" };
    static const char *const tails[] = { "please", "pls", "plz",    "bitte", "thanks", "asap",
                                         "and",    "or",  "urgent", "then",  "und",    "today's" };
    size_t count = at_end ? COUNT(tails) : COUNT(heads);
    if (word->is_mark)
        return !str_is(word->word, ")") || !at_end;
    for (size_t i = 0; i < count; i++)
        if (str_is(word->word, at_end ? tails[i] : heads[i]))
            return true;
    return false;
}

/* The first letter large. */
static Str with_capital(Arena *arena, Str text)
{
    Str copy = str_copy(arena, text);
    char *at = str_c(arena, copy);
    if (text.length && at[0] >= 'a' && at[0] <= 'z')
        at[0] = (char)(at[0] - 'a' + 'A');
    return (Str){ at, text.length };
}

/* Whether a word is part of the date, which has a field of its own. */
static bool is_dated(const DrawWord *word, const DrawSigns *signs)
{
    return word->start >= signs->deadline_start && word->end <= signs->deadline_end;
}

static Str summary_of(Arena *arena, const DrawUnit *unit, const DrawWords *words,
                      const DrawSigns *signs)
{
    size_t begin = signs->has_cue ? MIN(signs->cue.focus, words->count) : 0, end = words->count;
    size_t name;
    if (draw_owner_at_end(words, &name))
        end = MIN(end, name);
    bool trims = true;
    while (trims && begin < end) {
        trims = is_padding(&words->at[begin], false) || is_dated(&words->at[begin], signs);
        begin += trims;
    }
    for (trims = true; trims && begin < end;) {
        trims = is_padding(&words->at[end - 1], true) || is_dated(&words->at[end - 1], signs);
        end -= trims;
    }
    if (begin >= end)
        return with_capital(arena, str_slice(unit->text, 0, SUMMARY_MAX));
    Str text = str_slice(unit->text, words->at[begin].start, words->at[end - 1].end);
    if (text.length > SUMMARY_MAX)
        text.length = utf8_floor(text, SUMMARY_MAX);
    return with_capital(arena, text);
}

/* --- Who --- */

bool draw_owner_at_end(const DrawWords *words, size_t *name_r)
{
    size_t count = words->count;
    if (count && (str_is(words->at[count - 1].word, ".")))
        count--;
    bool in_brackets = count > 3 && str_is(words->at[count - 1].word, ")");
    for (size_t length = 1; length <= 2 && count > length + 2; length++) {
        size_t name = count - in_brackets - length, before = name - 1;
        const DrawWord *mark = &words->at[before];
        bool is_name = true;
        for (size_t i = 0; i < length; i++)
            is_name &= (words->at[name + i].forms & FORM_NAME) != 0;
        if (is_name && mark->is_mark && str_is(mark->word, in_brackets ? "(" : "-")) {
            if (name_r)
                *name_r = before;
            return true;
        }
    }
    return false;
}

static Str name_text(const DrawUnit *unit, const DrawWords *words, size_t begin, size_t end)
{
    Str name = str_slice(unit->text, words->at[begin].start, words->at[end - 1].end);
    return name.at[0] == '@' ? str_from(name, 1) : name;
}

/* "Anna, can you ...", "@ana please ..." */
static Str called_name(const DrawUnit *unit, const DrawWords *words)
{
    for (size_t i = 0; i < words->count; i++)
        if (unit->text.at[words->at[i].start] == '@')
            return name_text(unit, words, i, i + 1);
    size_t end = 0;
    while (end < words->count && end < 2 && words->at[end].forms & FORM_NAME)
        end++;
    if (end && end < words->count && HAS_CHAR(words->at[end].word.at[0], ",:"))
        return name_text(unit, words, 0, end);
    return STR_NONE;
}

static bool says_self(const DrawWords *words, const CueMatch *cue)
{
    static const char *const selves[] = { "i",   "i'll", "i'm", "i'd",   "lemme", "me",
                                          "ich", "je",   "im",  "gonna", "j'" };
    for (size_t i = cue->begin > 2 ? cue->begin - 2 : 0; i < words->count && i <= cue->focus; i++)
        for (size_t k = 0; k < COUNT(selves); k++)
            if (str_is(words->at[i].word, selves[k]))
                return true;
    return false;
}

Str draw_known_name(const DrawRequest *request, Str name)
{
    for (size_t i = 0; i < request->people.count; i++) {
        Str person = request->people.at[i];
        ptrdiff_t space = str_find_char(person, ' ');
        if (str_equal_ignore_case(person, name) ||
            (space > 0 && str_equal_ignore_case(str_slice(person, 0, (size_t)space), name)))
            return person;
    }
    return name;
}

static void find_assignee(const DrawRequest *request, Str author, const DrawUnit *unit,
                          const DrawWords *words, const DrawSigns *signs, DrawnTask *task)
{
    size_t name;
    const CueMatch *cue = &signs->cue;
    Str self = unit->speaker.length ? unit->speaker : author;
    if (unit->owner.length)
        task->assignee = unit->owner;
    else if (signs->has_cue && cue->name < cue->name_end)
        task->assignee = name_text(unit, words, cue->name, cue->name_end);
    else if (draw_owner_at_end(words, &name))
        task->assignee = name_text(unit, words, name + 1, name + 2);
    else if (signs->has_cue && signs->kind != CUE_HANDED && signs->kind != CUE_REQUEST &&
             says_self(words, cue)) {
        task->assignee = self;
        task->is_author = !self.length;
    } else
        task->assignee = called_name(unit, words);
    task->assignee = draw_known_name(request, task->assignee);
}

/* --- How pressing, and of what kind --- */

static bool has_any(Str text, const char *const *phrases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ptrdiff_t at = str_find_ignore_case(text, str(phrases[i]));
        if (at < 0)
            continue;
        char before = at ? text.at[at - 1] : ' ';
        if (!((before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z')))
            return true;
    }
    return false;
}

static Str priority_of(const DrawUnit *unit)
{
    static const char *const urgent[] = { "urgent",
                                          "asap",
                                          "immediately",
                                          "right away",
                                          "at once",
                                          "dringend",
                                          "sofort",
                                          "unverzüglich",
                                          "critical",
                                          "emergency",
                                          "as soon as possible",
                                          "tout de suite" };
    static const char *const high[] = { "important",   "high priority", "top priority",
                                        "wichtig",     "crucial",       "essential",
                                        "prioritaire", "no later than" };
    static const char *const low[] = { "no rush",          "no hurry",           "get a chance",
                                       "some point",       "whenever",           "low priority",
                                       "eventually",       "gelegentlich",       "nice to have",
                                       "if you have time", "when you have time", "keine eile",
                                       "pas pressé" };
    static const char *const tags[] = { "p0", "p1", "blocker", "urgent", "critical", "hotfix" };
    if (has_any(unit->text, urgent, COUNT(urgent)) || has_any(unit->due, urgent, COUNT(urgent)) ||
        has_any(unit->tag, tags, COUNT(tags)))
        return S("urgent");
    if (has_any(unit->text, low, COUNT(low)))
        return S("low");
    return has_any(unit->text, high, COUNT(high)) ? S("high") : S("medium");
}

static bool lists_word(const char *list, Str word)
{
    Str one;
    for (Str rest = str(list); str_next(&rest, ' ', &one);)
        if (str_equal(one, word))
            return true;
    return false;
}

Str draw_category(const DrawWords *words)
{
    static const struct {
        const char *name, *words;
    } categories[] = {
#define DRAW_CATEGORY(name, words) { name, words },
#include "tasks/draw_categories.def"
#undef DRAW_CATEGORY
    };
    for (size_t i = 0; i < words->count; i++)
        for (size_t k = 0; k < COUNT(categories); k++)
            if (lists_word(categories[k].words, words->at[i].word))
                return str(categories[k].name);
    return S("general");
}

void draw_fields(Arena *arena, const DrawRequest *request, Str author, const DrawUnit *unit,
                 const DrawWords *words, const DrawSigns *signs, DrawnTask *task_r)
{
    DrawnTask task = { .quote = unit->text,
                       .start = unit->start,
                       .end = unit->start + unit->text.length,
                       .summary = summary_of(arena, unit, words, signs),
                       .priority = priority_of(unit),
                       .category = draw_category(words),
                       .confidence = draw_confidence(signs),
                       .made_by = S("rules") };
    find_assignee(request, author, unit, words, signs, &task);
    if (unit->due.length) {
        task.deadline_start = (size_t)(unit->due.at - request->text.at);
        task.deadline_end = task.deadline_start + unit->due.length;
    } else if (signs->deadline_start < signs->deadline_end) {
        task.deadline_start = unit->start + signs->deadline_start;
        task.deadline_end = unit->start + signs->deadline_end;
    }
    task.deadline_text = str_slice(request->text, task.deadline_start, task.deadline_end);
    draw_due(arena, request, &task);
    draw_recurrence(arena, request, &task);
    *task_r = task;
}
