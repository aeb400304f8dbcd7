/* decode_djvu.c - scanned pages of DjVu files: their black and white part in grey. */
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

bool decode_djvu_page(Str bytes, int page, PIX **pix_r, float *scale_r, float *width_r,
                      float *height_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    DjvuInfo info;
    Jb2Page picture;
    if (!djvu_draw(arena, bytes, page, &info, &picture, err))
        return false;
    AUTO_PIX PIX *bits = bits_of(&picture);
    PIX *grey = !bits                         ? NULL
                : info.dpi >= HALVED_FROM_DPI ? pixScaleToGray2(bits)
                                              : pixConvertTo8(bits, 0);
    if (!grey)
        return fail(err, ERROR_TOO_LARGE, "page %d is too large to be drawn", page);
    *width_r = djvu_points(&info, true);
    *height_r = djvu_points(&info, false);
    *scale_r = (float)pixGetWidth(grey) / *width_r;
    *pix_r = grey;
    return true;
}
