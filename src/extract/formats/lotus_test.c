/* lotus_test.c - worksheets of three record layouts, put together here. */
#include "extract/formats/dump.h"

extern const Extractor extractor_lotus;

/* A number, a length, bytes. */
static void record(Buf *out, unsigned type, Str bytes)
{
    const unsigned head[] = { type, (unsigned)bytes.length };
    for (size_t i = 0; i < COUNT(head); i++) {
        buf_add_char(out, (char)head[i]);
        buf_add_char(out, (char)(head[i] >> 8));
    }
    buf_add(out, bytes);
}

static void number(Arena *arena, Buf *out, unsigned type, Str address, double value)
{
    Buf bytes = buf_new(arena, 64);
    buf_add(&bytes, address);
    buf_add_bytes(&bytes, &value, sizeof value);
    record(out, type, buf_str(&bytes));
}

static Str release_1(Arena *arena)
{
    Buf out = buf_new(arena, KB(16));
    record(&out, 0, S("\6\4"));
    record(&out, 0x26, S("'Report\0"));
    number(arena, &out, 0x0E, S("\x02\1\0\1\0"), 2.5);   /* B2, two places */
    number(arena, &out, 0x0E, S("\xF2\2\0\1\0"), 39448); /* C2, a date */
    number(arena, &out, 0x10, S("\x71\3\0\1\0"), 0);     /* D2, of a text */
    record(&out, 0x33, S("\x71\3\0\1\0sum\0"));
    record(&out, 0x0F, S("\xFF\0\0\0\0'Caf\x82\0")); /* A1, after its neighbours */
    record(&out, 0x0D, S("\xFF\0\0\1\0\xFE\xFF"));
    record(&out, 1, STR_NONE);
    return buf_str(&out);
}

static Str release_3(Arena *arena)
{
    Buf out = buf_new(arena, KB(16));
    record(&out, 0, S("\0\x10\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    record(&out, 0x1B, S("\xB0\x36\1\0Second\0"));
    record(&out, 0x16, S("\0\0\0\0'one\0"));
    record(&out, 0x17, S("\0\0\0\1\0\0\0\0\0\0\0\xC0\0\x40")); /* 3 */
    record(&out, 0x18, S("\0\0\1\0\x54\0"));                   /* 42 */
    record(&out, 0x25, S("\0\0\1\1\x52\x3C\0\0"));             /* 241 / 100 */
    number(arena, &out, 0x27, S("\1\0\1\0"), -0.5);
    return buf_str(&out);
}

static Str quattro(Arena *arena)
{
    Buf out = buf_new(arena, KB(16));
    record(&out, 0, S("\1\x10"));
    record(&out, 0xCA, S("\0\0"));
    record(&out, 0xCC, S("Costs\0"));
    record(&out, 0x0F, S("\0\0\0\0\0\0'Rent\0"));
    number(arena, &out, 0x0E, S("\1\0\0\0\0\0"), 700);
    record(&out, 0xCA, S("\1\0"));
    record(&out, 0x0D, S("\0\0\4\0\0\0\7\0"));
    return buf_str(&out);
}

Test(extract, worksheets_of_lotus_and_quattro_have_their_cells_in_rows)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const struct {
        Str file;
        const char *expected;
    } files[] = {
        { release_1(arena), "header Report\nh1 A\nrow Caf\u00E9\nrow -2 | 2.50 | 01-Jan-08 | sum\n"
                            "meta(sheets) 1\n" },
        { release_3(arena), "h1 A\nrow one | 3\nh1 Second\nrow 42 | 2.41\nrow -0.5\n"
                            "meta(sheets) 2\n" },
        { quattro(arena), "h1 Costs\nrow Rent | 700\nh1 B\nrow 7\nmeta(sheets) 2\n" },
    };
    for (size_t i = 0; i < COUNT(files); i++) {
        cr_expect_str_eq(dump(arena, &extractor_lotus, files[i].file, (DumpOptions){ 0 }),
                         files[i].expected);
        cr_expect(extractor_lotus.sniff(files[i].file) >= 80);
        for (size_t cut = 0; cut < files[i].file.length; cut++)
            (void)dump(arena, &extractor_lotus, str_slice(files[i].file, 0, cut),
                       (DumpOptions){ 0 });
    }
}

Test(extract, a_worksheet_with_a_password_says_so)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Str file = S("\0\0\2\0\6\4\x4B\0\4\0abcd");
    cr_expect(strstr(dump(arena, &extractor_lotus, file, (DumpOptions){ 0 }), "! encrypted"));
}
