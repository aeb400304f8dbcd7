/* latex_macros.h - the commands that a LaTeX file defines for itself, and what they stand for. */
#pragma once

#include "base/map.h"

typedef struct LatexMacros {
    Arena *arena;
    Map by_name;
    size_t left; /* bytes that may still come out of them: macros that double each other end */
} LatexMacros;

/* The text they are read from must outlive them. */
LatexMacros latex_macros_new(Arena *arena, size_t text_length);
/* A definition, whose command (\newcommand, \def) ends at *at: noted, and *at moves past it. False:
 * it is none that can be followed. */
bool latex_macro_define(LatexMacros *macros, Str text, size_t *at);
/* What `name` stands for with the arguments that follow at *at, in the arena; *at moves past them.
 * False: nobody defined it, or too much came out of macros already. */
bool latex_macro_expand(LatexMacros *macros, Arena *arena, Str name, Str text, size_t *at,
                        Str *expansion_r);
