/* fusion.c - see fusion.h. */
#include "index/fusion.h"

#include <math.h>

const ShareAbout shares_about[SHARE_COUNT] = {
#define SHARE(name, title) [SHARE_##name] = { #name, title },
#include "index/shares.def"
#undef SHARE
};

static int by_key(const void *a, const void *b)
{
    const IndexHit *left = a, *right = b;
    return (left->key > right->key) - (left->key < right->key);
}

static int by_score(const void *a, const void *b)
{
    const IndexHit *left = a, *right = b;
    if (left->score != right->score)
        return left->score < right->score ? 1 : -1;
    return by_key(a, b);
}

/* By the sums of their shares. */
static void order(IndexHit *hits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hits[i].score = 0;
        for (size_t n = 0; n < SHARE_COUNT; n++)
            hits[i].score += hits[i].shares[n];
    }
    qsort(hits, count, sizeof(*hits), by_score);
}

void fusion_mix(IndexHit *hits, size_t count, Share share, float weight, const float *values)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t n = 0; n < SHARE_COUNT; n++)
            hits[i].shares[n] *= 1 - weight;
        hits[i].shares[share] += weight * values[i];
    }
    order(hits, count);
}

/* How a leg's scores are read. */
typedef struct Scale {
    float worst, best;
    float height; /* of the best above the worst, in standard deviations of the scores */
} Scale;

/* `known` chunks could have been hits: those that the leg does not have score 0 in it. A leg that
 * cannot tell its hits apart gives them all 1. */
static Scale scale_of(const LegHit *leg, size_t count, size_t known)
{
    double sum = 0, squares = 0;
    size_t first = MIN(count, FUSION_DEPTH);
    if (!count)
        return (Scale){ 0 };
    known = MAX(first, MIN(known, FUSION_DEPTH));
    for (size_t i = 0; i < first; i++) {
        sum += (double)leg[i].score;
        squares += (double)leg[i].score * (double)leg[i].score;
    }
    double mean = sum / (double)known, variance = squares / (double)known - mean * mean;
    float best = leg[0].score, worst = first < known ? 0 : leg[count - 1].score;
    if (best <= worst || variance <= 0)
        return (Scale){ best - 1, best, 1 };
    return (Scale){ worst, best, (best - worst) / (float)sqrt(variance) };
}

static float stretched(const Scale *scale, const LegHit *hit)
{
    return (hit->score - scale->worst) / (scale->best - scale->worst);
}

/* The vector leg's weight when each leg counts by its height too; a leg without hits has none. */
static float weight_of(const Scale *words, const Scale *meaning, float vector_weight)
{
    float of_words = (1 - vector_weight) * words->height,
          of_meaning = vector_weight * meaning->height;
    return of_meaning > 0 ? of_meaning / (of_words + of_meaning) : 0;
}

size_t fusion_merge(const LegHit *keyword, size_t keyword_count, const LegHit *vector,
                    size_t vector_count, float vector_weight, size_t k, IndexHit *hits)
{
    AUTO_FREE IndexHit *all = heap_alloc((keyword_count + vector_count + 1) * sizeof(*all));
    Scale words = scale_of(keyword, keyword_count, vector_count),
          meaning = scale_of(vector, vector_count, 0);
    float weight = weight_of(&words, &meaning, vector_weight);
    size_t count = 0, merged = 0;
    for (size_t i = 0; i < keyword_count; i++)
        all[count++] = (IndexHit){ .key = keyword[i].key,
                                   .keyword_score = keyword[i].score,
                                   .keyword_normal = stretched(&words, &keyword[i]),
                                   .keyword_rank = (uint32_t)i + 1 };
    for (size_t i = 0; i < vector_count; i++)
        all[count++] = (IndexHit){ .key = vector[i].key,
                                   .vector_score = vector[i].score,
                                   .vector_normal = stretched(&meaning, &vector[i]),
                                   .vector_rank = (uint32_t)i + 1,
                                   .vector_part = vector[i].part };
    qsort(all, count, sizeof(*all), by_key);
    for (size_t i = 0; i < count; i++) {
        if (!merged || all[merged - 1].key != all[i].key) {
            all[merged++] = all[i];
            continue;
        }
        IndexHit *same = &all[merged - 1];
        same->keyword_score += all[i].keyword_score;
        same->keyword_normal += all[i].keyword_normal;
        same->vector_score += all[i].vector_score;
        same->vector_normal += all[i].vector_normal;
        same->keyword_rank += all[i].keyword_rank;
        same->vector_rank += all[i].vector_rank;
        same->vector_part += all[i].vector_part;
    }
    for (size_t i = 0; i < merged; i++) {
        all[i].vector_weight = weight;
        all[i].shares[SHARE_KEYWORD] = (1 - weight) * all[i].keyword_normal;
        all[i].shares[SHARE_SEMANTIC] = weight * all[i].vector_normal;
    }
    order(all, merged);
    memcpy(hits, all, MIN(k, merged) * sizeof(*hits));
    return MIN(k, merged);
}

#define NEIGHBOURS 3

/* The support that hit `i` gets: the mean score of its nearest, by their squared cosines. */
static float support(const IndexHit *hits, size_t count, const float *cosines, size_t i)
{
    size_t nearest[NEIGHBOURS], have = 0;
    for (size_t j = 0; j < count; j++) {
        float cosine = cosines[i * count + j];
        if (j == i || cosine <= 0 ||
            (have == NEIGHBOURS && cosine <= cosines[i * count + nearest[have - 1]]))
            continue;
        size_t at = have < NEIGHBOURS ? have++ : NEIGHBOURS - 1;
        for (; at && cosines[i * count + nearest[at - 1]] < cosine; at--)
            nearest[at] = nearest[at - 1];
        nearest[at] = j;
    }
    float sum = 0, weights = 0;
    for (size_t n = 0; n < have; n++) {
        float weight = cosines[i * count + nearest[n]] * cosines[i * count + nearest[n]];
        sum += weight * hits[nearest[n]].score;
        weights += weight;
    }
    return weights > 0 ? sum / weights : hits[i].score;
}

void fusion_smooth(IndexHit *hits, size_t count, const float *cosines, float share)
{
    AUTO_FREE float *supports = heap_alloc((count + 1) * sizeof(*supports));
    for (size_t i = 0; i < count; i++)
        supports[i] = support(hits, count, cosines, i);
    fusion_mix(hits, count, SHARE_NEIGHBOURS, share, supports);
}
