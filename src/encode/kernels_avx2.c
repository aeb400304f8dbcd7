/* kernels_avx2.c - the kernels for processors with AVX2 and FMA; see kernels_simd.h. */
#include <immintrin.h>
#include <math.h>

#include "encode/kernels.h"

#pragma GCC target("avx2,fma")

#define KERNELS kernels_avx2
#define KERNELS_NAME "AVX2"
#define LANES 8
#define TILE_ROWS 4
#define TILE_VECS 3

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

#include "encode/kernels_simd.h"
