/* vectors_private.h - what the files of the vector index share: its segments. */
#pragma once

#include "index/vector_kernels.h"
#include "index/vectors.h"

typedef struct VectorView {
    const uint64_t *signs;
    const float *scales;
    const int8_t *values;
} VectorView;

static inline size_t words_of(size_t dims) { return (dims + 63) / 64; }
static inline size_t groups_of(size_t count) { return (count + 7) / 8; }

/* A segment to be filled, all zeros behind the head. */
Bytes vector_segment_new(size_t dims, size_t count);
/* Entry `at`; names ascend. */
void vector_segment_put(Bytes *bytes, size_t dims, size_t at, uint64_t name, float scale,
                        const int8_t *values);

struct VectorIndex {
    Shelf *shelf;
    size_t dims;
    const VectorKernels *kernels;
    Bytes names, vectors; /* waiting */
};
