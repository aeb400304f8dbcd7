/* hwp3_test.c - a Hangul 3 document put together here: a heading, a table, a footnote, a password.
 */
#include "extract/formats/dump.h"

extern const Extractor extractor_hwp3;

static void word(Buf *out, unsigned value)
{
    buf_add_char(out, (char)value);
    buf_add_char(out, (char)(value >> 8));
}

static void zeros(Buf *out, size_t count)
{
    while (count-- > 0)
        buf_add_char(out, 0);
}

/* What comes before the characters of a paragraph. */
static void paragraph(Buf *out, unsigned characters, unsigned style)
{
    buf_add_char(out, characters ? 0 : 1);
    word(out, characters);
    word(out, 1);
    zeros(out, 6);
    buf_add_char(out, (char)style);
    zeros(out, 31 + (characters ? 187 : 0) + 14);
}

static void text(Buf *out, const char *ascii)
{
    for (; *ascii; ascii++)
        word(out, (unsigned char)*ascii);
}

/* A paragraph with one text, and the end of its list. */
static void list(Buf *out, const char *ascii)
{
    paragraph(out, (unsigned)strlen(ascii) + 1, 0);
    text(out, ascii);
    word(out, 13);
    paragraph(out, 0, 0);
}

static void cell(Buf *out, unsigned x, unsigned y, unsigned width)
{
    zeros(out, 4);
    word(out, x);
    word(out, y);
    word(out, width);
    word(out, 50);
    zeros(out, 15);
}

static void table(Buf *out)
{
    word(out, 10);
    zeros(out, 4);
    word(out, 10);
    zeros(out, 78);
    word(out, 0); /* a table */
    word(out, 3);
    word(out, 0);
    cell(out, 100, 50, 100); /* not in order */
    cell(out, 0, 0, 200);
    cell(out, 0, 50, 100);
    list(out, "right");
    list(out, "top");
    list(out, "left");
    paragraph(out, 0, 0); /* no caption */
}

static void footnote(Buf *out)
{
    word(out, 17);
    zeros(out, 4);
    word(out, 17);
    zeros(out, 14);
    list(out, "below");
}

static Str sample(Arena *arena, bool is_locked)
{
    Buf out = buf_new(arena, MB(1));
    buf_add(&out, S("HWP Document File V3.00 \x1A\1\2\3\4\5"));
    zeros(&out, 96);
    word(&out, is_locked);
    zeros(&out, 30);
    text(&out, "Title");
    zeros(&out, 9 * 112 - 10);
    zeros(&out, 7 * 2);
    word(&out, 2);
    zeros(&out, 238);
    buf_add(&out, S("Outline 1"));
    zeros(&out, 238 - 9);
    paragraph(&out, 3, 1);
    word(&out, 0xD065); /* han */
    word(&out, 0x4000); /* the first Chinese character */
    word(&out, 13);
    paragraph(&out, 11, 0);
    text(&out, "a");
    footnote(&out);
    text(&out, "b");
    table(&out);
    word(&out, 13);
    paragraph(&out, 0, 0);
    return buf_str(&out);
}

Test(extract, hangul_3_documents_have_headings_tables_and_notes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str file = sample(arena, false);
    cr_expect_str_eq(dump(arena, &extractor_hwp3, file, (DumpOptions){ 0 }),
                     "meta(title) Title\nh1 \uD55C\u4F3D\nnote(footnote) below\nrow top\n"
                     "row left | right\np ab\n");
    cr_expect(extractor_hwp3.sniff(file) > 90);
    for (size_t i = 0; i < file.length; i += 7)
        (void)dump(arena, &extractor_hwp3, str_slice(file, 0, i), (DumpOptions){ 0 });
}

Test(extract, a_hangul_3_document_with_a_password_says_so)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *got = dump(arena, &extractor_hwp3, sample(arena, true), (DumpOptions){ 0 });
    cr_expect(strstr(got, "! encrypted"), "%s", got);
}
