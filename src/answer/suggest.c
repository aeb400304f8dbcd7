/* suggest.c - questions to ask next, made of the headings of what was read: what stands beside the
 * answer and was not asked for. The sentence round a heading is English; for a question in another
 * language the heading itself is the question. */
#include "answer/answer_int.h"

#define HEADING_BYTES_MIN 6
#define HEADING_BYTES_MAX 80

/* The innermost of "Results > Costs". */
static Str innermost(Str heading)
{
    Str rest = heading, part, last = heading;
    while (str_next(&rest, '>', &part))
        last = part;
    return str_trim(last);
}

/* It has words, and more than the question asks for. */
static bool is_new(AnswerRun *run, Str heading)
{
    if (heading.length < HEADING_BYTES_MIN || heading.length > HEADING_BYTES_MAX)
        return false;
    Question asked = question_read(run->arena, run->words, run->question);
    Question read = question_read(run->arena, run->words, heading);
    size_t known = 0;
    for (size_t i = 0; i < read.word_count; i++)
        for (size_t j = 0; j < asked.word_count; j++)
            known += str_equal(read.words[i].text, asked.words[j].text);
    return known < read.word_count;
}

static Str last_of_path(Str name)
{
    ptrdiff_t slash = str_find_last_char(name, '/');
    return str_from(name, (size_t)(slash + 1));
}

typedef struct Suggestions {
    AnswerRun *run;
    bool is_english;
    Str headings[SUGGESTIONS_MAX];
    Str *texts;
    size_t count;
} Suggestions;

static void offer(Suggestions *list, Str heading, Str name)
{
    Arena *arena = list->run->arena;
    if (list->count == SUGGESTIONS_MAX || !is_new(list->run, heading))
        return;
    for (size_t i = 0; i < list->count; i++)
        if (str_equal_ignore_case(list->headings[i], heading))
            return;
    list->headings[list->count] = heading;
    list->texts[list->count++] =
        list->is_english ? str_format(arena, "What does %s say about \"%s\"?",
                                      str_c(arena, last_of_path(name)), str_c(arena, heading))
                         : heading;
}

/* Headings inside the passages, which a chunk's own heading does not name. */
static void offer_units(Suggestions *list, const Reading *reading)
{
    for (size_t i = 0; i < reading->unit_count; i++) {
        const Unit *unit = &reading->units[i];
        if (unit->kind == UNIT_HEADING)
            offer(list, str_trim(unit->text), reading->passages[unit->passage].hit->row.name);
    }
}

void suggest_questions(AnswerRun *run)
{
    const SearchResults *read = &run->answer.sources;
    Suggestions list = { .run = run, .texts = arena_new_array(run->arena, Str, SUGGESTIONS_MAX) };
    if (!run->answer.is_found)
        return;
    list.is_english =
        question_read(run->arena, run->words, run->question).language == LANGUAGE_ENGLISH;
    for (size_t i = 0; i < run->part_count; i++)
        if (run->parts[i].reading)
            offer_units(&list, run->parts[i].reading);
    for (size_t i = 0; i < read->count; i++)
        offer(&list, innermost(read->at[i].row.chunk.heading), read->at[i].row.name);
    run->answer.suggestions = (StrList){ list.texts, list.count };
}
