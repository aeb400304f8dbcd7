/* vectors_cells.h - entries of a segment in cells of neighbours, so that a search looks into the
 * cells near its query and leaves the others: an inverted file (Jegou, Douze and Schmid, "Product
 * quantization for nearest neighbor search", 2011, section IV), its centres by spherical k-means
 * (Dhillon and Modha, 2001). Segments that are merged give their centres to start from, so that a
 * merge is one more round over all of their entries. */
#pragma once

#include "base/base.h"

/* What stands for nothing in the bytes of a centre, from 0 to VECTOR_ROW_MAX. */
#define CENTRE_ZERO 64

#define VECTOR_CELLS_MAX 32768 /* their numbers fit in 16 bits */
#define NO_CELL UINT32_MAX

/* What cells are to start from. */
typedef struct VectorCentres {
    size_t count;
    const uint8_t *values; /* [count][words * 64], each value plus CENTRE_ZERO */
} VectorCentres;

typedef struct VectorCells {
    size_t count;
    uint8_t *centres; /* as in VectorCentres; none when there is one cell */
    float *scales;    /* of an inner product with a centre's values, to one with the unit centre */
    uint32_t *first;  /* in `entries`, of each cell, [count + 1] */
    uint32_t *entries;
} VectorCells;

/* So many cells are made of so many entries. */
size_t vector_cell_count(size_t entries); /* 1, or a multiple of 8 */
/* Of int8 vectors [count][dims] with their signs [count][words] that were in of[count] (NO_CELL: in
 * none) of `before`; `of` is used. Nothing is kept of centres but what these vectors say. The same
 * on every processor. Release with vector_cells_free(). */
VectorCells vector_cells_make(const int8_t *values, const uint64_t *signs, size_t count,
                              size_t dims, const VectorCentres *before, uint32_t *of);
void vector_cells_free(VectorCells *cells);
