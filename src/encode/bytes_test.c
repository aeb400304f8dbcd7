#include <criterion/criterion.h>
#include <math.h>

#include "encode/bytes.h"
#include "encode/tiny_model.h"

static const ByteKernels *const sets[] = { &bytes_amx, &bytes_avx512vnni, &bytes_avxvnni,
                                           &bytes_avx2, &bytes_plain };

static float *random_values(uint64_t seed, size_t count, float scale)
{
    float *values = heap_alloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = tiny_random(&seed) * scale;
    return values;
}

/* A matrix of random weights; `weights` gets them as a model stores them. */
typedef struct Bench {
    ByteMatrix matrix;
    float *weights, *in;
    ByteRows rows;
    size_t count;
} Bench;

static void bench_make(Bench *bench, size_t rows, size_t width_in, size_t width_out)
{
    size_t columns = byte_matrix_columns(width_out), depth = byte_depth(width_in);
    size_t padded = (rows + BYTE_ROWS - 1) / BYTE_ROWS * BYTE_ROWS;
    bench->count = rows;
    bench->weights = random_values(1, width_in * width_out, 1);
    bench->in = random_values(2, rows * width_in, 3);
    bench->matrix = (ByteMatrix){ .width_in = width_in, .width_out = width_out };
    bench->matrix.weights = heap_alloc(byte_matrix_size(width_in, width_out));
    bench->matrix.scales = heap_alloc(columns * sizeof(float));
    bench->matrix.sums = heap_alloc(columns * sizeof(float));
    bench->matrix.bias = random_values(3, columns, 1);
    bench->matrix.factors = heap_alloc(depth * sizeof(float));
    AUTO_FREE float *usual = heap_alloc(width_in * sizeof(float));
    for (size_t i = 0; i < width_in; i++)
        usual[i] = 1 + (float)(i % 3);
    byte_pack(bench->weights, usual, &bench->matrix);
    bench->rows = (ByteRows){ .bytes = heap_alloc(padded * depth),
                              .step = depth,
                              .scales = heap_alloc(padded * sizeof(float)),
                              .zeros = heap_alloc(padded * sizeof(float)) };
    memset(bench->rows.bytes, 0xa5, padded * depth); /* what is past the width must not count */
    kernels_plain.quantise(
        &(QuantiseCall){ bench->in, bench->matrix.factors, rows, width_in, bench->rows });
}

static void bench_free(Bench *bench)
{
    free(bench->weights);
    free(bench->in);
    free(bench->matrix.weights);
    free(bench->matrix.scales);
    free(bench->matrix.sums);
    free(bench->matrix.bias);
    free(bench->matrix.factors);
    free(bench->rows.bytes);
    free(bench->rows.scales);
    free(bench->rows.zeros);
}

static void check_sets(size_t rows, size_t width_in, size_t width_out, Activation activation)
{
    Bench bench;
    bench_make(&bench, rows, width_in, width_out);
    AUTO_FREE float *expected = heap_alloc(rows * width_out * sizeof(float));
    AUTO_FREE float *out = heap_alloc(rows * width_out * sizeof(float));
    ByteLinearCall call = { &bench.matrix, bench.rows, rows, expected, activation };
    bytes_plain.linear(&call);
    call.out = out;
    for (size_t s = 0; s < COUNT(sets); s++) {
        if (!bytes_supported(sets[s]))
            continue;
        sets[s]->linear(&call);
        /* The whole numbers are the same, and so is each step after them, but for the GELU. */
        for (size_t i = 0; i < rows * width_out; i++)
            if (activation == ACTIVATION_NONE)
                cr_assert_eq(out[i], expected[i], "%s %zux%zux%zu: %g, not %g", sets[s]->name, rows,
                             width_in, width_out, out[i], expected[i]);
            else
                cr_assert_float_eq(out[i], expected[i], 1e-3, "%s", sets[s]->name);
    }
    bench_free(&bench);
}

Test(encode_bytes, every_set_gives_the_same_values)
{
    static const size_t widths[] = { 16, 32, 48, 64, 80, 112, 128, 208 };
    for (size_t w = 0; w < COUNT(widths); w++)
        for (size_t rows = 1; rows <= 35; rows += rows < 18 ? 1 : 5) {
            check_sets(rows, 48, widths[w], ACTIVATION_NONE);
            check_sets(rows, 192, widths[w], ACTIVATION_GELU);
        }
    check_sets(40, 1536, 384, ACTIVATION_NONE);
}

Test(encode_bytes, plain_c_takes_any_width)
{
    Bench bench;
    float out[3 * 21];
    bench_make(&bench, 3, 7, 21);
    bytes_plain.linear(&(ByteLinearCall){ &bench.matrix, bench.rows, 3, out, ACTIVATION_NONE });
    for (size_t r = 0; r < 3; r++)
        for (size_t c = 0; c < 21; c++) {
            double exact = bench.matrix.bias[c];
            for (size_t k = 0; k < 7; k++)
                exact += (double)bench.in[r * 7 + k] * bench.weights[c * 7 + k];
            cr_assert_float_eq(out[r * 21 + c], exact, 0.1, "row %zu, column %zu", r, c);
        }
    bench_free(&bench);
}

Test(encode_bytes, attention_agrees_with_plain_c)
{
    enum { HEADS = 3, LENGTH_MAX = 70, DISTANCES = 2 * LENGTH_MAX - 1 + ATTENTION_ROOM };
    AUTO_FREE float *distances = random_values(2, (size_t)HEADS * DISTANCES, 2);
    for (size_t s = 0; s < COUNT(sets); s++)
        for (size_t length = 1; length <= LENGTH_MAX && bytes_supported(sets[s]); length += 3)
            for (size_t size = 32; sets[s]->attention && size <= 64; size += 32) {
                size_t width = HEADS * size, room = attention_scratch(length, size);
                AUTO_FREE float *qkv = random_values(length, length * 3 * width, 1);
                AUTO_FREE float *expected = heap_alloc(length * width * sizeof(float));
                AUTO_FREE float *out = heap_alloc(length * width * sizeof(float));
                AUTO_FREE float *scratch = aligned_alloc(64, room * sizeof(float));
                AttentionCall call = { qkv, length, HEADS, size, expected, scratch };
                if (length % 2) {
                    call.distances = distances;
                    call.distance_middle = LENGTH_MAX - 1;
                    call.distance_step = DISTANCES;
                }
                kernels_plain.attention(&call);
                call.out = out;
                sets[s]->attention(&call);
                /* Of values to 1, each in seven or eight bits. */
                double squares = 0;
                for (size_t i = 0; i < length * width; i++) {
                    cr_assert_float_eq(out[i], expected[i], 0.06, "%s, %zu tokens of %zu: %g, %g",
                                       sets[s]->name, length, size, out[i], expected[i]);
                    squares += pow((double)out[i] - (double)expected[i], 2);
                }
                double error = sqrt(squares / (double)(length * width));
                cr_assert_lt(error, 0.008, "%s, %zu tokens of %zu: %g", sets[s]->name, length, size,
                             error);
            }
}

/* Weights of nothing leave the biases. */
Test(encode_bytes, gelu_follows_erf_everywhere)
{
    enum { COLUMNS = 4096 };
    Bench bench;
    AUTO_FREE float *out = heap_alloc(COLUMNS * sizeof(float));
    bench_make(&bench, 1, 16, COLUMNS);
    memset(bench.matrix.weights, 0, byte_matrix_size(16, COLUMNS));
    for (size_t i = 0; i < COLUMNS; i++) {
        bench.matrix.sums[i] = 0;
        bench.matrix.bias[i] = ((float)i - COLUMNS / 2) / 200;
    }
    for (size_t s = 0; s < COUNT(sets); s++) {
        if (!bytes_supported(sets[s]))
            continue;
        sets[s]->linear(&(ByteLinearCall){ &bench.matrix, bench.rows, 1, out, ACTIVATION_GELU });
        for (size_t i = 0; i < COLUMNS; i++) {
            double x = bench.matrix.bias[i], exact = 0.5 * x * (1 + erf(x * M_SQRT1_2));
            cr_assert_float_eq(out[i], exact, 3e-5 + 1e-5 * fabs(x), "%s: gelu(%g) = %g",
                               sets[s]->name, x, out[i]);
        }
    }
    bench_free(&bench);
}

/* The largest sums there can be: nothing is cut off at 16 bits. */
Test(encode_bytes, the_largest_bytes_do_not_overflow)
{
    enum { DEPTH = 1536, COLUMNS = 64 };
    Bench bench;
    float expected[COLUMNS], out[COLUMNS];
    bench_make(&bench, 1, DEPTH, COLUMNS);
    memset(bench.rows.bytes, 255, DEPTH);
    size_t half = byte_matrix_size(DEPTH, COLUMNS) / 2;
    memset(bench.matrix.weights, BYTE_PAIR_MAX / 2, half);
    memset(bench.matrix.weights + half, -BYTE_PAIR_MAX / 2, half);
    ByteLinearCall call = { &bench.matrix, bench.rows, 1, expected, ACTIVATION_NONE };
    bytes_plain.linear(&call);
    call.out = out;
    for (size_t s = 0; s < COUNT(sets); s++) {
        if (!bytes_supported(sets[s]))
            continue;
        sets[s]->linear(&call);
        cr_assert_arr_eq(out, expected, sizeof out, "%s", sets[s]->name);
    }
    bench_free(&bench);
}

/* Most weights small and a few large ones beside each other, where half of the excess goes. */
Test(encode_bytes, no_pair_of_weights_is_too_large_for_16_bits)
{
    enum { DEPTH = 128, COLUMNS = 16 };
    Bench bench;
    bool any_large = false;
    bench_make(&bench, 1, DEPTH, COLUMNS);
    for (size_t i = 0; i < DEPTH * COLUMNS; i++)
        bench.weights[i] = bench.weights[i] * bench.weights[i] * bench.weights[i];
    for (size_t c = 0; c < COLUMNS; c++)
        bench.weights[c * DEPTH] = bench.weights[c * DEPTH + 1] = c % 2 ? 1.4f : -1.4f;
    float usual[DEPTH];
    for (size_t k = 0; k < DEPTH; k++)
        usual[k] = 1;
    byte_pack(bench.weights, usual, &bench.matrix);
    for (size_t i = 0; i < byte_matrix_size(DEPTH, COLUMNS); i += 2) {
        int first = bench.matrix.weights[i], second = bench.matrix.weights[i + 1];
        cr_assert_leq(abs(first + second), BYTE_PAIR_MAX, "%d and %d", first, second);
        any_large |= abs(first) > BYTE_PAIR_MAX / 2;
    }
    cr_assert(any_large);
    bench_free(&bench);
}
