/* bytes.h - matrix products of bytes, for the int8 encoder, for each kind of processor.
 *
 * Weights are signed bytes with one scale a column. Activations are unsigned bytes with a scale
 * and a zero for each row: value = scale * (byte - zero). A row's bytes depend on nothing but
 * the row, sums of products are whole numbers and exact, and each output is one chain of
 * operations; so a text's vector has the same bytes alone, in any batch and on any thread, and
 * the linear layers of all sets give the same sums.
 *
 * No state: any thread may call. The fast sets need widths (columns out) that are multiples of
 * BYTE_COLUMNS. */
#pragma once

#include "encode/kernels.h"

#define BYTE_COLUMNS 16 /* of a panel of weights */
#define BYTE_DEPTH 64   /* inputs: a row is padded to a multiple, as the tile unit wants it */
#define BYTE_ATTENTION_HEAD 32 /* head sizes of ByteKernels.attention are multiples of this */
#define BYTE_ROWS 16           /* of a tile; there must be room for a multiple of as many rows */
#define BYTE_WEIGHT_MAX 127
/* Of inputs 2k and 2k + 1 of a column together: AVX2 adds their products, of bytes to 255, in 16
 * bits. Cutting the few pairs that are larger costs 0.00014 of the mean cosine with fp32 (0.99878
 * for 0.99892 over MiniLM-L6), where weights to 64 would cost 0.00078. */
#define BYTE_PAIR_MAX 128

/* The panels lie one after another: for each four inputs, for each column, four weights. Inputs
 * and columns past the matrix have weight 0. */
typedef struct ByteMatrix {
    size_t width_in, width_out;
    int8_t *weights; /* byte_matrix_size() */
    /* byte_matrix_columns() values each: */
    float *scales;
    float *sums; /* of the column's weights, times its scale */
    float *bias;
    /* byte_depth() values: what inputs are multiplied by before they become bytes. Inputs that
     * are usually large are made smaller and their weights larger, so that a row's range is used
     * better (Xiao et al., SmoothQuant, 2022, section 4). */
    float *factors;
} ByteMatrix;

/* out[rows][width_out] = activation(in[rows][width_in] * matrix + bias) */
typedef struct ByteLinearCall {
    const ByteMatrix *matrix;
    ByteRows in;
    size_t rows;
    float *out;
    Activation activation;
} ByteLinearCall;

typedef struct ByteKernels {
    const char *name;
    void (*linear)(const ByteLinearCall *call);
    /* Faster and coarser than that of Kernels, where there is one; else NULL. */
    void (*attention)(const AttentionCall *call);
} ByteKernels;

extern const ByteKernels bytes_plain, bytes_avx2, bytes_avxvnni, bytes_avx512vnni, bytes_amx;

/* Can this processor run the set? */
bool bytes_supported(const ByteKernels *bytes);

size_t byte_depth(size_t width_in); /* rounded up to BYTE_DEPTH */
size_t byte_matrix_columns(size_t width_out);
size_t byte_matrix_size(size_t width_in, size_t width_out);
/* Fill weights, scales, sums and factors from weights[width_out][width_in] as models store them.
 * usual[width_in] is how large each input usually is. */
void byte_pack(const float *weights, const float *usual, ByteMatrix *matrix);
