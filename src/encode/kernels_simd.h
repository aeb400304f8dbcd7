/* kernels_simd.h - the vectorised kernels, written once. kernels_avx2.c and kernels_avx512.c
 * define the vector type, LANES, TILE_ROWS, TILE_VECS, the v_ operations and KERNELS, then
 * include this. Not a header for anyone else.
 *
 * Matrix products go tile by tile: TILE_ROWS rows by TILE_VECS vectors of sums stay in
 * registers while one row of weights and one value of each input row are read a step. That is
 * 8 x 48 on AVX-512 (24 sums + 3 weights + 1 input of 32 registers; 11 loads for 24 FMA) and
 * 4 x 24 on AVX2 (12 + 3 + 1 of 16). */

/* Sanitizers make the inner loops 30 times slower, so they go without. What is inlined into
 * them must go without as well, or its marks of scopes that ended stay on the stack. */
#define NO_SANITIZER __attribute__((no_sanitize("address", "undefined")))
#define ALWAYS_INLINE inline __attribute__((always_inline)) NO_SANITIZER
#define PREFETCH_STEPS 8 /* weights of a short text come from memory: 8 % faster */

/* out[rows][vecs] = bias + a[rows][depth] * b[depth][vecs]; bias NULL is zero. */
typedef struct Tile {
    size_t depth;
    const float *a;
    size_t a_step;
    const float *b;
    size_t b_step;
    const float *bias;
    float *out;
    size_t out_step;
} Tile;

/* Where sanitizers are on, the ends of all that the inner loop reads are checked here. */
#ifdef __SANITIZE_ADDRESS__
static void check_tile(size_t rows, size_t vecs, const Tile *t)
{
    volatile float last = t->a[(rows - 1) * t->a_step + t->depth - 1];
    last = t->b[(t->depth - 1) * t->b_step + vecs * LANES - 1];
    last = t->bias ? t->bias[vecs * LANES - 1] : last;
    t->out[(rows - 1) * t->out_step + vecs * LANES - 1] = last;
}
#else
#define check_tile(rows, vecs, t) ((void)0)
#endif

static ALWAYS_INLINE void tile(size_t rows, size_t vecs, const Tile *t)
{
    Vec sum[TILE_ROWS][TILE_VECS];
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (size_t v = 0; v < vecs; v++)
            sum[r][v] = t->bias ? v_load(t->bias + v * LANES) : v_all(0);
    const float *b = t->b;
    for (size_t k = 0; k < t->depth; k++, b += t->b_step) {
        Vec weights[TILE_VECS];
#pragma GCC unroll 8
        for (size_t v = 0; v < vecs; v++) {
            weights[v] = v_load(b + v * LANES);
            __builtin_prefetch(b + PREFETCH_STEPS * t->b_step + v * LANES);
        }
#pragma GCC unroll 8
        for (size_t r = 0; r < rows; r++) {
            Vec input = v_all(t->a[r * t->a_step + k]);
#pragma GCC unroll 8
            for (size_t v = 0; v < vecs; v++)
                sum[r][v] = v_fma(input, weights[v], sum[r][v]);
        }
    }
#pragma GCC unroll 8
    for (size_t r = 0; r < rows; r++)
#pragma GCC unroll 8
        for (size_t v = 0; v < vecs; v++)
            v_store(t->out + r * t->out_step + v * LANES, sum[r][v]);
}

/* One function for each number of rows and vectors, so that both are constants inside. */
#define TILE_FUNCTION(rows, vecs)                                                                  \
    static __attribute__((noinline)) NO_SANITIZER void tile_##rows##x##vecs(const Tile *t)         \
    {                                                                                              \
        check_tile(rows, vecs, t);                                                                 \
        tile(rows, vecs, t);                                                                       \
    }
#define TILE_FUNCTIONS(rows) TILE_FUNCTION(rows, 1) TILE_FUNCTION(rows, 2) TILE_FUNCTION(rows, 3)
#define TILE_ENTRY(rows)                                                                           \
    {                                                                                              \
        tile_##rows##x1, tile_##rows##x2, tile_##rows##x3                                          \
    }

TILE_FUNCTIONS(1)
TILE_FUNCTIONS(2)
TILE_FUNCTIONS(3)
TILE_FUNCTIONS(4)
#if TILE_ROWS == 8
TILE_FUNCTIONS(5)
TILE_FUNCTIONS(6)
TILE_FUNCTIONS(7)
TILE_FUNCTIONS(8)
#endif

static void (*const tiles[TILE_ROWS][TILE_VECS])(const Tile *) = {
    TILE_ENTRY(1), TILE_ENTRY(2), TILE_ENTRY(3), TILE_ENTRY(4),
#if TILE_ROWS == 8
    TILE_ENTRY(5), TILE_ENTRY(6), TILE_ENTRY(7), TILE_ENTRY(8),
#endif
};

/* e^x for x <= 0, relative error under 2e-7: the polynomial of Cephes' expf after taking out a
 * power of two. */
static ALWAYS_INLINE Vec v_exp(Vec x)
{
    x = v_max(x, v_all(-87.0f));
    Vec power = v_round(v_mul(x, v_all(1.44269504f)));
    Vec rest = v_fma(power, v_all(-0.693359375f), x);
    rest = v_fma(power, v_all(2.12194440e-4f), rest);
    Vec p = v_all(1.9875691500e-4f);
    p = v_fma(p, rest, v_all(1.3981999507e-3f));
    p = v_fma(p, rest, v_all(8.3334519073e-3f));
    p = v_fma(p, rest, v_all(4.1665795894e-2f));
    p = v_fma(p, rest, v_all(1.6666665459e-1f));
    p = v_fma(p, rest, v_all(5.0000001201e-1f));
    p = v_add(v_fma(p, v_mul(rest, rest), rest), v_all(1));
    return v_times_power_of_two(p, power);
}

/* x * (1 + erf(x / sqrt 2)) / 2 = max(x, 0) - |x| * erfc(|x| / sqrt 2) / 2, with Abramowitz and
 * Stegun 7.1.26 for erfc (absolute error 1.5e-7). */
static ALWAYS_INLINE Vec v_gelu(Vec x)
{
    Vec size = v_abs(x), z = v_mul(size, v_all(0.70710678f));
    Vec t = v_div(v_all(1), v_fma(v_all(0.3275911f), z, v_all(1)));
    Vec p = v_all(1.061405429f);
    p = v_fma(p, t, v_all(-1.453152027f));
    p = v_fma(p, t, v_all(1.421413741f));
    p = v_fma(p, t, v_all(-0.284496736f));
    p = v_fma(p, t, v_all(0.254829592f));
    Vec erfc = v_mul(v_mul(p, t), v_exp(v_sub(v_all(0), v_mul(z, z))));
    return v_sub(v_max(x, v_all(0)), v_mul(v_mul(v_all(0.5f), size), erfc));
}

static void gelu_tile(float *out, size_t out_step, size_t rows, size_t columns)
{
    for (size_t r = 0; r < rows; r++, out += out_step)
        for (size_t c = 0; c < columns; c += LANES)
            v_store(out + c, v_gelu(v_load(out + c)));
}

static void simd_linear(const LinearCall *call)
{
    for (size_t first = 0; first < call->width_out; first += TILE_VECS * LANES) {
        size_t columns = MIN((size_t)TILE_VECS * LANES, call->width_out - first);
        for (size_t row = 0; row < call->rows; row += TILE_ROWS) {
            size_t rows = MIN((size_t)TILE_ROWS, call->rows - row);
            Tile t = {
                .depth = call->width_in,
                .a = call->in + row * call->width_in,
                .a_step = call->width_in,
                .b = call->weights + first * call->width_in,
                .b_step = columns,
                .bias = call->bias + first,
                .out = call->out + row * call->width_out + first,
                .out_step = call->width_out,
            };
            tiles[rows - 1][columns / LANES - 1](&t);
            if (call->activation == ACTIVATION_GELU)
                gelu_tile(t.out, t.out_step, rows, columns);
        }
    }
}

/* a * b for a few rows, all columns of b, `columns` a multiple of LANES. */
static void multiply_rows(Tile t, size_t rows, size_t columns)
{
    for (size_t c = 0; c < columns; c += TILE_VECS * LANES) {
        size_t vecs = MIN((size_t)TILE_VECS, (columns - c) / LANES);
        tiles[rows - 1][vecs - 1](&t);
        t.b += TILE_VECS * LANES;
        t.out += TILE_VECS * LANES;
    }
}

/* The row holds `count` scores in room for `padded`, a multiple of LANES. */
static void softmax_row(float *scores, const float *distances, size_t count, size_t padded)
{
    for (size_t i = 0; distances && i < padded; i += LANES)
        v_store(scores + i, v_add(v_load(scores + i), v_load(distances + i)));
    for (size_t i = count; i < padded; i++)
        scores[i] = -1e30f;
    Vec max = v_load(scores), sum = v_all(0);
    for (size_t i = LANES; i < padded; i += LANES)
        max = v_max(max, v_load(scores + i));
    Vec top = v_all(v_largest(max));
    for (size_t i = 0; i < padded; i += LANES) {
        Vec e = v_exp(v_sub(v_load(scores + i), top));
        sum = v_add(sum, e);
        v_store(scores + i, e);
    }
    Vec scale = v_all(1.0f / v_sum(sum));
    for (size_t i = 0; i < padded; i += LANES)
        v_store(scores + i, v_mul(v_load(scores + i), scale));
}

/* Copy one head's keys, turned, and values next to each other: both are read many times. */
static void gather_head(const AttentionCall *call, size_t head, size_t padded, float *keys,
                        float *values)
{
    size_t width = call->heads * call->head_size, size = call->head_size;
    const float *key = call->qkv + width + head * size;
    for (size_t i = 0; i < call->length; i++, key += 3 * width) {
        for (size_t d = 0; d < size; d++)
            keys[d * padded + i] = key[d];
        memcpy(values + i * size, key + width, size * sizeof *values);
    }
    for (size_t d = 0; d < size; d++)
        for (size_t i = call->length; i < padded; i++)
            keys[d * padded + i] = 0;
}

static void attend_head(const AttentionCall *call, size_t head)
{
    size_t width = call->heads * call->head_size, first = head * call->head_size;
    size_t padded = (call->length + LANES - 1) / LANES * LANES;
    float *keys = call->scratch, *values = keys + padded * call->head_size;
    float *scores = values + padded * call->head_size;
    gather_head(call, head, padded, keys, values);
    for (size_t row = 0; row < call->length; row += TILE_ROWS) {
        size_t rows = MIN((size_t)TILE_ROWS, call->length - row);
        multiply_rows((Tile){ .depth = call->head_size,
                              .a = call->qkv + row * 3 * width + first,
                              .a_step = 3 * width,
                              .b = keys,
                              .b_step = padded,
                              .out = scores,
                              .out_step = padded },
                      rows, padded);
        for (size_t r = 0; r < rows; r++)
            softmax_row(scores + r * padded, attention_distances(call, head, row + r), call->length,
                        padded);
        multiply_rows((Tile){ .depth = call->length,
                              .a = scores,
                              .a_step = padded,
                              .b = values,
                              .b_step = call->head_size,
                              .out = call->out + row * width + first,
                              .out_step = width },
                      rows, call->head_size);
    }
}

static void simd_attention(const AttentionCall *call)
{
    for (size_t head = 0; head < call->heads; head++)
        attend_head(call, head);
}

static void norm_row(const NormCall *call, float *x, const float *other)
{
    Vec sum = v_all(0), squares = v_all(0);
    for (size_t i = 0; i < call->width; i += LANES) {
        Vec value = v_load(x + i);
        if (other)
            value = v_add(value, v_load(other + i));
        v_store(x + i, value);
        sum = v_add(sum, value);
    }
    Vec mean = v_all(v_sum(sum) / (float)call->width);
    for (size_t i = 0; i < call->width; i += LANES) {
        Vec distance = v_sub(v_load(x + i), mean);
        squares = v_fma(distance, distance, squares);
    }
    Vec scale = v_all(1.0f / sqrtf(v_sum(squares) / (float)call->width + call->epsilon));
    for (size_t i = 0; i < call->width; i += LANES) {
        Vec value = v_mul(v_sub(v_load(x + i), mean), scale);
        v_store(x + i, v_fma(value, v_load(call->gain + i), v_load(call->bias + i)));
    }
}

static void simd_add_norm(const NormCall *call)
{
    for (size_t row = 0; row < call->rows; row++)
        norm_row(call, call->x + row * call->width,
                 call->other ? call->other + row * call->width : NULL);
}

static void quantise_row(const QuantiseCall *call, size_t row)
{
    const float *x = call->x + row * call->width;
    uint8_t *bytes = call->out.bytes + row * call->out.step;
    Vec least = v_all(0), largest = v_all(0);
    for (size_t i = 0; i < call->width; i += LANES) {
        Vec value = v_mul(v_load(x + i), v_load(call->factors + i));
        least = v_min(least, value);
        largest = v_max(largest, value);
    }
    float *zero = &call->out.zeros[row];
    Vec factor =
        v_all(byte_range(v_least(least), v_largest(largest), &call->out.scales[row], zero));
    for (size_t i = 0; i < call->width; i += LANES) {
        Vec value = v_mul(v_load(x + i), v_load(call->factors + i));
        value = v_fma(value, factor, v_all(*zero));
        v_store_bytes(bytes + i, v_round_to_int(v_min(v_max(value, v_all(0)), v_all(255))));
    }
}

static void simd_quantise(const QuantiseCall *call)
{
    for (size_t row = 0; row < call->rows; row++)
        quantise_row(call, row);
}

const Kernels KERNELS = {
    .name = KERNELS_NAME,
    .panel = TILE_VECS * LANES,
    .linear = simd_linear,
    .attention = simd_attention,
    .add_norm = simd_add_norm,
    .quantise = simd_quantise,
};
