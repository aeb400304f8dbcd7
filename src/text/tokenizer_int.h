/* tokenizer_int.h - what tokenizer.c and tokenizer_json.c share. */
#pragma once

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

struct Tokenizer {
    WordPiece *wordpiece; /* one of the two */
    Unigram *unigram;
    Frame single, pair;
};

/* Reads a tokenizer.json into an empty Tokenizer. */
MUST_CHECK bool tokenizer_read_json(Tokenizer *tokenizer, const char *path, Error *err);
/* The frames of BERT: [CLS] A [SEP] and [CLS] A [SEP] B [SEP]. */
void tokenizer_frame_bert(Tokenizer *tokenizer, uint32_t begin, uint32_t end);
