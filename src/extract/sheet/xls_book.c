/* xls_book.c - the globals of a workbook: sheets, shared strings, number formats. */
#include "extract/sheet/xls_book.h"

#include "extract/charset/encoding.h"
#include "extract/sheet/number_format.h"
#include "extract/sheet/sheet_rows.h"

enum { SHEETS_MAX = 10000, FORMATS_MAX = 65536, CODE_MAX = 4096, TEXT_MAX = 1 << 20 };

int xls_version(const XlsRecord *record)
{
    switch (record->type) {
    case 0x009: return 2;
    case 0x209: return 3;
    case 0x409: return 4;
    case 0x809: return le16_at(record->data, 0) >= 0x600 ? 8 : 5;
    default: return 0;
    }
}

Str xls_error(unsigned code)
{
    switch (code) {
    case 0x00: return S("#NULL!");
    case 0x07: return S("#DIV/0!");
    case 0x0F: return S("#VALUE!");
    case 0x17: return S("#REF!");
    case 0x1D: return S("#NAME?");
    case 0x24: return S("#NUM!");
    case 0x2A: return S("#N/A");
    default: return S("#ERROR!");
    }
}

/* --- Number formats --- */

/* 2.4.126; before BIFF 5 the formats have no number but their order. */
static void read_format(XlsBook *book, const XlsRecord *record)
{
    XlsCursor cursor = xls_cursor(book->stream, record);
    Buf code = buf_new(book->arena, CODE_MAX);
    size_t id = book->codes.count;
    if (book->version >= 5)
        id = xls_number(&cursor, 2);
    else if (book->version == 4)
        xls_skip(&cursor, 2);
    if (id >= FORMATS_MAX)
        return;
    xls_text(&cursor, &book->charset, book->version == 8 ? 2 : 1, &code);
    while (book->codes.count <= id)
        *vec_push(book->arena, &book->codes) = STR_NONE;
    book->codes.at[id] = buf_str(&code);
}

static void read_style(XlsBook *book, const XlsRecord *record)
{
    static const int positions[] = { [2] = 2, [3] = 1, [4] = 1, [5] = 2, [8] = 2 };
    size_t at = (size_t)positions[book->version];
    unsigned id = book->version >= 5
                      ? le16_at(record->data, at)
                      : (unsigned char)(at < record->data.length ? record->data.at[at] : 0);
    if (book->formats.count < FORMATS_MAX)
        *vec_push(book->arena, &book->formats) = (uint16_t)(book->version == 2 ? id & 0x3F : id);
}

static Str code_of(const XlsBook *book, unsigned id)
{
    if (id < book->codes.count && book->codes.at[id].length)
        return book->codes.at[id];
    return book->version >= 5 ? str(number_format_builtin((int)id)) : STR_NONE;
}

Str xls_code(const XlsBook *book, unsigned style)
{
    if (book->version == 2) /* the cell itself has the format */
        return code_of(book, style);
    return style < book->style_codes.count ? book->style_codes.at[style] : STR_NONE;
}

Str xls_shown(const XlsBook *book, Arena *arena, double value, unsigned style)
{
    return number_format(arena, value, xls_code(book, style), book->is_1904);
}

static void join_styles(XlsBook *book)
{
    for (size_t i = 0; i < book->formats.count; i++)
        *vec_push(book->arena, &book->style_codes) = code_of(book, book->formats.at[i]);
}

/* --- Shared strings (2.4.265) --- */

static void read_strings(XlsBook *book, const XlsRecord *record)
{
    XlsCursor cursor = xls_cursor(book->stream, record);
    AUTO_ARENA Arena *scratch = arena_new(MB(16));
    Buf text = buf_new(scratch, TEXT_MAX), phonetic = buf_new(scratch, TEXT_MAX);
    xls_skip(&cursor, 4);
    uint32_t count = xls_number(&cursor, 4);
    while (count-- > 0 && !cursor.is_over && arena_used(book->arena) < MB(512)) {
        text.length = phonetic.length = 0;
        xls_rich_text(&cursor, &text, &phonetic);
        sheet_reading(&book->readings, buf_str(&text), buf_str(&phonetic));
        *vec_push(book->arena, &book->strings) = str_copy(book->arena, buf_str(&text));
    }
}

/* --- Sheets (2.4.28) --- */

static void read_sheet(XlsBook *book, const XlsRecord *record)
{
    enum { WORKSHEET = 0, MACRO = 1, CHART = 2 };
    XlsCursor cursor = xls_cursor(book->stream, record);
    Buf name = buf_new(book->arena, KB(1));
    size_t at = xls_number(&cursor, 4);
    unsigned state = xls_number(&cursor, 1), kind = xls_number(&cursor, 1);
    xls_text(&cursor, &book->charset, 1, &name);
    if (book->sheets.count < SHEETS_MAX && (kind == WORKSHEET || kind == MACRO || kind == CHART))
        *vec_push(book->arena, &book->sheets) =
            (XlsSheet){ .name = buf_str(&name), .at = at, .is_hidden = (state & 3) != 0 };
}

static void read_global(XlsBook *book, const XlsRecord *record)
{
    switch (record->type) {
    case XLS_CODEPAGE:
        book->charset.name = charset_of_codepage((int)le16_at(record->data, 0));
        break;
    case XLS_DATE1904: book->is_1904 = le16_at(record->data, 0) == 1; break;
    case XLS_BOUNDSHEET: read_sheet(book, record); break;
    case XLS_SST: read_strings(book, record); break;
    case XLS_FORMAT:
    case 0x1E: read_format(book, record); break;
    case XLS_XF:
    case 0x43:
    case 0x243:
    case 0x443: read_style(book, record); break;
    default: break;
    }
}

/* A file without a list of sheets, or one whose list is broken: each begin of a sheet. */
static void find_sheets(XlsBook *book, size_t at)
{
    XlsRecord record;
    int depth = 0;
    for (; xls_record(book->stream, at, &record); at = record.end) {
        if (record.type == XLS_EOF) {
            depth = MAX(0, depth - 1);
        } else if (xls_version(&record) && depth++ == 0 && book->sheets.count < SHEETS_MAX) {
            Str name = str_format(book->arena, "Sheet%zu", book->sheets.count + 1);
            *vec_push(book->arena, &book->sheets) = (XlsSheet){ .name = name, .at = at };
        }
    }
}

bool xls_book_read(XlsBook *book, Error *err)
{
    enum { GLOBALS = 5 };
    XlsRecord record;
    if (!xls_record(book->stream, 0, &record) || !xls_version(&record))
        return fail(err, ERROR_DAMAGED, "the Excel workbook has no beginning");
    book->version = xls_version(&record);
    book->charset.is_unicode = book->version == 8;
    book->readings = buf_new(book->arena, SHEET_READINGS_MAX);
    bool is_sheet = le16_at(record.data, 2) != GLOBALS;
    size_t at = record.end;
    for (; xls_record(book->stream, at, &record) && record.type != XLS_EOF; at = record.end)
        read_global(book, &record);
    join_styles(book);
    if (book->sheets.count == 0)
        find_sheets(book, is_sheet ? 0 : at);
    return true;
}
