/* prepare.c - see prepare.h. Drawn pictures stay sharp as PNG while that fits; photographs, and
 * what does not, become JPEG, first with less quality, then with fewer pixels. */
#include "worker/picture/prepare.h"

#include <math.h>

#include "worker/picture/decode.h"

#define SIDE_LEAST 64

static const int qualities[] = { 88, 75, 60 };

static bool decode_first(Arena *arena, Str bytes, PIX **pix_r, bool *is_photograph_r, Error *err)
{
    static const char *const photographs[] = { "jpeg", "heif", "webp", "avif", "jxl" };
    PictureFacts facts = { .arena = arena };
    bool is_upright;
    const PictureFile *file = picture_file_find(bytes);
    if (!file)
        return fail(err, ERROR_UNSUPPORTED, "it is no picture of a kind that is read");
    /* What a head does not tell the decoder may still know. */
    (void)file->facts(bytes, &facts);
    if (!decode_picture(file, bytes, 1, pix_r, &is_upright, err))
        return false;
    if (!is_upright)
        *pix_r = decode_upright(*pix_r, facts.orientation);
    for (size_t i = 0; i < COUNT(photographs); i++)
        *is_photograph_r |= strcmp(file->extractor->name, photographs[i]) == 0;
    return *pix_r || fail(err, ERROR_DAMAGED, "the picture is empty");
}

/* How much smaller it must be for sides and pixels; 1: as it is. */
static double shrink_of(PIX *pix, const WorkerArguments *limits)
{
    double width = pixGetWidth(pix), height = pixGetHeight(pix), scale = 1;
    if (limits->side_max)
        scale = MIN(scale, (double)limits->side_max / MAX(width, height));
    if (limits->pixels_max)
        scale = MIN(scale, sqrt((double)limits->pixels_max / (width * height)));
    return scale;
}

/* Rounded down: a pixel too many is too many. */
static PIX *shrink(PIX *pix, double scale)
{
    int width = MAX(1, (int)(pixGetWidth(pix) * scale));
    int height = MAX(1, (int)(pixGetHeight(pix) * scale));
    return scale < 1 ? pixScaleToSize(pix, width, height) : pixClone(pix);
}

/* False: it does not fit. `quality` 0: PNG. */
static bool write(Arena *arena, PIX *pix, int quality, size_t most, WorkerPrepared *prepared_r)
{
    l_uint8 *bytes = NULL;
    size_t length = 0;
    bool good = (quality ? pixWriteMemJpeg(&bytes, &length, pix, quality, 0)
                         : pixWriteMemPng(&bytes, &length, pix, 0)) == 0 &&
                length <= most;
    if (good)
        *prepared_r = (WorkerPrepared){ str_copy(arena, (Str){ (const char *)bytes, length }),
                                        quality ? S("image/jpeg") : S("image/png") };
    lept_free(bytes);
    return good;
}

static bool write_any(Arena *arena, PIX *pix, bool is_photograph, size_t most,
                      WorkerPrepared *prepared_r)
{
    if (!is_photograph && write(arena, pix, 0, most, prepared_r))
        return true;
    for (size_t i = 0; i < COUNT(qualities); i++)
        if (write(arena, pix, qualities[i], most, prepared_r))
            return true;
    return false;
}

bool picture_prepare(Arena *arena, Str bytes, const WorkerArguments *limits,
                     WorkerPrepared *prepared_r, Error *err)
{
    AUTO_PIX PIX *stored = NULL;
    bool is_photograph = false;
    if (!decode_first(arena, bytes, &stored, &is_photograph, err))
        return false;
    AUTO_PIX PIX *color = pixGetDepth(stored) == 1 ? pixConvertTo8(stored, 0) : pixClone(stored);
    for (double scale = color ? shrink_of(color, limits) : 0;
         scale * MAX(pixGetWidth(color), pixGetHeight(color)) >= SIDE_LEAST || scale == 1;
         scale /= 1.5) {
        AUTO_PIX PIX *small = shrink(color, scale);
        if (small && write_any(arena, small, is_photograph, (size_t)limits->bytes_max, prepared_r))
            return true;
    }
    return fail(err, ERROR_TOO_LARGE, "it would have to be smaller than %d pixels", SIDE_LEAST);
}
