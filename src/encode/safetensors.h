/* safetensors.h - the tensors of a .safetensors file: a u64 header length, a JSON header, data
 * (https://github.com/huggingface/safetensors#format).
 *
 * The header is foreign: every length, offset, shape and type is checked against the others
 * and the size of the file before it is used. Tensors point into the bytes that were read. */
#pragma once

#include "base/base.h"

#define SAFETENSORS_HEADER_MAX MB(1) /* MiniLM has 11 KB, the largest BERT about 50 KB */
#define TENSOR_COUNT_MAX 4096
#define TENSOR_DIMS_MAX 8

typedef enum TensorType { TENSOR_F32, TENSOR_F16, TENSOR_BF16, TENSOR_OTHER } TensorType;

typedef struct Tensor {
    Str name;
    TensorType type;
    size_t dims[TENSOR_DIMS_MAX];
    size_t dim_count;
    size_t count; /* values: the product of dims */
    Str bytes;
} Tensor;

typedef struct Safetensors {
    Tensor *tensors; /* in the order of their bytes */
    size_t count;
} Safetensors;

/* Reads the header; the result and its names live in the arena, the data stays in `file`. */
MUST_CHECK bool safetensors_read(Str file, Arena *arena, Safetensors *result_r, Error *err);
/* The tensor of that name, or NULL. */
const Tensor *safetensors_find(const Safetensors *all, Str name);
/* `count` values from the `first` on, as fp32. Only for F32, F16 and BF16. */
void tensor_read(const Tensor *tensor, size_t first, size_t count, float *out);
