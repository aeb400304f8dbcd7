/* inflate.c - see inflate.h. */
#include "extract/inflate.h"

#include <zlib.h>

void inflate_into(Buf *out, Str packed, InflateKind kind)
{
    unsigned char piece[KB(32)];
    z_stream stream = { .next_in = (unsigned char *)(uintptr_t)packed.at,
                        .avail_in = (unsigned)MIN(packed.length, UINT32_MAX) };
    int status = inflateInit2(&stream, kind);
    while (status == Z_OK && !out->overflowed) {
        stream.next_out = piece;
        stream.avail_out = sizeof piece;
        status = inflate(&stream, Z_NO_FLUSH);
        size_t size = sizeof piece - stream.avail_out;
        buf_add_bytes(out, piece, size);
        if (size == 0)
            break;
    }
    inflateEnd(&stream);
}
