/* wordpiece.h - BERT's tokenizer: text to word pieces of a vocab.txt.
 *
 * Clean, lower-case, strip accents (NFD without Mn), spaces around CJK, punctuation apart, then the
 * longest known piece first; words over 100 characters or without pieces become [UNK]. The ids
 * are those of the reference (the `tokenizers` package with BertNormalizer, BertPreTokenizer
 * and WordPiece). The names [CLS], [SEP], ... in a text are those tokens, as there.
 *
 * A WordPiece never changes once open: any number of threads may use it. Needs about 3 MB for
 * 30,000 entries and nothing for each text; time is linear in the text. */
#pragma once

#include "base/base.h"

#define WORDPIECE_VOCAB_BYTES_MAX MB(16)
#define WORDPIECE_CHARS_MAX 100 /* longer words are [UNK], as in the reference */

typedef struct WordPiece WordPiece;

/* One piece and the bytes [start, end) of the text it came from; both 0 for [CLS] and [SEP]. */
typedef struct WordPieceToken {
    uint32_t id, start, end;
} WordPieceToken;

/* Reads a vocab.txt: one piece a line, its id the line's number from 0. `keeps_case`: letters and
 * accents stay as they are, for a vocabulary with capitals. */
MUST_CHECK bool wordpiece_open(const char *path, bool keeps_case, WordPiece **tokenizer_r,
                               Error *err);
/* The same from memory; `vocab` is not kept. */
MUST_CHECK bool wordpiece_new(Str vocab, bool keeps_case, WordPiece **tokenizer_r, Error *err);
void wordpiece_free(WordPiece *tokenizer); /* NULL is fine */

/* Number of entries; ids are below it. */
size_t wordpiece_size(const WordPiece *tokenizer);
/* Tokens of the text between [CLS] and [SEP], at most `max` (>= 2) in all; the rest is cut.
 * Returns how many were written. Invalid UTF-8 is skipped; a text is read up to 4 GiB. */
size_t wordpiece_encode(const WordPiece *tokenizer, Str text, WordPieceToken *tokens, size_t max);
/* How many tokens the text has, without [CLS] and [SEP]. */
size_t wordpiece_count(const WordPiece *tokenizer, Str text);
