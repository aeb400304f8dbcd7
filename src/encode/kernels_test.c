#include <criterion/criterion.h>
#include <math.h>

#include "encode/kernel_sets.h"
#include "encode/tiny_model.h"

static const Kernels *const sets[] = { &kernels_avx512, &kernels_avx2, &kernels_plain };

static float *random_values(uint64_t seed, size_t count, float scale)
{
    float *values = heap_alloc(count * sizeof *values);
    for (size_t i = 0; i < count; i++)
        values[i] = tiny_random(&seed) * scale;
    return values;
}

static double largest_difference(const float *a, const float *b, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++) {
        cr_assert(isfinite(a[i]));
        largest = fmax(largest, fabs((double)a[i] - b[i]));
    }
    return largest;
}

/* activation(in * weights^T + bias) in double precision. */
static double exact_linear(const LinearCall *call, const float *weights, size_t row, size_t column)
{
    double sum = call->bias[column];
    for (size_t k = 0; k < call->width_in; k++)
        sum += (double)call->in[row * call->width_in + k] * weights[column * call->width_in + k];
    return call->activation == ACTIVATION_GELU ? 0.5 * sum * (1 + erf(sum * M_SQRT1_2)) : sum;
}

static void check_linear(const Kernels *kernels, size_t rows, size_t width_in, size_t width_out,
                         Activation activation)
{
    AUTO_FREE float *in = random_values(1, rows * width_in, 3);
    AUTO_FREE float *weights = random_values(2, width_out * width_in, 1);
    AUTO_FREE float *bias = random_values(3, width_out, 1);
    AUTO_FREE float *packed = heap_alloc(width_out * width_in * sizeof(float));
    AUTO_FREE float *out = heap_alloc(rows * width_out * sizeof(float));
    linear_pack(kernels, weights, width_in, width_out, packed);
    LinearCall call = { in, rows, width_in, width_out, packed, bias, out, activation };
    kernels->linear(&call);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < width_out; c++) {
            double exact = exact_linear(&call, weights, r, c);
            cr_assert_float_eq(out[r * width_out + c], exact, 2e-5, "%s %zux%zux%zu", kernels->name,
                               rows, width_in, width_out);
        }
}

Test(encode, linear_layers_agree_with_double_precision)
{
    static const size_t widths[] = { 16, 32, 48, 64, 112, 160 };
    for (size_t s = 0; s < COUNT(sets); s++)
        for (size_t w = 0; kernels_supported(sets[s]) && w < COUNT(widths); w++)
            for (size_t rows = 1; rows <= 17; rows++) {
                check_linear(sets[s], rows, 48, widths[w], ACTIVATION_NONE);
                check_linear(sets[s], rows, 80, widths[w], ACTIVATION_GELU);
            }
    check_linear(&kernels_plain, 3, 7, 21, ACTIVATION_GELU);
}

Test(encode, gelu_follows_erf_everywhere)
{
    enum { STEPS = 4096 };
    static float in[STEPS], zero[16], out[STEPS * 16];
    float weights[16];
    for (int i = 0; i < STEPS; i++)
        in[i] = (float)(i - STEPS / 2) / 100;
    for (int i = 0; i < 16; i++)
        weights[i] = 1;
    for (size_t s = 0; s < COUNT(sets); s++) {
        if (!kernels_supported(sets[s]))
            continue;
        sets[s]->linear(&(LinearCall){ in, STEPS, 1, 16, weights, zero, out, ACTIVATION_GELU });
        for (int i = 0; i < STEPS; i++) {
            double x = in[i], exact = 0.5 * x * (1 + erf(x * M_SQRT1_2));
            cr_assert_float_eq(out[i * 16], exact, 5e-7 + 1e-7 * fabs(x), "%s: gelu(%g) = %g",
                               sets[s]->name, x, out[i * 16]);
        }
    }
}

Test(encode, attention_agrees_with_plain_c)
{
    enum { HEADS = 3, SIZE = 16, WIDTH = HEADS * SIZE, LENGTH_MAX = 67 };
    enum { DISTANCES = 2 * LENGTH_MAX - 1 + ATTENTION_ROOM };
    AUTO_FREE float *distances = random_values(2, (size_t)HEADS * DISTANCES, 2);
    for (size_t length = 1; length <= LENGTH_MAX; length++) {
        AUTO_FREE float *qkv = random_values(length, length * 3 * WIDTH, 1);
        AUTO_FREE float *scratch = heap_alloc(attention_scratch(length, SIZE) * sizeof(float));
        AUTO_FREE float *expected = heap_alloc(length * WIDTH * sizeof(float));
        AUTO_FREE float *out = heap_alloc(length * WIDTH * sizeof(float));
        AttentionCall call = { qkv, length, HEADS, SIZE, expected, scratch };
        if (length % 2) {
            call.distances = distances;
            call.distance_middle = LENGTH_MAX - 1;
            call.distance_step = DISTANCES;
        }
        kernels_plain.attention(&call);
        call.out = out;
        for (size_t s = 0; s < COUNT(sets); s++) {
            if (!kernels_supported(sets[s]))
                continue;
            sets[s]->attention(&call);
            cr_assert_lt(largest_difference(out, expected, length * WIDTH), 1e-5, "%s %zu",
                         sets[s]->name, length);
        }
    }
}

Test(encode, attention_survives_scores_far_apart)
{
    enum { LENGTH = 5, SIZE = 16 };
    float qkv[LENGTH * 3 * SIZE], out[LENGTH * SIZE];
    AUTO_FREE float *scratch = heap_alloc(attention_scratch(LENGTH, SIZE) * sizeof(float));
    for (size_t i = 0; i < COUNT(qkv); i++)
        qkv[i] = (float)(i / (3 * SIZE)) * 100;
    for (size_t s = 0; s < COUNT(sets); s++) {
        if (!kernels_supported(sets[s]))
            continue;
        sets[s]->attention(&(AttentionCall){ qkv, LENGTH, 1, SIZE, out, scratch });
        for (size_t i = SIZE; i < COUNT(out); i++)
            cr_assert_float_eq(out[i], 400, 1e-3, "%s", sets[s]->name);
    }
}

Test(encode, norms_agree_with_plain_c)
{
    enum { ROWS = 5, WIDTH = 112 };
    AUTO_FREE float *x = random_values(5, ROWS * WIDTH, 20);
    AUTO_FREE float *other = random_values(6, ROWS * WIDTH, 1);
    AUTO_FREE float *gain = random_values(7, WIDTH, 1);
    AUTO_FREE float *bias = random_values(8, WIDTH, 1);
    for (int with_other = 0; with_other < 2; with_other++) {
        float expected[ROWS * WIDTH], out[ROWS * WIDTH];
        NormCall call = { expected, with_other ? other : NULL, ROWS, WIDTH, gain, bias, 1e-12f };
        memcpy(expected, x, sizeof expected);
        kernels_plain.add_norm(&call);
        for (size_t s = 0; s < COUNT(sets); s++) {
            if (!kernels_supported(sets[s]))
                continue;
            memcpy(out, x, sizeof out);
            call.x = out;
            sets[s]->add_norm(&call);
            cr_assert_lt(largest_difference(out, expected, ROWS * WIDTH), 3e-6, "%s",
                         sets[s]->name);
        }
    }
}

Test(encode, bytes_agree_with_plain_c_and_hold_the_values)
{
    enum { ROWS = 7, WIDTH = 112 };
    AUTO_FREE float *x = random_values(9, ROWS * WIDTH, 5);
    AUTO_FREE float *factors = random_values(10, WIDTH, 1);
    for (size_t i = 0; i < WIDTH; i++) {
        x[i] = 0;                    /* a row of zeros */
        x[WIDTH + i] = 1 + (float)i; /* one without 0 */
        x[2 * WIDTH + i] = -fabsf(x[2 * WIDTH + i]);
        factors[i] = fabsf(factors[i]) + 0.5f;
    }
    uint8_t expected[ROWS * WIDTH], bytes[ROWS * WIDTH];
    float scales[2][ROWS], zeros[2][ROWS];
    QuantiseCall call = { x, factors, ROWS, WIDTH, { expected, WIDTH, scales[0], zeros[0] } };
    kernels_plain.quantise(&call);
    for (size_t i = 0; i < ROWS * WIDTH; i++) {
        size_t row = i / WIDTH;
        float value = scales[0][row] * ((float)expected[i] - zeros[0][row]);
        cr_assert_float_eq(value, x[i] * factors[i % WIDTH], scales[0][row] * 1.01, "row %zu", row);
    }
    call.out = (ByteRows){ bytes, WIDTH, scales[1], zeros[1] };
    for (size_t s = 0; s < COUNT(sets); s++) {
        if (!kernels_supported(sets[s]))
            continue;
        sets[s]->quantise(&call);
        cr_assert_arr_eq(bytes, expected, sizeof bytes, "%s", sets[s]->name);
        cr_assert_arr_eq(scales[1], scales[0], sizeof scales[0], "%s", sets[s]->name);
        cr_assert_arr_eq(zeros[1], zeros[0], sizeof zeros[0], "%s", sets[s]->name);
    }
}

Test(encode, odd_widths_get_plain_c)
{
    cr_assert_str_eq(kernel_set_best(384, 1536, 12)->name, "plain");
    cr_assert_str_eq(kernel_set_best(380, 1536, 32)->name, "plain");
    cr_assert(kernel_set_supported(kernel_set_best(384, 1536, 32)));
}

Test(encode, sets_and_precisions_are_found_by_name)
{
    const KernelSet *set;
    Precision precision;
    Error err = { 0 };
    cr_assert(kernel_set_find(S("auto"), &set, &err) && !set);
    cr_assert(kernel_set_find(S("plain"), &set, &err) && set->floats == &kernels_plain);
    cr_assert(!kernel_set_find(S("mmx"), &set, &err));
    cr_assert(precision_find(S(""), &precision, &err) && precision == PRECISION_AUTO);
    cr_assert(precision_find(S("int8"), &precision, &err) && precision == PRECISION_INT8);
    cr_assert(!precision_find(S("int4"), &precision, &err));
    cr_assert_eq(err.code, ERROR_INVALID);
}
