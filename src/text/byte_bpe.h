/* byte_bpe.h - the byte-level BPE of GPT-2 and RoBERTa: text is cut into words, a space before a
 * word being part of it, and their UTF-8 bytes are merged (bpe.h). Every text has tokens; nothing
 * is unknown.
 *
 * Vocabularies write each byte as a printable letter: U+0120 is a space ("Language models are
 * unsupervised multitask learners", 2019, section 2.2, and its published code). Ids are those of
 * the reference (the `tokenizers` package with ByteLevel and BPE). Never changes once made: any
 * thread may use it. Most words are pieces as a whole and are found in one probe. */
#pragma once

#include "base/base.h"
#include "text/specials.h"

#define BYTE_BPE_PIECES_MAX 1000000

typedef struct ByteBpe ByteBpe;

typedef struct ByteBpeOptions {
    const Str *pieces; /* by id, as vocabularies write them; one without text has no piece */
    size_t piece_count;
    const Str (*merges)[2]; /* the earlier ones first */
    size_t merge_count;
    const SpecialToken *specials;
    size_t special_count;
    bool adds_space;  /* before a text that begins with none */
    bool whole_first; /* a word that is a piece is that one, whatever the merges say */
} ByteBpeOptions;

/* Nothing of the options is kept. */
MUST_CHECK bool byte_bpe_new(const ByteBpeOptions *options, ByteBpe **bpe_r, Error *err);
void byte_bpe_free(ByteBpe *bpe); /* NULL is fine */
size_t byte_bpe_size(const ByteBpe *bpe);
/* At most `max` ids, without the tokens around a text; the rest is cut. ids NULL only counts. */
size_t byte_bpe_encode(const ByteBpe *bpe, Str text, uint32_t *ids, size_t max);
