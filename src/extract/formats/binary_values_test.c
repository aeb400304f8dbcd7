/* binary_values_test.c - MessagePack and CBOR; samples of CBOR are of RFC 8949, appendix A. */
#include "extract/formats/dump.h"

extern const Extractor extractor_msgpack, extractor_cbor;

typedef struct BytesCase {
    const char *about;
    Str input;
    const char *expected;
} BytesCase;

static void expect_values(const Extractor *extractor, const BytesCase *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        const char *got = dump(arena, extractor, cases[i].input, (DumpOptions){ 0 });
        cr_expect_str_eq(got, cases[i].expected, "%s:\n--- got\n%s--- expected\n%s", cases[i].about,
                         got, cases[i].expected);
    }
}

Test(extract, messagepack_reads_as_the_same_json_would)
{
    static const BytesCase cases[] = {
        { "kinds of values",
          S("\x89\xA3int\x2A\xA4less\xFF\xA5large\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xA4word\xD9"
            "\x05"
            "M\xC3\xBChl\xA4none\xC0\xA3yes\xC3\xA5"
            "float\xCA\x3F\xC0\x00\x00\xA3"
            "bin\xC4\x02\x00\x01\xA4"
            "down\xD1\xFF\x00"),
          "p int: 42\\nless: -1\\nlarge: 18446744073709551615\\nword: M\xC3\xBChl\\nnone: null\\n"
          "yes: true\\nfloat: 1.5\\nbin: 0001\\ndown: -256\n" },
        { "a list of like maps is a table",
          S("\x92\x82\xA1"
            "a\x01\xA1"
            "b\xA1x\x82\xA1"
            "a\x02\xA1"
            "b\xA1y"),
          "rowh a | b\nrow 1 | x\nrow 2 | y\n" },
        { "times",
          S("\x81\xA2"
            "at\x93\xD6\xFF\x4A\x00\x00\x00\xD7\xFF\x77\x35\x94\x00\x4A\x00\x00\x00\xC7\x0C\xFF\x00"
            "\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"),
          "p at: 2009-05-05T08:59:44Z, 2009-05-05T08:59:44.500Z, 1969-12-31T23:59:59Z\n" },
        { "one after the other",
          S("\x81\xA1"
            "a\x01\x81\xA1"
            "a\x02"),
          "p a: 1\np [1].a: 2\n" },
        { "lists as keys", S("\x81\x92\x01\x02\xA1z"), "p [1,2]: z\n" },
        { "cut",
          S("\x82\xA1"
            "a\x01\xA1"
            "b\xDA\x00"),
          "p a: 1\\nb: null\n~ the file is broken at byte 7 of 8; what comes before is shown\n" },
        { "a marker that is never used", S("\xC1"), "! damaged\n" },
    };
    expect_values(&extractor_msgpack, cases, COUNT(cases));
}

Test(extract, cbor_reads_as_the_same_json_would)
{
    static const BytesCase cases[] = {
        { "numbers",
          S("\x88\x18\x64\x1B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x3B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"
            "\x38\x63\xF9\x3E\x00\xFB\x3F\xF1\x99\x99\x99\x99\x99\x9A"
            "\xC2\x49\x01\x00\x00\x00\x00\x00\x00\x00\x00\xC3\x49\x01\x00\x00\x00\x00\x00\x00\x00"
            "\x00"),
          "p 100, 18446744073709551615, -1.8446744073709552e+19, -100, 1.5, 1.1, "
          "18446744073709551616, -18446744073709551617\n" },
        { "a moment", S("\x82\xC1\x1A\x51\x4B\x67\xB0\xC1\xFB\x41\xD4\x52\xD9\xEC\x20\x00\x00"),
          "p 2013-03-21T20:04:00Z, 2013-03-21T20:04:00.500Z\n" },
        { "lengths that are not known",
          S("\xBF"
            "cFun\xF5"
            "cAmt\x21"
            "cstr\x7F\x65"
            "strea\x64ming\xFF"
            "cids\x9F\x01\x82\x02\x03\xFF\xFF"),
          "p Fun: true\\nAmt: -2\\nstr: streaming\\nids: 1\\nids[0]: 2, 3\n" },
        { "numbers as keys", S("\xA2\x01\x02\x03\x04"), "p 1: 2\\n3: 4\n" },
        { "its own mark", S("\xD9\xD9\xF7\xA1\x61\x61\xF6"), "p a: null\n" },
        { "nothing but a mark", S("\xD9\xD9\xF7"), "! damaged\n" },
    };
    expect_values(&extractor_cbor, cases, COUNT(cases));
}

Test(extract, binary_values_are_told_from_other_bytes)
{
    static const struct {
        const Extractor *extractor;
        Str bytes;
        int score;
    } cases[] = {
        { &extractor_msgpack,
          S("\x81\xA1"
            "a\x01"),
          30 },
        { &extractor_msgpack,
          S("\x81\xA1"
            "a\x01\x81\xA1"
            "a\x02"),
          30 },
        { &extractor_msgpack,
          S("\x81\xA1"
            "a\x01 and text"),
          0 },
        { &extractor_msgpack,
          S("\x82\xA1"
            "a\x01"),
          0 },
        { &extractor_msgpack,
          S("\x81\x90\xA1"
            "a"),
          0 },
        { &extractor_msgpack, S("just text"), 0 },
        { &extractor_cbor, S("\xA1\x61\x61\x01"), 30 },
        { &extractor_cbor, S("\xD9\xD9\xF7\x01"), 80 },
        { &extractor_cbor, S("\xA1\x61\xFF\x01"), 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(cases[i].extractor->sniff(cases[i].bytes), cases[i].score, "case %zu", i);
}
