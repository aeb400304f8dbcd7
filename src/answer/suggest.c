/* suggest.c - questions to ask next: what the passages of the cited documents answer (AnswerAsker),
 * else what their headings are about. Nothing that was asked in the conversation, or that the
 * answer has said. The sentence round a heading is English; for a question in another language the
 * heading itself is the question. */
#include "answer/align.h"
#include "answer/answer_int.h"
#include "text/section_names.h"

#define HEADING_BYTES_MIN 6
#define HEADING_BYTES_MAX 80
#define PASSAGES_READ 6
#define TEXT_BYTES KB(24)
#define TOLD 0.75 /* of a heading's words */

typedef struct Suggestions {
    AnswerRun *run;
    VEC(Str) told;
    Str *texts;
    size_t count;
} Suggestions;

/* --- What was said already --- */

static void list_told(Suggestions *list)
{
    const AnswerRun *run = list->run;
    Arena *arena = run->arena;
    *vec_push(arena, &list->told) = run->question;
    for (size_t i = 0; i < run->messages.count; i++)
        if (str_is(run->messages.at[i].role, "user"))
            *vec_push(arena, &list->told) = run->messages.at[i].text;
    for (size_t i = 0; i < run->request->earlier.count; i++)
        *vec_push(arena, &list->told) = run->request->earlier.at[i];
    for (size_t i = 0; i < run->answer.sentence_count; i++)
        *vec_push(arena, &list->told) = run->answer.sentences[i].text;
    for (size_t i = 0; i < run->answer.citation_count; i++) {
        *vec_push(arena, &list->told) = run->answer.citations[i].quote;
        *vec_push(arena, &list->told) = run->answer.citations[i].heading;
    }
}

static bool is_told(const Suggestions *list, Str text)
{
    AnswerRun *run = list->run;
    AlignSentence read = align_read(run->arena, run->words, text, NULL, NULL);
    for (size_t i = 0; i < list->told.count; i++)
        if (align_overlap(&read, run->words, list->told.at[i]) >= TOLD)
            return true;
    return false;
}

static bool is_cited(const AnswerRun *run, Str document)
{
    for (size_t i = 0; i < run->answer.citation_count; i++)
        if (str_equal(run->answer.citations[i].document, document))
            return true;
    return false;
}

/* --- Of sentences --- */

static void offer_sentences(Suggestions *list)
{
    AnswerRun *run = list->run;
    const SearchResults *read = &run->answer.sources;
    Buf text = buf_new(run->arena, TEXT_BYTES);
    size_t passages = 0;
    for (size_t i = 0; i < read->count && passages < PASSAGES_READ; i++) {
        const Chunk *chunk = &read->at[i].row.chunk;
        if (!is_cited(run, chunk->document) || text.length + chunk->text.length + 2 > TEXT_BYTES)
            continue;
        buf_add(&text, chunk->text);
        buf_add(&text, S("\n\n"));
        passages++;
    }
    if (run->answers->asker && passages)
        list->count = run->answers->asker(run->arena, run->words, buf_str(&text), run->question,
                                          (StrList){ list->told.at, list->told.count },
                                          SUGGESTIONS_MAX, list->texts);
}

/* --- Of headings --- */

/* The innermost of "Results > Costs". */
static Str innermost(Str heading)
{
    Str rest = heading, part, last = heading;
    while (str_next(&rest, '>', &part))
        last = part;
    return last;
}

/* It says what stands under it: not "Chapter 3", "Contents", "Overview". */
static bool is_telling(AnswerRun *run, Str heading)
{
    size_t words = 0, numbers = 0;
    Question read = question_read(run->arena, run->words, heading);
    for (size_t i = 0; i < read.word_count; i++) {
        numbers += read.words[i].is_number;
        words += !read.words[i].is_number;
    }
    for (size_t i = 0; i < heading.length; i++)
        if (HAS_CHAR(heading.at[i], "|[]()\t\n")) /* of a table, or an interface */
            return false;
    return heading.length >= HEADING_BYTES_MIN && heading.length <= HEADING_BYTES_MAX &&
           words > (numbers > 0) && section_sort(heading) == SECTION_PLAIN;
}

static Str last_of_path(Str name)
{
    ptrdiff_t slash = str_find_last_char(name, '/');
    return str_from(name, (size_t)(slash + 1));
}

static void offer(Suggestions *list, Str heading, Str name, bool is_english)
{
    Arena *arena = list->run->arena;
    heading = section_title(heading);
    if (list->count == SUGGESTIONS_MAX || !is_telling(list->run, heading) || is_told(list, heading))
        return;
    *vec_push(arena, &list->told) = heading;
    list->texts[list->count++] =
        is_english ? str_format(arena, "What does %s say about \"%s\"?",
                                str_c(arena, last_of_path(name)), str_c(arena, heading))
                   : heading;
}

static void offer_headings(Suggestions *list)
{
    AnswerRun *run = list->run;
    const SearchResults *read = &run->answer.sources;
    bool is_english =
        question_read(run->arena, run->words, run->question).language == LANGUAGE_ENGLISH;
    for (size_t i = 0; i < run->part_count; i++) {
        const Reading *reading = run->parts[i].reading;
        for (size_t j = 0; reading && j < reading->unit_count; j++) {
            const ChunkHit *row = &reading->passages[reading->units[j].passage].hit->row;
            if (reading->units[j].kind == UNIT_HEADING && is_cited(run, row->chunk.document))
                offer(list, reading->units[j].text, row->name, is_english);
        }
    }
    for (size_t i = 0; i < read->count; i++)
        if (is_cited(run, read->at[i].row.chunk.document))
            offer(list, innermost(read->at[i].row.chunk.heading), read->at[i].row.name, is_english);
}

void suggest_questions(AnswerRun *run)
{
    Suggestions list = { .run = run, .texts = arena_new_array(run->arena, Str, SUGGESTIONS_MAX) };
    if (!run->answer.is_found)
        return;
    list_told(&list);
    offer_sentences(&list);
    offer_headings(&list);
    run->answer.suggestions = (StrList){ list.texts, list.count };
}
