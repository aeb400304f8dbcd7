/* vectors_cells.h - entries of a segment in cells of neighbours, so that a search looks into the
 * cells near its query and leaves the others: an inverted file (Jegou, Douze and Schmid, "Product
 * quantization for nearest neighbor search", 2011, section IV), its centres by spherical k-means
 * (Dhillon and Modha, 2001). */
#pragma once

#include "base/base.h"

/* What stands for nothing in the bytes of a centre, from 0 to VECTOR_ROW_MAX. */
#define CENTRE_ZERO 64

#define VECTOR_CELLS_MAX 32768 /* their numbers fit in 16 bits */

typedef struct VectorCells {
    size_t count;     /* 1: all in one, which has no centre */
    uint32_t *of;     /* the cell of each entry; NULL: all in cell 0 */
    uint8_t *centres; /* [count][words * 64], each value plus CENTRE_ZERO */
    float *scales;    /* of an inner product with a centre's values, to one with the unit centre */
} VectorCells;

/* So many cells are made of so many entries. */
size_t vector_cell_count(size_t entries); /* 1, or a multiple of 8 */
/* Of int8 vectors [count][dims] with their signs [count][words]. The same on
 * every processor. Release with vector_cells_free(). */
VectorCells vector_cells_make(const int8_t *values, const uint64_t *signs, size_t count,
                              size_t dims);
void vector_cells_free(VectorCells *cells);
