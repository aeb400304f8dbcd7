/* qr.h - a text as a QR code (ISO/IEC 18004): bytes, error correction M, versions 1 to 15. Any
 * thread. */
#pragma once

#include "base/base.h"

#define QR_SIZE_MAX 77
/* Of the text, for the largest of them. */
#define QR_BYTES_MAX 412

typedef struct Qr {
    int size; /* squares on each side, without the light frame of four that has to be around it */
    bool dark[QR_SIZE_MAX][QR_SIZE_MAX]; /* by row and column */
} Qr;

/* ERROR_TOO_LARGE: more than QR_BYTES_MAX. */
MUST_CHECK bool qr_draw(Str text, Qr *qr_r, Error *err);
/* A picture of it with its frame, black on white, one unit for each square. */
Str qr_svg(Arena *arena, const Qr *qr);
