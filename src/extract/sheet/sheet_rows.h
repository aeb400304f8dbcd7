/* sheet_rows.h - the cells of a worksheet become rows of tables; shared by every workbook format.
 *
 *     sheet_rows_merge()*  ->  { sheet_row_begin -> sheet_row_cell()* -> sheet_row_end }*
 *                          ->  sheet_rows_end
 *
 * Rows come in order, and the cells of a row too. An empty row divides tables. */
#pragma once

#include "extract/document.h"

/* Columns and rows from 0, both ends included. */
typedef struct SheetMerge {
    int column0, row0, column1, row1;
} SheetMerge;

typedef struct SheetCell {
    int column;
    Str text;
} SheetCell;

typedef struct SheetRows {
    DocWriter *doc;
    Arena *arena, *scratch; /* scratch is emptied at the begin of each row */
    Str sheet;
    int first_column; /* of the used range, so that columns stay under each other */
    int row, last_row;
    bool in_table;
    VEC(SheetCell) cells;
    VEC(SheetMerge) merges;
    VEC(SheetMerge) active; /* those that touch the row, by column */
    size_t merge_at, active_at;
    bool is_sorted;
} SheetRows;

SheetRows sheet_rows(DocWriter *doc, Arena *arena, Arena *scratch, Str sheet);
/* A merged range; false when there are too many. Before the first row. */
bool sheet_rows_merge(SheetRows *rows, SheetMerge merge);
void sheet_row_begin(SheetRows *rows, int row);
/* Nothing is kept of an empty text. The text is copied. */
void sheet_row_cell(SheetRows *rows, int column, Str text);
bool sheet_row_end(SheetRows *rows);
void sheet_rows_end(SheetRows *rows);

/* The sheet's heading; a hidden one says so. */
void sheet_heading(DocWriter *doc, Str name, bool is_hidden);
/* The place of the blocks that follow: the sheet, and its cell unless `column` is negative. */
void sheet_place(DocWriter *doc, Str sheet, int column, int row);
/* A page header or footer: "&L&\"Arial,Bold\"Left&CPage &P" without its codes. */
void sheet_header(DocWriter *doc, Str codes);
/* "B4" as column 1, row 3; false when it is no cell. */
bool cell_parse(Str text, int *column_r, int *row_r);
/* "B4" in out[16]. */
Str cell_name(int column, int row, char *out);

/* How texts of cells are read aloud (Japanese), which is no part of the cells: a line for each text
 * whose reading it does not hold itself, for sheet_readings_write() behind the last sheet. */
enum { SHEET_READINGS_MAX = 1 << 20 };
void sheet_reading(Buf *readings, Str text, Str reading);
void sheet_readings_write(DocWriter *doc, const Buf *readings);
