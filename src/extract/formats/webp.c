/* webp.c - WebP (RFC 9649): size, frames, EXIF, XMP, profile. */
#include "extract/byte_view.h"
#include "extract/picture/exif.h"
#include "extract/picture/picture_files.h"
#include "extract/picture/xmp.h"

enum { CHUNK_MAX = 100000 };

static void take_chunk(PictureFacts *facts, Str type, Str body)
{
    if (str_is(type, "VP8X")) {
        facts->width = 1 + (int64_t)little24(body, 4);
        facts->height = 1 + (int64_t)little24(body, 7);
    } else if (str_is(type, "VP8 ") && !facts->width) {
        /* RFC 6386, 9.1: after the frame tag and the start code. */
        facts->width = little16(body, 6) & 0x3FFF;
        facts->height = little16(body, 8) & 0x3FFF;
    } else if (str_is(type, "VP8L") && !facts->width) {
        uint32_t bits = little32(body, 1);
        facts->width = 1 + (bits & 0x3FFF);
        facts->height = 1 + (bits >> 14 & 0x3FFF);
    } else if (str_is(type, "ANMF")) {
        facts->frames++;
    } else if (str_is(type, "EXIF")) {
        exif_read(body, facts);
    } else if (str_is(type, "XMP ")) {
        xmp_read(body, facts);
    } else if (str_is(type, "ICCP")) {
        picture_fact_profile(facts, body);
    }
}

bool webp_facts(Str bytes, PictureFacts *facts)
{
    size_t at = 12;
    for (int count = 0; count < CHUNK_MAX && at + 8 <= bytes.length; count++) {
        size_t length = little32(bytes, at + 4);
        take_chunk(facts, bytes_part(bytes, at, 4), bytes_part(bytes, at + 8, length));
        at += 8 + length + (length & 1);
    }
    return facts->width > 0 && facts->height > 0;
}

static int webp_sniff(Str bytes)
{
    return str_starts(bytes, S("RIFF")) && str_equal(bytes_part(bytes, 8, 4), S("WEBP")) ? 100 : 0;
}

const Extractor extractor_webp = {
    .name = "webp",
    .title = "WebP picture",
    .extensions = LIST("webp"),
    .media_types = LIST("image/webp"),
    .is_paged = true,
    .worker = "picture",
    .sniff = webp_sniff,
};
