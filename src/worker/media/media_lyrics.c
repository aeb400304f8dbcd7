/* media_lyrics.c - see media_lyrics.h.
 *
 * libavformat reads words without times (USLT, the tag "lyrics" of other formats) and leaves out
 * those with them: ID3v2.4 frames, 4.9; ID3v2.3, 4.10; the frame SLT of ID3v2.2. */
#include "worker/media/media_lyrics.h"

#include "base/utf8.h"
#include "extract/byte_view.h"
#include "extract/charset/encoding.h"
#include "extract/metadata.h"

enum { TAGS_MAX = 8, FRAMES_MAX = 2000, LINES_MAX = 20000, LYRICS_BYTES_MAX = 512 * 1024 };
enum { IN_MILLISECONDS = 2, UTF16 = 1, UTF16_BE = 2, UTF8 = 3 };

/* --- Words without times --- */

static void write_verses(Arena *arena, Str text, DocWriter *doc)
{
    text = str_slice(text, 0, LYRICS_BYTES_MAX);
    Str rest = utf8_is_valid(text) ? text : text_decode(arena, text, STR_NONE, NULL);
    while (rest.length && doc_writer_ok(doc)) {
        ptrdiff_t end = str_find(rest, S("\n\n"));
        doc_paragraph(doc, end < 0 ? rest : str_slice(rest, 0, (size_t)end));
        rest = end < 0 ? STR_NONE : str_from(rest, (size_t)end + 2);
    }
}

/* --- ID3 --- */

static uint32_t size28(Str bytes, size_t at)
{
    uint32_t size = 0;
    for (size_t i = 0; i < 4; i++)
        size = size << 7 | (byte_at(bytes, at + i) & 0x7F);
    return size;
}

/* Unsynchronisation put a zero behind each 0xFF (ID3v2.4 structure, 6.1). */
static Str synchronised(Arena *arena, Str bytes)
{
    Buf out = buf_new(arena, LYRICS_BYTES_MAX);
    for (size_t i = 0; i < bytes.length && i < LYRICS_BYTES_MAX; i++) {
        buf_add_char(&out, bytes.at[i]);
        i += byte_at(bytes, i) == 0xFF && i + 1 < bytes.length && bytes.at[i + 1] == '\0';
    }
    return buf_str(&out);
}

/* Text up to its end mark, one zero or two; *rest moves behind it. */
static Str take_text(Arena *arena, Str *rest, unsigned encoding)
{
    static const char *const charsets[] = { "ISO-8859-1", "UTF-16", "UTF-16BE", "UTF-8" };
    bool is_wide = encoding == UTF16 || encoding == UTF16_BE;
    size_t unit = is_wide ? 2 : 1, end = 0;
    while (end + unit <= rest->length && (rest->at[end] || (is_wide && rest->at[end + 1])))
        end += unit;
    Str bytes = str_slice(*rest, 0, end);
    *rest = str_from(*rest, end + unit);
    /* A mark of the byte order before each piece, or little endian, as Windows writes it. */
    if (encoding == UTF16 && !str_starts(bytes, S("\xFE\xFF")))
        return text_from_utf16(arena, str_from(bytes, str_starts(bytes, S("\xFF\xFE")) ? 2 : 0));
    if (encoding == UTF16)
        bytes = str_from(bytes, 2);
    return text_decode_known(arena, bytes, charsets[encoding == UTF16 ? UTF16_BE : encoding]);
}

static void write_line(DocWriter *doc, Buf *line, int64_t start_ms, int64_t end_ms)
{
    doc_place(doc, &(Place){ .start_ms = start_ms, .end_ms = MAX(start_ms, end_ms) });
    doc_paragraph(doc, buf_str(line));
    line->length = 0;
}

/* Pieces may be syllables: a new line begins with a line end, if the file has any. */
static bool has_line_ends(Str body)
{
    return str_find_char(body, '\n') >= 0 || str_find_char(body, '\r') >= 0;
}

static void write_timed(Arena *arena, Str body, DocWriter *doc)
{
    unsigned encoding = byte_at(body, 0);
    Str rest = str_from(body, 6);
    if (encoding > UTF8 || byte_at(body, 4) != IN_MILLISECONDS)
        return;
    (void)take_text(arena, &rest, encoding); /* what the words are about */
    Buf line = buf_new(arena, KB(16));
    bool by_ends = has_line_ends(rest);
    int64_t line_ms = 0, time_ms = 0;
    doc_heading(doc, 2, S("Lyrics"));
    for (int i = 0; i < LINES_MAX && rest.length > 4 && arena_room(arena) > MB(1); i++) {
        Str text = take_text(arena, &rest, encoding);
        time_ms = big32(rest, 0);
        rest = str_from(rest, 4);
        bool is_new = !by_ends || (text.length && HAS_CHAR(text.at[0], "\r\n"));
        if (is_new && line.length)
            write_line(doc, &line, line_ms, time_ms);
        line_ms = line.length ? line_ms : time_ms;
        while (is_new && text.length && HAS_CHAR(text.at[0], "\r\n"))
            text = str_from(text, 1);
        buf_add(&line, text);
    }
    if (line.length)
        write_line(doc, &line, line_ms, time_ms);
    doc_place(doc, &(Place){ 0 });
}

/* A frame's flags of version 4: 0x02 unsynchronised, 0x01 with its length before it; what is
 * compressed or encrypted (0x0C) is left. */
static void take_frame(Arena *arena, Str body, unsigned version, unsigned flags, DocWriter *doc)
{
    bool is_locked = version == 4 ? (flags & 0x0C) != 0 : (flags & 0xC0) != 0;
    if (is_locked)
        return;
    if (version == 4 && (flags & 1))
        body = str_from(body, 4);
    if (version == 4 && (flags & 2))
        body = synchronised(arena, body);
    write_timed(arena, body, doc);
}

static void read_tag(Arena *arena, Str tag, unsigned version, DocWriter *doc)
{
    size_t head = version == 2 ? 6 : 10;
    for (int i = 0; i < FRAMES_MAX && tag.length > head && tag.at[0]; i++) {
        size_t size = version == 2   ? big32(tag, 2) & 0xFFFFFF
                      : version == 3 ? big32(tag, 4)
                                     : size28(tag, 4);
        Str name = str_slice(tag, 0, version == 2 ? 3 : 4), body = bytes_part(tag, head, size);
        if (str_is(name, "SYLT") || str_is(name, "SLT"))
            take_frame(arena, body, version, version == 2 ? 0 : byte_at(tag, 9), doc);
        tag = str_from(tag, head + size);
    }
}

static void write_id3(Arena *arena, Str bytes, DocWriter *doc)
{
    for (int i = 0; i < TAGS_MAX && str_starts(bytes, S("ID3")) && bytes.length > 10; i++) {
        unsigned version = byte_at(bytes, 3), flags = byte_at(bytes, 5);
        size_t size = size28(bytes, 6);
        Str tag = bytes_part(bytes, 10, size);
        if ((flags & 0x80) && version < 4)
            tag = synchronised(arena, tag);
        if ((flags & 0x40) && version > 2)
            tag = str_from(tag, version == 4 ? size28(tag, 0) : (size_t)big32(tag, 0) + 4);
        if (version >= 2 && version <= 4)
            read_tag(arena, tag, version, doc);
        bytes = str_from(bytes, 10 + size);
    }
}

void media_write_lyrics(const MediaFile *file, const AVDictionary *tags, DocWriter *doc)
{
    AUTO_ARENA Arena *arena = arena_new(MB(32));
    const AVDictionaryEntry *entry = NULL;
    for (int i = 0;
         i < TAGS_MAX && (entry = av_dict_get(tags, "lyrics", entry, AV_DICT_IGNORE_SUFFIX)); i++) {
        doc_heading(doc, 2, S("Lyrics"));
        write_verses(arena, str(entry->value), doc);
    }
    write_id3(arena, file->bytes, doc);
}
