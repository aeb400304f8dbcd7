/* bytes_avx2.c - products of bytes for processors with AVX2 and no VNNI; see bytes_simd.h. */
#include "encode/bytes.h"

#pragma GCC target("avx2,fma")

#define BYTES bytes_avx2
#define BYTES_NAME "AVX2 int8"
#define TILE_ROWS 6
#define TILE_VECS 2

#include "encode/simd_avx2.h"

/* vpmaddubsw cuts the sum of two products off at 16 bits; BYTE_PAIR_MAX keeps it below that, so
 * this gives the same sums as everywhere. */
static inline IntVec b_dot(IntVec sum, IntVec bytes, IntVec weights)
{
    IntVec pairs = _mm256_maddubs_epi16(bytes, weights);
    IntVec fours = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    /* Else gcc reads every row first and has to keep the sums in memory. */
    __asm__ volatile("vpaddd %1, %0, %0" : "+x"(sum) : "x"(fours));
    return sum;
}

#include "encode/bytes_simd.h"
