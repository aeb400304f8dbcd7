/* emf.c - enhanced metafiles ([MS-EMF], [MS-EMFPLUS]): the texts they draw, their size and their
 * description. Nothing is drawn. */
#include <math.h>

#include "extract/byte_view.h"
#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/metadata.h"
#include "extract/office/metafile.h"

enum {
    HEADER_MIN = 88,
    SAVED_MAX = 64,
    STRINGS_MAX = 65536,
    OPTION_GLYPHS = 0x10,
    OPTION_NO_BOX = 0x100,
    OPTION_SMALL = 0x200,
    COMMENT_PLUS = 0x2B464D45,
    PLUS_STRING = 0x401C,
    PLUS_GLYPHS = 0x4036,
    PLUS_GLYPHS_ARE_TEXT = 1,
};

enum {
    EMF_WINDOW_SIZE = 9,
    EMF_WINDOW_ORIGIN = 10,
    EMF_VIEW_SIZE = 11,
    EMF_VIEW_ORIGIN = 12,
    EMF_END = 14,
    EMF_ALIGN = 22,
    EMF_MOVE = 27,
    EMF_SAVE = 33,
    EMF_RESTORE = 34,
    EMF_WORLD = 35,
    EMF_WORLD_CHANGE = 36,
    EMF_SELECT = 37,
    EMF_COMMENT = 70,
    EMF_FONT = 82,
    EMF_TEXT_NARROW = 83,
    EMF_TEXT = 84,
    EMF_TEXTS_NARROW = 96,
    EMF_TEXTS = 97,
    EMF_TEXT_SMALL = 108,
};

/* x' = a x + c y + e; y' = b x + d y + f */
typedef struct Transform {
    double a, b, c, d, e, f;
} Transform;

typedef struct State {
    Transform world;
    double window[4], view[4]; /* x, y, width, height */
    MetafileFont font;
    unsigned align;
    double x, y; /* where the pen is */
} State;

typedef struct Emf {
    Arena *arena;
    State now, saved[SAVED_MAX];
    int saved_count;
    MetafileFont fonts[METAFILE_FONTS_MAX];
    MetafilePieces texts, plus;
    bool has_glyphs;
} Emf;

/* --- Where things are --- */

static double signed_at(Str bytes, size_t at) { return (int32_t)little32(bytes, at); }

static double float_at(Str bytes, size_t at)
{
    uint32_t bits = little32(bytes, at);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static Transform transform_at(Str bytes, size_t at)
{
    return (
        Transform){ float_at(bytes, at),      float_at(bytes, at + 4),  float_at(bytes, at + 8),
                    float_at(bytes, at + 12), float_at(bytes, at + 16), float_at(bytes, at + 20) };
}

static Transform joined(Transform m, Transform n)
{
    return (Transform){ m.a * n.a + m.b * n.c,       m.a * n.b + m.b * n.d,
                        m.c * n.a + m.d * n.c,       m.c * n.b + m.d * n.d,
                        m.e * n.a + m.f * n.c + n.e, m.e * n.b + m.f * n.d + n.f };
}

static double scale_of(const State *now, int axis)
{
    double from = now->window[axis + 2], to = now->view[axis + 2];
    return from != 0 && to != 0 ? to / from : 1;
}

static void to_device(const State *now, double *x, double *y)
{
    const Transform *w = &now->world;
    double wx = w->a * *x + w->c * *y + w->e, wy = w->b * *x + w->d * *y + w->f;
    *x = (wx - now->window[0]) * scale_of(now, 0) + now->view[0];
    *y = (wy - now->window[1]) * scale_of(now, 1) + now->view[1];
}

static void change_world(State *now, Str record)
{
    Transform change = transform_at(record, 8);
    switch (little32(record, 32)) {
    case 1: now->world = (Transform){ .a = 1, .d = 1 }; break;
    case 2: now->world = joined(change, now->world); break;
    case 3: now->world = joined(now->world, change); break;
    case 4: now->world = change; break;
    default: break;
    }
}

static void read_pair(Str record, double *pair)
{
    pair[0] = signed_at(record, 8);
    pair[1] = signed_at(record, 12);
}

static void restore(Emf *emf, Str record)
{
    int32_t which = (int32_t)little32(record, 8);
    int index = which < 0 ? MAX(-SAVED_MAX, which) + emf->saved_count : which - 1;
    if (index < 0 || index >= emf->saved_count)
        return;
    emf->now = emf->saved[index];
    emf->saved_count = index;
}

/* --- Texts --- */

static void add_text(Emf *emf, Str text, double x, double y, double width)
{
    State *now = &emf->now;
    const Transform *world = &now->world;
    if (now->align & METAFILE_ALIGN_CURRENT) {
        x = now->x;
        y = now->y;
        now->x += width;
    }
    to_device(now, &x, &y);
    double across = hypot(world->a, world->b) * fabs(scale_of(now, 0));
    double down = hypot(world->c, world->d) * fabs(scale_of(now, 1));
    metafile_add(&emf->texts,
                 (MetafilePiece){ .text = text,
                                  .x = x,
                                  .y = y,
                                  .width = width * across,
                                  .height = now->font.height * down },
                 now->align);
}

/* EmrText (2.2.5) at `at` of the record. */
static void read_text(Emf *emf, Str record, size_t at, bool is_wide)
{
    size_t count = little32(record, at + 8), from = little32(record, at + 12),
           steps = little32(record, at + 36);
    size_t size = is_wide ? 2 : 1;
    double width = 0;
    if (little32(record, at + 16) & OPTION_GLYPHS) {
        emf->has_glyphs |= count > 0;
        return;
    }
    if (from > record.length || count > (record.length - from) / size)
        return;
    Str bytes = str_slice(record, from, from + count * size);
    for (size_t i = 0; steps && i < count && steps + 4 * i + 4 <= record.length; i++)
        width += little32(record, steps + 4 * i);
    Str text = is_wide ? text_from_utf16(emf->arena, bytes)
                       : metafile_text(emf->arena, bytes, emf->now.font.charset);
    add_text(emf, text, signed_at(record, at), signed_at(record, at + 4), width);
}

static void read_texts(Emf *emf, Str record, bool is_wide)
{
    size_t count = MIN(little32(record, 36), STRINGS_MAX);
    for (size_t i = 0; i < count && 40 + 40 * (i + 1) <= record.length; i++)
        read_text(emf, record, 40 + 40 * i, is_wide);
}

static void read_small(Emf *emf, Str record)
{
    uint32_t options = little32(record, 20);
    size_t count = little32(record, 16), from = options & OPTION_NO_BOX ? 36 : 52;
    size_t size = options & OPTION_SMALL ? 1 : 2;
    if (options & OPTION_GLYPHS) {
        emf->has_glyphs |= count > 0;
        return;
    }
    if (from > record.length || count > (record.length - from) / size)
        return;
    Str bytes = str_slice(record, from, from + count * size);
    Str text = size == 1 ? text_decode_known(emf->arena, bytes, "iso-8859-1")
                         : text_from_utf16(emf->arena, bytes);
    add_text(emf, text, signed_at(record, 8), signed_at(record, 12), 0);
}

/* --- EMF+: the same picture once more, or alone --- */

static void read_plus_text(Emf *emf, unsigned type, Str data)
{
    bool is_string = type == PLUS_STRING;
    size_t count = little32(data, is_string ? 8 : 12), from = is_string ? 28 : 16;
    if (from > data.length || count > (data.length - from) / 2)
        return;
    size_t place = is_string ? 12 : from + 2 * count;
    if (!is_string && !(little32(data, 4) & PLUS_GLYPHS_ARE_TEXT)) {
        emf->has_glyphs |= count > 0;
        return;
    }
    metafile_add(&emf->plus,
                 (MetafilePiece){
                     .text = text_from_utf16(emf->arena, str_slice(data, from, from + 2 * count)),
                     .x = float_at(data, place),
                     .y = float_at(data, place + 4) },
                 0);
}

static void read_plus(Emf *emf, Str record)
{
    size_t at = 16, end = MIN(record.length, 12 + (size_t)little32(record, 8));
    if (little32(record, 12) != COMMENT_PLUS)
        return;
    while (at + 12 <= end) {
        unsigned type = little16(record, at);
        size_t size = little32(record, at + 4);
        if (size < 12 || size > end - at)
            return;
        if (type == PLUS_STRING || type == PLUS_GLYPHS)
            read_plus_text(emf, type, str_slice(record, at + 12, at + size));
        at += size;
    }
}

/* --- Records --- */

static void read_font(Emf *emf, Str record)
{
    uint32_t index = little32(record, 8);
    if (index < METAFILE_FONTS_MAX)
        emf->fonts[index] = (MetafileFont){ .charset = byte_at(record, 12 + 23),
                                            .is_used = true,
                                            .height = fabs(signed_at(record, 12)) };
}

static void read_record(Emf *emf, unsigned type, Str record)
{
    State *now = &emf->now;
    switch (type) {
    case EMF_WINDOW_SIZE: read_pair(record, now->window + 2); break;
    case EMF_WINDOW_ORIGIN: read_pair(record, now->window); break;
    case EMF_VIEW_SIZE: read_pair(record, now->view + 2); break;
    case EMF_VIEW_ORIGIN: read_pair(record, now->view); break;
    case EMF_ALIGN: now->align = little32(record, 8); break;
    case EMF_MOVE: now->x = signed_at(record, 8), now->y = signed_at(record, 12); break;
    case EMF_SAVE:
        if (emf->saved_count < SAVED_MAX)
            emf->saved[emf->saved_count++] = *now;
        break;
    case EMF_RESTORE: restore(emf, record); break;
    case EMF_WORLD: now->world = transform_at(record, 8); break;
    case EMF_WORLD_CHANGE: change_world(now, record); break;
    case EMF_SELECT:
        if (little32(record, 8) < METAFILE_FONTS_MAX && emf->fonts[little32(record, 8)].is_used)
            now->font = emf->fonts[little32(record, 8)];
        break;
    case EMF_COMMENT: read_plus(emf, record); break;
    case EMF_FONT: read_font(emf, record); break;
    case EMF_TEXT_NARROW: read_text(emf, record, 36, false); break;
    case EMF_TEXT: read_text(emf, record, 36, true); break;
    case EMF_TEXTS_NARROW: read_texts(emf, record, false); break;
    case EMF_TEXTS: read_texts(emf, record, true); break;
    case EMF_TEXT_SMALL: read_small(emf, record); break;
    default: break;
    }
}

/* "program\0title\0\0" (2.3.4.2) and the size in pixels of the device it was made on. */
static void write_facts(Arena *arena, Str bytes, DocWriter *doc)
{
    size_t count = little32(bytes, 60), from = little32(bytes, 64);
    double width = signed_at(bytes, 16) - signed_at(bytes, 8);
    double height = signed_at(bytes, 20) - signed_at(bytes, 12);
    if (width > 0 && height > 0) {
        doc_meta_whole(doc, "width", (int64_t)width + 1);
        doc_meta_whole(doc, "height", (int64_t)height + 1);
    }
    if (!count || from < HEADER_MIN || from > bytes.length || count > KB(64))
        return;
    Str text = text_from_utf16(arena, str_slice(bytes, from, from + 2 * count)), program;
    ptrdiff_t end = str_find_char(text, 0);
    program = end < 0 ? text : str_slice(text, 0, (size_t)end);
    doc_meta(doc, "software", program);
    text = end < 0 ? STR_NONE : str_from(text, (size_t)end + 1);
    end = str_find_char(text, 0);
    doc_meta(doc, "title", end < 0 ? text : str_slice(text, 0, (size_t)end));
}

static bool emf_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Emf *emf = arena_new_one(arena, Emf);
    Str bytes = source->bytes;
    (void)err;
    emf->arena = emf->texts.arena = emf->plus.arena = arena;
    emf->now.world = (Transform){ .a = 1, .d = 1 };
    write_facts(arena, bytes, doc);
    for (size_t at = 0; at + 8 <= bytes.length && arena_room(arena) > MB(64);) {
        unsigned type = little32(bytes, at);
        size_t size = little32(bytes, at + 4);
        if (size < 8 || size > bytes.length - at || type == EMF_END)
            break;
        if (size < MB(16))
            read_record(emf, type, str_slice(bytes, at, at + size));
        at += size;
    }
    metafile_write(emf->texts.pieces.count ? &emf->texts : &emf->plus, doc);
    if (emf->has_glyphs && !emf->texts.pieces.count && !emf->plus.pieces.count)
        doc_warning(doc, S("text is drawn as shapes of a font that is not in the file"));
    return true;
}

static int emf_sniff(Str bytes)
{
    return bytes.length >= HEADER_MIN && little32(bytes, 0) == 1 &&
                   str_equal(str_slice(bytes, 40, 44), S(" EMF"))
               ? 90
               : 0;
}

const Extractor extractor_emf = {
    .name = "emf",
    .title = "Enhanced metafile picture",
    .extensions = LIST("emf"),
    .media_types = LIST("image/emf", "image/x-emf"),
    .sniff = emf_sniff,
    .extract = emf_extract,
};
