/* diagram.h - shapes with words on them and the arrows between, for formats of drawings: the words
 * in their order, then "from -> to" for each arrow whose ends have words. */
#pragma once

#include "base/map.h"
#include "extract/document.h"

typedef struct DiagramArrow {
    Str id, from, to; /* ids of shapes; may be empty */
} DiagramArrow;

/* Texts are kept, not copied. */
typedef struct Diagram {
    Arena *arena;
    Map words; /* of shapes and arrows, by their id */
    VEC(Str) shapes;
    VEC(DiagramArrow) arrows;
    Map arrow_ids;
    size_t more; /* times that a shape got further words */
} Diagram;

Diagram diagram_new(Arena *arena);
/* More words of one shape are said after the first ones. */
void diagram_add_words(Diagram *diagram, Str id, Str words);
void diagram_add_shape(Diagram *diagram, Str id);
void diagram_add_arrow(Diagram *diagram, Str id, Str from, Str to);
bool diagram_is_arrow(const Diagram *diagram, Str id);
void diagram_write(const Diagram *diagram, DocWriter *doc);
