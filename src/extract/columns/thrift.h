/* thrift.h - Thrift's compact protocol (thrift-compact-protocol.md), as Parquet uses it.
 *
 *     int64_t number = 0;
 *     for (int type; (type = thrift_field(in, &number)) != THRIFT_STOP;)
 *         number == 1 && type == THRIFT_I32 ? (x = thrift_number(in)) : thrift_skip(in, type);
 *
 * What is broken reads as zeros and ends; is_broken says so. */
#pragma once

#include "base/base.h"

enum {
    THRIFT_STOP,
    THRIFT_TRUE,
    THRIFT_FALSE,
    THRIFT_BYTE,
    THRIFT_I16,
    THRIFT_I32,
    THRIFT_I64,
    THRIFT_DOUBLE,
    THRIFT_BINARY,
    THRIFT_LIST,
    THRIFT_SET,
    THRIFT_MAP,
    THRIFT_STRUCT,
};

typedef struct Thrift {
    Str bytes;
    size_t at;
    bool is_broken;
} Thrift;

/* The next field's type and number; THRIFT_STOP at the end of the structure. */
int thrift_field(Thrift *in, int64_t *number);
/* One of I16, I32, I64. */
int64_t thrift_number(Thrift *in);
Str thrift_binary(Thrift *in);
/* The count of a list that begins, and the type of its items. */
uint64_t thrift_list(Thrift *in, int *type_r);
/* A field of that type is passed over. */
void thrift_skip(Thrift *in, int type);
