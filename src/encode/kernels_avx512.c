/* kernels_avx512.c - the kernels for processors with AVX-512; see kernels_simd.h. */
#include <immintrin.h>
#include <math.h>

#include "encode/kernels.h"

#pragma GCC target("avx512f,fma")

#define KERNELS kernels_avx512
#define KERNELS_NAME "AVX-512"
#define LANES 16
#define TILE_ROWS 8
#define TILE_VECS 3

typedef __m512 Vec;
#define v_load(p) _mm512_loadu_ps(p)
#define v_store(p, v) _mm512_storeu_ps((p), (v))
#define v_all(x) _mm512_set1_ps(x)
#define v_add(a, b) _mm512_add_ps((a), (b))
#define v_sub(a, b) _mm512_sub_ps((a), (b))
#define v_mul(a, b) _mm512_mul_ps((a), (b))
#define v_div(a, b) _mm512_div_ps((a), (b))
#define v_fma(a, b, c) _mm512_fmadd_ps((a), (b), (c))
#define v_max(a, b) _mm512_max_ps((a), (b))
#define v_abs(v) _mm512_abs_ps(v)
#define v_round(v) _mm512_roundscale_ps((v), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define v_times_power_of_two(v, n) _mm512_scalef_ps((v), (n))
#define v_sum(v) _mm512_reduce_add_ps(v)
#define v_largest(v) _mm512_reduce_max_ps(v)

#include "encode/kernels_simd.h"
