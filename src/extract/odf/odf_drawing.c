/* odf_drawing.c - frames, pages of drawings and slides, embedded objects of OLE, form controls. */
#include "extract/odf/odf_body.h"

enum { IMAGES_MAX = 1000000 };

void odf_write_alt(OdfBody *body)
{
    Odf *odf = body->odf;
    Str alt = str_trim(buf_str(&body->alt));
    if (alt.length)
        odf_write_soon(body, (OdfPending){ .is_image = true, .text = alt });
    else if (body->frame_has_image)
        odf->image_count += odf->image_count < IMAGES_MAX;
    body->frame_has_image = body->frame_has_object = false;
    body->alt.length = 0;
}

static void place_frame(OdfBody *body, const XmlElement *element)
{
    float x = odf_length(xml_attribute(element, "x")), y = odf_length(xml_attribute(element, "y"));
    float width = odf_length(xml_attribute(element, "width"));
    float height = odf_length(xml_attribute(element, "height"));
    if (body->odf->page > 0 && width > 0 && !odf_open_box(body))
        doc_place_box(body->odf->doc, x, y, x + width, y + height);
}

/* What a master only keeps room for: the words are the program's. */
static bool is_placeholder(Str frame_class)
{
    static const char *const names[] = { "title",   "outline",   "subtitle", "notes",
                                         "handout", "date-time", "page",     "page-number" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(frame_class, names[i]))
            return true;
    return false;
}

void odf_begin_frame(OdfBody *body, const XmlElement *element)
{
    body->frame_depth++;
    body->frame_class = str_copy(body->odf->arena, xml_attribute(element, "class"));
    place_frame(body, element);
    const OdfBox *box = odf_open_box(body);
    if (box && box->is == ODF_MASTER &&
        (str_is(xml_attribute(element, "placeholder"), "true") ||
         is_placeholder(body->frame_class)))
        body->skip_depth = 1;
}

void odf_end_frame(OdfBody *body)
{
    odf_write_alt(body);
    body->frame_depth--;
    body->frame_class = STR_NONE;
    if (body->odf->page > 0 && !odf_open_box(body))
        doc_place_box(body->odf->doc, 0, 0, 0, 0);
}

void odf_begin_page(OdfBody *body, const XmlElement *element)
{
    Odf *odf = body->odf;
    if (odf_open_box(body) || odf->depth > 0)
        return;
    const MapEntry *master =
        map_find(&odf->styles.masters, xml_attribute(element, "master-page-name"));
    const OdfStyle *style =
        odf_style(&odf->styles, "drawing-page", xml_attribute(element, "style-name"));
    OdfSize size = master ? *(const OdfSize *)master->pointer : (OdfSize){ 0 };
    doc_page(odf->doc, ++odf->page, odf->is_presentation, size.width, size.height);
    if (style && style->is_hidden)
        doc_header(odf->doc, S("(hidden slide)"));
    body->list_depth = 0;
}

void odf_write_ole(OdfBody *body, const XmlElement *element)
{
    Odf *odf = body->odf;
    AUTO_ARENA Arena *arena = NULL;
    Str reference = xml_attribute(element, "href"), bytes;
    bool is_new;
    Error err;
    while (str_starts(reference, S("./")))
        reference = str_from(reference, 2);
    if (!odf->package || !reference.length || body->table_depth > 0)
        return;
    Str name = str_copy(odf->arena, reference);
    map_add(&odf->embedded, name, &is_new);
    if (!is_new)
        return;
    arena = arena_new(GB(2));
    if (odf_package_read(odf->package, arena, name, doc_writer_limits(odf->doc)->child_bytes_max,
                         &bytes, &err) &&
        extractor_choose(bytes, name, STR_NONE))
        doc_child(odf->doc, name, STR_NONE, bytes);
}

void odf_write_control(OdfBody *body, const XmlElement *element)
{
    static const char *const names[] = { "label", "current-value", "value" };
    Str said = STR_NONE;
    for (size_t i = 0; i < COUNT(names); i++) {
        Str text = str_trim(xml_attribute(element, names[i]));
        /* A current value is shown instead of the initial one. */
        if (i == 2 && (said.length || !str_is(element->name, "text")))
            continue;
        if (text.length)
            odf_write_soon(body, (OdfPending){ .text = text });
        said = text;
    }
}
