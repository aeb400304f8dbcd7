/* docx_body.c - see docx_body.h; elements of ECMA-376 part 1, 17. */
#include "extract/word/docx_body.h"

#include "base/map.h"
#include "base/utf8.h"
#include "extract/charset/encoding.h"
#include "extract/charset/symbol_fonts.h"
#include "extract/formats/html.h"
#include "extract/held_table.h"
#include "extract/word/docx_math.h"

enum {
    PARAGRAPH_DEPTH_MAX = 16,
    TABLE_DEPTH_MAX = 16,
    TEXT_MAX = 16 << 20,
    INSTRUCTION_MAX = 4096,
    REFERRED_MAX = 1000,
    ALT_MAX = 4096,
    RENDERED_LOOK = 10000, /* elements before the first page ends */
};

typedef struct OpenParagraph {
    Buf text;
    Str style;
    int outline_level, list, list_level; /* list -1: none said */
    int page;                            /* where it begins; 0: not known */
} OpenParagraph;

typedef struct Reader {
    DocxBody *body;
    BodyKind kind;
    Arena *scratch; /* of a top-level paragraph or table */
    OpenParagraph paragraphs[PARAGRAPH_DEPTH_MAX];
    int paragraph_depth;
    int table_depth, cell_depth; /* cell_depth: paragraphs open when the cell began */
    HeldTable table;
    Buf cell;
    int cell_span;
    bool cell_goes_on, row_is_header;
    int inside_depth;
    DocxNote *inside; /* a note of Word 2003, which stands where it belongs */
    int skip_depth;   /* inside deleted text and such */
    bool in_deleted;  /* inside a text that was deleted while changes were tracked */
    Str deleted_by;
    Buf deleted;
    Str reading;          /* of the word that follows (ruby) */
    size_t reading_start; /* in the paragraph's text */
    int page;             /* from 1; 0: not known */
    bool page_is_new;     /* by a break that the next rendered one repeats */
    bool in_text, in_properties, in_instruction, in_object;
    Buf instruction; /* of a field */
    int math_depth;
    DocxMath math;
    Str alt;                          /* of the picture that follows */
    VEC(Str) links, pictures, chunks; /* addresses, alternative texts, relation ids */
    Map relation_ids;
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
    reader->page_is_new = false;
}

/* --- What a paragraph refers to --- */

void docx_write_note(DocxBody *body, DocxNote *note)
{
    if (!note->is_written)
        doc_note(body->doc, note->label, note->text);
    note->is_written = true;
}

static const Relation *find_relation(Reader *reader, Str id)
{
    const MapEntry *entry = id.length ? map_find(&reader->relation_ids, id) : NULL;
    return entry ? entry->pointer : NULL;
}

static const Part *referred_part(Reader *reader, Str id)
{
    DocxBody *body = reader->body;
    const Relation *relation = find_relation(reader, id);
    return relation_part(body->package, relation);
}

static void write_pictures(Reader *reader)
{
    DocxBody *body = reader->body;
    for (size_t i = 0; i < reader->pictures.count; i++) {
        Str alt = str_trim(reader->pictures.at[i]);
        body->pictures += !alt.length;
        doc_image(body->doc, alt);
    }
}

static void write_links(Reader *reader)
{
    for (size_t i = 0; i < reader->links.count; i++)
        if (i == 0 || !str_equal(reader->links.at[i], reader->links.at[i - 1]))
            doc_note(reader->body->doc, "link", reader->links.at[i]);
}

static void forget_referred(Reader *reader)
{
    reader->notes.count = reader->charts.count = reader->diagrams.count = 0;
    reader->notes.capacity = reader->charts.capacity = reader->diagrams.capacity = 0;
    reader->links.count = reader->pictures.count = reader->chunks.count = 0;
    reader->links.capacity = reader->pictures.capacity = reader->chunks.capacity = 0;
    reader->alt = STR_NONE;
    reader->instruction = buf_new(reader->scratch, INSTRUCTION_MAX);
}

static void write_referred(Reader *reader)
{
    DocxBody *body = reader->body;
    write_links(reader);
    write_pictures(reader);
    for (size_t i = 0; i < reader->notes.count; i++)
        docx_write_note(body, reader->notes.at[i]);
    for (size_t i = 0; i < reader->charts.count; i++) {
        const Part *part = referred_part(reader, reader->charts.at[i]);
        if (part)
            ooxml_write_chart(body->package, body->doc, part);
    }
    for (size_t i = 0; i < reader->diagrams.count; i++) {
        const Part *part = referred_part(reader, reader->diagrams.at[i]);
        if (part)
            ooxml_write_diagram(body->package, body->doc, part);
    }
}

/* A document inside the document (17.17.2.1): HTML, RTF, a Word file. It may hold others. */
static void write_chunk(Reader *reader, Str id)
{
    DocxBody *body = reader->body;
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    const Part *part = referred_part(reader, id);
    size_t bytes_max = doc_writer_limits(body->doc)->child_bytes_max;
    ExtractSource source = { .depth = body->depth + 1 };
    Error err;
    if (!part)
        return;
    if (body->depth >= DOCX_CHUNK_DEPTH) {
        doc_warning(body->doc, S("documents inside documents are too deep"));
        return;
    }
    if (!package_read(body->package, arena, part, bytes_max, &source.bytes, &err)) {
        ooxml_warn(body->doc, &err);
        return;
    }
    source.name = part->name;
    const Extractor *extractor = extractor_choose(source.bytes, part->name, STR_NONE);
    if (extractor && str_is(str(extractor->name), "html"))
        html_write_chapter(body->doc,
                           text_decode(arena, source.bytes, charset_in_html(source.bytes), NULL),
                           &(Place){ 0 });
    else if (!extractor || extractor->worker || !extractor->extract(&source, body->doc, &err))
        doc_warning(body->doc, S("a part of the document could not be read"));
    doc_place(body->doc, &(Place){ .page = reader->page });
}

/* --- Pages, as the application last showed them (17.3.3.13) --- */

static void begin_page(Reader *reader)
{
    OpenParagraph *paragraph = open_paragraph(reader);
    /* Past the limit of pages nothing is said about them. */
    if (++reader->page > doc_writer_limits(reader->body->doc)->page_max)
        reader->page = 0;
    reader->table.page = reader->page;
    for (int i = 0; paragraph && i < reader->paragraph_depth; i++)
        if (!str_trim(buf_str(&reader->paragraphs[i].text)).length)
            reader->paragraphs[i].page = reader->page;
}

/* A rendered break follows one that was typed, and means the same page. */
static void break_page(Reader *reader, bool is_rendered)
{
    if (!reader->page)
        return;
    if (!is_rendered || !reader->page_is_new)
        begin_page(reader);
    reader->page_is_new = !is_rendered;
}

static void place_paragraph(Reader *reader, const OpenParagraph *paragraph)
{
    if (reader->body->is_rendered && reader->table_depth == 0)
        doc_place(reader->body->doc, &(Place){ .page = paragraph->page });
}

/* --- Tables --- */

static void begin_table(Reader *reader)
{
    if (reader->table_depth++ == 0)
        reader->table = (HeldTable){ .arena = reader->scratch, .page = reader->page };
}

static void begin_cell(Reader *reader)
{
    if (reader->table_depth != 1)
        return;
    reader->cell_span = 1;
    reader->cell_goes_on = false;
    reader->cell = buf_new(reader->scratch, TEXT_MAX);
}

static void end_cell(Reader *reader)
{
    if (reader->table_depth > 1) {
        buf_add_char(&reader->cell, ' ');
        return;
    }
    Str text = buf_str(&reader->cell);
    if (reader->kind == BODY_MAIN)
        held_table_cell(&reader->table, text, reader->cell_span, reader->cell_goes_on);
    else if (reader->kind == BODY_HEADER)
        doc_header(reader->body->doc, text);
    reader->cell = buf_new(reader->scratch, TEXT_MAX);
}

static void end_row(Reader *reader)
{
    if (reader->table_depth == 1 && reader->kind == BODY_MAIN)
        held_table_end_row(&reader->table, reader->body->doc, reader->row_is_header);
    reader->row_is_header = false;
}

static void end_table(Reader *reader)
{
    if (--reader->table_depth > 0)
        return;
    if (reader->kind == BODY_MAIN)
        held_table_write(&reader->table, reader->body->doc);
    if (reader->paragraph_depth > 0)
        return;
    write_referred(reader);
    arena_reset(reader->scratch);
    forget_referred(reader);
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

static void add_to_note(Arena *arena, DocxNote *note, Str text)
{
    text = str_trim(text);
    if (text.length)
        note->text = note->text.length ? str_format(arena, STR_FMT "\n" STR_FMT,
                                                    STR_ARG(note->text), STR_ARG(text))
                                       : str_copy(arena, text);
}

static void end_paragraph(Reader *reader)
{
    OpenParagraph *paragraph = open_paragraph(reader);
    if (!paragraph)
        return;
    Str text = buf_str(&paragraph->text);
    if (reader->inside) {
        add_to_note(reader->body->arena, reader->inside, text);
        reader->paragraph_depth--;
        return;
    }
    if (reader->kind == BODY_MAIN) {
        place_paragraph(reader, paragraph);
        write_main(reader, paragraph, text);
    } else if (reader->table_depth > 0) {
        buf_add(&reader->cell, text);
        buf_add_char(&reader->cell, '\n');
    } else if (reader->kind == BODY_HEADER) {
        doc_header(reader->body->doc, text);
    }
    if (reader->kind == BODY_NOTES && reader->read.count) {
        add_to_note(reader->body->arena, &reader->read.at[reader->read.count - 1], text);
    }
    reader->paragraph_depth--;
    if (reader->paragraph_depth > 0 || reader->table_depth > 0)
        return;
    write_referred(reader);
    arena_reset(reader->scratch);
    forget_referred(reader);
}

static void begin_paragraph(Reader *reader, const XmlElement *element)
{
    Str id = xml_attribute(element, "paraId");
    if (reader->kind == BODY_NOTES && reader->read.count && id.length)
        reader->read.at[reader->read.count - 1].paragraph = str_copy(reader->body->arena, id);
    if (reader->paragraph_depth == PARAGRAPH_DEPTH_MAX)
        return;
    reader->paragraphs[reader->paragraph_depth++] =
        (OpenParagraph){ .text = buf_new(reader->scratch, TEXT_MAX),
                         .page = reader->page,
                         .outline_level = -1,
                         .list = -1,
                         .list_level = -1 };
}

/* --- Events --- */

static void refer(Reader *reader, Str kind, Str id)
{
    char key[80];
    if (kind.length + id.length + 1 >= sizeof key || reader->notes.count >= REFERRED_MAX)
        return;
    snprintf(key, sizeof key, STR_FMT " " STR_FMT, STR_ARG(kind), STR_ARG(id));
    const MapEntry *entry = map_find(&reader->body->notes, str(key));
    if (entry)
        *vec_push(reader->scratch, &reader->notes) = entry->pointer;
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
    else if (str_is(name, "numId") || str_is(name, "ilfo"))
        paragraph->list = xml_attribute_int(element, "val", 0);
}

/* w:sym names a character of a font: ticks, boxes and arrows of Wingdings. */
static void add_symbol(Reader *reader, const XmlElement *element)
{
    Str code = xml_attribute(element, "char");
    char text[16];
    if (code.length == 0 || code.length > 6)
        return;
    snprintf(text, sizeof text, STR_FMT, STR_ARG(code));
    uint32_t c = (uint32_t)strtoul(text, NULL, 16);
    uint32_t shown = symbol_of_font(xml_attribute(element, "font"), c);
    c = shown ? shown : c;
    OpenParagraph *paragraph = open_paragraph(reader);
    if (paragraph && c >= 0x20 && !(c >= 0xE000 && c < 0xF900))
        buf_add_utf8(&paragraph->text, c);
}

static void read_inline(Reader *reader, const XmlElement *element)
{
    Str name = element->name;
    if (str_is(name, "tab"))
        add_text(reader, S("\t"));
    else if (str_is(name, "lastRenderedPageBreak"))
        break_page(reader, true);
    else if (str_is(name, "br") && str_is(xml_attribute(element, "type"), "page"))
        add_text(reader, S("\n")), break_page(reader, false);
    else if (str_is(name, "br") || str_is(name, "cr"))
        add_text(reader, S("\n"));
    else if (str_is(name, "noBreakHyphen"))
        add_text(reader, S("-"));
    else if (str_is(name, "sym"))
        add_symbol(reader, element);
    else if (str_ends(name, S("Reference")))
        refer(reader, str_slice(name, 0, name.length - 9), xml_attribute(element, "id"));
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
    if (reader->table_depth != 1)
        return;
    if (str_is(element->name, "gridSpan"))
        reader->cell_span = MAX(1, MIN(xml_attribute_int(element, "val", 1), 1000));
    else if (str_equal_ignore_case(element->name, S("vMerge")))
        reader->cell_goes_on = !str_is(xml_attribute(element, "val"), "restart");
    else if (str_is(element->name, "tblHeader"))
        reader->row_is_header = xml_is_on(element, "val");
}

/* --- Links and pictures --- */

static void keep_link(Reader *reader, Str address)
{
    OpenParagraph *paragraph = open_paragraph(reader);
    if (reader->kind == BODY_MAIN && paragraph && address.length &&
        reader->links.count < REFERRED_MAX)
        *vec_push(reader->scratch, &reader->links) = str_copy(reader->scratch, address);
}

static void keep_relation(Reader *reader, Str id)
{
    const Relation *relation = find_relation(reader, id);
    if (relation)
        keep_link(reader, relation->address);
}

/* HYPERLINK "https://..." \o "tip" (17.16.5.25) */
static void end_instruction(Reader *reader)
{
    Str text = str_trim(buf_str(&reader->instruction));
    reader->instruction.length = 0;
    if (!str_starts(text, S("HYPERLINK")))
        return;
    text = str_trim(str_from(text, 9));
    bool is_quoted = str_starts(text, S("\""));
    text = str_from(text, is_quoted ? 1 : 0);
    ptrdiff_t end = str_find_char(text, is_quoted ? '"' : ' ');
    Str target = str_slice(text, 0, end < 0 ? text.length : (size_t)end);
    if (str_find_char(target, ':') > 0)
        keep_link(reader, target);
}

static void keep_picture(Reader *reader)
{
    if (reader->kind == BODY_MAIN && !reader->in_object && reader->pictures.count < REFERRED_MAX)
        *vec_push(reader->scratch, &reader->pictures) = reader->alt;
    reader->alt = STR_NONE;
}

static void keep_alt(Reader *reader, Str text, Str otherwise)
{
    text = str_trim(text).length ? text : otherwise;
    reader->alt = str_copy(reader->scratch, str_slice(text, 0, ALT_MAX));
}

/* Pictures of DrawingML (20.4.2.5, 20.1.8.13) and VML, links, fields; false: none of these. */
static bool read_drawing(Reader *reader, const XmlElement *element)
{
    Str name = element->name;
    if (str_is(name, "hyperlink"))
        keep_relation(reader, xml_relation(element, "id"));
    else if (str_is(name, "hlink"))
        keep_link(reader, xml_attribute(element, "dest"));
    else if (str_is(name, "fldSimple"))
        buf_add(&reader->instruction, xml_attribute(element, "instr")), end_instruction(reader);
    else if (str_is(name, "fldChar"))
        end_instruction(reader);
    else if (str_is(name, "docPr"))
        keep_alt(reader, xml_attribute(element, "descr"), xml_attribute(element, "title"));
    else if (str_is(name, "shape"))
        keep_alt(reader, xml_attribute(element, "alt"), STR_NONE);
    else if (str_is(name, "blip") || str_is(name, "imagedata"))
        keep_picture(reader);
    else if (str_is(name, "altChunk") && reader->kind == BODY_MAIN)
        write_chunk(reader, xml_relation(element, "id"));
    else
        return false;
    return true;
}

/* Word 2003: notes stand in the text, and comments and changes are annotations. */
static bool is_annotation(const XmlElement *element, const char *type)
{
    return str_is(element->name, "annotation") && str_is(xml_attribute(element, "type"), type);
}

/* Is it the element of the note that is read, or another of its name in it? */
static bool is_inside(const Reader *reader, Str name)
{
    const char *label = reader->inside ? reader->inside->label : "";
    return reader->inside && str_is(name, str_is(str(label), "comment") ? "annotation" : label);
}

static void end_inside(Reader *reader)
{
    if (reader->notes.count < REFERRED_MAX)
        *vec_push(reader->scratch, &reader->notes) = reader->inside;
    reader->inside = NULL;
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
    if (reader->kind == BODY_NOTES) {
        *vec_push(arena, &reader->read) = note;
    } else if (!reader->inside && reader->paragraph_depth > 0) {
        reader->inside = arena_new_one(arena, DocxNote);
        *reader->inside = note;
        reader->inside_depth = 1;
    }
}

/* --- Tracked changes (17.13.5): what was deleted is said below its paragraph --- */

static void begin_deleted(Reader *reader, const XmlElement *element)
{
    reader->deleted_by = str_copy(reader->scratch, str_trim(xml_attribute(element, "author")));
    reader->deleted = buf_new(reader->scratch, TEXT_MAX);
}

static void add_deleted(Reader *reader, Str text)
{
    if (reader->deleted.arena)
        buf_add(&reader->deleted, text);
}

static void end_deleted(Reader *reader)
{
    Str text = str_trim(buf_str(&reader->deleted)), author = reader->deleted_by;
    if (text.length && reader->paragraph_depth > 0 && reader->notes.count < REFERRED_MAX) {
        DocxNote *note = arena_new_one(reader->scratch, DocxNote);
        *note = (DocxNote){ .label = "tracked change",
                            .text = str_format(reader->scratch, STR_FMT "%sdeleted: " STR_FMT,
                                               STR_ARG(author), author.length ? " " : "",
                                               STR_ARG(text)) };
        *vec_push(reader->scratch, &reader->notes) = note;
    }
    reader->deleted = (Buf){ 0 };
}

static bool is_skipped(const Reader *reader, Str name)
{
    static const char *const names[] = { "del",        "moveFrom",    "delInstrText",
                                         "delText",    "pPrChange",   "rPrChange",
                                         "tcPrChange", "tblPrChange", "sectPr" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(name, names[i]))
            return !(reader->in_properties && str_is(name, "del"));
    return false;
}

static void start_math(Reader *reader, const XmlElement *element)
{
    if (str_is(element->name, "oMath") && reader->math_depth++ == 0)
        reader->math = (DocxMath){ 0 };
    else if (reader->math_depth)
        docx_math_start(&reader->math, element, &open_paragraph(reader)->text);
}

static void end_math(Reader *reader, Str name)
{
    if (str_is(name, "oMath"))
        reader->math_depth--;
    else if (open_paragraph(reader))
        docx_math_end(&reader->math, name, &open_paragraph(reader)->text);
}

/* --- How a word is read (17.3.3.25): said before it, shown above it --- */

static void begin_reading(Reader *reader)
{
    OpenParagraph *paragraph = open_paragraph(reader);
    reader->reading = STR_NONE;
    reader->reading_start = paragraph ? paragraph->text.length : SIZE_MAX;
}

static void end_reading(Reader *reader)
{
    OpenParagraph *paragraph = open_paragraph(reader);
    if (!paragraph || reader->reading_start >= paragraph->text.length)
        return;
    Str text = str_from(buf_str(&paragraph->text), reader->reading_start);
    reader->reading = str_copy(reader->scratch, str_trim(text));
    paragraph->text.length = reader->reading_start;
}

/* "漢字(かんじ)" */
static void add_reading(Reader *reader)
{
    if (reader->reading.length && open_paragraph(reader))
        buf_addf(&open_paragraph(reader)->text, "(" STR_FMT ")", STR_ARG(reader->reading));
    reader->reading = STR_NONE;
}

static bool body_start(void *self, const XmlElement *element)
{
    Reader *reader = self;
    Str name = element->name;
    if (reader->skip_depth > 0 || is_skipped(reader, name) ||
        is_annotation(element, "Word.Deletion")) {
        reader->in_deleted = str_is(name, "delText");
        if (reader->skip_depth++ == 0 && (str_is(name, "del") || !is_skipped(reader, name)))
            begin_deleted(reader, element);
        return true;
    }
    reader->in_text = false;
    reader->inside_depth += is_inside(reader, name);
    if (str_ends(element->name_space, S("/math")) && open_paragraph(reader))
        start_math(reader, element);
    if (str_is(name, "t"))
        reader->in_text = true;
    else if (str_is(name, "instrText"))
        reader->in_instruction = true;
    else if (str_is(name, "object"))
        reader->in_object = true;
    else if (str_is(name, "p"))
        begin_paragraph(reader, element);
    else if (str_is(name, "pPr") || str_is(name, "rPr"))
        reader->in_properties = true;
    else if (reader->in_properties)
        read_property(reader, element);
    else if (str_is(name, "rt"))
        begin_reading(reader);
    else if (str_is(name, "tbl") && reader->table_depth < TABLE_DEPTH_MAX)
        begin_table(reader);
    else if (str_is(name, "tc"))
        begin_cell(reader);
    else if (str_is(name, "footnote") || str_is(name, "endnote") || str_is(name, "comment") ||
             is_annotation(element, "Word.Comment"))
        begin_note(reader, element);
    else if (!read_drawing(reader, element)) {
        read_cell_property(reader, element);
        read_inline(reader, element);
    }
    return doc_writer_ok(reader->body->doc);
}

static bool body_end(void *self, Str name)
{
    Reader *reader = self;
    if (reader->skip_depth > 0) {
        reader->in_deleted = false;
        if (--reader->skip_depth == 0 && reader->deleted.arena)
            end_deleted(reader);
        return true;
    }
    reader->in_text = reader->in_instruction = false;
    if (reader->math_depth)
        end_math(reader, name);
    if (str_is(name, "p"))
        end_paragraph(reader);
    else if (str_is(name, "object"))
        reader->in_object = false;
    else if (is_inside(reader, name) && --reader->inside_depth == 0)
        end_inside(reader);
    else if (str_is(name, "rt"))
        end_reading(reader);
    else if (str_is(name, "rubyBase"))
        add_reading(reader);
    else if (str_is(name, "tr"))
        end_row(reader);
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
    if (reader->in_deleted)
        add_deleted(reader, text);
    else if (reader->in_text && reader->skip_depth == 0)
        add_text(reader, text);
    else if (reader->in_instruction && reader->skip_depth == 0)
        buf_add(&reader->instruction, text);
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
    reader->page = kind == BODY_MAIN && body->is_rendered;
    forget_referred(reader);
    body->relations = ooxml_relations(body->package, part->name);
    reader->relation_ids = map_new(body->arena);
    for (size_t i = 0; i < body->relations.count; i++)
        if (body->relations.at[i].id.length)
            map_add(&reader->relation_ids, body->relations.at[i].id, NULL)->pointer =
                &body->relations.at[i];
    if (!package_parse(body->package, part, &events, reader, &err))
        ooxml_warn(body->doc, &err);
    if (reader->inside)
        end_inside(reader);
    while (reader->paragraph_depth > 0)
        end_paragraph(reader); /* of a part that is cut */
    if (reader->table_depth > 0) {
        reader->table_depth = 1;
        end_table(reader);
    }
    body->relations = outer;
    return reader->read;
}

void docx_index_notes(DocxBody *body)
{
    DocxNotes *all[] = { &body->footnotes, &body->endnotes, &body->comments };
    body->notes = map_new(body->arena);
    for (size_t i = 0; i < COUNT(all); i++)
        for (size_t k = 0; k < all[i]->count; k++) {
            DocxNote *note = &all[i]->at[k];
            Str key = str_format(body->arena, "%s " STR_FMT, note->label, STR_ARG(note->id));
            map_add(&body->notes, key, NULL)->pointer = note;
        }
}

void docx_write_part(DocxBody *body, const Part *part, BodyKind kind) { run(body, part, kind); }
DocxNotes docx_read_notes(DocxBody *body, const Part *part) { return run(body, part, BODY_NOTES); }

/* --- Looks at parts before the text --- */

typedef struct RenderedLook {
    int elements;
    bool found;
} RenderedLook;

static bool look_for_break(void *self, const XmlElement *element)
{
    RenderedLook *look = self;
    look->found = str_is(element->name, "lastRenderedPageBreak");
    return !look->found && ++look->elements < RENDERED_LOOK;
}

bool docx_is_rendered(DocxBody *body, const Part *part)
{
    static const XmlEvents events = { .start = look_for_break };
    RenderedLook look = { 0 };
    Error ignored;
    return package_parse(body->package, part, &events, &look, &ignored) && look.found;
}

static bool mark_reply(void *self, const XmlElement *element)
{
    Map *comments = self;
    if (!str_is(element->name, "commentEx") || !xml_attribute(element, "paraIdParent").length)
        return true;
    const MapEntry *entry = map_find(comments, xml_attribute(element, "paraId"));
    if (entry)
        ((DocxNote *)entry->pointer)->label = "reply";
    return true;
}

void docx_mark_replies(DocxBody *body, const Part *part)
{
    static const XmlEvents events = { .start = mark_reply };
    Map by_paragraph = map_new(body->arena);
    Error err;
    for (size_t i = 0; i < body->comments.count; i++)
        if (body->comments.at[i].paragraph.length)
            map_add(&by_paragraph, body->comments.at[i].paragraph, NULL)->pointer =
                &body->comments.at[i];
    if (!package_parse(body->package, part, &events, &by_paragraph, &err))
        ooxml_warn(body->doc, &err);
}

void docx_warn_of_pictures(const DocxBody *body)
{
    char text[64];
    snprintf(text, sizeof text, "%" PRId64 " image%s without text", body->pictures,
             body->pictures == 1 ? "" : "s");
    if (body->pictures)
        doc_warning(body->doc, str(text));
}
