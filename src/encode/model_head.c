/* model_head.c - the small layers after pooling, the type of second texts, and what attention adds
 * for distances; see model.h. */
#include <math.h>

#include "encode/model.h"

typedef struct Place {
    Model *model;
    const Safetensors *tensors;
} Place;

static bool read_values(const Place *from, const char *name, size_t rows, size_t columns,
                        float **values_r, Error *err)
{
    const Tensor *tensor = safetensors_find(from->tensors, str(name));
    if (!tensor || tensor->type == TENSOR_OTHER)
        return fail(err, ERROR_INVALID, "tensor '%s' is missing", name);
    if (tensor->count != rows * columns || tensor->dims[tensor->dim_count - 1] != columns)
        return fail(err, ERROR_INVALID, "tensor '%s' should have the shape %zu x %zu", name, rows,
                    columns);
    float *values = arena_new_array(from->model->arena, float, tensor->count);
    tensor_read(tensor, 0, tensor->count, values);
    for (size_t i = 0; i < tensor->count; i++)
        if (!isfinite(values[i]))
            return fail(err, ERROR_INVALID, "tensor '%s' has a value that is not a number", name);
    *values_r = values;
    return true;
}

static bool read_layer(const Place *from, const char *name, bool has_bias, HeadLayer layer,
                       Error *err)
{
    char full[96];
    snprintf(full, sizeof full, "%s.weight", name);
    if (!read_values(from, full, layer.width_out, layer.width_in, &layer.weights, err))
        return false;
    snprintf(full, sizeof full, "%s.bias", name);
    if (has_bias && !read_values(from, full, 1, layer.width_out, &layer.bias, err))
        return false;
    from->model->head[from->model->head_count++] = layer;
    return true;
}

static bool read_dense(Model *model, const char *folder, const DenseConfig *dense, Error *err)
{
    AUTO_MAP FileMap map = { 0 };
    Safetensors tensors;
    Place from = { model, &tensors };
    char *inside = path_join(model->arena, str(folder), str(dense->folder));
    const char *path = path_join(model->arena, str(inside), S("model.safetensors"));
    HeadLayer layer = { .width_in = dense->width_in,
                        .width_out = dense->width_out,
                        .activation = dense->is_tanh ? HEAD_TANH : HEAD_PLAIN };
    return (file_map(path, &map, err) && safetensors_read(map.bytes, model->arena, &tensors, err) &&
            read_layer(&from, "linear", dense->has_bias, layer, err)) ||
           fail_in(err, "reading %s", path);
}

/* The layers of a sequence classifier with one label, as each family calls them. */
static bool read_scorer(const Place *from, Error *err)
{
    static const struct {
        const char *first, *second;
        int activation;
    } names[] = { { "bert.pooler.dense", "classifier", HEAD_TANH },
                  { "classifier.dense", "classifier.out_proj", HEAD_TANH },
                  { "pre_classifier", "classifier", HEAD_RELU } };
    size_t width = from->model->config.width;
    for (size_t i = 0; i < COUNT(names); i++) {
        char weight[64];
        snprintf(weight, sizeof weight, "%s.weight", names[i].first);
        if (!safetensors_find(from->tensors, str(weight)))
            continue;
        HeadLayer first = { .width_in = width,
                            .width_out = width,
                            .activation = names[i].activation };
        HeadLayer second = { .width_in = width, .width_out = 1 };
        return read_layer(from, names[i].first, true, first, err) &&
               read_layer(from, names[i].second, true, second, err);
    }
    return fail(err, ERROR_INVALID, "there is no layer that scores a pair of texts");
}

/* What the type of a second text adds to that of a first one. */
static bool read_second(const Place *from, Error *err)
{
    Model *model = from->model;
    size_t width = model->config.width;
    Str name = str_format(model->arena, "%sembeddings.token_type_embeddings.weight",
                          model->config.family->prefix);
    if (!safetensors_find(from->tensors, name))
        name = str_from(name, strlen(model->config.family->prefix));
    const Tensor *types = safetensors_find(from->tensors, name);
    float *rows;
    if (!types || types->dim_count != 2 || types->dims[0] != 2)
        return true;
    if (!read_values(from, name.at, 2, width, &rows, err))
        return false;
    for (size_t i = 0; i < width; i++)
        rows[i] = rows[width + i] - rows[i];
    model->second = rows;
    return true;
}

/* --- Distances -------------------------------------------------------------------------- */

enum { BUCKETS = 32, BUCKETS_EACH_WAY = BUCKETS / 2, BUCKETS_EXACT = BUCKETS / 4 };
#define DISTANCE_MAX 128.0f /* all that are farther share a bucket */

/* The bucket of a key so many tokens after the query: one for each of the nearest, then ever wider
 * ones (Raffel et al., "Exploring the limits of transfer learning", 2020, section 2.1). */
static size_t distance_bucket(ptrdiff_t distance)
{
    size_t far = (size_t)(distance < 0 ? -distance : distance), way = distance > 0;
    if (far >= BUCKETS_EXACT) {
        float octaves = logf((float)far / BUCKETS_EXACT) / logf(DISTANCE_MAX / BUCKETS_EXACT);
        far = BUCKETS_EXACT + (size_t)(octaves * (BUCKETS_EACH_WAY - BUCKETS_EXACT));
        far = MIN(far, (size_t)BUCKETS_EACH_WAY - 1);
    }
    return way * BUCKETS_EACH_WAY + far;
}

size_t model_distance_step(const ModelConfig *config)
{
    return 2 * config->positions - 1 + ATTENTION_ROOM;
}

bool model_read_distances(Model *model, const Safetensors *tensors, Str prefix, Error *err)
{
    const ModelConfig *config = &model->config;
    Place from = { model, tensors };
    float *buckets;
    size_t step = model_distance_step(config);
    if (!config->family->distances)
        return true;
    Str name = str_format(model->arena, STR_FMT "%s", STR_ARG(prefix), config->family->distances);
    if (!read_values(&from, name.at, BUCKETS, config->heads, &buckets, err))
        return false;
    model->distances = arena_new_array(model->arena, float, config->heads *step);
    for (size_t i = 0; i < 2 * config->positions - 1; i++) {
        size_t bucket = distance_bucket((ptrdiff_t)i - (ptrdiff_t)(config->positions - 1));
        for (size_t head = 0; head < config->heads; head++)
            model->distances[head * step + i] = buckets[bucket * config->heads + head];
    }
    return true;
}

bool model_read_head(Model *model, const char *folder, const Safetensors *tensors, Error *err)
{
    const ModelConfig *config = &model->config;
    Place from = { model, tensors };
    if (config->is_reranker)
        return read_scorer(&from, err) && read_second(&from, err);
    for (size_t i = 0; i < config->dense_count; i++)
        if (!read_dense(model, folder, &config->dense[i], err))
            return false;
    return true;
}
