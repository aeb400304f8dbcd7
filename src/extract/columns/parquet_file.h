/* parquet_file.h - Parquet tables (parquet.apache.org, "File Format"): the footer, and the values
 * of one column in one group of rows.
 *
 *     parquet_footer_read  ->  { parquet_column_read for each column of a group }*
 *
 * A column that is a list, or inside of one, gives all its values of a row as one text. */
#pragma once

#include "extract/columns/column_codec.h"
#include "extract/columns/column_text.h"

/* Types of values on disk (parquet.thrift, Type). */
typedef enum ParquetType {
    PARQUET_BOOLEAN,
    PARQUET_INT32,
    PARQUET_INT64,
    PARQUET_INT96,
    PARQUET_FLOAT,
    PARQUET_DOUBLE,
    PARQUET_BYTES,
    PARQUET_FIXED,
    PARQUET_TYPE_COUNT,
} ParquetType;

/* An element of the schema as the footer has it; -1: not said. */
typedef struct ParquetElement {
    Str name;
    int64_t type, width, repetition, children, converted, scale;
    int logical, unit_digits; /* LogicalType's field, 0: none; digits of a time's fraction */
    bool is_utc, is_unsigned;
} ParquetElement;

/* A column with values: a leaf of the schema. */
typedef struct ParquetColumn {
    Str name; /* "address.city" */
    ParquetType type;
    size_t width;                    /* of PARQUET_FIXED */
    unsigned repeat_max, define_max; /* levels */
    bool is_required;
    ColumnType shown;
} ParquetColumn;

/* A column's pages in one group of rows. */
typedef struct ParquetChunk {
    int64_t codec, values, begin, dictionary, length;
    bool is_elsewhere; /* in another file, or encrypted */
} ParquetChunk;

typedef struct ParquetGroup {
    int64_t rows;
    size_t first_chunk, chunk_count; /* in `chunks` */
} ParquetGroup;

typedef struct ParquetFooter {
    Arena *arena;
    VEC(ParquetElement) elements;
    VEC(ParquetColumn) columns;
    VEC(ParquetGroup) groups;
    VEC(ParquetChunk) chunks;
    Str created_by;
    int64_t rows, version;
    unsigned codecs; /* those in use, by bit */
} ParquetFooter;

/* `bytes` are the whole file, which ends with the mark. */
MUST_CHECK bool parquet_footer_read(ParquetFooter *footer, Str bytes, Error *err);

/* What a column gives: a text for each of the first rows, empty where there is none. */
typedef struct ParquetCells {
    Arena *arena; /* keeps the texts */
    Str *texts;   /* `wanted` of them */
    size_t wanted;
    size_t text_max; /* of all texts together; the rest stays empty */
} ParquetCells;

/* Fails when a page cannot be read; the texts of the pages before it are there. */
MUST_CHECK bool parquet_column_read(Str bytes, const ParquetColumn *column,
                                    const ParquetChunk *chunk, ParquetCells *cells, Error *err);
