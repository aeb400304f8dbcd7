#include <criterion/criterion.h>

#include "extract/mapi_rtf.h"

Test(extract, packed_rtf_is_unpacked)
{
    /* The two examples of [MS-OXRTFCP] 3. */
    static const char plain[] = "\x2D\0\0\0\x2B\0\0\0LZFu\xF1\xC5\xC7\xA7\x03\x00\x0A\x00"
                                "rcpg125B2\x0A\xF3 hel\x09\x00 bw\x05\xB0ld}\x0A\x80\x0F\xA0";
    static const char crossing[] = "\x1A\0\0\0\x1C\0\0\0LZFu\xE2\xD4KQA\x00\x04 WXYZ\x0D"
                                   "n}\x01\x0E\xB0";
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str text = mapi_rtf_unpack(arena, (Str){ plain, sizeof plain - 1 });
    cr_expect(str_is(text, "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"), STR_FMT,
              STR_ARG(text));
    text = mapi_rtf_unpack(arena, (Str){ crossing, sizeof crossing - 1 });
    cr_expect(str_is(text, "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"), STR_FMT, STR_ARG(text));
    cr_expect_eq(mapi_rtf_unpack(arena, S("nothing")).length, 0);
}

Test(extract, rtf_gives_back_the_html_it_was_made_from)
{
    static const struct {
        const char *rtf, *body;
        bool is_html;
    } cases[] = {
        { "{\\rtf1\\ansi\\ansicpg1251\\fromhtml1 {\\fonttbl{\\f0 Arial;}}{\\*\\htmltag19 <p>}"
          "\\htmlrtf {\\b \\htmlrtf0 \\'cf\\u8364?{\\*\\htmltag84 &amp;}\\htmlrtf }\\htmlrtf0 x\n"
          "{\\*\\mhtmltag1 no}{\\*\\htmltag27 </p>\\par}}",
          "<p>\u041f\u20ac&amp;x</p>\n", true },
        { "{\\rtf1 a\\{b\\}\\par c\\tab{\\*\\generator x}d}", "a{b}\nc\td", false },
        { "{{{}}}}}}\\", "", false },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool is_html;
        Str body = mapi_rtf_body(arena, str(cases[i].rtf), &is_html);
        cr_expect(str_is(body, cases[i].body), "case %zu: " STR_FMT, i, STR_ARG(body));
        cr_expect_eq(is_html, cases[i].is_html);
    }
}
