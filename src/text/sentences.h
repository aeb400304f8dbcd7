/* sentences.h - where sentences end.
 *
 * Rules, not a model: a full stop ends a sentence unless it belongs to an abbreviation, an initial
 * or a number; ! ? … and the CJK full stops always do; an empty line does too; closing quotes and
 * brackets go with the sentence before. One pass over the bytes, any thread. */
#pragma once

#include "base/base.h"

typedef struct Sentence {
    size_t start, end; /* bytes; without white space at both ends */
} Sentence;

/* The sentence that begins at or after *at; *at moves behind it. False when only white space is
 * left. */
bool sentence_next(Str text, size_t *at, Sentence *sentence_r);
