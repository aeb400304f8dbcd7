/* ocr_table.h - rows and columns among recognised words.
 *
 * Words with wide gaps between them are cells; three and more rows of at least two short cells
 * that stand below one another are a table. Columns of prose are not: their lines are long. */
#pragma once

#include "worker/picture/ocr.h"

typedef struct OcrCell {
    size_t first, count; /* in OcrTable.words */
    int column;
} OcrCell;

typedef struct OcrRow {
    VEC(OcrCell) cells;
} OcrRow;

typedef struct OcrTable {
    VEC(OcrRow) rows;
    VEC(size_t) words; /* of the page, cell by cell */
    int column_count;
    size_t first_word; /* the earliest in reading order: the table stands there */
} OcrTable;

typedef struct OcrTables {
    VEC(OcrTable) tables;
    int *table_of; /* of each word of the page: its table from 1, or 0 */
} OcrTables;

OcrTables ocr_find_tables(Arena *arena, const OcrPage *page);
