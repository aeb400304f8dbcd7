/* tokenizer.h - the tokenizer of a model folder, whatever its kind.
 *
 *   vocab.txt                       WordPiece (wordpiece.h); tokenizer_config.json may say that
 *                                   capitals stay
 *   tokenizer.json                  in its place where texts begin with another token than [CLS]
 *                                   (MPNet) or there is no vocab.txt: WordPiece, Unigram
 *                                   (unigram.h) or byte-level BPE (byte_bpe.h), with its
 *                                   normalisation and the tokens that go around a text
 *   vocab.json and merges.txt       byte-level BPE as RoBERTa has it
 *   sentencepiece.bpe.model         Unigram as XLM-RoBERTa and CamemBERT number it
 *   spiece.model                    Unigram or BPE of SentencePiece, with the ids of the file
 *
 * Never changes once open: any thread may use it. */
#pragma once

#include "base/base.h"

typedef struct Tokenizer Tokenizer;

bool tokenizer_exists(const char *folder);
MUST_CHECK bool tokenizer_open(const char *folder, Tokenizer **tokenizer_r, Error *err);
void tokenizer_free(Tokenizer *tokenizer);              /* NULL is fine */
const char *tokenizer_kind(const Tokenizer *tokenizer); /* "WordPiece", "byte-level BPE" */
size_t tokenizer_size(const Tokenizer *tokenizer);      /* ids are below it */

/* How many tokens go around a text. */
size_t tokenizer_around(const Tokenizer *tokenizer);
/* Tokens of the text with those around it, at most `max` in all (at least tokenizer_around()); the
 * rest of the text is cut. Returns how many. */
size_t tokenizer_encode(const Tokenizer *tokenizer, Str text, uint32_t *ids, size_t max);
/* The same for a text that is ids already: those around it are added unless they are there. */
size_t tokenizer_frame(const Tokenizer *tokenizer, const uint32_t *text, size_t count,
                       uint32_t *ids, size_t max);
/* How many tokens the text has, without those around it. */
size_t tokenizer_count(const Tokenizer *tokenizer, Str text);

/* Two texts as one sequence of at most `max` (>= 8) tokens, the longer one cut first; *second_r is
 * the place of the first token that belongs to the second text, or the count. */
size_t tokenizer_encode_pair(const Tokenizer *tokenizer, Str first, Str second, uint32_t *ids,
                             size_t max, size_t *second_r);
