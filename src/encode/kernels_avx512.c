/* kernels_avx512.c - the kernels for processors with AVX-512; see kernels_simd.h. */
#include "encode/kernels.h"

#pragma GCC target("avx512f,avx512dq,fma")

#define KERNELS kernels_avx512
#define KERNELS_NAME "AVX-512 fp32"
#define TILE_ROWS 8
#define TILE_VECS 3

#include "encode/simd_avx512.h"

#include "encode/kernels_simd.h"
