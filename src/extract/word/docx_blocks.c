/* docx_blocks.c - paragraphs, tables and pages of docx_reader.h. */
#include "extract/word/docx_reader.h"

DocxParagraph *docx_open_paragraph(DocxReader *reader)
{
    return reader->paragraph_depth > 0 ? &reader->paragraphs[reader->paragraph_depth - 1] : NULL;
}

void docx_add_text(DocxReader *reader, Str text)
{
    DocxParagraph *paragraph = docx_open_paragraph(reader);
    if (paragraph)
        buf_add(&paragraph->text, text);
    reader->page_is_new = false;
}

/* --- Pages, as the application last showed them (17.3.3.13) --- */

static void begin_page(DocxReader *reader)
{
    DocxParagraph *paragraph = docx_open_paragraph(reader);
    /* Past the limit of pages nothing is said about them. */
    if (++reader->page > doc_writer_limits(reader->body->doc)->page_max)
        reader->page = 0;
    reader->table.page = reader->page;
    for (int i = 0; paragraph && i < reader->paragraph_depth; i++)
        if (!str_trim(buf_str(&reader->paragraphs[i].text)).length)
            reader->paragraphs[i].page = reader->page;
}

/* A rendered break follows one that was typed, and means the same page. */
void docx_break_page(DocxReader *reader, bool is_rendered)
{
    if (!reader->page)
        return;
    if (!is_rendered || !reader->page_is_new)
        begin_page(reader);
    reader->page_is_new = !is_rendered;
}

static void place_paragraph(DocxReader *reader, const DocxParagraph *paragraph)
{
    if (reader->body->is_rendered && reader->table_depth == 0)
        doc_place(reader->body->doc, &(Place){ .page = paragraph->page });
}

/* --- Tables --- */

void docx_begin_table(DocxReader *reader)
{
    if (reader->table_depth++ == 0)
        reader->table = (HeldTable){ .arena = reader->scratch, .page = reader->page };
}

void docx_begin_cell(DocxReader *reader)
{
    if (reader->table_depth != 1)
        return;
    reader->cell_span = 1;
    reader->cell_goes_on = false;
    reader->cell = buf_new(reader->scratch, DOCX_TEXT_MAX);
}

void docx_end_cell(DocxReader *reader)
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
    reader->cell = buf_new(reader->scratch, DOCX_TEXT_MAX);
}

void docx_end_row(DocxReader *reader)
{
    if (reader->table_depth == 1 && reader->kind == BODY_MAIN)
        held_table_end_row(&reader->table, reader->body->doc, reader->row_is_header);
    reader->row_is_header = false;
}

void docx_end_table(DocxReader *reader)
{
    if (--reader->table_depth > 0)
        return;
    if (reader->kind == BODY_MAIN)
        held_table_write(&reader->table, reader->body->doc);
    if (reader->paragraph_depth > 0)
        return;
    docx_write_referred(reader);
    arena_reset(reader->scratch);
    docx_forget_referred(reader);
}

/* --- Paragraphs --- */

static void write_main(DocxReader *reader, DocxParagraph *paragraph, Str text)
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

void docx_end_paragraph(DocxReader *reader)
{
    DocxParagraph *paragraph = docx_open_paragraph(reader);
    if (!paragraph)
        return;
    Str text = buf_str(&paragraph->text);
    if (reader->inside) {
        docx_add_to_note(reader->body->arena, reader->inside, text);
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
        docx_add_to_note(reader->body->arena, &reader->read.at[reader->read.count - 1], text);
    }
    reader->paragraph_depth--;
    if (reader->paragraph_depth > 0 || reader->table_depth > 0)
        return;
    docx_write_referred(reader);
    arena_reset(reader->scratch);
    docx_forget_referred(reader);
}

void docx_begin_paragraph(DocxReader *reader, const XmlElement *element)
{
    Str id = xml_attribute(element, "paraId");
    if (reader->kind == BODY_NOTES && reader->read.count && id.length)
        reader->read.at[reader->read.count - 1].paragraph = str_copy(reader->body->arena, id);
    if (reader->paragraph_depth == DOCX_PARAGRAPH_DEPTH_MAX)
        return;
    reader->paragraphs[reader->paragraph_depth++] =
        (DocxParagraph){ .text = buf_new(reader->scratch, DOCX_TEXT_MAX),
                         .page = reader->page,
                         .outline_level = -1,
                         .list = -1,
                         .list_level = -1 };
}
