/* odf_body.c - the elements of an OpenDocument part, and its paragraphs, lists and notes; tables,
 * drawings and formulas are in files of their own (odf_body.h). */
#include "extract/odf/odf_body.h"

#include "extract/comment.h"
#include "extract/metadata.h"

static const struct {
    const char *space, *name;
    OdfIs is;
} elements[] = {
#define ODF_ELEMENT(space, name, is) { space, name, ODF_##is },
#include "extract/odf/odf_elements.def"
#undef ODF_ELEMENT
};

/* "urn:oasis:names:tc:opendocument:xmlns:text:1.0" or "http://openoffice.org/2000/text" */
static bool is_in_space(Str uri, Str word)
{
    if (str_ends(uri, S(":1.0")))
        uri = str_slice(uri, 0, uri.length - 4);
    if (str_ends(uri, S("-compatible")))
        uri = str_slice(uri, 0, uri.length - 11);
    return uri.length > word.length && str_ends(uri, word) &&
           HAS_CHAR(uri.at[uri.length - word.length - 1], ":/");
}

static OdfIs element_is(const XmlElement *element)
{
    for (size_t i = 0; i < COUNT(elements); i++)
        if (str_is(element->name, elements[i].name) &&
            is_in_space(element->name_space, str(elements[i].space)))
            return elements[i].is;
    return ODF_OTHER;
}

/* --- Paragraphs and lists --- */

static int heading_level(OdfBody *body, const XmlElement *element, bool is_heading)
{
    OdfStyles *styles = &body->odf->styles;
    if (is_heading) {
        int level = xml_attribute_int(element, "outline-level", 0);
        if (level <= 0) /* OpenOffice.org 1 */
            level = xml_attribute_int(element, "level", 0);
        if (level <= 0)
            level = odf_style_outline(styles, xml_attribute(element, "style-name"));
        return MAX(1, MIN(level, ODF_LEVELS));
    }
    if (body->odf->is_presentation && !odf_open_box(body) && body->frame_depth > 0)
        return str_is(body->frame_class, "title") ? 1 : 0;
    return odf_style_outline(styles, xml_attribute(element, "style-name"));
}

/* The first paragraph of an item shows its number or bullet. */
static Str take_marker(OdfBody *body)
{
    OdfOpenList *open = body->list_depth > 0 && body->list_depth <= LISTS_MAX
                            ? &body->lists[body->list_depth - 1]
                            : NULL;
    if (!open || !open->is_fresh)
        return STR_NONE;
    open->is_fresh = false;
    if (open->list)
        return odf_list_marker(open->list, body->scratch, body->list_depth - 1);
    if (!open->is_ordered)
        return S("-");
    return str_format(body->scratch, "%d.", ++open->count);
}

static void begin_paragraph(OdfBody *body, const XmlElement *element, bool is_heading)
{
    if (body->paragraph_depth == PARAGRAPHS_MAX)
        return;
    int level = heading_level(body, element, is_heading);
    Str marker = take_marker(body);
    OdfList *outline = &body->odf->styles.outline;
    bool counts = is_heading && !str_is(xml_attribute(element, "is-list-header"), "true");
    if (counts && level <= ODF_LEVELS && outline->levels[level - 1].is_seen &&
        (!marker.length || str_is(marker, "-")) && !body->box_depth)
        marker = odf_list_marker(outline, body->scratch, level - 1);
    body->paragraphs[body->paragraph_depth++] = (OdfParagraph){
        .text = buf_new(body->scratch, TEXT_MAX), .level = level, .marker = marker
    };
}

static void begin_list(OdfBody *body, const XmlElement *element)
{
    if (++body->list_depth > LISTS_MAX)
        return;
    OdfOpenList *open = &body->lists[body->list_depth - 1], *outer = open - 1;
    bool is_top = body->list_depth == 1;
    Str name = xml_attribute(element, "style-name");
    *open = (OdfOpenList){ .list = odf_list(&body->odf->styles, name),
                           .is_ordered = str_is(element->name, "ordered-list") };
    if (!name.length && !is_top)
        open->list = outer->list;
    else if (!name.length)
        open->list = body->last_list;
    bool goes_on = str_is(xml_attribute(element, "continue-numbering"), "true") ||
                   xml_attribute(element, "continue-list").length || !name.length;
    if (open->list && is_top && !goes_on)
        for (int i = 0; i < ODF_LEVELS; i++)
            open->list->levels[i].next = 0;
    if (is_top)
        body->last_list = open->list;
}

static void begin_item(OdfBody *body, const XmlElement *element)
{
    if (body->list_depth == 0 || body->list_depth > LISTS_MAX)
        return;
    OdfOpenList *open = &body->lists[body->list_depth - 1];
    int start = xml_attribute_int(element, "start-value", -1);
    int level = MIN(body->list_depth, ODF_LEVELS) - 1;
    if (start >= 0 && open->list)
        open->list->levels[level].next = start;
    open->is_fresh = true;
}

static void add_text(OdfBody *body, Str text)
{
    OdfParagraph *paragraph = odf_open_paragraph(body);
    if (paragraph)
        buf_add(&paragraph->text, text);
}

void odf_add_text(OdfBody *body, Str text)
{
    if (odf_open_paragraph(body))
        add_text(body, text);
    else
        odf_write_soon(body, (OdfPending){ .text = text });
}

static bool ends_in_space(const Buf *text)
{
    return text->length == 0 || HAS_CHAR(text->at[text->length - 1], " \t\n");
}

/* White space of the XML is one space, and none at the beginning (6.1.2). */
static void add_collapsed(OdfBody *body, Str text)
{
    OdfParagraph *paragraph = odf_open_paragraph(body);
    for (size_t at = 0; paragraph && at < text.length;) {
        size_t word = at;
        while (at < text.length && !HAS_CHAR(text.at[at], " \t\r\n"))
            at++;
        buf_add(&paragraph->text, str_slice(text, word, at));
        if (at < text.length && !ends_in_space(&paragraph->text))
            buf_add_char(&paragraph->text, ' ');
        while (at < text.length && HAS_CHAR(text.at[at], " \t\r\n"))
            at++;
    }
}

static void add_spaces(OdfBody *body, const XmlElement *element)
{
    int count = xml_attribute_int(element, "c", 1);
    for (int i = 0; i < MIN(count, 100); i++)
        add_text(body, S(" "));
}

/* --- Notes, comments, headers --- */

static void begin_box(OdfBody *body, OdfIs is, const char *label)
{
    if (body->box_depth == BOXES_MAX)
        return;
    body->boxes[body->box_depth++] = (OdfBox){ .is = is,
                                               .label = label,
                                               .text = buf_new(body->scratch, TEXT_MAX),
                                               .paragraphs = body->paragraph_depth };
}

/* A tracked change says what it is, wherever its words are found: "Ann deleted: the words". */
static Str box_words(OdfBody *body, const OdfBox *box)
{
    Str text = buf_str(&box->text), author = box->author;
    if (box->is != ODF_DELETION || !str_trim(text).length)
        return text;
    return str_format(body->scratch, STR_FMT "%sdeleted: " STR_FMT, STR_ARG(author),
                      author.length ? " " : "", STR_ARG(text));
}

static void end_box(OdfBody *body)
{
    OdfBox *box = odf_open_box(body);
    Str text = buf_str(&box->text);
    body->box_depth--;
    if (body->box_depth == 0 && box->is == ODF_ANNOTATION)
        odf_comment_soon(body, box);
    else if (box->label && body->box_depth == 0)
        odf_write_soon(body, (OdfPending){ .note = box->label, .text = box_words(body, box) });
    else if (box->label)
        odf_add_line(&odf_open_box(body)->text, STR_NONE,
                     comment_words(body->scratch, box->author, STR_NONE, text));
    odf_flush_pending(body);
}

static const char *note_label(const XmlElement *element)
{
    bool is_end =
        str_is(element->name, "endnote") || str_is(xml_attribute(element, "note-class"), "endnote");
    return is_end ? "endnote" : "footnote";
}

/* --- Meta data --- */

static void begin_meta(OdfBody *body, const XmlElement *element)
{
    static const char *const counts[][2] = { { "page-count", "pages" }, { "word-count", "words" } };
    DocWriter *doc = body->odf->doc;
    body->meta = buf_new(body->odf->arena, KB(64));
    body->meta_key = str_copy(body->odf->arena, xml_attribute(element, "name"));
    if (str_is(element->name, "template"))
        doc_meta(doc, "template", xml_attribute(element, "title"));
    for (size_t i = 0; i < COUNT(counts) && str_is(element->name, "document-statistic"); i++) {
        int count = xml_attribute_int(element, counts[i][0], 0);
        if (count > 0)
            doc_meta_whole(doc, counts[i][1], count);
    }
}

/* --- Events --- */

static void begin_container(OdfBody *body, const XmlElement *element, OdfIs is)
{
    if (is == ODF_NOTE) {
        begin_box(body, is, note_label(element));
    } else if (is == ODF_ANNOTATION) {
        begin_box(body, is, "comment");
        OdfBox *box = odf_open_box(body);
        if (box && box->is == is) {
            /* OpenOffice.org 1 has attributes only. */
            box->author = str_copy(body->scratch, xml_attribute(element, "author"));
            box->range = str_copy(body->scratch, xml_attribute(element, "name"));
        }
    } else if (is == ODF_ANNOTATION_END) {
        odf_end_ranges(body, xml_attribute(element, "name"));
    } else if (is == ODF_DELETION) {
        begin_box(body, is, "tracked change");
    } else if (is == ODF_SPEAKER) {
        begin_box(body, is, odf_open_box(body) ? NULL : "speaker note");
    } else if (is == ODF_MASTER) {
        begin_box(body, is, NULL);
    } else if (is == ODF_META) {
        body->in_meta = true;
    } else if (is == ODF_DOCUMENT && !body->odf->has_version) {
        body->odf->has_version = true;
        doc_meta(body->odf->doc, "format_version", xml_attribute(element, "version"));
    } else if (is == ODF_SCRIPTS) {
        body->odf->has_scripts = true;
    }
}

/* Where a link leads outside the document. */
static void keep_link(OdfBody *body, Str address)
{
    if (str_find_char(address, ':') > 0 && address.length < KB(4) && !odf_open_box(body))
        odf_write_soon(body, (OdfPending){ .note = "link", .text = address });
}

/* How the word before is said (ruby): "漢字(かんじ)". */
static void end_reading(OdfBody *body)
{
    Buf *text = body->paragraph_depth ? &body->paragraphs[body->paragraph_depth - 1].text : NULL;
    if (text && text->length && text->at[text->length - 1] == '(')
        text->length--;
    else
        add_text(body, S(")"));
}

static void begin_inline(OdfBody *body, const XmlElement *element, OdfIs is)
{
    if (is == ODF_SPACES)
        add_spaces(body, element);
    else if (is == ODF_TAB)
        add_text(body, S("\t"));
    else if (is == ODF_BREAK)
        add_text(body, S("\n"));
    else if (is == ODF_READING)
        add_text(body, S("("));
    else if (is == ODF_LINK)
        keep_link(body, xml_attribute(element, "href"));
    else if (is == ODF_IMAGE && (body->frame_depth > 0 || xml_attribute(element, "href").length))
        body->frame_has_image = !body->frame_has_object;
    else if (is == ODF_OBJECT && body->odf->package)
        odf_begin_object(body, xml_attribute(element, "href"));
    else if (is == ODF_ALT && body->alt.length)
        buf_add_char(&body->alt, '\n'); /* a title and a description */
    else if (is == ODF_OLE)
        odf_write_ole(body, element);
    else if (is == ODF_CONTROL)
        odf_write_control(body, element);
    else if (is == ODF_MATH)
        odf_begin_math(body);
}

static void begin_block(OdfBody *body, const XmlElement *element, OdfIs is)
{
    if (is == ODF_PARAGRAPH || is == ODF_HEADING)
        begin_paragraph(body, element, is == ODF_HEADING);
    else if (is == ODF_LIST)
        begin_list(body, element);
    else if (is == ODF_ITEM)
        begin_item(body, element);
    else if (is == ODF_PAGE)
        odf_begin_page(body, element);
    else if (is == ODF_FRAME)
        odf_begin_frame(body, element);
    else if (is == ODF_PRESENTATION)
        body->odf->is_presentation |= body->odf->depth == 0;
    else if (!odf_table_start(body, element, is)) {
        begin_container(body, element, is);
        begin_inline(body, element, is);
    }
}

static bool body_start(void *self, const XmlElement *element)
{
    OdfBody *body = self;
    OdfIs is = body->skip_depth ? ODF_OTHER : element_is(element);
    if (body->element_depth < ELEMENTS_MAX)
        body->elements[body->element_depth] = is;
    body->element_depth++;
    if (body->skip_depth) {
        body->skip_depth++;
        return true;
    }
    OdfBox *box = odf_open_box(body);
    bool is_shown_later = is == ODF_FIELD && box && box->is == ODF_MASTER;
    if (is_shown_later && body->paragraph_depth > 0)
        body->paragraphs[body->paragraph_depth - 1].has_field = true;
    if (is == ODF_SKIP || is_shown_later ||
        (box && box->is == ODF_SPEAKER && box->label && is == ODF_FRAME &&
         !str_is(xml_attribute(element, "class"), "notes"))) {
        body->skip_depth = 1;
        return true;
    }
    if (body->in_meta) {
        begin_meta(body, element);
        return true;
    }
    odf_styles_start(&body->odf->styles, element);
    if (body->in_math)
        odf_math_start(body, element);
    else if (odf_is_author(body, element))
        return true;
    else
        begin_block(body, element, is);
    return doc_writer_ok(body->odf->doc);
}

static void end_element(OdfBody *body, Str name, OdfIs is)
{
    if (is == ODF_PARAGRAPH || is == ODF_HEADING)
        odf_end_paragraph(body);
    else if (is == ODF_LIST)
        body->list_depth -= body->list_depth > 0;
    else if (is == ODF_FRAME)
        odf_end_frame(body);
    else if ((is == ODF_NOTE || is == ODF_ANNOTATION || is == ODF_DELETION || is == ODF_SPEAKER ||
              is == ODF_MASTER) &&
             odf_open_box(body) && odf_open_box(body)->is == is)
        end_box(body);
    else if (is == ODF_ALT && body->frame_depth == 0)
        odf_write_alt(body);
    else if (is == ODF_MATH)
        odf_end_math(body);
    else if (is == ODF_READING)
        end_reading(body);
    else
        odf_table_end(body, is);
    odf_styles_end(&body->odf->styles, name);
}

static bool body_end(void *self, Str name)
{
    OdfBody *body = self;
    body->element_depth--;
    OdfIs is = body->element_depth < ELEMENTS_MAX ? body->elements[body->element_depth] : ODF_OTHER;
    if (body->skip_depth && --body->skip_depth > 0)
        return true;
    if (is == ODF_META) {
        body->in_meta = false;
    } else if (body->in_meta) {
        odf_write_meta(body->odf->doc, name, body->meta_key, str_trim(buf_str(&body->meta)));
        body->meta.length = 0;
    } else {
        body->in_author = body->in_date = false;
        body->in_annotation &= !str_is(name, "annotation");
        end_element(body, name, is);
    }
    return doc_writer_ok(body->odf->doc);
}

static bool body_text(void *self, Str text)
{
    OdfBody *body = self;
    OdfBox *box = odf_open_box(body);
    OdfIs is = body->element_depth > 0 && body->element_depth <= ELEMENTS_MAX
                   ? body->elements[body->element_depth - 1]
                   : ODF_OTHER;
    if (body->skip_depth)
        return true;
    if (body->in_meta) {
        if (body->meta.arena)
            buf_add(&body->meta, text);
    } else if (body->in_date) {
        return true; /* of a comment: not what it says */
    } else if (body->in_author && box) {
        box->author = str_format(body->scratch, STR_FMT STR_FMT, STR_ARG(box->author),
                                 STR_ARG(str_trim(text)));
    } else if (is == ODF_RUNNING) {
        odf_say_running(body, text);
    } else if (is == ODF_ALT) {
        buf_add(&body->alt, text);
    } else if (body->in_math) {
        odf_math_text(body, text);
    } else {
        add_collapsed(body, text);
    }
    return true;
}

const XmlEvents odf_body_events = { body_start, body_end, body_text };

void *odf_body_begin(Odf *odf, Arena *scratch)
{
    OdfBody *body = arena_new_one(odf->arena, OdfBody);
    body->odf = odf;
    body->scratch = scratch;
    body->alt = buf_new(odf->arena, KB(64));
    return body;
}

void odf_body_end(void *self)
{
    OdfBody *body = self;
    /* Of a part that is cut. */
    while (body->paragraph_depth > 0)
        odf_end_paragraph(body);
    while (body->box_depth > 0)
        end_box(body);
    odf_table_cut(body);
    odf_flush_pending(body);
}
