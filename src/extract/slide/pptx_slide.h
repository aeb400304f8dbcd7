/* pptx_slide.h - one slide of a presentation: title first, then its shapes in drawing order. */
#pragma once

#include "base/map.h"
#include "extract/office/ooxml.h"

typedef struct Deck {
    Package *package;
    Arena *arena;
    DocWriter *doc;
    Map said;    /* footers that were written */
    Map read;    /* layouts and masters, by the names of their parts */
    Map authors; /* of comments: names by id */
} Deck;

/* Write the blocks of a slide's part. */
void deck_write_slide(Deck *deck, const Part *part);
/* What the layout and the master of a slide show on it, said once. */
void deck_write_masters(Deck *deck, const Relations *relations);
/* The text of a notes page. */
void deck_write_notes(Deck *deck, const Part *part);
