/* jxl.c - JPEG XL (ISO/IEC 18181): size, EXIF, XMP. */
#include "extract/picture/exif.h"
#include "extract/picture/iso_boxes.h"
#include "extract/picture/picture_files.h"
#include "extract/picture/xmp.h"

enum { BOX_MAX = 10000 };

static const Str container = S_INIT("\0\0\0\x0CJXL \r\n\x87\n");
static const Str codestream = S_INIT("\xFF\x0A");

typedef struct Bits {
    Str bytes;
    size_t at; /* in bits, from the lowest of each byte */
} Bits;

static uint32_t take_bits(Bits *in, int count)
{
    uint32_t value = 0;
    for (int i = 0; i < count; i++, in->at++)
        value |= (uint32_t)(byte_at(in->bytes, in->at / 8) >> in->at % 8 & 1) << i;
    return value;
}

static int64_t take_side(Bits *in, bool is_small)
{
    static const uint8_t widths[] = { 9, 13, 18, 30 };
    if (is_small)
        return 8 * (1 + (int64_t)take_bits(in, 5));
    return 1 + (int64_t)take_bits(in, widths[take_bits(in, 2)]);
}

/* SizeHeader: 18181-1, annex D.2. */
static void take_size(PictureFacts *facts, Str bytes)
{
    static const uint8_t ratios[8][2] = { { 0, 0 }, { 1, 1 },  { 12, 10 }, { 4, 3 },
                                          { 3, 2 }, { 16, 9 }, { 5, 4 },   { 2, 1 } };
    if (facts->width || !str_starts(bytes, codestream))
        return;
    Bits in = { .bytes = bytes, .at = 16 };
    bool is_small = take_bits(&in, 1);
    facts->height = take_side(&in, is_small);
    unsigned ratio = take_bits(&in, 3);
    facts->width =
        ratio ? facts->height * ratios[ratio][0] / ratios[ratio][1] : take_side(&in, is_small);
}

bool jxl_facts(Str bytes, PictureFacts *facts)
{
    IsoBox box;
    take_size(facts, bytes);
    if (!str_starts(bytes, container))
        return facts->width > 0;
    for (int i = 0; i < BOX_MAX && iso_box_next(&bytes, &box); i++) {
        if (str_is(box.type, "jxlc"))
            take_size(facts, box.body);
        else if (str_is(box.type, "jxlp") && (big32(box.body, 0) & 0x7FFFFFFF) == 0)
            take_size(facts, str_from(box.body, 4));
        else if (str_is(box.type, "Exif"))
            exif_read(str_from(box.body, 4 + (size_t)big32(box.body, 0)), facts);
        else if (str_is(box.type, "xml "))
            xmp_read(box.body, facts);
    }
    return facts->width > 0 && facts->height > 0;
}

static int jxl_sniff(Str bytes)
{
    if (str_starts(bytes, container))
        return 100;
    return str_starts(bytes, codestream) ? 60 : 0;
}

const Extractor extractor_jxl = {
    .name = "jxl",
    .title = "JPEG XL picture",
    .extensions = LIST("jxl"),
    .media_types = LIST("image/jxl"),
    .is_paged = true,
    .worker = "picture",
    .sniff = jxl_sniff,
};
