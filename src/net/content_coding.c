/* content_coding.c - see content_coding.h. */
#include "net/content_coding.h"

#define ZLIB_CONST
#include <zlib.h>

#define PIECE KB(64)
/* Deflate packs at most 1,032 times; words and numbers in JSON some 5 to 20 times. */
#define RATIO_MAX 100
#define RATIO_FROM MB(1) /* unpacked bytes below which any ratio is fine */

struct ContentDecoder {
    z_stream zlib;
    uint64_t unpacked;
    bool is_deflate, has_begun, is_ended;
    char piece[PIECE];
};

/* Window bits of inflateInit2(): 15, 16 more for gzip, negative without any frame. */
enum { BITS_GZIP = 15 + 16, BITS_ZLIB = 15, BITS_BARE = -15 };

bool content_decoder_new(Str coding, ContentDecoder **decoder_r, Error *err)
{
    Str name = str_trim(coding);
    bool is_gzip =
        str_equal_ignore_case(name, S("gzip")) || str_equal_ignore_case(name, S("x-gzip"));
    bool is_deflate = str_equal_ignore_case(name, S("deflate"));
    *decoder_r = NULL;
    if (!name.length || str_equal_ignore_case(name, S("identity")))
        return true;
    if (!is_gzip && !is_deflate)
        return fail(err, ERROR_UPSTREAM,
                    "its answer is packed as '" STR_FMT "' although that was not asked for",
                    STR_ARG(str_slice(name, 0, 40)));
    ContentDecoder *decoder = heap_alloc(sizeof *decoder);
    decoder->is_deflate = is_deflate;
    if (inflateInit2(&decoder->zlib, is_gzip ? BITS_GZIP : BITS_ZLIB) != Z_OK) {
        free(decoder);
        return fail(err, ERROR_UPSTREAM, "there is no memory to unpack its answer");
    }
    *decoder_r = decoder;
    return true;
}

void content_decoder_free(ContentDecoder *decoder)
{
    if (!decoder)
        return;
    (void)inflateEnd(&decoder->zlib);
    free(decoder);
}

/* "deflate" is said to mean zlib's frame; some servers send the data bare. The first byte of a
 * frame has method 8 in its low half (RFC 1950, section 2.2), which begins no sensible bare block.
 */
static void look_at_first(ContentDecoder *decoder, Str bytes)
{
    if (decoder->has_begun || !bytes.length)
        return;
    decoder->has_begun = true;
    if (decoder->is_deflate && (bytes.at[0] & 0x0f) != 8)
        (void)inflateReset2(&decoder->zlib, BITS_BARE);
}

/* By what was taken of the packed bytes: a bomb that came whole is found at its first megabyte. */
static bool is_bomb(const ContentDecoder *decoder)
{
    return decoder->unpacked > RATIO_FROM && decoder->unpacked / RATIO_MAX > decoder->zlib.total_in;
}

/* One piece. *more_r: there may be another one in what was received. */
static bool unpack(ContentDecoder *decoder, size_t *length_r, bool *more_r, Error *err)
{
    z_stream *zlib = &decoder->zlib;
    zlib->next_out = (Bytef *)decoder->piece;
    zlib->avail_out = PIECE;
    int result = inflate(zlib, Z_NO_FLUSH);
    *length_r = PIECE - zlib->avail_out;
    decoder->unpacked += *length_r;
    decoder->is_ended = result == Z_STREAM_END;
    *more_r = !decoder->is_ended && (zlib->avail_in || !zlib->avail_out);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        return fail(err, ERROR_UPSTREAM, "its packed answer is damaged");
    if (is_bomb(decoder))
        return fail(err, ERROR_UPSTREAM,
                    "its packed answer unpacks to more than %d times its length", RATIO_MAX);
    return true;
}

bool content_decode(ContentDecoder *decoder, Str bytes, ContentReceive *receive, void *self,
                    Error *err)
{
    size_t length;
    bool more = !decoder->is_ended && bytes.length; /* what follows the end is ignored */
    look_at_first(decoder, bytes);
    decoder->zlib.next_in = (const Bytef *)bytes.at;
    decoder->zlib.avail_in = (uInt)bytes.length;
    while (more)
        if (!unpack(decoder, &length, &more, err) ||
            (length && !receive(self, (Str){ decoder->piece, length }, err)))
            return false;
    return true;
}

bool content_decoded(const ContentDecoder *decoder, Error *err)
{
    return decoder->is_ended || fail(err, ERROR_UPSTREAM, "the packed answer was cut off");
}
