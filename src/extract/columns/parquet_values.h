/* parquet_values.h - the encodings of values and levels in a Parquet page (Encodings.md), read one
 * value after another. What lies past the end of a page reads as zeros and sets is_broken. */
#pragma once

#include "extract/columns/parquet_file.h"

/* Runs of one value and groups of eight packed ones, by turns. */
typedef struct ParquetRuns {
    Str bytes;
    size_t at;
    unsigned width; /* bits of a value, at most 32 */
    uint64_t left;  /* values of the run */
    bool is_packed, is_broken;
    uint32_t value;
    size_t bit; /* of a packed run, from its begin */
    size_t packed_at;
} ParquetRuns;

ParquetRuns parquet_runs(Str bytes, unsigned width);
uint32_t parquet_runs_next(ParquetRuns *runs);

/* Differences to the value before, in blocks (DELTA_BINARY_PACKED). */
typedef struct ParquetDeltas {
    Str bytes;
    size_t at;
    uint64_t block_size, mini_count, count;
    uint64_t taken, in_mini, mini; /* values; of the miniblock; which one it is */
    uint64_t value, smallest;
    unsigned widths[256];
    bool is_broken;
} ParquetDeltas;

ParquetDeltas parquet_deltas(Str bytes);
uint64_t parquet_deltas_next(ParquetDeltas *deltas);

/* The encodings of parquet.thrift. */
typedef enum ParquetEncoding {
    ENCODING_PLAIN = 0,
    ENCODING_PLAIN_DICTIONARY = 2,
    ENCODING_RUNS = 3,
    ENCODING_BIT_PACKED = 4,
    ENCODING_DELTA = 5,
    ENCODING_DELTA_LENGTH = 6,
    ENCODING_DELTA_BYTES = 7,
    ENCODING_DICTIONARY = 8,
    ENCODING_SPLIT = 9,
} ParquetEncoding;

typedef struct ParquetValue {
    uint64_t bits;
    Str bytes; /* valid until the next value */
} ParquetValue;

/* A dictionary, as its page has it. */
typedef struct ParquetWords {
    Str bytes;
    const uint32_t *starts; /* of texts; NULL: all have one width */
    size_t count;
} ParquetWords;

typedef struct ParquetValues {
    const ParquetColumn *column;
    const ParquetWords *words;
    Arena *arena;
    ParquetEncoding encoding;
    Str bytes;
    size_t at, bit, index, count;
    ParquetRuns runs;
    ParquetDeltas lengths, prefixes;
    Buf last;       /* of ENCODING_DELTA_BYTES */
    char split[64]; /* of ENCODING_SPLIT */
    bool is_broken;
} ParquetValues;

/* `bytes` are the values of a page, of which there are `count`; the arena is for the page. */
bool parquet_values_begin(ParquetValues *values, Str bytes, size_t count);
ParquetValue parquet_values_next(ParquetValues *values);
/* Where each text of a dictionary begins; `count` is what the page says. */
ParquetWords parquet_words(Arena *arena, const ParquetColumn *column, Str bytes, size_t count);
