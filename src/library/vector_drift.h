/* vector_drift.h - what vector_follower.c and vector_drift.c share. */
#pragma once

#include "library/vector_follower.h"
#include "store/vectors_store.h"

/* Of one part of a row: another one when the vector was made anew. */
uint32_t vector_row_sum(const Vector *row, size_t part, size_t dims);
/* All parts of these rows. */
MUST_CHECK bool vector_rows_put(VectorStore *store, const VectorSpace *space,
                                const VectorList *rows, Error *err);
