/* ppt_slide.h - what is drawn on a slide, master or notes page of a PowerPoint 97-2003 file. */
#pragma once

#include "extract/slide/ppt_text.h"

/* 2.13.21, those that matter. */
enum {
    PPT_PLACE_NONE = 0,
    PPT_PLACE_MASTER_LAST = 6, /* up to here: prompts of a master */
    PPT_PLACE_DATE = 7,
    PPT_PLACE_NUMBER = 8,
    PPT_PLACE_FOOTER = 9,
    PPT_PLACE_HEADER = 10,
    PPT_PLACE_SUBTITLE = 16,
};

typedef struct PptShape {
    int placeholder;
    double x0, y0, x1, y1;
    PptText text;
    Str description; /* the alternative text of a picture */
    int table;       /* the number of the table it is a cell of, from 1; 0: none */
    bool is_line;
} PptShape;

typedef struct PptDrawing {
    Arena *arena;
    Str outline;     /* the texts that placeholders refer to */
    uint64_t placed; /* a bit for each of the first 64 of them that a shape shows */
    VEC(PptShape) shapes;
    VEC(Str) links; /* ids of hyperlinks (four bytes), as they are found */
    int table_count;
} PptDrawing;

/* The shapes of a Slide, MainMaster or Notes container; boxes in points. */
void ppt_read_drawing(PptDrawing *drawing, Str container);
/* Titles first, then the rest in drawing order; tables as rows. Footers are left out. */
void ppt_write_shapes(DocWriter *doc, const PptDrawing *drawing);
