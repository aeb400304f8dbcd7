/* listen.h - English words of a piece of sound, by PocketSphinx and its general model. */
#pragma once

#include "base/base.h"

/* Before the door closes: loads the model, about 0.3 s. */
void listen_preload(void);
/* False: the model is not installed. */
bool listen_can(void);

typedef struct Heard {
    Str text;   /* lower case, without punctuation; empty: no words */
    int words;  /* count */
    float sure; /* how probable its words are beside others, 0 to 1, the mean */
} Heard;

/* `rate` is 16,000. */
Heard listen_to(Arena *arena, const float *samples, size_t count);
