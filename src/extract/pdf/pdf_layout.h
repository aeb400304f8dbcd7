/* pdf_layout.h - from the spans of a page to paragraphs, headings, lists and tables.
 *
 * The order in which a file draws its text is trusted, because producers write it in reading
 * order far more often than geometry alone would guess right; geometry decides where a paragraph
 * ends, which spans are a table, and puts interleaved columns one after the other. */
#pragma once

#include "extract/document.h"
#include "extract/pdf/pdf_file.h"

enum { HEADING_SIZES_MAX = 6 };

/* How the document looks as a whole, from a sample of its pages. */
typedef struct PdfStyle {
    float body_size;
    float heading_sizes[HEADING_SIZES_MAX]; /* falling */
    int heading_count;
    bool is_mostly_bold, is_mostly_mono;
} PdfStyle;

/* The style of `count` pages. */
PdfStyle pdf_style(const PageText *pages, size_t count);

/* Tables of a page. Their spans get a number in `table`. */
typedef struct TableCell {
    Str text;
    Box box;
    int columns, rows; /* how many it spans; 0 is 1 */
    bool is_covered;   /* by one to the left or above that spans it */
} TableCell;
typedef struct TableRow {
    TableCell *cells; /* as many as the table has columns; an empty text where there is none */
    Box box;
    bool is_bold;
} TableRow;
typedef struct PageTable {
    int column_count, header_count; /* header rows that are known to be some */
    VEC(TableRow) rows;
} PageTable;
typedef VEC(PageTable) PageTables;
PageTables pdf_find_tables(Arena *arena, PageText *page);
/* Those with ruling lines between their cells; called first. */
void pdf_find_ruled_tables(Arena *arena, PageText *page, PageTables *tables);

/* Write a page's blocks; `outline` are the outline's entries of this page. */
bool pdf_write_page(DocWriter *doc, Arena *arena, PageText *page, const PdfStyle *style,
                    const OutlineItem *outline, size_t outline_count);

/* --- Used by both --- */

static inline Box box_union(Box a, Box b)
{
    return (Box){ MIN(a.x0, b.x0), MIN(a.y0, b.y0), MAX(a.x1, b.x1), MAX(a.y1, b.y1) };
}
/* "•", "-", "3.", "(a)", "iv)" at the start of a text, followed by a space; its length or 0. */
size_t pdf_list_marker(Str text);
