/* column_text.h - values of typed columns (Parquet, Avro, Arrow, ORC) as people read them. */
#pragma once

#include "base/base.h"

/* What is shown of a large table; everything is counted. */
enum {
    COLUMN_ROWS_MAX = 10000,
    COLUMN_CELLS_MAX = 400000,
    COLUMN_TABLE_TEXT_MAX = 64 << 20,
    COLUMN_CELL_TEXT_MAX = 4000,
};

typedef enum ColumnKind {
    COLUMN_BOOLEAN,
    COLUMN_WHOLE,
    COLUMN_UNSIGNED,
    COLUMN_HALF,   /* `bits` is a float of 16 bits */
    COLUMN_FLOAT,  /* of 32 bits */
    COLUMN_DOUBLE, /* of 64 bits */
    COLUMN_DECIMAL,
    COLUMN_DATE,   /* days since 1970 */
    COLUMN_TIME,   /* of a day */
    COLUMN_MOMENT, /* since 1970 */
    COLUMN_TEXT,   /* `bytes`, as all below */
    COLUMN_BYTES,  /* text when it is UTF-8 */
    COLUMN_UUID,
    COLUMN_LONG_DECIMAL, /* two's complement, big end first */
    COLUMN_NANOSECONDS,  /* INT96: of the day, then the Julian day */
    COLUMN_DURATION,     /* months, days, milliseconds: 4 bytes each */
} ColumnKind;

typedef struct ColumnType {
    ColumnKind kind;
    int scale;            /* of a decimal; of a moment the digits of its fraction: 0, 3, 6, 9 */
    bool is_utc;          /* of a moment: not the clock on a wall */
    bool is_little_ended; /* of a long decimal */
} ColumnType;

/* Adds the value; a long one is cut. Numbers smaller than 64 bits are sign-extended already. */
void column_text(Buf *out, const ColumnType *type, uint64_t bits, Str bytes);
/* What a person calls the type: "text", "whole number", "decimal". */
const char *column_kind_name(ColumnKind kind);
