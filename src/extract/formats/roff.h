/* roff.h - manuals and papers of troff: what the readers of the macro packages share. */
#pragma once

#include "extract/extractor.h"
#include "extract/roff_text.h"

typedef enum RoffBlock {
    ROFF_PARAGRAPH,
    ROFF_HEADING,
    ROFF_ITEM,
    ROFF_CODE,
    ROFF_QUOTE,
    ROFF_NOTE
} RoffBlock;

typedef struct Roff {
    DocWriter *doc;
    Arena *arena;       /* as long as the document */
    Arena *block_arena; /* of a block */
    Arena *line_arena;  /* of a line */
    Map strings;
    Str rest; /* of the file */
    int line;
    Buf text;  /* of the block so far */
    Str label; /* of an item: "1." */
    RoffBlock block;
    int first, level, lists; /* line; of a heading or item; how deep in lists */
    bool joins;              /* the next text follows without a space */
    bool keeps_lines;        /* in code or a display */
    bool wants_tag;          /* the next line is the tag of an item */
    bool wants_title;        /* lines up to the next macro are a heading */
    bool is_mdoc, was_true;
    bool has_title;
    Str name;      /* .Nm of mdoc */
    char kinds[8]; /* of its lists: '-', '1', 't' */
    int numbers[8];
    bool has_space;  /* mdoc: the next word stands apart */
    int64_t skipped; /* files that are included */
} Roff;

/* Write what is gathered. */
void roff_flush(Roff *r);
/* A new block of that kind begins. */
void roff_begin(Roff *r, RoffBlock block, int level);
/* Text with escapes joins the block. */
void roff_text(Roff *r, Str text);
void roff_title(Roff *r, Str name, Str section);

/* Macros of mdoc(7); false: not one of them. `rest` are its arguments. */
bool mdoc_macro(Roff *r, Str name, Str rest);
