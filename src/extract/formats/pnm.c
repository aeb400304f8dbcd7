/* pnm.c - portable bitmaps, grey maps and pixmaps (PBM, PGM, PPM, PAM of Netpbm). */
#include "extract/byte_view.h"
#include "extract/picture/picture_files.h"

static void skip_blanks(Str bytes, size_t *at)
{
    while (*at < bytes.length && HAS_CHAR(bytes.at[*at], " \t\r\n#")) {
        if (bytes.at[*at] == '#')
            while (*at < bytes.length && bytes.at[*at] != '\n')
                ++*at;
        else
            ++*at;
    }
}

static int64_t read_whole(Str bytes, size_t *at)
{
    int64_t number = 0;
    skip_blanks(bytes, at);
    for (; *at < bytes.length && bytes.at[*at] >= '0' && bytes.at[*at] <= '9'; ++*at)
        number = MIN(number * 10 + (bytes.at[*at] - '0'), (int64_t)INT32_MAX);
    return number;
}

static int64_t pam_value(Str bytes, Str name)
{
    Str head = str_slice(bytes, 0, KB(4));
    ptrdiff_t at = str_find(head, name);
    size_t from = at < 0 ? 0 : (size_t)at + name.length;
    return at < 0 ? 0 : read_whole(head, &from);
}

bool pnm_facts(Str bytes, PictureFacts *facts)
{
    size_t at = 2;
    if (byte_at(bytes, 1) == '7') {
        facts->width = pam_value(bytes, S("\nWIDTH "));
        facts->height = pam_value(bytes, S("\nHEIGHT "));
    } else {
        facts->width = read_whole(bytes, &at);
        facts->height = read_whole(bytes, &at);
    }
    return facts->width > 0 && facts->height > 0;
}

static int pnm_sniff(Str bytes)
{
    PictureFacts facts = { 0 };
    char kind = (char)byte_at(bytes, 1);
    if (byte_at(bytes, 0) != 'P' || kind < '1' || kind > '7' ||
        !HAS_CHAR((char)byte_at(bytes, 2), " \t\r\n"))
        return 0;
    return pnm_facts(bytes, &facts) ? 70 : 0;
}

const Extractor extractor_pnm = {
    .name = "pnm",
    .title = "Portable bitmap",
    .extensions = LIST("pbm", "pgm", "ppm", "pnm", "pam"),
    .media_types = LIST("image/x-portable-anymap", "image/x-portable-pixmap",
                        "image/x-portable-graymap", "image/x-portable-bitmap"),
    .is_paged = true,
    .worker = "picture",
    .sniff = pnm_sniff,
};
