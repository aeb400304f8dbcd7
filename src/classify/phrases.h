/* phrases.h - the phrases that a text is about.
 *
 * Candidates are runs of words between stop words and punctuation (RAKE, Rose et al. 2010) and
 * their parts, weighed by how often they come on their own (C-value, Frantzi et al. 2000) and how
 * early, and, where there is an encoder, by how near their meaning is to the whole text's. Any
 * thread. */
#pragma once

#include "classify/classify.h"
#include "text/language.h"

typedef struct KeyPhrase {
    Str text;          /* as it first stands in the text */
    double score;      /* 0..1, the first has 1 */
    size_t count;      /* times */
    size_t start, end; /* bytes, of the first time */
} KeyPhrase;

typedef struct KeyPhraseList {
    VEC(KeyPhrase) phrases; /* best first */
} KeyPhraseList;

/* At most `most` of them; `embedder` may be NULL. */
KeyPhraseList key_phrases(Arena *arena, Str text, Language language, const Embedder *embedder,
                          size_t most);
