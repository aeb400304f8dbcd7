/* words.h - the words of a text, as the keyword index sees them; documents and queries alike.
 *
 *     "Naïve X-Oblique-Strategy cost $1,060.50"
 *     naiv  x  obliqu  strategi  cost  1060.50        main words, positions 0, 1, 2 ...
 *           x-oblique-strategy         $1060.50       extra forms at the position of their first
 * word
 *
 * Words are runs of letters, digits and marks; case, compatibility forms and accents are folded,
 * words of letters are stemmed. Numbers lose their thousands commas. What is joined by - _ . / : @
 * # & + is also kept whole. Han, kana, Hangul, Thai and their kin give overlapping pairs of
 * characters, and each character as an extra form.
 *
 * A Words object holds stemmers and a cache of stems (about 1 MB): one thread at a time, keep it.
 */
#pragma once

#include "base/base.h"
#include "text/language.h"

/* Longer words are cut, longer identifiers are not kept whole. */
#define WORD_TEXT_MAX 120

typedef struct Word {
    Str text;            /* folded and stemmed; valid only during the call */
    uint32_t start, end; /* bytes of the source */
    uint32_t position;
    bool is_extra; /* another form of what stands here: no part of lengths and phrases */
    bool is_stop;  /* a stop word of the language */
    bool is_hint;  /* an extra form that says little: with the accents its word has lost, or a part
                    * of a name such as getUserName */
} Word;

typedef struct Words Words;
typedef void WordSink(void *self, const Word *word);

Words *words_new(void);
void words_free(Words *words); /* NULL is fine */
/* Hand each word of the text (less than 4 GiB) to the sink, in order of position. */
void words_split(Words *words, Language language, Str text, WordSink *sink, void *self);

typedef struct WordList {
    VEC(Word) words; /* texts live in the arena */
} WordList;
/* The same as a list. */
WordList words_list(Words *words, Language language, Str text, Arena *arena);
/* Number of words (without extra forms) in the text. */
size_t words_count(Words *words, Language language, Str text);
