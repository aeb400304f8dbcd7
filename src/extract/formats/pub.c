/* pub.c - Publisher documents since version 98: an OLE file whose text is in one stream, a table
 * of pieces by kind; WordArt is among the drawings ([MS-ODRAW]). */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/ole/ole_properties.h"

enum {
    PIECES_AT = 0x20,
    PIECE_SIZE = 24,
    PIECES_MAX = 4096,
    RECORDS_MAX = 1000000,
    RECORD_OPTIONS = 0xF00B,
    PROPERTY_WORDART = 0x00C0,
    PROPERTY_ALTERNATIVE = 0x0381,
};

/* --- The text --- */

/* A line of what a person wrote: what Publisher keeps for fields and objects is left out. */
static void write_line(DocWriter *doc, Arena *arena, Str line)
{
    Buf words = buf_new(arena, line.length + 1);
    for (size_t i = 0; i < line.length; i++) {
        unsigned char c = (unsigned char)line.at[i];
        if (c == '\v')
            buf_add_char(&words, '\n');
        else if (c >= 0x20 || c == '\t')
            buf_add_char(&words, (char)c);
    }
    doc_paragraph(doc, buf_str(&words));
}

static void write_text(DocWriter *doc, Str bytes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    AUTO_ARENA Arena *line_arena = arena_new(MB(256));
    Str text = text_from_utf16(arena, bytes), line;
    while (doc_writer_ok(doc) && str_next(&text, '\r', &line)) {
        /* A form feed ends a story, a bell a cell. */
        Str part;
        while (str_next(&line, '\f', &part)) {
            arena_reset(line_arena);
            write_line(doc, line_arena, part);
        }
    }
}

/* Each piece: its size (24), the kind of thing, three numbers, the kind of its bytes, where they
 * are and how many. */
static bool write_pieces(DocWriter *doc, Str stream)
{
    bool has_text = false;
    for (size_t i = 0; i < PIECES_MAX; i++) {
        Str piece = str_slice(stream, PIECES_AT + i * PIECE_SIZE, PIECES_AT + (i + 1) * PIECE_SIZE);
        if (piece.length < PIECE_SIZE)
            break;
        if (le16_at(piece, 0) != PIECE_SIZE || !str_is(str_slice(piece, 12, 16), "TEXT"))
            continue;
        size_t from = le32_at(piece, 16), length = le32_at(piece, 20);
        if (from >= stream.length)
            continue;
        write_text(doc, str_slice(stream, from, from + MIN(length, MB(128))));
        has_text = true;
    }
    return has_text;
}

/* --- Drawings --- */

/* The texts of WordArt: a table of properties, then the long values in the same order. */
static void write_wordart(DocWriter *doc, Arena *arena, unsigned count, Str bytes)
{
    size_t value_at = (size_t)count * 6;
    for (unsigned i = 0; i < count && (size_t)i * 6 + 6 <= bytes.length; i++) {
        unsigned id = le16_at(bytes, i * 6u);
        size_t length = le32_at(bytes, i * 6u + 2);
        if (!(id & 0x8000))
            continue;
        Str text = str_slice(bytes, value_at, value_at + length);
        id &= 0x3FFF;
        if ((id == PROPERTY_WORDART || id == PROPERTY_ALTERNATIVE) && text.length < MB(1)) {
            text = text_from_utf16(arena, text);
            while (text.length && text.at[text.length - 1] == '\0')
                text.length--;
            if (id == PROPERTY_WORDART)
                doc_paragraph(doc, text);
            else
                doc_image(doc, text);
        }
        value_at += length;
    }
}

/* Containers are walked into: their content follows their header. */
static void write_drawings(DocWriter *doc, Str stream)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    for (int i = 0; i < RECORDS_MAX && stream.length >= 8 && arena_room(arena) > MB(8); i++) {
        unsigned head = le16_at(stream, 0), type = le16_at(stream, 2);
        size_t length = le32_at(stream, 4);
        bool is_container = (head & 0xF) == 0xF;
        if (type == RECORD_OPTIONS)
            write_wordart(doc, arena, head >> 4, str_slice(stream, 8, 8 + length));
        stream = str_from(stream, is_container ? 8 : 8 + length);
    }
}

static bool pub_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    OleFile ole;
    Error ignored;
    Str stream;
    if (!ole_open(arena, source->bytes, &ole, err))
        return false;
    ole_write_meta(&ole, NULL, doc);
    bool has_text = ole_read_path(&ole, "Quill/QuillSub/CONTENTS", MB(256), &stream, &ignored) &&
                    write_pieces(doc, stream);
    if (ole_read_path(&ole, "Escher/EscherStm", MB(256), &stream, &ignored))
        write_drawings(doc, stream);
    if (!has_text)
        doc_warning(doc, S("the text is kept in a way of Publisher before version 98, which is "
                           "not read"));
    return true;
}

static int pub_sniff(Str bytes)
{
    return ole_is_file(bytes) &&
                   (ole_holds(bytes, "Quill") || ole_holds(bytes, "Quill/QuillSub/CONTENTS"))
               ? 90
               : 0;
}

const Extractor extractor_pub = {
    .name = "pub",
    .title = "Publisher document",
    .extensions = LIST("pub"),
    .media_types = LIST("application/x-mspublisher", "application/vnd.ms-publisher"),
    .sniff = pub_sniff,
    .extract = pub_extract,
};
