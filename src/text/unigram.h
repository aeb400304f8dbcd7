/* unigram.h - SentencePiece's Unigram tokenizer (Kudo, "Subword regularization", 2018, section
 * 3.2): the pieces whose scores have the greatest sum, by Viterbi over a trie. Its other one, BPE,
 * merges characters instead, first where the score of what they become is greatest (bpe.h).
 *
 * Text is normalised (charsmap.h), cut at white space, each space written as U+2581 before its
 * word. Ids are those of the reference (the `tokenizers` package). Never changes once made: any
 * thread may use it. */
#pragma once

#include "base/base.h"
#include "text/charsmap.h"
#include "text/specials.h"

#define UNIGRAM_PIECES_MAX 1000000

typedef struct Unigram Unigram;

typedef struct UnigramPiece {
    Str text;
    double score;
} UnigramPiece;

typedef struct UnigramOptions {
    const UnigramPiece *pieces; /* a piece's id is its place */
    size_t piece_count;
    uint32_t unknown;
    const SpecialToken *specials;
    size_t special_count;
    Charsmap *charsmap; /* taken over, also on failure; NULL: none */
    bool strips, joins; /* white space off the ends; several spaces are one */
    bool splits_words;  /* at white space, which goes; else a space is part of a piece */
    bool is_bpe;
    /* As SentencePiece's own program has it, where the package differs: charsmap_apply_longest(), a
     * space is U+0020 only, sums of scores are of single precision. `strips`, `joins` and
     * `splits_words` say nothing then: all but the last are so. */
    bool as_sentencepiece;
    bool has_byte_fallback; /* pieces "<0x00>" to "<0xFF>" for what has none */
} UnigramOptions;

MUST_CHECK bool unigram_new(const UnigramOptions *options, Unigram **unigram_r, Error *err);
void unigram_free(Unigram *unigram); /* NULL is fine */
size_t unigram_size(const Unigram *unigram);
/* At most `max` ids, without the tokens around a text; the rest is cut. ids NULL only counts. */
size_t unigram_encode(const Unigram *unigram, Str text, uint32_t *ids, size_t max);
