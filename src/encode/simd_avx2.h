/* simd_avx2.h - the vector operations of kernels_simd.h and bytes_simd.h in AVX2 with FMA. Not a
 * header for anyone else; whoever includes it has chosen the instructions. */
#pragma once

#include <immintrin.h>
#include <math.h>

#include "base/base.h"

#define LANES 8
typedef __m256 Vec;
#define v_load(p) _mm256_loadu_ps(p)
#define v_store(p, v) _mm256_storeu_ps((p), (v))
#define v_all(x) _mm256_set1_ps(x)
#define v_add(a, b) _mm256_add_ps((a), (b))
#define v_sub(a, b) _mm256_sub_ps((a), (b))
#define v_mul(a, b) _mm256_mul_ps((a), (b))
#define v_div(a, b) _mm256_div_ps((a), (b))
#define v_fma(a, b, c) _mm256_fmadd_ps((a), (b), (c))
#define v_max(a, b) _mm256_max_ps((a), (b))
#define v_min(a, b) _mm256_min_ps((a), (b))
#define v_abs(v) _mm256_andnot_ps(_mm256_set1_ps(-0.0f), (v))
#define v_round(v) _mm256_round_ps((v), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)

/* The exponent is bits 23-30 of a float; n is whole and the result stays a normal number. */
static inline Vec v_times_power_of_two(Vec v, Vec n)
{
    __m256i shift = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(v), shift));
}

static inline float v_sum(Vec v)
{
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

static inline float v_largest(Vec v)
{
    __m128 half = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    half = _mm_max_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_max_ss(half, _mm_shuffle_ps(half, half, 1)));
}

typedef __m256i IntVec;
#define v_no_ints() _mm256_setzero_si256()
#define v_all_ints(x) _mm256_set1_epi32(x)
#define v_load_ints(p) _mm256_loadu_si256((const __m256i *)(p))
#define v_round_to_int(v) _mm256_cvtps_epi32(v)
#define v_from_int(v) _mm256_cvtepi32_ps(v)

/* The low bytes of numbers from 0 to 255. */
static inline void v_store_bytes(uint8_t *out, IntVec v)
{
    __m128i words = _mm_packus_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    _mm_storel_epi64((__m128i *)out, _mm_packus_epi16(words, words));
}

#define v_least(v) (-v_largest(v_sub(v_all(0), (v))))

/* The low bytes of numbers from -128 to 127. */
static inline void v_store_signed_bytes(int8_t *out, IntVec v)
{
    __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    _mm_storel_epi64((__m128i *)out, _mm_packs_epi16(words, words));
}

#define v_store_ints(p, v) _mm256_storeu_si256((__m256i *)(p), (v))
#define v_sub_ints(a, b) _mm256_sub_epi32((a), (b))

/* As in simd_avx512.h. */
static inline IntVec v_join_bytes(const IntVec four[4])
{
    const IntVec low = _mm256_set1_epi32(0xff);
    IntVec first = _mm256_and_si256(four[0], low);
    IntVec second = _mm256_slli_epi32(_mm256_and_si256(four[1], low), 8);
    IntVec third = _mm256_slli_epi32(_mm256_and_si256(four[2], low), 16);
    IntVec fourth = _mm256_slli_epi32(four[3], 24);
    return _mm256_or_si256(_mm256_or_si256(first, second), _mm256_or_si256(third, fourth));
}

/* As in simd_avx512.h. */
static inline Vec v_coarse_exp2(Vec x)
{
    x = v_max(x, v_all(-125));
    Vec whole = _mm256_floor_ps(x), rest = v_sub(x, whole);
    Vec p = v_fma(v_all(0.0780245223f), rest, v_all(0.2260671581f));
    p = v_fma(p, rest, v_all(0.6958335384f));
    return v_times_power_of_two(v_fma(p, rest, v_all(0.9999252189f)), whole);
}
