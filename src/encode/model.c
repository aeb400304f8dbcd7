/* model.c - the weights of a model; see model.h. */
#include "encode/model.h"

#include <assert.h>
#include <math.h>
#include <sys/mman.h>

/* What loading needs at hand; `scratch` holds one matrix as the file has it. */
typedef struct Loading {
    Model *model;
    Safetensors tensors;
    Str prefix; /* "" or "bert." */
    float *scratch;
    float *next; /* free room in model->memory */
} Loading;

static size_t matrix_size(const ModelConfig *config)
{
    return config->width * MAX(3 * config->width, config->inner_width);
}

/* Floats of all weights but the table of words. */
static size_t weight_count(const ModelConfig *config)
{
    size_t width = config->width, inner = config->inner_width;
    size_t layer = 4 * width * width + 2 * width * inner + inner + 9 * width;
    return config->layers * layer + config->positions * width + 2 * width;
}

static float *take(Loading *loading, size_t count)
{
    float *memory = loading->next;
    loading->next += count;
    return memory;
}

static bool find_tensor(const Loading *loading, const char *name, const Tensor **tensor_r,
                        Error *err)
{
    char full[160];
    int length = snprintf(full, sizeof full, STR_FMT "%s", STR_ARG(loading->prefix), name);
    *tensor_r = safetensors_find(&loading->tensors, (Str){ full, (size_t)length });
    if (!*tensor_r)
        return fail(err, ERROR_INVALID, "tensor '%s' is missing", full);
    return (*tensor_r)->type != TENSOR_OTHER ||
           fail(err, ERROR_UNSUPPORTED, "tensor '%s' is not of floating point", full);
}

static bool check_finite(const float *values, size_t count, const char *name, Error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return fail(err, ERROR_INVALID, "tensor '%s' has a value that is not a number", name);
    return true;
}

/* The tensor of this name and exactly this shape, read into out; its pages are given back. */
static bool read_tensor(Loading *loading, const char *name, size_t rows, size_t columns, float *out,
                        Error *err)
{
    const Tensor *tensor;
    if (!find_tensor(loading, name, &tensor, err))
        return false;
    size_t expected = rows ? 2 : 1;
    if (tensor->dim_count != expected || tensor->dims[expected - 1] != columns ||
        (rows && tensor->dims[0] != rows))
        return fail(err, ERROR_INVALID, "tensor '%s' should have the shape %zu x %zu", name,
                    MAX(rows, (size_t)1), columns);
    tensor_read(tensor, 0, tensor->count, out);
    uintptr_t start = (uintptr_t)tensor->bytes.at & ~(uintptr_t)4095;
    madvise((void *)start, (uintptr_t)tensor->bytes.at + tensor->bytes.length - start,
            MADV_DONTNEED);
    return check_finite(out, tensor->count, name, err);
}

static bool read_vector(Loading *loading, const char *layer, const char *name, size_t width,
                        float *out, Error *err)
{
    char full[160];
    snprintf(full, sizeof full, "%s%s", layer, name);
    return read_tensor(loading, full, 0, width, out, err);
}

static bool read_norm(Loading *loading, const char *layer, const char *name, Norm *norm, Error *err)
{
    char gain[96], bias[96];
    size_t width = loading->model->config.width;
    snprintf(gain, sizeof gain, "%s.weight", name);
    snprintf(bias, sizeof bias, "%s.bias", name);
    norm->gain = take(loading, width);
    norm->bias = take(loading, width);
    return read_vector(loading, layer, gain, width, norm->gain, err) &&
           read_vector(loading, layer, bias, width, norm->bias, err);
}

/* A matrix and its bias into the given places, the matrix as the file has it. */
static bool read_linear(Loading *loading, const char *layer, const char *name, size_t width_in,
                        size_t width_out, float *weights, float *bias, Error *err)
{
    char full[160];
    snprintf(full, sizeof full, "%s%s.weight", layer, name);
    if (!read_tensor(loading, full, width_out, width_in, weights, err))
        return false;
    snprintf(full, sizeof full, "%s%s.bias", layer, name);
    return read_tensor(loading, full, 0, width_out, bias, err);
}

static bool read_packed(Loading *loading, const char *layer, const char *name, size_t width_in,
                        size_t width_out, Linear *linear, Error *err)
{
    linear->weights = take(loading, width_in * width_out);
    linear->bias = take(loading, width_out);
    if (!read_linear(loading, layer, name, width_in, width_out, loading->scratch, linear->bias,
                     err))
        return false;
    linear_pack(loading->model->kernels, loading->scratch, width_in, width_out, linear->weights);
    return true;
}

static bool read_qkv(Loading *loading, const char *layer, Linear *linear, Error *err)
{
    static const char *const names[] = { "attention.self.query", "attention.self.key",
                                         "attention.self.value" };
    const ModelConfig *config = &loading->model->config;
    size_t width = config->width;
    float *scratch = loading->scratch;
    linear->weights = take(loading, 3 * width * width);
    linear->bias = take(loading, 3 * width);
    for (size_t i = 0; i < COUNT(names); i++)
        if (!read_linear(loading, layer, names[i], width, width, scratch + i * width * width,
                         linear->bias + i * width, err))
            return false;
    float scale = 1.0f / sqrtf((float)(width / config->heads));
    for (size_t i = 0; i < width * width; i++)
        scratch[i] *= scale;
    for (size_t i = 0; i < width; i++)
        linear->bias[i] *= scale;
    linear_pack(loading->model->kernels, scratch, width, 3 * width, linear->weights);
    return true;
}

static bool read_layer(Loading *loading, size_t number, ModelLayer *layer, Error *err)
{
    char name[48];
    size_t width = loading->model->config.width, inner = loading->model->config.inner_width;
    snprintf(name, sizeof name, "encoder.layer.%zu.", number);
    return read_qkv(loading, name, &layer->qkv, err) &&
           read_packed(loading, name, "attention.output.dense", width, width, &layer->attended,
                       err) &&
           read_norm(loading, name, "attention.output.LayerNorm", &layer->attended_norm, err) &&
           read_packed(loading, name, "intermediate.dense", width, inner, &layer->up, err) &&
           read_packed(loading, name, "output.dense", inner, width, &layer->down, err) &&
           read_norm(loading, name, "output.LayerNorm", &layer->output_norm, err);
}

/* A lone text is always of type 0, so that row is added to every place once. */
static bool read_embeddings(Loading *loading, Error *err)
{
    Model *model = loading->model;
    size_t width = model->config.width, positions = model->config.positions;
    const Tensor *words, *types;
    model->places = take(loading, positions * width);
    if (!find_tensor(loading, "embeddings.word_embeddings.weight", &words, err) ||
        !find_tensor(loading, "embeddings.token_type_embeddings.weight", &types, err) ||
        !read_tensor(loading, "embeddings.position_embeddings.weight", positions, width,
                     model->places, err) ||
        !read_norm(loading, "", "embeddings.LayerNorm", &model->words_norm, err))
        return false;
    if (words->dim_count != 2 || words->dims[1] != width || types->dim_count != 2 ||
        types->dims[0] < 1 || types->dims[1] != width)
        return fail(err, ERROR_INVALID, "the word or type table is not %zu wide", width);
    tensor_read(types, 0, width, loading->scratch);
    for (size_t i = 0; i < positions * width; i++)
        model->places[i] += loading->scratch[i % width];
    model->words = *words;
    return check_finite(model->places, positions * width, "embeddings", err);
}

static bool read_weights(Loading *loading, Error *err)
{
    Model *model = loading->model;
    if (safetensors_find(&loading->tensors, S("bert.embeddings.word_embeddings.weight")))
        loading->prefix = S("bert.");
    if (!read_embeddings(loading, err))
        return false;
    for (size_t i = 0; i < model->config.layers; i++)
        if (!read_layer(loading, i, &model->layers[i], err))
            return false;
    assert((size_t)(loading->next - (float *)model->memory) == weight_count(&model->config));
    return true;
}

/* Anonymous memory of its own mapping, so that it goes back to the system when freed. Aligned
 * to a page: panels of 48 floats then start on cache lines. */
static bool make_memory(Model *model, Error *err)
{
    model->memory_size = weight_count(&model->config) * sizeof(float);
    model->memory =
        mmap(NULL, model->memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (model->memory == MAP_FAILED) {
        model->memory = NULL;
        return fail_errno(err, "reserving %zu bytes for weights", model->memory_size);
    }
    /* A short text reads all of it once: large pages make that 10 % faster. */
    madvise(model->memory, model->memory_size, MADV_HUGEPAGE);
    return true;
}

static bool load(Model *model, const char *folder, Error *err)
{
    AUTO_FREE float *scratch = heap_alloc(matrix_size(&model->config) * sizeof(float));
    Loading loading = { .model = model, .scratch = scratch };
    const char *path = path_join(model->arena, str(folder), S("model.safetensors"));
    if (!file_map(path, &model->file, err) || !make_memory(model, err))
        return false;
    loading.next = model->memory;
    return (safetensors_read(model->file.bytes, model->arena, &loading.tensors, err) &&
            read_weights(&loading, err)) ||
           fail_in(err, "reading %s", path);
}

bool model_open(const char *folder, const Kernels *kernels, Model **model_r, Error *err)
{
    Model *model = heap_alloc(sizeof *model);
    if (!model_read_config(folder, &model->config, err)) {
        free(model);
        return false;
    }
    const ModelConfig *config = &model->config;
    model->kernels =
        kernels ? kernels
                : kernels_best(config->width, config->inner_width, config->width / config->heads);
    model->arena = arena_new(MB(8));
    model->layers = heap_alloc(config->layers * sizeof *model->layers);
    if (!load(model, folder, err)) {
        model_free(model);
        return false;
    }
    *model_r = model;
    return true;
}

void model_free(Model *model)
{
    if (!model)
        return;
    if (model->memory)
        munmap(model->memory, model->memory_size);
    file_unmap(&model->file);
    arena_free(model->arena);
    free(model->layers);
    free(model);
}
