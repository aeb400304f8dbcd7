/* decode_djvu.c - scanned pages of DjVu files in grey: their black and white part, else their
 * colours. */
#include "extract/djvu/djvu_page.h"
#include "worker/picture/decode.h"

enum { HALVED_FROM_DPI = 500 }; /* letters need no more than 300 */

/* One bit a pixel, 1 is black, as Leptonica has it too: in words with the first pixel highest. */
static PIX *bits_of(const Jb2Page *page)
{
    PIX *pix = pixCreate(page->width, page->height, 1);
    for (int y = 0; pix && y < page->height; y++) {
        l_uint32 *line = pixGetData(pix) + (ptrdiff_t)y * pixGetWpl(pix);
        const uint8_t *row = page->rows + (size_t)y * page->stride;
        for (size_t x = 0; x < page->stride; x++)
            SET_DATA_BYTE(line, x, row[x]);
    }
    return pix;
}

/* How light each pixel is (ITU-R BT.601). */
static PIX *grey_of(const Iw44Picture *picture)
{
    PIX *pix = pixCreate(picture->width, picture->height, 8);
    const uint8_t *from = picture->pixels;
    for (int y = 0; pix && y < picture->height; y++) {
        l_uint32 *line = pixGetData(pix) + (ptrdiff_t)y * pixGetWpl(pix);
        for (int x = 0; x < picture->width; x++, from += 3)
            SET_DATA_BYTE(line, x,
                          (l_uint8)((299 * from[0] + 587 * from[1] + 114 * from[2]) / 1000));
    }
    return pix;
}

static bool draw_grey(Arena *arena, Str bytes, int page, DjvuInfo *info_r, PIX **grey_r, Error *err)
{
    Jb2Page picture;
    Iw44Picture colours;
    if (djvu_draw(arena, bytes, page, info_r, &picture, err)) {
        AUTO_PIX PIX *bits = bits_of(&picture);
        *grey_r = !bits                            ? NULL
                  : info_r->dpi >= HALVED_FROM_DPI ? pixScaleToGray2(bits)
                                                   : pixConvertTo8(bits, 0);
    } else if (err->code == ERROR_UNSUPPORTED &&
               djvu_draw_colours(arena, bytes, page, info_r, &colours, err)) {
        *grey_r = grey_of(&colours);
    } else {
        return false;
    }
    return *grey_r || fail(err, ERROR_TOO_LARGE, "page %d is too large to be drawn", page);
}

bool decode_djvu_page(Str bytes, int page, PIX **pix_r, float *scale_r, float *width_r,
                      float *height_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(900));
    DjvuInfo info;
    if (!draw_grey(arena, bytes, page, &info, pix_r, err))
        return false;
    *width_r = djvu_points(&info, true);
    *height_r = djvu_points(&info, false);
    *scale_r = (float)pixGetWidth(*pix_r) / *width_r;
    return true;
}
