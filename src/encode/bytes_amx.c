/* bytes_amx.c - products of bytes on the tile unit of Sapphire Rapids and later (Intel 64 manual,
 * volume 1, chapter 18). Attention on it is in attention_amx.c.
 *
 * A tile register holds 16 rows of 64 bytes. TDPBUSD adds the products of 16 rows of 64 inputs
 * with 64 inputs of 16 columns to 16 x 16 sums in 16 cycles. A block is 16 rows by four panels:
 * tiles 0 to 3 hold its sums, 4 the rows, 5 to 7 the weights. The unit's registers are set up by
 * every call and given back at its end, so that nothing stays behind in a thread. */
#include "encode/bytes.h"

#pragma GCC target("avx512f,avx512dq,avx512bw,amx-tile,amx-int8,fma")

#include "encode/simd_avx512.h"

#include "encode/bytes_finish.h"

#include "encode/tiles_amx.h"

#define PANELS 4

/* --- Linear layers ---------------------------------------------------------------------- */

/* Sums of a block as the tile unit stores them; they are finished while the next block is
 * multiplied. */
typedef struct Block {
    _Alignas(64) int32_t sums[PANELS][BYTE_ROWS][BYTE_COLUMNS];
    size_t row, rows, column, panels; /* rows 0: none */
} Block;

/* Finish rows `from` to `to` of the block. */
static ALWAYS_INLINE void finish_rows(const ByteLinearCall *call, const Block *block, size_t from,
                                      size_t to, bool gelu)
{
    const ByteMatrix *matrix = call->matrix;
    for (size_t r = from; r < MIN(to, block->rows); r++) {
        size_t row = block->row + r;
        Vec scale = v_all(call->in.scales[row]), zero = v_all(call->in.zeros[row]);
        float *out = call->out + row * matrix->width_out + block->column;
        for (size_t p = 0; p < block->panels; p++) {
            Vec value = finished(matrix, block->column + p * BYTE_COLUMNS, scale, zero,
                                 v_load_ints(block->sums[p][r]));
            v_store(out + p * BYTE_COLUMNS, gelu ? v_coarse_gelu(value) : value);
        }
    }
}

static ALWAYS_INLINE void multiply_four(const uint8_t *in, size_t in_step, const int8_t *weights,
                                        size_t panel)
{
    _tile_loadd(4, in, in_step);
    _tile_loadd(5, weights, TILE_STEP);
    _tile_dpbusd(0, 4, 5);
    _tile_loadd(6, weights + panel, TILE_STEP);
    _tile_dpbusd(1, 4, 6);
    _tile_loadd(7, weights + 2 * panel, TILE_STEP);
    _tile_dpbusd(2, 4, 7);
    _tile_loadd(5, weights + 3 * panel, TILE_STEP);
    _tile_dpbusd(3, 4, 5);
}

/* The weights that come next in memory, into the second cache. */
static ALWAYS_INLINE void prefetch_four(const int8_t *weights, size_t panel)
{
    for (size_t p = 0; p < PANELS; p++)
        for (size_t i = 0; i < BYTE_DEPTH * BYTE_COLUMNS; i += 64)
            __builtin_prefetch(weights + (PANELS + p) * panel + i, 0, 2);
}

static ALWAYS_INLINE void multiply_block(const ByteLinearCall *call, const Block *before,
                                         Block *block, bool gelu)
{
    size_t depth = byte_depth(call->matrix->width_in), panel = depth * BYTE_COLUMNS;
    const uint8_t *in = call->in.bytes + block->row * call->in.step;
    const int8_t *weights = call->matrix->weights + block->column * depth;
    size_t steps = depth / BYTE_DEPTH, each = (BYTE_ROWS + steps - 1) / steps;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (size_t k = 0; k < steps; k++) {
        const int8_t *at = weights + k * BYTE_DEPTH * BYTE_COLUMNS;
        multiply_four(in + k * BYTE_DEPTH, call->in.step, at, panel);
        if (!block->row)
            prefetch_four(at, panel);
        finish_rows(call, before, k * each, (k + 1) * each, gelu);
    }
    _tile_stored(0, block->sums[0], TILE_STEP);
    _tile_stored(1, block->sums[1], TILE_STEP);
    _tile_stored(2, block->sums[2], TILE_STEP);
    _tile_stored(3, block->sums[3], TILE_STEP);
}

/* Up to three panels at the right edge, one by one. */
static void multiply_edge(const ByteLinearCall *call, Block *block)
{
    size_t depth = byte_depth(call->matrix->width_in);
    const uint8_t *in = call->in.bytes + block->row * call->in.step;
    for (size_t p = 0; p < block->panels; p++) {
        const int8_t *weights = call->matrix->weights + (block->column + p * BYTE_COLUMNS) * depth;
        _tile_zero(0);
        for (size_t k = 0; k < depth; k += BYTE_DEPTH) {
            _tile_loadd(4, in + k, call->in.step);
            _tile_loadd(5, weights + k * BYTE_COLUMNS, TILE_STEP);
            _tile_dpbusd(0, 4, 5);
        }
        _tile_stored(0, block->sums[p], TILE_STEP);
    }
}

static ALWAYS_INLINE void multiply(const ByteLinearCall *call, bool gelu)
{
    Block blocks[2];
    size_t width_out = call->matrix->width_out, now = 0;
    blocks[1].rows = 0;
    for (size_t column = 0; column < width_out; column += PANELS * BYTE_COLUMNS) {
        size_t panels = MIN((size_t)PANELS, (width_out - column) / BYTE_COLUMNS);
        for (size_t row = 0; row < call->rows; row += BYTE_ROWS, now = !now) {
            Block *block = &blocks[now], *before = &blocks[!now];
            block->row = row;
            block->rows = MIN((size_t)BYTE_ROWS, call->rows - row);
            block->column = column;
            block->panels = panels;
            if (panels == PANELS) {
                multiply_block(call, before, block, gelu);
            } else {
                finish_rows(call, before, 0, BYTE_ROWS, gelu);
                multiply_edge(call, block);
            }
        }
    }
    finish_rows(call, &blocks[!now], 0, BYTE_ROWS, gelu);
}

static __attribute__((noinline)) NO_SANITIZER void multiply_plain(const ByteLinearCall *call)
{
    multiply(call, false);
}

static __attribute__((noinline)) NO_SANITIZER void multiply_gelu(const ByteLinearCall *call)
{
    multiply(call, true);
}

static void amx_linear(const ByteLinearCall *call)
{
    check_linear(call);
    memory_barrier();
    tiles_begin();
    if (call->activation == ACTIVATION_GELU)
        multiply_gelu(call);
    else
        multiply_plain(call);
    tiles_end();
}

const ByteKernels bytes_amx = {
    .name = "AMX int8",
    .linear = amx_linear,
    .attention = amx_attention,
};
