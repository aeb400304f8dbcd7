/* orc_file.h - ORC tables (orc.apache.org, "ORC Specification v1"): what the end of the file says,
 * and the rows of a stripe, one after another.
 *
 *     orc_begin  ->  { orc_stripe_begin  ->  { orc_text for each column }* }*
 *
 * Every column is read in step with the rows, so each has to be asked for each row. */
#pragma once

#include "extract/columns/column_codec.h"
#include "extract/columns/column_text.h"
#include "extract/columns/orc_runs.h"

/* Type.Kind of orc_proto.proto. */
typedef enum OrcKind {
    ORC_BOOLEAN,
    ORC_BYTE,
    ORC_SHORT,
    ORC_INT,
    ORC_LONG,
    ORC_FLOAT,
    ORC_DOUBLE,
    ORC_STRING,
    ORC_BINARY,
    ORC_TIMESTAMP,
    ORC_LIST,
    ORC_MAP,
    ORC_STRUCT,
    ORC_UNION,
    ORC_DECIMAL,
    ORC_DATE,
    ORC_VARCHAR,
    ORC_CHAR,
    ORC_INSTANT,
    ORC_KIND_COUNT,
} OrcKind;

typedef struct OrcType {
    OrcKind kind;
    VEC(uint32_t) items; /* numbers of types, all behind this one */
    VEC(Str) names;      /* of a struct's items */
} OrcType;

typedef struct OrcStripe {
    uint64_t at, index_length, data_length, footer_length, rows;
} OrcStripe;

typedef struct OrcFile {
    Arena *arena;
    Str bytes;
    ColumnCodec codec;
    VEC(OrcType) types; /* the first is the row's: a struct */
    VEC(OrcStripe) stripes;
    uint64_t rows;
    size_t unpack_left, stripe_left; /* bytes that may still be unpacked: in all, of a stripe */
    int64_t steps_left;              /* values that may still be read */
    Str software;
} OrcFile;

typedef struct OrcColumn OrcColumn;
struct OrcColumn {
    const OrcType *type;
    bool is_dictionary;
    OrcRuns *present, *whole, *length; /* whole: values, numbers of words, or seconds */
    OrcRuns *second;                   /* parts of a second, or scales */
    Str bytes;                         /* of texts, numbers with a point, decimals */
    size_t at;
    Str words; /* of a dictionary */
    const size_t *word_ends;
    size_t word_count;
    OrcColumn *items;
};

typedef struct OrcRows {
    OrcColumn root;      /* its items are the columns */
    int64_t *steps_left; /* the file's */
    bool is_broken;
} OrcRows;

MUST_CHECK bool orc_begin(OrcFile *file, Str bytes, Error *err);
/* The rows live in the arena. */
MUST_CHECK bool orc_stripe_begin(OrcFile *file, const OrcStripe *stripe, Arena *arena,
                                 OrcRows *rows_r, Error *err);
/* The next value of a column; nothing is added for one that is not there. */
void orc_text(OrcRows *rows, OrcColumn *column, Buf *out, int depth);
const char *orc_kind_name(const OrcType *type);
