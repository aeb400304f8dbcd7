/* cache_words.h - when two questions ask the same in other words, as far as that can be known from
 * the words: for the semantic cache.
 *
 * Likeness of vectors alone takes a question for its reversal and one number for another, so every
 * word that may decide is compared as it stands and in its order: numbers, names, negations,
 * directions, quotes. Only what never decides is left out: politeness at both ends, "the", the
 * punctuation of sentences, white space, a capital at the start. Whoever asks that way and is alike
 * to the encoder too gets the kept answer; a miss costs a call, a false hit would be a wrong
 * answer.
 *
 * Threads: any. */
#pragma once

#include "base/base.h"

/* The words that decide, one a line. */
Str cache_words(Arena *arena, Str text);
