/* odf_object.c - objects inside a document (charts, formulas, other documents), and formulas. */
#include "extract/odf/odf_body.h"

enum { OBJECT_DEPTH_MAX = 4 };
static const size_t OBJECT_MAX = MB(64);

/* --- Formulas (MathML) --- */

bool odf_is_author(OdfBody *body, const XmlElement *element)
{
    OdfBox *box = odf_open_box(body);
    bool is_of_note = box && (box->is == ODF_ANNOTATION || box->is == ODF_DELETION) &&
                      body->paragraph_depth == box->paragraphs;
    body->in_author = is_of_note && str_is(element->name, "creator");
    body->in_date =
        is_of_note && (str_is(element->name, "date") || str_is(element->name, "date-string") ||
                       str_is(element->name, "creator-initials"));
    return body->in_author || body->in_date;
}

void odf_begin_math(OdfBody *body)
{
    body->in_math = true;
    body->math = buf_new(body->scratch, KB(64));
    body->star_math = buf_new(body->scratch, KB(64));
}

void odf_math_start(OdfBody *body, const XmlElement *element)
{
    if (str_is(element->name, "annotation"))
        body->in_annotation = true;
    else if (body->in_math && body->math.length)
        buf_add_char(&body->math, ' ');
}

void odf_math_text(OdfBody *body, Str text)
{
    buf_add(body->in_annotation ? &body->star_math : &body->math, str_trim(text));
    if (body->in_annotation)
        buf_add_char(&body->star_math, ' ');
}

/* What a person typed for the formula says more than its signs in a row. */
void odf_end_math(OdfBody *body)
{
    Str typed = str_trim(buf_str(&body->star_math)), signs = str_trim(buf_str(&body->math));
    Buf out = buf_new(body->odf->arena, KB(64));
    bool after_space = true;
    body->in_math = body->in_annotation = false;
    Str text = typed.length ? typed : signs;
    for (size_t i = 0; i < text.length; i++) {
        bool is_space = HAS_CHAR(text.at[i], " \t\r\n");
        if (!is_space || !after_space)
            buf_add_char(&out, is_space ? ' ' : text.at[i]);
        after_space = is_space;
    }
    if (body->odf->depth > 0)
        body->formula = buf_str(&out);
    else
        odf_add_text(body, buf_str(&out));
}

/* --- Objects of the package --- */

static Str part_of(Arena *arena, Str reference, const char *part)
{
    while (str_starts(reference, S("./")))
        reference = str_from(reference, 2);
    if (str_starts(reference, S("#")))
        reference = str_from(reference, 1); /* OpenOffice.org 1: "#./Object 1" */
    while (str_starts(reference, S("./")))
        reference = str_from(reference, 2);
    return str_format(arena, STR_FMT "/%s", STR_ARG(reference), part);
}

/* The object's blocks; its formula, when it is one. */
static Str read_object(Odf *odf, Str bytes)
{
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    OdfStyles outer = odf->styles;
    Error err;
    odf->depth++;
    odf->styles = odf_styles_new(odf->arena);
    OdfBody *body = odf_body_begin(odf, scratch);
    XmlParser *parser = xml_begin(&odf_body_events, body);
    xml_add(parser, bytes.at, bytes.length);
    if (!xml_end(parser, &err))
        doc_warning(odf->doc, str(err.message));
    odf_body_end(body);
    odf->styles = outer;
    odf->depth--;
    return body->formula;
}

static bool load_object(Odf *odf, Arena *arena, Str reference, Str *bytes_r)
{
    Error err;
    return odf->package && odf->depth < OBJECT_DEPTH_MAX && reference.length &&
           odf_package_read(odf->package, arena, part_of(arena, reference, "content.xml"),
                            OBJECT_MAX, bytes_r, &err);
}

void odf_write_object(Odf *odf, Str reference)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Str bytes;
    if (load_object(odf, arena, reference, &bytes))
        doc_paragraph(odf->doc, read_object(odf, bytes));
}

void odf_begin_object(OdfBody *body, Str reference)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Odf *odf = body->odf;
    Str bytes;
    bool is_new;
    if (!load_object(odf, arena, reference, &bytes))
        return;
    body->frame_has_object = true;
    map_add(&odf->embedded, part_of(odf->arena, reference, "content.xml"), &is_new);
    if (!is_new)
        return;
    Str head = str_slice(bytes, 0, KB(2));
    if (str_find(head, S("<math")) >= 0 || str_find(head, S(":math ")) >= 0)
        odf_add_text(body, read_object(odf, bytes));
    else
        odf_write_soon(body, (OdfPending){ .object = str_copy(odf->arena, reference) });
}
