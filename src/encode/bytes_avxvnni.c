/* bytes_avxvnni.c - products of bytes for processors with AVX-VNNI (Alder Lake, Zen 5 ...); see
 * bytes_simd.h. */
#include "encode/bytes.h"

#pragma GCC target("avx2,fma,avxvnni")

#define BYTES bytes_avxvnni
#define BYTES_NAME "AVX-VNNI int8"
#define TILE_ROWS 6
#define TILE_VECS 2

#include "encode/simd_avx2.h"

#define b_dot(sum, bytes, weights) _mm256_dpbusd_avx_epi32((sum), (bytes), (weights))

#include "encode/bytes_simd.h"
