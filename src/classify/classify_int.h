/* classify_int.h - what the files of the classifier share; for this folder only. */
#pragma once

#include "classify/classify.h"

/* A text in pieces that an encoder reads whole. */
typedef struct Piece {
    size_t start, end;
} Piece;

/* Some 170 tokens: MiniLM reads 256. */
#define PIECE_BYTES 700
#define PIECES_MAX 24       /* of a text that is classified, spread over it */
#define PIECES_OF_EXAMPLE 6 /* of one that is learned from */

/* At most `most` pieces of whole sentences; of more, some from everywhere. One at least unless the
 * text is empty. */
size_t pieces_make(Str text, size_t most, Piece *pieces);

/* The direction of the sum of vectors[count][dims]; zero when there is none. */
void vector_mean(const float *vectors, size_t count, size_t dims, float *mean_r);
double vector_likeness(const float *a, const float *b, size_t dims);

/* What a label's words mean, and how near that is to any text at all. */
MUST_CHECK bool label_vectors(const Embedder *embedder, Arena *arena, const ClassifyLabel *labels,
                              size_t count, float **vectors_r, float **means_r, size_t *dims_r,
                              Error *err);

/* What is compared with labels: the pieces' vectors and their mean. */
typedef struct TextVectors {
    const float *pieces; /* [count][dims] */
    size_t count, dims;
    const float *mean;
} TextVectors;

/* logits[label_count] before calibration. `without`: an example that is not looked at, for
 * measuring; SIZE_MAX: none. */
void classifier_logits(const Classifier *classifier, const TextVectors *text, size_t without,
                       double *logits);
/* The logits become confidence. */
void classifier_confide(const Classifier *classifier, double *logits);
