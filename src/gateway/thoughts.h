/* thoughts.h - reasoning models of some services write <think>...</think> in front of their answer.
 * Threads: a filter belongs to one. */
#pragma once

#include "base/base.h"

typedef struct ThoughtFilter {
    Buf start; /* of the text, while it is not known whether it is a thought */
    enum { THOUGHT_UNKNOWN, THOUGHT_OPEN, THOUGHT_NONE } state;
} ThoughtFilter;

void thoughts_begin(ThoughtFilter *filter, Arena *arena, size_t text_max);
/* What of the text is no thought, as far as it is known; valid until the next call. */
MUST_CHECK bool thoughts_skip(ThoughtFilter *filter, Str text, Str *rest_r, Error *err);
/* The text has ended: what was held back ("<" or "<thi" may be all there is). */
Str thoughts_rest(const ThoughtFilter *filter);
