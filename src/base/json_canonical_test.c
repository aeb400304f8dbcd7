/* json_canonical_test.c - one form of JSON, as Python writes it. */
#include <criterion/criterion.h>

#include "base/json_canonical.h"

static const struct {
    const char *text, *canonical;
} cases[] = {
    { " {\"b\" : 1 , \"a\":[ true , null,\"x\"] } ", "{\"a\":[true,null,\"x\"],\"b\":1}" },
    { "{\"\\u00e9\":\"\\u00fc\\n\\u0001\",\"z\":\"\\/\"}", "{\"z\":\"/\",\"é\":\"ü\\n\\u0001\"}" },
    { "{\"a\":1.0,\"b\":1e-07,\"c\":-0.5,\"d\":123456789012345678901234567890}",
      "{\"a\":1.0,\"b\":1e-07,\"c\":-0.5,\"d\":123456789012345678901234567890}" },
    { "{\"\\ud83d\\ude00\":1,\"\\uffee\":2}", "{\"\xEF\xBF\xAE\":2,\"😀\":1}" },
    { "{\"a\":1,\"a\":2,\"\\u0061\":3}", "{\"a\":3}" },
    { "{\"b\":{\"d\":1,\"c\":{}},\"a\":[]}", "{\"a\":[],\"b\":{\"c\":{},\"d\":1}}" },
    { "\"\\u007f\\u2028\\t\"", "\"\x7F\xE2\x80\xA8\\t\"" },
    { "{\"B\":1,\"a\":2,\"_\":3,\"\":4}", "{\"\":4,\"B\":1,\"_\":3,\"a\":2}" },
    { "17", "17" },
};

Test(base, json_has_one_form_as_python_writes_it)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str found;
        Error err;
        cr_assert(json_canonical(arena, str(cases[i].text), KB(64), &found, &err), "%s",
                  cases[i].text);
        cr_expect(str_is(found, cases[i].canonical), STR_FMT, STR_ARG(found));
    }
}

Test(base, what_has_no_one_form_is_refused)
{
    static const char *const texts[] = { "",    "{",     "{\"a\":1,}", "\"\\ud800\"",
                                         "nul", "{} {}", "{a:1}",      "[1,,2]" };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str found;
    Error err = { 0 };
    for (size_t i = 0; i < COUNT(texts); i++)
        cr_expect(!json_canonical(arena, str(texts[i]), KB(64), &found, &err) &&
                      err.code == ERROR_INVALID,
                  "%s", texts[i]);
    Buf deep = buf_new(arena, KB(1));
    for (int i = 0; i <= JSON_CANONICAL_DEPTH_MAX; i++)
        buf_add_char(&deep, '[');
    for (int i = 0; i <= JSON_CANONICAL_DEPTH_MAX; i++)
        buf_add_char(&deep, ']');
    cr_expect(!json_canonical(arena, buf_str(&deep), KB(64), &found, &err));
    cr_expect(!json_canonical(arena, S("\"long\""), 3, &found, &err));
}
