/* marked.h - what the readers of line-based mark-up share: lines by number, indents, inline marks,
 * paragraphs.
 *
 * A reader walks over the lines by index and writes each block with the lines it came from. */
#pragma once

#include "extract/document.h"

typedef struct Marked {
    DocWriter *doc;
    Arena *arena;   /* as long as the document */
    Arena *scratch; /* reset after each block */
    const Str *lines;
    size_t count;
    const char *marks;    /* characters that open and close emphasis */
    const char *verbatim; /* those of code, whose inside is not looked at */
    /* Something else that begins here: writes what it stands for and returns its length, or 0. */
    size_t (*special)(void *self, Buf *out, Str text, size_t at);
    void *self;
    uint32_t missing; /* files that the document wants included */
} Marked;

/* Decodes and splits; fails when it is not text. The arenas are the caller's. */
MUST_CHECK bool marked_open(Marked *marked, Arena *arena, Arena *scratch, Str bytes, Str media_type,
                            DocWriter *doc, Error *err);
/* Says what was not included. */
void marked_close(Marked *marked);
/* An included file is not there: the line stays, and the end says so. */
void marked_include(Marked *marked, Str line);

/* Line `i`, empty past the end. */
Str marked_line(const Marked *marked, size_t i);
bool marked_is_blank(const Marked *marked, size_t i);
size_t marked_indent(Str line);
/* The first line from `i` that is blank or `end`. */
size_t marked_paragraph_end(const Marked *marked, size_t i, size_t end);
/* A line made of one character at least `min` times, white space aside. */
bool marked_is_rule(Str line, char c, size_t min);
/* The length of a list marker with its spaces: "- ", "3. ", "b) ", "#. "; 0 if there is none. */
size_t marked_marker(Str line);

/* The lines of the block that is written next. */
void marked_place(Marked *marked, size_t first, size_t end);
/* Lines as they are, less `indent` columns of white space. */
Str marked_raw(Marked *marked, size_t first, size_t end, size_t indent);
/* Lines joined by spaces. */
Str marked_joined(Marked *marked, size_t first, size_t end);
/* Text without its marks, in the scratch arena. */
Str marked_plain(Marked *marked, Str text);
/* Code from `first` to `end`, less blank lines at both ends and the indent of the first. */
void marked_code(Marked *marked, Str language, size_t first, size_t end);
/* The block is written: its memory is free again. */
void marked_done(Marked *marked);
