/* xlsb.c - Excel's binary workbooks since 2007 ([MS-XLSB]): the parts of an XLSX file, of which
 * workbook, sheets, strings, styles and comments are records instead of XML. */
#include "extract/charset/encoding.h"
#include "extract/comment.h"
#include "extract/ole/ole_file.h"
#include "extract/sheet/number_format.h"
#include "extract/sheet/xls_book.h"
#include "extract/sheet/xlsx_book.h"

enum { SHEETS_MAX = 10000, STRINGS_MAX = 20000000, FORMATS_MAX = 65536, AUTHORS_MAX = 100000 };
static const size_t PART_MAX = GB(1);

/* clang-format off */
enum {
    ROW_HEADER = 0, CELL_RK = 2, CELL_ERROR = 3, CELL_BOOL = 4, CELL_REAL = 5, CELL_TEXT = 6,
    CELL_SHARED = 7, FORMULA_TEXT = 8, FORMULA_NUMBER = 9, FORMULA_BOOL = 10, FORMULA_ERROR = 11,
    SHARED_ITEM = 19, FORMAT_CODE = 44, CELL_STYLE = 47, CELL_RICH_TEXT = 62, DIMENSION = 148,
    BOOK_PROPERTIES = 153, SHEET_ENTRY = 156, MERGE = 176, HEADER_FOOTER = 479, HYPERLINK = 494,
    STYLES_BEGIN = 617, STYLES_END = 618, COMMENT_AUTHOR = 632, COMMENT_BEGIN = 635,
    COMMENT_TEXT = 637,
};
/* clang-format on */

static int xlsb_sniff(Str bytes)
{
    static const char *const types[] = { "ms-excel.sheet.binary.macroEnabled.main", NULL };
    return ooxml_sniff(bytes, types);
}

/* --- Records (2.1.4): the type in up to two bytes of seven bits, the size in up to four --- */

typedef struct Record {
    unsigned type;
    Str data;
} Record;

static unsigned read_seven_bits(Str *rest, int bytes_max)
{
    unsigned number = 0;
    for (int i = 0; i < bytes_max && rest->length; i++) {
        unsigned char byte = (unsigned char)rest->at[0];
        *rest = str_from(*rest, 1);
        number |= (unsigned)(byte & 0x7F) << (7 * i);
        if (byte < 0x80)
            break;
    }
    return number;
}

static bool next_record(Str *rest, Record *record_r)
{
    if (rest->length < 2)
        return false;
    record_r->type = read_seven_bits(rest, 2);
    size_t size = read_seven_bits(rest, 4);
    record_r->data = str_slice(*rest, 0, size);
    *rest = str_from(*rest, size);
    return true;
}

/* 2.5.168: a text behind its length; *at moves past it. Without a length: no text. */
static Str read_text(Arena *arena, Str data, size_t *at)
{
    size_t count = le32_at(data, *at);
    *at += 4;
    if (count == UINT32_MAX || *at > data.length)
        return STR_NONE;
    count = MIN(count, (data.length - *at) / 2);
    Str text = text_from_utf16(arena, str_slice(data, *at, *at + count * 2));
    *at += count * 2;
    return text;
}

static Str text_at(Arena *arena, Str data, size_t at) { return read_text(arena, data, &at); }

/* 2.5.122: flags, then the text; formats of its runs are passed over. */
static Str rich_text(Arena *arena, Str data, size_t at) { return text_at(arena, data, at + 1); }

static Str read_part(Book *book, Arena *arena, const Part *part)
{
    Error err;
    Str bytes;
    if (!part)
        return STR_NONE;
    if (package_read(book->package, arena, part, PART_MAX, &bytes, &err))
        return bytes;
    ooxml_warn(book->doc, &err);
    return STR_NONE;
}

/* --- The workbook --- */

static void add_sheet(Book *book, Str data)
{
    size_t at = 8;
    SheetEntry sheet = { .is_hidden = le32_at(data, 0) != 0 };
    sheet.relation = read_text(book->arena, data, &at);
    sheet.name = read_text(book->arena, data, &at);
    if (book->sheets.count < SHEETS_MAX)
        *vec_push(book->arena, &book->sheets) = sheet;
}

static void read_workbook(Book *book, Str bytes)
{
    for (Record record; next_record(&bytes, &record);) {
        if (record.type == SHEET_ENTRY)
            add_sheet(book, record.data);
        else if (record.type == BOOK_PROPERTIES)
            book->is_1904 = le32_at(record.data, 0) & 1;
    }
}

static void read_strings(Book *book, Str bytes)
{
    for (Record record; next_record(&bytes, &record);)
        if (record.type == SHARED_ITEM && book->strings.count < STRINGS_MAX)
            *vec_push(book->arena, &book->strings) = rich_text(book->arena, record.data, 0);
}

static void read_styles(Book *book, Str bytes)
{
    Str *codes = arena_new_array(book->arena, Str, FORMATS_MAX);
    bool in_cells = false;
    for (Record record; next_record(&bytes, &record);) {
        if (record.type == FORMAT_CODE) {
            codes[le16_at(record.data, 0)] = text_at(book->arena, record.data, 2);
        } else if (record.type == STYLES_BEGIN || record.type == STYLES_END) {
            in_cells = record.type == STYLES_BEGIN;
        } else if (record.type == CELL_STYLE && in_cells && book->formats.count < FORMATS_MAX) {
            unsigned id = le16_at(record.data, 2);
            *vec_push(book->arena, &book->formats) =
                codes[id].length ? codes[id] : str(number_format_builtin((int)id));
        }
    }
}

/* --- Sheets --- */

typedef struct SheetReader {
    Book *book;
    Arena *scratch;
    SheetRows rows;
    bool in_row;
} SheetReader;

static Str style_code(const Book *book, Str data)
{
    uint32_t style = le32_at(data, 4) & 0xFFFFFF;
    return style < book->formats.count ? book->formats.at[style] : STR_NONE;
}

static Str cell_text(SheetReader *reader, const Record *record)
{
    const Book *book = reader->book;
    Str data = record->data, code = style_code(book, data);
    uint32_t index = le32_at(data, 8);
    unsigned byte = data.length > 8 ? (unsigned char)data.at[8] : 0;
    switch (record->type) {
    case CELL_RK: return number_format(reader->scratch, xls_rk(index), code, book->is_1904);
    case CELL_REAL:
    case FORMULA_NUMBER:
        return number_format(reader->scratch, xls_double_of(str_from(data, 8)), code,
                             book->is_1904);
    case CELL_ERROR:
    case FORMULA_ERROR: return xls_error(byte);
    case CELL_BOOL:
    case FORMULA_BOOL: return byte ? S("TRUE") : S("FALSE");
    case CELL_SHARED:
        return index < book->strings.count
                   ? number_format_text(reader->scratch, book->strings.at[index], code)
                   : STR_NONE;
    case CELL_TEXT:
    case FORMULA_TEXT:
        return number_format_text(reader->scratch, text_at(reader->scratch, data, 8), code);
    case CELL_RICH_TEXT: return rich_text(reader->scratch, data, 8);
    default: return STR_NONE;
    }
}

static void begin_row(SheetReader *reader, Str data)
{
    if (reader->in_row)
        sheet_row_end(&reader->rows);
    sheet_row_begin(&reader->rows, (int)(le32_at(data, 0) & 0xFFFFF));
    reader->in_row = true;
}

/* 2.4.49: odd, even and first pages. */
static void write_headers(Book *book, Str data)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    size_t at = 2;
    for (int i = 0; i < 6; i++)
        sheet_header(book->doc, read_text(arena, data, &at));
}

static void write_link(SheetReader *reader, const Relations *relations, Str data)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    size_t at = 16;
    Str id = read_text(arena, data, &at);
    Str target = relation_address(relations, id);
    if (target.length == 0)
        return;
    sheet_place(reader->book->doc, reader->rows.sheet, (int)(le32_at(data, 8) & 0x3FFF),
                (int)(le32_at(data, 0) & 0xFFFFF));
    doc_note(reader->book->doc, "link", target);
}

static void read_merges(SheetReader *reader, Str bytes)
{
    for (Record record; next_record(&bytes, &record);) {
        Str data = record.data;
        if (record.type == MERGE)
            sheet_rows_merge(&reader->rows,
                             (SheetMerge){ .row0 = (int)(le32_at(data, 0) & 0xFFFFF),
                                           .row1 = (int)(le32_at(data, 4) & 0xFFFFF),
                                           .column0 = (int)(le32_at(data, 8) & 0x3FFF),
                                           .column1 = (int)(le32_at(data, 12) & 0x3FFF) });
        else if (record.type == DIMENSION)
            reader->rows.first_column = (int)(le32_at(data, 8) & 0x3FFF);
    }
}

static void write_rows(SheetReader *reader, Str bytes, const Relations *relations)
{
    for (Record record; next_record(&bytes, &record) && doc_writer_ok(reader->book->doc);) {
        if (record.type == ROW_HEADER)
            begin_row(reader, record.data);
        else if (reader->in_row && (record.type <= FORMULA_ERROR || record.type == CELL_RICH_TEXT))
            sheet_row_cell(&reader->rows, (int)(le32_at(record.data, 0) & 0x3FFF),
                           cell_text(reader, &record));
        else if (record.type == HEADER_FOOTER || record.type == HYPERLINK) {
            if (reader->in_row)
                sheet_row_end(&reader->rows);
            reader->in_row = false;
            sheet_rows_end(&reader->rows);
            sheet_place(reader->book->doc, reader->rows.sheet, -1, 0);
            if (record.type == HEADER_FOOTER)
                write_headers(reader->book, record.data);
            else
                write_link(reader, relations, record.data);
        }
    }
    if (reader->in_row)
        sheet_row_end(&reader->rows);
    sheet_rows_end(&reader->rows);
}

static void write_comments(Book *book, Str sheet, const Part *part)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    VEC(Str) authors = { 0 };
    uint32_t author = 0;
    Str bytes = read_part(book, arena, part);
    for (Record record; next_record(&bytes, &record) && doc_writer_ok(book->doc);) {
        if (record.type == COMMENT_AUTHOR && authors.count < AUTHORS_MAX) {
            *vec_push(arena, &authors) = text_at(arena, record.data, 0);
        } else if (record.type == COMMENT_BEGIN) {
            author = le32_at(record.data, 0);
            sheet_place(book->doc, sheet, (int)(le32_at(record.data, 12) & 0x3FFF),
                        (int)(le32_at(record.data, 4) & 0xFFFFF));
        } else if (record.type == COMMENT_TEXT) {
            comment_write(book->doc, author < authors.count ? authors.at[author] : STR_NONE,
                          rich_text(arena, record.data, 0));
        }
    }
}

static void write_sheet(Book *book, const SheetEntry *sheet, const Part *part)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2)), *scratch = arena_new(GB(1));
    SheetReader reader = { .book = book,
                           .scratch = scratch,
                           .rows = sheet_rows(book->doc, arena, scratch, sheet->name) };
    Relations relations = ooxml_relations(book->package, part->name);
    Str bytes = read_part(book, arena, part);
    read_merges(&reader, bytes);
    write_rows(&reader, bytes, &relations);
    write_comments(book, sheet->name,
                   relation_part(book->package, relation_by_type(&relations, "comments", 0)));
    book_write_drawings(book, sheet->name, &relations);
}

static bool xlsb_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    Package package;
    Str bytes;
    Book book = { .package = &package, .arena = arena, .doc = doc };
    if (!package_open(arena, source->bytes, doc_writer_limits(doc)->child_bytes_max, &package, err))
        return false;
    const Part *main_part = package_find(&package, ooxml_main_part(&package, "xl/workbook.bin"));
    if (!main_part)
        return fail(err, ERROR_DAMAGED, "the Excel file has no workbook part");
    if (!package_read(&package, arena, main_part, PART_MAX, &bytes, err))
        return false;
    book.relations = ooxml_relations(&package, main_part->name);
    read_workbook(&book, bytes);
    read_strings(&book, read_part(&book, arena, book_part(&book, "sharedStrings")));
    read_styles(&book, read_part(&book, arena, book_part(&book, "styles")));
    ooxml_write_meta(&package, doc);
    book_write_sheets(&book, write_sheet);
    doc_place(doc, &(Place){ 0 });
    ooxml_write_embedded(&package, doc, "xl/embeddings/");
    return true;
}

const Extractor extractor_xlsb = {
    .name = "xlsb",
    .title = "Excel binary workbook",
    .extensions = LIST("xlsb"),
    .media_types = LIST("application/vnd.ms-excel.sheet.binary.macroenabled.12"),
    .sniff = xlsb_sniff,
    .extract = xlsb_extract,
};
