#include <criterion/criterion.h>

#include "extract/outlook/mapi_rtf.h"
#include "extract/word/rtf_text.h"

Test(extract, rtf_of_a_message_gives_back_its_html_or_its_words)
{
    static const struct {
        const char *rtf, *body;
        bool is_html;
    } cases[] = {
        { "{\\rtf1\\ansi\\ansicpg1251\\fromhtml1 {\\fonttbl{\\f0 Arial;}}{\\*\\htmltag19 <p>}"
          "\\htmlrtf {\\b \\htmlrtf0 \\'cf\\u8364?{\\*\\htmltag84 &amp;}\\htmlrtf }\\htmlrtf0 x\n"
          "{\\*\\mhtmltag1 no}{\\*\\htmltag27 </p>\\par}}",
          "<p>\u041f\u20ac&amp;x</p>\r\n", true },
        { "{\\rtf1 a\\{b\\}\\par c\\tab{\\*\\generator x}d}", "a{b}\nc\td", false },
        { "{{{}}}}}}\\", "", false },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str rtf = str(cases[i].rtf);
        cr_expect_eq(rtf_holds_html(rtf), cases[i].is_html);
        Str body = cases[i].is_html ? rtf_html(arena, rtf) : mapi_rtf_text(arena, rtf);
        cr_expect(str_is(body, cases[i].body), "case %zu: " STR_FMT, i, STR_ARG(body));
    }
}
