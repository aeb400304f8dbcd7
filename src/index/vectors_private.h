/* vectors_private.h - what the files of the vector index share: its segments. */
#pragma once

#include "index/vector_kernels.h"
#include "index/vectors.h"

/* A place of the signs that is nobody's. */
#define NO_ENTRY UINT32_MAX

typedef struct VectorView {
    const float *scales;
    const int8_t *values;
    const uint16_t *halves; /* NULL: not kept */
    /* The signs, cell after cell, each from a new group on: */
    size_t cell_count;
    const uint32_t *cell_groups; /* the first of each cell, [cell_count + 1] */
    const float *centre_scales;  /* none when there is one cell; see VectorCells */
    const uint8_t *centres;      /* [cell_count][words_of(dims) * 64] */
    const uint32_t *place_entry; /* [groups * 8] */
    const uint64_t *signs;       /* groups of eight places, word j of the eight side by side */
} VectorView;

static inline size_t words_of(size_t dims) { return (dims + 63) / 64; }
static inline size_t groups_of(size_t count) { return (count + 7) / 8; }

/* Of the shelf. */
uint64_t vector_setting(size_t dims, uint32_t identity, bool is_exact);
/* A segment to be filled, all zeros behind the head. */
Bytes vector_segment_new(uint64_t setting, size_t count);

typedef struct VectorEntry {
    uint64_t name;
    float scale;
    const int8_t *values;
    const uint16_t *halves; /* not read when the segment keeps none */
} VectorEntry;

/* Entry `at`; names ascend. */
void vector_segment_put(Bytes *bytes, size_t at, const VectorEntry *entry);
/* When all entries are put: their cells and signs. */
void vector_segment_seal(Bytes *bytes, uint64_t setting);

struct VectorIndex {
    Shelf *shelf;
    uint64_t setting;
    size_t dims;
    bool is_exact;
    const VectorKernels *kernels;
    Bytes names, vectors; /* waiting */
};
