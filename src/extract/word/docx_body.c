/* docx_body.c - see docx_body.h; elements of ECMA-376 part 1, 17. */
#include "extract/word/docx_body.h"

#include "base/utf8.h"
#include "extract/charset/symbol_fonts.h"
#include "extract/word/docx_reader.h"

#define RENDERED_LOOK 10000 /* elements before the first page ends */

static void read_property(DocxReader *reader, const XmlElement *element)
{
    DocxParagraph *paragraph = docx_open_paragraph(reader);
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
static void add_symbol(DocxReader *reader, const XmlElement *element)
{
    Str code = xml_attribute(element, "char");
    char text[16];
    if (code.length == 0 || code.length > 6)
        return;
    snprintf(text, sizeof text, STR_FMT, STR_ARG(code));
    uint32_t c = (uint32_t)strtoul(text, NULL, 16);
    uint32_t shown = symbol_of_font(xml_attribute(element, "font"), c);
    c = shown ? shown : c;
    DocxParagraph *paragraph = docx_open_paragraph(reader);
    if (paragraph && c >= 0x20 && !(c >= 0xE000 && c < 0xF900))
        buf_add_utf8(&paragraph->text, c);
}

static void read_inline(DocxReader *reader, const XmlElement *element)
{
    Str name = element->name;
    if (str_is(name, "tab"))
        docx_add_text(reader, S("\t"));
    else if (str_is(name, "lastRenderedPageBreak"))
        docx_break_page(reader, true);
    else if (str_is(name, "br") && str_is(xml_attribute(element, "type"), "page"))
        docx_add_text(reader, S("\n")), docx_break_page(reader, false);
    else if (str_is(name, "br") || str_is(name, "cr"))
        docx_add_text(reader, S("\n"));
    else if (str_is(name, "noBreakHyphen"))
        docx_add_text(reader, S("-"));
    else if (str_is(name, "sym"))
        add_symbol(reader, element);
    else if (str_ends(name, S("Reference")))
        docx_refer(reader, str_slice(name, 0, name.length - 9), xml_attribute(element, "id"));
    else if (str_is(name, "chart") && xml_relation(element, "id").length)
        *vec_push(reader->scratch, &reader->charts) =
            str_copy(reader->scratch, xml_relation(element, "id"));
    else if (str_is(name, "relIds") && xml_relation(element, "dm").length)
        *vec_push(reader->scratch, &reader->diagrams) =
            str_copy(reader->scratch, xml_relation(element, "dm"));
    else if (str_is(name, "textpath")) /* WordArt */
        docx_add_text(reader, xml_attribute(element, "string"));
}

static void read_cell_property(DocxReader *reader, const XmlElement *element)
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

/* Pictures of DrawingML (20.4.2.5, 20.1.8.13) and VML, links, fields; false: none of these. */
static bool read_drawing(DocxReader *reader, const XmlElement *element)
{
    Str name = element->name;
    if (str_is(name, "hyperlink"))
        docx_keep_relation(reader, xml_relation(element, "id"));
    else if (str_is(name, "hlink"))
        docx_keep_link(reader, xml_attribute(element, "dest"));
    else if (str_is(name, "fldSimple"))
        buf_add(&reader->instruction, xml_attribute(element, "instr")),
            docx_end_instruction(reader);
    else if (str_is(name, "fldChar"))
        docx_end_instruction(reader);
    else if (str_is(name, "docPr"))
        docx_keep_alt(reader, xml_attribute(element, "descr"), xml_attribute(element, "title"));
    else if (str_is(name, "shape"))
        docx_keep_alt(reader, xml_attribute(element, "alt"), STR_NONE);
    else if (str_is(name, "blip") || str_is(name, "imagedata"))
        docx_keep_picture(reader);
    else if (str_is(name, "altChunk") && reader->kind == BODY_MAIN)
        docx_write_chunk(reader, xml_relation(element, "id"));
    else
        return false;
    return true;
}

/* Word 2003: notes stand in the text, and comments and changes are annotations. */
static bool is_annotation(const XmlElement *element, const char *type)
{
    return str_is(element->name, "annotation") && str_is(xml_attribute(element, "type"), type);
}

static bool is_skipped(const DocxReader *reader, Str name)
{
    static const char *const names[] = { "del",        "moveFrom",    "delInstrText",
                                         "delText",    "pPrChange",   "rPrChange",
                                         "tcPrChange", "tblPrChange", "sectPr" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(name, names[i]))
            return !(reader->in_properties && str_is(name, "del"));
    return false;
}

static void start_math(DocxReader *reader, const XmlElement *element)
{
    if (str_is(element->name, "oMath") && reader->math_depth++ == 0)
        reader->math = (DocxMath){ 0 };
    else if (reader->math_depth)
        docx_math_start(&reader->math, element, &docx_open_paragraph(reader)->text);
}

static void end_math(DocxReader *reader, Str name)
{
    if (str_is(name, "oMath"))
        reader->math_depth--;
    else if (docx_open_paragraph(reader))
        docx_math_end(&reader->math, name, &docx_open_paragraph(reader)->text);
}

/* --- How a word is read (17.3.3.25): said before it, shown above it --- */

static void begin_reading(DocxReader *reader)
{
    DocxParagraph *paragraph = docx_open_paragraph(reader);
    reader->reading = STR_NONE;
    reader->reading_start = paragraph ? paragraph->text.length : SIZE_MAX;
}

static void end_reading(DocxReader *reader)
{
    DocxParagraph *paragraph = docx_open_paragraph(reader);
    if (!paragraph || reader->reading_start >= paragraph->text.length)
        return;
    Str text = str_from(buf_str(&paragraph->text), reader->reading_start);
    reader->reading = str_copy(reader->scratch, str_trim(text));
    paragraph->text.length = reader->reading_start;
}

/* "漢字(かんじ)" */
static void add_reading(DocxReader *reader)
{
    if (reader->reading.length && docx_open_paragraph(reader))
        buf_addf(&docx_open_paragraph(reader)->text, "(" STR_FMT ")", STR_ARG(reader->reading));
    reader->reading = STR_NONE;
}

static bool body_start(void *self, const XmlElement *element)
{
    DocxReader *reader = self;
    Str name = element->name;
    if (reader->skip_depth > 0 || is_skipped(reader, name) ||
        is_annotation(element, "Word.Deletion")) {
        reader->in_deleted = str_is(name, "delText");
        if (reader->skip_depth++ == 0 && (str_is(name, "del") || !is_skipped(reader, name)))
            docx_begin_deleted(reader, element);
        return true;
    }
    reader->in_text = false;
    reader->inside_depth += docx_is_inside(reader, name);
    if (str_ends(element->name_space, S("/math")) && docx_open_paragraph(reader))
        start_math(reader, element);
    if (str_is(name, "t"))
        reader->in_text = true;
    else if (str_is(name, "instrText"))
        reader->in_instruction = true;
    else if (str_is(name, "object"))
        reader->in_object = true;
    else if (str_is(name, "p"))
        docx_begin_paragraph(reader, element);
    else if (str_is(name, "pPr") || str_is(name, "rPr"))
        reader->in_properties = true;
    else if (reader->in_properties)
        read_property(reader, element);
    else if (str_is(name, "rt"))
        begin_reading(reader);
    else if (str_is(name, "tbl") && reader->table_depth < DOCX_TABLE_DEPTH_MAX)
        docx_begin_table(reader);
    else if (str_is(name, "tc"))
        docx_begin_cell(reader);
    else if (str_is(name, "footnote") || str_is(name, "endnote") || str_is(name, "comment") ||
             is_annotation(element, "Word.Comment"))
        docx_begin_note(reader, element);
    else if (!read_drawing(reader, element)) {
        read_cell_property(reader, element);
        read_inline(reader, element);
    }
    return doc_writer_ok(reader->body->doc);
}

static bool body_end(void *self, Str name)
{
    DocxReader *reader = self;
    if (reader->skip_depth > 0) {
        reader->in_deleted = false;
        if (--reader->skip_depth == 0 && reader->deleted.arena)
            docx_end_deleted(reader);
        return true;
    }
    reader->in_text = reader->in_instruction = false;
    if (reader->math_depth)
        end_math(reader, name);
    if (str_is(name, "p"))
        docx_end_paragraph(reader);
    else if (str_is(name, "object"))
        reader->in_object = false;
    else if (docx_is_inside(reader, name) && --reader->inside_depth == 0)
        docx_end_inside(reader);
    else if (str_is(name, "rt"))
        end_reading(reader);
    else if (str_is(name, "rubyBase"))
        add_reading(reader);
    else if (str_is(name, "tr"))
        docx_end_row(reader);
    else if (str_is(name, "pPr") || str_is(name, "rPr"))
        reader->in_properties = false;
    else if (str_is(name, "tc"))
        docx_end_cell(reader);
    else if (str_is(name, "tbl") && reader->table_depth > 0)
        docx_end_table(reader);
    return doc_writer_ok(reader->body->doc);
}

static bool body_text(void *self, Str text)
{
    DocxReader *reader = self;
    if (reader->in_deleted)
        docx_add_deleted(reader, text);
    else if (reader->in_text && reader->skip_depth == 0)
        docx_add_text(reader, text);
    else if (reader->in_instruction && reader->skip_depth == 0)
        buf_add(&reader->instruction, text);
    return true;
}

static DocxNotes run(DocxBody *body, const Part *part, BodyKind kind)
{
    static const XmlEvents events = { body_start, body_end, body_text };
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    Relations outer = body->relations;
    DocxReader *reader = arena_new_one(body->arena, DocxReader);
    Error err;
    reader->body = body;
    reader->kind = kind;
    reader->scratch = scratch;
    reader->page = kind == BODY_MAIN && body->is_rendered;
    docx_forget_referred(reader);
    body->relations = ooxml_relations(body->package, part->name);
    reader->relation_ids = map_new(body->arena);
    for (size_t i = 0; i < body->relations.count; i++)
        if (body->relations.at[i].id.length)
            map_add(&reader->relation_ids, body->relations.at[i].id, NULL)->pointer =
                &body->relations.at[i];
    if (!package_parse(body->package, part, &events, reader, &err))
        ooxml_warn(body->doc, &err);
    if (reader->inside)
        docx_end_inside(reader);
    while (reader->paragraph_depth > 0)
        docx_end_paragraph(reader); /* of a part that is cut */
    if (reader->table_depth > 0) {
        reader->table_depth = 1;
        docx_end_table(reader);
    }
    body->relations = outer;
    return reader->read;
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

void docx_warn_of_pictures(const DocxBody *body)
{
    char text[64];
    snprintf(text, sizeof text, "%" PRId64 " image%s without text", body->pictures,
             body->pictures == 1 ? "" : "s");
    if (body->pictures)
        doc_warning(body->doc, str(text));
}
