/* media.c - see media.h. Shapes: PNG (ISO/IEC 15948), 11.2.2; JPEG (ISO/IEC 10918-1), B.2.2;
 * GIF89a, 18; RFC 9649 (WebP), 2.5-2.7; ISO/IEC 14496-12 and 23008-12 (HEIF), "ftyp". */
#include "gateway/media.h"

#include "gateway/head_bytes.h"

#include "base/base64.h"

#define MADE_MAX MB(20)   /* where no limit is stated */
#define HEAD_BYTES 3072   /* a multiple of three: whole groups of base64 */
#define JPEG_BYTES 786432 /* of its head: metadata comes first */

const MediaLimits media_limits[MEDIA_COUNT] = {
#define MEDIA(name, picture_types, bytes_max, side_max, many, pixels_max, sound_types)             \
    { .pictures = picture_types,                                                                   \
      .sounds = sound_types,                                                                       \
      .bytes = bytes_max,                                                                          \
      .side = side_max,                                                                            \
      .many_side = many,                                                                           \
      .pixels = pixels_max },
#include "gateway/media.def"
#undef MEDIA
};

/* --- Heads --- */

static bool has(Str bytes, size_t at, Str what)
{
    return at <= bytes.length && str_starts(str_from(bytes, at), what);
}

static MediaHead jpeg_head(Str bytes)
{
    MediaHead head = { .type = "jpeg" };
    for (size_t at = 2; at + 9 < bytes.length && head_big(bytes, at, 1) == 0xFF;) {
        int64_t marker = head_big(bytes, at + 1, 1);
        bool is_frame =
            marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
        if (is_frame) {
            head.height = head_big(bytes, at + 5, 2);
            head.width = head_big(bytes, at + 7, 2);
            break;
        }
        at += marker == 0xFF ? 1 : 2 + (size_t)head_big(bytes, at + 2, 2);
    }
    return head;
}

static MediaHead webp_head(Str bytes)
{
    MediaHead head = { .type = "webp" };
    if (has(bytes, 12, S("VP8X"))) {
        head.width = head_little(bytes, 24, 3) + 1;
        head.height = head_little(bytes, 27, 3) + 1;
    } else if (has(bytes, 12, S("VP8L"))) {
        head.width = (head_little(bytes, 21, 4) & 0x3FFF) + 1;
        head.height = (head_little(bytes, 21, 4) >> 14 & 0x3FFF) + 1;
    } else {
        head.width = head_little(bytes, 26, 2) & 0x3FFF;
        head.height = head_little(bytes, 28, 2) & 0x3FFF;
    }
    return head;
}

static MediaHead box_head(Str bytes)
{
    static const char *const brands[] = { "heic", "heix", "hevc", "heim", "heis", "mif1", "msf1" };
    Str brand = str_slice(bytes, 8, 12);
    for (size_t i = 0; i < COUNT(brands); i++)
        if (str_is(brand, brands[i]))
            return (MediaHead){ .type = "heic" };
    return (MediaHead){ .type = str_starts(brand, S("avi")) ? "avif" : "" };
}

MediaHead media_picture_head(Str bytes)
{
    if (has(bytes, 0, S("\x89PNG\r\n")))
        return (MediaHead){ "png", head_big(bytes, 16, 4), head_big(bytes, 20, 4) };
    if (has(bytes, 0, S("\xFF\xD8\xFF")))
        return jpeg_head(bytes);
    if (has(bytes, 0, S("GIF8")))
        return (MediaHead){ "gif", head_little(bytes, 6, 2), head_little(bytes, 8, 2) };
    if (has(bytes, 0, S("RIFF")) && has(bytes, 8, S("WEBP")))
        return webp_head(bytes);
    if (has(bytes, 4, S("ftyp")))
        return box_head(bytes);
    if (has(bytes, 0, S("II*\0")) || has(bytes, 0, S("MM\0*")))
        return (MediaHead){ .type = "tiff" };
    if (has(bytes, 0, S("BM")) && head_little(bytes, 14, 4) >= 12 &&
        head_little(bytes, 14, 4) <= 124)
        return (MediaHead){ "bmp", head_little(bytes, 18, 4), head_little(bytes, 22, 4) };
    return (MediaHead){ .type = "" };
}

const char *media_sound_type(Str bytes)
{
    static const struct {
        size_t at;
        Str mark;
        const char *type;
    } marks[] = {
        { 8, S_INIT("WAVE"), "wav" },
        { 0, S_INIT("ID3"), "mp3" },
        { 0, S_INIT("fLaC"), "flac" },
        { 0, S_INIT("OggS"), "ogg" },
        { 8, S_INIT("AIF"), "aiff" },
        { 4, S_INIT("ftyp"), "m4a" },
        { 0, S_INIT("\x1A\x45\xDF\xA3"), "webm" },
    };
    for (size_t i = 0; i < COUNT(marks); i++)
        if (has(bytes, marks[i].at, marks[i].mark))
            return marks[i].type;
    if (bytes.length < 2 || (head_big(bytes, 0, 2) & 0xFFE0) != 0xFFE0)
        return "";
    return head_big(bytes, 1, 1) & 6 ? "mp3" : "aac";
}

/* --- Limits --- */

static bool takes(const char *types, const char *type)
{
    Str rest = str(types), one;
    while (str_next(&rest, ' ', &one))
        if (str_is(one, type))
            return true;
    return !*types || !*type;
}

/* The first bytes of base64 text; fewer where it is none. */
static Str first_bytes(Arena *arena, Str data, size_t count)
{
    Str bytes;
    return base64_decode(arena, str_slice(data, 0, MIN(count / 3 * 4, data.length)), &bytes)
               ? bytes
               : S("");
}

static MediaHead head_of(Arena *arena, Str data)
{
    MediaHead head = media_picture_head(first_bytes(arena, data, HEAD_BYTES));
    if (strcmp(head.type, "jpeg") == 0 && !head.width)
        head = media_picture_head(first_bytes(arena, data, JPEG_BYTES));
    return head;
}

static bool is_too_large(const MediaHead *head, const MediaWish *wish)
{
    int64_t longer = MAX(head->width, head->height);
    return (wish->side_max && longer > wish->side_max) ||
           (wish->pixels_max && head->height && head->width > wish->pixels_max / head->height);
}

static bool picture_fits(Arena *arena, const MediaLimits *limits, Str data, size_t pictures,
                         Str *why_r, MediaWish *wish)
{
    bool is_many = limits->many_side && pictures > MEDIA_MANY;
    wish->side_max = is_many ? limits->many_side : limits->side;
    wish->pixels_max = limits->pixels;
    wish->bytes_max = (limits->bytes ? limits->bytes : MADE_MAX) / 4 * 3;
    MediaHead head = head_of(arena, data);
    if (!takes(limits->pictures, head.type))
        *why_r = str_format(arena, "it is of the type %s, and the service takes %s", head.type,
                            limits->pictures);
    else if (limits->bytes && data.length > limits->bytes)
        *why_r = str_format(arena, "it has %zu bytes as base64, and the service takes %zu",
                            data.length, limits->bytes);
    else if (is_too_large(&head, wish))
        *why_r = str_format(
            arena, "it has %" PRId64 " x %" PRId64 " pixels, and the service takes %" PRId64 "%s",
            head.width, head.height, wish->side_max ? wish->side_max : wish->pixels_max,
            wish->side_max ? " a side" : "");
    return !why_r->length;
}

bool media_fits(Arena *arena, const MediaLimits *limits, const ModelPart *part, size_t pictures,
                Str *why_r, MediaWish *wish_r)
{
    MediaWish wish = { .is_sound = part->kind == PART_AUDIO, .bytes_max = MADE_MAX };
    *why_r = S("");
    if ((part->kind != PART_IMAGE && part->kind != PART_AUDIO) || !part->data.length)
        return true;
    bool fits;
    if (wish.is_sound) {
        const char *type = media_sound_type(first_bytes(arena, part->data, HEAD_BYTES));
        fits = takes(limits->sounds, type);
        if (!fits)
            *why_r = str_format(arena, "it is of the type %s, and the service takes %s", type,
                                limits->sounds);
    } else {
        fits = picture_fits(arena, limits, part->data, pictures, why_r, &wish);
    }
    *wish_r = wish;
    return fits;
}
