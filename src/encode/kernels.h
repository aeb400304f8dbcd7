/* kernels.h - the arithmetic of the encoder, for each kind of processor.
 *
 * Three sets of the same functions: AVX-512, AVX2 with FMA, and plain C, which is the reference
 * the others are tested against. kernel_sets.h chooses among them; bytes.h has the products of
 * bytes that take the place of `linear` in the int8 encoder.
 *
 * Every value of a row is one chain of operations whose order depends on nothing but the row,
 * so a text's vector has the same bytes alone, in any batch and on any thread. No state: any
 * thread may call. Matrices are row-major fp32.
 *
 * The fast sets need widths (columns out, head size) that are multiples of KERNEL_LANES_MAX. */
#pragma once

#include "base/base.h"

#define KERNEL_LANES_MAX 16
#define ATTENTION_ROOM 32 /* the keys of a query are padded to at most a multiple of it */

typedef enum Activation { ACTIVATION_NONE, ACTIVATION_GELU } Activation;

/* out[rows][width_out] = activation(in[rows][width_in] * weights + bias) */
typedef struct LinearCall {
    const float *in;
    size_t rows, width_in, width_out;
    const float *weights; /* as linear_pack() made them for this set */
    const float *bias;
    float *out;
    Activation activation;
} LinearCall;

/* Attention of one sequence: qkv[length][3 * heads * head_size] to out[length][heads *
 * head_size]. The queries are scaled already. */
typedef struct AttentionCall {
    const float *qkv;
    size_t length, heads, head_size;
    float *out;
    float *scratch; /* attention_scratch() floats */
    /* What is added to a score for how far the key lies from the query, in tokens: key - query is
     * at [distance_middle + key - query] of the head's distance_step values, which go on past the
     * last key up to a multiple of ATTENTION_ROOM. NULL: nothing. */
    const float *distances;
    size_t distance_middle, distance_step;
} AttentionCall;

/* x = normalise(x + other) * gain + bias, row by row; `other` may be NULL. */
typedef struct NormCall {
    float *x;
    const float *other;
    size_t rows, width;
    const float *gain, *bias;
    float epsilon;
} NormCall;

/* Rows of activations as unsigned bytes: value = scale * (byte - zero), each row its own. */
typedef struct ByteRows {
    uint8_t *bytes; /* [rows][step]; what lies between a row's width and step is not read */
    size_t step;
    float *scales, *zeros; /* the zeros are whole numbers */
} ByteRows;

/* x[rows][width] * factors[width] as bytes. */
typedef struct QuantiseCall {
    const float *x;
    const float *factors;
    size_t rows, width;
    ByteRows out;
} QuantiseCall;

typedef struct Kernels {
    const char *name;
    size_t panel; /* columns of a weight matrix that lie together */
    void (*linear)(const LinearCall *call);
    void (*attention)(const AttentionCall *call);
    void (*add_norm)(const NormCall *call);
    void (*quantise)(const QuantiseCall *call);
} Kernels;

extern const Kernels kernels_plain, kernels_avx2, kernels_avx512;

/* Can this processor run the set? */
bool kernels_supported(const Kernels *kernels);

/* Set scale and zero of a row with these extremes; returns what values are multiplied by. The
 * range holds 0, so that 0 is a byte. */
float byte_range(float least, float largest, float *scale_r, float *zero_r);

/* Reorder weights[width_out][width_in] (as models store them) into panels: for each `panel`
 * columns, for each input, the weights of those columns. The last panel may be narrower. */
void linear_pack(const Kernels *kernels, const float *weights, size_t width_in, size_t width_out,
                 float *packed);
/* What is added to the scores of the query in that row, from the first key on; NULL: nothing. */
static inline const float *attention_distances(const AttentionCall *call, size_t head, size_t row)
{
    if (!call->distances)
        return NULL;
    return call->distances + head * call->distance_step + call->distance_middle - row;
}

/* Floats of scratch, on a cache line, that attention over `length` tokens needs. */
size_t attention_scratch(size_t length, size_t head_size);
