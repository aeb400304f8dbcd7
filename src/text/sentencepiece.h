/* sentencepiece.h - a model file of SentencePiece, such as sentencepiece.bpe.model: the protobuf
 * message ModelProto (sentencepiece_model.proto of its sources), as far as tokenizing needs it.
 *
 * The bytes are foreign: every length and type is checked, and fields that are not known are
 * passed over. What would make other pieces than unigram.h does is refused by name. */
#pragma once

#include "base/base.h"

#define SENTENCEPIECE_BYTES_MAX MB(32) /* that of XLM-RoBERTa, 250,000 pieces, has 5 MB */

typedef enum PieceType {
    PIECE_NORMAL = 1,
    PIECE_UNKNOWN,
    PIECE_CONTROL,
    PIECE_USER,
    PIECE_UNUSED,
    PIECE_BYTE,
} PieceType;

typedef struct SentencePiece {
    Str text;
    float score;
    PieceType type;
} SentencePiece;

typedef struct SentencePieceModel {
    const SentencePiece *pieces; /* by id */
    size_t count;
    size_t unknown; /* the id of the piece for what has none */
    Str charsmap;   /* charsmap.h; may be empty */
    bool is_bpe, has_byte_fallback;
    bool keeps_spaces; /* also several, and those at the ends */
} SentencePieceModel;

/* Texts point into the bytes; the rest lives in the arena. */
MUST_CHECK bool sentencepiece_read(Str bytes, Arena *arena, SentencePieceModel *model_r,
                                   Error *err);
