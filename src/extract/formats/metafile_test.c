/* metafile_test.c - EMF and WMF files put together here. */
#include "extract/formats/dump.h"

extern const Extractor extractor_emf, extractor_wmf;

static void number(Buf *out, int64_t value, int width)
{
    for (int i = 0; i < width; i++)
        buf_add_char(out, (char)((uint64_t)value >> (8 * i)));
}

static void numbers(Buf *out, const int32_t *values, size_t count, int width)
{
    for (size_t i = 0; i < count; i++)
        number(out, values[i], width);
}

static void wide(Buf *out, const char *ascii, size_t count)
{
    for (size_t i = 0; i < count; i++)
        number(out, (unsigned char)ascii[i], 2);
}

/* --- EMF --- */

static void emf_record(Buf *out, unsigned type, const int32_t *values, size_t count)
{
    number(out, type, 4);
    number(out, 8 + 4 * (int64_t)count, 4);
    numbers(out, values, count, 4);
}
#define EMF(out, type, ...)                                                                        \
    emf_record(out, type, (int32_t[]){ __VA_ARGS__ }, COUNT(((int32_t[]){ __VA_ARGS__ })))

/* Each letter is `step` wide. */
static void emf_text(Buf *out, int x, int y, const char *ascii, int step)
{
    size_t length = strlen(ascii), padded = (length + 1) / 2 * 2;
    number(out, 84, 4);
    number(out, 76 + 2 * (int64_t)padded + 4 * (int64_t)length, 4);
    numbers(out, (int32_t[]){ 0, 0, -1, -1, 1, 0, 0, x, y, (int32_t)length, 76, 0, 0, 0, 0, 0 }, 16,
            4);
    number(out, 76 + 2 * (int64_t)padded, 4);
    wide(out, ascii, length);
    wide(out, "\0", padded - length);
    for (size_t i = 0; i < length; i++)
        number(out, step, 4);
}

static void emf_head(Buf *out)
{
    static const char about[] = "Draw\0A plan\0"; /* and a last zero */
    number(out, 1, 4);
    number(out, 88 + 28, 4);
    numbers(out, (int32_t[]){ 0, 0, 639, 479, 0, 0, 16933, 12700 }, 8, 4);
    buf_add(out, S(" EMF\0\0\1\0"));
    numbers(out, (int32_t[]){ 0, 0, 1, 13, 88, 0, 1024, 768, 320, 240 }, 10, 4);
    wide(out, about, 13);
    wide(out, "\0", 1);
}

static Str emf_sample(Arena *arena)
{
    Buf out = buf_new(arena, KB(16));
    emf_head(&out);
    number(&out, 82, 4); /* a font 10 high */
    number(&out, 12 + 92, 4);
    number(&out, 1, 4);
    number(&out, -10, 4);
    for (int i = 0; i < 88; i++)
        buf_add_char(&out, 0);
    EMF(&out, 37, 1);
    emf_text(&out, 10, 200, "below", 5);
    emf_text(&out, 60, 101, "right", 5);
    emf_text(&out, 10, 100, "le", 5);
    emf_text(&out, 20, 100, "ft", 5);
    EMF(&out, 33, 0);
    EMF(&out, 35, 0x3F800000, 0, 0, 0x3F800000, 0, 0x43FA0000); /* 500 down */
    emf_text(&out, 0, -490, "moved to the top", 5);
    EMF(&out, 34, -1);
    EMF(&out, 22, 1);
    EMF(&out, 27, 10, 300);
    emf_text(&out, 0, 0, "at the ", 5);
    emf_text(&out, 0, 0, "pen", 5);
    EMF(&out, 22, 0);
    /* small: two bytes of text, no box */
    EMF(&out, 108, 10, 400, 2, 0x300, 1, 0, 0, 0x6B6F);
    EMF(&out, 14, 0, 0, 20);
    return buf_str(&out);
}

static Str emf_plus_sample(Arena *arena)
{
    Buf out = buf_new(arena, KB(16));
    emf_head(&out);
    number(&out, 70, 4);
    number(&out, 12 + 4 + 12 + 28 + 4, 4);
    number(&out, 4 + 12 + 28 + 4, 4);
    buf_add(&out, S("EMF+"));
    number(&out, 0x401C, 4);
    number(&out, 12 + 28 + 4, 4);
    number(&out, 28 + 4, 4);
    numbers(&out, (int32_t[]){ 0, 0, 2, 0x41200000, 0x41200000, 0, 0 }, 7, 4);
    wide(&out, "Hi", 2);
    return buf_str(&out);
}

Test(extract, texts_of_enhanced_metafiles_are_lines_by_where_they_stand)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str file = emf_sample(arena);
    cr_expect_str_eq(dump(arena, &extractor_emf, file, (DumpOptions){ 0 }),
                     "meta(width) 640\nmeta(height) 480\nmeta(software) Draw\nmeta(title) A plan\n"
                     "p moved to the top\np left right\np below\np at the pen\np ok\n");
    cr_expect_str_eq(dump(arena, &extractor_emf, emf_plus_sample(arena), (DumpOptions){ 0 }),
                     "meta(width) 640\nmeta(height) 480\nmeta(software) Draw\nmeta(title) A plan\n"
                     "p Hi\n");
    cr_expect(extractor_emf.sniff(file) == 90);
    for (size_t cut = 0; cut < file.length; cut += 3)
        (void)dump(arena, &extractor_emf, str_slice(file, 0, cut), (DumpOptions){ 0 });
}

/* --- WMF --- */

static void wmf_record(Buf *out, unsigned function, const int32_t *values, size_t count)
{
    number(out, 3 + (int64_t)count, 4);
    number(out, function, 2);
    numbers(out, values, count, 2);
}
#define WMF(out, function, ...)                                                                    \
    wmf_record(out, function, (int32_t[]){ __VA_ARGS__ }, COUNT(((int32_t[]){ __VA_ARGS__ })))

static Str wmf_sample(Arena *arena)
{
    Buf out = buf_new(arena, KB(16));
    buf_add(&out, S("\xD7\xCD\xC6\x9A\0\0"));
    numbers(&out, (int32_t[]){ 0, 0, 2880, 1440, 1440, 0, 0, 0 }, 8, 2);
    numbers(&out, (int32_t[]){ 1, 9, 0x0300, 0, 0, 2, 0, 0, 0 }, 9, 2);
    WMF(&out, 0x02FA, 0, 0, 0, 0, 0); /* a pen, which is object 0 */
    WMF(&out, 0x02FB, -20, 0, 0, 0, 400, 0, (int32_t)(204u << 8), 0, 0);
    WMF(&out, 0x012D, 1);
    WMF(&out, 0x0A32, 300, 10, 2, 0, 0xE2EE, 12, 12); /* Cyrillic */
    WMF(&out, 0x0521, 3, 'o' << 8 | 'T', 'p', 100, 10);
    WMF(&out, 0x0A32, 302, 200, 2, 4, 0, 0, 9, 9, 'k' << 8 | 'o');
    WMF(&out, 0, 0);
    return buf_str(&out);
}

Test(extract, texts_of_windows_metafiles_are_lines_in_the_charset_of_their_font)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str file = wmf_sample(arena);
    cr_expect_str_eq(dump(arena, &extractor_wmf, file, (DumpOptions){ 0 }),
                     "meta(width) 192\nmeta(height) 96\np Top\np \u043E\u0432 ok\n");
    cr_expect(extractor_wmf.sniff(file) == 90);
    cr_expect(extractor_wmf.sniff(str_from(file, 22)) == 75);
    for (size_t cut = 0; cut < file.length; cut++)
        (void)dump(arena, &extractor_wmf, str_slice(file, 0, cut), (DumpOptions){ 0 });
}
