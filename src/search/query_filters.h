/* query_filters.h - one operator with its value as a condition on documents. Private to
 * query_language.c. */
#pragma once

#include "search/query_operators.h"

typedef struct QueryFilter {
    const QueryOperator *one; /* VALUE_FACT with a key: that fact */
    Str key;                  /* of the fact; else empty */
    Str op, value;
} QueryFilter;

/* The message says what is wrong with the value. */
MUST_CHECK bool query_filter_read(Arena *arena, const QueryFilter *filter,
                                  DocumentCondition *condition_r, Error *err);
