/* bytes_finish.h - what follows a sum of byte products, for the vectors chosen before including
 * it. Not a header for anyone else. */
/* Sanitizers make the inner loops 30 times slower, so they go without. What is inlined into
 * them must go without as well, or its marks of scopes that ended stay on the stack. */
#define NO_SANITIZER __attribute__((no_sanitize("address", "undefined")))
#define ALWAYS_INLINE inline __attribute__((always_inline)) NO_SANITIZER

/* Where sanitizers are on, the ends of all that the inner loops read are checked here. */
#ifdef __SANITIZE_ADDRESS__
static void check_linear(const ByteLinearCall *call)
{
    const ByteMatrix *matrix = call->matrix;
    size_t rows = (call->rows + BYTE_ROWS - 1) / BYTE_ROWS * BYTE_ROWS;
    size_t row = call->rows - 1, column = matrix->width_out - 1;
    volatile float last =
        (float)call->in.bytes[rows * call->in.step - 1] +
        (float)matrix->weights[byte_matrix_size(matrix->width_in, matrix->width_out) - 1];
    last = last + matrix->scales[column] + matrix->sums[column] + matrix->bias[column];
    last = last + call->in.scales[row] + call->in.zeros[row];
    call->out[call->rows * matrix->width_out - 1] = last;
}
#else
#define check_linear(call) ((void)0)
#endif

/* The value of a vector of sums: (sum - zero * weights) * scales + bias. */
static ALWAYS_INLINE Vec finished(const ByteMatrix *matrix, size_t column, Vec scale, Vec zero,
                                  IntVec sum)
{
    Vec value = v_mul(v_from_int(sum), v_load(matrix->scales + column));
    value = v_fma(v_sub(v_all(0), zero), v_load(matrix->sums + column), value);
    return v_fma(value, scale, v_load(matrix->bias + column));
}

static ALWAYS_INLINE void finish(const ByteLinearCall *call, size_t row, size_t column, IntVec sum)
{
    Vec value = finished(call->matrix, column, v_all(call->in.scales[row]),
                         v_all(call->in.zeros[row]), sum);
    v_store(call->out + row * call->matrix->width_out + column, value);
}

/* x * (1 + erf(x / sqrt 2)) / 2 within 3e-5 where |x| < 4.2 and 1e-5 * |x| beyond, which is far
 * below the step of the bytes that it becomes. The polynomial of t^2 is fitted to
 * (Phi(t) - 1/2) / t by reweighted least squares; no division and no power as in v_gelu. */
static ALWAYS_INLINE Vec v_coarse_gelu(Vec x)
{
    static const float terms[] = { 2.0737734e-7f, -5.2916721e-6f, 8.9855668e-5f, -1.0865657e-3f,
                                   9.7412560e-3f, -6.6222526e-2f, 3.9883479e-1f };
    Vec t = v_min(v_max(x, v_all(-4.2f)), v_all(4.2f)), square = v_mul(t, t);
    Vec p = v_fma(v_all(4.9296206e-11f), square, v_all(-4.7999271e-9f));
#pragma GCC unroll 8
    for (size_t i = 0; i < COUNT(terms); i++)
        p = v_fma(p, square, v_all(terms[i]));
    return v_mul(x, v_fma(p, t, v_all(0.5f)));
}

static ALWAYS_INLINE void gelu_tile(float *out, size_t out_step, size_t rows, size_t columns)
{
    for (size_t r = 0; r < rows; r++, out += out_step)
        for (size_t c = 0; c < columns; c += LANES)
            v_store(out + c, v_coarse_gelu(v_load(out + c)));
}
