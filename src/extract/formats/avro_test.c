/* avro_test.c - Avro files built byte by byte. */
#include "extract/formats/dump.h"

extern const Extractor extractor_avro;

#define SYNC "0123456789abcdef"

static void add_long(Buf *out, int64_t number)
{
    uint64_t zigzag = ((uint64_t)number << 1) ^ (number < 0 ? UINT64_MAX : 0);
    for (; zigzag > 127; zigzag >>= 7)
        buf_add_char(out, (char)(zigzag | 0x80));
    buf_add_char(out, (char)zigzag);
}

static void add_text(Buf *out, Str text)
{
    add_long(out, (int64_t)text.length);
    buf_add(out, text);
}

static Str file_of(Arena *arena, const char *schema, const char *codec, int64_t count, Str block)
{
    Buf out = buf_new(arena, KB(8));
    buf_add(&out, S("Obj\x01"));
    add_long(&out, 2);
    add_text(&out, S("avro.schema"));
    add_text(&out, str(schema));
    add_text(&out, S("avro.codec"));
    add_text(&out, str(codec));
    add_long(&out, 0);
    buf_add(&out, S(SYNC));
    add_long(&out, count);
    add_text(&out, block);
    buf_add(&out, S(SYNC));
    return buf_str(&out);
}

static const char schema[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
    "{\"name\":\"id\",\"type\":\"long\"},"
    "{\"name\":\"name\",\"type\":[\"null\",\"string\"]},"
    "{\"name\":\"day\",\"type\":{\"type\":\"int\",\"logicalType\":\"date\"}},"
    "{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"K\",\"symbols\":[\"A\",\"B\"]}},"
    "{\"name\":\"parts\",\"type\":{\"type\":\"array\",\"items\":\"int\"}},"
    "{\"name\":\"more\",\"type\":{\"type\":\"map\",\"values\":\"K\"}},"
    "{\"name\":\"next\",\"type\":[\"null\",\"R\"]}]}";

Test(extract, avro_records_are_rows)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str rows = S("\x02\x02\x06Zoe\x02\x02\x04\x04\x06\0\x02\x02x\0\0\0" /* 1, Zoe, 1, B, .. */
                 "\x03\0\x01\0\0\0\x02\x04\0\0\0\0\0\0");               /* -2, none, -1, A, .., R */
    const char *got =
        dump(arena, &extractor_avro, file_of(arena, schema, "null", 2, rows), (DumpOptions){ 0 });
    cr_expect_str_eq(got,
                     "rowh id | name | day | kind | parts | more | next\n"
                     "row 1 | Zoe | 1970-01-02 | B | 2, 3 | x: A | \n"
                     "row -2 |  | 1969-12-31 | A |  |  | {id: 2, name: , day: 1970-01-01, kind: A, "
                     "parts: , more: , next: }\n"
                     "meta(rows) 2\nmeta(columns) 7\nmeta(compression) null\n",
                     "%s", got);
}

Test(extract, avro_files_that_are_broken_give_what_came_before)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    static const struct {
        const char *schema, *codec;
        Str block;
        const char *expected;
    } cases[] = {
        { "\"int\"", "null", S_INIT("\x02"),
          "rowh Value\nrow 1\nmeta(rows) 2\nmeta(columns) 1\nmeta(compression) null\n"
          "~ a record is broken\n~ only the first 1 of 2" },
        { "\"int\"", "lzx", S_INIT("\x02\x04"), "rowh Value\n! unsupported\n" },
        { "\"int\"", "snappy", S_INIT("\x02\x04"), "rowh Value\n! damaged\n" },
        { "\"what\"", "null", S_INIT("\x02\x04"), "! damaged\n" },
        { "{", "null", S_INIT("\x02\x04"), "! damaged\n" },
        { "\"int\"", "snappy",
          S_INIT("\x02\x04\x02\x04"
                 "ABCD"),
          "rowh Value\nrow 1\nrow 2\nmeta" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *got = dump(arena, &extractor_avro,
                               file_of(arena, cases[i].schema, cases[i].codec, 2, cases[i].block),
                               (DumpOptions){ 0 });
        cr_expect(str_starts(str(got), str(cases[i].expected)), "case %zu: %s", i, got);
    }
}
