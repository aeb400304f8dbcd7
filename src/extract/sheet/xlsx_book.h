/* xlsx_book.h - what the sheets of a workbook share: strings, number formats, the list of sheets.
 */
#pragma once

#include "extract/office/ooxml.h"
#include "extract/sheet/sheet_rows.h"

typedef struct SheetEntry {
    Str name, relation;
    bool is_hidden;
} SheetEntry;

typedef struct Book {
    Package *package;
    Arena *arena;
    DocWriter *doc;
    Relations relations;
    VEC(SheetEntry) sheets;
    VEC(Str) strings;
    Buf readings;
    VEC(Str) formats; /* by the style index of a cell: its number format code */
    bool is_1904;
} Book;

/* Fails when the workbook part cannot be read; damage in the others becomes a warning. */
MUST_CHECK bool book_read(Book *book, const Part *main_part, Error *err);

/* The part that the workbook relates to by this type; NULL if none. */
const Part *book_part(const Book *book, const char *type);
/* Each sheet under its heading, written by `write`. */
void book_write_sheets(Book *book,
                       void (*write)(Book *book, const SheetEntry *sheet, const Part *part));
/* Text boxes, charts and diagrams on a sheet. */
void book_write_drawings(Book *book, Str sheet, const Relations *relations);
/* One sheet's rows as a table, with its comments, drawings, header and footer. */
void book_write_sheet(Book *book, const SheetEntry *sheet, const Part *part);
