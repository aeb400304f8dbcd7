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
#define v_store_signed_bytes(out, v) _mm_storeu_si128((__m128i *)(out), _mm512_cvtsepi32_epi8(v))
#define v_store_ints(p, v) _mm512_storeu_si512((p), (v))
#define v_sub_ints(a, b) _mm512_sub_epi32((a), (b))

/* The low bytes of four numbers beside each other, the first lowest. */
static inline IntVec v_join_bytes(const IntVec four[4])
{
    const IntVec low = _mm512_set1_epi32(0xff);
    IntVec first = _mm512_and_si512(four[0], low);
    IntVec second = _mm512_slli_epi32(_mm512_and_si512(four[1], low), 8);
    IntVec third = _mm512_slli_epi32(_mm512_and_si512(four[2], low), 16);
    IntVec fourth = _mm512_slli_epi32(four[3], 24);
    return _mm512_or_si512(_mm512_or_si512(first, second), _mm512_or_si512(third, fourth));
}

/* 2^x for x <= 8, relative error under 8e-5: a polynomial for the part of x behind its whole
 * number, fitted by reweighted least squares. */
static inline Vec v_coarse_exp2(Vec x)
{
    Vec rest = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
    Vec p = v_fma(v_all(0.0780245223f), rest, v_all(0.2260671581f));
    p = v_fma(p, rest, v_all(0.6958335384f));
    return _mm512_scalef_ps(v_fma(p, rest, v_all(0.9999252189f)), x); /* takes the whole part */
}
