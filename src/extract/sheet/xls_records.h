/* xls_records.h - the records of an Excel stream (BIFF 2 to 8, [MS-XLS] 2.1.4) and their texts.
 *
 * A record whose data is longer than 8 KB goes on in CONTINUE records; a cursor reads across them.
 * Past the end of the data it gives zeros and empty texts. */
#pragma once

#include "extract/ole/ole_file.h"

/* clang-format off */
enum {
    XLS_FORMULA2 = 0x06, XLS_EOF = 0x0A, XLS_HEADER = 0x14, XLS_FOOTER = 0x15, XLS_NOTE = 0x1C,
    XLS_DATE1904 = 0x22, XLS_FILEPASS = 0x2F, XLS_CONTINUE = 0x3C, XLS_CODEPAGE = 0x42,
    XLS_OBJ = 0x5D, XLS_BOUNDSHEET = 0x85, XLS_MULRK = 0xBD, XLS_RSTRING = 0xD6, XLS_XF = 0xE0,
    XLS_MERGEDCELLS = 0xE5, XLS_SST = 0xFC, XLS_LABELSST = 0xFD, XLS_TXO = 0x1B6,
    XLS_HLINK = 0x1B8, XLS_RK = 0x27E, XLS_FORMAT = 0x41E, XLS_HEADERFOOTER = 0x89C,
    XLS_SERIES = 0x1003, XLS_SERIESTEXT = 0x100D, XLS_BEGIN = 0x1033, XLS_END = 0x1034,
    XLS_SIINDEX = 0x1065,
};
/* clang-format on */

typedef struct XlsRecord {
    int type;
    size_t at, end; /* in the stream: of its header, and behind its data */
    Str data;
} XlsRecord;

/* The record at a position; false at the end of the stream or when it is cut. */
bool xls_record(Str stream, size_t at, XlsRecord *record_r);

typedef struct XlsCursor {
    Str stream;
    size_t at, end; /* of the piece that is being read */
    bool is_over;   /* more was asked for than there is */
} XlsCursor;

XlsCursor xls_cursor(Str stream, const XlsRecord *record);
/* Little endian, `width` bytes. */
uint32_t xls_number(XlsCursor *cursor, int width);
double xls_double(XlsCursor *cursor);
void xls_skip(XlsCursor *cursor, size_t count);

/* How texts are stored: BIFF 8 has Unicode, the older ones bytes in a charset. */
typedef struct XlsCharset {
    bool is_unicode;
    const char *name;
} XlsCharset;

/* A text behind its length of `width` bytes, appended to `out`. */
void xls_text(XlsCursor *cursor, const XlsCharset *charset, int width, Buf *out);
/* `count` characters, appended; in Unicode a byte of flags goes before them. */
void xls_characters(XlsCursor *cursor, const XlsCharset *charset, size_t count, Buf *out);
/* A text of the shared table (2.5.293); its phonetic reading is appended to `phonetic`. */
void xls_rich_text(XlsCursor *cursor, Buf *out, Buf *phonetic);
/* UTF-16LE, appended as UTF-8 up to the first NUL. */
void xls_add_utf16(Str bytes, Buf *out);

/* An RK number (2.5.217). */
double xls_rk(uint32_t packed);
double xls_double_of(Str bytes);
