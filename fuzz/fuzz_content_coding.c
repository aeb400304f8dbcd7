/* fuzz_content_coding.c - packed answers: the first two bytes choose the coding and the pieces, and
 * pieces of any size unpack to the same. */
#include "net/content_coding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct Unpacked {
    uint64_t hash;
    size_t size;
    bool is_whole;
} Unpacked;

static bool note(void *self, Str bytes, Error *err)
{
    Unpacked *to = self;
    for (size_t i = 0; i < bytes.length; i++)
        to->hash = to->hash * 31 + (unsigned char)bytes.at[i];
    to->size += bytes.length;
    return to->size < MB(4) || fail(err, ERROR_TOO_LARGE, "enough");
}

static Unpacked unpack(Str coding, Str bytes, size_t step)
{
    Unpacked to = { 0 };
    ContentDecoder *decoder;
    Error err;
    bool good = content_decoder_new(coding, &decoder, &err) && decoder;
    if (!good)
        abort();
    for (size_t at = 0; good && at < bytes.length; at += step)
        good = content_decode(decoder, str_slice(bytes, at, at + step), note, &to, &err);
    to.is_whole = good && content_decoded(decoder, &err);
    content_decoder_free(decoder);
    return to;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    Str bytes = { (const char *)data + 2, size - 2 };
    Str coding = data[0] & 1 ? S("gzip") : S("deflate");
    Unpacked once = unpack(coding, bytes, MAX(bytes.length, (size_t)1));
    Unpacked pieces = unpack(coding, bytes, (size_t)data[1] + 1);
    if (once.is_whole && pieces.is_whole && (once.hash != pieces.hash || once.size != pieces.size))
        abort();
    return 0;
}
