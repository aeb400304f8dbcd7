/* ocr_prepare.h - a picture made ready for recognition, and the way back for its boxes. */
#pragma once

#include "worker/picture/ocr.h"

/* From the prepared picture to the one that was handed in: x' = a x + b y + c. */
typedef struct Affine {
    double a, b, c, d, e, f;
} Affine;

typedef struct Prepared {
    PIX *pix; /* 8 bits, dark on light, straight; the caller destroys it */
    Affine back;
    float skew; /* degrees that were taken out */
    float scale;
} Prepared;

/* `turn`: quarter turns clockwise to be made first. */
MUST_CHECK bool ocr_prepare(PIX *grey, int turn, const OcrHints *hints, Prepared *ready_r,
                            Error *err);
/* Is the text upside down or lying on its side, by the shape of Latin letters? Quarter turns
 * clockwise that would put it right; 0 when it does not show. */
int ocr_guess_turn(PIX *prepared);
void affine_box(const Affine *way, float *x0, float *y0, float *x1, float *y1);
