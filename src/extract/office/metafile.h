/* metafile.h - the texts that a Windows metafile draws, put into lines; for both of its formats.
 *
 *     metafile_add(&pieces, ...)*  ->  metafile_write(&pieces, doc) */
#pragma once

#include "extract/document.h"

typedef struct MetafilePiece {
    Str text;
    double x, y, width; /* width 0: not said */
    double height;      /* of its font */
} MetafilePiece;

typedef struct MetafilePieces {
    Arena *arena;
    VEC(MetafilePiece) pieces;
} MetafilePieces;

enum {
    METAFILE_FONTS_MAX = 4096,
    METAFILE_ALIGN_CURRENT = 1, /* text begins where the last one ended or the pen was moved to */
    METAFILE_ALIGN_RIGHT = 2,
    METAFILE_ALIGN_CENTER = 6,
};

typedef struct MetafileFont {
    uint8_t charset; /* of LOGFONT */
    bool is_used;
    double height;
} MetafileFont;

/* Keeps the text, not a copy. `align` is as records say it. */
void metafile_add(MetafilePieces *pieces, MetafilePiece piece, unsigned align);
/* Eight-bit text in the charset of a font. */
Str metafile_text(Arena *arena, Str bytes, unsigned charset);
/* A paragraph for each line, from the top, and from the left in it. */
void metafile_write(MetafilePieces *pieces, DocWriter *doc);
