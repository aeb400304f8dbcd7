/* kernel_sets.h - which kernels a model runs on: a set for each kind of processor, each in two
 * precisions. kernel_sets.def lists them. Any thread. */
#pragma once

#include "encode/bytes.h"

typedef enum Precision {
    PRECISION_AUTO, /* int8 where the set makes that faster */
    PRECISION_FP32,
    PRECISION_INT8,
} Precision;

typedef struct KernelSet {
    const char *name;
    const Kernels *floats;
    const ByteKernels *bytes;
    bool bytes_are_faster;
} KernelSet;

/* How an encoder is opened; all zero is fine. */
typedef struct EncoderOptions {
    const KernelSet *set; /* NULL: the best for this processor */
    Precision precision;
    const char *cache; /* folder of packed weights, made when it is missing; NULL: none */
} EncoderOptions;

extern const KernelSet kernel_sets[];
extern const size_t kernel_set_count;

bool kernel_set_supported(const KernelSet *set);
/* The set of that name, "" or "auto": NULL. ERROR_INVALID when there is none or this processor
 * cannot run it. */
MUST_CHECK bool kernel_set_find(Str name, const KernelSet **set_r, Error *err);
/* "auto" (or ""), "fp32" or "int8". */
MUST_CHECK bool precision_find(Str name, Precision *precision_r, Error *err);
/* The fastest set for this processor and these widths. */
const KernelSet *kernel_set_best(size_t width, size_t inner_width, size_t head_size);
