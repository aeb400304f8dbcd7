/* decide.c - whether what was found answers the question. */
#include "answer/answer_int.h"

#include <math.h>

/* At this chance refusals of what is answered and answers to what is not are equally dear. */
#define ANSWER_CHANCE_MIN 0.5
#define LEG_RANK_GOOD 10

static const double weights[SIGN_COUNT] = {
#define SIGN(name, weight, what) [SIGN_##name] = weight,
#include "answer/signs.def"
#undef SIGN
};

void decide_signs(const Reading *reading, const Unit *best, double signs[SIGN_COUNT])
{
    const Passage *passage = &reading->passages[best->passage];
    const SearchHit *hit = passage->hit;
    const double *f = best->features;
    signs[SIGN_BIAS] = 1;
    signs[SIGN_SCORE] = best->score;
    signs[SIGN_OWN] = f[FEATURE_OWN];
    signs[SIGN_NEAR] = f[FEATURE_NEAR];
    signs[SIGN_ALL] = f[FEATURE_ALL];
    signs[SIGN_DOCUMENT] = reading_share(reading, passage->document);
    signs[SIGN_NAMES] = reading_name_share(reading, passage->document);
    signs[SIGN_NUMBERS] = f[FEATURE_ALL_NUMBERS];
    signs[SIGN_COSINE] = f[FEATURE_COSINE];
    signs[SIGN_SEMANTIC] = f[FEATURE_SEMANTIC];
    signs[SIGN_BOTH_LEGS] = hit->keyword_rank && hit->keyword_rank <= LEG_RANK_GOOD &&
                            hit->semantic_rank && hit->semantic_rank <= LEG_RANK_GOOD;
    signs[SIGN_FORM] = f[FEATURE_FORM];
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
