/* next_questions.c - see next_questions.h. */
#include "study/next_questions.h"

#include "answer/align.h"
#include "answer/question.h"
#include "study/asking.h"

#define QUESTION_BYTES_MAX 140
#define TOLD 0.95       /* of a question's words: then it was asked, or its answer was read */
#define TOPIC_BONUS 0.6 /* of a sentence that has all words of what was asked */

typedef struct Candidate {
    Str question;
    double score;
} Candidate;

/* Without "many" of "how many": no answer has it. */
static AlignSentence without_weak(Arena *arena, Words *words, Str question, AlignSentence read)
{
    Question parts = question_read(arena, words, question);
    AlignSentence kept = { .language = read.language };
    kept.words = arena_new_array(arena, AlignWord, read.count + 1);
    for (size_t i = 0; i < read.count; i++) {
        bool is_weak = false;
        for (size_t j = 0; j < parts.word_count; j++)
            is_weak |= parts.words[j].is_weak && str_equal(parts.words[j].text, read.words[i].text);
        if (is_weak)
            continue;
        kept.words[kept.count++] = read.words[i];
        kept.weight += read.words[i].weight;
    }
    return kept;
}

static bool is_told(Arena *arena, Words *words, Str question, StrList told)
{
    AlignSentence asked = align_read(arena, words, question, NULL, NULL);
    AlignSentence said = without_weak(arena, words, question, asked);
    for (size_t i = 0; i < told.count; i++)
        if (align_overlap(str_ends(told.at[i], S("?")) ? &asked : &said, words, told.at[i]) >= TOLD)
            return true;
    return false;
}

/* Not "Ada, who led it, left when?", which nobody would ask, nor one of half a list or a reference:
 * it begins with a word that its sentence has not, and is one clause. */
static bool is_natural(Str question, Str sentence)
{
    static const char *const breaks[] = {
        ":", ";", "[", "|", ". ", "\xE2\x80\x93 ", "\xE2\x80\xA6"
    };
    ptrdiff_t gap = str_find_char(question, ' ');
    for (size_t i = 0; i < COUNT(breaks); i++)
        if (str_find(question, str(breaks[i])) >= 0)
            return false;
    return gap > 0 && question.length <= QUESTION_BYTES_MAX &&
           str_find_ignore_case(sentence, str_slice(question, 0, (size_t)gap + 1)) < 0;
}

/* Whose questions read well: names of places and organisations are too often parts of others. */
static bool is_askable(KeyKind kind)
{
    return kind != KEY_TERM && kind != KEY_WORD && kind != KEY_PLACE && kind != KEY_ORGANISATION;
}

static bool ask(Arena *arena, Language language, const Fact *fact, Str *question_r)
{
    if (fact->term.length && !fact->is_name && str_find_char(fact->term, ' ') > 0 &&
        ask_what_is(arena, language, fact, question_r) && is_natural(*question_r, fact->plain))
        return true;
    for (size_t i = 0; i < fact->key_count; i++)
        if (is_askable(fact->keys[i].kind) &&
            ask_for(arena, language, fact, &fact->keys[i], question_r) &&
            is_natural(*question_r, fact->plain))
            return true;
    return false;
}

static int by_score(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;
    return x->score > y->score ? -1 : x->score < y->score;
}

size_t study_next_questions(Arena *arena, Words *words, Str text, Str asked, StrList told,
                            size_t max, Str *questions)
{
    Material material;
    material_of_text(arena, text, false, &material);
    Facts facts = facts_find(arena, words, &material);
    facts_rank(arena, words, NULL, &material, &facts);
    Candidate *candidates = arena_new_array(arena, Candidate, facts.count + 1);
    AlignSentence topic = align_read(arena, words, asked, NULL, NULL);
    size_t count = 0, taken = 0;
    for (size_t i = 0; i < facts.count; i++) {
        Candidate one = { .score = facts.at[i].score +
                                   TOPIC_BONUS * align_overlap(&topic, words, facts.at[i].plain) };
        if (ask(arena, material.language, &facts.at[i], &one.question) &&
            !is_told(arena, words, one.question, told))
            candidates[count++] = one;
    }
    qsort(candidates, count, sizeof *candidates, by_score);
    for (size_t i = 0; i < count && taken < max; i++)
        if (!is_told(arena, words, candidates[i].question, (StrList){ questions, taken }))
            questions[taken++] = candidates[i].question;
    return taken;
}
