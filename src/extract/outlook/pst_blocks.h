/* pst_blocks.h - what the two halves of pst_file.h share. */
#pragma once

#include "extract/outlook/pst_file.h"

/* The blocks of a node's data; a heap's items never cross from one to the next. */
typedef struct PstPieces {
    VEC(Str) list;
    size_t size;
} PstPieces;

PstPieces pst_pieces(PstFile *file, Arena *arena, uint64_t bid);
