/* keyword_words.h - the words of an index that are like another one: begun by it, or a few edits
 * away. */
#pragma once

#include "index/keyword_segment.h"

/* Letters of a word that edits are counted in; longer words are like none. */
#define WORD_LETTERS_MAX 40
#define WORD_EDITS_MAX 2
/* So many words of a segment are looked at. */
#define WORD_SCAN_MAX 100000

typedef struct KeywordWord {
    Str text, form; /* as the index keeps it, as it is written; in the arena */
    double documents;
    uint32_t edits;
} KeywordWord;

typedef struct KeywordWords {
    VEC(KeywordWord) at;
} KeywordWords;

/* The words that begin with the prefix, the most frequent first. */
KeywordWords keyword_words_prefixed(Segment *const *segments, size_t count, Str prefix,
                                    Arena *arena);
/* The words at most so many edits away (a letter added, lost, changed, or two neighbours swapped)
 * that begin with the first `same` bytes, the nearest first, the most frequent of those first. */
KeywordWords keyword_words_like(Segment *const *segments, size_t count, Str word, uint32_t edits,
                                size_t same, Arena *arena);
/* The words whose form, without accents, is at most so many edits away from what was typed: a stem
 * says less, as a mistyped word loses other ends than the right one ("hosptal", "hospit"). */
KeywordWords keyword_words_written_like(Segment *const *segments, size_t count, Str word,
                                        uint32_t edits, size_t same, Arena *arena);
/* Bytes of the first letter: looking among words that share it takes a twentieth of the time, and
 * people seldom mistype it. */
size_t keyword_word_first(Str word);
/* Edits between two words; more than WORD_EDITS_MAX is WORD_EDITS_MAX + 1. */
uint32_t keyword_word_edits(Str a, Str b);
