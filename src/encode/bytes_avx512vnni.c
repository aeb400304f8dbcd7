/* bytes_avx512vnni.c - products of bytes for processors with AVX-512 VNNI (Cascade Lake, Zen 4 and
 * later); see bytes_simd.h. */
#include "encode/bytes.h"

#pragma GCC target("avx512f,avx512bw,avx512vnni,fma")

#define BYTES bytes_avx512vnni
#define BYTES_NAME "AVX-512 VNNI int8"
#define TILE_ROWS 8
#define TILE_VECS 3

#include "encode/simd_avx512.h"

#define b_dot(sum, bytes, weights) _mm512_dpbusd_epi32((sum), (bytes), (weights))

#include "encode/bytes_simd.h"
