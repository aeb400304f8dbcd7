/* roff_text.h - the text of troff lines (groff(7), "Escape Sequences"): fonts and sizes dropped,
 * special characters and strings put in. */
#pragma once

#include "base/map.h"

enum { ROFF_STRING_MAX = 2000 };

/* Adds the text; `strings` are what .ds has defined, by name, already plain. */
void roff_add(Buf *out, const Map *strings, Str text);
/* The next argument of a macro, without its quotes; false at the end. */
bool roff_argument(Str *rest, Arena *arena, Str *argument_r);
