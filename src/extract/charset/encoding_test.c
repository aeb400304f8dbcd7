/* encoding_test.c - charsets: marked, declared, guessed. */
#include <criterion/criterion.h>

#include "extract/charset/encoding.h"

static void expect_text(Arena *arena, const char *about, Str bytes, const char *declared,
                        const char *expected)
{
    const char *charset;
    Str text = text_decode(arena, bytes, str(declared), &charset);
    cr_expect(str_is(text, expected), "%s: got '" STR_FMT "' as %s", about, STR_ARG(text), charset);
}

Test(extract, encoding_reads_marks_declarations_and_looks)
{
    static const struct {
        const char *about;
        Str bytes;
        const char *declared, *expected;
    } cases[] = {
        { "ASCII", S_INIT("abc"), "", "abc" },
        { "UTF-8 mark",
          S_INIT("\xEF\xBB\xBF"
                 "a"),
          "", "a" },
        { "UTF-16LE mark",
          S_INIT("\xFF\xFE"
                 "a\0\xE9\0"),
          "", "a\u00e9" },
        { "UTF-16BE mark", S_INIT("\xFE\xFF\0a\0\xE9"), "", "a\u00e9" },
        { "UTF-32LE mark", S_INIT("\xFF\xFE\0\0a\0\0\0"), "", "a" },
        { "UTF-16LE by its zeros", S_INIT("h\0e\0l\0l\0o\0 \0w\0o\0"), "", "hello wo" },
        { "UTF-16BE by its zeros", S_INIT("\0h\0e\0l\0l\0o\0 \0w\0o"), "", "hello wo" },
        { "UTF-32BE by its zeros", S_INIT("\0\0\0h\0\0\0i\0\0\0!"), "", "hi!" },
        { "declared Latin-1 is windows-1252", S_INIT("\x93q\x94 \xE9"), "iso-8859-1",
          "\u201cq\u201d \u00e9" },
        { "KOI8-R", S_INIT("\xF0\xD2\xC9\xD7\xC5\xD4"), "koi8-r",
          "\u041f\u0440\u0438\u0432\u0435\u0442" },
        { "Mac Roman", S_INIT("caf\x8E"), "macintosh", "caf\u00e9" },
        { "IBM 850", S_INIT("caf\x82"), "cp850", "caf\u00e9" },
        { "Shift_JIS", S_INIT("\x93\xFA\x96\x7B"), "Shift_JIS", "\u65e5\u672c" },
        { "EUC-JP", S_INIT("\xC6\xFC\xCB\xDC"), "euc-jp", "\u65e5\u672c" },
        { "GB2312 is GB18030", S_INIT("\xD6\xD0\xB9\xFA"), "gb2312", "\u4e2d\u56fd" },
        { "Big5", S_INIT("\xA4\xA4\xB0\xEA"), "big5", "\u4e2d\u570b" },
        { "EUC-KR", S_INIT("\xC7\xD1\xB1\xB9"), "euc-kr", "\ud55c\uad6d" },
        { "ISO-2022-JP by its escapes", S_INIT("\x1B$BF|K\\\x1B(B!"), "", "\u65e5\u672c!" },
        { "valid UTF-8 beats a declaration", S_INIT("\xC3\xA9t\xC3\xA9"), "windows-1252",
          "\u00e9t\u00e9" },
        { "an unknown declaration", S_INIT("ab\xE9"), "x-no-such", "ab\u00e9" },
        { "Johab", S_INIT("\xB7\xA1\xB4\xA1\x8B\xA1 a"), "johab", "\uc774\uc57c\uae30 a" },
        { "ISO-2022-KR", S_INIT("\x1B$)C\x0EGQ19\x0F!"), "", "\ud55c\uad6d!" },
        { "EUC-JIS-2004", S_INIT("\xA4\xF7\x8F\xA1\xA1\xAE\xA1\x61\x8E\xB1"), "EUC-JIS-2004",
          "\u304b\u309a\U00020089\u4ff1a\uff71" },
        { "EUC-JP with a cell of JIS X 0213",
          S_INIT(
              "\xC6\xFC\xCB\xDC\xB8\xEC\xA4\xCE\xCA\xB8\xBB\xFA\xA4\xCF\xA4\xF7\xA4\xC7\xA4\xB9"),
          "euc_jisx0213", "\u65e5\u672c\u8a9e\u306e\u6587\u5b57\u306f\u304b\u309a\u3067\u3059" },
        { "Shift_JIS-2004", S_INIT("\x82\xF5\xF0\x40\x87\x9F\x61\xB1\xF0\x9F"), "Shift_JISX0213",
          "\u304b\u309a\U00020089\u4ff1a\uff71\u5b96" },
        { "ISO-2022-JP-2004 by its escapes", S_INIT("\x1B$(Q$w\x1B$(P!!\x1B(B!"), "",
          "\u304b\u309a\U00020089!" },
        { "JIS X 0213 that is cut", S_INIT("\xA4\xA2\xA4"), "euc-jis-2004", "\u3042\ufffd" },
        { "VISCII", S_INIT("Vi\xAEt Nam \x02"), "viscii", "Vi\u1ec7t Nam \u1eb2" },
        { "UTF-7", S_INIT("Hi Mom +Jjo-!"), "utf-7", "Hi Mom \u263a!" },
        { "a spelled syllable", S_INIT("\xA4\xD4\xA4\xB6\xA4\xD0\xA4\xD4"), "euc-kr", "\uc4d4" },
        { "Greek of DOS", S_INIT("\xA1\x98\xA0 \xAB\x98 \x9B\xA0\xA1\x98\xA0\xE9\xA3\x98\xAB\x98"),
          "",
          "\u03ba\u03b1\u03b9 \u03c4\u03b1 "
          "\u03b4\u03b9\u03ba\u03b1\u03b9\u03ce\u03bc\u03b1\u03c4\u03b1" },
        { "Danish of DOS",
          S_INIT("p\x86 \x9Bget, r\x9B"
                 "d gr\x9B"
                 "d med fl\x9B"
                 "de"),
          "", "p\u00e5 \u00f8get, r\u00f8d gr\u00f8d med fl\u00f8de" },
        { "UTF-16LE by its script",
          S_INIT("\x14\x04\x3E\x04\x31\x04\x40\x04\x4B\x04\x39\x04 "
                 "\0\x34\x04\x35\x04\x3D\x04\x4C\x04"),
          "", "\u0414\u043e\u0431\u0440\u044b\u0439 \u0434\u0435\u043d\u044c" },
        { "UTF-8 with one bad byte",
          S_INIT("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9 \xFF end"), "",
          "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9 \uFFFD end" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        expect_text(arena, cases[i].about, cases[i].bytes, cases[i].declared, cases[i].expected);
    }
}

Test(extract, encoding_finds_declarations)
{
    cr_expect(str_is(charset_in_xml(S("<?xml version=\"1.0\" encoding='koi8-r'?>")), "koi8-r"));
    cr_expect(str_is(charset_in_xml(S("<a encoding='x'>")), ""));
    cr_expect(str_is(charset_in_html(S("<head><META charset = utf-8 >")), "utf-8"));
    cr_expect(str_is(charset_in_html(S("<meta name=a><meta http-equiv=\"Content-Type\" "
                                       "content=\"text/html; charset=big5\">")),
                     "big5"));
    cr_expect(str_is(charset_in_media_type(S("text/plain; charset=\"us-ascii\"; x")), "us-ascii"));
}

Test(extract, encoding_knows_binary_from_text)
{
    cr_expect(text_is_binary((Str){ "ab\0cd", 5 }));
    cr_expect(!text_is_binary(S("h\0e\0l\0l\0o\0 \0w\0o\0")));
    cr_expect(!text_is_binary(S("caf\xE9\r\n\t")));
}

Test(extract, encoding_lines_end_in_three_ways)
{
    Str rest = S("a\nb\r\nc\rd\n\ne"), line;
    static const char *const lines[] = { "a", "b", "c", "d", "", "e" };
    for (size_t i = 0; i < COUNT(lines); i++) {
        cr_assert(text_next_line(&rest, &line));
        cr_expect(str_is(line, lines[i]));
    }
    cr_expect(!text_next_line(&rest, &line));
}

Test(extract, encoding_preload_may_be_repeated)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    encoding_preload();
    encoding_preload();
    cr_expect(str_is(text_decode(arena, S("caf\x82"), S("ibm-437"), NULL), "caf\u00e9"));
}

Test(extract, encoding_knows_the_frames_of_dos)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str frame = S("\xC9\xCD\xCD\xCD\xCD\xCD\xCD\xCD\xCD\xBB\xDB\xDB\xDB\xDB\xDB\xDB\xDB\xDB"
                  "caf\x82");
    cr_expect(str_is(text_decode(arena, frame, STR_NONE, NULL),
                     "\u2554\u2550\u2550\u2550\u2550\u2550\u2550\u2550\u2550\u2557"
                     "\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588"
                     "caf\u00e9"));
}
