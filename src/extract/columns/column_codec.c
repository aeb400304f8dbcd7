/* column_codec.c - see column_codec.h. */
#include "extract/columns/column_codec.h"

#include <zstd.h>

#include "extract/byte_view.h"
#include "extract/inflate.h"

/* Repeat what was written `distance` bytes ago, which may lie within what it makes. */
static bool copy_back(Buf *out, size_t begin, size_t distance, size_t length)
{
    if (distance == 0 || distance > out->length - begin)
        return false;
    while (length && !out->overflowed) {
        char part[256];
        size_t size = MIN(MIN(length, distance), sizeof part);
        memcpy(part, out->at + out->length - distance, size);
        buf_add_bytes(out, part, size);
        length -= size;
    }
    return !out->overflowed;
}

static bool add_literal(Buf *out, Str in, size_t *at, size_t length)
{
    if (length > in.length - *at)
        return false;
    buf_add_bytes(out, in.at + *at, length);
    *at += length;
    return !out->overflowed;
}

/* --- Snappy --- */

static bool unpack_snappy_tag(Buf *out, size_t begin, Str in, size_t *at)
{
    unsigned tag = byte_at(in, (*at)++);
    size_t length = (tag >> 2) + 1;
    switch (tag & 3) {
    case 0:
        if (length > 60) {
            size_t bytes = length - 60;
            if (bytes > in.length - *at)
                return false;
            length = (size_t)(little32(in, *at) & (UINT32_MAX >> (8 * (4 - bytes)))) + 1;
            *at += bytes;
        }
        return add_literal(out, in, at, length);
    case 1:
        *at += 1;
        return *at <= in.length &&
               copy_back(out, begin, (tag >> 5) << 8 | byte_at(in, *at - 1), (tag >> 2 & 7) + 4);
    case 2:
        *at += 2;
        return *at <= in.length && copy_back(out, begin, little16(in, *at - 2), length);
    default:
        *at += 4;
        return *at <= in.length && copy_back(out, begin, little32(in, *at - 4), length);
    }
}

static bool unpack_snappy(Str in, Buf *out)
{
    size_t at = 0, begin = out->length;
    while (at < in.length && byte_at(in, at) & 0x80)
        at++; /* the length, which is known when all is unpacked */
    at++;
    while (at < in.length)
        if (!unpack_snappy_tag(out, begin, in, &at))
            return false;
    return true;
}

/* --- LZ4 --- */

/* The lengths of LZ4 go on in bytes of 255. */
static bool take_length(Str in, size_t *at, size_t *length)
{
    unsigned byte = 255;
    for (; byte == 255 && *at < in.length; *length += byte)
        byte = byte_at(in, (*at)++);
    return byte != 255;
}

static bool unpack_lz4(Str in, Buf *out, size_t begin)
{
    for (size_t at = 0; at < in.length;) {
        unsigned token = byte_at(in, at++);
        size_t literal = token >> 4, match = token & 15;
        if ((literal == 15 && !take_length(in, &at, &literal)) ||
            !add_literal(out, in, &at, literal))
            return false;
        if (at == in.length)
            return true; /* the last sequence has no match */
        size_t distance = little16(in, at);
        at += 2;
        if (at > in.length || (match == 15 && !take_length(in, &at, &match)) ||
            !copy_back(out, begin, distance, match + 4))
            return false;
    }
    return true;
}

static bool unpack_lz4_hadoop(Str in, Buf *out)
{
    size_t begin = out->length;
    if (in.length > 8 && big32(in, 4) == in.length - 8)
        return unpack_lz4(str_from(in, 8), out, begin);
    return unpack_lz4(in, out, begin);
}

static bool unpack_lz4_frame(Str in, Buf *out)
{
    enum { HAS_CHECKSUMS = 0x10, HAS_SIZE = 8, HAS_DICTIONARY = 1 };
    unsigned flags = byte_at(in, 4);
    size_t at = 7, begin = out->length;
    if (little32(in, 0) != 0x184D2204)
        return false;
    at += (flags & HAS_SIZE ? 8 : 0) + (flags & HAS_DICTIONARY ? 4 : 0);
    while (at + 4 <= in.length) {
        uint32_t head = little32(in, at);
        size_t length = head & INT32_MAX;
        at += 4;
        if (head == 0)
            return true;
        if (length > in.length - at)
            return false;
        Str block = str_slice(in, at, at + length);
        if (head >> 31)
            buf_add(out, block);
        else if (!unpack_lz4(block, out, begin))
            return false;
        at += length + (flags & HAS_CHECKSUMS ? 4 : 0);
    }
    return false;
}

/* --- Zstandard --- */

static void free_zstd(ZSTD_DStream **stream) { ZSTD_freeDStream(*stream); }

static bool unpack_zstd(Str packed, Buf *out)
{
    char piece[KB(32)];
    ZSTD_inBuffer in = { packed.at, packed.length, 0 };
    AUTO(free_zstd) ZSTD_DStream *stream = ZSTD_createDStream();
    size_t left = 1;
    if (!stream)
        return false;
    while (!out->overflowed) {
        ZSTD_outBuffer part = { piece, sizeof piece, 0 };
        left = ZSTD_decompressStream(stream, &part, &in);
        if (ZSTD_isError(left))
            return false;
        buf_add_bytes(out, piece, part.pos);
        if (in.pos == in.size && part.pos < part.size)
            break;
    }
    return left == 0;
}

bool column_unpack(ColumnCodec codec, Str packed, Buf *out)
{
    switch (codec) {
    case CODEC_PLAIN: buf_add(out, packed); break;
    case CODEC_SNAPPY: return unpack_snappy(packed, out);
    case CODEC_DEFLATE: inflate_into(out, packed, INFLATE_RAW); break;
    case CODEC_GZIP: inflate_into(out, packed, INFLATE_GZIP); break;
    case CODEC_ZSTD: return unpack_zstd(packed, out);
    case CODEC_LZ4: return unpack_lz4(packed, out, out->length);
    case CODEC_LZ4_HADOOP: return unpack_lz4_hadoop(packed, out);
    case CODEC_LZ4_FRAME: return unpack_lz4_frame(packed, out);
    case CODEC_UNKNOWN: return false;
    }
    return !out->overflowed;
}
