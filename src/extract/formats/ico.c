/* ico.c - Windows icons and cursors: the largest picture stands for all. */
#include "extract/byte_view.h"
#include "extract/picture/picture_files.h"

bool ico_facts(Str bytes, PictureFacts *facts)
{
    unsigned count = little16(bytes, 4);
    for (unsigned i = 0; i < count && 6 + 16 * (size_t)i < bytes.length; i++) {
        size_t at = 6 + 16 * (size_t)i;
        int64_t width = byte_at(bytes, at) ? byte_at(bytes, at) : 256;
        int64_t height = byte_at(bytes, at + 1) ? byte_at(bytes, at + 1) : 256;
        if (width * height > facts->width * facts->height) {
            facts->width = width;
            facts->height = height;
        }
    }
    facts->frames = count;
    return facts->width > 0;
}

/* There is no mark: the directory has to fit the file. */
static int ico_sniff(Str bytes)
{
    unsigned count = little16(bytes, 4);
    bool is_icon = str_starts(bytes, S("\0\0\1\0")) || str_starts(bytes, S("\0\0\2\0"));
    if (!is_icon || count == 0 || count > 100 || bytes.length < 6 + 16 * (size_t)count)
        return 0;
    for (unsigned i = 0; i < count; i++) {
        size_t at = 6 + 16 * (size_t)i, from = little32(bytes, at + 12);
        if (byte_at(bytes, at + 3) != 0 || from < 6 + 16 * (size_t)count || from >= bytes.length)
            return 0;
    }
    return 80;
}

const Extractor extractor_ico = {
    .name = "ico",
    .title = "Windows icon",
    .extensions = LIST("ico", "cur"),
    .media_types = LIST("image/vnd.microsoft.icon", "image/x-icon"),
    .is_paged = true,
    .worker = "picture",
    .sniff = ico_sniff,
};
