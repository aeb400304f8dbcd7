/* vsd.c - Visio drawings before 2013: an OLE stream of packed streams that point at each other;
 * what is drawn on a page is below the page's stream, as chunks. */
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/ole/ole_properties.h"

#define UNPACKED_MAX MB(256)

enum {
    VERSION_AT = 0x1A,
    ROOT_AT = 0x24,
    POINTER_SIZE = 18,
    POINTERS_MAX = 100000,
    STREAMS_MAX = 200000,
    DEPTH_MAX = 16,
    CHUNK_HEADER = 19,
    WINDOW = 4096,
    VERSION_6 = 6,
    VERSION_11 = 11,
    FORMAT_PACKED = 2,
};

enum { STREAM_PAGE = 0x15, STREAM_STENCILS = 0x1D, STREAM_STYLES = 0x1A, CHUNK_TEXT = 0x0E };

typedef struct Pointer {
    uint32_t type, offset, length;
    unsigned format;
} Pointer;

typedef struct Reader {
    DocWriter *doc;
    Str bytes;
    int version, pages, streams_left;
    size_t unpacked_left;
} Reader;

/* Runs of eight: a bit for each, set when a byte follows as it is, else a place in the window of
 * what came before (it begins 18 bytes in) and a length. */
static Str unpack(Reader *r, Arena *arena, Str packed)
{
    unsigned char window[WINDOW] = { 0 };
    size_t at = 0, place = 0;
    Buf out = buf_new(arena, MIN(r->unpacked_left, arena_room(arena) / 4));
    while (at < packed.length && !out.overflowed) {
        unsigned flags = (unsigned char)packed.at[at++];
        for (int bit = 0; bit < 8 && at < packed.length; bit++) {
            if (flags >> bit & 1) {
                window[place++ % WINDOW] = (unsigned char)packed.at[at];
                buf_add_char(&out, packed.at[at++]);
                continue;
            }
            unsigned pair = le16_at(packed, at);
            size_t from = (pair >> 4 & 0xF00) | (pair & 0xFF), count = (pair >> 8 & 0xF) + 3;
            from += 18;
            at += 2;
            for (size_t i = 0; i < count; i++) {
                unsigned char byte = window[(from + i) % WINDOW];
                window[place++ % WINDOW] = byte;
                buf_add_char(&out, (char)byte);
            }
        }
    }
    r->unpacked_left -= MIN(r->unpacked_left, out.length);
    return buf_str(&out);
}

static Pointer pointer_at(Str bytes, size_t at)
{
    return (Pointer){ .type = le32_at(bytes, at),
                      .offset = le32_at(bytes, at + 8),
                      .length = le32_at(bytes, at + 12),
                      .format = le16_at(bytes, at + 16) };
}

/* --- Chunks --- */

/* How many bytes follow a chunk's data depends on what it is; found by those who read the format
 * before it was documented. */
static size_t chunk_trailer(const Reader *r, uint32_t type, uint32_t list, unsigned level,
                            unsigned kind)
{
    static const unsigned char with[] = { 0x71, 0x70, 0x6B, 0x6A, 0x69, 0x66, 0x65, 0x2C };
    static const unsigned char without[] = { 0x1F, 0xC9, 0x2D, 0xD1 };
    size_t size = list ? 8 : 0;
    for (size_t i = 0; i < COUNT(with); i++)
        if (type == with[i])
            size = 8;
    if (r->version >= VERSION_11 &&
        (list || (level == 2 && kind == 0x55) || (level == 2 && kind == 0x54 && type == 0xAA) ||
         (level == 3 && kind != 0x50 && kind != 0x54)))
        size += 4;
    for (size_t i = 0; i < COUNT(without); i++)
        if (type == without[i])
            size = 0;
    return size;
}

static void write_text(const Reader *r, Str data)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Str text = str_slice(data, 8, 8 + MB(16));
    text = r->version >= VERSION_11 ? text_from_utf16(arena, text)
                                    : text_decode_known(arena, text, NULL);
    Buf words = buf_new(arena, text.length + 1);
    for (size_t i = 0; i < text.length; i++)
        if ((unsigned char)text.at[i] >= 0x20 || HAS_CHAR(text.at[i], "\t\n"))
            buf_add_char(&words, text.at[i]);
    doc_paragraph(r->doc, str_trim(buf_str(&words)));
}

static void read_chunks(Reader *r, Str rest)
{
    while (doc_writer_ok(r->doc) && rest.length >= CHUNK_HEADER) {
        if (rest.at[0] == 0) { /* filling */
            rest = str_from(rest, 1);
            continue;
        }
        uint32_t type = le32_at(rest, 0), list = le32_at(rest, 8), length = le32_at(rest, 12);
        unsigned level = le16_at(rest, 16), kind = (unsigned char)rest.at[18];
        if (length > rest.length)
            return;
        if (type == CHUNK_TEXT)
            write_text(r, str_slice(rest, CHUNK_HEADER, CHUNK_HEADER + length));
        rest = str_from(rest, CHUNK_HEADER + length + chunk_trailer(r, type, list, level, kind));
    }
}

/* --- Streams --- */

static void read_stream(Reader *r, const Pointer *pointer, int depth);

/* A list of pointers: where their count is comes first. */
static void read_pointers(Reader *r, Str stream, int depth)
{
    size_t at = le32_at(stream, 0), count = le32_at(stream, at);
    at += 8;
    for (size_t i = 0; i < count && i < POINTERS_MAX && at + POINTER_SIZE <= stream.length; i++) {
        Pointer pointer = pointer_at(stream, at);
        at += POINTER_SIZE;
        if (pointer.type)
            read_stream(r, &pointer, depth);
    }
}

static void read_stream(Reader *r, const Pointer *pointer, int depth)
{
    if (depth > DEPTH_MAX || r->streams_left-- <= 0 || !r->unpacked_left ||
        !doc_writer_ok(r->doc) || pointer->type == STREAM_STENCILS ||
        pointer->type == STREAM_STYLES || pointer->offset >= r->bytes.length)
        return;
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Str stream =
        str_slice(r->bytes, pointer->offset, (size_t)pointer->offset + (size_t)pointer->length);
    if (pointer->format & FORMAT_PACKED)
        stream = unpack(r, arena, stream);
    else
        r->unpacked_left -= MIN(r->unpacked_left, stream.length);
    if (pointer->type == STREAM_PAGE)
        doc_page(r->doc, ++r->pages, false, 0, 0);
    switch (pointer->format >> 4) {
    case 0x5:
        /* Packed lists begin with four bytes of their own. */
        read_pointers(r, pointer->format & FORMAT_PACKED ? str_from(stream, 4) : stream, depth + 1);
        break;
    case 0x8:
    case 0xC:
    case 0xD: read_chunks(r, stream); break;
    default: break;
    }
}

static bool vsd_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    OleFile ole;
    Str stream;
    if (!ole_open(arena, source->bytes, &ole, err) ||
        !ole_read_path(&ole, "VisioDocument", MB(512), &stream, err))
        return false;
    int version = stream.length > VERSION_AT ? (unsigned char)stream.at[VERSION_AT] : 0;
    if (version < VERSION_6)
        return fail(err, ERROR_UNSUPPORTED,
                    "it is a drawing of Visio 5 or older, which is not read");
    Reader r = { .doc = doc,
                 .bytes = stream,
                 .version = version,
                 .streams_left = STREAMS_MAX,
                 .unpacked_left = UNPACKED_MAX };
    Pointer root = pointer_at(stream, ROOT_AT);
    ole_write_meta(&ole, NULL, doc);
    root.format = (root.format & 0xF) | 0x50;
    read_stream(&r, &root, 0);
    return true;
}

static int vsd_sniff(Str bytes)
{
    return ole_is_file(bytes) && ole_holds(bytes, "VisioDocument") ? 92 : 0;
}

const Extractor extractor_vsd = {
    .name = "vsd",
    .title = "Visio drawing (2000 to 2010)",
    .extensions = LIST("vsd", "vst", "vss"),
    .media_types = LIST("application/vnd.visio", "application/x-visio"),
    .sniff = vsd_sniff,
    .extract = vsd_extract,
};
