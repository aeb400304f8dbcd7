/* classify.c - a text's labels; see classify.h. */
#include <math.h>

#include "classify/classify_int.h"
#include "classify/head.h"
#include "text/planted.h"

/* Likeness of labels and texts lies within some 0.1; these make logits of it. The scale was chosen
 * on the open halves of bench/classify/topics.tsv and intents.tsv together, where confidence is
 * then nearest to what is right (topics alone would have it steeper, intents flatter); the offset,
 * from which a label of many is said, on that of multi.tsv. */
#define LIKENESS_SCALE 26.0
#define LIKENESS_OFFSET 0.09
#define BEST_PIECES 3  /* what most pieces are not about may still be what a text is about */
#define NEAREST_BEST 3 /* examples of a label that count */
#define NEAREST_WEIGHT 1.0
#define SAID_FROM 0.5 /* of several labels */

const char *classify_way_name(ClassifyWay way)
{
    static const char *const names[] = { "zero-shot", "nearest", "head" };
    return names[way];
}

/* Puts `value` among the `count` largest, largest first. */
static void keep_largest(double *largest, size_t count, double value)
{
    for (size_t i = 0; i < count; i++)
        if (value > largest[i]) {
            memmove(largest + i + 1, largest + i, (count - i - 1) * sizeof(double));
            largest[i] = value;
            return;
        }
}

static double mean_of_known(const double *values, size_t count, double otherwise)
{
    double sum = 0;
    size_t known = 0;
    for (; known < count && values[known] > -INFINITY; known++)
        sum += values[known];
    return known ? sum / (double)known : otherwise;
}

/* How near the text is to what the label's words say, more than any text is. */
static double zero_shot(const Classifier *c, const TextVectors *text, size_t label)
{
    double best[BEST_PIECES] = { -INFINITY, -INFINITY, -INFINITY };
    for (size_t p = 0; p < text->count; p++)
        keep_largest(best, BEST_PIECES,
                     vector_likeness(text->pieces + p * text->dims,
                                     c->label_vectors + label * c->dims, c->dims));
    return mean_of_known(best, BEST_PIECES, 0) - c->label_means[label];
}

/* The mean likeness of each label's nearest examples, less the mean of all examples; 0 for a label
 * without examples. */
static void add_nearest(const Classifier *c, const TextVectors *text, size_t without,
                        double *logits)
{
    double best[CLASSIFY_LABELS_MAX][NEAREST_BEST];
    double sum = 0;
    size_t count = 0;
    for (size_t l = 0; l < c->label_count; l++)
        for (size_t k = 0; k < NEAREST_BEST; k++)
            best[l][k] = -INFINITY;
    for (size_t i = 0; i < c->example_count; i++) {
        if (i == without)
            continue;
        double likeness = vector_likeness(c->examples + i * c->dims, text->mean, c->dims);
        keep_largest(best[c->example_labels[i]], NEAREST_BEST, likeness);
        sum += likeness;
        count++;
    }
    double mean = count ? sum / (double)count : 0;
    for (size_t l = 0; l < c->label_count; l++)
        logits[l] +=
            LIKENESS_SCALE * NEAREST_WEIGHT * (mean_of_known(best[l], NEAREST_BEST, mean) - mean);
}

void classifier_logits(const Classifier *classifier, const TextVectors *text, size_t without,
                       double *logits)
{
    if (classifier->way == CLASSIFY_HEAD) {
        head_apply(classifier->head, classifier->label_count, classifier->dims, text->mean, logits);
        return;
    }
    double offset = classifier->is_multi ? LIKENESS_OFFSET : 0;
    for (size_t l = 0; l < classifier->label_count; l++)
        logits[l] = LIKENESS_SCALE * (zero_shot(classifier, text, l) - offset);
    if (classifier->way == CLASSIFY_NEAREST)
        add_nearest(classifier, text, without, logits);
}

void classifier_confide(const Classifier *classifier, double *logits)
{
    if (!classifier->is_multi) {
        softmax(logits, classifier->label_count, classifier->temperature);
        return;
    }
    for (size_t l = 0; l < classifier->label_count; l++)
        logits[l] = sigmoid(logits[l] / classifier->temperature);
}

/* --- A text --- */

static int surest_first(const void *a, const void *b)
{
    const ClassifyScore *x = a, *y = b;
    if (x->confidence != y->confidence)
        return x->confidence < y->confidence ? 1 : -1;
    return (x->label > y->label) - (x->label < y->label);
}

/* The piece that, by itself, speaks for the label most. */
static Piece telling_piece(const Classifier *c, Arena *arena, const TextVectors *text,
                           const Piece *pieces, size_t label)
{
    double *logits = arena_new_array(arena, double, c->label_count);
    double most = -1;
    Piece best = pieces[0];
    for (size_t p = 0; p < text->count; p++) {
        const float *vector = text->pieces + p * text->dims;
        classifier_logits(c, &(TextVectors){ vector, 1, text->dims, vector }, SIZE_MAX, logits);
        classifier_confide(c, logits);
        if (logits[label] > most)
            most = logits[label], best = pieces[p];
    }
    return best;
}

/* A single label is sure by itself; of several each decision must be: the least sure one counts. */
static double surety(const Classifier *c, const ClassifyScore *scores)
{
    double least = scores[0].confidence;
    if (!c->is_multi)
        return least;
    least = 1;
    for (size_t l = 0; l < c->label_count; l++)
        least = MIN(least, fabs(scores[l].confidence - 0.5) + 0.5);
    return least;
}

static void say(const Classifier *c, Arena *arena, const double *confidence,
                ClassifyResult *result_r)
{
    ClassifyScore *scores = arena_new_array(arena, ClassifyScore, c->label_count);
    for (size_t l = 0; l < c->label_count; l++)
        scores[l] = (ClassifyScore){ (uint16_t)l, confidence[l] };
    qsort(scores, c->label_count, sizeof(*scores), surest_first);
    size_t said = c->is_multi ? 0 : 1;
    while (c->is_multi && said < c->label_count && scores[said].confidence >= SAID_FROM)
        said++;
    double sure = surety(c, scores);
    *result_r = (ClassifyResult){ .scores = scores,
                                  .score_count = c->label_count,
                                  .said_count = said,
                                  .surety = sure,
                                  .is_sure = sure >= c->measures.threshold };
}

/* Without what is said to the classifier ("label this as spam"), unless there is nothing else. */
static size_t read_pieces(Arena *arena, Str text, Str *read_r, Piece *pieces)
{
    *read_r = planted_blank(arena, text);
    size_t count = pieces_make(*read_r, PIECES_MAX, pieces);
    if (count)
        return count;
    *read_r = text;
    return pieces_make(text, PIECES_MAX, pieces);
}

bool classify(const Classifier *classifier, const Embedder *embedder, Arena *arena, Str text,
              ClassifyResult *result_r, Error *err)
{
    Piece pieces[PIECES_MAX];
    Str texts[PIECES_MAX], read;
    float *vectors;
    size_t dims, count = read_pieces(arena, text, &read, pieces);
    if (!count)
        return fail_field(err, "text", "there is no text to classify");
    if (!str_equal(classifier->model, embedder->model))
        return fail(err, ERROR_CONFLICT,
                    "the label set was trained with the encoder '" STR_FMT "', not with '" STR_FMT
                    "': train it again",
                    STR_ARG(classifier->model), STR_ARG(embedder->model));
    for (size_t p = 0; p < count; p++)
        texts[p] = str_slice(read, pieces[p].start, pieces[p].end);
    if (!embedder->embed(embedder->self, arena, texts, count, &vectors, &dims, err))
        return fail_in(err, "classifying");
    float *mean = arena_new_array(arena, float, dims);
    double *confidence = arena_new_array(arena, double, classifier->label_count);
    vector_mean(vectors, count, dims, mean);
    TextVectors compared = { vectors, count, dims, mean };
    classifier_logits(classifier, &compared, SIZE_MAX, confidence);
    classifier_confide(classifier, confidence);
    ClassifyResult result;
    say(classifier, arena, confidence, &result);
    Piece piece = telling_piece(classifier, arena, &compared, pieces, result.scores[0].label);
    result.start = piece.start;
    result.end = piece.end;
    *result_r = result;
    return true;
}
