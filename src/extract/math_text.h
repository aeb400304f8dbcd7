/* math_text.h - what the readers of formulas share: a formula is a line of text, "(a+b)/2". */
#pragma once

#include "base/base.h"

/* Put round brackets about the text from `start` on, unless it is one word or number. */
void math_bracket(Buf *out, size_t start);
