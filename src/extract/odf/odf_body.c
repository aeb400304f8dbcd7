/* odf_body.c - paragraphs, lists, notes, drawings and slides of an OpenDocument part; tables are in
 * odf_table.c. */
#include "extract/odf/odf_body.h"

#include "extract/comment.h"
#include "extract/metadata.h"
#include "extract/sheet/xlsx_book.h"

static const struct {
    const char *space, *name;
    OdfIs is;
} elements[] = {
#define ODF_ELEMENT(space, name, is) { space, name, ODF_##is },
#include "extract/odf/odf_elements.def"
#undef ODF_ELEMENT
};

enum { PENDING_MAX = 20000, IMAGES_MAX = 1000000, FIELD_WORDS_MAX = 12, WORDS_ABOUT = 6 };

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

/* --- Where finished texts go --- */

static OdfParagraph *open_paragraph(OdfBody *body)
{
    return body->paragraph_depth > 0 ? &body->paragraphs[body->paragraph_depth - 1] : NULL;
}

OdfBox *odf_open_box(OdfBody *body)
{
    return body->box_depth > 0 ? &body->boxes[body->box_depth - 1] : NULL;
}

static void write_pending(OdfBody *body, const OdfPending *item)
{
    DocWriter *doc = body->odf->doc;
    if (item->cell.length)
        doc_place(doc, &(Place){ .sheet = body->sheet, .cells = item->cell });
    if (item->object.length)
        odf_write_object(body->odf, item->object);
    else if (item->note)
        doc_note(doc, item->note,
                 str_is(str(item->note), "comment")
                     ? comment_words(body->scratch, item->author, item->about, item->text)
                     : item->text);
    else if (item->is_image)
        doc_image(doc, item->text);
    else
        doc_paragraph(doc, item->text);
}

void odf_flush_pending(OdfBody *body)
{
    if (body->paragraph_depth > 0 || body->table_depth > 0)
        return;
    for (size_t i = 0; i < body->pending.count; i++)
        write_pending(body, &body->pending.at[i]);
    body->pending.at = NULL;
    body->pending.count = body->pending.capacity = 0;
    body->range_count = 0;
    if (body->box_depth == 0)
        arena_reset(body->scratch);
}

void odf_write_soon(OdfBody *body, OdfPending item)
{
    char cell[16];
    if (body->is_sheet && item.note)
        item.cell = str_copy(body->scratch, cell_name(body->column, body->row, cell));
    if (body->paragraph_depth == 0 && body->table_depth == 0) {
        write_pending(body, &item);
    } else if (body->pending.count < PENDING_MAX && (item.text.length || item.object.length)) {
        item.text = str_copy(body->scratch, item.text);
        *vec_push(body->scratch, &body->pending) = item;
    }
}

static void say_running(OdfBody *body, Str text)
{
    bool is_new;
    Odf *odf = body->odf;
    text = str_trim(text);
    if (!text.length)
        return;
    map_add(&odf->said, str_copy(odf->arena, text), &is_new);
    if (is_new)
        doc_header(odf->doc, text);
}

static void write_main(OdfBody *body, const OdfParagraph *paragraph, Str text)
{
    DocWriter *doc = body->odf->doc;
    Str marker = paragraph->marker;
    bool is_number = marker.length && !str_is(marker, "-");
    if (paragraph->level > 0) {
        if (is_number)
            text = str_format(body->scratch, STR_FMT " " STR_FMT, STR_ARG(marker), STR_ARG(text));
        doc_heading(doc, MIN(paragraph->level, 6), text);
    } else if (marker.length) {
        doc_list_item(doc, MAX(1, body->list_depth), marker, text);
    } else {
        doc_paragraph(doc, text);
    }
}

/* Text of a note, a cell or the like: paragraphs as lines, numbers of lists kept. */
static void add_line(Buf *out, Str marker, Str text)
{
    if (!str_trim(text).length)
        return;
    if (out->length && out->at[out->length - 1] != '\n')
        buf_add_char(out, '\n');
    if (marker.length && !str_is(marker, "-")) {
        buf_add(out, marker);
        buf_add_char(out, ' ');
    }
    buf_add(out, text);
}

/* What comments are about ends here: those of this name, or all when it is empty. */
static void end_ranges(OdfBody *body, Str range)
{
    OdfParagraph *paragraph = open_paragraph(body);
    for (int i = body->range_count - 1; paragraph && i >= 0; i--) {
        OdfPending *item = &body->pending.at[body->ranges[i]];
        if (item->paragraph != body->paragraph_depth ||
            (range.length && !str_equal(range, item->range)))
            continue;
        item->about = str_copy(body->scratch, str_from(buf_str(&paragraph->text), item->from));
        body->ranges[i] = body->ranges[--body->range_count];
    }
}

/* A comment with no range stands behind what it is about: the last words before it. */
static Str words_before(Str text)
{
    size_t at = str_trim(text).length ? text.length : 0;
    text = str_slice(text, 0, at);
    for (int words = 0; at > 0 && words < WORDS_ABOUT; words++) {
        while (at > 0 && HAS_CHAR(text.at[at - 1], " \t\n"))
            at--;
        while (at > 0 && !HAS_CHAR(text.at[at - 1], " \t\n"))
            at--;
    }
    return str_from(text, at);
}

static void write_comment_soon(OdfBody *body, const OdfBox *box)
{
    OdfParagraph *paragraph = open_paragraph(body);
    OdfPending item = { .note = box->label, .text = buf_str(&box->text), .author = box->author };
    if (paragraph && box->range.length) {
        item.range = box->range;
        item.from = paragraph->text.length;
        item.paragraph = body->paragraph_depth;
    } else if (paragraph) {
        item.about = str_copy(body->scratch, words_before(buf_str(&paragraph->text)));
    }
    size_t index = body->pending.count;
    odf_write_soon(body, item);
    if (item.range.length && body->pending.count > index && body->range_count < RANGES_MAX)
        body->ranges[body->range_count++] = index;
}

static void end_paragraph(OdfBody *body)
{
    OdfParagraph *paragraph = open_paragraph(body);
    if (!paragraph)
        return;
    end_ranges(body, STR_NONE);
    Str text = buf_str(&paragraph->text);
    OdfBox *box = odf_open_box(body);
    body->paragraph_depth--;
    if (box && box->is == ODF_MASTER && !(paragraph->has_field && text.length < FIELD_WORDS_MAX))
        say_running(body, text);
    else if (box && box->is != ODF_MASTER)
        add_line(&box->text, paragraph->marker, text);
    else if (box)
        return; /* "Page 1 of 9" */
    else if (body->table_depth > 0)
        add_line(&body->cell.text, paragraph->marker, text);
    else if (body->paragraph_depth > 0)
        odf_write_soon(body, (OdfPending){ .text = text });
    else
        write_main(body, paragraph, text);
    odf_flush_pending(body);
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
    OdfParagraph *paragraph = open_paragraph(body);
    if (paragraph)
        buf_add(&paragraph->text, text);
}

void odf_add_text(OdfBody *body, Str text)
{
    if (open_paragraph(body))
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
    OdfParagraph *paragraph = open_paragraph(body);
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
        write_comment_soon(body, box);
    else if (box->label && body->box_depth == 0)
        odf_write_soon(body, (OdfPending){ .note = box->label, .text = box_words(body, box) });
    else if (box->label)
        add_line(&odf_open_box(body)->text, STR_NONE,
                 comment_words(body->scratch, box->author, STR_NONE, text));
    odf_flush_pending(body);
}

static const char *note_label(const XmlElement *element)
{
    bool is_end =
        str_is(element->name, "endnote") || str_is(xml_attribute(element, "note-class"), "endnote");
    return is_end ? "endnote" : "footnote";
}

/* --- Drawings --- */

static void write_alt(OdfBody *body)
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

static void begin_frame(OdfBody *body, const XmlElement *element)
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

static void end_frame(OdfBody *body)
{
    write_alt(body);
    body->frame_depth--;
    body->frame_class = STR_NONE;
    if (body->odf->page > 0 && !odf_open_box(body))
        doc_place_box(body->odf->doc, 0, 0, 0, 0);
}

static void begin_page(OdfBody *body, const XmlElement *element)
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

static void write_ole(OdfBody *body, const XmlElement *element)
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

static void write_control(OdfBody *body, const XmlElement *element)
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
        end_ranges(body, xml_attribute(element, "name"));
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
        write_ole(body, element);
    else if (is == ODF_CONTROL)
        write_control(body, element);
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
        begin_page(body, element);
    else if (is == ODF_FRAME)
        begin_frame(body, element);
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
        end_paragraph(body);
    else if (is == ODF_LIST)
        body->list_depth -= body->list_depth > 0;
    else if (is == ODF_FRAME)
        end_frame(body);
    else if ((is == ODF_NOTE || is == ODF_ANNOTATION || is == ODF_DELETION || is == ODF_SPEAKER ||
              is == ODF_MASTER) &&
             odf_open_box(body) && odf_open_box(body)->is == is)
        end_box(body);
    else if (is == ODF_ALT && body->frame_depth == 0)
        write_alt(body);
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
        say_running(body, text);
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
        end_paragraph(body);
    while (body->box_depth > 0)
        end_box(body);
    odf_table_cut(body);
    odf_flush_pending(body);
}
