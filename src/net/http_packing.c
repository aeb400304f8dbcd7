/* http_packing.c - see http_packing.h. */
#include "net/http_packing.h"

#include <zlib.h>
#include <zstd.h>

/* Most of what there is to win, for a hundredth of a millisecond a kilobyte. */
#define GZIP_LEVEL 1
#define ZSTD_LEVEL 1
#define GZIP_BITS (15 + 16)

/* "0.5" as 500; what is no weight counts as none at all. */
static int read_weight(Str text)
{
    int64_t whole, part = 0;
    ptrdiff_t point = str_find_char(text, '.');
    Str digits = point < 0 ? S("") : str_slice(text, (size_t)point + 1, (size_t)point + 4);
    if (!str_to_int(point < 0 ? text : str_slice(text, 0, (size_t)point), 0, 1, &whole) ||
        (digits.length && !str_to_int(digits, 0, 999, &part)))
        return 0;
    for (size_t i = digits.length; i < 3; i++)
        part *= 10;
    return (int)MIN(whole * 1000 + part, 1000);
}

static bool is_named(Str name, Str coding)
{
    return str_equal_ignore_case(name, coding) ||
           (str_is(coding, "gzip") && str_equal_ignore_case(name, S("x-gzip")));
}

int http_coding_weight(Str accept, Str coding)
{
    Str entry, name, parameter;
    int of_any = 0;
    while (accept.length && str_next(&accept, ',', &entry)) {
        int weight = 1000;
        if (!str_next(&entry, ';', &name))
            continue;
        while (entry.length && str_next(&entry, ';', &parameter)) {
            parameter = str_trim(parameter);
            if (str_equal_ignore_case(str_slice(parameter, 0, 2), S("q=")))
                weight = read_weight(str_from(parameter, 2));
        }
        name = str_trim(name);
        if (is_named(name, coding))
            return weight;
        if (str_is(name, "*"))
            of_any = weight;
    }
    return of_any;
}

Str http_best_coding(Str accept)
{
    int zstd = http_coding_weight(accept, S("zstd")), gzip = http_coding_weight(accept, S("gzip"));
    if (!zstd && !gzip)
        return S("");
    return zstd >= gzip ? S("zstd") : S("gzip");
}

bool http_packs(Str media_type)
{
    static const char *const types[] = { "application/json", "application/xml",
                                         "application/javascript", "image/svg+xml",
                                         "application/x-ndjson" };
    ptrdiff_t end = str_find_char(media_type, ';');
    Str type = end < 0 ? media_type : str_trim(str_slice(media_type, 0, (size_t)end));
    for (size_t i = 0; i < COUNT(types); i++)
        if (str_is(type, types[i]))
            return true;
    return str_is(type, "text/event-stream")
               ? false
               : str_starts(type, S("text/")) || str_ends(type, S("+json")) ||
                     str_ends(type, S("+xml"));
}

static size_t pack_gzip(Str bytes, void *out, size_t room)
{
    z_stream zlib = { 0 };
    if (deflateInit2(&zlib, GZIP_LEVEL, Z_DEFLATED, GZIP_BITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    zlib.next_in = (Bytef *)(uintptr_t)bytes.at;
    zlib.avail_in = (uInt)bytes.length;
    zlib.next_out = out;
    zlib.avail_out = (uInt)room;
    bool is_whole = deflate(&zlib, Z_FINISH) == Z_STREAM_END;
    size_t length = zlib.total_out;
    (void)deflateEnd(&zlib);
    return is_whole ? length : 0;
}

static size_t pack_zstd(Str bytes, void *out, size_t room)
{
    size_t length = ZSTD_compress(out, room, bytes.at, bytes.length, ZSTD_LEVEL);
    return ZSTD_isError(length) ? 0 : length;
}

Str http_pack(Arena *arena, Str coding, Str bytes)
{
    char *out = arena_alloc_raw(arena, bytes.length);
    size_t length = str_is(coding, "zstd") ? pack_zstd(bytes, out, bytes.length - 1)
                                           : pack_gzip(bytes, out, bytes.length - 1);
    return length ? (Str){ out, length } : STR_NONE;
}
