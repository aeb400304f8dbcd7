/* spreadsheetml.c - workbooks as XML of Excel 2002 and 2003 ("XML Spreadsheet Reference", the
 * namespace urn:schemas-microsoft-com:office:spreadsheet). */
#include "base/map.h"
#include "extract/comment.h"
#include "extract/extractor.h"
#include "extract/formats/markup.h"
#include "extract/formats/office_fact.h"
#include "extract/metadata.h"
#include "extract/sheet/number_format.h"
#include "extract/sheet/sheet_rows.h"

enum { STYLES_MAX = 64000, COLUMN_LAST = 16383, ROW_LAST = 1048575, COMMENTS_MAX = 10000 };

typedef struct SheetComment {
    Str author, text;
    int column, row;
} SheetComment;

typedef struct Workbook {
    DocWriter *doc;
    Arena *arena;   /* of the workbook */
    Arena *scratch; /* of a row, emptied by sheet_rows */
    Arena *values;  /* of a cell */
    HtmlReader in;
    Map formats; /* number format codes by style */
    VEC(SheetComment) comments;
    Str header, footer;
    bool is_hidden, only_merges; /* the first of two readings of a sheet */
    int64_t sheets;
} Workbook;

/* --- Styles --- */

static const char *code_of(Str format)
{
    static const struct {
        const char *name, *code;
    } named[] = {
        { "Short Date", "yyyy-mm-dd" },
        { "General Date", "yyyy-mm-dd hh:mm" },
        { "Long Date", "d mmmm yyyy" },
        { "Medium Date", "dd-mmm-yy" },
        { "Long Time", "h:mm:ss AM/PM" },
        { "Medium Time", "hh:mm AM/PM" },
        { "Short Time", "hh:mm" },
        { "Currency", "$#,##0.00" },
        { "Euro Currency", "[$\xE2\x82\xAC-2] #,##0.00" },
        { "Fixed", "0.00" },
        { "Standard", "#,##0.00" },
        { "Percent", "0.00%" },
        { "Scientific", "0.00E+00" },
        { "General Number", "General" },
    };
    for (size_t i = 0; i < COUNT(named); i++)
        if (str_is(format, named[i].name))
            return named[i].code;
    return NULL;
}

static void read_styles(Workbook *book)
{
    HtmlReader in = html_reader(markup_inner(&book->in));
    HtmlToken token;
    Str id = STR_NONE;
    in.is_xml = true;
    for (int count = 0; count < STYLES_MAX && html_next(&in, &token); count++) {
        if (token.kind != HTML_START)
            continue;
        if (str_is(token.name, "style"))
            id = markup_attribute(book->arena, token.attributes, "id");
        if (!str_is(token.name, "numberformat") || !id.length)
            continue;
        Str format = markup_attribute(book->arena, token.attributes, "format");
        const char *code = code_of(format);
        if (format.length)
            map_add(&book->formats, id, NULL)->pointer =
                (void *)(uintptr_t)(code ? code : str_c(book->arena, format));
    }
}

/* --- Cells --- */

static Str shown_date(Arena *arena, Str value)
{
    ptrdiff_t t = str_find_char(value, 'T'), dot = str_find_char(value, '.');
    if (t < 0)
        return value;
    Str date = str_slice(value, 0, (size_t)t);
    Str clock = str_slice(value, (size_t)t + 1, dot < 0 ? value.length : (size_t)dot);
    if (str_is(clock, "00:00:00"))
        return date;
    return str_is(date, "1899-12-31")
               ? clock
               : str_format(arena, STR_FMT " " STR_FMT, STR_ARG(date), STR_ARG(clock));
}

static Str shown(Workbook *book, Str type, Str style, Str value)
{
    double number;
    const MapEntry *format = style.length ? map_find(&book->formats, style) : NULL;
    if (str_is(type, "DateTime"))
        return shown_date(book->values, value);
    if (str_is(type, "Boolean"))
        return str_is(value, "1") ? S("TRUE") : S("FALSE");
    if (str_is(type, "Number") && format && str_to_double(value, &number))
        return number_format(book->values, number, str(format->pointer), false);
    return value;
}

static int index_attribute(Workbook *book, const HtmlToken *token, const char *name, int last)
{
    int64_t number = 0;
    Str text = markup_attribute(book->values, token->attributes, name);
    return str_to_int(text, 0, last + 1, &number) ? (int)number : 0;
}

static void keep_comment(Workbook *book, const HtmlToken *token, int column, int row)
{
    Str author = str_copy(book->arena, markup_attribute(book->values, token->attributes, "author"));
    Str text = markup_words(book->arena, markup_inner(&book->in));
    if (book->comments.count < COMMENTS_MAX && !book->only_merges)
        *vec_push(book->arena, &book->comments) = (SheetComment){ author, text, column, row };
}

/* One cell up to its end tag. */
static void read_cell(Workbook *book, SheetRows *rows, Str style, int column)
{
    HtmlToken token;
    while (html_next(&book->in, &token)) {
        if (token.kind == HTML_END && str_is(token.name, "cell"))
            return;
        if (token.kind != HTML_START || token.is_empty)
            continue;
        if (str_is(token.name, "comment")) {
            keep_comment(book, &token, column, rows->row);
        } else if (str_is(token.name, "data")) {
            Str type = markup_attribute(book->values, token.attributes, "type");
            Str value = markup_words(book->values, markup_inner(&book->in));
            if (!book->only_merges)
                sheet_row_cell(rows, column, shown(book, type, style, value));
        }
    }
}

static int begin_cell(Workbook *book, SheetRows *rows, const HtmlToken *token, int column)
{
    int index = index_attribute(book, token, "index", COLUMN_LAST);
    int across = index_attribute(book, token, "mergeacross", COLUMN_LAST);
    int down = index_attribute(book, token, "mergedown", ROW_LAST);
    Str style = markup_attribute(book->values, token->attributes, "styleid");
    column = index > 0 ? index - 1 : column;
    if (book->only_merges && (across || down))
        sheet_rows_merge(rows, (SheetMerge){ column, rows->row, MIN(column + across, COLUMN_LAST),
                                             MIN(rows->row + down, ROW_LAST) });
    if (!token->is_empty)
        read_cell(book, rows, style, column);
    arena_reset(book->values);
    return MIN(column + across + 1, COLUMN_LAST);
}

static void read_row(Workbook *book, SheetRows *rows)
{
    HtmlToken token;
    int column = 0;
    while (html_next(&book->in, &token)) {
        if (token.kind == HTML_END && str_is(token.name, "row"))
            return;
        if (token.kind == HTML_START && str_is(token.name, "cell"))
            column = begin_cell(book, rows, &token, column);
    }
}

/* --- Sheets --- */

static void read_option(Workbook *book, const HtmlToken *token)
{
    if (str_is(token->name, "visible") && !token->is_empty)
        book->is_hidden = str_find(markup_inner(&book->in), S("Hidden")) >= 0;
    else if (str_is(token->name, "header"))
        book->header =
            str_copy(book->arena, markup_attribute(book->arena, token->attributes, "data"));
    else if (str_is(token->name, "footer"))
        book->footer =
            str_copy(book->arena, markup_attribute(book->arena, token->attributes, "data"));
}

/* From after <Worksheet> to its end. */
static void read_sheet(Workbook *book, SheetRows *rows)
{
    HtmlToken token;
    int row = 0;
    while (doc_writer_ok(book->doc) && html_next(&book->in, &token)) {
        if (token.kind == HTML_END && str_is(token.name, "worksheet"))
            return;
        if (token.kind != HTML_START)
            continue;
        if (!str_is(token.name, "row")) {
            read_option(book, &token);
            continue;
        }
        int index = index_attribute(book, &token, "index", ROW_LAST);
        row = index > 0 ? index - 1 : row;
        if (book->only_merges)
            rows->row = row;
        else
            sheet_row_begin(rows, row);
        if (!token.is_empty)
            read_row(book, rows);
        if (!book->only_merges)
            sheet_row_end(rows);
        row = MIN(row + 1 + index_attribute(book, &token, "span", ROW_LAST), ROW_LAST);
    }
}

static void write_sheet(Workbook *book, Str name)
{
    SheetRows rows = sheet_rows(book->doc, book->arena, book->scratch, name);
    HtmlReader begin = book->in;
    book->is_hidden = false;
    book->header = book->footer = STR_NONE;
    book->comments.count = 0;
    book->only_merges = true;
    read_sheet(book, &rows);
    sheet_heading(book->doc, name, book->is_hidden);
    sheet_header(book->doc, book->header);
    book->in = begin;
    book->only_merges = false;
    rows.row = -1;
    read_sheet(book, &rows);
    sheet_rows_end(&rows);
    for (size_t i = 0; i < book->comments.count; i++) {
        const SheetComment *comment = &book->comments.at[i];
        sheet_place(book->doc, name, comment->column, comment->row);
        comment_write(book->doc, comment->author, comment->text);
    }
    sheet_place(book->doc, name, -1, 0);
    sheet_header(book->doc, book->footer);
    book->sheets++;
}

static bool spreadsheetml_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(MB(256));
    AUTO_ARENA Arena *values = arena_new(MB(256));
    Workbook book = { .doc = doc,
                      .arena = arena,
                      .scratch = scratch,
                      .values = values,
                      .in = markup_reader(arena, source->bytes),
                      .formats = map_new(arena) };
    HtmlToken token;
    (void)err;
    while (doc_writer_ok(doc) && html_next(&book.in, &token)) {
        if (token.kind != HTML_START || token.is_empty)
            continue;
        if (str_is(token.name, "styles"))
            read_styles(&book);
        else if (str_is(token.name, "worksheet"))
            write_sheet(&book, str_copy(arena, markup_attribute(arena, token.attributes, "name")));
        else
            office_fact(&book.in, &token, doc);
    }
    doc_place(doc, &(Place){ 0 });
    doc_meta_whole(doc, "sheets", book.sheets);
    return true;
}

static int spreadsheetml_sniff(Str bytes)
{
    static const char *const roots[] = { "workbook", NULL };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str head;
    return markup_root_is(arena, bytes, roots, &head) &&
                   str_find(head, S("schemas-microsoft-com:office:spreadsheet")) >= 0
               ? 95
               : 0;
}

const Extractor extractor_spreadsheetml = {
    .name = "spreadsheetml",
    .title = "Excel workbook as XML (2003)",
    .extensions = LIST("xml", "xls"),
    .media_types = LIST("application/xml"),
    .sniff = spreadsheetml_sniff,
    .extract = spreadsheetml_extract,
};
