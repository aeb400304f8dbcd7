/* model.c - the weights of a model; see model.h. */
#include "encode/model.h"

#include <math.h>
#include <sys/mman.h>

#include "encode/model_cache.h"

/* What loading needs at hand; `scratch` holds one matrix as the file has it. */
typedef struct Loading {
    Model *model;
    Str prefix; /* "" or the family's */
    float *scratch;
    float *usual; /* size of each input of the matrix that is read next, of int8 */
} Loading;

/* --- The places of the weights ---------------------------------------------------------- */

typedef struct Layout {
    uint8_t *base;
    size_t used;
} Layout;

/* Whole cache lines, so that no vector of a row crosses one. */
static void *take(Layout *layout, size_t size)
{
    void *at = layout->base ? layout->base + layout->used : NULL;
    layout->used += (size + 63) & ~(size_t)63;
    return at;
}

static float *take_floats(Layout *layout, size_t count)
{
    return take(layout, count * sizeof(float));
}

static void place_weights(Layout *layout, bool is_int8, Linear *linear, size_t width_in,
                          size_t width_out)
{
    linear->width_in = linear->bytes.width_in = width_in;
    linear->width_out = linear->bytes.width_out = width_out;
    if (is_int8)
        linear->bytes.weights = take(layout, byte_matrix_size(width_in, width_out));
    else
        linear->weights = take_floats(layout, width_in * width_out);
}

static void place_columns(Layout *layout, bool is_int8, Linear *linear)
{
    size_t columns = byte_matrix_columns(linear->width_out);
    linear->bias = linear->bytes.bias = take_floats(layout, columns);
    linear->bytes.scales = is_int8 ? take_floats(layout, columns) : NULL;
    linear->bytes.sums = is_int8 ? take_floats(layout, columns) : NULL;
    linear->bytes.factors = is_int8 ? take_floats(layout, byte_depth(linear->width_in)) : NULL;
}

static void place_norm(Layout *layout, size_t width, Norm *norm)
{
    norm->gain = take_floats(layout, width);
    norm->bias = take_floats(layout, width);
}

/* The matrices first and in the order of their use: what follows one is fetched ahead. */
size_t model_lay_out(Model *model, uint8_t *base)
{
    Layout layout = { .base = base };
    size_t width = model->config.width, inner = model->config.inner_width;
    for (size_t i = 0; i < model->config.layers; i++) {
        ModelLayer *layer = &model->layers[i];
        place_weights(&layout, model->is_int8, &layer->qkv, width, 3 * width);
        place_weights(&layout, model->is_int8, &layer->attended, width, width);
        place_weights(&layout, model->is_int8, &layer->up, width, inner);
        place_weights(&layout, model->is_int8, &layer->down, inner, width);
    }
    for (size_t i = 0; i < model->config.layers; i++) {
        ModelLayer *layer = &model->layers[i];
        place_columns(&layout, model->is_int8, &layer->qkv);
        place_columns(&layout, model->is_int8, &layer->attended);
        place_norm(&layout, width, &layer->attended_norm);
        place_columns(&layout, model->is_int8, &layer->up);
        place_columns(&layout, model->is_int8, &layer->down);
        place_norm(&layout, width, &layer->output_norm);
    }
    model->places = take_floats(&layout, model->config.positions * width);
    place_norm(&layout, width, &model->words_norm);
    return layout.used;
}

/* --- Reading ---------------------------------------------------------------------------- */

static size_t matrix_size(const ModelConfig *config)
{
    return config->width * MAX(3 * config->width, config->inner_width);
}

static bool find_tensor(const Loading *loading, const char *name, const Tensor **tensor_r,
                        Error *err)
{
    char full[160];
    int length = snprintf(full, sizeof full, STR_FMT "%s", STR_ARG(loading->prefix), name);
    *tensor_r = safetensors_find(&loading->model->weights.tensors, (Str){ full, (size_t)length });
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

static void give_back(const Tensor *tensor)
{
    uintptr_t start = (uintptr_t)tensor->bytes.at & ~(uintptr_t)4095;
    madvise((void *)start, (uintptr_t)tensor->bytes.at + tensor->bytes.length - start,
            MADV_DONTNEED);
}

void model_rest(const Model *model) { give_back(&model->words); }

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
    give_back(tensor);
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

/* The matrix in `scratch`, in the order of the kernels. */
static void pack(Loading *loading, Linear *linear)
{
    if (loading->model->is_int8)
        byte_pack(loading->scratch, loading->usual, &linear->bytes);
    else
        linear_pack(loading->model->set->floats, loading->scratch, linear->width_in,
                    linear->width_out, linear->weights);
}

static bool read_packed(Loading *loading, const char *layer, const char *name, Linear *linear,
                        Error *err)
{
    if (!read_linear(loading, layer, name, linear->width_in, linear->width_out, loading->scratch,
                     linear->bias, err))
        return false;
    pack(loading, linear);
    return true;
}

static bool read_qkv(Loading *loading, const char *layer, Linear *linear, Error *err)
{
    const ModelConfig *config = &loading->model->config;
    const ModelFamily *family = config->family;
    const char *const names[] = { family->query, family->key, family->value };
    size_t width = config->width;
    float *scratch = loading->scratch;
    for (size_t i = 0; i < COUNT(names); i++)
        if (!read_linear(loading, layer, names[i], width, width, scratch + i * width * width,
                         linear->bias + i * width, err))
            return false;
    float scale = 1.0f / sqrtf((float)(width / config->heads));
    for (size_t i = 0; i < width * width; i++)
        scratch[i] *= scale;
    for (size_t i = 0; i < width; i++)
        linear->bias[i] *= scale;
    pack(loading, linear);
    return true;
}

/* What comes out of a norm is about gain * (a normal number) + bias. */
static void expect_norm(Loading *loading, const Norm *norm)
{
    for (size_t i = 0; i < loading->model->config.width; i++)
        loading->usual[i] = sqrtf(norm->gain[i] * norm->gain[i] + norm->bias[i] * norm->bias[i]);
}

/* Of other inputs nothing is known before a text comes. */
static void expect_even(Loading *loading, size_t count)
{
    for (size_t i = 0; i < count; i++)
        loading->usual[i] = 1;
}

static bool read_layer(Loading *loading, size_t number, ModelLayer *layer, const Norm *before,
                       Error *err)
{
    char name[48];
    const ModelConfig *config = &loading->model->config;
    const ModelFamily *family = config->family;
    snprintf(name, sizeof name, "%s%zu.", family->layer, number);
    expect_norm(loading, before);
    if (!read_qkv(loading, name, &layer->qkv, err))
        return false;
    expect_even(loading, config->width);
    if (!read_packed(loading, name, family->attended, &layer->attended, err) ||
        !read_norm(loading, name, family->attended_norm, &layer->attended_norm, err))
        return false;
    expect_norm(loading, &layer->attended_norm);
    if (!read_packed(loading, name, family->up, &layer->up, err))
        return false;
    expect_even(loading, config->inner_width);
    return read_packed(loading, name, family->down, &layer->down, err) &&
           read_norm(loading, name, family->output_norm, &layer->output_norm, err);
}

static bool find_words(Loading *loading, Error *err)
{
    const Tensor *words;
    size_t width = loading->model->config.width;
    if (!find_tensor(loading, "embeddings.word_embeddings.weight", &words, err))
        return false;
    if (words->dim_count != 2 || words->dims[1] != width)
        return fail(err, ERROR_INVALID,
                    "the word table is not %zu wide, as config.json says (without one, as "
                    "all-MiniLM-L6-v2 has it)",
                    width);
    loading->model->words = *words;
    return true;
}

/* A lone text is always of type 0, so that row is added to every place once; a family without
 * types has none. */
static bool add_type(Loading *loading, Error *err)
{
    Model *model = loading->model;
    const Tensor *types;
    size_t width = model->config.width, positions = model->config.positions;
    if (!model->config.family->has_types)
        return true;
    if (!find_tensor(loading, "embeddings.token_type_embeddings.weight", &types, err))
        return false;
    if (types->dim_count != 2 || types->dims[0] < 1 || types->dims[1] != width)
        return fail(err, ERROR_INVALID, "the type table is not %zu wide", width);
    tensor_read(types, 0, width, loading->scratch);
    for (size_t i = 0; i < positions * width; i++)
        model->places[i] += loading->scratch[i % width];
    return true;
}

static bool read_places(Loading *loading, Error *err)
{
    Model *model = loading->model;
    const Tensor *places;
    size_t width = model->config.width, positions = model->config.positions;
    size_t before = model->config.family->places;
    if (!find_tensor(loading, "embeddings.position_embeddings.weight", &places, err))
        return false;
    if (places->dim_count != 2 || places->dims[0] != positions + before || places->dims[1] != width)
        return fail(err, ERROR_INVALID,
                    "tensor 'embeddings.position_embeddings.weight' should have the shape "
                    "%zu x %zu",
                    positions + before, width);
    tensor_read(places, before * width, positions * width, model->places);
    return true;
}

static bool read_embeddings(Loading *loading, Error *err)
{
    Model *model = loading->model;
    return read_places(loading, err) && add_type(loading, err) &&
           read_norm(loading, "", "embeddings.LayerNorm", &model->words_norm, err) &&
           check_finite(model->places, model->config.positions * model->config.width, "embeddings",
                        err);
}

/* Anonymous memory of its own mapping, so that it goes back to the system when freed. */
static bool make_memory(Model *model, Error *err)
{
    void *memory =
        mmap(NULL, model->memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return fail_errno(err, "reserving %zu bytes for weights", model->memory_size);
    model->memory = memory;
    /* A short text reads all of it once: large pages make that 10 % faster. */
    madvise(memory, model->memory_size, MADV_HUGEPAGE);
    return true;
}

static bool read_weights(Loading *loading, Error *err)
{
    Model *model = loading->model;
    const ModelConfig *config = &model->config;
    AUTO_FREE float *scratch = heap_alloc(matrix_size(config) * sizeof(float));
    AUTO_FREE float *usual = heap_alloc(MAX(config->width, config->inner_width) * sizeof(float));
    loading->scratch = scratch;
    loading->usual = usual;
    if (!make_memory(model, err))
        return false;
    model_lay_out(model, model->memory);
    if (!read_embeddings(loading, err))
        return false;
    for (size_t i = 0; i < config->layers; i++) {
        const Norm *before = i ? &model->layers[i - 1].output_norm : &model->words_norm;
        if (!read_layer(loading, i, &model->layers[i], before, err))
            return false;
    }
    return true;
}

/* The packed weights: from their file when it is there and right, else packed, and written to
 * the file for the next time. */
static bool load_weights(Loading *loading, const ModelCache *cache, Error *err)
{
    Model *model = loading->model;
    if (model_cache_map(cache, model))
        return true;
    if (!model_weights_digest(&model->weights, model->digest, err) || !read_weights(loading, err))
        return false;
    if (model_cache_write(cache, model) && model_cache_map(cache, model)) {
        munmap(model->memory, model->memory_size);
        model->memory = NULL;
    }
    return true;
}

static bool load(Model *model, const char *folder, const char *cache_folder, Error *err)
{
    Loading loading = { .model = model };
    ModelCache cache;
    const Safetensors *tensors = &model->weights.tensors;
    if (!model_weights_open(folder, model->arena, &model->weights, err))
        return false;
    model->memory_size = model_lay_out(model, NULL);
    model_cache_find(model, cache_folder, &cache);
    Str prefix = str(model->config.family->prefix);
    Str words =
        str_format(model->arena, STR_FMT "embeddings.word_embeddings.weight", STR_ARG(prefix));
    if (safetensors_find(tensors, words))
        loading.prefix = prefix;
    return (find_words(&loading, err) && load_weights(&loading, &cache, err) &&
            model_read_distances(model, tensors, loading.prefix, err) &&
            model_read_head(model, folder, tensors, err)) ||
           fail_in(err, "reading %s", model->weights.path);
}

static bool uses_bytes(const EncoderOptions *options, const KernelSet *set)
{
    return options->precision == PRECISION_INT8 ||
           (options->precision == PRECISION_AUTO && set->bytes_are_faster);
}

bool model_open(const char *folder, const EncoderOptions *options, Model **model_r, Error *err)
{
    static const EncoderOptions usual = { 0 };
    Model *model = heap_alloc(sizeof *model);
    options = options ? options : &usual;
    if (!model_read_config(folder, &model->config, err)) {
        free(model);
        return false;
    }
    const ModelConfig *config = &model->config;
    const KernelSet *best =
        kernel_set_best(config->width, config->inner_width, config->width / config->heads);
    bool any = best->floats != &kernels_plain; /* else the widths suit plain C only */
    model->set = options->set && any ? options->set : best;
    model->is_int8 = uses_bytes(options, model->set);
    model->arena = arena_new(MB(8));
    model->layers = heap_alloc(config->layers * sizeof *model->layers);
    if (!load(model, folder, options->cache, err)) {
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
    file_unmap(&model->packed);
    model_weights_close(&model->weights);
    arena_free(model->arena);
    free(model->layers);
    free(model);
}
