/* slice.h - which part of a long list is wanted.
 *
 * Lists are read by key, not by position: each part says where the next one begins, so that rows
 * which come and go meanwhile neither repeat nor hide others. `next` is opaque text. */
#pragma once

#include "base/base.h"

#define SLICE_DEFAULT 50
#define SLICE_MAX 1000

typedef struct Slice {
    int64_t limit; /* 0: SLICE_DEFAULT; more than SLICE_MAX is SLICE_MAX */
    Str after;     /* the `next` of the part before; empty: from the beginning */
} Slice;

static inline int64_t slice_limit(const Slice *slice)
{
    int64_t limit = slice ? slice->limit : 0;
    return limit <= 0 ? SLICE_DEFAULT : MIN(limit, SLICE_MAX);
}
