/* search_explain.h - why a result has its score.
 *
 *     score = sum of the shares
 *     share of a leg = kept * weight * normal     the rest of `kept` went to the other shares
 *     BM25 score = sum of the terms' scores       (index/keyword_explain.h)
 */
#pragma once

#include "index/index.h"

/* What a part of the search adds to a score. */
typedef struct SearchShare {
    const char *name, *title;
    double value;
} SearchShare;

/* What a leg adds, step by step. */
typedef struct SearchLegShare {
    const char *name;
    double score;  /* BM25, or cosine */
    double normal; /* that, between the leg's worst hit (0) and its best (1) */
    double weight; /* of the leg among both */
    double kept;   /* of what both give, when other shares were mixed in */
    double value;  /* their product: the share */
} SearchLegShare;

typedef struct SearchTermShare {
    Str word;             /* as it was typed */
    KeywordTermScore how; /* as the index has it */
    double value;         /* of the keyword leg's share */
} SearchTermShare;

#define SEARCH_TERMS_EXPLAINED 12

typedef struct SearchExplanation {
    SearchShare *shares; /* without those that add nothing */
    size_t share_count;
    SearchLegShare legs[2]; /* those that have found it */
    size_t leg_count;
    SearchTermShare *terms; /* the best first, at most SEARCH_TERMS_EXPLAINED */
    size_t term_count;
} SearchExplanation;

const SearchExplanation *search_explain(Arena *arena, Index *index, const Query *query,
                                        const IndexHit *hit);
