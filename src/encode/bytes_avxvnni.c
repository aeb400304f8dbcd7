/* bytes_avxvnni.c - products of bytes for processors with AVX-VNNI (Alder Lake, Zen 5 ...); see
 * bytes_simd.h. */
#include "encode/bytes.h"

#pragma GCC target("avx2,fma,avxvnni")

#define BYTES bytes_avxvnni
#define BYTES_NAME "AVX-VNNI int8"
#define TILE_ROWS 6
#define TILE_VECS 2

#include "encode/simd_avx2.h"

/* As in bytes_avx512vnni.c. */
static inline IntVec b_dot(IntVec sum, IntVec bytes, IntVec weights)
{
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum) : "x"(bytes), "x"(weights));
    return sum;
}

#define HAS_BYTE_ATTENTION
#include "encode/bytes_simd.h"
