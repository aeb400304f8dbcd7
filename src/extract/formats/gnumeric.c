/* gnumeric.c - workbooks of Gnumeric: one XML file, packed by gzip or not ("The Gnumeric File
 * Format", 2001). A formula is kept without its result, so it is shown itself. */
#include "extract/comment.h"
#include "extract/extractor.h"
#include "extract/inflate.h"
#include "extract/metadata.h"
#include "extract/sheet/number_format.h"
#include "extract/sheet/sheet_rows.h"
#include "extract/xml_events.h"

#define UNPACKED_MAX MB(256)

enum {
    CELLS_MAX = 4000000,
    COMMENTS_MAX = 10000,
    TEXT_MAX = 1 << 20,
    HEAD = 4096,
    TYPE_BOOLEAN = 20,
    TYPE_WHOLE = 30,
    TYPE_FLOAT = 40,
};

typedef struct GnumericCell {
    int row, column;
    Str text;
} GnumericCell;

typedef struct GnumericComment {
    int row, column;
    Str author, text;
} GnumericComment;

typedef struct Reader {
    DocWriter *doc;
    Arena *arena, *scratch; /* arena: of a sheet */
    Buf text;
    int row, column, type;
    Str format, name;
    VEC(GnumericCell) cells;
    VEC(SheetMerge) merges;
    VEC(GnumericComment) comments;
    bool in_sheet, is_hidden;
    int64_t sheets;
} Reader;

static bool range_parse(Str text, SheetMerge *merge_r)
{
    ptrdiff_t colon = str_find_char(text, ':');
    return colon > 0 &&
           cell_parse(str_slice(text, 0, (size_t)colon), &merge_r->column0, &merge_r->row0) &&
           cell_parse(str_from(text, (size_t)colon + 1), &merge_r->column1, &merge_r->row1);
}

static void keep_comment(Reader *in, const XmlElement *element)
{
    GnumericComment comment = { .author = str_copy(in->arena, xml_attribute(element, "Author")),
                                .text = str_copy(in->arena, xml_attribute(element, "Text")) };
    if (in->comments.count < COMMENTS_MAX &&
        cell_parse(xml_attribute(element, "ObjectBound"), &comment.column, &comment.row))
        *vec_push(in->arena, &in->comments) = comment;
}

static void begin_sheet(Reader *in, const XmlElement *element)
{
    arena_reset(in->arena);
    memset(&in->cells, 0, sizeof in->cells);
    memset(&in->merges, 0, sizeof in->merges);
    memset(&in->comments, 0, sizeof in->comments);
    in->name = STR_NONE;
    in->in_sheet = true;
    in->is_hidden = str_find(xml_attribute(element, "Visibility"), S("HIDDEN")) >= 0;
}

static bool on_start(void *self, const XmlElement *element)
{
    Reader *in = self;
    in->text.length = 0;
    if (str_is(element->name, "Sheet")) {
        begin_sheet(in, element);
    } else if (str_is(element->name, "Cell") && in->in_sheet) {
        in->row = xml_attribute_int(element, "Row", -1);
        in->column = xml_attribute_int(element, "Col", -1);
        in->type = xml_attribute_int(element, "ValueType", 0);
        in->format = str_copy(in->arena, xml_attribute(element, "ValueFormat"));
    } else if (str_is(element->name, "CellComment") && in->in_sheet) {
        keep_comment(in, element);
    }
    return doc_writer_ok(in->doc) && arena_room(in->arena) > MB(16);
}

static Str shown(Reader *in, Str text)
{
    double number;
    if (in->type == TYPE_BOOLEAN)
        return str_equal_ignore_case(text, S("true")) ? S("TRUE") : S("FALSE");
    if ((in->type == TYPE_WHOLE || in->type == TYPE_FLOAT) && str_to_double(text, &number))
        return number_format(in->arena, number, in->format.length ? in->format : S("General"),
                             false);
    return str_copy(in->arena, text);
}

static int by_place(const void *a, const void *b)
{
    const GnumericCell *left = a, *right = b;
    return left->row != right->row
               ? (left->row > right->row) - (left->row < right->row)
               : (left->column > right->column) - (left->column < right->column);
}

static void write_cells(Reader *in)
{
    SheetRows rows = sheet_rows(in->doc, in->arena, in->scratch, in->name);
    for (size_t i = 0; i < in->merges.count; i++)
        if (!sheet_rows_merge(&rows, in->merges.at[i]))
            break;
    if (in->cells.count)
        qsort(in->cells.at, in->cells.count, sizeof(GnumericCell), by_place);
    for (size_t i = 0; i < in->cells.count; i++) {
        const GnumericCell *cell = &in->cells.at[i];
        if (i == 0 || cell->row != cell[-1].row) {
            if (i > 0)
                sheet_row_end(&rows);
            sheet_row_begin(&rows, cell->row);
        }
        if (i == 0 || cell->row != cell[-1].row || cell->column != cell[-1].column)
            sheet_row_cell(&rows, cell->column, cell->text);
    }
    if (in->cells.count)
        sheet_row_end(&rows);
    sheet_rows_end(&rows);
}

static void end_sheet(Reader *in)
{
    sheet_heading(in->doc, in->name, in->is_hidden);
    write_cells(in);
    for (size_t i = 0; i < in->comments.count; i++) {
        const GnumericComment *comment = &in->comments.at[i];
        sheet_place(in->doc, in->name, comment->column, comment->row);
        comment_write(in->doc, comment->author, comment->text);
    }
    doc_place(in->doc, &(Place){ 0 });
    in->in_sheet = false;
    in->sheets++;
}

static void write_fact(Reader *in, Str name, Str text)
{
    static const struct {
        const char *name, *key;
    } facts[] = { { "title", "title" },           { "subject", "subject" },
                  { "creator", "last_author" },   { "initial-creator", "author" },
                  { "keyword", "keywords" },      { "description", "description" },
                  { "creation-date", "created" }, { "date", "modified" } };
    for (size_t i = 0; i < COUNT(facts); i++)
        if (str_is(name, facts[i].name))
            doc_meta(in->doc, facts[i].key, text);
}

static bool on_end(void *self, Str name)
{
    Reader *in = self;
    Str text = str_trim(buf_str(&in->text));
    SheetMerge merge;
    if (!in->in_sheet)
        write_fact(in, name, text);
    else if (str_is(name, "Sheet"))
        end_sheet(in);
    else if (str_is(name, "Name") && !in->name.length)
        in->name = str_copy(in->arena, text);
    else if (str_is(name, "Cell") && text.length && in->row >= 0 && in->row < 1 << 20 &&
             in->column >= 0 && in->column < 16384 && in->cells.count < CELLS_MAX)
        *vec_push(in->arena, &in->cells) = (GnumericCell){ in->row, in->column, shown(in, text) };
    else if (str_is(name, "Merge") && range_parse(text, &merge) && in->merges.count < CELLS_MAX)
        *vec_push(in->arena, &in->merges) = merge;
    in->text.length = 0;
    return doc_writer_ok(in->doc);
}

static bool on_text(void *self, Str text)
{
    Reader *in = self;
    buf_add(&in->text, text);
    return true;
}

static bool is_packed(Str bytes) { return str_starts(bytes, S("\x1F\x8B\x08")); }

static bool gnumeric_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    static const XmlEvents events = { on_start, on_end, on_text };
    AUTO_ARENA Arena *arena = arena_new(MB(600));
    AUTO_ARENA Arena *sheet = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(MB(256));
    Reader in = {
        .doc = doc, .arena = sheet, .scratch = scratch, .text = buf_new(arena, TEXT_MAX)
    };
    Str bytes = source->bytes;
    if (is_packed(bytes)) {
        Buf out = buf_new(arena, UNPACKED_MAX);
        inflate_into(&out, bytes, INFLATE_GZIP);
        bytes = buf_str(&out);
    }
    XmlParser *parser = xml_begin(&events, &in);
    xml_add(parser, bytes.at, bytes.length);
    bool ok = xml_end(parser, err);
    if (in.in_sheet)
        end_sheet(&in); /* what came before the damage */
    if (!ok && in.sheets == 0)
        return false;
    if (!ok)
        doc_warning(doc, S("the file is damaged: it is read up to there"));
    doc_meta_whole(doc, "sheets", in.sheets);
    return true;
}

static int gnumeric_sniff(Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(KB(256));
    Str head = str_slice(bytes, 0, HEAD);
    if (is_packed(bytes)) {
        Buf out = buf_new(arena, HEAD);
        inflate_into(&out, str_slice(bytes, 0, HEAD), INFLATE_GZIP);
        head = buf_str(&out);
    }
    return str_starts(head, S("<?xml")) && str_find(head, S("Workbook")) >= 0 &&
                   str_find(head, S("gnumeric")) >= 0
               ? 95
               : 0;
}

const Extractor extractor_gnumeric = {
    .name = "gnumeric",
    .title = "Gnumeric workbook",
    .extensions = LIST("gnumeric", "gnm"),
    .media_types = LIST("application/x-gnumeric"),
    .sniff = gnumeric_sniff,
    .extract = gnumeric_extract,
};
