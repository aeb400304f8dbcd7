/* gather.h - a material while it is read; for this folder only. */
#pragma once

#include "material/material.h"

typedef struct Gathering {
    Arena *arena;
    bool keeps_headings; /* as pieces */
    VEC(MaterialDocument) documents;
    VEC(Piece) pieces;
    size_t sections; /* headings so far */
    /* Of the document that is read: */
    size_t section;
    Str heading;
    size_t from, to, after; /* pieces that touch from..to and begin at `after` or later are taken */
    uint32_t table;         /* of the last row */
    StrList headers;
    size_t planted;
    bool is_cut;
} Gathering;

void gather_begin(Gathering *gathering, const MaterialDocument *document);
/* The pieces of a block. `text` begins at byte `text_start` of the document's. */
void gather_block(Gathering *gathering, const StoredBlock *block, Str text, size_t text_start);
/* The pieces of a text that no reader has seen. */
void gather_text(Gathering *gathering, Str text);
