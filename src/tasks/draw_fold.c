/* draw_fold.c - tasks of one text beside each other: said twice, or one after the other. */
#include "base/utf8.h"
#include "tasks/draw_int.h"

#define ALIKE_MIN 0.8 /* share of their words: the same task said twice */
#define WAITS_MIN 0.5 /* share of a task's words behind "after" */
#define WORDS_MAX 40

typedef struct WordBag {
    Str words[WORDS_MAX];
    size_t count;
} WordBag;

static bool has_word(const WordBag *bag, Str word)
{
    for (size_t i = 0; i < bag->count; i++)
        if (str_equal(bag->words[i], word))
            return true;
    return false;
}

/* Its words of more than three bytes: what it is about. */
static WordBag bag_of(Arena *arena, Str text)
{
    WordBag bag = { .count = 0 };
    Str word;
    for (Str rest = utf8_fold(arena, text); bag.count < WORDS_MAX && str_next(&rest, ' ', &word);) {
        while (word.length && HAS_CHAR(word.at[word.length - 1], ".,;:!?)"))
            word.length--;
        if (word.length > 3 && !has_word(&bag, word))
            bag.words[bag.count++] = word;
    }
    return bag;
}

static size_t shared_words(const WordBag *a, const WordBag *b)
{
    size_t shared = 0;
    for (size_t i = 0; i < a->count; i++)
        shared += has_word(b, a->words[i]);
    return shared;
}

/* A model's task and the rules' from the same words are one. */
static bool are_of_one_place(const DrawnTask *a, const DrawnTask *b, size_t shared)
{
    return shared > 0 && !str_equal(a->made_by, b->made_by) && a->start < b->end &&
           b->start < a->end;
}

static bool are_same(const DrawnTask *a, const DrawnTask *b, const WordBag *of_a,
                     const WordBag *of_b)
{
    size_t shared = shared_words(of_a, of_b);
    bool is_other = a->assignee.length && b->assignee.length &&
                    !str_equal_ignore_case(a->assignee, b->assignee);
    if (are_of_one_place(a, b, shared))
        return true;
    return !is_other && of_a->count &&
           (double)shared >= ALIKE_MIN * (double)(of_a->count + of_b->count - shared);
}

/* What the later one knows and the earlier one does not. */
static void join(DrawnTask *kept, const DrawnTask *other)
{
    kept->confidence = MAX(kept->confidence, other->confidence);
    if (!kept->assignee.length)
        kept->assignee = other->assignee;
    if (!kept->deadline_text.length) {
        kept->deadline_text = other->deadline_text;
        kept->deadline_start = other->deadline_start;
        kept->deadline_end = other->deadline_end;
        kept->start_at_ms = other->start_at_ms;
        kept->due_at_ms = other->due_at_ms;
        kept->is_all_day = other->is_all_day;
    }
}

/* The words behind "after", "once", "when": what must have happened. */
static Str condition_of(Str quote)
{
    static const char *const cues[] = { "after ",   "once ", "as soon as ", "when ",  "sobald ",
                                        "nachdem ", "wenn ", "dès que ",    "quand ", "après " };
    for (size_t i = 0; i < COUNT(cues); i++) {
        ptrdiff_t at = str_find_ignore_case(quote, str(cues[i]));
        if (at >= 0 && (!at || quote.at[at - 1] == ' '))
            return str_from(quote, (size_t)at + strlen(cues[i]));
    }
    return STR_NONE;
}

static bool follows(Str quote)
{
    static const char *const cues[] = { "then ",   "after that",    "afterwards", "and then",
                                        "danach ", "anschließend ", "ensuite " };
    for (size_t i = 0; i < COUNT(cues); i++)
        if (str_equal_ignore_case(str_slice(quote, 0, strlen(cues[i])), str(cues[i])))
            return true;
    return false;
}

void draw_order(Arena *arena, DrawnTaskList *list)
{
    WordBag *bags = arena_new_array(arena, WordBag, MAX(list->count, 1));
    for (size_t i = 0; i < list->count; i++)
        bags[i] = bag_of(arena, list->at[i].summary);
    for (size_t i = 0; i < list->count; i++) {
        DrawnTask *task = &list->at[i];
        Str condition = condition_of(task->quote);
        task->after = follows(task->quote) ? i : 0;
        if (!condition.length)
            continue;
        WordBag wanted = bag_of(arena, condition);
        for (size_t k = 0; k < i; k++)
            if (bags[k].count &&
                (double)shared_words(&bags[k], &wanted) >= WAITS_MIN * (double)bags[k].count)
                task->after = k + 1;
    }
}

void draw_fold(Arena *arena, DrawnTaskList *list)
{
    WordBag *bags = arena_new_array(arena, WordBag, MAX(list->count, 1));
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        size_t same = 0;
        bags[kept] = bag_of(arena, list->at[i].summary);
        while (same < kept && !are_same(&list->at[same], &list->at[i], &bags[same], &bags[kept]))
            same++;
        if (same < kept)
            join(&list->at[same], &list->at[i]);
        else
            list->at[kept++] = list->at[i];
    }
    list->count = kept;
}
