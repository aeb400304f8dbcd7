/* look_test.c - drawn samples of each kind of picture. */
#include <criterion/criterion.h>

#include <math.h>

#include "base/base.h"
#include "worker/picture/decode.h"
#include "worker/picture/look.h"

static unsigned noise_state = 1;

static unsigned noise(unsigned range)
{
    noise_state = noise_state * 1103515245 + 12345;
    return (noise_state >> 16) % range;
}

static PIX *ground(int width, int height, l_uint32 color)
{
    PIX *pix = pixCreate(width, height, 32);
    pixSetAllArbitrary(pix, color);
    return pix;
}

static void fill(PIX *pix, int x, int y, int width, int height, l_uint32 color)
{
    BOX box = { .x = x, .y = y, .w = width, .h = height, .refcount = 1 };
    pixSetInRectArbitrary(pix, &box, color);
}

static void write_lines(PIX *pix, int x, int y, int count, int step, l_uint32 color)
{
    L_BMF *font = bmfCreate(NULL, 6);
    for (int i = 0; i < count; i++)
        pixSetTextline(pix, font, "Several words that stand in one line of text", color, x,
                       y + i * step, NULL, NULL);
    bmfDestroy(&font);
}

/* Soft shapes of many colours with grain, as a camera gives. */
static PIX *photograph(void)
{
    PIX *pix = ground(600, 400, 0);
    for (int y = 0; y < 400; y++)
        for (int x = 0; x < 600; x++) {
            double a = sin(x / 47.0) + cos(y / 31.0), b = sin((x + y) / 83.0);
            unsigned r = (unsigned)(110 + 50 * a) + noise(12);
            unsigned g = (unsigned)(120 + 60 * b) + noise(12);
            unsigned d = (unsigned)(100 + 30 * a * b) + noise(12);
            pixSetPixel(pix, x, y, r << 24 | g << 16 | d << 8);
        }
    return pix;
}

static PIX *document(void)
{
    PIX *pix = ground(700, 900, 0xFAFAF500);
    write_lines(pix, 60, 80, 30, 26, 0x20202000);
    return pix;
}

static PIX *screenshot(void)
{
    PIX *pix = ground(1000, 700, 0xE4E8F000);
    fill(pix, 0, 0, 1000, 40, 0x2B579A00);
    fill(pix, 0, 40, 220, 660, 0x40444B00);
    fill(pix, 240, 60, 730, 300, 0xD8F0D800);
    fill(pix, 240, 380, 730, 290, 0xF8D8D800);
    write_lines(pix, 260, 100, 9, 26, 0x10101000);
    write_lines(pix, 260, 420, 8, 26, 0x10101000);
    return pix;
}

static PIX *chart(void)
{
    PIX *pix = ground(500, 400, 0xFFFFFF00);
    static const l_uint32 colors[] = { 0xE0303000, 0x30A04000, 0x3050D000, 0xF0C02000 };
    for (int i = 0; i < 8; i++)
        fill(pix, 40 + i * 55, 350 - 30 * (i % 5 + 3), 50, 30 * (i % 5 + 3), colors[i % 4]);
    return pix;
}

/* Light that falls off to one side, a few strokes in colours. */
static PIX *whiteboard(void)
{
    PIX *pix = ground(800, 600, 0);
    for (int y = 0; y < 600; y++)
        for (int x = 0; x < 800; x++) {
            unsigned v = 245 - (unsigned)(x * 55 / 800) - noise(9);
            pixSetPixel(pix, x, y, v << 24 | v << 16 | v << 8);
        }
    for (int i = 0; i < 5; i++)
        for (int x = 100; x < 600; x++)
            fill(pix, x, 100 + i * 90 + (int)(25 * sin(x / (20.0 + 9 * i))), 4, 4,
                 i % 2 ? 0xC0202000 : 0x2020C000);
    return pix;
}

/* One line of words, alone. */
static PIX *line(void)
{
    PIX *pix = ground(400, 200, 0xFFFFFF00);
    for (int i = 0; i < 20; i++)
        fill(pix, 60 + i * 14 + i / 5 * 8, 90, 9, 14, 0x20202000);
    return pix;
}

static PIX *icon(void)
{
    PIX *pix = ground(32, 32, 0xFFFFFF00);
    fill(pix, 8, 8, 16, 16, 0x20A02000);
    return pix;
}

Test(picture, kinds_of_pictures_are_told_apart)
{
    static const struct {
        PIX *(*draw)(void);
        const char *kind;
    } cases[] = {
        { photograph, "photograph" }, { document, "document" },     { screenshot, "screenshot" },
        { chart, "chart" },           { whiteboard, "whiteboard" }, { icon, "icon" },
        { line, "document" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        AUTO_PIX PIX *pix = cases[i].draw();
        AUTO_PIX PIX *grey = pixConvertTo8(pix, 0);
        Look look = look_at(arena, pix, grey);
        cr_expect_str_eq(look.kind, cases[i].kind,
                         "%s, not %s: flat %.2f light %.2f colorful %.2f ground %.2f uneven %.2f "
                         "variety %d marks %d in rows %d rows %d",
                         look.kind, cases[i].kind, (double)look.flat, (double)look.light,
                         (double)look.colorful, (double)look.ground, (double)look.unevenness,
                         look.variety, look.text.marks, look.text.in_rows, look.text.rows);
    }
}

Test(picture, main_colours_come_with_their_shares)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    AUTO_PIX PIX *pix = ground(100, 100, 0xFF000000);
    fill(pix, 0, 0, 100, 25, 0x0000FF00);
    AUTO_PIX PIX *grey = pixConvertTo8(pix, 0);
    Look look = look_at(arena, pix, grey);
    Str colors = look_colors(&look, arena);
    cr_expect(str_is(colors, "#ff0000 75 %, #0000ff 25 %"), STR_FMT, STR_ARG(colors));
}

Test(picture, orientation_turns_the_picture)
{
    /* Where the top left pixel of a 3 x 2 picture goes (EXIF 2.32, 4.6.4). */
    static const struct {
        int orientation, width, height, x, y;
    } cases[] = { { 1, 3, 2, 0, 0 }, { 2, 3, 2, 2, 0 }, { 3, 3, 2, 2, 1 }, { 4, 3, 2, 0, 1 },
                  { 5, 2, 3, 0, 0 }, { 6, 2, 3, 1, 0 }, { 7, 2, 3, 1, 2 }, { 8, 2, 3, 0, 2 } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        PIX *stored = ground(3, 2, 0);
        pixSetPixel(stored, 0, 0, 0xFF000000);
        AUTO_PIX PIX *pix = decode_upright(stored, cases[i].orientation);
        l_uint32 pixel = 0;
        pixGetPixel(pix, cases[i].x, cases[i].y, &pixel);
        cr_expect(pixGetWidth(pix) == cases[i].width && pixGetHeight(pix) == cases[i].height,
                  "orientation %d", cases[i].orientation);
        cr_expect_eq(pixel >> 24, 255, "orientation %d", cases[i].orientation);
    }
}

Test(picture, a_sign_in_a_photograph_is_noticed)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    AUTO_PIX PIX *plain = photograph();
    AUTO_PIX PIX *sign = photograph();
    fill(sign, 180, 150, 260, 60, 0xF0F0F000);
    L_BMF *font = bmfCreate(NULL, 6);
    pixSetTextline(sign, font, "Harbour entrance", 0x10101000, 200, 190, NULL, NULL);
    bmfDestroy(&font);
    AUTO_PIX PIX *plain_grey = pixConvertTo8(plain, 0);
    AUTO_PIX PIX *sign_grey = pixConvertTo8(sign, 0);
    cr_expect_eq(text_marks_find(arena, plain_grey).regular, 0);
    cr_expect_gt(text_marks_find(arena, sign_grey).regular, 6);
    cr_expect_str_eq(look_at(arena, sign, sign_grey).kind, "photograph");
}
