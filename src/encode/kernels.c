/* kernels.c - see kernels.h: what the processor can do, the packing, and the plain C set. */
#include "encode/kernels.h"

#include <math.h>

#define PLAIN_PANEL 16

bool kernels_supported(const Kernels *kernels)
{
    __builtin_cpu_init();
    if (kernels == &kernels_avx512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq");
    if (kernels == &kernels_avx2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return true;
}

void linear_pack(const Kernels *kernels, const float *weights, size_t width_in, size_t width_out,
                 float *packed)
{
    for (size_t first = 0; first < width_out; first += kernels->panel) {
        size_t columns = MIN(kernels->panel, width_out - first);
        for (size_t k = 0; k < width_in; k++)
            for (size_t c = 0; c < columns; c++)
                *packed++ = weights[(first + c) * width_in + k];
    }
}

size_t attention_scratch(size_t length, size_t head_size)
{
    enum { ROWS_MAX = 24, PADDED = 32 }; /* rows of scores at a time; keys are padded to this */
    return (length + PADDED - 1) / PADDED * PADDED * (2 * head_size + ROWS_MAX);
}

/* --- Plain C ---------------------------------------------------------------------------- */

static float plain_gelu(float x) { return 0.5f * x * (1.0f + erff(x * 0.70710678f)); }

static void plain_panel(const LinearCall *call, size_t row, size_t first, size_t columns)
{
    const float *in = call->in + row * call->width_in;
    const float *weights = call->weights + first * call->width_in;
    float sums[PLAIN_PANEL] = { 0 };
    for (size_t k = 0; k < call->width_in; k++, weights += columns)
        for (size_t c = 0; c < columns; c++)
            sums[c] += in[k] * weights[c];
    float *out = call->out + row * call->width_out + first;
    for (size_t c = 0; c < columns; c++) {
        float value = sums[c] + call->bias[first + c];
        out[c] = call->activation == ACTIVATION_GELU ? plain_gelu(value) : value;
    }
}

static void plain_linear(const LinearCall *call)
{
    for (size_t first = 0; first < call->width_out; first += PLAIN_PANEL)
        for (size_t row = 0; row < call->rows; row++)
            plain_panel(call, row, first, MIN((size_t)PLAIN_PANEL, call->width_out - first));
}

static void plain_softmax(float *scores, size_t count)
{
    float max = scores[0], sum = 0;
    for (size_t i = 1; i < count; i++)
        max = fmaxf(max, scores[i]);
    for (size_t i = 0; i < count; i++)
        sum += scores[i] = expf(scores[i] - max);
    for (size_t i = 0; i < count; i++)
        scores[i] /= sum;
}

/* One query of one head against all keys and values of the sequence. */
static void plain_attend(const AttentionCall *call, size_t head, size_t row)
{
    size_t width = call->heads * call->head_size, step = 3 * width, first = head * call->head_size;
    const float *query = call->qkv + row * step + first;
    const float *distances = attention_distances(call, head, row);
    float *scores = call->scratch, *out = call->out + row * width + first;
    for (size_t i = 0; i < call->length; i++) {
        const float *key = call->qkv + i * step + width + first;
        scores[i] = distances ? distances[i] : 0;
        for (size_t d = 0; d < call->head_size; d++)
            scores[i] += query[d] * key[d];
    }
    plain_softmax(scores, call->length);
    memset(out, 0, call->head_size * sizeof *out);
    for (size_t i = 0; i < call->length; i++) {
        const float *value = call->qkv + i * step + 2 * width + first;
        for (size_t d = 0; d < call->head_size; d++)
            out[d] += scores[i] * value[d];
    }
}

static void plain_attention(const AttentionCall *call)
{
    for (size_t head = 0; head < call->heads; head++)
        for (size_t row = 0; row < call->length; row++)
            plain_attend(call, head, row);
}

static void plain_norm_row(const NormCall *call, float *x, const float *other)
{
    float mean = 0, variance = 0;
    for (size_t i = 0; i < call->width; i++)
        mean += x[i] += other ? other[i] : 0;
    mean /= (float)call->width;
    for (size_t i = 0; i < call->width; i++)
        variance += (x[i] - mean) * (x[i] - mean);
    float scale = 1.0f / sqrtf(variance / (float)call->width + call->epsilon);
    for (size_t i = 0; i < call->width; i++)
        x[i] = (x[i] - mean) * scale * call->gain[i] + call->bias[i];
}

static void plain_add_norm(const NormCall *call)
{
    for (size_t row = 0; row < call->rows; row++)
        plain_norm_row(call, call->x + row * call->width,
                       call->other ? call->other + row * call->width : NULL);
}

float byte_range(float least, float largest, float *scale_r, float *zero_r)
{
    least = fminf(least, 0);
    largest = fmaxf(largest, 0);
    float range = largest - least, factor = range > 0 ? 255.0f / range : 0;
    *scale_r = range / 255.0f;
    *zero_r = rintf(-least * factor);
    return factor;
}

static void plain_quantise_row(const QuantiseCall *call, size_t row)
{
    const float *x = call->x + row * call->width;
    uint8_t *bytes = call->out.bytes + row * call->out.step;
    float least = 0, largest = 0;
    for (size_t i = 0; i < call->width; i++) {
        least = fminf(least, x[i] * call->factors[i]);
        largest = fmaxf(largest, x[i] * call->factors[i]);
    }
    float *zero = &call->out.zeros[row];
    float factor = byte_range(least, largest, &call->out.scales[row], zero);
    for (size_t i = 0; i < call->width; i++) {
        float value = rintf(fmaf(x[i] * call->factors[i], factor, *zero));
        bytes[i] = value > 0 ? (uint8_t)fminf(value, 255) : 0; /* what is no number, too */
    }
}

static void plain_quantise(const QuantiseCall *call)
{
    for (size_t row = 0; row < call->rows; row++)
        plain_quantise_row(call, row);
}

const Kernels kernels_plain = {
    .name = "plain C fp32",
    .panel = PLAIN_PANEL,
    .linear = plain_linear,
    .attention = plain_attention,
    .add_norm = plain_add_norm,
    .quantise = plain_quantise,
};
