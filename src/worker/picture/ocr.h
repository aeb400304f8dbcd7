/* ocr.h - words of a picture, with boxes, by Tesseract.
 *
 *     ocr_open -> ocr_read (each picture or page) -> ocr_close
 *
 * A picture is cleaned, brought to a good size of letters, straightened (up to 15 degrees) and
 * turned upright; boxes are given in the picture that was handed in. The language is the one
 * asked for, else found out, and kept for the pages that follow. One thread. */
#pragma once

#include "worker/picture/leptonica.h"

#include "base/base.h"

typedef struct OcrWord {
    Str text;
    float confidence; /* 0-100 */
    float x0, y0, x1, y1;
    bool is_known; /* in the language's dictionary, or a number */
    bool begins_line, begins_paragraph;
    /* In the straightened picture, for lines and tables. */
    float left, right, top, bottom;
} OcrWord;

typedef struct OcrPage {
    VEC(OcrWord) words;
    float confidence; /* mean of the words, by length; 0: no words */
    float known;      /* share of longer words that are known */
    int turned;       /* degrees clockwise that made it upright: 0, 90, 180, 270 */
    float skew;       /* degrees */
    Str languages;
} OcrPage;

typedef struct OcrHints {
    float letter_height; /* of most letters, in pixels; 0: unknown */
    bool is_sparse;      /* a photograph: words here and there, no columns */
} OcrHints;

typedef struct Ocr Ocr;

/* Before the sandbox closes. */
void ocr_preload(void);
/* `wanted`: "eng+deu" or empty. Fails with ERROR_UNSUPPORTED when no language is installed. */
MUST_CHECK bool ocr_open(Str wanted, Ocr **ocr_r, Error *err);
void ocr_close(Ocr *ocr); /* NULL is fine */
MUST_CHECK bool ocr_read(Ocr *ocr, Arena *arena, PIX *pix, const OcrHints *hints, OcrPage *page_r,
                         Error *err);

static inline void ocr_auto(Ocr **ocr) { ocr_close(*ocr); }
#define AUTO_OCR AUTO(ocr_auto)
