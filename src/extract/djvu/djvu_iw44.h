/* djvu_iw44.h - IW44, the colours of DjVu pages ("DjVu3 specification", annex 4): a picture as
 * wavelets, coded bit plane by bit plane, so that a part of its chunks gives a coarser one.
 * One thread. */
#pragma once

#include "base/base.h"

/* The largest picture that is decoded. */
#define IW44_PIXELS_MAX 24000000

typedef struct Iw44Picture {
    int width, height;
    uint8_t *pixels; /* red, green, blue; rows from the top */
} Iw44Picture;

/* The chunks "BG44" of a page in their order; what is broken ends the last one that counts. Fails
 * when there is no picture, or one over IW44_PIXELS_MAX. */
MUST_CHECK bool iw44_picture(Arena *arena, const Str *chunks, size_t count, Iw44Picture *picture_r,
                             Error *err);
