/* lzx.h - LZX decompression (Microsoft's [MS-PATCH] and the CHM form of it), in frames of 32 KB. */
#pragma once

#include "base/base.h"

#define LZX_FRAME 0x8000u

typedef struct LzxSource {
    Str packed;
    unsigned window_bits; /* 15-21 */
    size_t reset_frames;  /* after so many frames everything begins anew */
    Str resets;           /* of each frame: where it begins in `packed`, 8 bytes, little endian */
} LzxSource;

/* At most `size` bytes; fewer when the rest is broken. `size` must be bounded by the caller. */
Str lzx_unpack(Arena *arena, const LzxSource *source, size_t size);
