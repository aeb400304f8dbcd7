/* coverage.h - how much of a query's words each hit has, and what follows from it: how far the
 * vector leg is believed, and what comes first of hits that are alike.
 *
 *     keyword leg -> coverage_begin() -> vector leg -> coverage_end() -> coverage_trust(),
 * ..._favour()
 *
 * Threads: one search's. */
#pragma once

#include "index/fusion.h"
#include "index/keyword.h"

/* Of the hits of both legs, ascending by key. */
typedef struct Coverage {
    KeywordCoverage *words; /* NULL: the query is too long, or says itself what must occur */
    size_t count;
    uint64_t *keys, *marks; /* the second: which of the query's words they have */
    float *shares;          /* of the query's words, the rare ones counting more */
    float most;             /* of the shares */
} Coverage;

/* Of the keyword leg's hits, before those of the vector leg are there: whoever waits for a vector
 * has the time. */
Coverage coverage_begin(KeywordIndex *index, Arena *arena, const Query *query,
                        const LegHit *keyword, size_t count);
/* Of all hits. */
void coverage_end(Arena *arena, const LegHit *vector, size_t vector_count, Coverage *coverage);
/* `weight` of the vector leg when it counts by its trust, too. */
float coverage_trust(float weight, const Coverage *coverage, const LegHit *vector, size_t count);
/* By the fourth power of its part of the most that anything has: half of that says little. All of
 * it says less, by its third power, where nothing has all words. */
void coverage_favour(Arena *arena, const Coverage *coverage, IndexHit *hits, size_t count);
