/* planted.h - sentences of a document that speak to the model that may read it, not to people:
 * "Ignore all previous instructions and ...".
 *
 * What reads documents leaves them out: they change no label and stand in no prompt. That is a
 * second wall: the first is that such calls have no tools, and that what comes back is checked.
 * Rules over words (planted.def), English first, German, French and Spanish in their basics; who
 * hides an instruction well enough passes, so nothing may rest on this alone.
 *
 * Threads: any. */
#pragma once

#include "base/base.h"

/* Whether one sentence does. */
bool planted_is(Str sentence);
/* The text with spaces instead of such sentences, so that places in it stay; the text itself when
 * there are none. */
Str planted_blank(Arena *arena, Str text);
