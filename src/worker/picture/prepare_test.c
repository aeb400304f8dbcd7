/* prepare_test.c - pictures made to fit, and those that cannot be. */
#include "worker/picture/prepare.h"

#include <criterion/criterion.h>

#include "worker/picture/decode.h"

/* Grain, which no format packs well, or one colour. */
static Str picture(Arena *arena, int width, int height, bool has_grain, int format)
{
    AUTO_PIX PIX *pix = pixCreate(width, height, 32);
    unsigned state = 1;
    l_uint8 *bytes = NULL;
    size_t length = 0;
    pixSetAllArbitrary(pix, 0x2080E000);
    for (int y = 0; has_grain && y < height; y++)
        for (int x = 0; x < width; x++) {
            state = state * 1103515245 + 12345;
            pixSetPixel(pix, x, y, state & 0xFFFFFF00);
        }
    cr_assert_eq(pixWriteMem(&bytes, &length, pix, format), 0);
    Str copy = str_copy(arena, (Str){ (const char *)bytes, length });
    lept_free(bytes);
    return copy;
}

static const struct {
    const char *about;
    int width, height, format;
    bool has_grain;
    WorkerArguments limits;
    const char *media_type; /* NULL: it cannot be */
    int made_width, made_height;
} cases[] = {
    { "of another type", 60, 40, IFF_BMP, false, { .bytes_max = MB(1) }, "image/png", 60, 40 },
    { "too long a side",
      900,
      300,
      IFF_PNG,
      false,
      { .bytes_max = MB(1), .side_max = 300 },
      "image/png",
      300,
      100 },
    { "too many pixels",
      400,
      400,
      IFF_PNG,
      false,
      { .bytes_max = MB(1), .pixels_max = 40000 },
      "image/png",
      200,
      200 },
    { "too many bytes: less quality",
      300,
      300,
      IFF_PNG,
      true,
      { .bytes_max = 150000 },
      "image/jpeg",
      300,
      300 },
    { "a photograph stays one",
      300,
      200,
      IFF_JFIF_JPEG,
      false,
      { .bytes_max = MB(1), .side_max = 150 },
      "image/jpeg",
      150,
      100 },
    { "nothing is left of it", 300, 300, IFF_PNG, true, { .bytes_max = 200 }, NULL, 0, 0 },
};

Test(picture, a_picture_is_made_to_fit)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Str bytes =
            picture(arena, cases[i].width, cases[i].height, cases[i].has_grain, cases[i].format);
        WorkerPrepared made;
        Error err;
        bool good = picture_prepare(arena, bytes, &cases[i].limits, &made, &err);
        cr_assert_eq(good, cases[i].media_type != NULL, "%s: %s", cases[i].about, err.message);
        if (!good)
            continue;
        AUTO_PIX PIX *pix = pixReadMem((const l_uint8 *)made.bytes.at, made.bytes.length);
        cr_assert(pix, "%s", cases[i].about);
        cr_expect(str_is(made.media_type, cases[i].media_type), "%s", cases[i].about);
        cr_expect_leq(made.bytes.length, (size_t)cases[i].limits.bytes_max, "%s", cases[i].about);
        cr_expect_eq(pixGetWidth(pix), cases[i].made_width, "%s: %d", cases[i].about,
                     pixGetWidth(pix));
        cr_expect_eq(pixGetHeight(pix), cases[i].made_height, "%s: %d", cases[i].about,
                     pixGetHeight(pix));
    }
}

Test(picture, what_is_no_picture_is_not_made_one)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const WorkerArguments limits = { .bytes_max = MB(1) };
    WorkerPrepared made;
    Error err;
    cr_expect(!picture_prepare(arena, S("no picture"), &limits, &made, &err));
    cr_expect(!picture_prepare(arena, S("\x89PNG\r\n\x1A\n"), &limits, &made, &err));
}
