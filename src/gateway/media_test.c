/* media_test.c - what pictures and sounds are taken for, and which of them a service takes. */
#include "gateway/media.h"

#include <criterion/criterion.h>

#include "base/base64.h"

/* A JPEG whose frame stands behind this much metadata. */
static Str jpeg(Arena *arena, size_t metadata, int width, int height)
{
    Buf out = buf_new(arena, KB(256));
    buf_add(&out, S("\xFF\xD8"));
    for (size_t left = metadata; left;) {
        size_t piece = MIN(left, (size_t)60000);
        buf_add(&out, S("\xFF\xE1"));
        buf_add_char(&out, (char)((piece + 2) >> 8));
        buf_add_char(&out, (char)(piece + 2));
        for (size_t i = 0; i < piece; i++)
            buf_add_char(&out, 'x');
        left -= piece;
    }
    const char frame[] = {
        '\xFF',      '\xC0', 0, 17, 8, (char)(height >> 8), (char)height, (char)(width >> 8),
        (char)width, 3,      1, 0
    };
    buf_add(&out, (Str){ frame, sizeof frame });
    return buf_str(&out);
}

#define PNG(width, height) "\x89PNG\r\n\x1A\n\0\0\0\rIHDR\0\0" width "\0\0" height "\x08\2\0\0\0"

Test(gateway, a_pictures_head_tells_its_type_and_size)
{
    static const struct {
        Str bytes;
        const char *type;
        int64_t width, height;
    } cases[] = {
        { S_INIT(PNG("\x2E\xE0", "\x23\x28")), "png", 12000, 9000 },
        { S_INIT("GIF89a\x40\x01\xF0\x00"), "gif", 320, 240 },
        { S_INIT("RIFF\0\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0\xFF\x27\0\xFF\x1F\0"), "webp", 10240,
          8192 },
        { S_INIT("RIFF\0\0\0\0WEBPVP8L\0\0\0\0/\x63\xC0\x18\0"), "webp", 100, 100 },
        { S_INIT("RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9D\x01\x2A\x40\x01\xF0\0"), "webp", 320,
          240 },
        { S_INIT("BM\0\0\0\0\0\0\0\0\0\0\0\0\x28\0\0\0\x40\x01\0\0\xF0\0\0\0"), "bmp", 320, 240 },
        { S_INIT("\0\0\0\x18"
                 "ftypheic"),
          "heic", 0, 0 },
        { S_INIT("\0\0\0\x18"
                 "ftypavif"),
          "avif", 0, 0 },
        { S_INIT("II*\0\x08\0\0\0"), "tiff", 0, 0 },
        { S_INIT("BMW is a make of cars, as everybody knows"), "", 0, 0 },
        { S_INIT("\x89PNG\r\n"), "png", 0, 0 },
        { S_INIT(""), "", 0, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        MediaHead head = media_picture_head(cases[i].bytes);
        cr_expect_str_eq(head.type, cases[i].type, "%zu", i);
        cr_expect_eq(head.width, cases[i].width, "%zu: %" PRId64, i, head.width);
        cr_expect_eq(head.height, cases[i].height, "%zu: %" PRId64, i, head.height);
    }
}

Test(gateway, a_sounds_first_bytes_tell_its_type)
{
    static const struct {
        Str bytes;
        const char *type;
    } cases[] = { { S_INIT("RIFF\0\0\0\0WAVEfmt "), "wav" },
                  { S_INIT("ID3\4"), "mp3" },
                  { S_INIT("\xFF\xFB\x90"), "mp3" },
                  { S_INIT("\xFF\xF1\x50"), "aac" },
                  { S_INIT("fLaC"), "flac" },
                  { S_INIT("OggS"), "ogg" },
                  { S_INIT("FORM\0\0\0\0AIFF"), "aiff" },
                  { S_INIT("\0\0\0\x20"
                           "ftypM4A "),
                    "m4a" },
                  { S_INIT("\x1A\x45\xDF\xA3"), "webm" },
                  { S_INIT("hello"), "" },
                  { S_INIT(""), "" } };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_str_eq(media_sound_type(cases[i].bytes), cases[i].type, "%zu", i);
}

static bool fits(Arena *arena, MediaRules rules, PartKind kind, Str bytes, size_t pictures,
                 Str *why_r, MediaWish *wish_r)
{
    ModelPart part = { .kind = kind, .data = base64_encode(arena, bytes) };
    return media_fits(arena, &media_limits[rules], &part, pictures, why_r, wish_r);
}

Test(gateway, a_picture_over_a_services_limits_is_told_by_which)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const struct {
        MediaRules rules;
        PartKind kind;
        Str bytes;
        size_t pictures;
        const char *why; /* NULL: it fits */
    } cases[] = {
        { MEDIA_ANTHROPIC, PART_IMAGE, S(PNG("\x1F\x40", "\x1F\x40")), 1, NULL },
        { MEDIA_ANTHROPIC, PART_IMAGE, S(PNG("\x1F\x41", "\0\1")), 1, "8001 x 1 pixels" },
        { MEDIA_ANTHROPIC, PART_IMAGE, jpeg(arena, 100, 8001, 10), 1, "8000 a side" },
        { MEDIA_ANTHROPIC, PART_IMAGE, jpeg(arena, 150000, 10, 8001), 1, "10 x 8001" },
        { MEDIA_ANTHROPIC, PART_IMAGE, jpeg(arena, 0, 8000, 8000), 20, NULL },
        { MEDIA_ANTHROPIC, PART_IMAGE, jpeg(arena, 0, 2001, 10), 21, "2000 a side" },
        { MEDIA_ANTHROPIC, PART_IMAGE, S("II*\0"), 1, "tiff" },
        { MEDIA_ANTHROPIC, PART_IMAGE, S("what nobody knows"), 1, NULL },
        { MEDIA_GROQ, PART_IMAGE, jpeg(arena, 0, 8000, 8000), 1, "takes 33177600" },
        { MEDIA_XAI, PART_IMAGE, S("GIF89a"), 1, "takes png jpeg" },
        { MEDIA_GEMINI, PART_IMAGE,
          S("\0\0\0\x18"
            "ftypheic"),
          1, NULL },
        { MEDIA_OPENAI, PART_IMAGE,
          S("\0\0\0\x18"
            "ftypheic"),
          1, "heic" },
        { MEDIA_UNSTATED, PART_IMAGE,
          S("\0\0\0\x18"
            "ftypheic"),
          1, NULL },
        { MEDIA_OPENAI, PART_AUDIO, S("RIFF\0\0\0\0WAVE"), 0, NULL },
        { MEDIA_OPENAI, PART_AUDIO, S("fLaC"), 0, "flac" },
        { MEDIA_GEMINI, PART_AUDIO, S("fLaC"), 0, NULL },
        { MEDIA_OPENAI, PART_FILE, S("fLaC"), 0, NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str why;
        MediaWish wish;
        bool is_fine = fits(arena, cases[i].rules, cases[i].kind, cases[i].bytes, cases[i].pictures,
                            &why, &wish);
        cr_expect_eq(is_fine, !cases[i].why, "%zu: " STR_FMT, i, STR_ARG(why));
        cr_expect(is_fine || str_find(why, str(cases[i].why)) >= 0, "%zu: " STR_FMT, i,
                  STR_ARG(why));
    }
}

Test(gateway, a_picture_of_too_many_bytes_is_wished_for_within_them)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    char *bytes = arena_alloc(arena, MB(4));
    memset(bytes, 'x', MB(4));
    memcpy(bytes, "\x89PNG\r\n", 6);
    Str why;
    MediaWish wish;
    cr_assert(!fits(arena, MEDIA_ANTHROPIC, PART_IMAGE, (Str){ bytes, MB(4) }, 1, &why, &wish));
    cr_expect(str_find(why, S("bytes as base64")) >= 0);
    cr_expect_eq(wish.bytes_max, MB(5) / 4 * 3);
    cr_expect_eq(wish.side_max, 8000);
    cr_expect(!wish.is_sound);
}
