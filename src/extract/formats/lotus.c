/* lotus.c - worksheets of Lotus 1-2-3 (WKS, WK1, WK3, WK4; "Lotus File Formats for 1-2-3 Symphony &
 * Jazz", 1986, and its supplement for release 3), Quattro and Quattro Pro (WQ1, WB1, WB2), and
 * Works for DOS: a run of records, each a number, a length, and bytes.
 *
 *     1-2-3 up to 2, Quattro, Works   format 1, column 2, row 2, value
 *     Quattro Pro for Windows         column 1, page 1, row 2, style 2, value
 *     1-2-3 release 3 and 4           row 2, sheet 1, column 1, value */
#include <math.h>

#include "extract/byte_view.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/metadata.h"
#include "extract/sheet/number_format.h"
#include "extract/sheet/sheet_rows.h"

enum {
    CELLS_MAX = 4000000,
    SHEETS_MAX = 256,
    TEXT_LENGTH_MAX = 4096,
    RECORD_PASSWORD = 0x4B,
    RECORD_INTEGER = 0x0D,
    RECORD_NUMBER = 0x0E,
    RECORD_LABEL = 0x0F,
    RECORD_FORMULA = 0x10,
    RECORD_STRING = 0x33,
    RECORD_FOOTER = 0x25,
    RECORD_HEADER = 0x26,
    RECORD_PAGE_BEGIN = 0xCA,
    RECORD_PAGE_NAME = 0xCC,
    RECORD3_LABEL = 0x16,
    RECORD3_NUMBER = 0x17,
    RECORD3_SMALL = 0x18,
    RECORD3_FORMULA = 0x19,
    RECORD3_STRING = 0x1A,
    RECORD3_NAME = 0x1B,
    RECORD3_PACKED = 0x25,
    RECORD3_DOUBLE = 0x27,
    RECORD3_FORMULA_DOUBLE = 0x28,
    NAME_OF_SHEET = 14000,
};

typedef enum Layout { LAYOUT_NONE, LAYOUT_1, LAYOUT_QUATTRO, LAYOUT_3 } Layout;

typedef struct LotusCell {
    int sheet, row, column;
    uint32_t order; /* in the file: of two in one place the later counts */
    Str text;
} LotusCell;

typedef struct Lotus {
    DocWriter *doc;
    Arena *arena;
    Layout layout;
    const char *charset;
    int page; /* of Quattro Pro: the one whose records come */
    VEC(LotusCell) cells;
    Str names[SHEETS_MAX];
} Lotus;

/* --- Recognising --- */

static Layout layout_of(Str bytes)
{
    static const struct {
        uint16_t version;
        Layout layout;
    } versions[] = {
        { 0x0404, LAYOUT_1 },       { 0x0405, LAYOUT_1 },       { 0x0406, LAYOUT_1 },
        { 0x5120, LAYOUT_1 },       { 0x5121, LAYOUT_1 },       { 0x1001, LAYOUT_QUATTRO },
        { 0x1002, LAYOUT_QUATTRO }, { 0x1007, LAYOUT_QUATTRO }, { 0x1000, LAYOUT_3 },
    };
    uint16_t first = little16(bytes, 0), length = little16(bytes, 2), version = little16(bytes, 4);
    bool is_works = first == 0xFF && version == 0x0404;
    if (first == 0 && length == 0x1A && (version == 0x1000 || version == 0x1002))
        return LAYOUT_3;
    if ((first && !is_works) || length != 2)
        return LAYOUT_NONE;
    for (size_t i = 0; i < COUNT(versions); i++)
        if (version == versions[i].version)
            return versions[i].layout;
    return LAYOUT_NONE;
}

/* The next record must fit too: four small bytes are few marks. */
static int lotus_sniff(Str bytes)
{
    size_t next = 4 + (size_t)little16(bytes, 2);
    if (bytes.length < next + 4 || layout_of(bytes) == LAYOUT_NONE)
        return 0;
    return little16(bytes, next) < 0x1000 && next + 4 + little16(bytes, next + 2) <= bytes.length
               ? 80
               : 0;
}

/* --- Values --- */

static double double_at(Str bytes, size_t at)
{
    uint64_t bits = (uint64_t)little32(bytes, at) | (uint64_t)little32(bytes, at + 4) << 32;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Ten bytes: sign and exponent last, the point after the first bit. */
static double extended_at(Str bytes, size_t at)
{
    uint64_t bits = (uint64_t)little32(bytes, at) | (uint64_t)little32(bytes, at + 4) << 32;
    int exponent = little16(bytes, at + 8) & 0x7FFF;
    double value = exponent == 0x7FFF ? NAN : ldexp((double)bits, exponent - 16383 - 63);
    return little16(bytes, at + 8) & 0x8000 ? -value : value;
}

static double small_number(int16_t bits)
{
    static const double factors[8] = { 5000, 500, 0.05, 0.005, 0.0005, 0.00005, 0.0625, 0.015625 };
    return bits & 1 ? (bits >> 4) * factors[bits >> 1 & 7] : bits >> 1;
}

static double packed_number(uint32_t bits)
{
    double value = bits >> 6, power = pow(10, bits & 15);
    value = bits & 16 ? value / power : value * power;
    return bits & 32 ? -value : value;
}

/* What a format byte of release 1 and 2 is in the codes of later spreadsheets. */
static Str code_of(Arena *arena, int format)
{
    static const char *const special[16] = {
        NULL,          NULL,         "dd-mmm-yy", "dd-mmm",
        "mmm-yy",      NULL,         NULL,        "hh:mm:ss AM/PM",
        "hh:mm AM/PM", "yyyy-mm-dd", "mm-dd",     "hh:mm:ss",
        "hh:mm",       NULL,         NULL,        NULL
    };
    static const char *const kinds[8] = { "0", "0", "$#,##0", "0", "#,##0", NULL, NULL, NULL };
    int kind = format >> 4 & 7, places = format & 15;
    if (kind == 7)
        return special[places] ? str(special[places]) : S("General");
    if (!kinds[kind])
        return S("General");
    return str_format(arena, "%s%s%.*s%s", kinds[kind], places ? "." : "", places,
                      "000000000000000",
                      kind == 1   ? "E+00"
                      : kind == 3 ? "%"
                                  : "");
}

static Str number_text(Lotus *lotus, double value, int format)
{
    if (isnan(value) || isinf(value))
        return S("ERR");
    Str code = lotus->layout == LAYOUT_1 ? code_of(lotus->arena, format) : S("General");
    return number_format(lotus->arena, value, code, false);
}

/* Up to a zero; a mark before it says how it is set. */
static Str label_text(Lotus *lotus, Str bytes, bool has_mark)
{
    ptrdiff_t end = str_find_char(bytes, 0);
    bytes = str_slice(bytes, 0, MIN(end < 0 ? bytes.length : (size_t)end, TEXT_LENGTH_MAX));
    if (has_mark && bytes.length && HAS_CHAR(bytes.at[0], "'\"^\\|"))
        bytes = str_from(bytes, 1);
    return text_decode_known(lotus->arena, bytes, lotus->charset);
}

/* --- Records --- */

static void add_cell(Lotus *lotus, LotusCell cell)
{
    if (lotus->cells.count >= CELLS_MAX || cell.sheet >= SHEETS_MAX)
        return;
    cell.order = (uint32_t)lotus->cells.count;
    *vec_push(lotus->arena, &lotus->cells) = cell;
}

/* The value after a cell's address, for the layouts that share their records' numbers. */
static bool read_value(Lotus *lotus, unsigned type, Str value, int format, Str *text_r)
{
    bool is_quattro = lotus->layout == LAYOUT_QUATTRO;
    switch (type) {
    case RECORD_INTEGER:
        *text_r = number_text(lotus, (int16_t)little16(value, 0), format);
        return true;
    case RECORD_NUMBER:
    case RECORD_FORMULA: *text_r = number_text(lotus, double_at(value, 0), format); return true;
    case RECORD_LABEL:
        *text_r = label_text(lotus, is_quattro ? str_from(value, 1) : value, !is_quattro);
        return true;
    case RECORD_STRING: *text_r = label_text(lotus, value, false); return true;
    default: return false;
    }
}

static void read_record_1(Lotus *lotus, unsigned type, Str bytes)
{
    LotusCell cell = { .column = little16(bytes, 1), .row = little16(bytes, 3) };
    if (type == RECORD_HEADER || type == RECORD_FOOTER)
        doc_header(lotus->doc, label_text(lotus, bytes, true));
    else if (bytes.length > 5 &&
             read_value(lotus, type, str_from(bytes, 5), byte_at(bytes, 0), &cell.text))
        add_cell(lotus, cell);
}

static void read_record_quattro(Lotus *lotus, unsigned type, Str bytes)
{
    LotusCell cell = { .column = byte_at(bytes, 0),
                       .sheet = lotus->page,
                       .row = little16(bytes, 2) };
    if (type == RECORD_PAGE_BEGIN)
        lotus->page = byte_at(bytes, 0);
    else if (type == RECORD_PAGE_NAME)
        lotus->names[lotus->page] = label_text(lotus, bytes, false);
    else if (bytes.length > 6 && read_value(lotus, type, str_from(bytes, 6), 0, &cell.text))
        add_cell(lotus, cell);
}

static void read_record_3(Lotus *lotus, unsigned type, Str bytes)
{
    LotusCell cell = { .row = little16(bytes, 0),
                       .sheet = byte_at(bytes, 2),
                       .column = byte_at(bytes, 3) };
    Str value = str_from(bytes, 4);
    if (type == RECORD3_NAME && little16(bytes, 0) == NAME_OF_SHEET) {
        lotus->names[little16(bytes, 2) % SHEETS_MAX] = label_text(lotus, value, false);
        return;
    }
    switch (type) {
    case RECORD3_LABEL: cell.text = label_text(lotus, value, true); break;
    case RECORD3_STRING: cell.text = label_text(lotus, value, false); break;
    case RECORD3_NUMBER:
    case RECORD3_FORMULA: cell.text = number_text(lotus, extended_at(value, 0), 0); break;
    case RECORD3_SMALL:
        cell.text = number_text(lotus, small_number((int16_t)little16(value, 0)), 0);
        break;
    case RECORD3_PACKED:
        cell.text = number_text(lotus, packed_number(little32(value, 0)), 0);
        break;
    case RECORD3_DOUBLE:
    case RECORD3_FORMULA_DOUBLE: cell.text = number_text(lotus, double_at(value, 0), 0); break;
    default: return;
    }
    if (value.length)
        add_cell(lotus, cell);
}

/* --- Sheets --- */

static int by_place(const void *a, const void *b)
{
    const LotusCell *left = a, *right = b;
    if (left->sheet != right->sheet)
        return left->sheet < right->sheet ? -1 : 1;
    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    if (left->column != right->column)
        return left->column < right->column ? -1 : 1;
    return left->order < right->order ? -1 : left->order > right->order;
}

static bool is_same_place(const LotusCell *a, const LotusCell *b)
{
    return a->sheet == b->sheet && a->row == b->row && a->column == b->column;
}

/* The cells of one sheet, from `i`; the index after them. */
static size_t write_sheet(Lotus *lotus, Arena *scratch, size_t i)
{
    int sheet = lotus->cells.at[i].sheet, row = -1;
    char letters[16];
    Str name = lotus->names[sheet];
    if (!name.length)
        name = str_slice(cell_name(sheet, 0, letters), 0, sheet < 26 ? 1 : 2);
    SheetRows rows = sheet_rows(lotus->doc, lotus->arena, scratch, name);
    sheet_heading(lotus->doc, name, false);
    for (; i < lotus->cells.count && lotus->cells.at[i].sheet == sheet; i++) {
        const LotusCell *cell = &lotus->cells.at[i];
        if (i + 1 < lotus->cells.count && is_same_place(cell, cell + 1))
            continue;
        if (cell->row != row) {
            if (row >= 0)
                sheet_row_end(&rows);
            row = cell->row;
            sheet_row_begin(&rows, row);
        }
        sheet_row_cell(&rows, cell->column, cell->text);
    }
    sheet_row_end(&rows);
    sheet_rows_end(&rows);
    return i;
}

static void write_sheets(Lotus *lotus)
{
    AUTO_ARENA Arena *scratch = arena_new(MB(256));
    int64_t sheets = 0;
    if (lotus->cells.count)
        qsort(lotus->cells.at, lotus->cells.count, sizeof(LotusCell), by_place);
    for (size_t i = 0; i < lotus->cells.count && doc_writer_ok(lotus->doc); sheets++)
        i = write_sheet(lotus, scratch, i);
    doc_place(lotus->doc, &(Place){ 0 });
    doc_meta_whole(lotus->doc, "sheets", sheets);
}

static bool lotus_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Lotus *lotus = arena_new_one(arena, Lotus);
    Str bytes = source->bytes;
    lotus->doc = doc;
    lotus->arena = arena;
    lotus->layout = layout_of(bytes);
    lotus->charset = lotus->layout == LAYOUT_QUATTRO ? "windows-1252" : "ibm-850";
    for (size_t at = 0; at + 4 <= bytes.length && arena_room(arena) > MB(16);) {
        unsigned type = little16(bytes, at), length = little16(bytes, at + 2);
        Str record = str_slice(bytes, at + 4, at + 4 + length);
        if (type == RECORD_PASSWORD)
            return fail(err, ERROR_ENCRYPTED,
                        "the worksheet is protected by a password, in a way that is not read");
        if (lotus->layout == LAYOUT_1)
            read_record_1(lotus, type, record);
        else if (lotus->layout == LAYOUT_QUATTRO)
            read_record_quattro(lotus, type, record);
        else
            read_record_3(lotus, type, record);
        at += 4 + (size_t)length;
    }
    write_sheets(lotus);
    return true;
}

const Extractor extractor_lotus = {
    .name = "lotus",
    .title = "Lotus 1-2-3, Quattro or Works for DOS worksheet",
    .extensions = LIST("wk1", "wk2", "wk3", "wk4", "wks", "wrk", "wr1", "wq1", "wq2", "wb1", "wb2"),
    .media_types = LIST("application/vnd.lotus-1-2-3", "application/x-123",
                        "application/x-quattro-pro", "application/x-quattropro"),
    .sniff = lotus_sniff,
    .extract = lotus_extract,
};
