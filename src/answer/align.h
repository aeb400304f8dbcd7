/* align.h - which passages support a sentence that a model wrote.
 *
 * A sentence is supported by a passage when the passage has its numbers and most of its words by
 * rarity; less of them when the meaning is close too, or when the model itself pointed there. Pure
 * but for Words; everything lives in the arena. */
#pragma once

#include "text/words.h"

typedef struct AlignWord {
    Str text;
    double weight;
    bool is_number;
} AlignWord;

typedef struct AlignSentence {
    Language language;
    AlignWord *words;
    size_t count;
    double weight; /* of all */
} AlignSentence;

/* `rarity` (may be NULL) gives how rare a word is; without it numbers and names count more. */
AlignSentence align_read(Arena *arena, Words *words, Str sentence,
                         double (*rarity)(void *self, Str word), void *self);
/* Share (0 to 1) of the sentence that the passage says; 0 when it lacks one of its numbers. A
 * sentence without content words gives 0. */
double align_overlap(const AlignSentence *sentence, Words *words, Str passage);
/* With the cosine of the two (0: unknown). */
bool align_supports(double overlap, double cosine, bool is_pointed_to);
