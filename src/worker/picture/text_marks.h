/* text_marks.h - marks that stand in rows like letters, found without reading them.
 *
 * A picture is made black and white by its own surroundings; connected marks of like height that
 * follow one another on a line are taken for text. Cheap: decides what is worth an OCR, how large
 * the letters are, and what kind of picture it is. */
#pragma once

#include "worker/picture/leptonica.h"

#include "base/base.h"

typedef struct TextMarks {
    int marks;    /* connected marks of a letter's size */
    int in_rows;  /* of them, those in rows of at least ROW_MIN */
    int regular;  /* of those in rows, the ones on straight lines with evenly high letters */
    int rows;     /* such rows */
    float height; /* median of the letters in rows, in pixels of the picture; 0: none */
    float share;  /* of the picture's area, covered by rows */
    float left, top, right, bottom; /* around all rows, pixels of the picture */
} TextMarks;

/* `grey` has 8 bits a pixel. */
TextMarks text_marks_find(Arena *arena, PIX *grey);
