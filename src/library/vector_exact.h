/* vector_exact.h - vectors compared one by one with a query, as the rows of the database have them:
 * those that a store outside has not taken yet, and all that a filter allows where the store would
 * take too long to find the nearest of them.
 *
 * Rows are read a slice at a time, so memory does not grow with what is allowed. The rows are the
 * truth: what a store has lost, or has otherwise, does not matter here. Threads: any. */
#pragma once

#include "index/vector_store.h"
#include "store/vectors_store.h"

/* All parts of those rows that the filter (NULL: all) allows into hits[rows * VECTOR_PARTS_MAX]
 * (index/vectors.h); how many. A row with more is left out, as stores leave it. */
size_t vector_exact_hits(const VectorSpace *space, const VectorList *rows, const float *query,
                         const KeyFilter *filter, Arena *arena, LegHit *hits);
/* VectorExact (index/vector_store.h) of the rows in this database. */
VectorExact vector_exact_of(Db *db);
