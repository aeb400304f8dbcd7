/* decode.h - picture files become pixels, within limits.
 *
 * Leptonica reads JPEG, PNG, TIFF, BMP, GIF, WebP and portable bitmaps; libheif and libjxl theirs;
 * MuPDF the rest, and what the first could not. Pixels are as stored: decode_upright() turns them.
 * No decoder makes threads or opens files. */
#pragma once

#include "worker/picture/leptonica.h"

#include "extract/pdf/pdf_file.h"
#include "extract/picture/picture_files.h"

/* The largest picture that is decoded; larger ones are said, not read. */
#define DECODE_PIXELS_MAX 100000000

static inline void pix_auto(PIX **pix) { pixDestroy(pix); }
#define AUTO_PIX AUTO(pix_auto)

/* Before the sandbox closes. */
void decode_preload(void);

/* The picture (page from 1 of a TIFF file) as 1, 8 or 32 bits a pixel without colour map or
 * transparency; the caller destroys it. *is_upright_r: the decoder has turned it already. */
MUST_CHECK bool decode_picture(const PictureFile *file, Str bytes, int page, PIX **pix_r,
                               bool *is_upright_r, Error *err);
/* Turned as EXIF's orientation 1-8 says; takes pix over. */
PIX *decode_upright(PIX *pix, int orientation);

/* One file each. */
MUST_CHECK bool decode_heif(Str bytes, PIX **pix_r, Error *err);
MUST_CHECK bool decode_jxl(Str bytes, PIX **pix_r, Error *err);
MUST_CHECK bool decode_psd(Str bytes, PIX **pix_r, Error *err);
MUST_CHECK bool decode_mupdf(Str bytes, PIX **pix_r, Error *err);
/* A page of a PDF file (from 1) in grey; *scale_r: pixels a point. */
MUST_CHECK bool decode_pdf_page(PdfFile *file, int page, PIX **pix_r, float *scale_r,
                                float *width_r, float *height_r, Error *err);
/* A page of a DjVu file, likewise; upright. */
MUST_CHECK bool decode_djvu_page(Str bytes, int page, PIX **pix_r, float *scale_r, float *width_r,
                                 float *height_r, Error *err);
/* An empty picture of 32 bits for rows of RGB or RGBA, NULL when it is too large. */
PIX *decode_room(int64_t width, int64_t height);
/* Fill row y from bytes of three or four a pixel, transparency on white. */
void decode_row(PIX *pix, int y, const uint8_t *row, int bytes_per_pixel);
