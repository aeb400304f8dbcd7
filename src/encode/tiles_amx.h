/* tiles_amx.h - setting up the tile unit, for bytes_amx.c and attention_amx.c. Not a header for
 * anyone else; whoever includes it has chosen the instructions. */
#pragma once

#include <immintrin.h>

#include "encode/bytes.h"

#define TILE_STEP 64 /* bytes of a tile's row */
/* GCC's tile operations do not say that they read memory. */
#define memory_barrier() __asm__ volatile("" ::: "memory")

typedef struct TileConfig {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} TileConfig;

static inline void tiles_begin(void)
{
    TileConfig config = { .palette = 1 };
    for (int i = 0; i < 8; i++) {
        config.row_bytes[i] = TILE_STEP;
        config.rows[i] = BYTE_ROWS;
    }
    _tile_loadconfig(&config);
}

static inline void tiles_end(void) { _tile_release(); }

/* Attention in bfloat16; head sizes are multiples of BYTE_ATTENTION_HEAD. */
void amx_attention(const AttentionCall *call);
