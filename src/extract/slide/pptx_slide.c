/* pptx_slide.c - shapes, tables, charts and notes of a slide (ECMA-376 part 1, 19 and 21). */
#include "extract/slide/pptx_slide.h"

enum { SHAPES_MAX = 20000, LINKS_MAX = 10000, TEXT_MAX = 4 << 20 };
static const float EMU_PER_POINT = 12700; /* 20.1.2.1 */

typedef enum Role { ROLE_TEXT, ROLE_TITLE, ROLE_SUBTITLE, ROLE_BODY, ROLE_FOOTER } Role;

typedef struct SlideParagraph {
    Str text, marker;
    int level;
    bool is_item;
} SlideParagraph;

typedef struct SlideCell {
    Str text;
    int column_span, row_span;
    bool is_covered;
} SlideCell;

typedef struct SlideRow {
    VEC(SlideCell) cells;
} SlideRow;

typedef struct Shape {
    Role role;
    float x0, y0, x1, y1;
    VEC(SlideParagraph) paragraphs;
    VEC(SlideRow) rows;
    Str chart, diagram, description; /* relation ids; the alternative text of a picture */
    bool has_header_row, is_placeholder;
} Shape;

typedef struct SlideReader {
    Deck *deck;
    Arena *scratch;
    VEC(Shape) shapes;
    Buf text;
    int level, number; /* of the open paragraph */
    int bullet;        /* 0: as the placeholder says, 1: a bullet or number, -1: none */
    bool in_text, in_paragraph, is_numbered;
    int cell_depth;
    VEC(Str) links; /* relation ids */
} SlideReader;

static Shape *open_shape(SlideReader *reader)
{
    return reader->shapes.count ? &reader->shapes.at[reader->shapes.count - 1] : NULL;
}

/* --- Reading --- */

static Role role_of(Str type, bool has_index)
{
    if (str_is(type, "title") || str_is(type, "ctrTitle"))
        return ROLE_TITLE;
    if (str_is(type, "subTitle"))
        return ROLE_SUBTITLE;
    if (str_is(type, "ftr") || str_is(type, "hdr") || str_is(type, "dt") || str_is(type, "sldNum"))
        return ROLE_FOOTER;
    if (str_is(type, "body") || str_is(type, "obj") || (type.length == 0 && has_index))
        return ROLE_BODY;
    return ROLE_TEXT;
}

static void begin_shape(SlideReader *reader)
{
    if (reader->shapes.count < SHAPES_MAX)
        *vec_push(reader->scratch, &reader->shapes) = (Shape){ 0 };
}

static void read_offset(Shape *shape, const XmlElement *element)
{
    if (shape->x1 > shape->x0)
        return; /* a table's inner frames */
    shape->x0 = (float)xml_attribute_int(element, "x", 0) / EMU_PER_POINT;
    shape->y0 = (float)xml_attribute_int(element, "y", 0) / EMU_PER_POINT;
}

static void read_extent(Shape *shape, const XmlElement *element)
{
    int width = xml_attribute_int(element, "cx", 0), height = xml_attribute_int(element, "cy", 0);
    if (shape->x1 > shape->x0 || width <= 0)
        return;
    shape->x1 = shape->x0 + (float)width / EMU_PER_POINT;
    shape->y1 = shape->y0 + (float)height / EMU_PER_POINT;
}

static void begin_cell(SlideReader *reader, Shape *shape, const XmlElement *element)
{
    if (shape->rows.count == 0)
        return;
    SlideRow *row = &shape->rows.at[shape->rows.count - 1];
    *vec_push(reader->scratch, &row->cells) = (SlideCell){
        .column_span = xml_attribute_int(element, "gridSpan", 1),
        .row_span = xml_attribute_int(element, "rowSpan", 1),
        .is_covered = str_is(xml_attribute(element, "hMerge"), "1") ||
                      str_is(xml_attribute(element, "vMerge"), "1"),
    };
    reader->cell_depth++;
}

static void begin_paragraph(SlideReader *reader)
{
    reader->text = buf_new(reader->scratch, TEXT_MAX);
    reader->in_paragraph = true;
    reader->level = 0;
    reader->bullet = 0;
    reader->is_numbered = false;
}

static void end_paragraph(SlideReader *reader, Shape *shape)
{
    Str text = str_trim(buf_str(&reader->text));
    reader->in_paragraph = false;
    if (text.length == 0)
        return;
    if (reader->cell_depth > 0 && shape->rows.count) {
        SlideRow *row = &shape->rows.at[shape->rows.count - 1];
        SlideCell *cell = &row->cells.at[row->cells.count - 1];
        cell->text = cell->text.length ? str_format(reader->scratch, STR_FMT "\n" STR_FMT,
                                                    STR_ARG(cell->text), STR_ARG(text))
                                       : text;
        return;
    }
    SlideParagraph paragraph = { .text = text, .level = reader->level, .marker = S("-") };
    paragraph.is_item = reader->bullet > 0 || (reader->bullet == 0 && shape->role == ROLE_BODY);
    reader->number = reader->is_numbered ? reader->number + 1 : 0;
    if (reader->is_numbered)
        paragraph.marker = str_format(reader->scratch, "%d.", reader->number);
    *vec_push(reader->scratch, &shape->paragraphs) = paragraph;
}

static void read_shape_part(SlideReader *reader, Shape *shape, const XmlElement *element)
{
    Str name = element->name;
    if (str_is(name, "ph")) {
        shape->role = role_of(xml_attribute(element, "type"), xml_attribute(element, "idx").length);
        shape->is_placeholder = true;
    } else if (str_is(name, "off"))
        read_offset(shape, element);
    else if (str_is(name, "ext") && xml_attribute(element, "cx").length)
        read_extent(shape, element);
    else if (str_is(name, "cNvPr"))
        shape->description = str_copy(reader->scratch, xml_attribute(element, "descr"));
    else if (str_is(name, "tblPr"))
        shape->has_header_row = str_is(xml_attribute(element, "firstRow"), "1");
    else if (str_is(name, "tr"))
        *vec_push(reader->scratch, &shape->rows) = (SlideRow){ 0 };
    else if (str_is(name, "tc"))
        begin_cell(reader, shape, element);
    else if (str_is(name, "chart") && xml_relation(element, "id").length)
        shape->chart = str_copy(reader->scratch, xml_relation(element, "id"));
    else if (str_is(name, "relIds"))
        shape->diagram = str_copy(reader->scratch, xml_relation(element, "dm"));
}

static bool slide_start(void *self, const XmlElement *element)
{
    SlideReader *reader = self;
    Shape *shape = open_shape(reader);
    Str name = element->name;
    reader->in_text = str_is(name, "t");
    if (str_is(name, "hlinkClick") && reader->links.count < LINKS_MAX)
        *vec_push(reader->scratch, &reader->links) =
            str_copy(reader->scratch, xml_relation(element, "id"));
    if (str_is(name, "sp") || str_is(name, "graphicFrame") || str_is(name, "pic") ||
        str_is(name, "cxnSp")) {
        begin_shape(reader);
    } else if (!shape) {
        return true;
    } else if (str_is(name, "p") && !reader->in_paragraph) {
        begin_paragraph(reader);
    } else if (reader->in_paragraph) {
        if (str_is(name, "pPr"))
            reader->level = MAX(0, MIN(xml_attribute_int(element, "lvl", 0), 8));
        else if (str_is(name, "buNone"))
            reader->bullet = -1;
        else if (str_is(name, "buChar") || str_is(name, "buAutoNum") || str_is(name, "buBlip"))
            reader->bullet = 1;
        else if (str_is(name, "br"))
            buf_add_char(&reader->text, '\n');
        reader->is_numbered |= str_is(name, "buAutoNum");
    } else {
        read_shape_part(reader, shape, element);
    }
    return doc_writer_ok(reader->deck->doc);
}

static bool slide_end(void *self, Str name)
{
    SlideReader *reader = self;
    Shape *shape = open_shape(reader);
    reader->in_text = false;
    if (str_is(name, "p") && reader->in_paragraph && shape)
        end_paragraph(reader, shape);
    else if (str_is(name, "tc") && reader->cell_depth > 0)
        reader->cell_depth--;
    return true;
}

static bool slide_text(void *self, Str text)
{
    SlideReader *reader = self;
    if (reader->in_text && reader->in_paragraph)
        buf_add(&reader->text, text);
    return true;
}

static void read_slide(SlideReader *reader, const Part *part)
{
    static const XmlEvents events = { slide_start, slide_end, slide_text };
    Error err;
    if (!package_parse(reader->deck->package, part, &events, reader, &err))
        ooxml_warn(reader->deck->doc, &err);
    if (reader->in_paragraph && open_shape(reader))
        end_paragraph(reader, open_shape(reader));
}

/* --- Writing --- */

static void write_table(DocWriter *doc, const Shape *shape)
{
    doc_table_begin(doc);
    for (size_t r = 0; r < shape->rows.count; r++) {
        const SlideRow *row = &shape->rows.at[r];
        for (size_t i = 0; i < row->cells.count; i++)
            if (!row->cells.at[i].is_covered)
                doc_cell_span(doc, row->cells.at[i].text, row->cells.at[i].column_span,
                              row->cells.at[i].row_span);
        doc_row_end(doc);
        if (r == 0 && shape->has_header_row && shape->rows.count > 1)
            doc_header_end(doc);
    }
    doc_table_end(doc);
}

static void write_footer(Deck *deck, Str text)
{
    bool is_new;
    bool has_letter = false;
    for (size_t i = 0; i < text.length; i++)
        has_letter |= !HAS_CHAR(text.at[i], "0123456789 /.-");
    if (!has_letter)
        return; /* a slide number */
    map_add(&deck->said, str_copy(deck->arena, text), &is_new);
    if (is_new)
        doc_header(deck->doc, text);
}

static void write_paragraphs(Deck *deck, const Shape *shape)
{
    DocWriter *doc = deck->doc;
    for (size_t i = 0; i < shape->paragraphs.count; i++) {
        const SlideParagraph *paragraph = &shape->paragraphs.at[i];
        if (shape->role == ROLE_TITLE)
            doc_heading(doc, 1, paragraph->text);
        else if (shape->role == ROLE_SUBTITLE)
            doc_heading(doc, 2, paragraph->text);
        else if (shape->role == ROLE_FOOTER)
            write_footer(deck, paragraph->text);
        else if (paragraph->is_item)
            doc_list_item(doc, paragraph->level + 1, paragraph->marker, paragraph->text);
        else
            doc_paragraph(doc, paragraph->text);
    }
}

static void write_shape(Deck *deck, const Shape *shape, const Relations *relations)
{
    const Part *part;
    doc_place_box(deck->doc, shape->x0, shape->y0, shape->x1, shape->y1);
    write_paragraphs(deck, shape);
    if (shape->rows.count)
        write_table(deck->doc, shape);
    if ((part = relation_part(deck->package, relation_by_id(relations, shape->chart))))
        ooxml_write_chart(deck->package, deck->doc, part);
    if ((part = relation_part(deck->package, relation_by_id(relations, shape->diagram))))
        ooxml_write_diagram(deck->package, deck->doc, part);
    if (shape->paragraphs.count == 0 && shape->rows.count == 0)
        doc_image(deck->doc, shape->description);
}

/* A title of several paragraphs is one heading. */
static void join_title(Arena *arena, Shape *shape)
{
    Buf text = buf_new(arena, TEXT_MAX);
    for (size_t i = 0; i < shape->paragraphs.count; i++) {
        if (i > 0)
            buf_add_char(&text, ' ');
        buf_add(&text, shape->paragraphs.at[i].text);
    }
    if (shape->paragraphs.count > 1) {
        shape->paragraphs.count = 1;
        shape->paragraphs.at[0].text = buf_str(&text);
    }
}

static void write_links(SlideReader *reader, const Relations *relations)
{
    Map seen = map_new(reader->scratch);
    doc_place_box(reader->deck->doc, 0, 0, 0, 0);
    for (size_t i = 0; i < reader->links.count; i++) {
        Str address = relation_address(relations, reader->links.at[i]);
        bool is_new = false;
        if (address.length)
            map_add(&seen, address, &is_new);
        if (is_new)
            doc_note(reader->deck->doc, "link", address);
    }
}

void deck_write_slide(Deck *deck, const Part *part)
{
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    SlideReader reader = { .deck = deck, .scratch = scratch };
    Relations relations = ooxml_relations(deck->package, part->name);
    read_slide(&reader, part);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < reader.shapes.count && doc_writer_ok(deck->doc); i++) {
            Shape *shape = &reader.shapes.at[i];
            if ((shape->role == ROLE_TITLE) != (pass == 0))
                continue;
            if (pass == 0)
                join_title(scratch, shape);
            write_shape(deck, shape, &relations);
        }
    write_links(&reader, &relations);
}

/* The shapes that a layout or master shows on each of its slides; placeholders only say what to
 * write there. */
static void write_behind(Deck *deck, const Part *part)
{
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    SlideReader reader = { .deck = deck, .scratch = scratch };
    read_slide(&reader, part);
    for (size_t i = 0; i < reader.shapes.count; i++) {
        const Shape *shape = &reader.shapes.at[i];
        for (size_t k = 0; !shape->is_placeholder && k < shape->paragraphs.count; k++)
            write_footer(deck, shape->paragraphs.at[k].text);
    }
}

void deck_write_masters(Deck *deck, const Relations *relations)
{
    static const char *const types[] = { "slideLayout", "slideMaster" };
    Relations own = *relations;
    doc_place_box(deck->doc, 0, 0, 0, 0);
    for (size_t i = 0; i < COUNT(types); i++) {
        const Part *part = relation_part(deck->package, relation_by_type(&own, types[i], 0));
        bool is_new;
        if (!part)
            return;
        map_add(&deck->read, part->name, &is_new);
        if (!is_new)
            return;
        write_behind(deck, part);
        own = ooxml_relations(deck->package, part->name);
    }
}

void deck_write_notes(Deck *deck, const Part *part)
{
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    SlideReader reader = { .deck = deck, .scratch = scratch };
    Buf text = buf_new(scratch, TEXT_MAX);
    read_slide(&reader, part);
    for (size_t i = 0; i < reader.shapes.count; i++) {
        const Shape *shape = &reader.shapes.at[i];
        for (size_t k = 0; shape->role != ROLE_FOOTER && k < shape->paragraphs.count; k++) {
            buf_add(&text, shape->paragraphs.at[k].text);
            buf_add_char(&text, '\n');
        }
    }
    doc_place_box(deck->doc, 0, 0, 0, 0);
    doc_note(deck->doc, "speaker note", buf_str(&text));
}
