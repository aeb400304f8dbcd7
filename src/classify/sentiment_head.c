/* sentiment_head.c - see sentiment_head.h. */
#include "classify/sentiment_head.h"

#include <math.h>

/* Chosen on the open half of bench/classify/sentiment.tsv. */
#define WORDS_SHARE 0.8   /* of the score, where words say something */
#define MEANING_LEAST 0.5 /* what meaning alone must reach, of -1..1 */
#define SCORE_LEAST 0.05  /* and both together */

static const ClassifyLabel signs[] = {
    [SENTIMENT_NEGATIVE] = { S_INIT("negative"), S_INIT("A complaint, criticism or bad news.") },
    [SENTIMENT_NEUTRAL] = { S_INIT("neutral"), S_INIT("A plain fact or instruction.") },
    [SENTIMENT_POSITIVE] = { S_INIT("positive"), S_INIT("Praise, thanks or good news.") },
};

static const struct {
    uint16_t sign;
    const char *text;
} sentences[] = {
#define SENTENCE(sign, text) { SENTIMENT_##sign, text },
#include "classify/sentiment_examples.def"
#undef SENTENCE
};

bool sentiment_learn(const Embedder *embedder, Arena *arena, Classifier *head_r, Error *err)
{
    ClassifyExample examples[COUNT(sentences)];
    for (size_t i = 0; i < COUNT(sentences); i++)
        examples[i] = (ClassifyExample){ str(sentences[i].text), &sentences[i].sign, 1 };
    ClassifySet set = { signs, COUNT(signs), examples, COUNT(examples), false, 0 };
    return classifier_train(embedder, arena, &set, NULL, head_r, err);
}

bool sentiment_read(const Classifier *head, const Embedder *embedder, Arena *arena, Str text,
                    Language language, Sentiment *sentiment_r, Error *err)
{
    ClassifyResult result;
    Sentiment words = sentiment_of(text, language);
    double p[COUNT(signs)];
    if (!classify(head, embedder, arena, text, &result, err))
        return false;
    for (size_t i = 0; i < result.score_count; i++)
        p[result.scores[i].label] = result.scores[i].confidence;
    double meaning = p[SENTIMENT_POSITIVE] - p[SENTIMENT_NEGATIVE];
    double score = words.sign == SENTIMENT_NEUTRAL
                       ? (fabs(meaning) >= MEANING_LEAST ? meaning : 0)
                       : WORDS_SHARE * words.score + (1 - WORDS_SHARE) * meaning;
    Sentiment both = { score, SENTIMENT_NEUTRAL, p[SENTIMENT_NEUTRAL] };
    if (fabs(score) >= SCORE_LEAST) {
        both.sign = score > 0 ? SENTIMENT_POSITIVE : SENTIMENT_NEGATIVE;
        both.confidence = MIN(0.5 + fabs(score) / 2, 1.0);
    }
    *sentiment_r = both;
    return true;
}
