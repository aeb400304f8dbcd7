/* dbf_test.c - dBase tables: fields, code pages, deleted records. */
#include "extract/formats/dump.h"

extern const Extractor extractor_dbf;

static void add_zeros(Buf *out, size_t count)
{
    while (count--)
        buf_add_char(out, '\0');
}

static void add_field(Buf *out, const char *name, char type, char length)
{
    buf_add(out, str(name));
    add_zeros(out, 11 - strlen(name));
    buf_add_char(out, type);
    add_zeros(out, 4);
    buf_add_char(out, length);
    add_zeros(out, 15);
}

/* Three fields, `records` of 1 + 6 + 4 + 8 bytes. */
static Str table(Arena *arena, char driver, uint32_t count, Str records)
{
    Buf out = buf_new(arena, KB(4));
    buf_add_bytes(&out, "\x03\x7A\x01\x01", 4);
    buf_add_bytes(&out, &count, 4);
    buf_add_bytes(&out, "\x81\0\x13\0", 4);
    add_zeros(&out, 17);
    buf_add_char(&out, driver);
    add_zeros(&out, 2);
    add_field(&out, "NAME", 'C', 6);
    add_field(&out, "AGE", 'N', 4);
    add_field(&out, "BORN", 'D', 8);
    buf_add_char(&out, '\r');
    buf_add(&out, records);
    return buf_str(&out);
}

Test(extract, dbf_records_become_rows)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Str bytes = table(arena, 0x65, 4,
                      S(" \x80\x81    "
                        "  4218151210"
                        "*gone     019990101"
                        " Ada     36"
                        "        "));
    cr_expect_eq(extractor_dbf.sniff(bytes), 70);
    cr_expect_str_eq(dump(arena, &extractor_dbf, bytes, (DumpOptions){ .places = true }),
                     "meta(rows) 4 @\nrowh NAME | AGE | BORN @\n"
                     "row \u0410\u0411 | 42 | 1815-12-10 @record 1\n"
                     "row Ada | 36 |  @record 3\n"
                     "~ the file ends after 3 of 4 records\n~ 1 deleted records are not shown\n");
}

Test(extract, dbf_of_nothing_is_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    cr_expect_eq(extractor_dbf.sniff(S("\x03 just a text that begins with a strange character, "
                                       "and goes on and on")),
                 0);
    cr_expect_str_eq(dump(arena, &extractor_dbf, S("\x03\x01"), (DumpOptions){ 0 }), "! damaged\n");
}
