/* model_head.c - the small layers after pooling, and the type of second texts; see model.h. */
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
