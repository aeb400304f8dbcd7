/* odf_text.c - where finished texts go: into the document, a note or a cell, or behind the
 * paragraph that they stand in. */
#include "extract/comment.h"
#include "extract/odf/odf_body.h"
#include "extract/sheet/xlsx_book.h"

enum { PENDING_MAX = 20000, FIELD_WORDS_MAX = 12, WORDS_ABOUT = 6 };

OdfParagraph *odf_open_paragraph(OdfBody *body)
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

void odf_say_running(OdfBody *body, Str text)
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

void odf_add_line(Buf *out, Str marker, Str text)
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

void odf_end_ranges(OdfBody *body, Str range)
{
    OdfParagraph *paragraph = odf_open_paragraph(body);
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

void odf_comment_soon(OdfBody *body, const OdfBox *box)
{
    OdfParagraph *paragraph = odf_open_paragraph(body);
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

void odf_end_paragraph(OdfBody *body)
{
    OdfParagraph *paragraph = odf_open_paragraph(body);
    if (!paragraph)
        return;
    odf_end_ranges(body, STR_NONE);
    Str text = buf_str(&paragraph->text);
    OdfBox *box = odf_open_box(body);
    body->paragraph_depth--;
    if (box && box->is == ODF_MASTER && !(paragraph->has_field && text.length < FIELD_WORDS_MAX))
        odf_say_running(body, text);
    else if (box && box->is != ODF_MASTER)
        odf_add_line(&box->text, paragraph->marker, text);
    else if (box)
        return; /* "Page 1 of 9" */
    else if (body->table_depth > 0)
        odf_add_line(&body->cell.text, paragraph->marker, text);
    else if (body->paragraph_depth > 0)
        odf_write_soon(body, (OdfPending){ .text = text });
    else
        write_main(body, paragraph, text);
    odf_flush_pending(body);
}
