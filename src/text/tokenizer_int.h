/* tokenizer_int.h - what tokenizer.c and tokenizer_json.c share. */
#pragma once

#include "base/json.h"
#include "text/byte_bpe.h"
#include "text/tokenizer.h"
#include "text/unigram.h"
#include "text/wordpiece.h"

#define FRAME_MAX 8
#define FRAME_FIRST UINT32_MAX        /* the (first) text stands here */
#define FRAME_SECOND (UINT32_MAX - 1) /* the second one */

/* The ids around one text or two. */
typedef struct Frame {
    uint32_t items[FRAME_MAX];
    size_t count;
    size_t second_type; /* the first item of the second kind; `count`: none */
} Frame;

/* One of wordpiece.h, unigram.h, byte_bpe.h. */
typedef struct TokenizerKind {
    const char *name;
    /* At most `max` ids without those around a text; ids NULL only counts. */
    size_t (*encode)(const void *pieces, Str text, uint32_t *ids, size_t max);
    size_t (*size)(const void *pieces);
    void (*free)(void *pieces);
} TokenizerKind;

extern const TokenizerKind tokenizer_wordpiece, tokenizer_unigram, tokenizer_piece_bpe,
    tokenizer_byte_bpe;

struct Tokenizer {
    const TokenizerKind *kind; /* NULL until it is read */
    void *pieces;
    Frame single, pair;
};

/* What a tokenizer.json says, as it is read; the arena holds it. */
typedef struct TokenizerReading {
    Arena *arena;
    const json_t *json;
    UnigramOptions unigram;
    SpecialToken *specials;
    size_t special_count;
    bool keeps_case;
} TokenizerReading;

/* Reads a tokenizer.json into an empty Tokenizer. */
MUST_CHECK bool tokenizer_read_json(Tokenizer *tokenizer, const char *path, Error *err);
/* The frames of BERT: [CLS] A [SEP] and [CLS] A [SEP] B [SEP]. */
void tokenizer_frame_bert(Tokenizer *tokenizer, uint32_t begin, uint32_t end);
/* Those of RoBERTa: <s> A </s> and <s> A </s> </s> B </s>. */
void tokenizer_frame_roberta(Tokenizer *tokenizer, uint32_t begin, uint32_t end);
/* That "the <what> <its type> is not one we run". */
bool tokenizer_unknown_part(const char *what, const json_t *part, Error *err);
/* The parts of a tokenizer.json whose model is byte-level BPE; `pre_tokenizer` may be NULL. */
MUST_CHECK bool tokenizer_read_byte_bpe(Tokenizer *tokenizer, TokenizerReading *in,
                                        const json_t *model, Error *err);
/* A file of SentencePiece; `class` is tokenizer_class of tokenizer_config.json. `is_plain`: the
 * ids are the file's own unless the class says otherwise. */
MUST_CHECK bool tokenizer_read_pieces(Tokenizer *tokenizer, const char *path, Str class,
                                      bool is_plain, Error *err);
/* vocab.json and merges.txt, as RoBERTa's are read. `adds_space`: of tokenizer_config.json. */
MUST_CHECK bool tokenizer_read_merges(Tokenizer *tokenizer, const char *folder, bool adds_space,
                                      Error *err);
