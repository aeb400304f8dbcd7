/* wps.c - Microsoft Works documents (4 to 9) and Windows Write: their text, by paragraphs.
 *
 * Works 4 keeps eight-bit text in one stream; later ones are chunks with a directory, the text in
 * UTF-16. Write is a bare file of eight-bit text. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/ole/ole_properties.h"

enum { STREAM_MAX = 1 << 29, CHUNKS_MAX = 4096, WORKS_TEXT = 0x100, WRITE_TEXT = 0x80 };

static bool is_write(Str bytes)
{
    uint16_t magic = le16_at(bytes, 0);
    return bytes.length > WRITE_TEXT && (magic == 0xBE31 || magic == 0xBE32) &&
           le16_at(bytes, 2) == 0 && le16_at(bytes, 4) == 0xAB00;
}

static bool is_chunked(Str stream)
{
    return str_starts(stream, S("CHNKWKS")) || str_starts(stream, S("CHNKINK"));
}

static int wps_sniff(Str bytes)
{
    if (is_write(bytes))
        return 80;
    if (!ole_is_file(bytes))
        return 0;
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    OleFile ole;
    Str stream;
    Error err;
    if (!ole_open(arena, bytes, &ole, &err))
        return 0;
    if (ole_find(&ole, "MN0"))
        return 80;
    return ole_read_path(&ole, "CONTENTS", STREAM_MAX, &stream, &err) && is_chunked(stream) ? 80
                                                                                            : 0;
}

/* Paragraphs end with CR, CR LF or a page's end; other controls stand for pictures and dates. */
static void write_text(DocWriter *doc, Str text)
{
    size_t start = 0;
    for (size_t i = 0; i <= text.length && doc_writer_ok(doc); i++) {
        if (i < text.length && !HAS_CHAR(text.at[i], "\r\n\f"))
            continue;
        doc_paragraph(doc, str_slice(text, start, i));
        start = i + 1;
    }
}

/* The directory: entries of 24 bytes, in blocks that point at the next one. */
static bool write_chunks(Arena *arena, DocWriter *doc, Str stream)
{
    size_t at = 0x18, seen = 0;
    bool found = false;
    while (at + 8 <= stream.length && seen < CHUNKS_MAX) {
        size_t count = MIN((size_t)le16_at(stream, at + 2), (size_t)CHUNKS_MAX);
        uint32_t next = le32_at(stream, at + 4);
        for (size_t i = 0; i < count && at + 8 + (i + 1) * 24 <= stream.length; i++, seen++) {
            Str entry = str_slice(stream, at + 8 + i * 24, at + 32 + i * 24);
            if (!str_equal(str_slice(entry, 12, 16), S("TEXT")))
                continue;
            size_t from = le32_at(entry, 16), length = le32_at(entry, 20);
            write_text(doc, text_from_utf16(arena, str_slice(stream, from, from + length)));
            found = true;
        }
        if (next <= at || next == UINT32_MAX)
            break;
        at = next;
    }
    return found;
}

static bool wps_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(2));
    Str bytes = source->bytes, stream;
    OleFile ole;
    if (is_write(bytes)) {
        Str text = str_slice(bytes, WRITE_TEXT, le32_at(bytes, 0x0E));
        write_text(doc, text_decode_known(arena, text, "windows-1252"));
        return true;
    }
    if (!ole_open(arena, bytes, &ole, err))
        return false;
    ole_write_meta(&ole, NULL, doc);
    if (ole_find(&ole, "MN0")) {
        if (!ole_read_path(&ole, "MN0", STREAM_MAX, &stream, err))
            return false;
        Str text = str_slice(stream, WORKS_TEXT, le32_at(stream, 0x26));
        write_text(doc, text_decode_known(arena, text, "windows-1252"));
        return true;
    }
    if (!ole_read_path(&ole, "CONTENTS", STREAM_MAX, &stream, err))
        return false;
    return write_chunks(arena, doc, stream) ||
           fail(err, ERROR_DAMAGED, "the Works file has no text that could be found");
}

const Extractor extractor_wps = {
    .name = "wps",
    .title = "Microsoft Works or Windows Write document",
    .extensions = LIST("wps", "wri"),
    .media_types = LIST("application/vnd.ms-works", "application/x-mswrite"),
    .sniff = wps_sniff,
    .extract = wps_extract,
};
