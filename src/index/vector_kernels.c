/* vector_kernels.c - see vector_kernels.h. */
#include "index/vector_kernels.h"

#include <immintrin.h>

static bool always(void) { return true; }

static void distances_plain(const uint64_t *signs, size_t groups, size_t words,
                            const uint64_t *query, uint16_t *distances)
{
    for (size_t g = 0; g < groups; g++, signs += 8 * words)
        for (size_t lane = 0; lane < 8; lane++) {
            unsigned bits = 0;
            for (size_t w = 0; w < words; w++)
                bits += (unsigned)__builtin_popcountll(signs[w * 8 + lane] ^ query[w]);
            distances[g * 8 + lane] = (uint16_t)bits;
        }
}

static float inner_plain(const float *query, const int8_t *values, size_t dims)
{
    float sum = 0;
    for (size_t i = 0; i < dims; i++)
        sum += query[i] * (float)values[i];
    return sum;
}

#define AVX2 __attribute__((target("avx2,fma,popcnt")))

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("popcnt");
}

/* Bits in each 64-bit lane: a table of nibbles (Mula's method). */
AVX2 static __m256i count_bits(__m256i x)
{
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
                                           2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    __m256i bytes =
        _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(x, low)),
                        _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), low)));
    return _mm256_sad_epu8(bytes, _mm256_setzero_si256());
}

AVX2 static void distances_avx2(const uint64_t *signs, size_t groups, size_t words,
                                const uint64_t *query, uint16_t *distances)
{
    for (size_t g = 0; g < groups; g++, signs += 8 * words) {
        __m256i left = _mm256_setzero_si256(), right = left;
        for (size_t w = 0; w < words; w++) {
            __m256i q = _mm256_set1_epi64x((long long)query[w]);
            const __m256i *at = (const void *)(signs + w * 8);
            left = _mm256_add_epi64(left, count_bits(_mm256_xor_si256(_mm256_loadu_si256(at), q)));
            right = _mm256_add_epi64(right,
                                     count_bits(_mm256_xor_si256(_mm256_loadu_si256(at + 1), q)));
        }
        uint64_t sums[8];
        _mm256_storeu_si256((void *)sums, left);
        _mm256_storeu_si256((void *)(sums + 4), right);
        for (size_t lane = 0; lane < 8; lane++)
            distances[g * 8 + lane] = (uint16_t)sums[lane];
    }
}

AVX2 static float inner_avx2(const float *query, const int8_t *values, size_t dims)
{
    __m256 sums[2] = { _mm256_setzero_ps(), _mm256_setzero_ps() };
    size_t i = 0;
    for (; i + 16 <= dims; i += 16)
        for (size_t half = 0; half < 2; half++) {
            __m128i bytes = _mm_loadl_epi64((const void *)(values + i + half * 8));
            __m256 floats = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes));
            sums[half] = _mm256_fmadd_ps(_mm256_loadu_ps(query + i + half * 8), floats, sums[half]);
        }
    float parts[8], sum = 0;
    _mm256_storeu_ps(parts, _mm256_add_ps(sums[0], sums[1]));
    for (size_t lane = 0; lane < 8; lane++)
        sum += parts[lane];
    return sum + inner_plain(query + i, values + i, dims - i);
}

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512vpopcntdq,avx2,fma")))

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vpopcntdq");
}

AVX512 static void distances_avx512(const uint64_t *signs, size_t groups, size_t words,
                                    const uint64_t *query, uint16_t *distances)
{
    for (size_t g = 0; g < groups; g++, signs += 8 * words) {
        __m512i sum = _mm512_setzero_si512();
        for (size_t w = 0; w < words; w++) {
            __m512i q = _mm512_set1_epi64((long long)query[w]);
            __m512i bits = _mm512_xor_si512(_mm512_loadu_si512(signs + w * 8), q);
            sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(bits));
        }
        _mm_storeu_si128((void *)(distances + g * 8), _mm512_cvtepi64_epi16(sum));
    }
}

AVX512 static float inner_avx512(const float *query, const int8_t *values, size_t dims)
{
    __m512 sum = _mm512_setzero_ps();
    size_t i = 0;
    for (; i + 16 <= dims; i += 16) {
        __m512 floats =
            _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const void *)(values + i))));
        sum = _mm512_fmadd_ps(_mm512_loadu_ps(query + i), floats, sum);
    }
    return _mm512_reduce_add_ps(sum) + inner_plain(query + i, values + i, dims - i);
}

static const VectorKernels plain = { "C", always, distances_plain, inner_plain };
static const VectorKernels avx2 = { "AVX2", has_avx2, distances_avx2, inner_avx2 };
static const VectorKernels avx512 = { "AVX-512", has_avx512, distances_avx512, inner_avx512 };

const VectorKernels *const vector_kernels_all[] = { &avx512, &avx2, &plain, NULL };

const VectorKernels *vector_kernels(void)
{
    static const VectorKernels *best;
    const VectorKernels *chosen = __atomic_load_n(&best, __ATOMIC_RELAXED);
    for (size_t i = 0; !chosen; i++)
        if (vector_kernels_all[i]->is_supported())
            __atomic_store_n(&best, chosen = vector_kernels_all[i], __ATOMIC_RELAXED);
    return chosen;
}
