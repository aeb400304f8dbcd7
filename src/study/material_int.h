/* material_int.h - a material while it is read; for this folder only. */
#pragma once

#include "study/material.h"

typedef struct Gathering {
    Arena *arena;
    VEC(MaterialDocument) documents;
    VEC(Piece) pieces;
    /* Of the document that is read: */
    size_t section;
    Str heading;
    size_t from, to, after; /* pieces that touch from..to and begin at `after` or later are taken */
    size_t bytes, planted;
    bool is_cut;
    uint32_t table; /* of the last row */
    StrList headers;
} Gathering;

/* material_cut.c: the pieces of a block. `text` begins at byte `text_start` of the document's. */
void gather_block(Gathering *gathering, const StoredBlock *block, Str text, size_t text_start);
/* The pieces of a text that no reader has seen. */
void gather_text(Gathering *gathering, Str text);
