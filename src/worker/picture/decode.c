/* decode.c - see decode.h. */
#include "worker/picture/decode.h"

#include "extract/byte_view.h"

void decode_preload(void) { setMsgSeverity(L_SEVERITY_NONE); }

static bool too_large(int64_t width, int64_t height, Error *err)
{
    return fail(err, ERROR_TOO_LARGE,
                "the picture has %" PRId64 " x %" PRId64
                " pixels; pictures over %d megapixels are not looked at",
                width, height, DECODE_PIXELS_MAX / 1000000);
}

static bool is_too_large(int64_t width, int64_t height)
{
    return width > 0 && height > DECODE_PIXELS_MAX / width;
}

PIX *decode_room(int64_t width, int64_t height)
{
    if (width <= 0 || height <= 0 || width > INT32_MAX || is_too_large(width, height))
        return NULL;
    return pixCreateNoInit((l_int32)width, (l_int32)height, 32);
}

/* A pixel as leptonica has it, over white. */
static l_uint32 over_white(unsigned r, unsigned g, unsigned b, unsigned a)
{
    if (a != 255) {
        unsigned white = 255 * (255 - a);
        r = (r * a + white) / 255;
        g = (g * a + white) / 255;
        b = (b * a + white) / 255;
    }
    return r << 24 | g << 16 | b << 8;
}

void decode_row(PIX *pix, int y, const uint8_t *row, int bytes_per_pixel)
{
    l_uint32 *line = pixGetData(pix) + (ptrdiff_t)y * pixGetWpl(pix);
    int width = pixGetWidth(pix);
    for (int x = 0; x < width; x++, row += bytes_per_pixel) {
        unsigned a = bytes_per_pixel == 4 ? row[3] : 255;
        line[x] = over_white(row[0], row[1], row[2], a);
    }
}

/* --- Leptonica --- */

static bool read_header(const char *format, Str bytes, int page, int64_t *width_r,
                        int64_t *height_r)
{
    const l_uint8 *at = (const l_uint8 *)bytes.at;
    l_int32 width = 0, height = 0;
    bool failed = strcmp(format, "tiff") == 0
                      ? readHeaderMemTiff(at, bytes.length, page - 1, &width, &height, NULL, NULL,
                                          NULL, NULL, NULL)
                      : pixReadHeaderMem(at, bytes.length, NULL, &width, &height, NULL, NULL, NULL);
    *width_r = width;
    *height_r = height;
    return !failed;
}

/* JPEG of a camera need not be decoded at full size: the eighths are nearly free. */
static int jpeg_reduction(int64_t width, int64_t height)
{
    const int64_t enough = 30000000;
    int reduction = 1;
    while (reduction < 8 && width * height / reduction / reduction > enough)
        reduction *= 2;
    return reduction;
}

static PIX *leptonica_read(const char *format, Str bytes, int page, int64_t width, int64_t height)
{
    const l_uint8 *at = (const l_uint8 *)bytes.at;
    if (strcmp(format, "tiff") == 0)
        return pixReadMemTiff(at, bytes.length, page - 1);
    if (strcmp(format, "jpeg") == 0)
        return pixReadMemJpeg(at, bytes.length, 0, jpeg_reduction(width, height), NULL, 0);
    return pixReadMem(at, bytes.length);
}

/* In place: pixAlphaBlendUniform() holds three pictures at once, which of 100 megapixels is more
 * than a worker may have. */
static void make_opaque(PIX *pix)
{
    for (int y = 0; y < pixGetHeight(pix); y++) {
        l_uint32 *line = pixGetData(pix) + (ptrdiff_t)y * pixGetWpl(pix);
        for (int x = 0; x < pixGetWidth(pix); x++)
            line[x] =
                over_white(line[x] >> 24, line[x] >> 16 & 255, line[x] >> 8 & 255, line[x] & 255);
    }
    pixSetSpp(pix, 3);
}

/* One form of many: no colour map, no transparency, 1, 8 or 32 bits. */
static PIX *simple(PIX *pix)
{
    PIX *plain = pixRemoveColormap(pix, REMOVE_CMAP_BASED_ON_SRC);
    pixDestroy(&pix);
    if (plain && pixGetSpp(plain) == 4 && pixGetDepth(plain) == 32)
        make_opaque(plain);
    if (plain && pixGetDepth(plain) != 1 && pixGetDepth(plain) != 8 && pixGetDepth(plain) != 32) {
        PIX *grey = pixConvertTo8(plain, 0);
        pixDestroy(&plain);
        plain = grey;
    }
    return plain;
}

static bool decode_leptonica(const char *format, Str bytes, int page, PIX **pix_r, Error *err)
{
    int64_t width, height;
    if (!read_header(format, bytes, page, &width, &height))
        return fail(err, ERROR_DAMAGED, "its picture is damaged");
    if (is_too_large(width, height))
        return too_large(width, height, err);
    PIX *pix = leptonica_read(format, bytes, page, width, height);
    pix = pix ? simple(pix) : NULL;
    if (!pix)
        return fail(err, ERROR_DAMAGED, "its picture cannot be decoded");
    *pix_r = pix;
    return true;
}

/* --- Icons --- */

/* A bitmap inside an icon has no file header, and is twice as high for its mask. */
static bool decode_icon_bitmap(Str bitmap, PIX **pix_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    uint32_t head = little32(bitmap, 0), bits = little16(bitmap, 14), used = little32(bitmap, 32);
    uint32_t height = little32(bitmap, 8) / 2;
    if (bitmap.length < 40 || bitmap.length > MB(16) || head < 40 || head > 124 || height > 4096)
        return fail(err, ERROR_DAMAGED, "the icon's bitmap is damaged");
    uint32_t colors = bits <= 8 ? (used ? MIN(used, 256U) : 1U << bits) : 0;
    uint32_t pixels = 14 + head + colors * 4;
    uint8_t *file = arena_alloc(arena, 14 + bitmap.length);
    memcpy(file, "BM", 2);
    uint32_t size = 14 + (uint32_t)bitmap.length;
    memcpy(file + 2, &size, 4);
    memcpy(file + 10, &pixels, 4);
    memcpy(file + 14, bitmap.at, bitmap.length);
    memcpy(file + 14 + 8, &height, 4);
    return decode_mupdf((Str){ (const char *)file, 14 + bitmap.length }, pix_r, err);
}

static bool decode_icon(Str bytes, PIX **pix_r, Error *err)
{
    size_t best = 0;
    unsigned best_side = 0;
    for (unsigned i = 0; i < little16(bytes, 4) && 6 + 16 * (size_t)i < bytes.length; i++) {
        size_t at = 6 + 16 * (size_t)i;
        unsigned side = byte_at(bytes, at) ? byte_at(bytes, at) : 256;
        if (side > best_side) {
            best = at;
            best_side = side;
        }
    }
    Str picture = bytes_part(bytes, little32(bytes, best + 12), little32(bytes, best + 8));
    if (str_starts(picture, S("\x89PNG")))
        return decode_leptonica("png", picture, 1, pix_r, err);
    return decode_icon_bitmap(picture, pix_r, err);
}

/* --- All --- */

bool decode_picture(const PictureFile *file, Str bytes, int page, PIX **pix_r, bool *is_upright_r,
                    Error *err)
{
    const char *format = file->extractor->name;
    *is_upright_r = true;
    if (strcmp(format, "heif") == 0)
        return decode_heif(bytes, pix_r, err);
    if (strcmp(format, "jxl") == 0)
        return decode_jxl(bytes, pix_r, err);
    if (strcmp(format, "ico") == 0)
        return decode_icon(bytes, pix_r, err);
    *is_upright_r = strcmp(format, "tiff") == 0;
    if (strcmp(format, "psd") == 0)
        return decode_psd(bytes, pix_r, err);
    if (strcmp(format, "jp2") == 0)
        return decode_mupdf(bytes, pix_r, err);
    if (decode_leptonica(format, bytes, page, pix_r, err))
        return true;
    Error second;
    return page == 1 && err->code == ERROR_DAMAGED && strcmp(format, "webp") != 0 &&
           decode_mupdf(bytes, pix_r, &second);
}

PIX *decode_upright(PIX *pix, int orientation)
{
    /* Quarter turns clockwise, and whether the stored picture is mirrored first. */
    static const struct {
        int turns;
        bool is_mirrored;
    } ways[] = { { 0, false }, { 0, false }, { 0, true }, { 2, false }, { 2, true },
                 { 3, true },  { 1, false }, { 1, true }, { 3, false } };
    if (orientation < 2 || orientation > 8)
        return pix;
    PIX *mirrored = ways[orientation].is_mirrored ? pixFlipLR(NULL, pix) : pixClone(pix);
    PIX *turned = mirrored ? pixRotateOrth(mirrored, ways[orientation].turns) : NULL;
    pixDestroy(&mirrored);
    if (!turned)
        return pix;
    pixDestroy(&pix);
    return turned;
}
