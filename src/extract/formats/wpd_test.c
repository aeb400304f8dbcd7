/* wpd_test.c - WordPerfect files built here. */
#include "extract/formats/dump.h"

extern const Extractor extractor_wpd;

#define HEAD(version) "\xFFWPC\x10\0\0\0\1\x0A" version "\0\0\0\0\0"

Test(extract, wordperfect_text_is_read)
{
    static const struct {
        Str bytes;
        const char *expected;
    } cases[] = {
        { S_INIT(HEAD("\2") "One\x80two\xF0\x1D\4\xF0\xCC"
                            "a\xD0\4\6\0\0\xD0"
                            "b\xF1\0\1\2\xF1gone\xF1\1\1\2\xF1"),
          "p One two‘\np a\np b\nnote(deleted text) gone\n" },
        { S_INIT(HEAD("\0") "One\x0Dtwo\xC0\x29\1\xC0\x0A\xD3\1\2\0xx\x0Clast"),
          "p One twoé\np last\n" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        const char *got = dump(arena, &extractor_wpd, cases[i].bytes, (DumpOptions){ 0 });
        cr_expect_str_eq(got, cases[i].expected, "%s", got);
    }
}
