/* png.c - PNG and APNG (ISO/IEC 15948): size, texts, EXIF, XMP, profile. */
#include <zlib.h>

#include "extract/byte_view.h"
#include "extract/charset/encoding.h"
#include "extract/picture/exif.h"
#include "extract/picture/iptc.h"
#include "extract/picture/picture_files.h"
#include "extract/picture/xmp.h"

enum { CHUNK_MAX = 100000, TEXT_MAX = 1024 * 1024, TEXT_COUNT_MAX = 100 };

static const Str signature = S_INIT("\x89PNG\r\n\x1A\n");

/* Keywords of PNG, 11.3.4.2, and those that programs use. */
static const struct {
    const char *name, *key;
} keywords[] = {
    { "Title", "title" },        { "Author", "author" },           { "Artist", "author" },
    { "Creator", "author" },     { "Description", "description" }, { "Copyright", "copyright" },
    { "Software", "software" },  { "Source", "camera_model" },     { "Comment", "comment" },
    { "Disclaimer", "license" }, { "Warning", "comment" },         { "Keywords", "keywords" },
};

static Str unpack(Arena *arena, Str packed)
{
    AUTO_FREE Bytef *room = heap_alloc(TEXT_MAX);
    z_stream z = { .next_in = (Bytef *)(uintptr_t)packed.at,
                   .avail_in = (uInt)MIN(packed.length, (size_t)TEXT_MAX),
                   .next_out = room,
                   .avail_out = TEXT_MAX };
    if (inflateInit(&z) != Z_OK)
        return STR_NONE;
    (void)inflate(&z, Z_FINISH); /* what came before damage is kept */
    Str out = str_copy(arena, (Str){ (const char *)room, TEXT_MAX - z.avail_out });
    inflateEnd(&z);
    return out;
}

/* ImageMagick's "Raw profile type iptc": a name, a length and hexadecimal digits in lines. */
static Str raw_profile(Arena *arena, Str text)
{
    Buf out = buf_new(arena, TEXT_MAX);
    Str line, rest = str_trim(text);
    int high = -1;
    (void)str_next(&rest, '\n', &line);
    (void)str_next(&rest, '\n', &line);
    for (size_t i = 0; i < rest.length; i++) {
        char c = rest.at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            continue;
        if (high >= 0)
            buf_add_char(&out, (char)(high << 4 | digit));
        high = high < 0 ? digit : -1;
    }
    return buf_str(&out);
}

static void take_text(PictureFacts *facts, Str keyword, Str text)
{
    if (str_is(keyword, "XML:com.adobe.xmp")) {
        xmp_read(text, facts);
    } else if (str_starts(keyword, S("Raw profile type "))) {
        Str kind = str_from(keyword, sizeof "Raw profile type " - 1);
        Str profile = raw_profile(facts->arena, text);
        if (str_is(kind, "exif") || str_is(kind, "APP1"))
            exif_read(profile, facts);
        else if (str_is(kind, "xmp"))
            xmp_read(profile, facts);
        else if (str_is(kind, "iptc") && str_starts(profile, S("8BIM")))
            photoshop_resources_read(profile, facts);
        else if (str_is(kind, "iptc"))
            iptc_read(profile, facts);
    } else if (str_is(keyword, "Creation Time") || str_is(keyword, "create-date")) {
        picture_fact_date(facts, "created", text, STR_NONE);
    } else {
        for (size_t i = 0; i < COUNT(keywords); i++)
            if (str_equal_ignore_case(keyword, str(keywords[i].name)))
                picture_fact(facts, keywords[i].key, text);
    }
}

static Str until_nul(Str *rest)
{
    Str piece = STR_NONE;
    (void)str_next(rest, '\0', &piece);
    return piece;
}

/* iTXt: keyword, is it packed, how, language, keyword in that language, UTF-8. */
static void take_international(PictureFacts *facts, Str body)
{
    Str keyword = until_nul(&body);
    bool is_packed = byte_at(body, 0) == 1;
    body = str_from(body, 2);
    (void)until_nul(&body);
    (void)until_nul(&body);
    take_text(facts, keyword, is_packed ? unpack(facts->arena, body) : body);
}

static void take_chunk(PictureFacts *facts, Str type, Str body)
{
    if (str_is(type, "IHDR")) {
        facts->width = big32(body, 0);
        facts->height = big32(body, 4);
        picture_fact_number(facts, "bit_depth", byte_at(body, 8));
    } else if (str_is(type, "tEXt")) {
        Str keyword = until_nul(&body);
        bool is_latin = !str_starts(keyword, S("Raw")) && !str_starts(keyword, S("XML:"));
        Str text = is_latin ? text_decode(facts->arena, str_slice(body, 0, KB(64)),
                                          S("windows-1252"), NULL)
                            : body;
        take_text(facts, keyword, text);
    } else if (str_is(type, "zTXt")) {
        Str keyword = until_nul(&body);
        take_text(facts, keyword, unpack(facts->arena, str_from(body, 1)));
    } else if (str_is(type, "iTXt")) {
        take_international(facts, body);
    } else if (str_is(type, "eXIf")) {
        exif_read(body, facts);
    } else if (str_is(type, "iCCP")) {
        picture_fact(facts, "color_space", until_nul(&body));
    } else if (str_is(type, "sRGB")) {
        picture_fact(facts, "color_space", S("sRGB"));
    } else if (str_is(type, "pHYs") && byte_at(body, 8) == 1) {
        picture_fact_number(facts, "resolution", (double)(int64_t)(big32(body, 0) * 0.0254 + 0.5));
    } else if (str_is(type, "acTL")) {
        facts->frames = big32(body, 0);
    } else if (str_is(type, "tIME")) {
        Str date =
            str_format(facts->arena, "%04d%02d%02d%02d%02d%02dZ", big16(body, 0), byte_at(body, 2),
                       byte_at(body, 3), byte_at(body, 4), byte_at(body, 5), byte_at(body, 6));
        picture_fact_date(facts, "modified", date, STR_NONE);
    }
}

bool png_facts(Str bytes, PictureFacts *facts)
{
    size_t at = signature.length;
    int texts = 0;
    for (int count = 0; count < CHUNK_MAX && at + 12 <= bytes.length + 4; count++) {
        size_t length = big32(bytes, at);
        Str type = bytes_part(bytes, at + 4, 4);
        if (type.length < 4 || str_is(type, "IEND"))
            break;
        texts += str_ends(type, S("Xt"));
        if (texts < TEXT_COUNT_MAX)
            take_chunk(facts, type, bytes_part(bytes, at + 8, length));
        at += 12 + length;
    }
    return facts->width > 0 && facts->height > 0;
}

static int png_sniff(Str bytes) { return str_starts(bytes, signature) ? 100 : 0; }

const Extractor extractor_png = {
    .name = "png",
    .title = "PNG picture",
    .extensions = LIST("png", "apng"),
    .media_types = LIST("image/png", "image/apng"),
    .is_paged = true,
    .worker = "picture",
    .sniff = png_sniff,
};
