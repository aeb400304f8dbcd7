#include <criterion/criterion.h>

#include "extract/mapi_rtf.h"

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
