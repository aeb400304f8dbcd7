/* rtf_blocks.c - where the text of RTF goes, its paragraphs and tables. See rtf_reader.h. */
#include "base/utf8.h"
#include "extract/charset/encoding.h"
#include "extract/word/rtf_reader.h"

enum { PENDING_MAX = 1000 };

/* --- Where text goes --- */

static Buf *target(RtfReader *reader)
{
    switch (rtf_state(reader)->destination) {
    case BODY:
        return rtf_state(reader)->is_deleted ? &reader->deleted
                                             : &reader->contexts[reader->context].paragraph;
    case MARKER: return &reader->marker;
    case INSTRUCTION: return &reader->instruction;
    case META:
    case STYLES:
    case PROPVALUE: return &reader->meta;
    case PROPNAME: return &reader->name;
    case AUTHOR: return &reader->author;
    default: return NULL;
    }
}

static bool is_ascii(Str bytes)
{
    unsigned char all = 0;
    for (size_t i = 0; i < bytes.length; i++)
        all |= (unsigned char)bytes.at[i];
    return all < 0x80;
}

void rtf_flush(RtfReader *reader)
{
    Buf *out = target(reader);
    Str bytes = buf_str(&reader->narrow);
    if (out && bytes.length)
        buf_add(out, is_ascii(bytes)
                         ? bytes
                         : text_decode_known(reader->arena, bytes, reader->narrow_charset));
    reader->narrow.length = 0;
    if (reader->high && out)
        buf_add_utf8(out, UTF8_REPLACEMENT);
    reader->high = 0;
}

void rtf_add_text(RtfReader *reader, Str text)
{
    rtf_flush(reader);
    Buf *out = target(reader);
    if (out)
        buf_add(out, text);
}

/* Every byte waits for the next, which may be its second half. */
void rtf_add_byte(RtfReader *reader, char c)
{
    const RtfState *state = rtf_state(reader);
    if (reader->skip > 0) {
        reader->skip--;
        return;
    }
    if (!target(reader))
        return;
    const char *charset =
        state->font >= 0 && state->font < RTF_FONTS_MAX ? reader->fonts[state->font] : NULL;
    if (!charset)
        charset = reader->charset;
    if (charset != reader->narrow_charset || reader->high)
        rtf_flush(reader);
    reader->narrow_charset = charset;
    reader->hidden += state->is_hidden && state->destination == BODY;
    buf_add_char(&reader->narrow, c);
}

void rtf_add_unicode(RtfReader *reader, int number)
{
    uint32_t c = (uint32_t)(number < 0 ? number + 0x10000 : number);
    const RtfState *state = rtf_state(reader);
    uint32_t high = reader->high;
    reader->skip = state->skip_count;
    if (!target(reader) || number < -0x8000)
        return;
    reader->high = 0;
    rtf_flush(reader);
    if (c >= 0xD800 && c < 0xDC00) {
        reader->high = c;
        return;
    }
    if (c >= 0xDC00 && c < 0xE000)
        c = high ? 0x10000 + ((high - 0xD800) << 10) + (c - 0xDC00) : UTF8_REPLACEMENT;
    /* Private characters are those of symbol fonts. */
    if (c == 0xF0B7 || c == 0xF0A7)
        c = 0x2022;
    if (c < 0x110000 && c >= 0x20 && (c < 0xE000 || c >= 0xF900))
        buf_add_utf8(target(reader), c);
}

/* --- Paragraphs --- */

void rtf_add_pending(RtfReader *reader, const char *label, Str text)
{
    if (str_trim(text).length && reader->pending.count < PENDING_MAX)
        *vec_push(reader->arena, &reader->pending) =
            (RtfPending){ label, str_copy(reader->arena, text) };
}

void rtf_renew(RtfReader *reader)
{
    arena_reset(reader->scratch);
    reader->contexts[0].paragraph = buf_new(reader->scratch, RTF_TEXT_MAX);
    reader->cell = buf_new(reader->scratch, RTF_TEXT_MAX);
    reader->table = (HeldTable){ .arena = reader->scratch };
}

static void write_pending(RtfReader *reader)
{
    for (size_t i = 0; i < reader->pending.count; i++) {
        const RtfPending *pending = &reader->pending.at[i];
        if (pending->label)
            doc_note(reader->doc, pending->label, pending->text);
        else
            doc_paragraph(reader->doc, pending->text);
    }
    reader->pending.count = 0;
}

static void end_table(RtfReader *reader)
{
    if (reader->table.rows.count || reader->table.is_begun)
        held_table_write(&reader->table, reader->doc);
    reader->in_cells = false;
}

static Str take_marker(RtfReader *reader)
{
    Str marker = reader->has_marker ? str_trim(buf_str(&reader->marker)) : STR_NONE;
    /* A bullet of a symbol font is a letter or a sign of its own. */
    bool is_number = false;
    for (size_t i = 0; i < marker.length; i++)
        is_number |= marker.at[i] >= '0' && (unsigned char)marker.at[i] <= 'z';
    bool is_listed = reader->has_marker;
    reader->has_marker = false;
    reader->marker.length = 0;
    return !is_listed ? STR_NONE : is_number && marker.length > 1 ? marker : S("-");
}

static void end_cell_paragraph(RtfReader *reader, Str marker, Str text)
{
    if (reader->cell.length && text.length)
        buf_add_char(&reader->cell, '\n');
    if (marker.length && !str_is(marker, "-"))
        buf_addf(&reader->cell, STR_FMT " ", STR_ARG(marker));
    buf_add(&reader->cell, text);
    reader->contexts[0].paragraph.length = 0;
}

static void write_paragraph(RtfReader *reader, Str marker, Str text)
{
    const RtfState *state = rtf_state(reader);
    int heading = state->outline >= 0 && state->outline < 9 ? MIN(state->outline + 1, 6) : 0;
    if (heading == 0 && state->style >= 0 && state->style < RTF_STYLES_MAX)
        heading = reader->headings[state->style];
    bool is_number = marker.length && !str_is(marker, "-");
    if (heading && is_number)
        text = str_format(reader->scratch, STR_FMT " " STR_FMT, STR_ARG(marker), STR_ARG(text));
    if (heading)
        doc_heading(reader->doc, heading, text);
    else if (marker.length)
        doc_list_item(reader->doc, state->list_level + 1, str_copy(reader->scratch, marker), text);
    else
        doc_paragraph(reader->doc, text);
}

/* A tracked change says what it is, wherever its words are found. */
static void keep_deleted(RtfReader *reader)
{
    Str text = str_trim(buf_str(&reader->deleted));
    if (text.length)
        rtf_add_pending(reader, "tracked change",
                        str_format(reader->scratch, "deleted: " STR_FMT, STR_ARG(text)));
    reader->deleted.length = 0;
}

void rtf_end_paragraph(RtfReader *reader)
{
    rtf_flush(reader);
    RtfContext *context = &reader->contexts[reader->context];
    Str text = str_trim(buf_str(&context->paragraph));
    if (reader->context > 0) {
        if (context->whole.length && text.length)
            buf_add_char(&context->whole, '\n');
        buf_add(&context->whole, text);
        context->paragraph.length = 0;
        return;
    }
    Str marker = str_copy(reader->scratch, take_marker(reader));
    keep_deleted(reader);
    if (rtf_state(reader)->in_table || reader->table.is_row_open) {
        end_cell_paragraph(reader, marker, text);
        return;
    }
    end_table(reader);
    if (text.length)
        write_paragraph(reader, marker, text);
    write_pending(reader);
    rtf_renew(reader);
}

/* --- Tables --- */

void rtf_end_cell(RtfReader *reader)
{
    rtf_flush(reader);
    if (reader->context > 0) {
        buf_add_char(&reader->contexts[reader->context].paragraph, '\t');
        return;
    }
    Str marker = str_copy(reader->scratch, take_marker(reader));
    end_cell_paragraph(reader, marker, str_trim(buf_str(&reader->contexts[0].paragraph)));
    held_table_cell(&reader->table, str_copy(reader->scratch, buf_str(&reader->cell)), 1, false);
    reader->cell.length = 0;
}

void rtf_end_row(RtfReader *reader)
{
    if (reader->context > 0) {
        rtf_end_paragraph(reader);
        return;
    }
    if (reader->table.is_row_open) {
        HeldTableRow *row = &reader->table.rows.at[reader->table.rows.count - 1];
        size_t kept = 0;
        for (size_t i = 0; i < row->cells.count; i++) {
            HeldTableCell cell = row->cells.at[i];
            const RtfEdge *edge = i < (size_t)reader->cell_count ? &reader->cells[i] : NULL;
            cell.goes_on = edge && edge->goes_on && cell.text.length == 0;
            if (edge && edge->is_joined && kept > 0 && cell.text.length == 0)
                row->cells.at[kept - 1].span++;
            else
                row->cells.at[kept++] = cell;
        }
        row->cells.count = kept;
    }
    held_table_end_row(&reader->table, reader->doc, reader->is_header_row);
    reader->contexts[0].paragraph.length = 0;
}

void rtf_begin_row(RtfReader *reader)
{
    reader->cell_count = 0;
    reader->joined = reader->goes_on = reader->is_header_row = false;
}

void rtf_add_cell_edge(RtfReader *reader)
{
    if (reader->cell_count < RTF_CELLS_MAX)
        reader->cells[reader->cell_count++] = (RtfEdge){ reader->joined, reader->goes_on };
    reader->joined = reader->goes_on = false;
}
