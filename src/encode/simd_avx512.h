/* simd_avx512.h - the vector operations of kernels_simd.h and bytes_simd.h in AVX-512. Not a
 * header for anyone else; whoever includes it has chosen the instructions. */
#pragma once

#include <immintrin.h>
#include <math.h>

#include "base/base.h"

#define LANES 16
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
#define v_min(a, b) _mm512_min_ps((a), (b))
#define v_abs(v) _mm512_abs_ps(v)
#define v_round(v) _mm512_roundscale_ps((v), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define v_times_power_of_two(v, n) _mm512_scalef_ps((v), (n))
#define v_sum(v) _mm512_reduce_add_ps(v)
#define v_largest(v) _mm512_reduce_max_ps(v)

typedef __m512i IntVec;
#define v_no_ints() _mm512_setzero_si512()
#define v_all_ints(x) _mm512_set1_epi32(x)
#define v_load_ints(p) _mm512_loadu_si512(p)
#define v_round_to_int(v) _mm512_cvtps_epi32(v)
#define v_from_int(v) _mm512_cvtepi32_ps(v)
/* The low bytes of numbers from 0 to 255. */
#define v_store_bytes(out, v) _mm_storeu_si128((__m128i *)(out), _mm512_cvtusepi32_epi8(v))
#define v_least(v) _mm512_reduce_min_ps(v)
