/* attention_amx.c - attention in bfloat16 on the tile unit.
 *
 * TDPBF16PS adds the products of 16 rows of 32 values with 32 values of 16 columns. Scores, their
 * softmax and the sums stay fp32; queries, keys, values and weights are rounded to 8 bits of
 * fraction, which is as fine as the bytes before and after. Sixteen queries go together; keys
 * are padded to 32 with weight 0.
 *
 * In fp32 attention would be as exact as that of kernels.h (mean cosine of MiniLM-L6's vectors
 * 1.00000 for 0.9991), but a chunk of 128 tokens would take 28 % longer and a sentence 9 %. */
#include "encode/bytes.h"

#pragma GCC target("avx512f,avx512dq,avx512bw,avx512bf16,amx-tile,amx-bf16,fma")

#include "encode/simd_avx512.h"

#include "encode/tiles_amx.h"

#define NO_SANITIZER __attribute__((no_sanitize("address", "undefined")))

enum { TILE_ROWS = 16, PAIR = 32, TILE_BYTES = 1024 };

/* One head of one sequence. */
typedef struct Head {
    const AttentionCall *call;
    size_t width, first; /* of a row; of the head in it */
    size_t padded;       /* length rounded up to PAIR */
    uint8_t *keys;       /* [padded / 16][head_size / 32] tiles: rows are pairs of values */
    uint8_t *values;     /* [padded / 32][head_size / 16] tiles: rows are pairs of tokens */
    float *scores;       /* [16][padded] */
    uint8_t *weights;    /* [16][padded] bfloat16 */
} Head;

static inline IntVec v_bfloat(const float *at)
{
    return (IntVec)_mm512_cvtne2ps_pbh(v_load(at + LANES), v_load(at));
}

/* Row r of a key tile has values 2r and 2r + 1 of 16 tokens. */
static NO_SANITIZER void gather_keys(const Head *head)
{
    size_t size = head->call->head_size, step = 3 * head->width;
    const float *key = head->call->qkv + head->width + head->first;
    const IntVec places =
        _mm512_mullo_epi32(_mm512_set1_epi32(TILE_ROWS),
                           _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
    _Alignas(64) int32_t rows[TILE_ROWS][TILE_ROWS];
    uint8_t *out = head->keys;
    for (size_t first = 0; first < head->padded; first += TILE_ROWS)
        for (size_t d = 0; d < size; d += PAIR, out += TILE_BYTES) {
            for (size_t t = 0; t < TILE_ROWS; t++) {
                bool is_there = first + t < head->call->length;
                _mm512_store_si512(rows[t],
                                   is_there ? v_bfloat(key + (first + t) * step + d) : v_no_ints());
            }
            for (size_t r = 0; r < TILE_ROWS; r++)
                _mm512_store_si512(out + r * TILE_STEP,
                                   _mm512_i32gather_epi32(places, &rows[0][r], 4));
        }
}

/* Row r of a value tile has tokens 2r and 2r + 1 of 16 values. */
static NO_SANITIZER void gather_values(const Head *head)
{
    size_t size = head->call->head_size, step = 3 * head->width, length = head->call->length;
    const float *value = head->call->qkv + 2 * head->width + head->first;
    static const uint16_t order[PAIR] = { 0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                          21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                          11, 27, 12, 28, 13, 29, 14, 30, 15, 31 };
    IntVec turned = v_load_ints(order);
    uint8_t *out = head->values;
    for (size_t first = 0; first < head->padded; first += PAIR)
        for (size_t d = 0; d < size; d += TILE_ROWS)
            for (size_t t = first; t < first + PAIR; t += 2, out += TILE_STEP) {
                Vec even = t < length ? v_load(value + t * step + d) : v_all(0);
                Vec odd = t + 1 < length ? v_load(value + (t + 1) * step + d) : v_all(0);
                IntVec both = (IntVec)_mm512_cvtne2ps_pbh(odd, even);
                _mm512_store_si512(out, _mm512_permutexvar_epi16(turned, both));
            }
}

/* scores = queries * keys for 16 queries from `row` on, four tiles of keys at a time. */
static NO_SANITIZER void score(const Head *head, size_t row)
{
    size_t size = head->call->head_size, step = head->padded * sizeof(float);
    size_t key_size = size / PAIR * TILE_BYTES;
    _Alignas(64) uint8_t query[TILE_ROWS][TILE_STEP];
    for (size_t first = 0; first < head->padded; first += 2 * TILE_ROWS) {
        const uint8_t *keys = head->keys + first / TILE_ROWS * key_size;
        _tile_zero(0);
        _tile_zero(1);
        for (size_t d = 0; d < size; d += PAIR, keys += TILE_BYTES) {
            if (!first || size > PAIR) {
                for (size_t t = 0; t < TILE_ROWS; t++) {
                    const float *at =
                        head->call->qkv + (row + t) * 3 * head->width + head->first + d;
                    _mm512_store_si512(query[t],
                                       row + t < head->call->length ? v_bfloat(at) : v_no_ints());
                }
                memory_barrier();
                _tile_loadd(4, query, TILE_STEP);
            }
            _tile_loadd(5, keys, TILE_STEP);
            _tile_dpbf16ps(0, 4, 5);
            _tile_loadd(6, keys + key_size, TILE_STEP);
            _tile_dpbf16ps(1, 4, 6);
        }
        _tile_stored(0, head->scores + first, step);
        _tile_stored(1, head->scores + first + TILE_ROWS, step);
    }
}

/* Weights of a row as bfloat16, not yet divided by their sum, which is returned. */
static NO_SANITIZER float weigh(const Head *head, size_t row, const float *distances)
{
    float *scores = head->scores + row * head->padded;
    uint8_t *out = head->weights + row * head->padded * 2;
    for (size_t i = 0; distances && i < head->padded; i += LANES)
        v_store(scores + i, v_add(v_load(scores + i), v_load(distances + i)));
    for (size_t i = head->call->length; i < head->padded; i++)
        scores[i] = -1e30f;
    Vec max = v_load(scores), sum = v_all(0), log2_e = v_all(1.44269504f);
    for (size_t i = LANES; i < head->padded; i += LANES)
        max = v_max(max, v_load(scores + i));
    Vec top = v_all(-1.44269504f * v_largest(max));
    for (size_t i = 0; i < head->padded; i += PAIR, out += TILE_STEP) {
        Vec low = v_coarse_exp2(v_fma(v_load(scores + i), log2_e, top));
        Vec high = v_coarse_exp2(v_fma(v_load(scores + i + LANES), log2_e, top));
        sum = v_add(sum, v_add(low, high));
        _mm512_store_si512(out, (IntVec)_mm512_cvtne2ps_pbh(high, low));
    }
    return v_sum(sum);
}

/* out = weights * values / sums, two tiles of values at a time. */
static NO_SANITIZER void mix(const Head *head, size_t row, const float *sums)
{
    size_t size = head->call->head_size, panels = size / TILE_ROWS;
    _Alignas(64) float mixed[2][TILE_ROWS][TILE_ROWS];
    for (size_t p = 0; p < panels; p += 2) {
        const uint8_t *values = head->values + p * TILE_BYTES;
        _tile_zero(0);
        _tile_zero(1);
        for (size_t t = 0; t < head->padded; t += PAIR, values += panels * TILE_BYTES) {
            _tile_loadd(4, head->weights + t * 2, head->padded * 2);
            _tile_loadd(5, values, TILE_STEP);
            _tile_dpbf16ps(0, 4, 5);
            _tile_loadd(6, values + TILE_BYTES, TILE_STEP);
            _tile_dpbf16ps(1, 4, 6);
        }
        _tile_stored(0, mixed[0], TILE_STEP);
        _tile_stored(1, mixed[1], TILE_STEP);
        for (size_t r = 0; r < MIN((size_t)TILE_ROWS, head->call->length - row); r++) {
            float *out = head->call->out + (row + r) * head->width + head->first + p * TILE_ROWS;
            Vec scale = v_all(1.0f / sums[r]);
            v_store(out, v_mul(v_load(mixed[0][r]), scale));
            v_store(out + LANES, v_mul(v_load(mixed[1][r]), scale));
        }
    }
}

static void attend_head(const Head *head)
{
    size_t number = head->first / head->call->head_size;
    gather_keys(head);
    gather_values(head);
    for (size_t row = 0; row < head->call->length; row += TILE_ROWS) {
        float sums[TILE_ROWS];
        score(head, row);
        for (size_t r = 0; r < MIN((size_t)TILE_ROWS, head->call->length - row); r++)
            sums[r] = weigh(head, r, attention_distances(head->call, number, row + r));
        memory_barrier();
        mix(head, row, sums);
    }
}

void amx_attention(const AttentionCall *call)
{
    size_t size = call->head_size, padded = (call->length + PAIR - 1) / PAIR * PAIR;
    uint8_t *keys = (uint8_t *)call->scratch, *values = keys + padded * size * 2;
    Head head = { .call = call,
                  .width = call->heads * size,
                  .padded = padded,
                  .keys = keys,
                  .values = values,
                  .scores = (float *)(void *)(values + padded * size * 2) };
    head.weights = (uint8_t *)(head.scores + TILE_ROWS * padded);
    tiles_begin();
    for (; head.first < head.width; head.first += size)
        attend_head(&head);
    tiles_end();
}
