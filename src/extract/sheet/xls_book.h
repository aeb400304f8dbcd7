/* xls_book.h - an Excel workbook from 2.0 to 2003: what its sheets share, and its sheets.
 *
 *     xls_book_read  ->  xls_write_sheet() for each of book.sheets */
#pragma once

#include "extract/document.h"
#include "extract/sheet/xls_records.h"

typedef struct XlsSheet {
    Str name;
    size_t at; /* of its BOF */
    bool is_hidden;
} XlsSheet;

typedef struct XlsBook {
    Arena *arena;
    DocWriter *doc;
    Str stream;
    int version; /* BIFF 2, 3, 4, 5 (also 7) or 8 */
    XlsCharset charset;
    bool is_1904;
    VEC(XlsSheet) sheets;
    VEC(Str) strings;
    Buf readings;          /* see sheet_reading() */
    VEC(Str) codes;        /* of number formats, by their id; empty where the file has none */
    VEC(uint16_t) formats; /* of a cell's style: the id of its number format */
    VEC(Str) style_codes;  /* the same as codes, once all are read */
} XlsBook;

/* The version a BOF record begins; 0 when it is none. */
int xls_version(const XlsRecord *record);
/* Fails with ERROR_DAMAGED when the stream does not begin as a workbook or sheet. */
MUST_CHECK bool xls_book_read(XlsBook *book, Error *err);
/* Rows, notes, text boxes and charts of a sheet. */
void xls_write_sheet(XlsBook *book, const XlsSheet *sheet);
/* The chart whose BOF is at this position; the place is set already. */
void xls_write_chart(XlsBook *book, size_t at);

/* The number format of a cell's style. */
Str xls_code(const XlsBook *book, unsigned style);
/* A value as it is shown. */
Str xls_shown(const XlsBook *book, Arena *arena, double value, unsigned style);
/* The name of an error value, "#REF!". */
Str xls_error(unsigned code);
