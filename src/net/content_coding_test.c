/* content_coding_test.c - packed bodies in any pieces: unpacked, or refused with a reason. */
#include <criterion/criterion.h>

#define ZLIB_CONST
#include <zlib.h>

#include "net/content_coding.h"

enum { BITS_GZIP = 15 + 16, BITS_ZLIB = 15, BITS_BARE = -15 };

static Str pack(Arena *arena, Str text, int bits)
{
    z_stream zlib = { 0 };
    size_t room = text.length + KB(1);
    char *out = arena_new_array(arena, char, room);
    cr_assert(deflateInit2(&zlib, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    zlib.next_in = (const Bytef *)text.at;
    zlib.avail_in = (uInt)text.length;
    zlib.next_out = (Bytef *)out;
    zlib.avail_out = (uInt)room;
    cr_assert(deflate(&zlib, Z_FINISH) == Z_STREAM_END);
    Str packed = { out, room - zlib.avail_out };
    (void)deflateEnd(&zlib);
    return packed;
}

static bool take(void *self, Str bytes, Error *err)
{
    Buf *out = self;
    buf_add(out, bytes);
    return !out->overflowed || fail(err, ERROR_TOO_LARGE, "enough");
}

static bool unpack(const char *coding, Str packed, size_t step, Buf *out, Error *err)
{
    ContentDecoder *decoder;
    bool good = content_decoder_new(str(coding), &decoder, err);
    if (!good)
        return false;
    cr_assert(decoder);
    for (size_t at = 0; good && at < packed.length; at += step)
        good = content_decode(decoder, str_slice(packed, at, MIN(at + step, packed.length)), take,
                              out, err);
    good = good && content_decoded(decoder, err);
    content_decoder_free(decoder);
    return good;
}

/* Some 200 KB that do not pack well. */
static Str sample(Arena *arena)
{
    Buf text = buf_new(arena, MB(1));
    uint32_t number = 1;
    for (int i = 0; i < 20000; i++) {
        number = number * 1664525 + 1013904223;
        buf_addf(&text, "%" PRIu32 " ", number);
    }
    return buf_str(&text);
}

Test(net, packed_bodies_are_unpacked_in_any_pieces)
{
    static const struct {
        const char *coding;
        int bits;
    } kinds[] = { { "gzip", BITS_GZIP },
                  { "x-gzip", BITS_GZIP },
                  { " GZip ", BITS_GZIP },
                  { "deflate", BITS_ZLIB },
                  { "deflate", BITS_BARE } };
    static const size_t steps[] = { 1, 7, 4096, MB(16) };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str texts[] = { S(""), S("Hello"), sample(arena) };
    Error err;
    for (size_t i = 0; i < COUNT(kinds) * COUNT(steps) * COUNT(texts); i++) {
        Str text = texts[i % COUNT(texts)];
        size_t kind = i / COUNT(texts) % COUNT(kinds),
               step = steps[i / COUNT(texts) / COUNT(kinds)];
        Buf out = buf_new(arena, MB(1));
        Str packed = pack(arena, text, kinds[kind].bits);
        cr_assert(unpack(kinds[kind].coding, packed, step, &out, &err), "%s", err.message);
        cr_expect(str_equal(buf_str(&out), text), "%s in steps of %zu", kinds[kind].coding, step);
    }
}

Test(net, a_body_that_is_not_packed_needs_no_decoder)
{
    ContentDecoder *decoder;
    Error err;
    cr_expect(content_decoder_new(S(""), &decoder, &err) && !decoder);
    cr_expect(content_decoder_new(S("identity"), &decoder, &err) && !decoder);
    content_decoder_free(NULL);
}

Test(net, packed_bodies_that_are_cut_damaged_or_of_an_unknown_kind_are_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str packed = pack(arena, sample(arena), BITS_GZIP);
    char *damaged = arena_new_array(arena, char, packed.length);
    memcpy(damaged, packed.at, packed.length);
    memset(damaged + packed.length / 2, 0xff, 200);
    const struct {
        const char *coding, *why;
        Str bytes;
    } cases[] = {
        { "gzip", "cut off", str_slice(packed, 0, packed.length / 2) },
        { "gzip", "cut off", str_slice(packed, 0, 5) },
        { "gzip", "damaged", { damaged, packed.length } },
        { "gzip", "damaged", S("Hello") },
        { "deflate", "damaged", S("\x07\x07\x07") },
        { "br", "'br'", packed },
        { "gzip, gzip", "'gzip, gzip'", packed },
    };
    Error err;
    for (size_t i = 0; i < COUNT(cases); i++) {
        Buf out = buf_new(arena, MB(1));
        cr_expect(!unpack(cases[i].coding, cases[i].bytes, 1000, &out, &err), "case %zu", i);
        cr_expect(strstr(err.message, cases[i].why), "case %zu: %s", i, err.message);
    }
}

Test(net, what_unpacks_to_far_more_than_came_is_refused_early)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    Buf zeros = buf_new(arena, MB(32)), out = buf_new(arena, MB(32));
    Error err;
    for (size_t i = 0; i < KB(16); i++)
        buf_add(&zeros, S("                                        "));
    for (int i = 0; i < 5; i++)
        buf_add(&zeros, buf_str(&zeros));
    Str packed = pack(arena, buf_str(&zeros), BITS_GZIP);
    cr_expect(!unpack("gzip", packed, MB(1), &out, &err) && strstr(err.message, "100 times"));
    cr_expect(out.length <= MB(1) + KB(64), "%zu bytes", out.length);
}

Test(net, whoever_takes_an_unpacked_body_may_stop)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Buf out = buf_new(arena, KB(100));
    Error err;
    cr_expect(!unpack("gzip", pack(arena, sample(arena), BITS_GZIP), KB(4), &out, &err));
    cr_expect(err.code == ERROR_TOO_LARGE);
}
