/* gif.c - GIF (GIF89a specification): size, frames, comments, XMP. */
#include "extract/byte_view.h"
#include "extract/picture/picture_files.h"
#include "extract/picture/xmp.h"

enum { BLOCK_COUNT_MAX = 1000000, COMMENT_MAX = 64 * 1024 };

static size_t color_table_size(unsigned flags)
{
    return flags & 0x80 ? 3U << ((flags & 7) + 1) : 0;
}

/* The sub-blocks from `at`, joined; the position after them. */
static size_t read_blocks(Str bytes, size_t at, Buf *out)
{
    while (at < bytes.length && byte_at(bytes, at)) {
        size_t length = byte_at(bytes, at);
        if (out)
            buf_add(out, bytes_part(bytes, at + 1, length));
        at += 1 + length;
    }
    return at + 1;
}

static size_t read_extension(Str bytes, size_t at, PictureFacts *facts)
{
    unsigned label = byte_at(bytes, at);
    if (label == 0xFE) {
        Buf comment = buf_new(facts->arena, COMMENT_MAX);
        at = read_blocks(bytes, at + 1, &comment);
        picture_fact(facts, "comment", buf_str(&comment));
        return at;
    }
    if (label == 0xFF && str_equal(bytes_part(bytes, at + 2, 11), S("XMP DataXMP"))) {
        /* The packet stands there whole; bytes that lead to its end as block lengths follow. */
        Str packet = str_from(bytes, at + 13);
        ptrdiff_t end = str_find(packet, S("</x:xmpmeta>"));
        if (end >= 0)
            xmp_read(str_slice(packet, 0, (size_t)end + sizeof "</x:xmpmeta>" - 1), facts);
    }
    return read_blocks(bytes, at + 1, NULL);
}

bool gif_facts(Str bytes, PictureFacts *facts)
{
    unsigned flags = byte_at(bytes, 10);
    facts->width = little16(bytes, 6);
    facts->height = little16(bytes, 8);
    size_t at = 13 + color_table_size(flags);
    for (int count = 0; count < BLOCK_COUNT_MAX && at < bytes.length; count++) {
        unsigned kind = byte_at(bytes, at++);
        if (kind == 0x21) {
            at = read_extension(bytes, at, facts);
        } else if (kind == 0x2C) {
            facts->frames++;
            at += 9 + color_table_size(byte_at(bytes, at + 8));
            at = read_blocks(bytes, at + 1, NULL);
        } else {
            break;
        }
    }
    return facts->width > 0 && facts->height > 0;
}

static int gif_sniff(Str bytes)
{
    return str_starts(bytes, S("GIF87a")) || str_starts(bytes, S("GIF89a")) ? 100 : 0;
}

const Extractor extractor_gif = {
    .name = "gif",
    .title = "GIF picture",
    .extensions = LIST("gif"),
    .media_types = LIST("image/gif"),
    .is_paged = true,
    .worker = "picture",
    .sniff = gif_sniff,
};
