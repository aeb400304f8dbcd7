/* whole_words.h - the pieces of a vocabulary that a tokenizer makes of their own text: a word that
 * is one of them needs no more than to be looked up. Found by a hash of eight bytes at a time.
 *
 * Any thread may read what nobody adds to. */
#pragma once

#include "base/base.h"

/* `length` 0: free. */
typedef struct WholeWord {
    uint32_t hash, id, at, length;
    float margin; /* the tokenizer's own: by how much the piece is better than others together */
} WholeWord;

typedef struct WholeWords {
    WholeWord *slots;
    size_t mask, used; /* of the texts */
    char *texts;
} WholeWords;

/* Room for so many words of so many bytes together. */
void whole_words_begin(WholeWords *words, size_t count, size_t bytes);
void whole_words_end(WholeWords *words); /* all zero is fine */
/* `text` has a byte at least and is not there yet. */
void whole_words_add(WholeWords *words, Str text, uint32_t id, float margin);

static inline uint64_t whole_words_mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

/* Words are short: their ends are read as they are, overlapping, instead of byte by byte. */
static inline uint32_t whole_words_hash(Str word)
{
    const char *at = word.at;
    size_t length = word.length;
    uint64_t hash = length, eight;
    uint32_t first, last;
    for (; length > 8; length -= 8, at += 8) {
        memcpy(&eight, at, sizeof eight);
        hash = whole_words_mix(hash, eight);
    }
    if (word.length >= 8) {
        memcpy(&eight, word.at + word.length - 8, sizeof eight);
        hash = whole_words_mix(hash, eight);
    } else if (length >= 4) {
        memcpy(&first, at, sizeof first);
        memcpy(&last, at + length - 4, sizeof last);
        hash = whole_words_mix(hash, first | (uint64_t)last << 32);
    } else {
        hash = whole_words_mix(hash, (uint64_t)(uint8_t)at[0] |
                                         (uint64_t)(uint8_t)at[length / 2] << 8 |
                                         (uint64_t)(uint8_t)at[length - 1] << 16);
    }
    return (uint32_t)(hash ^ hash >> 32);
}

/* The slot of a word of at least one byte, or the free one where it belongs. */
static inline WholeWord *whole_words_slot(const WholeWords *words, Str word, uint32_t hash)
{
    size_t i = hash & words->mask;
    for (;; i = (i + 1) & words->mask) {
        WholeWord *slot = &words->slots[i];
        if (!slot->length || (slot->hash == hash && slot->length == word.length &&
                              !memcmp(words->texts + slot->at, word.at, word.length)))
            return slot;
    }
}

/* NULL when it is none. */
static inline const WholeWord *whole_words_find(const WholeWords *words, Str word)
{
    const WholeWord *slot = whole_words_slot(words, word, whole_words_hash(word));
    return slot->length ? slot : NULL;
}
