/* psd.c - Photoshop pictures (PSD, PSB): size, resources, names and words of layers. */
#include "extract/byte_view.h"
#include "extract/picture/iptc.h"
#include "extract/picture/picture_files.h"

#include "base/utf8.h"

enum { LAYER_MAX = 2000, ITEM_MAX = 200, WORDS_MAX = 16 * 1024 };

/* UTF-16 with its length in units before it. */
static Str unicode_text(Arena *arena, Str bytes, size_t max)
{
    Buf out = buf_new(arena, max);
    size_t units = MIN((size_t)big32(bytes, 0), max);
    for (size_t i = 0; i < units && 4 + 2 * i + 1 < bytes.length; i++) {
        uint32_t c = big16(bytes, 4 + 2 * i);
        if (c >= 0xD800 && c < 0xDC00 && i + 1 < units) {
            uint32_t low = big16(bytes, 4 + 2 * ++i);
            c = 0x10000 + ((c - 0xD800) << 10) + ((low - 0xDC00) & 0x3FF);
        }
        if (c)
            buf_add_utf8(&out, c == '\r' || c == 3 ? '\n' : c);
    }
    return buf_str(&out);
}

/* A descriptor's member "Txt " of type TEXT; other members are not needed. */
static void take_words(PictureFacts *facts, Str body)
{
    ptrdiff_t at = str_find(body, S("Txt TEXT"));
    if (at < 0)
        return;
    Str words = unicode_text(facts->arena, str_from(body, (size_t)at + 8), WORDS_MAX);
    if (str_trim(words).length)
        *vec_push(facts->arena, &facts->texts) = words;
}

/* Additional layer information: signature, key, length, bytes. */
static void read_layer_items(PictureFacts *facts, Str bytes)
{
    size_t at = 0;
    for (int i = 0; i < ITEM_MAX && at + 12 <= bytes.length; i++) {
        Str mark = bytes_part(bytes, at, 4), key = bytes_part(bytes, at + 4, 4);
        if (!str_is(mark, "8BIM") && !str_is(mark, "8B64"))
            return;
        size_t length = big32(bytes, at + 8);
        Str body = bytes_part(bytes, at + 12, length);
        if (str_is(key, "TySh"))
            take_words(facts, body);
        at += 12 + length + (length & 1);
    }
}

/* One record; the position after it, or 0 when it is broken. */
static size_t read_layer(PictureFacts *facts, Str bytes, size_t at, bool is_large)
{
    size_t channels = big16(bytes, at + 16);
    at += 18 + channels * (is_large ? 10 : 6);
    if (!str_equal(bytes_part(bytes, at, 4), S("8BIM")))
        return 0;
    size_t extra = big32(bytes, at + 12);
    Str rest = bytes_part(bytes, at + 16, extra);
    size_t inner = 4 + (size_t)big32(rest, 0); /* mask */
    inner += 4 + (size_t)big32(rest, inner);   /* blending ranges */
    inner += (1 + (size_t)byte_at(rest, inner) + 3) & ~(size_t)3;
    read_layer_items(facts, str_from(rest, inner));
    return at + 16 + extra;
}

static void read_layers(PictureFacts *facts, Str section, bool is_large)
{
    size_t word = is_large ? 8 : 4;
    int16_t signed_count = (int16_t)big16(section, word);
    int count = signed_count < 0 ? -signed_count : signed_count;
    size_t at = word + 2;
    for (int i = 0; i < count && i < LAYER_MAX && at && at < section.length; i++)
        at = read_layer(facts, section, at, is_large);
}

bool psd_facts(Str bytes, PictureFacts *facts)
{
    bool is_large = big16(bytes, 4) == 2;
    facts->height = big32(bytes, 14);
    facts->width = big32(bytes, 18);
    picture_fact_number(facts, "bit_depth", big16(bytes, 22));
    size_t at = 26 + 4 + (size_t)big32(bytes, 26);
    photoshop_resources_read(bytes_part(bytes, at + 4, big32(bytes, at)), facts);
    at += 4 + (size_t)big32(bytes, at);
    uint64_t length = is_large ? big64(bytes, at) : big32(bytes, at);
    Str section = bytes_part(bytes, at + (is_large ? 8 : 4), (size_t)MIN(length, bytes.length));
    read_layers(facts, section, is_large);
    return facts->width > 0 && facts->height > 0;
}

static int psd_sniff(Str bytes)
{
    unsigned version = big16(bytes, 4);
    return str_starts(bytes, S("8BPS")) && (version == 1 || version == 2) ? 100 : 0;
}

const Extractor extractor_psd = {
    .name = "psd",
    .title = "Photoshop picture",
    .extensions = LIST("psd", "psb"),
    .media_types = LIST("image/vnd.adobe.photoshop"),
    .is_paged = true,
    .worker = "picture",
    .sniff = psd_sniff,
};
