/* kernels.h - the arithmetic of the encoder, for each kind of processor.
 *
 * Three sets of the same functions: AVX-512, AVX2 with FMA, and plain C, which is the reference
 * the others are tested against. kernels_best() asks the processor once.
 *
 * Every value of a row is one chain of operations whose order depends on nothing but the row,
 * so a text's vector has the same bytes alone, in any batch and on any thread. No state: any
 * thread may call. Matrices are row-major fp32.
 *
 * The fast sets need widths (columns out, head size) that are multiples of KERNEL_LANES_MAX;
 * kernels_best() gives plain C when a model's are not. */
#pragma once

#include "base/base.h"

#define KERNEL_LANES_MAX 16

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
} AttentionCall;

/* x = normalise(x + other) * gain + bias, row by row; `other` may be NULL. */
typedef struct NormCall {
    float *x;
    const float *other;
    size_t rows, width;
    const float *gain, *bias;
    float epsilon;
} NormCall;

typedef struct Kernels {
    const char *name;
    size_t panel; /* columns of a weight matrix that lie together */
    void (*linear)(const LinearCall *call);
    void (*attention)(const AttentionCall *call);
    void (*add_norm)(const NormCall *call);
} Kernels;

extern const Kernels kernels_plain, kernels_avx2, kernels_avx512;

/* Can this processor run the set? */
bool kernels_supported(const Kernels *kernels);
/* The fastest set for this processor and these widths. */
const Kernels *kernels_best(size_t width, size_t inner_width, size_t head_size);

/* Reorder weights[width_out][width_in] (as models store them) into panels: for each `panel`
 * columns, for each input, the weights of those columns. The last panel may be narrower. */
void linear_pack(const Kernels *kernels, const float *weights, size_t width_in, size_t width_out,
                 float *packed);
/* Floats of scratch that attention over `length` tokens needs. */
size_t attention_scratch(size_t length, size_t head_size);
