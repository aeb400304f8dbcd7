/* column_codec.h - how tables of columns and records (Parquet, Avro, Arrow, ORC) pack their blocks.
 *
 * Any thread; no file is opened. */
#pragma once

#include "base/base.h"

typedef enum ColumnCodec {
    CODEC_PLAIN,
    CODEC_SNAPPY,     /* google/snappy, format_description.txt, without frames */
    CODEC_DEFLATE,    /* RFC 1951 */
    CODEC_GZIP,       /* RFC 1952 */
    CODEC_ZSTD,       /* RFC 8878 */
    CODEC_LZ4,        /* one block of lz4_Block_format.md */
    CODEC_LZ4_HADOOP, /* the same, perhaps after its two lengths */
    CODEC_LZ4_FRAME,  /* lz4_Frame_format.md */
    CODEC_UNKNOWN,
} ColumnCodec;

/* Adds what comes out, at most to the limit of *out; false when the bytes are broken. */
bool column_unpack(ColumnCodec codec, Str packed, Buf *out);
