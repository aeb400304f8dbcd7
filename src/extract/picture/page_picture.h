/* page_picture.h - one page of a paged file as a PNG, with a quoted passage marked.
 *
 * The quote is text that our own extraction gave: white space, hyphens at line ends, accents that
 * are composed differently and the bars between table cells do not matter. A quote whose parts
 * are not next to each other on the page is marked in parts. Run it in a worker. */
#pragma once

#include "extract/pdf/pdf_file.h"

#define PAGE_PICTURE_WIDTH_MAX 4000
#define PAGE_PICTURE_PIXELS_MAX (16 << 20)

typedef struct PagePictureRequest {
    Str bytes, password;
    int page;  /* from 1 */
    int width; /* in pixels; made smaller when the picture would pass PAGE_PICTURE_PIXELS_MAX */
    Str quote; /* may be empty */
    /* Words of a page that holds none itself, a line each: "x0 y0 x1 y1 word", edges in points. */
    Str words;
    Box near; /* which occurrence is meant: the block's box, or all zero */
} PagePictureRequest;

typedef struct PagePicture {
    Str png;
    int width, height;             /* pixels */
    float page_width, page_height; /* points */
    VEC(Box) boxes;                /* of the quote's lines, in points; none: it was not found */
} PagePicture;

/* Load ICU's tables, before a sandbox closes. */
void page_picture_preload(void);
/* Only picture_r->boxes, from request->words: for pages that others draw. */
void page_picture_mark(Arena *arena, const PagePictureRequest *request, PagePicture *picture_r);
/* Fails with ERROR_NOT_FOUND when there is no such page, and as pdf_file_open() does. */
MUST_CHECK bool page_picture(Arena *arena, const PagePictureRequest *request,
                             PagePicture *picture_r, Error *err);
