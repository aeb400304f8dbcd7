/* attention_simd.h - attention in bytes, written once; bytes_simd.h includes it for processors
 * that add products of any bytes without cutting them off. Not a header for anyone else.
 *
 * Both products are of bytes. Queries and values have a scale for each token, the keys of a head
 * one together. The mean of the keys is taken off them, which the softmax does not notice, and
 * that of the values off those and added again at the end, so that the bytes use their range
 * better (Zhang et al., SageAttention2, 2024, section 3). The scale of a value goes into the
 * weight of its token before that becomes a byte whose range is the query's own: what is rounded
 * away is small beside what the query gets from its largest token. Weights are divided by their
 * sum before rounding.
 *
 * TILE_ROWS queries go together; tokens are padded to ATTENTION_ROOM with weight 0. */
#define PAIR 2          /* vectors of columns in a tile */
#define BYTE_MIDDLE 128 /* is added to the bytes of queries, which are unsigned */
#define LOG2_E 1.44269504f
#define LOG2_255 7.99435344f
#define NO_TOKEN (-1e30f) /* the power of a weight that is 0 */

/* One head of one sequence. */
typedef struct ByteHead {
    const AttentionCall *call;
    size_t number, width, first;    /* of the head; of a row; of the head in it */
    size_t padded;                  /* length rounded up to ATTENTION_ROOM */
    int8_t *keys;                   /* [padded / 16][head_size / 4][16][4]: panels of 16 tokens */
    int8_t *values;                 /* [head_size / 16][padded / 4][16][4]: panels of 16 values */
    float *key_means, *value_means; /* [head_size] */
    float key_scale;
    int32_t *starts;  /* [padded]: takes off what BYTE_MIDDLE adds to a sum */
    float *powers;    /* [padded]: the binary logarithm of the value's scale */
    float *inverses;  /* [padded]: 1 / the value's scale, 0 of no token */
    uint8_t *queries; /* [TILE_ROWS][head_size] */
    float *scores;    /* [TILE_ROWS][padded]: powers of two */
    uint8_t *weights; /* [TILE_ROWS][padded] */
    float query_scales[TILE_ROWS];
    Vec largest[TILE_ROWS]; /* of the scores */
} ByteHead;

/* --- What is read many times ------------------------------------------------------------ */

/* The mean of each value of the head over all tokens; returns the largest distance from it. */
static NO_SANITIZER float find_means(const ByteHead *head, const float *rows, float *means)
{
    size_t step = 3 * head->width, length = head->call->length;
    Vec farthest = v_all(0);
    for (size_t d = 0; d < head->call->head_size; d += LANES) {
        Vec sum = v_load(rows + d), least = sum, largest = sum;
        for (size_t t = 1; t < length; t++) {
            Vec value = v_load(rows + t * step + d);
            sum = v_add(sum, value);
            least = v_min(least, value);
            largest = v_max(largest, value);
        }
        Vec mean = v_mul(sum, v_all(1 / (float)length));
        farthest = v_max(farthest, v_max(v_sub(largest, mean), v_sub(mean, least)));
        v_store(means + d, mean);
    }
    return v_largest(farthest);
}

static NO_SANITIZER void gather_keys(ByteHead *head, const float *key)
{
    size_t size = head->call->head_size;
    float farthest = find_means(head, key, head->key_means);
    Vec factor = v_all(farthest > 0 ? 127 / farthest : 0);
    head->key_scale = farthest / 127;
    memset(head->keys, 0, head->padded * size);
    for (size_t t = 0; t < head->call->length; t++, key += 3 * head->width) {
        int8_t *out = head->keys + t / BYTE_COLUMNS * BYTE_COLUMNS * size + t % BYTE_COLUMNS * 4;
        for (size_t d = 0; d < size; d += LANES) {
            _Alignas(16) int8_t bytes[LANES];
            Vec value = v_sub(v_load(key + d), v_load(head->key_means + d));
            v_store_signed_bytes(bytes, v_round_to_int(v_mul(value, factor)));
            for (size_t i = 0; i < LANES; i += 4)
                memcpy(out + (d + i) * BYTE_COLUMNS, bytes + i, 4);
        }
    }
}

static NO_SANITIZER void find_starts(const ByteHead *head)
{
    size_t size = head->call->head_size;
    const IntVec middles = v_all_ints((int)0x80808080);
    for (size_t t = 0; t < head->padded; t += LANES) {
        const int8_t *keys = head->keys + t / BYTE_COLUMNS * BYTE_COLUMNS * size;
        IntVec sum = v_no_ints();
        for (size_t d = 0; d < size; d += 4)
            sum = b_dot(sum, middles, v_load_ints(keys + d * BYTE_COLUMNS + t % BYTE_COLUMNS * 4));
        v_store_ints(head->starts + t, v_sub_ints(v_no_ints(), sum));
    }
}

/* What the distances of a value from the means are multiplied by to become bytes. */
static ALWAYS_INLINE float scale_value(const ByteHead *head, size_t token, const float *value)
{
    Vec most = v_all(0);
    for (size_t d = 0; d < head->call->head_size; d += LANES)
        most = v_max(most, v_abs(v_sub(v_load(value + d), v_load(head->value_means + d))));
    float factor = 127 / fmaxf(v_largest(most), 1e-10f);
    head->inverses[token] = factor;
    head->powers[token] = -log2f(factor);
    return factor;
}

/* Four tokens at a time, as their bytes lie together. */
static NO_SANITIZER void gather_values(const ByteHead *head, const float *values)
{
    size_t step = 3 * head->width, length = head->call->length;
    for (size_t token = 0; token < head->padded; token += 4) {
        float factors[4];
        for (size_t t = 0; t < 4; t++) {
            bool is_there = token + t < length;
            head->inverses[token + t] = 0;
            head->powers[token + t] = NO_TOKEN;
            factors[t] = is_there ? scale_value(head, token + t, values + (token + t) * step) : 0;
        }
        for (size_t d = 0; d < head->call->head_size; d += LANES) {
            IntVec four[4];
            for (size_t t = 0; t < 4; t++) {
                const float *value = values + MIN(token + t, length - 1) * step + d;
                Vec distance = v_sub(v_load(value), v_load(head->value_means + d));
                four[t] = v_round_to_int(v_mul(distance, v_all(factors[t])));
            }
            v_store_ints(head->values + d / BYTE_COLUMNS * BYTE_COLUMNS * head->padded +
                             token * BYTE_COLUMNS + d % BYTE_COLUMNS * 4,
                         v_join_bytes(four));
        }
    }
}

/* --- A tile of queries ------------------------------------------------------------------ */

static NO_SANITIZER void gather_queries(ByteHead *head, size_t row)
{
    size_t size = head->call->head_size;
    for (size_t r = 0; r < TILE_ROWS; r++) {
        size_t token = MIN(row + r, head->call->length - 1); /* past the end: not used */
        const float *query = head->call->qkv + token * 3 * head->width + head->first;
        Vec most = v_all(0);
        for (size_t d = 0; d < size; d += LANES)
            most = v_max(most, v_abs(v_load(query + d)));
        float largest = v_largest(most);
        Vec factor = v_all(largest > 0 ? 127 / largest : 0);
        for (size_t d = 0; d < size; d += LANES) {
            Vec value = v_fma(v_load(query + d), factor, v_all(BYTE_MIDDLE));
            v_store_bytes(head->queries + r * size + d, v_round_to_int(value));
        }
        head->query_scales[r] = LOG2_E * largest / 127 * head->key_scale;
        head->largest[r] = v_all(NO_TOKEN);
    }
}

/* Adds the products of TILE_ROWS rows of `depth` bytes with two vectors of columns. */
static ALWAYS_INLINE void multiply_pair(const uint8_t *rows, size_t depth, const int8_t *panels,
                                        size_t column, IntVec sums[TILE_ROWS][PAIR])
{
    const int8_t *first =
        panels + column / BYTE_COLUMNS * BYTE_COLUMNS * depth + column % BYTE_COLUMNS * 4;
    const int8_t *second = first + (LANES < BYTE_COLUMNS ? LANES * 4 : depth * BYTE_COLUMNS);
    for (size_t k = 0; k < depth; k += 4) {
        IntVec columns[PAIR] = { v_load_ints(first + k * BYTE_COLUMNS),
                                 v_load_ints(second + k * BYTE_COLUMNS) };
#pragma GCC unroll 8
        for (size_t r = 0; r < TILE_ROWS; r++) {
            int32_t four;
            memcpy(&four, rows + r * depth + k, sizeof four);
            IntVec input = v_all_ints(four);
            sums[r][0] = b_dot(sums[r][0], input, columns[0]);
            sums[r][1] = b_dot(sums[r][1], input, columns[1]);
        }
    }
}

/* The score of a query for a vector of tokens, and the power of their values' scales. */
static ALWAYS_INLINE void finish_score(ByteHead *head, size_t row, size_t r, size_t token,
                                       IntVec sum)
{
    const AttentionCall *call = head->call;
    Vec score = v_fma(v_from_int(sum), v_all(head->query_scales[r]), v_load(head->powers + token));
    const float *distances =
        attention_distances(call, head->number, MIN(row + r, call->length - 1));
    if (distances)
        score = v_fma(v_load(distances + token), v_all(LOG2_E), score);
    v_store(head->scores + r * head->padded + token, score);
    head->largest[r] = v_max(head->largest[r], score);
}

static NO_SANITIZER void score(ByteHead *head, size_t row)
{
    for (size_t token = 0; token < head->padded; token += PAIR * LANES) {
        IntVec sums[TILE_ROWS][PAIR];
#pragma GCC unroll 8
        for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 2
            for (size_t v = 0; v < PAIR; v++)
                sums[r][v] = v_load_ints(head->starts + token + v * LANES);
        multiply_pair(head->queries, head->call->head_size, head->keys, token, sums);
#pragma GCC unroll 8
        for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 2
            for (size_t v = 0; v < PAIR; v++)
                finish_score(head, row, r, token + v * LANES, sums[r][v]);
    }
}

/* The row's weights, the largest as 255; returns their sum without the scales of values. */
static NO_SANITIZER float weigh(const ByteHead *head, size_t r)
{
    const float *scores = head->scores + r * head->padded;
    uint8_t *out = head->weights + r * head->padded;
    Vec sum = v_all(0), top = v_all(LOG2_255 - v_largest(head->largest[r]));
    for (size_t i = 0; i < head->padded; i += LANES) {
        Vec weight = v_coarse_exp2(v_add(v_load(scores + i), top));
        sum = v_fma(weight, v_load(head->inverses + i), sum);
        v_store_bytes(out + i, v_round_to_int(weight));
    }
    return v_sum(sum);
}

/* `totals` are the sums of the rows' weights. */
static NO_SANITIZER void mix(const ByteHead *head, size_t row, const float *totals)
{
    size_t rows = MIN((size_t)TILE_ROWS, head->call->length - row);
    for (size_t d = 0; d < head->call->head_size; d += PAIR * LANES) {
        IntVec sums[TILE_ROWS][PAIR];
#pragma GCC unroll 8
        for (size_t r = 0; r < TILE_ROWS; r++)
            sums[r][0] = sums[r][1] = v_no_ints();
        multiply_pair(head->weights, head->padded, head->values, d, sums);
#pragma GCC unroll 8
        for (size_t r = 0; r < TILE_ROWS; r++)
#pragma GCC unroll 2
            for (size_t v = 0; v < PAIR && r < rows; v++)
                v_store(head->call->out + (row + r) * head->width + head->first + d + v * LANES,
                        v_fma(v_from_int(sums[r][v]), v_all(1 / totals[r]),
                              v_load(head->value_means + d + v * LANES)));
    }
}

/* --- The call --------------------------------------------------------------------------- */

static void attend_head(ByteHead *head)
{
    const float *key = head->call->qkv + head->width + head->first, *value = key + head->width;
    gather_keys(head, key);
    find_starts(head);
    (void)find_means(head, value, head->value_means);
    gather_values(head, value);
    for (size_t row = 0; row < head->call->length; row += TILE_ROWS) {
        float totals[TILE_ROWS];
        gather_queries(head, row);
        score(head, row);
        for (size_t r = 0; r < TILE_ROWS; r++)
            totals[r] = weigh(head, r);
        mix(head, row, totals);
    }
}

static void simd_attention(const AttentionCall *call)
{
    size_t size = call->head_size;
    size_t padded = (call->length + ATTENTION_ROOM - 1) / ATTENTION_ROOM * ATTENTION_ROOM;
    ByteHead head = { .call = call, .width = call->heads * size, .padded = padded };
    head.scores = call->scratch;
    head.powers = head.scores + TILE_ROWS * padded;
    head.inverses = head.powers + padded;
    head.key_means = head.inverses + padded;
    head.value_means = head.key_means + size;
    head.starts = (int32_t *)(void *)(head.value_means + size);
    head.keys = (int8_t *)(head.starts + padded);
    head.values = head.keys + padded * size;
    head.weights = (uint8_t *)(head.values + padded * size);
    head.queries = head.weights + TILE_ROWS * padded;
    assert(head.queries + TILE_ROWS * size <=
           (uint8_t *)(call->scratch + attention_scratch(call->length, size)));
    for (; head.number < call->heads; head.number++, head.first += size)
        attend_head(&head);
}
