/* bytes_simd.h - the products of bytes in registers, written once. bytes_avxvnni.c and
 * bytes_avx512vnni.c choose the vectors (simd_avx2.h, simd_avx512.h), TILE_ROWS, TILE_VECS,
 * b_dot and BYTES, then include this. Not a header for anyone else.
 *
 * As in kernels_simd.h, a tile of TILE_ROWS rows by TILE_VECS vectors of sums stays in
 * registers; each step takes four inputs of every row. */
#include <assert.h>

#include "encode/bytes_finish.h"

#define PREFETCH_BYTES 1024 /* weights of a short text come from memory */

typedef struct ByteTile {
    const ByteLinearCall *call;
    size_t row, column;
} ByteTile;

/* Where the weights of the tile's vector v start. */
static ALWAYS_INLINE const int8_t *vector_weights(const ByteTile *t, size_t depth, size_t v)
{
    size_t column = t->column + v * LANES;
    return t->call->matrix->weights + column / BYTE_COLUMNS * BYTE_COLUMNS * depth +
           column % BYTE_COLUMNS * 4;
}

static ALWAYS_INLINE void tile(size_t rows, size_t vecs, const ByteTile *t)
{
    IntVec sum[TILE_ROWS][TILE_VECS];
    size_t step = t->call->in.step, depth = byte_depth(t->call->matrix->width_in);
    const uint8_t *in = t->call->in.bytes + t->row * step;
    const int8_t *weights[TILE_VECS];
#pragma GCC unroll 8
    for (size_t v = 0; v < vecs; v++) {
        weights[v] = vector_weights(t, depth, v);
#pragma GCC unroll 8
        for (size_t r = 0; r < rows; r++)
            sum[r][v] = v_no_ints();
    }
    for (size_t k = 0; k < depth; k += 4) {
        IntVec columns[TILE_VECS];
#pragma GCC unroll 8
        for (size_t v = 0; v < vecs; v++) {
            columns[v] = v_load_ints(weights[v] + k * BYTE_COLUMNS);
            __builtin_prefetch(weights[v] + k * BYTE_COLUMNS + PREFETCH_BYTES);
        }
#pragma GCC unroll 8
        for (size_t r = 0; r < rows; r++) {
            int32_t four;
            memcpy(&four, in + r * step + k, sizeof four);
            IntVec input = v_all_ints(four);
#pragma GCC unroll 8
            for (size_t v = 0; v < vecs; v++)
                sum[r][v] = b_dot(sum[r][v], input, columns[v]);
        }
    }
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (size_t v = 0; v < vecs; v++)
            finish(t->call, t->row + r, t->column + v * LANES, sum[r][v]);
}

/* One function for each number of rows and vectors, so that both are constants inside. */
#define TILE_FUNCTION(rows, vecs)                                                                  \
    static __attribute__((noinline)) NO_SANITIZER void tile_##rows##x##vecs(const ByteTile *t)     \
    {                                                                                              \
        check_linear(t->call);                                                                     \
        tile(rows, vecs, t);                                                                       \
    }
#if TILE_VECS == 3
#define TILE_FUNCTIONS(rows) TILE_FUNCTION(rows, 1) TILE_FUNCTION(rows, 2) TILE_FUNCTION(rows, 3)
#define TILE_ENTRY(rows)                                                                           \
    {                                                                                              \
        tile_##rows##x1, tile_##rows##x2, tile_##rows##x3                                          \
    }
#else
#define TILE_FUNCTIONS(rows) TILE_FUNCTION(rows, 1) TILE_FUNCTION(rows, 2)
#define TILE_ENTRY(rows)                                                                           \
    {                                                                                              \
        tile_##rows##x1, tile_##rows##x2                                                           \
    }
#endif

TILE_FUNCTIONS(1)
TILE_FUNCTIONS(2)
TILE_FUNCTIONS(3)
TILE_FUNCTIONS(4)
TILE_FUNCTIONS(5)
TILE_FUNCTIONS(6)
#if TILE_ROWS == 8
TILE_FUNCTIONS(7)
TILE_FUNCTIONS(8)
#endif

static void (*const tiles[TILE_ROWS][TILE_VECS])(const ByteTile *) = {
    TILE_ENTRY(1), TILE_ENTRY(2), TILE_ENTRY(3), TILE_ENTRY(4), TILE_ENTRY(5), TILE_ENTRY(6),
#if TILE_ROWS == 8
    TILE_ENTRY(7), TILE_ENTRY(8),
#endif
};

static void simd_linear(const ByteLinearCall *call)
{
    size_t width_out = call->matrix->width_out;
    for (size_t column = 0; column < width_out; column += TILE_VECS * LANES) {
        size_t columns = MIN((size_t)TILE_VECS * LANES, width_out - column);
        for (size_t row = 0; row < call->rows; row += TILE_ROWS) {
            size_t rows = MIN((size_t)TILE_ROWS, call->rows - row);
            tiles[rows - 1][columns / LANES - 1](&(ByteTile){ call, row, column });
            if (call->activation == ACTIVATION_GELU)
                gelu_tile(call->out + row * width_out + column, width_out, rows, columns);
        }
    }
}

#ifdef HAS_BYTE_ATTENTION
#include "encode/attention_simd.h"
#else
#define simd_attention NULL
#endif

const ByteKernels BYTES = { .name = BYTES_NAME,
                            .linear = simd_linear,
                            .attention = simd_attention };
