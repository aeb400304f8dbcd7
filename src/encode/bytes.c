/* bytes.c - see bytes.h: what the processor can do, the packing, and the plain C set. */
#include "encode/bytes.h"

#include <cpuid.h>
#include <math.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WEIGHT_MAX 127

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

static float round_weight(float weight, float scale)
{
    return fminf(fmaxf(rintf(weight / scale), -WEIGHT_MAX), WEIGHT_MAX);
}

/* The scale, of a few that cut the largest weights off, whose rounded weights are nearest to the
 * column in the sense of least squares. */
static float find_scale(const float *column, size_t count)
{
    enum { TRIES = 12 };
    float largest = 0, best_scale = 1;
    double best = INFINITY;
    for (size_t k = 0; k < count; k++)
        largest = fmaxf(largest, fabsf(column[k]));
    for (int i = 0; largest > 0 && i < TRIES; i++) {
        float scale = largest * (1.0f - 0.03f * (float)i) / WEIGHT_MAX;
        double error = 0;
        for (size_t k = 0; k < count; k++) {
            float off = column[k] - scale * round_weight(column[k], scale);
            error += (double)off * off;
        }
        if (error < best) {
            best = error;
            best_scale = scale;
        }
    }
    return best_scale;
}

void byte_pack(const float *weights, ByteMatrix *matrix)
{
    size_t width_in = matrix->width_in, depth = byte_depth(width_in);
    memset(matrix->weights, 0, byte_matrix_size(width_in, matrix->width_out));
    for (size_t c = 0; c < matrix->width_out; c++, weights += width_in) {
        int8_t *panel = matrix->weights + c / BYTE_COLUMNS * BYTE_COLUMNS * depth;
        int8_t *at = panel + c % BYTE_COLUMNS * 4;
        float scale = find_scale(weights, width_in), sum = 0;
        for (size_t k = 0; k < width_in; k++) {
            float value = round_weight(weights[k], scale);
            at[k / 4 * 4 * BYTE_COLUMNS + k % 4] = (int8_t)value;
            sum += value;
        }
        matrix->scales[c] = scale;
        matrix->sums[c] = sum * scale;
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
