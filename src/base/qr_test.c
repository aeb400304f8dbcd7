#include "base/qr.h"

#include <criterion/criterion.h>

#include "base/hash.h"

/* Rows of 1 and 0, one after another: the squares were compared with those of another program. */
Test(base, a_qr_code_is_drawn_as_others_draw_it)
{
    char longest[QR_BYTES_MAX + 1] = { 0 };
    memset(longest, 'x', QR_BYTES_MAX);
    const struct {
        const char *text;
        int size;
        const char *digest;
    } cases[] = {
        { "hello", 21, "338c689e0fc5d63d4141c0bc4ca13017a9e3974f725d62a44c46f7de3cb4b170" },
        { "otpauth://totp/Lectern:ada%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
          "&issuer=Lectern",
          41, "ff7ce955d5fe426b1ef2396116e2ce7fb84f42d9ab4e984884dce299c896fd8b" },
        { longest, 77, "18dc007515645131a78c51966a0dd90711f5fb35cffdef39b5741357eaa54b74" },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Error err = { 0 };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Qr qr;
        Buf squares = buf_new(arena, KB(8));
        cr_assert(qr_draw(str(cases[i].text), &qr, &err), "%s", err.message);
        cr_assert(qr.size == cases[i].size, "%s: %d", cases[i].text, qr.size);
        for (int row = 0; row < qr.size; row++)
            for (int column = 0; column < qr.size; column++)
                buf_add_char(&squares, qr.dark[row][column] ? '1' : '0');
        cr_expect(str_is(sha256_hex(arena, buf_str(&squares)), cases[i].digest), "%s",
                  cases[i].text);
    }
}

Test(base, a_text_too_long_for_a_qr_code_is_refused)
{
    char text[QR_BYTES_MAX + 1];
    Error err = { 0 };
    Qr qr;
    memset(text, 'x', sizeof text);
    cr_expect(!qr_draw((Str){ text, sizeof text }, &qr, &err) && err.code == ERROR_TOO_LARGE);
}

Test(base, a_qr_code_has_a_light_frame_and_no_square_outside_it)
{
    AUTO_ARENA Arena *arena = arena_new(MB(2));
    Error err = { 0 };
    Qr qr;
    cr_assert(qr_draw(S("hello"), &qr, &err));
    Str svg = qr_svg(arena, &qr);
    cr_expect(str_find(svg, S("viewBox=\"0 0 29 29\"")) > 0);
    cr_expect(str_find(svg, S("M4 4h7v1h-7z")) > 0, "the corner begins after the frame");
}
