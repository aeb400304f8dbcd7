/* ppt_text.c - see ppt_text.h; section numbers are of [MS-PPT]. */
#include "extract/slide/ppt_text.h"

#include "base/utf8.h"

bool ppt_read_text(Arena *arena, Str records, int index, PptText *text_r)
{
    PptText text = { .kind = PPT_KIND_OTHER };
    int at = -1;
    bool found = false;
    for (PptRecord record; ppt_next(&records, &record);) {
        if (record.type == PPT_TEXT_HEADER) {
            if (++at > index)
                break;
            if (at == index) {
                text.kind = (PptTextKind)le32_at(record.data, 0);
                found = true;
            }
        } else if (record.type == PPT_TEXT_CHARS || record.type == PPT_TEXT_BYTES) {
            if (at < 0) /* a text without a header */
                at = 0, found = index == 0;
            if (at == index)
                text.text = ppt_text(arena, &record);
        } else if (record.type == PPT_TEXT_STYLE && at == index) {
            text.styles = record.data;
        }
    }
    if (found)
        *text_r = text;
    return found;
}

/* --- Levels and bullets (2.9.44 - 2.9.46) --- */

typedef struct StyleReader {
    Str data;
    size_t at, left;   /* left: characters that the run still covers */
    int level, bullet; /* of the run; bullet: -1 as the kind of text has it, 0 none, 1 one */
    int shown_level, shown_bullet; /* of the paragraph */
} StyleReader;

/* The fields of a paragraph exception are there when their bit is set (2.9.20). */
static void skip_paragraph_fields(StyleReader *reader, uint32_t masks)
{
    static const struct {
        uint32_t mask;
        int size;
    } fields[] = {
        { 0x80, 2 },   /* bullet character */
        { 0x10, 2 },   /* its font */
        { 0x40, 2 },   /* its size */
        { 0x20, 4 },   /* its colour */
        { 0x800, 2 },  /* alignment */
        { 0x1000, 2 }, /* line spacing */
        { 0x2000, 2 }, /* space before */
        { 0x4000, 2 }, /* space after */
        { 0x100, 2 },  /* left margin */
        { 0x400, 2 },  /* indent */
        { 0x8000, 2 }, /* tab size */
    };
    for (size_t i = 0; i < COUNT(fields); i++)
        if (masks & fields[i].mask)
            reader->at += (size_t)fields[i].size;
    if (masks & 0x100000)
        reader->at += 2 + (size_t)le16_at(reader->data, reader->at) * 4;
    reader->at += masks & 0x10000 ? 2 : 0;
    reader->at += masks & 0xE0000 ? 2 : 0;
    reader->at += masks & 0x200000 ? 2 : 0;
}

static void next_run(StyleReader *reader)
{
    if (reader->at + 10 > reader->data.length) {
        reader->left = SIZE_MAX; /* the rest is as the last one */
        return;
    }
    reader->left = MAX(1u, le32_at(reader->data, reader->at));
    reader->level = MIN((int)le16_at(reader->data, reader->at + 4), 8);
    uint32_t masks = le32_at(reader->data, reader->at + 6);
    reader->at += 10;
    reader->bullet = -1;
    if (masks & 0xF) {
        unsigned flags = le16_at(reader->data, reader->at);
        if (masks & 1)
            reader->bullet = flags & 1;
        reader->at += 2;
    }
    skip_paragraph_fields(reader, masks);
}

/* Leaves the style of the paragraph's begin in the reader; `units`: of the paragraph, with its
 * end. */
static void style_of(StyleReader *reader, size_t units)
{
    if (reader->left == 0)
        next_run(reader);
    int level = reader->level, bullet = reader->bullet;
    while (units > reader->left) {
        units -= reader->left;
        next_run(reader);
    }
    if (reader->left != SIZE_MAX)
        reader->left -= units;
    reader->shown_level = level;
    reader->shown_bullet = bullet;
}

static bool is_body(PptTextKind kind)
{
    return kind == PPT_KIND_BODY || kind == PPT_KIND_HALF_BODY || kind == PPT_KIND_QUARTER_BODY;
}

void ppt_write_paragraphs(DocWriter *doc, const PptText *text)
{
    StyleReader reader = { .data = text->styles, .bullet = -1 };
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Str rest = text->text;
    for (Str line; str_next(&rest, '\n', &line) && doc_writer_ok(doc);) {
        style_of(&reader, utf8_utf16_units(line, line.length) + 1);
        Str shown = ppt_lines(arena, line);
        bool is_item = reader.shown_bullet > 0 || (reader.shown_bullet < 0 && is_body(text->kind));
        if (is_item)
            doc_list_item(doc, reader.shown_level + 1, S("-"), shown);
        else
            doc_paragraph(doc, shown);
    }
}

static Str with_breaks(Arena *arena, Str text, char line_end, char line_break)
{
    char *at = str_c(arena, text);
    for (size_t i = 0; i < text.length; i++)
        at[i] = at[i] == '\n' ? line_end : at[i] == '\v' ? line_break : at[i];
    return (Str){ at, text.length };
}

Str ppt_one_line(Arena *arena, Str text) { return str_trim(with_breaks(arena, text, ' ', ' ')); }

Str ppt_lines(Arena *arena, Str text) { return str_trim(with_breaks(arena, text, '\n', '\n')); }
