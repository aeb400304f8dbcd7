/* wmf.c - Windows metafiles ([MS-WMF]): the texts they draw and their size. Nothing is drawn. */
#include <math.h>

#include "extract/byte_view.h"
#include "extract/extractor.h"
#include "extract/metadata.h"
#include "extract/office/metafile.h"

enum {
    PLACEABLE = 22,
    HEADER = 18,
    OPTION_GLYPHS = 0x10,
    OPTION_BOX = 6, /* one is there: opaque or clipped */
    WMF_ALIGN = 0x012E,
    WMF_SELECT = 0x012D,
    WMF_DELETE = 0x01F0,
    WMF_MOVE = 0x0214,
    WMF_FONT = 0x02FB,
    WMF_TEXT = 0x0521,
    WMF_TEXT_MORE = 0x0A32,
};

typedef struct Wmf {
    Arena *arena;
    MetafilePieces texts;
    MetafileFont objects[METAFILE_FONTS_MAX]; /* other objects have no height */
    MetafileFont font;
    unsigned align, first_free;
    double x, y; /* where the pen is */
} Wmf;

static double signed_at(Str bytes, size_t at) { return (int16_t)little16(bytes, at); }

static bool is_placeable(Str bytes) { return str_starts(bytes, S("\xD7\xCD\xC6\x9A")); }

static bool is_header(Str bytes, size_t at)
{
    uint16_t kind = little16(bytes, at), version = little16(bytes, at + 4);
    return bytes.length >= at + HEADER && (kind == 1 || kind == 2) &&
           little16(bytes, at + 2) == 9 && (version == 0x0100 || version == 0x0300);
}

/* --- Objects: a new one gets the lowest number that is free --- */

static bool makes_object(unsigned function)
{
    static const uint16_t makers[] = { 0x00F7, 0x0142, 0x01F9, 0x02FA, 0x02FB, 0x02FC, 0x06FF };
    for (size_t i = 0; i < COUNT(makers); i++)
        if (makers[i] == function)
            return true;
    return false;
}

static void make_object(Wmf *wmf, unsigned function, Str record)
{
    while (wmf->first_free < METAFILE_FONTS_MAX && wmf->objects[wmf->first_free].is_used)
        wmf->first_free++;
    if (wmf->first_free == METAFILE_FONTS_MAX)
        return;
    MetafileFont *object = &wmf->objects[wmf->first_free];
    *object = (MetafileFont){ .is_used = true };
    if (function == WMF_FONT) {
        object->height = fabs(signed_at(record, 6));
        object->charset = byte_at(record, 6 + 13);
    }
}

static void select_object(Wmf *wmf, unsigned index)
{
    if (index < METAFILE_FONTS_MAX && wmf->objects[index].height > 0)
        wmf->font = wmf->objects[index];
}

static void delete_object(Wmf *wmf, unsigned index)
{
    if (index >= METAFILE_FONTS_MAX)
        return;
    wmf->objects[index] = (MetafileFont){ 0 };
    wmf->first_free = MIN(wmf->first_free, index);
}

/* --- Texts --- */

static void add_text(Wmf *wmf, Str bytes, double x, double y, double width)
{
    if (wmf->align & METAFILE_ALIGN_CURRENT) {
        x = wmf->x;
        y = wmf->y;
        wmf->x += width;
    }
    metafile_add(&wmf->texts,
                 (MetafilePiece){ .text = metafile_text(wmf->arena, bytes, wmf->font.charset),
                                  .x = x,
                                  .y = y,
                                  .width = width,
                                  .height = wmf->font.height },
                 wmf->align);
}

static void read_text(Wmf *wmf, Str record)
{
    size_t count = little16(record, 6), after = 8 + count + count % 2;
    if (after + 4 <= record.length)
        add_text(wmf, str_slice(record, 8, 8 + count), signed_at(record, after + 2),
                 signed_at(record, after), 0);
}

static void read_text_more(Wmf *wmf, Str record)
{
    size_t count = little16(record, 10);
    unsigned options = little16(record, 12);
    size_t from = options & OPTION_BOX ? 22 : 14, steps = from + count + count % 2;
    double width = 0;
    if (options & OPTION_GLYPHS || from + count > record.length)
        return;
    for (size_t i = 0; i < count && steps + 2 * i + 2 <= record.length; i++)
        width += signed_at(record, steps + 2 * i);
    add_text(wmf, str_slice(record, from, from + count), signed_at(record, 8), signed_at(record, 6),
             width);
}

static void read_record(Wmf *wmf, unsigned function, Str record)
{
    switch (function) {
    case WMF_ALIGN: wmf->align = little16(record, 6); break;
    case WMF_MOVE: wmf->y = signed_at(record, 6), wmf->x = signed_at(record, 8); break;
    case WMF_SELECT: select_object(wmf, little16(record, 6)); break;
    case WMF_DELETE: delete_object(wmf, little16(record, 6)); break;
    case WMF_TEXT: read_text(wmf, record); break;
    case WMF_TEXT_MORE: read_text_more(wmf, record); break;
    default:
        if (makes_object(function))
            make_object(wmf, function, record);
        break;
    }
}

/* The size that the head says, at 96 dots an inch. */
static void write_size(Str bytes, DocWriter *doc)
{
    double inch = little16(bytes, 14), width = fabs(signed_at(bytes, 10) - signed_at(bytes, 6)),
           height = fabs(signed_at(bytes, 12) - signed_at(bytes, 8));
    if (inch <= 0 || width <= 0 || height <= 0)
        return;
    doc_meta_whole(doc, "width", (int64_t)ceil(width * 96 / inch));
    doc_meta_whole(doc, "height", (int64_t)ceil(height * 96 / inch));
}

static bool wmf_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Wmf *wmf = arena_new_one(arena, Wmf);
    Str bytes = source->bytes;
    size_t at = is_placeable(bytes) ? PLACEABLE : 0;
    if (!is_header(bytes, at))
        return fail(err, ERROR_DAMAGED, "the metafile has no header");
    if (at)
        write_size(bytes, doc);
    wmf->arena = wmf->texts.arena = arena;
    for (at += HEADER; at + 6 <= bytes.length && arena_room(arena) > MB(64);) {
        size_t size = (size_t)little32(bytes, at) * 2;
        unsigned function = little16(bytes, at + 4);
        if (size < 6 || size > bytes.length - at || function == 0)
            break;
        read_record(wmf, function, str_slice(bytes, at, at + size));
        at += size;
    }
    metafile_write(&wmf->texts, doc);
    return true;
}

static int wmf_sniff(Str bytes)
{
    if (is_placeable(bytes))
        return 90;
    return is_header(bytes, 0) && little32(bytes, 6) * 2 <= bytes.length + 64 ? 75 : 0;
}

const Extractor extractor_wmf = {
    .name = "wmf",
    .title = "Windows metafile picture",
    .extensions = LIST("wmf", "apm"),
    .media_types = LIST("image/wmf", "image/x-wmf", "application/x-msmetafile"),
    .sniff = wmf_sniff,
    .extract = wmf_extract,
};
