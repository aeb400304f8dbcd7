/* xls_sheet.c - one worksheet of a workbook up to 2003.
 *
 * Its records are read once for where the cells are and for everything else; then the cells are
 * written in order, for programs other than Excel do not keep to it. */
#include "base/map.h"
#include "extract/comment.h"
#include "extract/sheet/number_format.h"
#include "extract/sheet/sheet_rows.h"
#include "extract/sheet/xls_book.h"

enum { NOTES_MAX = 100000, CHARTS_MAX = 1000, TEXT_MAX = 1 << 20 };

typedef struct CellRecord {
    uint32_t at; /* of its record */
    uint16_t row, column;
} CellRecord;

typedef struct Note {
    int row, column;
    unsigned object;
    Str author, text; /* text: in the old formats; else it is the object's */
} Note;

typedef struct Shape {
    unsigned object;
    bool is_note;
    Str text;
} Shape;

typedef struct Link {
    int row, column;
    Str target;
} Link;

typedef struct SheetReader {
    XlsBook *book;
    Arena *arena;   /* of the sheet */
    Arena *scratch; /* of a row */
    SheetRows rows;
    VEC(CellRecord) cells;
    bool is_unordered;
    VEC(Note) notes;
    VEC(Shape) shapes;
    VEC(Link) links;
    VEC(size_t) charts;
    Str header, footer, other_headers[4];
} SheetReader;

/* --- First reading --- */

static bool is_cell(int type)
{
    switch (type) {
    case 0x02: /* INTEGER */
    case 0x03: /* NUMBER */
    case 0x04: /* LABEL */
    case 0x05: /* BOOLERR */
    case XLS_FORMULA2:
    case 0x203:
    case 0x204:
    case 0x205:
    case 0x206:
    case 0x406:
    case XLS_RK:
    case XLS_MULRK:
    case XLS_RSTRING:
    case XLS_LABELSST: return true;
    default: return false;
    }
}

static void add_cell(SheetReader *reader, const XlsRecord *record)
{
    if (record->data.length < 6 || record->at > UINT32_MAX)
        return;
    CellRecord cell = { .at = (uint32_t)record->at,
                        .row = le16_at(record->data, 0),
                        .column = le16_at(record->data, 2) };
    if (reader->cells.count) {
        const CellRecord *last = &reader->cells.at[reader->cells.count - 1];
        reader->is_unordered |=
            cell.row < last->row || (cell.row == last->row && cell.column < last->column);
    }
    *vec_push(reader->arena, &reader->cells) = cell;
}

/* 2.4.168 */
static void add_merges(SheetReader *reader, const XlsRecord *record)
{
    size_t count = le16_at(record->data, 0);
    for (size_t i = 0; i < count && 2 + i * 8 + 8 <= record->data.length; i++) {
        size_t at = 2 + i * 8;
        SheetMerge merge = { .row0 = le16_at(record->data, at),
                             .row1 = le16_at(record->data, at + 2),
                             .column0 = le16_at(record->data, at + 4),
                             .column1 = le16_at(record->data, at + 6) };
        if (!sheet_rows_merge(&reader->rows, merge))
            return;
    }
}

/* 2.4.179; before BIFF 8 the note's text is here, and goes on in notes of row 0xFFFF. */
static void add_note(SheetReader *reader, const XlsRecord *record)
{
    XlsBook *book = reader->book;
    XlsCursor cursor = xls_cursor(book->stream, record);
    unsigned row = xls_number(&cursor, 2), column = xls_number(&cursor, 2);
    Buf text = buf_new(reader->arena, KB(64));
    if (reader->notes.count >= NOTES_MAX)
        return;
    Note note = { .row = (int)row, .column = (int)column };
    if (book->version == 8) {
        xls_skip(&cursor, 2);
        note.object = xls_number(&cursor, 2);
        xls_text(&cursor, &book->charset, 2, &text);
        note.author = buf_str(&text);
    } else {
        xls_skip(&cursor, 2);
        xls_characters(&cursor, &book->charset, record->end - MIN(cursor.at, record->end), &text);
        note.text = buf_str(&text);
        if (row == 0xFFFF && reader->notes.count) {
            Note *last = &reader->notes.at[reader->notes.count - 1];
            last->text =
                str_format(reader->arena, STR_FMT STR_FMT, STR_ARG(last->text), STR_ARG(note.text));
            return;
        }
    }
    *vec_push(reader->arena, &reader->notes) = note;
}

/* 2.4.181: only which object it is; its text follows in a TXO record. */
static void add_object(SheetReader *reader, const XlsRecord *record)
{
    enum { COMMON = 0x15, KIND_NOTE = 0x19 };
    if (reader->book->version != 8 || le16_at(record->data, 0) != COMMON ||
        reader->shapes.count >= NOTES_MAX)
        return;
    *vec_push(reader->arena, &reader->shapes) =
        (Shape){ .object = le16_at(record->data, 6),
                 .is_note = le16_at(record->data, 4) == KIND_NOTE };
}

/* 2.4.329 */
static void add_shape_text(SheetReader *reader, const XlsRecord *record)
{
    XlsCursor cursor = xls_cursor(reader->book->stream, record);
    size_t count = le16_at(record->data, 10);
    if (reader->shapes.count == 0 || count == 0)
        return;
    Buf text = buf_new(reader->arena, count * 3 + 1);
    cursor.at = cursor.end; /* the text begins in the CONTINUE record */
    xls_characters(&cursor, &reader->book->charset, count, &text);
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] == '\r')
            text.at[i] = '\n';
    reader->shapes.at[reader->shapes.count - 1].text = buf_str(&text);
}

/* [MS-OSHARED] 2.3.7.1: a text behind its length in characters, with NUL. */
static Str read_link_text(XlsCursor *cursor, Arena *arena)
{
    size_t count = xls_number(cursor, 4);
    count = MIN(count, (cursor->end - MIN(cursor->at, cursor->end)) / 2);
    Buf text = buf_new(arena, count * 3 + 1);
    xls_add_utf16(str_slice(cursor->stream, cursor->at, cursor->at + count * 2), &text);
    xls_skip(cursor, count * 2);
    return buf_str(&text);
}

/* Of the monikers only an address; [MS-OSHARED] 2.3.7.6. */
static Str read_moniker(XlsCursor *cursor, Arena *arena)
{
    static const char url_class[] = "\xE0\xC9\xEA\x79\xF9\xBA\xCE\x11";
    Str id = str_slice(cursor->stream, cursor->at, MIN(cursor->at + 8, cursor->end));
    xls_skip(cursor, 16);
    if (!str_is(id, url_class))
        return STR_NONE;
    size_t size = xls_number(cursor, 4);
    Buf text = buf_new(arena, KB(8));
    xls_add_utf16(str_slice(cursor->stream, cursor->at, MIN(cursor->at + size, cursor->end)),
                  &text);
    return buf_str(&text);
}

/* 2.4.140 */
static void add_link(SheetReader *reader, const XlsRecord *record)
{
    enum { MONIKER = 1, NAME = 0x10, FRAME = 0x80, AS_TEXT = 0x100 };
    XlsCursor cursor = xls_cursor(reader->book->stream, record);
    Link link = { .row = le16_at(record->data, 0), .column = le16_at(record->data, 4) };
    if (record->data.length < 32 || reader->links.count >= NOTES_MAX)
        return;
    xls_skip(&cursor, 28);
    unsigned flags = xls_number(&cursor, 4);
    if (flags & NAME)
        read_link_text(&cursor, reader->arena);
    if (flags & FRAME)
        read_link_text(&cursor, reader->arena);
    if ((flags & MONIKER) && (flags & AS_TEXT))
        link.target = read_link_text(&cursor, reader->arena);
    else if (flags & MONIKER)
        link.target = read_moniker(&cursor, reader->arena);
    if (link.target.length)
        *vec_push(reader->arena, &reader->links) = link;
}

static Str read_codes(SheetReader *reader, const XlsRecord *record)
{
    const XlsBook *book = reader->book;
    XlsCursor cursor = xls_cursor(book->stream, record);
    Buf text = buf_new(reader->arena, KB(8));
    if (record->data.length)
        xls_text(&cursor, &book->charset, book->version == 8 ? 2 : 1, &text);
    return buf_str(&text);
}

/* 2.4.137: headers and footers of even pages and of the first. */
static void read_other_headers(SheetReader *reader, const XlsRecord *record)
{
    enum { LENGTHS_AT = 30, TEXTS_AT = 38 };
    XlsCursor cursor = xls_cursor(reader->book->stream, record);
    xls_skip(&cursor, TEXTS_AT);
    for (size_t i = 0; i < COUNT(reader->other_headers); i++) {
        if (le16_at(record->data, LENGTHS_AT + i * 2) == 0)
            continue;
        Buf text = buf_new(reader->arena, KB(8));
        xls_text(&cursor, &reader->book->charset, 2, &text);
        reader->other_headers[i] = buf_str(&text);
    }
}

static void read_dimensions(SheetReader *reader, const XlsRecord *record)
{
    size_t at = reader->book->version == 8 ? 8 : 4;
    if (record->data.length >= at + 4)
        reader->rows.first_column = le16_at(record->data, at);
}

static void read_other(SheetReader *reader, const XlsRecord *record)
{
    switch (record->type) {
    case 0x00:
    case 0x200: read_dimensions(reader, record); break;
    case XLS_HEADER: reader->header = read_codes(reader, record); break;
    case XLS_FOOTER: reader->footer = read_codes(reader, record); break;
    case XLS_HEADERFOOTER: read_other_headers(reader, record); break;
    case XLS_MERGEDCELLS: add_merges(reader, record); break;
    case XLS_NOTE: add_note(reader, record); break;
    case XLS_OBJ: add_object(reader, record); break;
    case XLS_TXO: add_shape_text(reader, record); break;
    case XLS_HLINK: add_link(reader, record); break;
    default: break;
    }
}

/* To the sheet's EOF; the charts on it are streams inside of it. */
static void read_records(SheetReader *reader, size_t at)
{
    XlsRecord record;
    Str stream = reader->book->stream;
    int depth = 0;
    for (; xls_record(stream, at, &record) && doc_writer_ok(reader->book->doc); at = record.end) {
        if (record.type == XLS_EOF) {
            if (--depth <= 0)
                return;
        } else if (xls_version(&record)) {
            if (depth++ == 1 && reader->charts.count < CHARTS_MAX)
                *vec_push(reader->arena, &reader->charts) = at;
        } else if (depth > 1) {
            continue;
        } else if (is_cell(record.type)) {
            add_cell(reader, &record);
        } else {
            read_other(reader, &record);
        }
    }
}

/* --- Cells --- */

static int by_cell(const void *a, const void *b)
{
    const CellRecord *left = a, *right = b;
    if (left->row != right->row)
        return left->row < right->row ? -1 : 1;
    if (left->column != right->column)
        return left->column < right->column ? -1 : 1;
    return (left->at > right->at) - (left->at < right->at);
}

static Str bool_or_error(unsigned value, bool is_error)
{
    if (is_error)
        return xls_error(value);
    return value ? S("TRUE") : S("FALSE");
}

/* 2.4.127, 2.5.133: the result; a text is in the STRING record behind it. */
static Str formula_text(SheetReader *reader, XlsCursor *cursor, const XlsRecord *record,
                        unsigned style)
{
    enum { SHARED = 0x4BC, ARRAY = 0x221, ARRAY2 = 0x21, TABLE = 0x236, STRING = 0x207 };
    const XlsBook *book = reader->book;
    Str result = str_slice(cursor->stream, cursor->at, MIN(cursor->at + 8, cursor->end));
    XlsRecord next;
    if (result.length < 8 || le16_at(result, 6) != 0xFFFF)
        return xls_shown(book, reader->scratch, xls_double_of(result), style);
    unsigned kind = (unsigned char)result.at[0], value = (unsigned char)result.at[2];
    if (kind == 1 || kind == 2)
        return bool_or_error(value, kind == 2);
    if (kind != 0)
        return STR_NONE;
    for (size_t at = record->end, i = 0; i < 4 && xls_record(book->stream, at, &next);
         at = next.end, i++) {
        if (next.type == STRING || next.type == 0x07) {
            XlsCursor text = xls_cursor(book->stream, &next);
            Buf out = buf_new(reader->scratch, TEXT_MAX);
            xls_text(&text, &book->charset, book->version == 2 ? 1 : 2, &out);
            return buf_str(&out);
        }
        if (next.type != SHARED && next.type != ARRAY && next.type != ARRAY2 &&
            next.type != TABLE && next.type != XLS_CONTINUE)
            break;
    }
    return STR_NONE;
}

static Str label_text(SheetReader *reader, XlsCursor *cursor, unsigned style)
{
    const XlsBook *book = reader->book;
    Buf out = buf_new(reader->scratch, TEXT_MAX);
    xls_text(cursor, &book->charset, book->version == 2 ? 1 : 2, &out);
    return number_format_text(reader->scratch, buf_str(&out), xls_code(book, style));
}

static Str shared_text(SheetReader *reader, uint32_t index, unsigned style)
{
    const XlsBook *book = reader->book;
    if (index >= book->strings.count)
        return STR_NONE;
    return number_format_text(reader->scratch, book->strings.at[index], xls_code(book, style));
}

/* 2.4.175: several numbers in a row. */
static void write_numbers(SheetReader *reader, const XlsRecord *record)
{
    Str data = record->data;
    int column = le16_at(data, 2);
    for (size_t at = 4; at + 8 <= data.length; at += 6, column++)
        sheet_row_cell(&reader->rows, column,
                       xls_shown(reader->book, reader->scratch, xls_rk(le32_at(data, at + 2)),
                                 le16_at(data, at)));
}

static void write_cell(SheetReader *reader, const CellRecord *cell)
{
    XlsRecord record;
    XlsBook *book = reader->book;
    unsigned style;
    Str text = STR_NONE;
    if (!xls_record(book->stream, cell->at, &record))
        return;
    if (record.type == XLS_MULRK) {
        write_numbers(reader, &record);
        return;
    }
    XlsCursor cursor = xls_cursor(book->stream, &record);
    cursor.at += 4;
    if (book->version == 2)
        style = (xls_number(&cursor, 3) >> 8) & 0x3F;
    else
        style = xls_number(&cursor, 2);
    switch (record.type) {
    case 0x02: text = xls_shown(book, reader->scratch, xls_number(&cursor, 2), style); break;
    case 0x03:
    case 0x203: text = xls_shown(book, reader->scratch, xls_double(&cursor), style); break;
    case 0x04:
    case 0x204:
    case XLS_RSTRING: text = label_text(reader, &cursor, style); break;
    case 0x05:
    case 0x205: {
        unsigned value = xls_number(&cursor, 1);
        text = bool_or_error(value, xls_number(&cursor, 1) != 0);
        break;
    }
    case XLS_RK:
        text = xls_shown(book, reader->scratch, xls_rk(xls_number(&cursor, 4)), style);
        break;
    case XLS_LABELSST: text = shared_text(reader, xls_number(&cursor, 4), style); break;
    default: text = formula_text(reader, &cursor, &record, style); break;
    }
    sheet_row_cell(&reader->rows, cell->column, text);
}

static void write_cells(SheetReader *reader)
{
    size_t count = reader->cells.count;
    if (reader->is_unordered)
        qsort(reader->cells.at, count, sizeof(CellRecord), by_cell);
    for (size_t i = 0; i < count;) {
        int row = reader->cells.at[i].row;
        sheet_row_begin(&reader->rows, row);
        for (; i < count && reader->cells.at[i].row == row; i++)
            write_cell(reader, &reader->cells.at[i]);
        if (!sheet_row_end(&reader->rows))
            break;
    }
    sheet_rows_end(&reader->rows);
}

/* --- What lies on the cells --- */

static void write_notes(SheetReader *reader)
{
    DocWriter *doc = reader->book->doc;
    uint32_t *by_object = arena_new_array(reader->arena, uint32_t, 65536);
    for (size_t i = 0; i < reader->shapes.count; i++)
        by_object[reader->shapes.at[i].object] = (uint32_t)i + 1;
    for (size_t i = 0; i < reader->notes.count && doc_writer_ok(doc); i++) {
        const Note *note = &reader->notes.at[i];
        uint32_t shape = by_object[note->object & 0xFFFF];
        Str text = note->text.length || !shape ? note->text : reader->shapes.at[shape - 1].text;
        sheet_place(doc, reader->rows.sheet, note->column, note->row);
        comment_write(doc, note->author, text);
    }
}

static void write_links(SheetReader *reader)
{
    DocWriter *doc = reader->book->doc;
    for (size_t i = 0; i < reader->links.count && doc_writer_ok(doc); i++) {
        const Link *link = &reader->links.at[i];
        sheet_place(doc, reader->rows.sheet, link->column, link->row);
        doc_note(doc, "link", link->target);
    }
}

static void write_shapes(SheetReader *reader)
{
    DocWriter *doc = reader->book->doc;
    sheet_place(doc, reader->rows.sheet, -1, 0);
    for (size_t i = 0; i < reader->shapes.count && doc_writer_ok(doc); i++)
        if (!reader->shapes.at[i].is_note)
            doc_paragraph(doc, reader->shapes.at[i].text);
    for (size_t i = 0; i < reader->charts.count && doc_writer_ok(doc); i++)
        xls_write_chart(reader->book, reader->charts.at[i]);
}

void xls_write_sheet(XlsBook *book, const XlsSheet *sheet)
{
    enum { KIND_CHART = 0x20 };
    AUTO_ARENA Arena *arena = arena_new(GB(1)), *scratch = arena_new(GB(1));
    SheetReader reader = { .book = book,
                           .arena = arena,
                           .scratch = scratch,
                           .rows = sheet_rows(book->doc, arena, scratch, sheet->name) };
    XlsRecord record;
    sheet_heading(book->doc, sheet->name, sheet->is_hidden);
    if (!xls_record(book->stream, sheet->at, &record) || !xls_version(&record)) {
        doc_warning(book->doc, S("a sheet of the workbook is damaged"));
        return;
    }
    if (le16_at(record.data, 2) == KIND_CHART) {
        xls_write_chart(book, sheet->at);
        return;
    }
    read_records(&reader, sheet->at);
    sheet_header(book->doc, reader.header);
    write_cells(&reader);
    write_notes(&reader);
    write_links(&reader);
    write_shapes(&reader);
    sheet_header(book->doc, reader.footer);
    for (size_t i = 0; i < COUNT(reader.other_headers); i++)
        sheet_header(book->doc, reader.other_headers[i]);
}
