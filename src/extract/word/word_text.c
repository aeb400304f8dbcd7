/* word_text.c - see word_text.h; section numbers are of [MS-DOC]. */
#include "extract/word/word_text.h"

#include "base/utf8.h"
#include "extract/charset/encoding.h"
#include "extract/charset/symbol_fonts.h"
#include "extract/held_table.h"

enum { FIELD_DEPTH_MAX = 32, TEXT_MAX = 16 << 20, REFERRED_MAX = 10000, AUTHORS_MAX = 10000 };

/* 2.4.1 and 2.8.25: characters that mean something. */
enum {
    MARK_PICTURE = 0x01,
    MARK_NOTE = 0x02,
    MARK_COMMENT = 0x05,
    MARK_CELL = 0x07,
    MARK_SHAPE = 0x08,
    MARK_TAB = 0x09,
    MARK_LINE = 0x0B,
    MARK_PAGE = 0x0C,
    MARK_PARAGRAPH = 0x0D,
    MARK_COLUMN = 0x0E,
    MARK_FIELD = 0x13,
    MARK_FIELD_RESULT = 0x14,
    MARK_FIELD_END = 0x15,
    MARK_HYPHEN = 0x1E,
    MARK_SOFT_HYPHEN = 0x1F,
};

typedef struct Referred {
    WordStory story;
    size_t index;
} Referred;

typedef struct Reader {
    WordText *text;
    Arena *scratch; /* of a top-level paragraph or table */
    WordStory story;
    Buf *note; /* where the text goes when it is one note's; NULL: blocks */
    Buf paragraph, cell, narrow;
    Buf deleted; /* while changes were tracked, in the paragraph that is open */
    bool is_deleted;
    const char *narrow_charset;
    HeldTable table;
    int table_depth;         /* of the last paragraph */
    int field_depth, hiding; /* fields that show their instruction */
    bool in_instruction[FIELD_DEPTH_MAX];
    Buf instruction;
    VEC(Referred) referred;
    VEC(Str) links;
} Reader;

static void write_note(WordText *text, WordStory story, size_t index);
static void read_story(WordText *text, WordStory story, uint32_t start, uint32_t end, Buf *note);

/* --- Characters --- */

static const char *charset_of_font(int charset, const char *otherwise)
{
    /* [MS-WMF] 2.1.1.5 */
    static const struct {
        int charset, codepage;
    } pages[] = { { 77, 10000 }, { 128, 932 },  { 129, 949 },  { 134, 936 },  { 136, 950 },
                  { 161, 1253 }, { 162, 1254 }, { 163, 1258 }, { 177, 1255 }, { 178, 1256 },
                  { 186, 1257 }, { 204, 1251 }, { 222, 874 },  { 238, 1250 } };
    for (size_t i = 0; i < COUNT(pages); i++)
        if (pages[i].charset == charset)
            return charset_of_codepage(pages[i].codepage);
    return otherwise;
}

static Buf *target(Reader *reader)
{
    return reader->is_deleted ? &reader->deleted : &reader->paragraph;
}

static void flush_narrow(Reader *reader)
{
    if (reader->narrow.length)
        buf_add(target(reader), text_decode_known(reader->scratch, buf_str(&reader->narrow),
                                                  reader->narrow_charset));
    reader->narrow.length = 0;
}

static void add_text(Reader *reader, Str text)
{
    flush_narrow(reader);
    buf_add(reader->hiding ? &reader->instruction : target(reader), text);
}

static void add_narrow(Reader *reader, char c, const WordCharacter *format)
{
    if (reader->hiding || (unsigned char)c < 0x80) {
        add_text(reader, (Str){ &c, 1 });
        return;
    }
    const char *charset = reader->text->file->charset;
    if (reader->text->file->is_old)
        charset = charset_of_font(word_font_charset(reader->text->styles, format->font), charset);
    if (charset != reader->narrow_charset)
        flush_narrow(reader);
    reader->narrow_charset = charset;
    buf_add_char(&reader->narrow, c);
}

static void add_wide(Reader *reader, uint32_t c)
{
    char utf8[4];
    /* Private characters belong to symbol fonts: bullets and ticks. */
    if (c < 0xE000 || c >= 0xF900)
        add_text(reader, (Str){ utf8, utf8_encode(c, utf8) });
}

/* A character of a symbol font: what it shows there, if that is known. */
static void add_symbol(Reader *reader, uint16_t font, uint32_t c)
{
    uint32_t shown = symbol_of_font(word_font_name(reader->text->styles, font), c);
    add_wide(reader, shown ? shown : c);
}

/* --- Fields --- */

static void begin_field(Reader *reader)
{
    flush_narrow(reader);
    if (reader->field_depth < FIELD_DEPTH_MAX) {
        reader->in_instruction[reader->field_depth] = true;
        if (reader->hiding++ == 0)
            reader->instruction.length = 0;
    }
    reader->field_depth++;
}

/* HYPERLINK "https://..." \o "tip" */
static void keep_link(Reader *reader)
{
    Str instruction = str_trim(buf_str(&reader->instruction));
    if (!str_starts(instruction, S("HYPERLINK")) || reader->links.count >= REFERRED_MAX)
        return;
    Str rest = str_trim(str_from(instruction, 9));
    bool is_quoted = str_starts(rest, S("\""));
    rest = str_from(rest, is_quoted ? 1 : 0);
    ptrdiff_t end = str_find_char(rest, is_quoted ? '"' : ' ');
    Str target = str_slice(rest, 0, end < 0 ? rest.length : (size_t)end);
    if (str_find_char(target, ':') > 0)
        *vec_push(reader->scratch, &reader->links) = str_copy(reader->scratch, target);
}

static void end_instruction(Reader *reader)
{
    int depth = reader->field_depth - 1;
    if (depth < 0 || depth >= FIELD_DEPTH_MAX || !reader->in_instruction[depth])
        return;
    reader->in_instruction[depth] = false;
    if (--reader->hiding == 0)
        keep_link(reader);
}

static void end_field(Reader *reader)
{
    flush_narrow(reader);
    end_instruction(reader);
    if (reader->field_depth > 0)
        reader->field_depth--;
}

/* --- What a paragraph refers to --- */

static void refer(Reader *reader, WordStory story, uint32_t cp)
{
    const WordPlc *refs = &reader->text->refs[story];
    size_t low = 0, high = refs->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (word_plc_cp(refs, middle) < cp)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < refs->count && word_plc_cp(refs, low) == cp && reader->referred.count < REFERRED_MAX)
        *vec_push(reader->scratch, &reader->referred) = (Referred){ story, low };
}

/* A shape with text: its number is in both lists (2.8.37 and 2.9.101). */
static void refer_box(Reader *reader, uint32_t cp)
{
    WordText *text = reader->text;
    const WordPlc *shapes = &text->refs[STORY_BOXES], *boxes = &text->texts[STORY_BOXES];
    bool has_text = false;
    for (size_t i = 0; i < shapes->count && i < REFERRED_MAX; i++) {
        if (word_plc_cp(shapes, i) != cp)
            continue;
        uint32_t shape = le32_at(word_plc_data(shapes, i), 0);
        for (size_t k = 0; k < boxes->count && k < REFERRED_MAX; k++)
            if (le32_at(word_plc_data(boxes, k), 14) == shape) {
                *vec_push(reader->scratch, &reader->referred) = (Referred){ STORY_BOXES, k };
                has_text = true;
            }
    }
    text->pictures += !has_text;
}

static void write_referred(Reader *reader)
{
    Str deleted = str_trim(buf_str(&reader->deleted));
    if (deleted.length) /* it says what it is, wherever its words are found */
        doc_note(reader->text->doc, "tracked change",
                 str_format(reader->scratch, "deleted: " STR_FMT, STR_ARG(deleted)));
    reader->deleted.length = 0;
    for (size_t i = 0; i < reader->links.count; i++)
        doc_note(reader->text->doc, "link", reader->links.at[i]);
    for (size_t i = 0; i < reader->referred.count; i++)
        write_note(reader->text, reader->referred.at[i].story, reader->referred.at[i].index);
    reader->links.count = reader->links.capacity = 0;
    reader->referred.count = reader->referred.capacity = 0;
}

/* --- Paragraphs and tables --- */

static void renew(Reader *reader)
{
    arena_reset(reader->scratch);
    reader->paragraph = buf_new(reader->scratch, TEXT_MAX);
    reader->cell = buf_new(reader->scratch, TEXT_MAX);
    reader->deleted = buf_new(reader->scratch, TEXT_MAX);
    reader->narrow = buf_new(reader->scratch, TEXT_MAX);
    reader->instruction = buf_new(reader->scratch, KB(64));
    reader->table = (HeldTable){ .arena = reader->scratch };
}

static void end_table(Reader *reader)
{
    if (reader->table_depth == 0)
        return;
    if (reader->cell.length) /* of a cut file */
        held_table_cell(&reader->table, buf_str(&reader->cell), 1, false);
    held_table_write(&reader->table, reader->text->doc);
    reader->table_depth = 0;
}

static void end_cell(Reader *reader)
{
    held_table_cell(&reader->table, str_copy(reader->scratch, buf_str(&reader->cell)), 1, false);
    reader->cell.length = 0;
}

/* What a row's end says of its cells: which are one with their neighbours. */
static void end_row(Reader *reader, const WordParagraph *paragraph)
{
    HeldTable *table = &reader->table;
    if (table->is_row_open) {
        HeldTableRow *row = &table->rows.at[table->rows.count - 1];
        size_t kept = 0;
        for (size_t i = 0; i < row->cells.count; i++) {
            HeldTableCell cell = row->cells.at[i];
            const WordCellEdge *edge = i < paragraph->cell_count ? &paragraph->cells[i] : NULL;
            cell.goes_on = edge && edge->goes_on && cell.text.length == 0;
            if (edge && edge->is_joined_left && kept > 0 && cell.text.length == 0)
                row->cells.at[kept - 1].span++;
            else
                row->cells.at[kept++] = cell;
        }
        row->cells.count = kept;
    }
    held_table_end_row(table, reader->text->doc, paragraph->is_header_row);
    reader->cell.length = 0;
}

static void add_to_cell(Reader *reader, const WordParagraph *paragraph, Str marker, Str text)
{
    if (reader->cell.length && text.length)
        buf_add_char(&reader->cell, '\n');
    if (marker.length && !str_is(marker, "-")) {
        buf_add(&reader->cell, marker);
        buf_add_char(&reader->cell, ' ');
    }
    buf_add(&reader->cell, text);
    if (paragraph->ends_cell)
        buf_add_char(&reader->cell, ' ');
}

static void write_block(Reader *reader, const WordParagraph *paragraph, Str marker, Str text)
{
    DocWriter *doc = reader->text->doc;
    bool is_number = marker.length && !str_is(marker, "-");
    if (paragraph->heading > 0 && reader->story == STORY_MAIN) {
        if (is_number)
            text = str_format(reader->scratch, STR_FMT " " STR_FMT, STR_ARG(marker), STR_ARG(text));
        doc_heading(doc, paragraph->heading, text);
    } else if (reader->story == STORY_HEADERS) {
        doc_header(doc, text);
    } else if (marker.length) {
        doc_list_item(doc, paragraph->list_level + 1, marker, text);
    } else {
        doc_paragraph(doc, text);
    }
}

static void end_paragraph(Reader *reader, const WordPiece *piece, size_t at, uint32_t mark)
{
    WordText *all = reader->text;
    flush_narrow(reader);
    WordParagraph paragraph = word_paragraph_at(all->styles, piece, at);
    Str text = buf_str(&reader->paragraph), marker = STR_NONE;
    bool in_table = paragraph.depth > 0 || mark == MARK_CELL;
    if (paragraph.list > 0 && str_trim(text).length && !paragraph.ends_row)
        marker =
            word_next_marker(all->lists, reader->scratch, paragraph.list, paragraph.list_level);
    if (reader->note) {
        if (str_trim(text).length) {
            if (reader->note->length)
                buf_add_char(reader->note, '\n');
            buf_add(reader->note, str_trim(text));
        }
    } else if (in_table && reader->story != STORY_HEADERS) {
        reader->table_depth = MAX(paragraph.depth, 1);
        if (!paragraph.ends_row || str_trim(text).length)
            add_to_cell(reader, &paragraph, marker, text);
        if (paragraph.ends_row && paragraph.depth <= 1)
            end_row(reader, &paragraph);
        else if (mark == MARK_CELL)
            end_cell(reader);
    } else {
        end_table(reader);
        write_block(reader, &paragraph, marker, text);
    }
    reader->paragraph.length = 0;
    if (reader->table_depth == 0) {
        write_referred(reader);
        renew(reader);
    }
}

/* --- The walk over the text --- */

static bool take_mark(Reader *reader, uint32_t c, uint32_t cp, const WordCharacter *format)
{
    switch (c) {
    case MARK_FIELD: begin_field(reader); break;
    case MARK_FIELD_RESULT: end_instruction(reader); break;
    case MARK_FIELD_END: end_field(reader); break;
    case MARK_TAB: add_text(reader, S("\t")); break;
    case MARK_LINE:
    case MARK_COLUMN: add_text(reader, S("\n")); break;
    case MARK_HYPHEN: add_text(reader, S("-")); break;
    case MARK_SOFT_HYPHEN: break;
    case MARK_NOTE:
        refer(reader, STORY_FOOTNOTES, cp);
        refer(reader, STORY_ENDNOTES, cp);
        break;
    case MARK_COMMENT: refer(reader, STORY_COMMENTS, cp); break;
    case MARK_SHAPE:
        if (reader->story == STORY_MAIN)
            refer_box(reader, cp);
        break;
    case MARK_PICTURE:
        reader->text->pictures += format->has_picture && !format->is_data && !format->is_object;
        break;
    default: return c < 0x20;
    }
    return true;
}

static void take(Reader *reader, const WordPiece *piece, uint32_t c, uint32_t cp, size_t at,
                 const WordCharacter *format)
{
    if (format->is_deleted != reader->is_deleted)
        flush_narrow(reader);
    reader->is_deleted = format->is_deleted;
    if (c == MARK_PARAGRAPH || c == MARK_PAGE || (c == MARK_CELL && !format->is_deleted)) {
        if (c == MARK_PARAGRAPH && format->is_deleted)
            return;
        end_paragraph(reader, piece, at, c);
    } else if (format->is_deleted && c < 0x20 && c != MARK_TAB && c != MARK_LINE) {
        return;
    } else if (format->symbol) {
        add_symbol(reader, format->symbol_font, format->symbol);
    } else if (!take_mark(reader, c, cp, format)) {
        reader->text->hidden += format->is_hidden && reader->hiding == 0;
        if (piece->is_narrow)
            add_narrow(reader, (char)c, format);
        else
            add_wide(reader, c);
    }
}

static void read_piece(Reader *reader, const WordPiece *piece, uint32_t start, uint32_t end)
{
    WordText *text = reader->text;
    Str main = text->file->main;
    size_t width = piece->is_narrow ? 1 : 2, formatted_to = 0;
    WordCharacter format = { 0 };
    for (uint32_t cp = start; cp < end; cp++) {
        size_t at = piece->at + (size_t)(cp - piece->cp) * width;
        if (at >= formatted_to) {
            format = word_character_at(text->styles, piece, at);
            formatted_to = word_character_end(text->styles);
        }
        uint32_t c = piece->is_narrow ? (unsigned char)main.at[at] : le16_at(main, at);
        if (!piece->is_narrow && c >= 0xD800 && c < 0xE000) {
            uint32_t low = le16_at(main, at + 2);
            if (c < 0xDC00 && cp + 1 < end && low >= 0xDC00 && low < 0xE000) {
                c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
                cp++;
            } else {
                c = UTF8_REPLACEMENT;
            }
        }
        take(reader, piece, c, cp, at, &format);
        if (cp % 4096 == 0 && !doc_writer_ok(text->doc))
            return;
    }
}

static void read_story(WordText *text, WordStory story, uint32_t start, uint32_t end, Buf *note)
{
    AUTO_ARENA Arena *scratch = arena_new(MB(512));
    Reader reader = { .text = text, .scratch = scratch, .story = story, .note = note };
    const WordPiece *last = NULL;
    size_t last_at = 0;
    renew(&reader);
    for (size_t i = word_piece_of(text->file, start);
         i < text->file->pieces.count && text->file->pieces.at[i].cp < end; i++) {
        const WordPiece *piece = &text->file->pieces.at[i];
        uint32_t to = MIN(end, piece->end);
        read_piece(&reader, piece, MAX(start, piece->cp), to);
        last = piece;
        last_at = piece->at + (size_t)(to - 1 - piece->cp) * (piece->is_narrow ? 1 : 2);
    }
    flush_narrow(&reader);
    if (last && reader.paragraph.length)
        end_paragraph(&reader, last, last_at, MARK_PARAGRAPH);
    if (!note)
        end_table(&reader);
    write_referred(&reader);
}

/* --- Notes, comments, boxes --- */

static void write_note(WordText *text, WordStory story, size_t index)
{
    const WordPlc *texts = &text->texts[story];
    if (index >= texts->count || !text->is_written[story] || text->is_written[story][index])
        return;
    text->is_written[story][index] = true;
    uint32_t base = text->file->starts[story], limit = text->file->starts[story + 1];
    uint32_t start = base + MIN(word_plc_cp(texts, index), limit - base);
    uint32_t end = base + MIN(word_plc_cp(texts, index + 1), limit - base);
    if (start >= end)
        return;
    if (story == STORY_BOXES || story == STORY_HEADER_BOXES) {
        read_story(text, story, start, end, NULL);
        return;
    }
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Buf note = buf_new(arena, TEXT_MAX);
    if (story == STORY_COMMENTS) {
        /* 2.9.2: initials in 20 bytes, then the author's number. */
        size_t author = le16_at(word_plc_data(&text->refs[story], index), 20);
        if (author < text->authors.count && text->authors.at[author].length)
            buf_addf(&note, STR_FMT ":", STR_ARG(text->authors.at[author]));
    }
    read_story(text, story, start, end, &note);
    doc_note(text->doc,
             story == STORY_FOOTNOTES  ? "footnote"
             : story == STORY_ENDNOTES ? "endnote"
                                       : "comment",
             buf_str(&note));
}

static void read_authors(WordText *text)
{
    const WordFile *file = text->file;
    Str rest = word_table(file, WORD_COMMENT_AUTHORS);
    while (rest.length >= 2 && text->authors.count < AUTHORS_MAX) {
        size_t count = file->is_old ? (unsigned char)rest.at[0] : le16_at(rest, 0);
        size_t head = file->is_old ? 1 : 2, size = file->is_old ? count : count * 2;
        Str name = str_slice(rest, head, head + size);
        *vec_push(file->arena, &text->authors) =
            file->is_old ? text_decode_known(file->arena, name, file->charset)
                         : text_from_utf16(file->arena, name);
        rest = str_from(rest, head + size);
    }
}

static void read_references(WordText *text)
{
    static const struct {
        WordStory story;
        WordTable refs, texts;
        size_t ref_size, text_size;
    } tables[] = { { STORY_FOOTNOTES, WORD_FOOTNOTE_REFS, WORD_FOOTNOTE_TEXTS, 2, 0 },
                   { STORY_ENDNOTES, WORD_ENDNOTE_REFS, WORD_ENDNOTE_TEXTS, 2, 0 },
                   { STORY_COMMENTS, WORD_COMMENT_REFS, WORD_COMMENT_TEXTS, 30, 0 },
                   { STORY_BOXES, WORD_SHAPES, WORD_BOX_TEXTS, 26, 22 } };
    for (size_t i = 0; i < COUNT(tables); i++) {
        WordStory story = tables[i].story;
        if (text->file->is_old && story == STORY_BOXES)
            continue;
        size_t ref_size = text->file->is_old && story == STORY_COMMENTS ? 20 : tables[i].ref_size;
        text->refs[story] = word_plc(word_table(text->file, tables[i].refs), ref_size);
        text->texts[story] = word_plc(word_table(text->file, tables[i].texts), tables[i].text_size);
        text->is_written[story] =
            arena_new_array(text->file->arena, bool, text->texts[story].count + 1);
    }
    read_authors(text);
}

/* 2.8.24: six separators, then for each section headers (even, odd), footers (even, odd), and a
 * first page's header and footer. */
static void write_running(WordText *text, bool footers)
{
    static const bool is_footer[6] = { false, false, true, true, false, true };
    WordPlc plc = word_plc(word_table(text->file, WORD_HEADER_TEXTS), 0);
    uint32_t base = text->file->starts[STORY_HEADERS],
             limit = text->file->starts[STORY_HEADERS + 1];
    for (size_t i = 6; i + 1 < plc.count && doc_writer_ok(text->doc); i++) {
        uint32_t start = base + MIN(word_plc_cp(&plc, i), limit - base);
        uint32_t end = base + MIN(word_plc_cp(&plc, i + 1), limit - base);
        if (is_footer[i % 6] == footers && start < end)
            read_story(text, STORY_HEADERS, start, end, NULL);
    }
}

/* Notes that no text refers to are said at the end; boxes of Word 6 too, which have no list here.
 */
static void write_rest(WordText *text)
{
    static const WordStory stories[] = { STORY_FOOTNOTES, STORY_ENDNOTES, STORY_COMMENTS,
                                         STORY_BOXES };
    const uint32_t *starts = text->file->starts;
    for (size_t i = 0; i < COUNT(stories); i++)
        for (size_t k = 0; k < text->texts[stories[i]].count && doc_writer_ok(text->doc); k++)
            write_note(text, stories[i], k);
    if (text->texts[STORY_BOXES].count == 0)
        read_story(text, STORY_BOXES, starts[STORY_BOXES], starts[STORY_BOXES + 1], NULL);
    read_story(text, STORY_HEADER_BOXES, starts[STORY_HEADER_BOXES], starts[STORY_HEADER_BOXES + 1],
               NULL);
}

void word_write(WordText *text)
{
    char warning[100];
    read_references(text);
    write_running(text, false);
    read_story(text, STORY_MAIN, 0, text->file->starts[STORY_MAIN + 1], NULL);
    write_rest(text);
    write_running(text, true);
    if (text->pictures) {
        snprintf(warning, sizeof warning, "%zu image%s without text", text->pictures,
                 text->pictures == 1 ? "" : "s");
        doc_warning(text->doc, str(warning));
    }
    if (text->hidden) {
        snprintf(warning, sizeof warning, "%zu hidden characters are part of the text",
                 text->hidden);
        doc_warning(text->doc, str(warning));
    }
}
