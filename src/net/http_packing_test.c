#include "net/http_app_test.h"
#include "net/http_packing.h"

#include <zlib.h>
#include <zstd.h>

Test(net_packing, the_coding_is_chosen_by_its_weight)
{
    static const struct {
        const char *accept, *coding;
    } cases[] = {
        { "", "" },
        { "gzip", "gzip" },
        { "GZIP", "gzip" },
        { "x-gzip", "gzip" },
        { "gzip, deflate, br", "gzip" },
        { "gzip, deflate, br, zstd", "zstd" },
        { "zstd;q=0.5, gzip;q=0.9", "gzip" },
        { "zstd; q=0.500 , gzip ;q=0.5", "zstd" },
        { "gzip;q=0", "" },
        { "gzip;q=0.000, identity", "" },
        { "br, *", "zstd" },
        { "zstd;q=0, *;q=0.1", "gzip" },
        { "*;q=0, gzip;q=0.001", "gzip" },
        { "identity;q=0", "" },
        { "gzip;q=many", "" },
        { "gzipped", "" },
        { ",,;;=,gzip", "gzip" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str best = http_best_coding(str(cases[i].accept));
        cr_expect(str_is(best, cases[i].coding), "%s: " STR_FMT, cases[i].accept, STR_ARG(best));
    }
}

Test(net_packing, only_texts_are_packed)
{
    static const char *const packed[] = { "application/json", "text/html; charset=utf-8",
                                          "application/scim+json", "image/svg+xml" };
    static const char *const plain[] = { "text/event-stream", "image/png", "application/zip", "" };
    for (size_t i = 0; i < COUNT(packed); i++)
        cr_expect(http_packs(str(packed[i])), "%s", packed[i]);
    for (size_t i = 0; i < COUNT(plain); i++)
        cr_expect(!http_packs(str(plain[i])), "%s", plain[i]);
}

static Str body_of(Str answer)
{
    ptrdiff_t at = str_find(answer, S("\r\n\r\n"));
    return str_from(answer, (size_t)at + 4);
}

static Str ask_text(const char *headers)
{
    return client_ask(str_format(http_app.arena, "GET /text HTTP/1.1\r\n%s" CLOSE "\r\n", headers));
}

Test(net_server, a_text_comes_packed_to_those_who_say_so)
{
    static char out[KB(64)];
    Str plain = ask_text(""), gzip = ask_text("Accept-Encoding: gzip\r\n");
    Str zstd = ask_text("Accept-Encoding: gzip;q=0.1, zstd\r\n"), text = body_of(plain);
    cr_expect(HAS(plain, "Vary: Accept-Encoding") && !HAS(plain, "Content-Encoding"));
    cr_expect(HAS(plain, "ETag: \"t\""));
    cr_expect(HAS(gzip, "Vary: Accept-Encoding") && HAS(gzip, "Content-Encoding: gzip"));
    cr_expect(HAS(gzip, "ETag: W/\"t\"") && body_of(gzip).length < text.length / 4);
    z_stream zlib = { .next_in = (Bytef *)(uintptr_t)body_of(gzip).at,
                      .avail_in = (uInt)body_of(gzip).length,
                      .next_out = (Bytef *)out,
                      .avail_out = sizeof out };
    cr_assert(inflateInit2(&zlib, 31) == Z_OK && inflate(&zlib, Z_FINISH) == Z_STREAM_END);
    cr_expect(str_equal((Str){ out, zlib.total_out }, text));
    (void)inflateEnd(&zlib);
    cr_expect(HAS(zstd, "Content-Encoding: zstd"));
    size_t length = ZSTD_decompress(out, sizeof out, body_of(zstd).at, body_of(zstd).length);
    cr_expect(!ZSTD_isError(length) && str_equal((Str){ out, length }, text));
}

Test(net_server, what_is_short_a_file_or_a_stream_is_sent_as_it_is)
{
    static const char *const paths[] = { "/file", "/stream", "/short" };
    for (size_t i = 0; i < COUNT(paths); i++) {
        Str answer = client_ask(str_format(
            http_app.arena, "GET %s HTTP/1.1\r\nAccept-Encoding: gzip, zstd\r\n" CLOSE "\r\n",
            paths[i]));
        cr_expect(!HAS(answer, "Content-Encoding"), "%s", paths[i]);
    }
}
