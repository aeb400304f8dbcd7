/* held_table.h - the rows of a table while it is read, for formats that say only with the next row
 * that a cell goes on below: such cells become one with a row span. */
#pragma once

#include "extract/document.h"

typedef struct HeldTableCell {
    Str text;
    int column, span, row_span;
    bool goes_on; /* of the cell above */
} HeldTableCell;

typedef struct HeldTableRow {
    VEC(HeldTableCell) cells;
    bool is_header;
    int page;
} HeldTableRow;

typedef struct HeldTable {
    Arena *arena; /* keeps the cells until the table is written */
    VEC(HeldTableRow) rows;
    bool is_row_open, is_begun;
    int page; /* where the rows that follow are; 0: it is not known */
} HeldTable;

/* The text is kept, not copied. */
void held_table_cell(HeldTable *table, Str text, int span, bool goes_on);
/* Nothing when no cell was added. A very long table is written in pieces. */
void held_table_end_row(HeldTable *table, DocWriter *doc, bool is_header);
/* Write what is held and be empty again. */
void held_table_write(HeldTable *table, DocWriter *doc);
