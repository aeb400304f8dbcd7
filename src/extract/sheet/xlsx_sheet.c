/* xlsx_sheet.c - one worksheet: rows as they stream past, then its comments and drawings. */
#include "base/map.h"
#include "extract/comment.h"
#include "extract/sheet/number_format.h"
#include "extract/sheet/xlsx_book.h"

enum { CELL_MAX = 1 << 20 };
/* Merged cells are listed after the rows, so they cost a second reading; larger sheets go without.
 */
static const size_t MERGE_BYTES_MAX = MB(32);

typedef struct SheetReader {
    Book *book;
    SheetRows rows;
    const Relations *relations;
    Arena *scratch; /* of a row */
    int column;
    Str type;
    int style;
    Buf value, formula;
    enum { IN_NOTHING, IN_VALUE, IN_FORMULA, IN_INLINE } where;
    bool in_header, in_phonetic;
    Buf header;
} SheetReader;

/* --- Merged cells --- */

static bool merge_start(void *self, const XmlElement *element)
{
    SheetReader *reader = self;
    SheetMerge merge;
    if (!str_is(element->name, "mergeCell"))
        return true;
    Str ref = xml_attribute(element, "ref"), first;
    if (!str_next(&ref, ':', &first) || !cell_parse(first, &merge.column0, &merge.row0) ||
        !cell_parse(ref, &merge.column1, &merge.row1))
        return true;
    return sheet_rows_merge(&reader->rows, merge);
}

static void read_merges(SheetReader *reader, const Part *part)
{
    static const XmlEvents events = { .start = merge_start };
    Error err;
    if (part->size > MERGE_BYTES_MAX)
        return;
    if (!package_parse(reader->book->package, part, &events, reader, &err))
        return; /* said when the rows are read */
}

/* --- Cells --- */

/* A number as it is stored shows the same without a format; most cells of large sheets do. */
static bool is_plain(Str value, Str code)
{
    if (value.length == 0 || value.length > 15 ||
        (code.length && !str_equal_ignore_case(code, S("General"))))
        return false;
    for (size_t i = 0; i < value.length; i++)
        if (!(value.at[i] >= '0' && value.at[i] <= '9') && value.at[i] != '.' && value.at[i] != '-')
            return false;
    return true;
}

static Str cell_text(SheetReader *reader)
{
    const Book *book = reader->book;
    Str value = buf_str(&reader->value);
    double number;
    int64_t index;
    Str code = reader->style >= 0 && reader->style < (int)book->formats.count
                   ? book->formats.at[reader->style]
                   : STR_NONE;
    if (str_is(reader->type, "s")) {
        if (!str_to_int(str_trim(value), 0, INT32_MAX, &index) ||
            index >= (int64_t)book->strings.count)
            return STR_NONE;
        return number_format_text(reader->scratch, book->strings.at[index], code);
    }
    if (str_is(reader->type, "b"))
        return str_is(str_trim(value), "1") ? S("TRUE") : S("FALSE");
    if (str_is(reader->type, "str") || str_is(reader->type, "inlineStr") ||
        str_is(reader->type, "e") || str_is(reader->type, "d"))
        return value;
    if (is_plain(str_trim(value), code))
        return str_trim(value);
    if (str_to_double(str_trim(value), &number))
        return number_format(reader->scratch, number, code, book->is_1904);
    /* No program has calculated it yet: the formula itself. */
    if (value.length == 0 && reader->formula.length)
        return str_format(reader->scratch, "=" STR_FMT, STR_ARG(buf_str(&reader->formula)));
    return value;
}

static void begin_cell(SheetReader *reader, const XmlElement *element)
{
    int column, row;
    if (cell_parse(xml_attribute(element, "r"), &column, &row))
        reader->column = column;
    else
        reader->column++;
    reader->type = str_copy(reader->scratch, xml_attribute(element, "t"));
    reader->style = xml_attribute_int(element, "s", -1);
    reader->value = buf_new(reader->scratch, CELL_MAX);
    reader->formula = buf_new(reader->scratch, KB(8));
}

static void begin_row(SheetReader *reader, const XmlElement *element)
{
    int row = MAX(0, xml_attribute_int(element, "r", reader->rows.row + 2) - 1);
    reader->column = -1;
    sheet_row_begin(&reader->rows, row);
}

/* --- Events --- */

static bool is_header_name(Str name)
{
    return str_ends(name, S("Header")) || str_ends(name, S("Footer"));
}

static void write_link(SheetReader *reader, const XmlElement *element)
{
    int column, row;
    DocWriter *doc = reader->book->doc;
    Str first, ref = xml_attribute(element, "ref");
    Str address = relation_address(reader->relations, xml_relation(element, "id"));
    if (address.length == 0 || !str_next(&ref, ':', &first) || !cell_parse(first, &column, &row))
        return;
    sheet_place(doc, reader->rows.sheet, column, row);
    doc_note(doc, "link", address);
}

static bool sheet_start(void *self, const XmlElement *element)
{
    SheetReader *reader = self;
    Str name = element->name;
    reader->where = IN_NOTHING;
    if (str_is(name, "c")) {
        begin_cell(reader, element);
    } else if (str_is(name, "v")) {
        reader->where = IN_VALUE;
    } else if (str_is(name, "f")) {
        reader->where = IN_FORMULA;
    } else if (str_is(name, "t") && !reader->in_phonetic) {
        reader->where = IN_INLINE;
    } else if (str_is(name, "rPh")) {
        reader->in_phonetic = true;
    } else if (str_is(name, "row")) {
        begin_row(reader, element);
    } else if (str_is(name, "dimension")) {
        Str ref = xml_attribute(element, "ref"), first;
        int row;
        if (str_next(&ref, ':', &first) && !cell_parse(first, &reader->rows.first_column, &row))
            reader->rows.first_column = 0;
    } else if (str_is(name, "hyperlink")) {
        write_link(reader, element);
    } else if (is_header_name(name)) {
        reader->in_header = true;
        reader->header.length = 0;
    }
    return doc_writer_ok(reader->book->doc);
}

static bool sheet_end(void *self, Str name)
{
    SheetReader *reader = self;
    reader->where = IN_NOTHING;
    if (str_is(name, "c")) {
        sheet_row_cell(&reader->rows, reader->column, cell_text(reader));
    } else if (str_is(name, "row")) {
        sheet_row_end(&reader->rows);
    } else if (str_is(name, "rPh")) {
        reader->in_phonetic = false;
    } else if (str_is(name, "sheetData")) {
        sheet_rows_end(&reader->rows);
    } else if (is_header_name(name) && reader->in_header) {
        reader->in_header = false;
        sheet_place(reader->book->doc, reader->rows.sheet, -1, 0);
        sheet_header(reader->book->doc, buf_str(&reader->header));
    }
    return doc_writer_ok(reader->book->doc);
}

static bool sheet_text(void *self, Str text)
{
    SheetReader *reader = self;
    if (reader->in_header)
        buf_add(&reader->header, text);
    else if (reader->where == IN_FORMULA)
        buf_add(&reader->formula, text);
    else if (reader->where != IN_NOTHING && reader->value.arena)
        buf_add(&reader->value, text);
    return true;
}

/* --- Comments and drawings --- */

/* Comments, and the threads that newer programs keep beside them ([MS-XLSX] 2.6.205). */
typedef struct CommentReader {
    Book *book;
    Arena *arena;
    Str sheet;
    Buf text;
    VEC(Str) authors;
    Map persons; /* of threads: names by id */
    Str author;
    int column, row;
    bool in_text, in_author, is_thread, has_threads;
} CommentReader;

static bool comment_start(void *self, const XmlElement *element)
{
    CommentReader *reader = self;
    Str name = element->name;
    reader->in_text = str_is(name, reader->is_thread ? "text" : "t");
    reader->in_author = str_is(name, "author");
    if (reader->in_author || str_is(name, "comment") || str_is(name, "threadedComment"))
        reader->text.length = 0;
    if (!str_is(name, "comment") && !str_is(name, "threadedComment"))
        return true;
    reader->author = STR_NONE;
    if (!cell_parse(xml_attribute(element, "ref"), &reader->column, &reader->row))
        reader->column = -1;
    int index = xml_attribute_int(element, "authorId", -1);
    const MapEntry *person = map_find(&reader->persons, xml_attribute(element, "personId"));
    if (person)
        reader->author = str(person->pointer);
    else if (index >= 0 && index < (int)reader->authors.count)
        reader->author = reader->authors.at[index];
    return true;
}

static bool comment_end(void *self, Str name)
{
    CommentReader *reader = self;
    Str text = buf_str(&reader->text);
    if (str_is(name, "author") && reader->authors.count < 10000)
        *vec_push(reader->arena, &reader->authors) = str_copy(reader->arena, text);
    reader->in_text = reader->in_author = false;
    if (!str_is(name, "comment") && !str_is(name, "threadedComment"))
        return true;
    /* For old programs a thread is said again as a comment. */
    if (!reader->is_thread && reader->has_threads && str_starts(text, S("[Threaded comment]")))
        return true;
    sheet_place(reader->book->doc, reader->sheet, reader->column, reader->row);
    comment_write(reader->book->doc, reader->author, text);
    return doc_writer_ok(reader->book->doc);
}

static bool comment_text(void *self, Str text)
{
    CommentReader *reader = self;
    if (reader->in_text || reader->in_author)
        buf_add(&reader->text, text);
    return true;
}

static bool person_start(void *self, const XmlElement *element)
{
    CommentReader *reader = self;
    if (str_is(element->name, "person") && reader->persons.count < 10000)
        map_add(&reader->persons, str_copy(reader->arena, xml_attribute(element, "id")), NULL)
            ->pointer = str_c(reader->arena, xml_attribute(element, "displayName"));
    return true;
}

static void read_comment_part(CommentReader *reader, const XmlEvents *events, const Part *part)
{
    Error err;
    if (part && !package_parse(reader->book->package, part, events, reader, &err))
        ooxml_warn(reader->book->doc, &err);
}

static void write_comments(Book *book, const SheetEntry *sheet, const Relations *relations)
{
    static const XmlEvents events = { comment_start, comment_end, comment_text };
    static const XmlEvents persons = { .start = person_start };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const Part *comments = relation_part(book->package, relation_by_type(relations, "comments", 0));
    const Part *threads =
        relation_part(book->package, relation_by_type(relations, "threadedComment", 0));
    CommentReader reader = { .book = book,
                             .arena = arena,
                             .sheet = sheet->name,
                             .text = buf_new(arena, MB(1)),
                             .persons = map_new(arena),
                             .has_threads = threads != NULL };
    read_comment_part(&reader, &events, comments);
    if (!threads)
        return;
    reader.is_thread = true;
    reader.authors.count = 0;
    read_comment_part(&reader, &persons, book_part(book, "person"));
    read_comment_part(&reader, &events, threads);
}

static void write_all(Book *book, const Relations *relations, const char *type,
                      void (*write)(Package *package, DocWriter *doc, const Part *part))
{
    const Relation *relation = relation_by_type(relations, type, 0);
    while (relation) {
        const Part *part = relation_part(book->package, relation);
        if (part)
            write(book->package, book->doc, part);
        relation = relation_by_type(relations, type, relation_index(relations, relation) + 1);
    }
}

static void write_shapes(Package *package, DocWriter *doc, const Part *part)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    doc_paragraph(doc, ooxml_drawing_text(package, arena, part));
}

void book_write_drawings(Book *book, Str sheet, const Relations *relations)
{
    const Part *drawing = relation_part(book->package, relation_by_type(relations, "drawing", 0));
    if (!drawing)
        return;
    doc_place(book->doc, &(Place){ .sheet = sheet });
    write_shapes(book->package, book->doc, drawing);
    Relations inner = ooxml_relations(book->package, drawing->name);
    write_all(book, &inner, "chart", ooxml_write_chart);
    write_all(book, &inner, "diagramData", ooxml_write_diagram);
}

void book_write_sheet(Book *book, const SheetEntry *sheet, const Part *part)
{
    static const XmlEvents events = { sheet_start, sheet_end, sheet_text };
    AUTO_ARENA Arena *scratch = arena_new(GB(1)), *header = arena_new(MB(1));
    SheetReader reader = { .book = book,
                           .rows = sheet_rows(book->doc, book->arena, scratch, sheet->name),
                           .scratch = scratch,
                           .header = buf_new(header, KB(64)) };
    Relations relations = ooxml_relations(book->package, part->name);
    Error err;
    reader.relations = &relations;
    read_merges(&reader, part);
    doc_place(book->doc, &(Place){ .sheet = sheet->name });
    if (!package_parse(book->package, part, &events, &reader, &err))
        ooxml_warn(book->doc, &err);
    sheet_rows_end(&reader.rows);
    write_comments(book, sheet, &relations);
    book_write_drawings(book, sheet->name, &relations);
}
