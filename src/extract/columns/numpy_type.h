/* numpy_type.h - the head of a NumPy file (numpy.lib.format, NEP 1) and what its types mean.
 *
 *     "\x93NUMPY"  version  length  {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}
 * values
 *
 * Nothing is believed: a size that cannot be, or does not fit the bytes, is an error. */
#pragma once

#include "base/base.h"
#include "extract/columns/column_text.h"

enum { NUMPY_DIMENSIONS_MAX = 32 };

typedef struct NumpyType NumpyType;

typedef struct NumpyField {
    Str name;
    const NumpyType *type;
    size_t at;     /* in the item */
    int64_t count; /* of values, side by side */
} NumpyField;

struct NumpyType {
    char kind;    /* as NumPy calls it: 'b', 'i', 'u', 'f', 'c', 'M', 'm', 'S', 'U', 'V', 'O' */
    size_t size;  /* bytes of one value */
    bool is_big;  /* the big end comes first */
    Str name;     /* as written: "<f8" */
    Str unit;     /* of a date or time: "ms" */
    int64_t step; /* so many of the unit */
    VEC(NumpyField) fields;
};

typedef struct NumpyHead {
    const NumpyType *type;
    bool is_fortran; /* the first index changes fastest */
    int dimensions;
    int64_t shape[NUMPY_DIMENSIONS_MAX];
    int64_t count; /* of all values */
    Str values;    /* what there is of them: the file may be cut */
} NumpyHead;

MUST_CHECK bool numpy_read_head(Arena *arena, Str bytes, NumpyHead *head_r, Error *err);
/* Is it a number that can be compared? Its value then; NAN is none. */
bool numpy_number(const NumpyType *type, Str value, double *number_r);
/* One value of a type without fields. */
void numpy_text(Buf *out, const NumpyType *type, Str value);
