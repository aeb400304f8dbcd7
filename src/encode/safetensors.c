/* safetensors.c - see safetensors.h. */
#include "encode/safetensors.h"

#include "base/json.h"

static const struct {
    const char *name;
    TensorType type;
    size_t size;
} types[] = {
    { "F32", TENSOR_F32, 4 },    { "F16", TENSOR_F16, 2 },   { "BF16", TENSOR_BF16, 2 },
    { "I64", TENSOR_OTHER, 8 },  { "U64", TENSOR_OTHER, 8 }, { "F64", TENSOR_OTHER, 8 },
    { "I32", TENSOR_OTHER, 4 },  { "U32", TENSOR_OTHER, 4 }, { "I16", TENSOR_OTHER, 2 },
    { "U16", TENSOR_OTHER, 2 },  { "I8", TENSOR_OTHER, 1 },  { "U8", TENSOR_OTHER, 1 },
    { "BOOL", TENSOR_OTHER, 1 },
};

static bool read_type(const json_t *entry, Tensor *tensor, size_t *value_size_r, Error *err)
{
    Str name = json_member_text(entry, "dtype");
    for (size_t i = 0; i < COUNT(types); i++) {
        if (!str_is(name, types[i].name))
            continue;
        tensor->type = types[i].type;
        *value_size_r = types[i].size;
        return true;
    }
    return fail(err, ERROR_UNSUPPORTED, "unknown dtype '" STR_FMT "'", (int)MIN(name.length, 20),
                name.at ? name.at : "");
}

static bool read_size(const json_t *value, size_t *size_r)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *size_r = (size_t)json_integer_value(value);
    return true;
}

static bool read_shape(const json_t *shape, Tensor *tensor, Error *err)
{
    if (!json_is_array(shape) || json_array_size(shape) > TENSOR_DIMS_MAX)
        return fail(err, ERROR_INVALID, "the shape is not a list of at most %d numbers",
                    TENSOR_DIMS_MAX);
    tensor->dim_count = json_array_size(shape);
    tensor->count = 1;
    for (size_t i = 0; i < tensor->dim_count; i++)
        if (!read_size(json_array_get(shape, i), &tensor->dims[i]) ||
            __builtin_mul_overflow(tensor->count, tensor->dims[i], &tensor->count))
            return fail(err, ERROR_INVALID, "the shape has a wrong or too large number");
    return true;
}

static bool read_bytes(const json_t *offsets, Str data, size_t value_size, Tensor *tensor,
                       Error *err)
{
    size_t begin, end, size;
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 ||
        !read_size(json_array_get(offsets, 0), &begin) ||
        !read_size(json_array_get(offsets, 1), &end))
        return fail(err, ERROR_INVALID, "data_offsets is not a pair of numbers");
    if (begin > end || end > data.length)
        return fail(err, ERROR_INVALID, "bytes %zu to %zu are outside the %zu bytes of data", begin,
                    end, data.length);
    if (__builtin_mul_overflow(tensor->count, value_size, &size) || size != end - begin)
        return fail(err, ERROR_INVALID, "the shape does not fit its %zu bytes", end - begin);
    tensor->bytes = str_slice(data, begin, end);
    return true;
}

static bool read_tensor(const char *name, const json_t *entry, Str data, Arena *arena,
                        Tensor *tensor, Error *err)
{
    size_t value_size = 0;
    tensor->name = str_copy(arena, str(name));
    return (read_type(entry, tensor, &value_size, err) &&
            read_shape(json_object_get(entry, "shape"), tensor, err) &&
            read_bytes(json_object_get(entry, "data_offsets"), data, value_size, tensor, err)) ||
           fail_in(err, "tensor '%.100s'", name);
}

static int by_place(const void *a, const void *b)
{
    const Tensor *x = a, *y = b;
    if (x->bytes.at != y->bytes.at)
        return x->bytes.at < y->bytes.at ? -1 : 1;
    return (x->bytes.length > y->bytes.length) - (x->bytes.length < y->bytes.length);
}

/* The format demands that the tensors cover the data once, without gaps. */
static bool check_places(const Safetensors *all, Str data, Error *err)
{
    const char *end = data.at;
    for (size_t i = 0; i < all->count; i++) {
        const Tensor *tensor = &all->tensors[i];
        if (tensor->bytes.at != end)
            return fail(err, ERROR_INVALID, "tensor '%.100s' %s", tensor->name.at,
                        tensor->bytes.at < end ? "overlaps the one before it"
                                               : "leaves a gap before it");
        end += tensor->bytes.length;
    }
    if (end != data.at + data.length)
        return fail(err, ERROR_INVALID, "%zu bytes at the end belong to no tensor",
                    (size_t)(data.at + data.length - end));
    return true;
}

static bool read_header(json_t *header, Str data, Arena *arena, Safetensors *all, Error *err)
{
    if (!json_is_object(header))
        return fail(err, ERROR_INVALID, "the header is not a JSON object");
    if (json_object_size(header) > TENSOR_COUNT_MAX)
        return fail(err, ERROR_TOO_LARGE, "more than %d tensors", TENSOR_COUNT_MAX);
    all->tensors = arena_new_array(arena, Tensor, json_object_size(header));
    const char *name;
    json_t *entry;
    json_object_foreach(header, name, entry)
    {
        if (!strcmp(name, "__metadata__"))
            continue;
        if (!read_tensor(name, entry, data, arena, &all->tensors[all->count++], err))
            return false;
    }
    qsort(all->tensors, all->count, sizeof *all->tensors, by_place);
    return check_places(all, data, err);
}

bool safetensors_read(Str file, Arena *arena, Safetensors *result_r, Error *err)
{
    uint64_t header_length = 0;
    if (file.length < sizeof header_length)
        return fail(err, ERROR_INVALID, "the file has only %zu bytes", file.length);
    memcpy(&header_length, file.at, sizeof header_length); /* little-endian, as we are */
    if (header_length > SAFETENSORS_HEADER_MAX)
        return fail(err, ERROR_TOO_LARGE,
                    "the header would have %" PRIu64 " bytes; %zu are allowed", header_length,
                    SAFETENSORS_HEADER_MAX);
    if (header_length > file.length - sizeof header_length)
        return fail(err, ERROR_INVALID, "the file ends inside its header");
    Str header = str_slice(file, sizeof header_length, sizeof header_length + header_length);
    AUTO_JSON json_t *json = NULL;
    Safetensors all = { 0 };
    if (!json_parse(header, SAFETENSORS_HEADER_MAX, &json, err) ||
        !read_header(json, str_from(file, sizeof header_length + header_length), arena, &all, err))
        return fail_in(err, "safetensors header");
    *result_r = all;
    return true;
}

const Tensor *safetensors_find(const Safetensors *all, Str name)
{
    for (size_t i = 0; i < all->count; i++)
        if (str_equal(all->tensors[i].name, name))
            return &all->tensors[i];
    return NULL;
}

/* IEEE 754 binary16 to binary32: subnormals are scaled, infinities and NaN kept. */
static float half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16, rest = half & 0x7FFF, bits;
    if (rest < 0x0400) {
        float value = (float)rest * 0x1p-24f;
        return sign ? -value : value;
    }
    bits = sign | (rest >= 0x7C00 ? 0x7F800000 | (rest & 0x3FF) << 13
                                  : (rest << 13) + (uint32_t)((127 - 15) << 23));
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

void tensor_read(const Tensor *tensor, size_t first, size_t count, float *out)
{
    if (tensor->type == TENSOR_F32) {
        memcpy(out, tensor->bytes.at + first * sizeof(float), count * sizeof(float));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, tensor->bytes.at + (first + i) * sizeof half, sizeof half);
        uint32_t bits = (uint32_t)half << 16; /* BF16 is the upper half of an F32 */
        if (tensor->type == TENSOR_BF16)
            memcpy(&out[i], &bits, sizeof bits);
        else
            out[i] = half_to_float(half);
    }
}
