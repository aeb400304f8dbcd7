/* decode_jxl.c - JPEG XL through libjxl, without threads. */
#include <jxl/decode.h>

#include "worker/picture/decode.h"

static void decoder_auto(JxlDecoder **decoder) { JxlDecoderDestroy(*decoder); }

static bool damaged(Error *err)
{
    return fail(err, ERROR_DAMAGED, "its JPEG XL picture cannot be decoded");
}

typedef struct Output {
    PIX *pix;
} Output;

/* Pieces of rows, in any order. */
static void take_piece(void *opaque, size_t x, size_t y, size_t count, const void *pixels)
{
    Output *out = opaque;
    const uint8_t *row = pixels;
    size_t width = (size_t)pixGetWidth(out->pix), height = (size_t)pixGetHeight(out->pix);
    if (y >= height || x >= width || count > width - x)
        return;
    l_uint32 *line = pixGetData(out->pix) + (ptrdiff_t)y * pixGetWpl(out->pix) + x;
    for (size_t i = 0; i < count; i++, row += 4) {
        unsigned a = row[3], white = 255 * (255 - a);
        line[i] = (row[0] * a + white) / 255 << 24 | (row[1] * a + white) / 255 << 16 |
                  (row[2] * a + white) / 255 << 8;
    }
}

static bool begin_pixels(JxlDecoder *decoder, Output *out, Error *err)
{
    static const JxlPixelFormat format = { 4, JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, 0 };
    JxlBasicInfo info;
    if (JxlDecoderGetBasicInfo(decoder, &info) != JXL_DEC_SUCCESS)
        return damaged(err);
    if (!out->pix)
        out->pix = decode_room(info.xsize, info.ysize);
    if (!out->pix)
        return fail(err, ERROR_TOO_LARGE, "the picture is over %d megapixels",
                    DECODE_PIXELS_MAX / 1000000);
    return JxlDecoderSetImageOutCallback(decoder, &format, take_piece, out) == JXL_DEC_SUCCESS ||
           damaged(err);
}

static bool size_fits(JxlDecoder *decoder, Error *err)
{
    JxlBasicInfo info;
    if (JxlDecoderGetBasicInfo(decoder, &info) != JXL_DEC_SUCCESS)
        return damaged(err);
    return (uint64_t)info.xsize * info.ysize <= DECODE_PIXELS_MAX ||
           fail(err, ERROR_TOO_LARGE, "the picture is over %d megapixels",
                DECODE_PIXELS_MAX / 1000000);
}

static bool decode(JxlDecoder *decoder, Output *out, Error *err)
{
    for (;;)
        switch (JxlDecoderProcessInput(decoder)) {
        case JXL_DEC_BASIC_INFO:
            if (!size_fits(decoder, err))
                return false;
            break;
        case JXL_DEC_NEED_IMAGE_OUT_BUFFER:
            if (!begin_pixels(decoder, out, err))
                return false;
            break;
        case JXL_DEC_FULL_IMAGE: /* the first frame is enough */
        case JXL_DEC_SUCCESS: return out->pix || damaged(err);
        default: return damaged(err);
        }
}

bool decode_jxl(Str bytes, PIX **pix_r, Error *err)
{
    AUTO(decoder_auto) JxlDecoder *decoder = JxlDecoderCreate(NULL);
    Output out = { 0 };
    if (!decoder ||
        JxlDecoderSubscribeEvents(decoder, JXL_DEC_BASIC_INFO | JXL_DEC_FULL_IMAGE) !=
            JXL_DEC_SUCCESS ||
        JxlDecoderSetInput(decoder, (const uint8_t *)bytes.at, bytes.length) != JXL_DEC_SUCCESS)
        return damaged(err);
    JxlDecoderCloseInput(decoder);
    if (!decode(decoder, &out, err)) {
        pixDestroy(&out.pix);
        return false;
    }
    *pix_r = out.pix;
    return true;
}
