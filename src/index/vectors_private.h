/* vectors_private.h - what the files of the vector index share: its segments. */
#pragma once

#include "index/vector_kernels.h"
#include "index/vectors.h"
#include "index/vectors_cells.h"

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

typedef struct VectorEntry {
    uint64_t name;
    uint32_t cell; /* of those of before, or NO_CELL */
    float scale;
    const int8_t *values;
    const uint16_t *halves; /* not read when the segment keeps none */
} VectorEntry;

/* A segment that is filled. */
typedef struct VectorDraft {
    Bytes bytes; /* zeros behind the head and the entries */
    size_t count;
    uint64_t *signs; /* [count][words_of(dims)] */
    uint32_t *cells; /* [count] */
} VectorDraft;

VectorDraft vector_segment_new(uint64_t setting, size_t count);
/* The next entry; names ascend. */
void vector_segment_put(VectorDraft *draft, const VectorEntry *entry);
/* When all entries are put: their cells, from those of before, and signs. Uses the draft up. */
Bytes vector_segment_seal(VectorDraft *draft, uint64_t setting, const VectorCentres *before);

struct VectorIndex {
    Shelf *shelf;
    uint64_t setting;
    size_t dims;
    bool is_exact;
    const VectorKernels *kernels;
    Bytes names, scales, values, halves; /* waiting */
};
