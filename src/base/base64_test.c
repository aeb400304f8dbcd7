#include "base/base64.h"

#include <criterion/criterion.h>

Test(base, base64_is_read_with_and_without_padding)
{
    static const struct {
        const char *text, *bytes;
    } cases[] = { { "", "" },
                  { "YQ==", "a" },
                  { "YQ", "a" },
                  { "YW55OmxrXzE=", "any:lk_1" },
                  { "YW55\r\nOmxr XzE=\n", "any:lk_1" },
                  { "YQ=b", NULL },
                  { "a", NULL },
                  { "YW5*", NULL } };
    Arena *arena = arena_new(KB(64));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str bytes = STR_NONE;
        bool good = base64_decode(arena, str(cases[i].text), &bytes);
        cr_expect(good == (cases[i].bytes != NULL), "%s", cases[i].text);
        if (good)
            cr_expect(str_is(bytes, cases[i].bytes), "%s", cases[i].text);
    }
    arena_free(arena);
}

Test(base, base64_is_written_with_padding)
{
    static const char *const cases[][2] = {
        { "", "" }, { "a", "YQ==" }, { "ab", "YWI=" }, { "abc", "YWJj" }, { "\xFB\xFF", "+/8=" }
    };
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(str_is(base64_encode(arena, str(cases[i][0])), cases[i][1]), "%s", cases[i][0]);
}

/* RFC 4648, section 10, without the padding. */
Test(base, base32_is_written_without_padding)
{
    static const char *const cases[][2] = { { "", "" },
                                            { "f", "MY" },
                                            { "fo", "MZXQ" },
                                            { "foo", "MZXW6" },
                                            { "foob", "MZXW6YQ" },
                                            { "fooba", "MZXW6YTB" },
                                            { "foobar", "MZXW6YTBOI" } };
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(str_is(base32_encode(arena, str(cases[i][0])), cases[i][1]), "%s", cases[i][0]);
}

Test(base, base64_of_addresses_has_one_text_for_the_same_bytes)
{
    static const char *const refused[] = { "YQ==", "YQ\n", "YR", "+/8", "a", "YW5*" };
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str bytes;
    cr_expect(base64_url_decode(arena, S("-_8"), &bytes) && str_is(bytes, "\xFB\xFF"));
    for (size_t i = 0; i < COUNT(refused); i++)
        cr_expect(!base64_url_decode(arena, str(refused[i]), &bytes), "%s", refused[i]);
}
