/* vector_kernels.h - the inner loops of the vector search, for the processor at hand. Every set
 * gives the same numbers, but for the rounding of inner_half. */
#pragma once

#include "base/base.h"

typedef struct VectorKernels VectorKernels;

/* No sum of a product of a query with values in -127..127 overflows 32 bits, up to 4096 values. */
#define VECTOR_QUERY_MAX 4095
/* Two products of such a value with one of -127 to 127 have a sum of 16 bits. */
#define VECTOR_ROW_MAX 127

struct VectorKernels {
    const char *name;
    bool (*is_supported)(void);
    /* Differing bits of `query` and each vector: groups of 8 vectors, word j of the 8 side by
     * side; distances[8 * groups]. */
    void (*distances)(const uint64_t *signs, size_t groups, size_t words, const uint64_t *query,
                      uint16_t *distances);
    /* The places, ascending, of distances less than `limit` into near[count]; how many. */
    size_t (*select)(const uint16_t *distances, size_t count, uint16_t limit, uint16_t *near);
    /* How many are less than `limit`. */
    size_t (*count)(const uint16_t *distances, size_t count, uint16_t limit);
    /* Sum of query[i] where bit i of the signs is set; words of one vector in a group, the query
     * of 64 values a word, -127 to 127. */
    int32_t (*sum_signed)(const int8_t *query, const uint64_t *signs, size_t words);
    /* Sums of query[i] * row[i] for each row of 64 * words values, 0 to VECTOR_ROW_MAX; the query
     * as for sum_signed; inners[rows], whose number is a multiple of four. */
    void (*inner_rows)(const int8_t *query, const uint8_t *values, size_t rows, size_t words,
                       int32_t *inners);
    /* Sum of query[i] * values[i]; query within VECTOR_QUERY_MAX. */
    int32_t (*inner)(const int16_t *query, const int8_t *values, size_t dims);
    /* The same of half-precision values (IEEE 754 binary16). */
    float (*inner_half)(const float *query, const uint16_t *halves, size_t dims);
};

/* The best supported one. */
const VectorKernels *vector_kernels(void);
/* All, best first; for tests. NULL ends the list. */
extern const VectorKernels *const vector_kernels_all[];
