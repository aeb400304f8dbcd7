/* pdf_ruled_int.h - the grid of a ruled table; for pdf_ruled.c and pdf_ruled_cuts.c. */
#pragma once

#include "extract/pdf/pdf_layout.h"

enum { EDGES_MAX = 200, GRID_MAX = 20000 }; /* of a frame: lines one way, cells */

/* Lines nearer than this are one. */
static const float NEAR = 2.5F;

typedef struct Frame {
    Arena *arena;
    PageText *page;
    const Rule *rules; /* of the frame */
    int rule_count;
    float xs[EDGES_MAX], ys[EDGES_MAX];
    int columns, rows;    /* one less than the edges */
    bool *right, *bottom; /* of each cell of the grid: there is a line */
    int *owner;           /* of each cell: the cell at the top left of its group */
    int *spans;           /* of the page, those inside, in reading order */
    int span_count;
} Frame;

/* A group of cells and what stands in it. */
typedef struct Region {
    int row, column, rows, columns;
    Str text;
    int lines;
    float width_used; /* of its widest line but the last, as a share of its own */
    bool is_bold;
} Region;

/* The step between two edges that holds the value; -1: none. */
static inline int step_at(const float *edges, int count, float value)
{
    for (int i = 0; i < count; i++)
        if (value >= edges[i] && value < edges[i + 1])
            return i;
    return -1;
}

/* The functions below add to the grid the lines that are missing; true: there was one to add.
 * region_of_span: of each of frame->spans, or -1. */

/* Cuts the rows between the lines of text in them. */
bool ruled_cut_rows(Frame *frame, const Region *regions, int count);
/* Cuts columns where most lines leave the same space free. */
bool ruled_cut_columns(Frame *frame, const Region *regions, const int *region_of_span);
/* An edge of the grid that no text of the group crosses keeps apart what stands on both its
 * sides. */
bool ruled_draw_gaps(Frame *frame, const Region *regions, int count, const int *region_of_span);
