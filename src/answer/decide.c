/* decide.c - whether what was found answers the question. */
#include "answer/answer_int.h"

#include <math.h>

/* At this chance about one question in fifteen that has an answer is refused. */
#define ANSWER_CHANCE_MIN 0.37
/* What is assumed when there is no model. */
#define TYPICAL_COSINE 0.58

/* So many of the best units are taken together. */
#define AROUND_UNITS 4

static const double weights[SIGN_COUNT] = {
#define SIGN(name, weight, what) [SIGN_##name] = weight,
#include "answer/signs.def"
#undef SIGN
};

static double nearness_of(const Reading *reading, uint64_t exact, size_t word)
{
    return exact >> word & 1 ? 1 : reading->has_meaning ? reading->nearness[word] : 0;
}

/* How near each word of the question is to something beside the unit or the next best units of its
 * document: answers have several sentences. */
static double around(const Reading *reading, const Unit *best)
{
    uint64_t exact = best->near | reading->passages[best->passage].frame;
    size_t group = reading->passages[best->passage].group;
    double all = 0, got = 0;
    for (size_t i = 0; i < reading->unit_count && i < AROUND_UNITS; i++) {
        const Unit *unit = &reading->units[reading->order[i]];
        exact |= reading->passages[unit->passage].group == group ? unit->near : 0;
    }
    for (size_t i = 0; i < reading->question.word_count; i++) {
        double rarity = reading_word_rarity(&reading->question.words[i]);
        all += rarity;
        got += rarity * nearness_of(reading, exact, i);
    }
    return all > 0 ? got / all : 1;
}

/* What is asked of the names: "agents", "succeeded". A document that lacks it does not say it. */
static void word_signs(const Reading *reading, const Passage *passage, double signs[SIGN_COUNT])
{
    const Question *question = &reading->question;
    uint64_t words = passage->document | passage->words | passage->frame;
    double all = 0, got = 0;
    for (size_t i = 0; i < question->word_count; i++) {
        const QuestionWord *word = &question->words[i];
        if (word->is_name || word->is_number || word->is_weak)
            continue;
        all += word->rarity;
        got += words >> i & 1 ? word->rarity : 0;
    }
    signs[SIGN_PLAIN] = all > 0 ? got / all : 1;
}

/* What is asked for must stand in the unit itself, not only somewhere in a document that has the
 * names. An answer in other words lacks several of the question's; where only one is lacking it is
 * the one that was asked for. */
static void unit_signs(const Reading *reading, const Unit *best, double signs[SIGN_COUNT])
{
    const Question *question = &reading->question;
    size_t lacking = 0;
    for (size_t i = 0; i < question->word_count; i++) {
        const QuestionWord *word = &question->words[i];
        bool is_plain = !word->is_name && !word->is_number && !word->is_weak;
        lacking += is_plain && !(best->near >> i & 1);
    }
    signs[SIGN_FORMLESS] = question->form != FORM_ANY && best->features[FEATURE_FORM] <= 0;
    signs[SIGN_BOUND] = reading_bound(reading, best);
    signs[SIGN_OTHER_YEAR] = reading_is_of_other_year(reading, best);
    signs[SIGN_LACKS] = (double)lacking / 4;
}

/* How far the unit's score is above that of the next one. */
static double lead_of(const Reading *reading, const Unit *best)
{
    size_t i = 0;
    while (i < reading->unit_count && &reading->units[reading->order[i]] != best)
        i++;
    for (i++; i < reading->unit_count; i++) {
        const Unit *next = &reading->units[reading->order[i]];
        if (!next->is_repeated)
            return (best->score - next->score) / 5;
    }
    return 0;
}

void decide_signs(const Reading *reading, const Unit *best, double signs[SIGN_COUNT])
{
    const Passage *passage = &reading->passages[best->passage];
    const double *f = best->features;
    signs[SIGN_BIAS] = 1;
    signs[SIGN_NEAR] = f[FEATURE_NEAR];
    signs[SIGN_ALL] = f[FEATURE_ALL];
    signs[SIGN_NAMES] = reading_name_share(reading, passage->document);
    signs[SIGN_NUMBERS] = f[FEATURE_ALL_NUMBERS];
    signs[SIGN_AROUND] = around(reading, best);
    word_signs(reading, passage, signs);
    unit_signs(reading, best, signs);
    signs[SIGN_LEAD] = lead_of(reading, best);
    signs[SIGN_COSINE] = reading->has_meaning ? reading->cosine : TYPICAL_COSINE;
}

double decide_chance(const double signs[SIGN_COUNT])
{
    double sum = 0;
    for (int i = 0; i < SIGN_COUNT; i++)
        sum += weights[i] * signs[i];
    return 1 / (1 + exp(-sum));
}

/* Words that the passages read do not have may stand elsewhere in the document. */
static bool look_at_document(AnswerRun *run, const Reading *reading, Passage *passage, Error *err)
{
    const Question *question = &reading->question;
    Str missing[QUESTION_WORDS_MAX];
    size_t which[QUESTION_WORDS_MAX], count = 0;
    bool has[QUESTION_WORDS_MAX] = { false };
    for (size_t i = 0; i < question->word_count; i++)
        if (!(passage->document >> i & 1)) {
            which[count] = i;
            missing[count++] = question->words[i].text;
        }
    if (count && !search_holds(run->answers->searcher, run->scope, run->arena,
                               passage->hit->row.chunk.document, missing, count, has, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (has[i])
            passage->document |= (uint64_t)1 << which[i];
    for (size_t i = 0; i < reading->passage_count; i++)
        if (reading->passages[i].group == passage->group) {
            reading->passages[i].document = passage->document;
            reading->passages[i].is_document_known = true;
        }
    return true;
}

bool decide_unit(AnswerRun *run, const Reading *reading, size_t unit, double signs[SIGN_COUNT],
                 Error *err)
{
    const Unit *best = &reading->units[unit];
    Passage *passage = &reading->passages[best->passage];
    if (!passage->is_document_known && !look_at_document(run, reading, passage, err))
        return false;
    decide_signs(reading, best, signs);
    return true;
}

bool decide(AnswerRun *run, Part *part, Error *err)
{
    double signs[SIGN_COUNT];
    if (!part->reading->unit_count)
        return true;
    if (!decide_unit(run, part->reading, part->reading->order[0], signs, err))
        return false;
    part->confidence = decide_chance(signs);
    part->is_found = part->confidence >= ANSWER_CHANCE_MIN;
    return true;
}
