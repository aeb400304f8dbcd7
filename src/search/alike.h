/* alike.h - whether two passages say the same.
 *
 * They do when nine tenths of their different words are common to both and every word with a digit
 * in it is: two bills of one form are two bills. Letters' case, signs and order do not count. */
#pragma once

#include "base/base.h"

typedef struct WordSet {
    uint32_t *at; /* hashes, each once */
    size_t count;
    uint32_t *slots; /* 2^bits; 0: free */
    unsigned bits;
    uint64_t numbers; /* of the words with digits: their set's hash */
} WordSet;

WordSet word_set(Arena *arena, Str text);
/* Neither is alike when it has fewer than eight words, unless they are the same ones. */
bool word_sets_alike(const WordSet *a, const WordSet *b);
