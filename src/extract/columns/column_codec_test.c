/* column_codec_test.c - blocks of tables unpacked, and values as people read them. */
#include <criterion/criterion.h>

#include "extract/columns/column_codec.h"
#include "extract/columns/column_text.h"

Test(extract, column_blocks_are_unpacked)
{
    static const struct {
        ColumnCodec codec;
        Str packed;
        const char *expected; /* NULL: broken */
    } cases[] = {
        { CODEC_PLAIN, S_INIT("abc"), "abc" },
        { CODEC_SNAPPY,
          S_INIT("\x09\x08"
                 "abc\x09\x03"),
          "abcabcabc" },
        { CODEC_SNAPPY,
          S_INIT("\x05\x00"
                 "a\x0E\x01\x00"),
          "aaaaa" },
        { CODEC_SNAPPY,
          S_INIT("\x05\x00"
                 "a\x0E\x02\x00"),
          NULL },
        { CODEC_SNAPPY,
          S_INIT("\x05\x08"
                 "a"),
          NULL },
        { CODEC_LZ4,
          S_INIT("\x30"
                 "abc"),
          "abc" },
        { CODEC_LZ4,
          S_INIT("\x32"
                 "abc\x03\0\x10"
                 "d"),
          "abcabcabcd" },
        { CODEC_LZ4,
          S_INIT("\x32"
                 "abc\x04\0\x10"
                 "d"),
          NULL },
        { CODEC_LZ4_HADOOP,
          S_INIT("\0\0\0\x03\0\0\0\x04\x30"
                 "abc"),
          "abc" },
        { CODEC_LZ4_FRAME,
          S_INIT("\x04\x22\x4D\x18\x60\x40\0\x03\0\0\x80"
                 "abc\0\0\0\0"),
          "abc" },
        { CODEC_LZ4_FRAME,
          S_INIT("\x04\x22\x4D\x18\x60\x40\0\x09\0\0\x80"
                 "abc\0\0\0\0"),
          NULL },
        { CODEC_ZSTD,
          S_INIT("\x28\xB5\x2F\xFD\x20\x03\x19\0\0"
                 "abc"),
          "abc" },
        { CODEC_ZSTD, S_INIT("\x28\xB5\x2F\xFD\x20\x03\x19"), NULL },
        { CODEC_UNKNOWN, S_INIT("abc"), NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        Buf out = buf_new(arena, KB(1));
        bool ok = column_unpack(cases[i].codec, cases[i].packed, &out);
        cr_expect_eq(ok, cases[i].expected != NULL, "case %zu", i);
        if (ok)
            cr_expect_str_eq(buf_c(&out), cases[i].expected, "case %zu", i);
    }
}

Test(extract, column_values_are_written_as_people_read_them)
{
    static const struct {
        ColumnType type;
        uint64_t bits;
        Str bytes;
        const char *expected;
    } cases[] = {
        { { COLUMN_BOOLEAN }, 1, S_INIT(""), "true" },
        { { COLUMN_WHOLE }, (uint64_t)-5, S_INIT(""), "-5" },
        { { COLUMN_UNSIGNED }, UINT64_MAX, S_INIT(""), "18446744073709551615" },
        { { COLUMN_HALF }, 0x3E00, S_INIT(""), "1.5" },
        { { COLUMN_FLOAT }, 0x3DCCCCCD, S_INIT(""), "0.1" },
        { { COLUMN_DOUBLE }, 0x3FB999999999999A, S_INIT(""), "0.1" },
        { { COLUMN_DOUBLE }, 0x7FF8000000000000, S_INIT(""), "NaN" },
        { { COLUMN_DATE }, 0, S_INIT(""), "1970-01-01" },
        { { COLUMN_DATE }, 19782, S_INIT(""), "2024-02-29" },
        { { COLUMN_DATE }, (uint64_t)-719529, S_INIT(""), "-001-12-31" },
        { { COLUMN_TIME, .scale = 3 }, 3723004, S_INIT(""), "01:02:03.004" },
        { { COLUMN_MOMENT, .scale = 6, .is_utc = true },
          (uint64_t)-500000,
          S_INIT(""),
          "1969-12-31T23:59:59.500Z" },
        { { COLUMN_MOMENT }, 60, S_INIT(""), "1970-01-01 00:01:00" },
        { { COLUMN_DECIMAL, .scale = 2 }, (uint64_t)-5, S_INIT(""), "-0.05" },
        { { COLUMN_DECIMAL, .scale = 0 }, 1234, S_INIT(""), "1234" },
        { { COLUMN_LONG_DECIMAL, .scale = 1 }, 0, S_INIT("\xFF\x85"), "-12.3" },
        { { COLUMN_LONG_DECIMAL, .scale = 1, .is_little_ended = true },
          0,
          S_INIT("\x7B\0"),
          "12.3" },
        { { COLUMN_TEXT }, 0, S_INIT("Zo\xC3\xAB"), "Zo\xC3\xAB" },
        { { COLUMN_BYTES }, 0, S_INIT("\x01\xFF"), "01ff" },
        { { COLUMN_UUID },
          0,
          S_INIT("\x12\x34\x56\x78\x9A\xBC\xDE\xF0\1\2\3\4\5\6\7\x08"),
          "12345678-9abc-def0-0102-030405060708" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        Buf out = buf_new(arena, KB(1));
        column_text(&out, &cases[i].type, cases[i].bits, cases[i].bytes);
        cr_expect_str_eq(buf_c(&out), cases[i].expected, "case %zu: %s", i, buf_c(&out));
    }
}
