/* bytes.c - see bytes.h: what the processor can do, the packing, and the plain C set. */
#include "encode/bytes.h"

#include <cpuid.h>
#include <math.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- Processors ------------------------------------------------------------------------- */

/* Linux gives a process the tile unit's registers when it asks for them (Documentation/arch/x86/
 * xstate.rst): arch_prctl(ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA). */
static bool get_tiles(void) { return syscall(SYS_arch_prctl, 0x1023, 18) == 0; }

bool bytes_supported(const ByteKernels *bytes)
{
    enum { AVX_VNNI = 1 << 4, AVX512_BF16 = 1 << 5 };                    /* leaf 7.1, EAX */
    enum { AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24, AMX_INT8 = 1 << 25 }; /* leaf 7.0, EDX */
    enum { AMX = AMX_BF16 | AMX_TILE | AMX_INT8 };
    unsigned a = 0, b = 0, c = 0, d = 0, more = 0;
    if (bytes == &bytes_plain)
        return true;
    if (bytes == &bytes_avx2)
        return kernels_supported(&kernels_avx2);
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
        return false;
    bool vnni = kernels_supported(&kernels_avx512) && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512vnni");
    unsigned features = d;
    if (a >= 1)
        __get_cpuid_count(7, 1, &more, &b, &c, &d);
    if (bytes == &bytes_avxvnni)
        return kernels_supported(&kernels_avx2) && (more & AVX_VNNI);
    if (bytes == &bytes_avx512vnni)
        return vnni;
    return vnni && (features & AMX) == AMX && (more & AVX512_BF16) && get_tiles();
}

/* --- Packing ---------------------------------------------------------------------------- */

size_t byte_depth(size_t width_in) { return (width_in + BYTE_DEPTH - 1) / BYTE_DEPTH * BYTE_DEPTH; }

size_t byte_matrix_columns(size_t width_out)
{
    return (width_out + BYTE_COLUMNS - 1) / BYTE_COLUMNS * BYTE_COLUMNS;
}

size_t byte_matrix_size(size_t width_in, size_t width_out)
{
    return byte_depth(width_in) * byte_matrix_columns(width_out);
}

/* rintf() for numbers that are not large, without a call. */
static float round_small(float x)
{
    const float shift = 12582912.0f; /* 1.5 * 2^23 */
    return x + shift - shift;
}

/* x cut at +-max by 2 * cut(x) = |x + max| - |x - max|: without a comparison, which could trap,
 * the compiler makes vector instructions of the loops below, four times as fast. */
static float cut(float x, float max) { return 0.5f * (fabsf(x + max) - fabsf(x - max)); }

/* The column's inputs two by two, as the products of bytes take them. */
typedef struct Column {
    float *evens, *odds;
    size_t pairs;
} Column;

/* The pair's weights as bytes. Where they are too large together each gives half; they then have
 * the same sign, and neither gets another. */
static inline void round_pair(float even, float odd, float factor, float *even_r, float *odd_r)
{
    float a = round_small(cut(even * factor, BYTE_WEIGHT_MAX));
    float b = round_small(cut(odd * factor, BYTE_WEIGHT_MAX));
    float excess = a + b - cut(a + b, BYTE_PAIR_MAX), half = round_small(0.5f * excess);
    *even_r = a - half;
    *odd_r = b - (excess - half);
}

/* What rounding by the scale costs the column: the sum of squared differences, kept in as many
 * lanes as make the loop a few vector instructions on any processor. */
static float rounding_error(const Column *column, float scale)
{
    enum { LANES = 16 };
    float errors[LANES] = { 0 }, factor = 1 / scale, sum = 0;
    for (size_t k = 0; k < column->pairs; k += LANES)
        for (size_t lane = 0; lane < LANES; lane++) {
            float even = column->evens[k + lane], odd = column->odds[k + lane], a, b;
            round_pair(even, odd, factor, &a, &b);
            errors[lane] += (even - scale * a) * (even - scale * a);
            errors[lane] += (odd - scale * b) * (odd - scale * b);
        }
    for (size_t lane = 0; lane < LANES; lane++)
        sum += errors[lane];
    return sum;
}

/* The scale, of a few from one that leaves every pair as it is to one that cuts the largest
 * weights off, whose rounded weights are nearest to the column in the sense of least squares. */
static float find_scale(const Column *column)
{
    enum { TRIES = 8 };
    float largest = 0, best_scale = 1, best = INFINITY;
    for (size_t k = 0; k < column->pairs; k++) {
        float even = fabsf(column->evens[k]), odd = fabsf(column->odds[k]);
        largest = MAX(largest, MAX(even, odd));
    }
    for (int i = 0; largest > 0 && i < TRIES; i++) {
        float scale = largest / (BYTE_PAIR_MAX / 2 + 8 * (float)i);
        float error = rounding_error(column, scale);
        if (error < best) {
            best = error;
            best_scale = scale;
        }
    }
    return best_scale;
}

/* Each input's factor is the root of (its weights' size / its usual size): half of the difference
 * moves from the inputs to the weights. */
static void find_factors(const float *weights, const float *usual, ByteMatrix *matrix)
{
    size_t width_in = matrix->width_in;
    memset(matrix->factors, 0, byte_depth(width_in) * sizeof(float));
    for (size_t c = 0; c < matrix->width_out; c++)
        for (size_t k = 0; k < width_in; k++)
            matrix->factors[k] += weights[c * width_in + k] * weights[c * width_in + k];
    for (size_t k = 0; k < width_in; k++) {
        float size = sqrtf(matrix->factors[k] / (float)matrix->width_out);
        bool usable = size > 1e-12f && usual[k] > 1e-12f;
        matrix->factors[k] = usable ? sqrtf(size / usual[k]) : 1;
    }
}

/* The weights of a column, multiplied for their inputs' factors, two by two; 0 past its end. */
static void fill_column(const float *weights, const float *factors, size_t width_in,
                        const Column *column)
{
    for (size_t k = 0; k < 2 * column->pairs; k++) {
        float *half = k % 2 ? column->odds : column->evens;
        half[k / 2] = k < width_in ? weights[k] / factors[k] : 0;
    }
}

/* Column c of the matrix: its bytes, scale and sum. */
static void pack_column(const Column *column, size_t c, ByteMatrix *matrix)
{
    size_t depth = byte_depth(matrix->width_in);
    int8_t *panel = matrix->weights + c / BYTE_COLUMNS * BYTE_COLUMNS * depth;
    int8_t *at = panel + c % BYTE_COLUMNS * 4;
    float scale = find_scale(column), sum = 0;
    for (size_t k = 0; k < column->pairs; k++) {
        float even, odd;
        round_pair(column->evens[k], column->odds[k], 1 / scale, &even, &odd);
        int8_t *pair = at + k / 2 * 4 * BYTE_COLUMNS + k % 2 * 2;
        pair[0] = (int8_t)even;
        pair[1] = (int8_t)odd;
        sum += even + odd;
    }
    matrix->scales[c] = scale;
    matrix->sums[c] = sum * scale;
}

void byte_pack(const float *weights, const float *usual, ByteMatrix *matrix)
{
    size_t width_in = matrix->width_in, pairs = byte_depth(width_in) / 2;
    AUTO_FREE float *room = heap_alloc(2 * pairs * sizeof *room);
    Column column = { room, room + pairs, pairs };
    memset(matrix->weights, 0, byte_matrix_size(width_in, matrix->width_out));
    find_factors(weights, usual, matrix);
    for (size_t c = 0; c < matrix->width_out; c++) {
        fill_column(weights + c * width_in, matrix->factors, width_in, &column);
        pack_column(&column, c, matrix);
    }
}

/* --- Plain C ---------------------------------------------------------------------------- */

static float plain_gelu(float x) { return 0.5f * x * (1.0f + erff(x * 0.70710678f)); }

static int32_t plain_sum(const ByteLinearCall *call, size_t row, size_t column)
{
    const uint8_t *in = call->in.bytes + row * call->in.step;
    size_t width_in = call->matrix->width_in;
    const int8_t *weights = call->matrix->weights +
                            column / BYTE_COLUMNS * BYTE_COLUMNS * byte_depth(width_in) +
                            column % BYTE_COLUMNS * 4;
    int32_t sum = 0;
    for (size_t k = 0; k < width_in; k++)
        sum += in[k] * weights[k / 4 * 4 * BYTE_COLUMNS + k % 4];
    return sum;
}

static void plain_linear(const ByteLinearCall *call)
{
    const ByteMatrix *matrix = call->matrix;
    for (size_t r = 0; r < call->rows; r++) {
        for (size_t c = 0; c < matrix->width_out; c++) {
            float value = (float)plain_sum(call, r, c) * matrix->scales[c];
            value = fmaf(-call->in.zeros[r], matrix->sums[c], value);
            value = fmaf(value, call->in.scales[r], matrix->bias[c]);
            call->out[r * matrix->width_out + c] =
                call->activation == ACTIVATION_GELU ? plain_gelu(value) : value;
        }
    }
}

const ByteKernels bytes_plain = { .name = "plain C int8", .linear = plain_linear };
