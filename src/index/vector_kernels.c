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

static size_t select_plain(const uint16_t *distances, size_t count, uint16_t limit, uint16_t *near)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (distances[i] < limit)
            near[found++] = (uint16_t)i;
    return found;
}

static size_t count_plain(const uint16_t *distances, size_t count, uint16_t limit)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += distances[i] < limit;
    return found;
}

static int32_t sum_signed_plain(const int8_t *query, const uint64_t *signs, size_t words)
{
    int32_t sum = 0;
    for (size_t w = 0; w < words; w++)
        for (uint64_t bits = signs[w * 8]; bits; bits &= bits - 1)
            sum += query[w * 64 + (size_t)__builtin_ctzll(bits)];
    return sum;
}

static void inner_rows_plain(const int8_t *query, const uint8_t *values, size_t rows, size_t words,
                             int32_t *inners)
{
    for (size_t r = 0; r < rows; r++, values += words * 64) {
        inners[r] = 0;
        for (size_t i = 0; i < words * 64; i++)
            inners[r] += query[i] * values[i];
    }
}

static int32_t inner_plain(const int16_t *query, const int8_t *values, size_t dims)
{
    int32_t sum = 0;
    for (size_t i = 0; i < dims; i++)
        sum += query[i] * values[i];
    return sum;
}

static float inner_half_plain(const float *query, const uint16_t *halves, size_t dims)
{
    float sum = 0;
    for (size_t i = 0; i < dims; i++) {
        _Float16 half;
        memcpy(&half, halves + i, sizeof(half));
        sum += query[i] * (float)half;
    }
    return sum;
}

/* The set bits of `mask` as places from `first`. */
static inline size_t add_places(uint64_t mask, size_t first, uint16_t *near)
{
    size_t found = 0;
    for (; mask; mask &= mask - 1)
        near[found++] = (uint16_t)(first + (size_t)__builtin_ctzll(mask));
    return found;
}

#define AVX2 __attribute__((target("avx2,fma,f16c,popcnt")))

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
           __builtin_cpu_supports("f16c") && __builtin_cpu_supports("popcnt");
}

/* Bits in each byte: a table of nibbles (Mula's method). */
AVX2 static __m256i count_bits(__m256i x)
{
    const __m256i table = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4, 0, 1, 1,
                                           2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
    const __m256i low = _mm256_set1_epi8(15);
    return _mm256_add_epi8(
        _mm256_shuffle_epi8(table, _mm256_and_si256(x, low)),
        _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(x, 4), low)));
}

/* Bytes hold the counts of 31 words. */
#define WORDS_IN_BYTES 31

AVX2 static void distances_avx2(const uint64_t *signs, size_t groups, size_t words,
                                const uint64_t *query, uint16_t *distances)
{
    const __m256i zero = _mm256_setzero_si256();
    for (size_t g = 0; g < groups; g++, signs += 8 * words) {
        __m256i left = zero, right = zero;
        for (size_t from = 0; from < words; from += WORDS_IN_BYTES) {
            __m256i left_bytes = zero, right_bytes = zero;
            for (size_t w = from; w < words && w < from + WORDS_IN_BYTES; w++) {
                __m256i q = _mm256_set1_epi64x((long long)query[w]);
                const __m256i *at = (const void *)(signs + w * 8);
                __m256i bits = _mm256_xor_si256(_mm256_loadu_si256(at), q);
                left_bytes = _mm256_add_epi8(left_bytes, count_bits(bits));
                bits = _mm256_xor_si256(_mm256_loadu_si256(at + 1), q);
                right_bytes = _mm256_add_epi8(right_bytes, count_bits(bits));
            }
            left = _mm256_add_epi64(left, _mm256_sad_epu8(left_bytes, zero));
            right = _mm256_add_epi64(right, _mm256_sad_epu8(right_bytes, zero));
        }
        uint64_t sums[8];
        _mm256_storeu_si256((void *)sums, left);
        _mm256_storeu_si256((void *)(sums + 4), right);
        for (size_t lane = 0; lane < 8; lane++)
            distances[g * 8 + lane] = (uint16_t)sums[lane];
    }
}

/* Distances are at most 4096 and limits 4097: signed comparison does. */
AVX2 static size_t select_avx2(const uint16_t *distances, size_t count, uint16_t limit,
                               uint16_t *near)
{
    const __m256i limits = _mm256_set1_epi16((short)limit);
    size_t found = 0, i = 0;
    for (; i + 32 <= count; i += 32) {
        __m256i a = _mm256_loadu_si256((const void *)(distances + i));
        __m256i b = _mm256_loadu_si256((const void *)(distances + i + 16));
        __m256i less =
            _mm256_packs_epi16(_mm256_cmpgt_epi16(limits, a), _mm256_cmpgt_epi16(limits, b));
        uint32_t mask = (uint32_t)_mm256_movemask_epi8(_mm256_permute4x64_epi64(less, 0xD8));
        if (mask)
            found += add_places(mask, i, near + found);
    }
    for (; i < count; i++)
        if (distances[i] < limit)
            near[found++] = (uint16_t)i;
    return found;
}

AVX2 static size_t count_avx2(const uint16_t *distances, size_t count, uint16_t limit)
{
    const __m256i limits = _mm256_set1_epi16((short)limit);
    size_t found = 0, i = 0;
    for (; i + 32 <= count; i += 32) {
        __m256i a = _mm256_loadu_si256((const void *)(distances + i));
        __m256i b = _mm256_loadu_si256((const void *)(distances + i + 16));
        __m256i less =
            _mm256_packs_epi16(_mm256_cmpgt_epi16(limits, a), _mm256_cmpgt_epi16(limits, b));
        found += (size_t)__builtin_popcount((unsigned)_mm256_movemask_epi8(less));
    }
    return found + count_plain(distances + i, count - i, limit);
}

AVX2 static int32_t sum_of(__m256i eight)
{
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1));
    return _mm_cvtsi128_si32(four);
}

/* Sums of 16 bits hold 2 * 127 of each of 64 words. */
AVX2 static int32_t sum_signed_avx2(const int8_t *query, const uint64_t *signs, size_t words)
{
    const __m256i byte_of_bit =
        _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
    const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201);
    const __m256i ones = _mm256_set1_epi8(1);
    __m256i sums = _mm256_setzero_si256();
    for (size_t w = 0; w < words; w++)
        for (size_t half = 0; half < 2; half++) {
            __m256i bits = _mm256_set1_epi32((int)(signs[w * 8] >> (half * 32)));
            bits = _mm256_and_si256(_mm256_shuffle_epi8(bits, byte_of_bit), bit);
            __m256i q = _mm256_loadu_si256((const void *)(query + w * 64 + half * 32));
            q = _mm256_and_si256(_mm256_cmpeq_epi8(bits, bit), q);
            sums = _mm256_add_epi16(sums, _mm256_maddubs_epi16(ones, q));
        }
    return sum_of(_mm256_madd_epi16(sums, _mm256_set1_epi16(1)));
}

/* The sums of four. */
AVX2 static __m128i sums_of(const __m256i sums[static 4])
{
    __m256i all =
        _mm256_hadd_epi32(_mm256_hadd_epi32(sums[0], sums[1]), _mm256_hadd_epi32(sums[2], sums[3]));
    return _mm_add_epi32(_mm256_castsi256_si128(all), _mm256_extracti128_si256(all, 1));
}

AVX2 static void inner_rows_avx2(const int8_t *query, const uint8_t *values, size_t rows,
                                 size_t words, int32_t *inners)
{
    const __m256i ones = _mm256_set1_epi16(1);
    size_t length = words * 64;
    for (size_t r = 0; r < rows; r += 4, values += 4 * length) {
        __m256i sums[4] = { _mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                            _mm256_setzero_si256() };
        for (size_t at = 0; at < length; at += 32) {
            __m256i q = _mm256_loadu_si256((const void *)(query + at));
#pragma GCC unroll 4
            for (size_t i = 0; i < 4; i++) {
                __m256i v = _mm256_loadu_si256((const void *)(values + i * length + at));
                __m256i pairs = _mm256_madd_epi16(_mm256_maddubs_epi16(v, q), ones);
                sums[i] = _mm256_add_epi32(sums[i], pairs);
            }
        }
        _mm_storeu_si128((void *)(inners + r), sums_of(sums));
    }
}

AVX2 static int32_t inner_avx2(const int16_t *query, const int8_t *values, size_t dims)
{
    __m256i sums[2] = { _mm256_setzero_si256(), _mm256_setzero_si256() };
    size_t i = 0;
    for (; i + 32 <= dims; i += 32)
        for (size_t half = 0; half < 2; half++) {
            size_t at = i + half * 16;
            __m256i v = _mm256_cvtepi8_epi16(_mm_loadu_si128((const void *)(values + at)));
            __m256i q = _mm256_loadu_si256((const void *)(query + at));
            sums[half] = _mm256_add_epi32(sums[half], _mm256_madd_epi16(v, q));
        }
    return sum_of(_mm256_add_epi32(sums[0], sums[1])) +
           inner_plain(query + i, values + i, dims - i);
}

AVX2 static float inner_half_avx2(const float *query, const uint16_t *halves, size_t dims)
{
    __m256 sums = _mm256_setzero_ps();
    size_t i = 0;
    for (; i + 8 <= dims; i += 8) {
        __m256 values = _mm256_cvtph_ps(_mm_loadu_si128((const void *)(halves + i)));
        sums = _mm256_fmadd_ps(_mm256_loadu_ps(query + i), values, sums);
    }
    float parts[8], sum = 0;
    _mm256_storeu_ps(parts, sums);
    for (size_t lane = 0; lane < 8; lane++)
        sum += parts[lane];
    return sum + inner_half_plain(query + i, halves + i, dims - i);
}

#define AVX512                                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512vpopcntdq,avx512vnni,avx2,fma")))

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vpopcntdq") &&
           __builtin_cpu_supports("avx512vnni");
}

/* Of `count` groups, which is at most GROUPS_AT_ONCE and known when this is compiled. */
#define GROUPS_AT_ONCE 4

AVX512 static inline __attribute__((always_inline)) void distances_of_groups(
    const uint64_t *signs, size_t count, size_t words, const uint64_t *query, __m128i *distances)
{
    __m512i sums[GROUPS_AT_ONCE];
#pragma GCC unroll 4
    for (size_t i = 0; i < count; i++)
        sums[i] = _mm512_setzero_si512();
    for (size_t w = 0; w < words; w++) {
        __m512i q = _mm512_set1_epi64((long long)query[w]);
#pragma GCC unroll 4
        for (size_t i = 0; i < count; i++) {
            __m512i bits = _mm512_loadu_si512(signs + (i * words + w) * 8);
            sums[i] = _mm512_add_epi64(sums[i], _mm512_popcnt_epi64(_mm512_xor_si512(bits, q)));
        }
    }
#pragma GCC unroll 4
    for (size_t i = 0; i < count; i++)
        distances[i] = _mm512_cvtepi64_epi16(sums[i]);
}

AVX512 static inline __attribute__((always_inline)) void distances_of_words(
    const uint64_t *signs, size_t groups, size_t words, const uint64_t *query, uint16_t *distances)
{
    size_t g = 0, step = 8 * words;
    __m128i eights[GROUPS_AT_ONCE];
    for (; g + GROUPS_AT_ONCE <= groups; g += GROUPS_AT_ONCE) {
        distances_of_groups(signs + g * step, GROUPS_AT_ONCE, words, query, eights);
#pragma GCC unroll 4
        for (size_t i = 0; i < GROUPS_AT_ONCE; i++)
            _mm_storeu_si128((void *)(distances + (g + i) * 8), eights[i]);
    }
    for (; g < groups; g++) {
        distances_of_groups(signs + g * step, 1, words, query, eights);
        _mm_storeu_si128((void *)(distances + g * 8), eights[0]);
    }
}

/* 6 words are the 384 dimensions of the smaller models: their query stays in registers. */
AVX512 static void distances_avx512(const uint64_t *signs, size_t groups, size_t words,
                                    const uint64_t *query, uint16_t *distances)
{
    if (words == 6)
        distances_of_words(signs, groups, 6, query, distances);
    else
        distances_of_words(signs, groups, words, query, distances);
}

AVX512 static size_t count_avx512(const uint16_t *distances, size_t count, uint16_t limit)
{
    const __m512i limits = _mm512_set1_epi16((short)limit);
    size_t found = 0, i = 0;
    for (; i + 64 <= count; i += 64) {
        uint64_t low = _mm512_cmplt_epu16_mask(_mm512_loadu_si512(distances + i), limits);
        uint64_t high = _mm512_cmplt_epu16_mask(_mm512_loadu_si512(distances + i + 32), limits);
        found += (size_t)__builtin_popcountll(low | high << 32);
    }
    return found + count_plain(distances + i, count - i, limit);
}

AVX512 static size_t select_avx512(const uint16_t *distances, size_t count, uint16_t limit,
                                   uint16_t *near)
{
    const __m512i limits = _mm512_set1_epi16((short)limit);
    size_t found = 0;
    for (size_t i = 0; i < count; i += 64) {
        uint64_t rest = count - i < 64 ? (UINT64_C(1) << (count - i)) - 1 : UINT64_MAX;
        __m512i a = _mm512_maskz_loadu_epi16((__mmask32)rest, distances + i);
        __m512i b = _mm512_maskz_loadu_epi16((__mmask32)(rest >> 32), distances + i + 32);
        uint64_t mask =
            _mm512_cmplt_epu16_mask(a, limits) | (uint64_t)_mm512_cmplt_epu16_mask(b, limits) << 32;
        mask &= rest;
        if (mask)
            found += add_places(mask, i, near + found);
    }
    return found;
}

AVX512 static inline __attribute__((always_inline)) int32_t sum_signed_of_words(
    const int8_t *query, const uint64_t *signs, size_t words)
{
    const __m512i ones = _mm512_set1_epi8(1);
    __m512i sums = _mm512_setzero_si512();
    for (size_t w = 0; w < words; w++) {
        __m512i q = _mm512_maskz_loadu_epi8(signs[w * 8], query + w * 64);
        sums = _mm512_add_epi16(sums, _mm512_maddubs_epi16(ones, q));
    }
    return _mm512_reduce_add_epi32(_mm512_madd_epi16(sums, _mm512_set1_epi16(1)));
}

AVX512 static int32_t sum_signed_avx512(const int8_t *query, const uint64_t *signs, size_t words)
{
    if (words == 6)
        return sum_signed_of_words(query, signs, 6);
    return sum_signed_of_words(query, signs, words);
}

AVX512 static inline __attribute__((always_inline)) void inner_rows_of_words(
    const int8_t *query, const uint8_t *values, size_t rows, size_t words, int32_t *inners)
{
    size_t length = words * 64;
    for (size_t r = 0; r < rows; r += 4, values += 4 * length) {
        __m512i sums[4] = { _mm512_setzero_si512(), _mm512_setzero_si512(), _mm512_setzero_si512(),
                            _mm512_setzero_si512() };
        __m256i halves[4];
        for (size_t at = 0; at < length; at += 64) {
            __m512i q = _mm512_loadu_si512(query + at);
#pragma GCC unroll 4
            for (size_t i = 0; i < 4; i++)
                sums[i] =
                    _mm512_dpbusd_epi32(sums[i], _mm512_loadu_si512(values + i * length + at), q);
        }
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++)
            halves[i] = _mm256_add_epi32(_mm512_castsi512_si256(sums[i]),
                                         _mm512_extracti64x4_epi64(sums[i], 1));
        _mm_storeu_si128((void *)(inners + r), sums_of(halves));
    }
}

AVX512 static void inner_rows_avx512(const int8_t *query, const uint8_t *values, size_t rows,
                                     size_t words, int32_t *inners)
{
    if (words == 6)
        inner_rows_of_words(query, values, rows, 6, inners);
    else
        inner_rows_of_words(query, values, rows, words, inners);
}

AVX512 static int32_t inner_avx512(const int16_t *query, const int8_t *values, size_t dims)
{
    __m512i sums[2] = { _mm512_setzero_si512(), _mm512_setzero_si512() };
    size_t i = 0;
    for (; i + 64 <= dims; i += 64)
        for (size_t half = 0; half < 2; half++) {
            size_t at = i + half * 32;
            __m512i v = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const void *)(values + at)));
            __m512i q = _mm512_loadu_si512(query + at);
            sums[half] = _mm512_add_epi32(sums[half], _mm512_madd_epi16(v, q));
        }
    return _mm512_reduce_add_epi32(_mm512_add_epi32(sums[0], sums[1])) +
           inner_plain(query + i, values + i, dims - i);
}

AVX512 static float inner_half_avx512(const float *query, const uint16_t *halves, size_t dims)
{
    __m512 sums = _mm512_setzero_ps();
    size_t i = 0;
    for (; i + 16 <= dims; i += 16) {
        __m512 values = _mm512_cvtph_ps(_mm256_loadu_si256((const void *)(halves + i)));
        sums = _mm512_fmadd_ps(_mm512_loadu_ps(query + i), values, sums);
    }
    return _mm512_reduce_add_ps(sums) + inner_half_plain(query + i, halves + i, dims - i);
}

static const VectorKernels plain = {
    .name = "C",
    .is_supported = always,
    .distances = distances_plain,
    .select = select_plain,
    .count = count_plain,
    .sum_signed = sum_signed_plain,
    .inner_rows = inner_rows_plain,
    .inner = inner_plain,
    .inner_half = inner_half_plain,
};
static const VectorKernels avx2 = {
    .name = "AVX2",
    .is_supported = has_avx2,
    .distances = distances_avx2,
    .select = select_avx2,
    .count = count_avx2,
    .sum_signed = sum_signed_avx2,
    .inner_rows = inner_rows_avx2,
    .inner = inner_avx2,
    .inner_half = inner_half_avx2,
};
static const VectorKernels avx512 = {
    .name = "AVX-512",
    .is_supported = has_avx512,
    .distances = distances_avx512,
    .select = select_avx512,
    .count = count_avx512,
    .sum_signed = sum_signed_avx512,
    .inner_rows = inner_rows_avx512,
    .inner = inner_avx512,
    .inner_half = inner_half_avx512,
};

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
