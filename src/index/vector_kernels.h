/* vector_kernels.h - the two inner loops of the vector search, for the processor at hand. */
#pragma once

#include "base/base.h"

typedef struct VectorKernels {
    const char *name;
    bool (*is_supported)(void);
    /* Differing bits of `query` and each vector: groups of 8 vectors, word j of the 8 side by
     * side; distances[8 * groups]. */
    void (*distances)(const uint64_t *signs, size_t groups, size_t words, const uint64_t *query,
                      uint16_t *distances);
    /* Sum of query[i] * values[i]. */
    float (*inner)(const float *query, const int8_t *values, size_t dims);
} VectorKernels;

/* The best supported one. */
const VectorKernels *vector_kernels(void);
/* All, best first; for tests. NULL ends the list. */
extern const VectorKernels *const vector_kernels_all[];
