/* mathml.h - formulas of web pages, books and articles as a line of text: "x/y", "√(a+b)". */
#pragma once

#include "base/base.h"

/* Append what is inside a <math> element (MathML 3, presentation markup). What another program
 * wrote beside it (<annotation>) is left out. Deep nesting loses its signs, not its words. */
void mathml_add(Buf *out, Str inner);
