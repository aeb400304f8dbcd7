/* fusion.h - one ranking from the keyword leg's and the vector leg's.
 *
 * Each leg's scores are stretched to 0..1 over its hits and added with weights; a hit that a leg
 * does not have counts 0 there. A leg weighs the more the further its best stands above its worst,
 * in standard deviations of its scores: one whose best stand out says more than one that finds all
 * alike. Measured better than fixed weights, and those than reciprocal ranks (docs/ranking.md). A
 * leg without hits leaves the ranking to the other. */
#pragma once

#include "index/shelf.h"

/* Share of the vector leg where both stand out alike: 0.5 to 0.6 differ by 0.003 in the mean. */
#define FUSION_VECTOR_WEIGHT 0.55f
/* Hits of each leg that are fused; more does not help. */
#define FUSION_DEPTH 200
/* The best of both that may support each other. */
#define FUSION_NEAR 100

/* What a score is made of. */
typedef enum Share {
#define SHARE(name, title) SHARE_##name,
#include "index/shares.def"
#undef SHARE
    SHARE_COUNT
} Share;

typedef struct ShareAbout {
    const char *name, *title;
} ShareAbout;
extern const ShareAbout shares_about[SHARE_COUNT];

typedef struct IndexHit {
    uint64_t key;
    float score;                         /* 0..1: the sum of the shares */
    float shares[SHARE_COUNT];           /* what each adds to it */
    float keyword_score, vector_score;   /* BM25; cosine (of several vectors the mean of the
                                            chunk's own and its best); 0 where the rank is 0 */
    float keyword_normal, vector_normal; /* from the leg's worst hit, 0, to its best, 1 */
    float vector_weight;                 /* of the vector leg for this query; the rest: keywords */
    uint32_t keyword_rank, vector_rank;  /* from 1; 0: the leg does not have it */
    uint32_t vector_part;                /* that has the vector score */
} IndexHit;

/* Both legs best first. The best `k` into hits[k]; returns how many. */
size_t fusion_merge(const LegHit *keyword, size_t keyword_count, const LegHit *vector,
                    size_t vector_count, float vector_weight, size_t k, IndexHit *hits);

/* Hits near to each other support each other: each gets `share` of its score from its three nearest
 * among the hits (weights: squared cosines, [count][count]), then they are ordered anew. Measured:
 * docs/ranking.md. */
void fusion_smooth(IndexHit *hits, size_t count, const float *cosines, float share);
#define FUSION_SUPPORT 0.3f

/* values[i], 0..1, makes `weight` of the score of hits[i] from now on, what made it before the
 * rest; then they are ordered anew. */
void fusion_mix(IndexHit *hits, size_t count, Share share, float weight, const float *values);
