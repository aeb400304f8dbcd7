/* docx_body.c - see docx_body.h; elements of ECMA-376 part 1, 17. */
#include "extract/docx_body.h"

#include "base/utf8.h"

enum { PARAGRAPH_DEPTH_MAX = 16, TABLE_DEPTH_MAX = 16, ROWS_HELD_MAX = 20000, TEXT_MAX = 16 << 20 };

typedef struct OpenParagraph {
    Buf text;
    Str style;
    int outline_level, list, list_level; /* list -1: none said */
} OpenParagraph;

typedef struct HeldCell {
    Str text;
    int column, span, row_span;
    bool goes_on; /* of the cell above */
} HeldCell;

typedef struct HeldRow {
    VEC(HeldCell) cells;
    bool is_header;
} HeldRow;

typedef struct Reader {
    DocxBody *body;
    BodyKind kind;
    Arena *scratch; /* of a top-level paragraph or table */
    OpenParagraph paragraphs[PARAGRAPH_DEPTH_MAX];
    int paragraph_depth;
    int table_depth, cell_depth; /* cell_depth: paragraphs open when the cell began */
    VEC(HeldRow) rows;
    Buf cell;
    int skip_depth; /* inside deleted text and such */
    bool in_text, in_properties;
    VEC(DocxNote *) notes; /* referred to by the open paragraph */
    VEC(Str) charts;       /* relation ids, likewise */
    VEC(Str) diagrams;
    DocxNotes read; /* of BODY_NOTES */
} Reader;

static OpenParagraph *open_paragraph(Reader *reader)
{
    return reader->paragraph_depth > 0 ? &reader->paragraphs[reader->paragraph_depth - 1] : NULL;
}

static void add_text(Reader *reader, Str text)
{
    OpenParagraph *paragraph = open_paragraph(reader);
    if (paragraph)
        buf_add(&paragraph->text, text);
}

/* --- What a paragraph refers to --- */

void docx_write_note(DocxBody *body, DocxNote *note)
{
    if (!note->is_written)
        doc_note(body->doc, note->label, note->text);
    note->is_written = true;
}

static void write_referred(Reader *reader)
{
    DocxBody *body = reader->body;
    for (size_t i = 0; i < reader->notes.count; i++)
        docx_write_note(body, reader->notes.at[i]);
    for (size_t i = 0; i < reader->charts.count; i++) {
        const Part *part =
            relation_part(body->package, relation_by_id(&body->relations, reader->charts.at[i]));
        if (part)
            ooxml_write_chart(body->package, body->doc, part);
    }
    for (size_t i = 0; i < reader->diagrams.count; i++) {
        const Part *part =
            relation_part(body->package, relation_by_id(&body->relations, reader->diagrams.at[i]));
        if (part)
            ooxml_write_diagram(body->package, body->doc, part);
    }
    reader->notes.count = reader->charts.count = reader->diagrams.count = 0;
    reader->notes.capacity = reader->charts.capacity = reader->diagrams.capacity = 0;
}

/* --- Tables --- */

/* A cell that goes on below (vMerge) is one cell over several rows. */
static void join_merged(Reader *reader)
{
    for (size_t r = reader->rows.count; r-- > 1;) {
        HeldRow *row = &reader->rows.at[r], *above = &reader->rows.at[r - 1];
        for (size_t i = 0; i < row->cells.count; i++)
            for (size_t k = 0; row->cells.at[i].goes_on && k < above->cells.count; k++)
                if (above->cells.at[k].column == row->cells.at[i].column)
                    above->cells.at[k].row_span += row->cells.at[i].row_span;
    }
}

static void write_rows(Reader *reader, bool all)
{
    DocWriter *doc = reader->body->doc;
    bool in_header = true;
    join_merged(reader);
    for (size_t r = 0; r < reader->rows.count; r++) {
        const HeldRow *row = &reader->rows.at[r];
        if (r > 0 && in_header && !row->is_header && reader->rows.at[r - 1].is_header)
            doc_header_end(doc);
        in_header &= row->is_header;
        for (size_t i = 0; i < row->cells.count; i++) {
            const HeldCell *cell = &row->cells.at[i];
            if (!cell->goes_on || r == 0)
                doc_cell_span(doc, cell->text, cell->span, cell->row_span);
        }
        doc_row_end(doc);
    }
    reader->rows.count = 0;
    if (all)
        doc_table_end(doc);
}

static HeldCell *open_cell(Reader *reader)
{
    HeldRow *row = reader->rows.count ? &reader->rows.at[reader->rows.count - 1] : NULL;
    return row && row->cells.count ? &row->cells.at[row->cells.count - 1] : NULL;
}

static void begin_table(Reader *reader)
{
    if (reader->table_depth++ > 0)
        return;
    reader->rows.at = NULL;
    reader->rows.count = reader->rows.capacity = 0;
    if (reader->kind == BODY_MAIN)
        doc_table_begin(reader->body->doc);
}

static void begin_row(Reader *reader)
{
    if (reader->table_depth != 1)
        return;
    if (reader->rows.count >= ROWS_HELD_MAX)
        write_rows(reader, false);
    *vec_push(reader->scratch, &reader->rows) = (HeldRow){ 0 };
}

static void begin_cell(Reader *reader)
{
    if (reader->table_depth != 1 || reader->rows.count == 0)
        return;
    HeldRow *row = &reader->rows.at[reader->rows.count - 1];
    const HeldCell *last = open_cell(reader);
    int column = last ? last->column + last->span : 0;
    *vec_push(reader->scratch, &row->cells) =
        (HeldCell){ .column = column, .span = 1, .row_span = 1 };
    reader->cell = buf_new(reader->scratch, TEXT_MAX);
}

static void end_cell(Reader *reader)
{
    HeldCell *cell = open_cell(reader);
    if (reader->table_depth == 1 && cell)
        cell->text = buf_str(&reader->cell);
    else if (reader->table_depth > 1)
        buf_add_char(&reader->cell, ' ');
}

static void end_table(Reader *reader)
{
    if (--reader->table_depth > 0)
        return;
    if (reader->kind == BODY_MAIN) {
        write_rows(reader, true);
    } else {
        for (size_t r = 0; r < reader->rows.count; r++)
            for (size_t i = 0; i < reader->rows.at[r].cells.count; i++)
                if (reader->kind == BODY_HEADER)
                    doc_header(reader->body->doc, reader->rows.at[r].cells.at[i].text);
    }
    if (reader->paragraph_depth > 0)
        return;
    write_referred(reader);
    arena_reset(reader->scratch);
}

/* --- Paragraphs --- */

static void write_main(Reader *reader, OpenParagraph *paragraph, Str text)
{
    DocxBody *body = reader->body;
    DocWriter *doc = body->doc;
    int level = docx_heading_level(body->styles, paragraph->style);
    int list = paragraph->list, list_level = MAX(paragraph->list_level, 0), from_style = 0;
    if (paragraph->outline_level >= 0)
        level = paragraph->outline_level < 9 ? MIN(paragraph->outline_level + 1, 6) : 0;
    if (list < 0 && docx_style_list(body->styles, paragraph->style, &list, &from_style))
        list_level = paragraph->list_level >= 0 ? paragraph->list_level : from_style;
    Str marker = list > 0 && str_trim(text).length
                     ? docx_next_marker(body->styles, reader->scratch, list, list_level)
                     : STR_NONE;
    bool is_bullet = str_is(marker, "-");
    if (reader->table_depth > 0) {
        if (reader->cell.length && text.length)
            buf_add_char(&reader->cell, '\n');
        if (marker.length && !is_bullet) {
            buf_add(&reader->cell, marker);
            buf_add_char(&reader->cell, ' ');
        }
        buf_add(&reader->cell, text);
    } else if (level > 0) {
        if (marker.length && !is_bullet)
            text = str_format(reader->scratch, STR_FMT " " STR_FMT, STR_ARG(marker), STR_ARG(text));
        doc_heading(doc, level, text);
    } else if (list > 0 && marker.length) {
        doc_list_item(doc, list_level + 1, marker, text);
    } else {
        doc_paragraph(doc, text);
    }
}

static void end_paragraph(Reader *reader)
{
    OpenParagraph *paragraph = open_paragraph(reader);
    if (!paragraph)
        return;
    Str text = buf_str(&paragraph->text);
    if (reader->kind == BODY_MAIN) {
        write_main(reader, paragraph, text);
    } else if (reader->table_depth > 0) {
        buf_add(&reader->cell, text);
        buf_add_char(&reader->cell, '\n');
    } else if (reader->kind == BODY_HEADER) {
        doc_header(reader->body->doc, text);
    }
    if (reader->kind == BODY_NOTES && reader->read.count) {
        DocxNote *note = &reader->read.at[reader->read.count - 1];
        text = str_trim(text);
        if (text.length)
            note->text = note->text.length ? str_format(reader->body->arena, STR_FMT "\n" STR_FMT,
                                                        STR_ARG(note->text), STR_ARG(text))
                                           : str_copy(reader->body->arena, text);
    }
    reader->paragraph_depth--;
    if (reader->paragraph_depth > 0 || reader->table_depth > 0)
        return;
    write_referred(reader);
    arena_reset(reader->scratch);
}

static void begin_paragraph(Reader *reader)
{
    if (reader->paragraph_depth == PARAGRAPH_DEPTH_MAX)
        return;
    reader->paragraphs[reader->paragraph_depth++] =
        (OpenParagraph){ .text = buf_new(reader->scratch, TEXT_MAX),
                         .outline_level = -1,
                         .list = -1,
                         .list_level = -1 };
}

/* --- Events --- */

static void refer(Reader *reader, DocxNotes *notes, Str id)
{
    for (size_t i = 0; i < notes->count; i++)
        if (str_equal(notes->at[i].id, id) && reader->notes.count < 1000)
            *vec_push(reader->scratch, &reader->notes) = &notes->at[i];
}

static void read_property(Reader *reader, const XmlElement *element)
{
    OpenParagraph *paragraph = open_paragraph(reader);
    Str name = element->name;
    if (!paragraph)
        return;
    if (str_is(name, "pStyle"))
        paragraph->style = str_copy(reader->scratch, xml_attribute(element, "val"));
    else if (str_is(name, "outlineLvl"))
        paragraph->outline_level = xml_attribute_int(element, "val", -1);
    else if (str_is(name, "ilvl"))
        paragraph->list_level = xml_attribute_int(element, "val", 0);
    else if (str_is(name, "numId"))
        paragraph->list = xml_attribute_int(element, "val", 0);
}

/* w:sym names a character of a font; the symbol fonts' private codes are bullets and ticks. */
static void add_symbol(Reader *reader, const XmlElement *element)
{
    Str code = xml_attribute(element, "char");
    char text[16];
    if (code.length == 0 || code.length > 6)
        return;
    snprintf(text, sizeof text, STR_FMT, STR_ARG(code));
    uint32_t c = (uint32_t)strtoul(text, NULL, 16);
    OpenParagraph *paragraph = open_paragraph(reader);
    if (paragraph && c >= 0x20 && !(c >= 0xE000 && c < 0xF900))
        buf_add_utf8(&paragraph->text, c);
}

static void read_inline(Reader *reader, const XmlElement *element)
{
    DocxBody *body = reader->body;
    Str name = element->name;
    if (str_is(name, "tab"))
        add_text(reader, S("\t"));
    else if (str_is(name, "br") || str_is(name, "cr"))
        add_text(reader, S("\n"));
    else if (str_is(name, "noBreakHyphen"))
        add_text(reader, S("-"));
    else if (str_is(name, "sym"))
        add_symbol(reader, element);
    else if (str_is(name, "footnoteReference"))
        refer(reader, &body->footnotes, xml_attribute(element, "id"));
    else if (str_is(name, "endnoteReference"))
        refer(reader, &body->endnotes, xml_attribute(element, "id"));
    else if (str_is(name, "commentReference"))
        refer(reader, &body->comments, xml_attribute(element, "id"));
    else if (str_is(name, "chart") && xml_relation(element, "id").length)
        *vec_push(reader->scratch, &reader->charts) =
            str_copy(reader->scratch, xml_relation(element, "id"));
    else if (str_is(name, "relIds") && xml_relation(element, "dm").length)
        *vec_push(reader->scratch, &reader->diagrams) =
            str_copy(reader->scratch, xml_relation(element, "dm"));
    else if (str_is(name, "textpath")) /* WordArt */
        add_text(reader, xml_attribute(element, "string"));
}

static void read_cell_property(Reader *reader, const XmlElement *element)
{
    HeldCell *cell = open_cell(reader);
    if (reader->table_depth != 1 || !cell)
        return;
    if (str_is(element->name, "gridSpan"))
        cell->span = MAX(1, MIN(xml_attribute_int(element, "val", 1), 1000));
    else if (str_is(element->name, "vMerge"))
        cell->goes_on = !str_is(xml_attribute(element, "val"), "restart");
}

static void begin_note(Reader *reader, const XmlElement *element)
{
    Arena *arena = reader->body->arena;
    Str author = str_trim(xml_attribute(element, "author"));
    DocxNote note = { .id = str_copy(arena, xml_attribute(element, "id")),
                      .label = str_is(element->name, "footnote")  ? "footnote"
                               : str_is(element->name, "endnote") ? "endnote"
                                                                  : "comment" };
    if (author.length)
        note.text = str_format(arena, STR_FMT ":", STR_ARG(author));
    *vec_push(arena, &reader->read) = note;
}

static bool is_skipped(const Reader *reader, Str name)
{
    static const char *const names[] = { "del",         "moveFrom",  "instrText", "delText",
                                         "rt",          "pPrChange", "rPrChange", "tcPrChange",
                                         "tblPrChange", "sectPr" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(name, names[i]))
            return !(reader->in_properties && str_is(name, "del"));
    return false;
}

static bool body_start(void *self, const XmlElement *element)
{
    Reader *reader = self;
    Str name = element->name;
    if (reader->skip_depth > 0 || is_skipped(reader, name)) {
        reader->skip_depth++;
        return true;
    }
    reader->in_text = false;
    if (str_is(name, "t"))
        reader->in_text = true;
    else if (str_is(name, "p"))
        begin_paragraph(reader);
    else if (str_is(name, "pPr") || str_is(name, "rPr"))
        reader->in_properties = true;
    else if (reader->in_properties)
        read_property(reader, element);
    else if (str_is(name, "tbl") && reader->table_depth < TABLE_DEPTH_MAX)
        begin_table(reader);
    else if (str_is(name, "tr"))
        begin_row(reader);
    else if (str_is(name, "tc"))
        begin_cell(reader);
    else if (str_is(name, "tblHeader") && reader->table_depth == 1 && reader->rows.count)
        reader->rows.at[reader->rows.count - 1].is_header = xml_is_on(element, "val");
    else if (str_is(name, "footnote") || str_is(name, "endnote") || str_is(name, "comment"))
        begin_note(reader, element);
    else {
        read_cell_property(reader, element);
        read_inline(reader, element);
    }
    return doc_writer_ok(reader->body->doc);
}

static bool body_end(void *self, Str name)
{
    Reader *reader = self;
    if (reader->skip_depth > 0) {
        reader->skip_depth--;
        return true;
    }
    reader->in_text = false;
    if (str_is(name, "p"))
        end_paragraph(reader);
    else if (str_is(name, "pPr") || str_is(name, "rPr"))
        reader->in_properties = false;
    else if (str_is(name, "tc"))
        end_cell(reader);
    else if (str_is(name, "tbl") && reader->table_depth > 0)
        end_table(reader);
    return doc_writer_ok(reader->body->doc);
}

static bool body_text(void *self, Str text)
{
    Reader *reader = self;
    if (reader->in_text && reader->skip_depth == 0)
        add_text(reader, text);
    return true;
}

static DocxNotes run(DocxBody *body, const Part *part, BodyKind kind)
{
    static const XmlEvents events = { body_start, body_end, body_text };
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    Relations outer = body->relations;
    Reader *reader = arena_new_one(body->arena, Reader);
    Error err;
    reader->body = body;
    reader->kind = kind;
    reader->scratch = scratch;
    body->relations = ooxml_relations(body->package, part->name);
    if (!package_parse(body->package, part, &events, reader, &err))
        ooxml_warn(body->doc, &err);
    while (reader->paragraph_depth > 0)
        end_paragraph(reader); /* of a part that is cut */
    if (reader->table_depth > 0) {
        reader->table_depth = 1;
        end_table(reader);
    }
    body->relations = outer;
    return reader->read;
}

void docx_write_part(DocxBody *body, const Part *part, BodyKind kind) { run(body, part, kind); }
DocxNotes docx_read_notes(DocxBody *body, const Part *part) { return run(body, part, BODY_NOTES); }
