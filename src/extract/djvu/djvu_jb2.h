/* djvu_jb2.h - JB2, the black and white part of DjVu pages ("DjVu3 specification", annex 2): shapes
 * of letters, coded pixel by pixel or as copies of each other, and where they stand. One thread. */
#pragma once

#include "base/base.h"

/* The largest page that is decoded. */
#define JB2_PIXELS_MAX 100000000

typedef struct Jb2Shape {
    int width, height;
    uint8_t *pixels; /* a byte each, rows from the top, with a margin; see djvu_jb2.c */
    int left, top, right, bottom; /* what is black; right < left: nothing is */
} Jb2Shape;

/* Shapes that pages share. */
typedef struct Jb2Library {
    VEC(Jb2Shape) shapes;
} Jb2Library;

typedef struct Jb2Page {
    int width, height;
    size_t stride;
    uint8_t *rows; /* a bit a pixel, the highest first, 1 is black; from the top */
    bool is_cut;   /* broken: what came before is there */
} Jb2Page;

/* A chunk "Djbz"; what is broken ends it. */
void jb2_library(Arena *arena, Str bytes, Jb2Library *library_r);
/* A chunk "Sjbz". Fails when there is no page, or one over JB2_PIXELS_MAX. */
MUST_CHECK bool jb2_page(Arena *arena, Str bytes, const Jb2Library *shared, Jb2Page *page_r,
                         Error *err);
