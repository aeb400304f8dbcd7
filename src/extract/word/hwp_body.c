/* hwp_body.c - see hwp_body.h. */
#include "extract/word/hwp_body.h"

#define TEXT_MAX MB(16)

enum { NOTES_MAX = 100000, LEVEL_MAX = 9 };

HwpBody hwp_body(DocWriter *doc, Arena *arena)
{
    return (HwpBody){ .doc = doc,
                      .arena = arena,
                      .cell = buf_new(arena, TEXT_MAX),
                      .note = buf_new(arena, TEXT_MAX),
                      .row = -1 };
}

int hwp_heading(Str style)
{
    static const Str names[] = { S_INIT("개요 "), S_INIT("Outline ") };
    for (size_t i = 0; i < COUNT(names); i++) {
        int64_t level;
        if (str_starts(style, names[i]) &&
            str_to_int(str_from(style, names[i].length), 1, 10, &level))
            return (int)level;
    }
    return 0;
}

/* The innermost holder that decides what becomes of a paragraph. */
static HwpHolder holder_of(const HwpBody *body)
{
    for (int i = body->depth; i-- > 0;)
        if (body->holders[i] != HWP_BOX)
            return body->holders[i];
    return HWP_BOX;
}

static void end_cell(HwpBody *body)
{
    if (body->has_cell) {
        doc_cell_span(body->doc, str_trim(buf_str(&body->cell)), body->column_span, body->row_span);
        body->row_has_cells = true;
    }
    body->cell.length = 0;
    body->has_cell = false;
}

static void end_row(HwpBody *body)
{
    end_cell(body);
    if (body->row_has_cells)
        doc_row_end(body->doc);
    body->row_has_cells = false;
}

static void write_notes(HwpBody *body)
{
    for (size_t i = 0; i < body->notes.count; i++)
        doc_note(body->doc, body->notes.at[i].label, body->notes.at[i].text);
    body->notes.count = 0;
}

void hwp_begin(HwpBody *body, HwpHolder holder)
{
    /* A table inside another is part of that one's cell; notes hold none. */
    if (holder == HWP_TABLE && holder_of(body) != HWP_BOX)
        holder = HWP_BOX;
    if (body->depth < HWP_DEPTH_MAX)
        body->holders[body->depth] = holder;
    body->depth = MIN(body->depth + 1, HWP_DEPTH_MAX);
    if (holder == HWP_TABLE) {
        body->tables++;
        body->row = -1;
        doc_table_begin(body->doc);
    } else if (holder != HWP_BOX) {
        body->note.length = 0;
    }
}

void hwp_cell(HwpBody *body, int row, int column_span, int row_span)
{
    if (!body->depth || body->holders[body->depth - 1] != HWP_TABLE)
        return;
    if (row != body->row)
        end_row(body);
    end_cell(body);
    body->row = row;
    body->column_span = MAX(1, column_span);
    body->row_span = MAX(1, row_span);
    body->has_cell = true;
}

static void add_line(Buf *out, Str text)
{
    if (out->length && text.length)
        buf_add_char(out, '\n');
    buf_add(out, text);
}

static void write_item(HwpBody *body, Str text, HwpParagraph paragraph)
{
    char marker[16] = "-";
    int level = MIN(paragraph.list_level, LEVEL_MAX);
    for (int i = level + 1; i <= LEVEL_MAX; i++)
        body->numbers[i] = 0;
    if (paragraph.is_numbered)
        snprintf(marker, sizeof marker, "%d.", ++body->numbers[level]);
    doc_list_item(body->doc, level, str(marker), text);
}

void hwp_paragraph(HwpBody *body, Str text, HwpParagraph paragraph)
{
    text = str_trim(text);
    HwpHolder holder = holder_of(body);
    if (!text.length)
        return;
    if (holder == HWP_TABLE)
        add_line(&body->cell, text);
    else if (holder != HWP_BOX)
        add_line(&body->note, text);
    else if (paragraph.heading)
        doc_heading(body->doc, MIN(paragraph.heading, 6), text);
    else if (paragraph.list_level)
        write_item(body, text, paragraph);
    else
        doc_paragraph(body->doc, text);
}

static void end_note(HwpBody *body, const char *label)
{
    if (body->note.length && body->notes.count < NOTES_MAX &&
        arena_room(body->arena) > body->note.length + MB(1))
        *vec_push(body->arena, &body->notes) =
            (HwpNote){ .label = label, .text = str_copy(body->arena, buf_str(&body->note)) };
    body->note.length = 0;
    if (!body->tables)
        write_notes(body);
}

void hwp_end(HwpBody *body)
{
    if (!body->depth)
        return;
    switch (body->holders[--body->depth]) {
    case HWP_TABLE:
        end_row(body);
        doc_table_end(body->doc);
        body->tables--;
        if (!body->tables)
            write_notes(body);
        break;
    case HWP_HEADER:
        if (!body->tables)
            doc_header(body->doc, buf_str(&body->note));
        body->note.length = 0;
        break;
    case HWP_FOOTNOTE: end_note(body, "footnote"); break;
    case HWP_ENDNOTE: end_note(body, "endnote"); break;
    case HWP_COMMENT: end_note(body, "comment"); break;
    case HWP_BOX: break;
    }
}

void hwp_finish(HwpBody *body)
{
    char warning[64];
    while (body->depth)
        hwp_end(body);
    snprintf(warning, sizeof warning, "%d picture%s without text", body->pictures,
             body->pictures == 1 ? "" : "s");
    if (body->pictures)
        doc_warning(body->doc, str(warning));
}
