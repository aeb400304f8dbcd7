/* utterances.h - where somebody may be speaking: a recording cut into pieces at its pauses. */
#pragma once

#include "base/base.h"

typedef struct Utterance {
    size_t start, end; /* samples */
} Utterance;
typedef VEC(Utterance) Utterances;

/* Pieces of at most about 15 seconds, in order, that are louder than what is behind them. `rate`
 * in samples a second. */
Utterances utterances_find(Arena *arena, const float *samples, size_t count, int rate);
