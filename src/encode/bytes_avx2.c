/* bytes_avx2.c - products of bytes for processors with AVX2 and no VNNI.
 *
 * vpmaddubsw would cut sums off at 16 bits, so bytes are widened to 16 bits first and multiplied
 * in pairs (vpmaddwd), which is exact: the same sums as everywhere. A tile is
 * TILE_ROWS rows by 8 columns, with two sums a column: of inputs 0 and 1, and 2 and 3, of each
 * four. Rows are widened once for all columns. */
#include "encode/bytes.h"

#pragma GCC target("avx2,fma")

#define TILE_ROWS 6

#include "encode/simd_avx2.h"

#include "encode/bytes_finish.h"

typedef struct WideTile {
    const ByteLinearCall *call;
    const int16_t *in; /* [TILE_ROWS][depth] */
    size_t depth, row, column;
} WideTile;

/* Two sums for each of columns 0-3 and of 4-7 become one for each. */
static ALWAYS_INLINE IntVec joined(IntVec low, IntVec high)
{
    return _mm256_permute4x64_epi64(_mm256_hadd_epi32(low, high), 0xd8);
}

static ALWAYS_INLINE void tile(size_t rows, const WideTile *t)
{
    const int8_t *weights = t->call->matrix->weights +
                            t->column / BYTE_COLUMNS * BYTE_COLUMNS * t->depth +
                            t->column % BYTE_COLUMNS * 4;
    IntVec low[TILE_ROWS], high[TILE_ROWS];
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++)
        low[r] = high[r] = v_no_ints();
    for (size_t k = 0; k < t->depth; k += 4) {
        const __m128i *at = (const __m128i *)(weights + k * BYTE_COLUMNS);
        IntVec first = _mm256_cvtepi8_epi16(_mm_loadu_si128(at));
        IntVec second = _mm256_cvtepi8_epi16(_mm_loadu_si128(at + 1));
#pragma GCC unroll 8
        for (size_t r = 0; r < rows; r++) {
            int64_t four;
            memcpy(&four, t->in + r * t->depth + k, sizeof four);
            IntVec input = _mm256_set1_epi64x(four);
            low[r] = _mm256_add_epi32(low[r], _mm256_madd_epi16(input, first));
            high[r] = _mm256_add_epi32(high[r], _mm256_madd_epi16(input, second));
            /* Else gcc reads every row first and has to keep the sums in memory. */
            __asm__ volatile("" : "+x"(low[r]), "+x"(high[r]));
        }
    }
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++)
        finish(t->call, t->row + r, t->column, joined(low[r], high[r]));
}

/* One function for each number of rows, so that it is a constant inside. */
#define TILE_FUNCTION(rows)                                                                        \
    static __attribute__((noinline)) NO_SANITIZER void tile_##rows(const WideTile *t)              \
    {                                                                                              \
        check_linear(t->call);                                                                     \
        tile(rows, t);                                                                             \
    }
TILE_FUNCTION(1)
TILE_FUNCTION(2)
TILE_FUNCTION(3)
TILE_FUNCTION(4)
TILE_FUNCTION(5)
TILE_FUNCTION(6)

static void (*const tiles[TILE_ROWS])(const WideTile *) = { tile_1, tile_2, tile_3,
                                                            tile_4, tile_5, tile_6 };

static void widen(const ByteLinearCall *call, size_t row, size_t rows, size_t depth, int16_t *out)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t k = 0; k < depth; k += BYTE_COLUMNS) {
            const uint8_t *in = call->in.bytes + (row + r) * call->in.step + k;
            IntVec wide = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)in));
            _mm256_storeu_si256((__m256i *)(out + r * depth + k), wide);
        }
}

static void avx2_linear(const ByteLinearCall *call)
{
    static _Thread_local int16_t wide[TILE_ROWS * BYTE_DEPTH_MAX];
    size_t width_out = call->matrix->width_out, depth = byte_depth(call->matrix->width_in);
    for (size_t row = 0; row < call->rows; row += TILE_ROWS) {
        size_t rows = MIN((size_t)TILE_ROWS, call->rows - row);
        widen(call, row, rows, depth, wide);
        for (size_t column = 0; column < width_out; column += LANES)
            tiles[rows - 1](&(WideTile){ call, wide, depth, row, column });
    }
    if (call->activation == ACTIVATION_GELU)
        gelu_tile(call->out, width_out, call->rows, width_out);
}

const ByteKernels bytes_avx2 = { .name = "AVX2 int8", .linear = avx2_linear };
