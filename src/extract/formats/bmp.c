/* bmp.c - Windows bitmaps. */
#include "extract/byte_view.h"
#include "extract/picture/picture_files.h"

bool bmp_facts(Str bytes, PictureFacts *facts)
{
    uint32_t head = little32(bytes, 14);
    if (head == 12) { /* OS/2 */
        facts->width = little16(bytes, 18);
        facts->height = little16(bytes, 20);
        return facts->width > 0 && facts->height > 0;
    }
    int32_t width = (int32_t)little32(bytes, 18), height = (int32_t)little32(bytes, 22);
    facts->width = width;
    facts->height = height < 0 ? -(int64_t)height : height; /* negative: from the top */
    picture_fact_number(facts, "bit_depth", little16(bytes, 28));
    uint32_t dots_per_metre = little32(bytes, 38);
    if (head >= 40 && dots_per_metre > 100 && dots_per_metre < 400000)
        picture_fact_number(facts, "resolution", (double)(int64_t)(dots_per_metre * 0.0254 + 0.5));
    return facts->width > 0 && facts->height > 0;
}

/* "BM" alone begins many a text: the sizes have to fit. */
static int bmp_sniff(Str bytes)
{
    uint32_t head = little32(bytes, 14), pixels = little32(bytes, 10);
    bool is_head = head == 12 || head == 16 || head == 40 || head == 52 || head == 56 ||
                   head == 64 || head == 108 || head == 124;
    return str_starts(bytes, S("BM")) && is_head && pixels >= 14 + head ? 85 : 0;
}

const Extractor extractor_bmp = {
    .name = "bmp",
    .title = "Windows bitmap",
    .extensions = LIST("bmp", "dib"),
    .media_types = LIST("image/bmp", "image/x-ms-bmp"),
    .is_paged = true,
    .worker = "picture",
    .sniff = bmp_sniff,
};
