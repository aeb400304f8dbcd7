/* look.h - what a picture looks like: its main colours and its kind, from measured features.
 *
 *   icon        at most 64 pixels on its longer side
 *   photograph  few neighbours are of the same colour, many colours
 *   document    light paper, little colour, rows of text
 *   whiteboard  light ground that is lit unevenly, strokes in colours, few rows of text
 *   screenshot  large flat areas, rows of text, grounds of several colours
 *   chart       flat areas of few colours: charts, drawings, logos
 *
 * The thresholds are checked on drawn samples in look_test.c. */
#pragma once

#include "worker/picture/text_marks.h"

enum { LOOK_COLOR_COUNT = 5 };

typedef struct LookColor {
    uint8_t red, green, blue;
    float share; /* of the picture */
} LookColor;

typedef struct Look {
    const char *kind;
    LookColor colors[LOOK_COLOR_COUNT];
    int color_count;
    /* The features */
    float flat;       /* share of pixels like their right and lower neighbour */
    float light;      /* share of light, nearly grey pixels */
    float colorful;   /* share of clearly coloured pixels */
    float ground;     /* share of the most frequent colour */
    float unevenness; /* of the light ground, 0-1 */
    int variety;      /* colours (of 32,768) that make up 95 % */
    TextMarks text;
} Look;

/* `pix` has 1, 8 or 32 bits, `grey` is the same in 8. */
Look look_at(Arena *arena, PIX *pix, PIX *grey);
/* "#f0f0f0 41 %, #102030 22 %" */
Str look_colors(const Look *look, Arena *arena);
