/* kernels_avx2.c - the kernels for processors with AVX2 and FMA; see kernels_simd.h. */
#include "encode/kernels.h"

#pragma GCC target("avx2,fma")

#define KERNELS kernels_avx2
#define KERNELS_NAME "AVX2 fp32"
#define TILE_ROWS 4
#define TILE_VECS 3

#include "encode/simd_avx2.h"

#include "encode/kernels_simd.h"
