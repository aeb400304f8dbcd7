/* orc_test.c - the ORC tables of tests/tables (tools/make-samples), whole and damaged, and the
 * examples of the specification. */
#include "extract/columns/orc_runs.h"
#include "extract/formats/dump.h"

extern const Extractor extractor_orc;

/* "Run Length Encoding" of the specification. */
Test(extract, orc_runs_are_those_of_the_specification)
{
    static const struct {
        Str bytes;
        OrcRunKind kind;
        bool is_signed;
        int64_t expected[24];
        size_t count;
    } cases[] = {
        { S_INIT("\x01\x00"), ORC_BYTES, false, { 0, 0, 0, 0 }, 4 },
        { S_INIT("\xFE\x44\x45"), ORC_BYTES, false, { 0x44, 0x45 }, 2 },
        { S_INIT("\x01\x00\x07"), ORC_WHOLE_1, false, { 7, 7, 7, 7 }, 4 },
        { S_INIT("\x02\xFF\x64"), ORC_WHOLE_1, false, { 100, 99, 98, 97, 96 }, 5 },
        { S_INIT("\xFB\x02\x03\x06\x07\x0B"), ORC_WHOLE_1, false, { 2, 3, 6, 7, 11 }, 5 },
        { S_INIT("\xFE\x01\x02"), ORC_WHOLE_1, true, { -1, 1 }, 2 },
        { S_INIT("\x0A\x27\x10"), ORC_WHOLE_2, false, { 10000, 10000, 10000, 10000, 10000 }, 5 },
        { S_INIT("\x5E\x03\x5C\xA1\xAB\x1E\xDE\xAD\xBE\xEF"),
          ORC_WHOLE_2,
          false,
          { 23713, 43806, 57005, 48879 },
          4 },
        { S_INIT("\x8E\x13\x2B\x21\x07\xD0\x1E\x00\x14\x70\x28\x32\x3C\x46\x50\x5A\x64\x6E\x78\x82"
                 "\x8C\x96\xA0\xAA\xB4\xBE\xFC\xE8"),
          ORC_WHOLE_2,
          false,
          { 2030, 2000, 2020, 1000000, 2040, 2050, 2060, 2070, 2080, 2090,
            2100, 2110, 2120, 2130,    2140, 2150, 2160, 2170, 2180, 2190 },
          20 },
        { S_INIT("\xC6\x09\x02\x02\x22\x42\x42\x46"),
          ORC_WHOLE_2,
          false,
          { 2, 3, 5, 7, 11, 13, 17, 19, 23, 29 },
          10 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OrcRuns runs = { 0 };
        orc_runs_begin(&runs, cases[i].bytes, cases[i].kind, cases[i].is_signed);
        for (size_t k = 0; k < cases[i].count; k++)
            cr_expect_eq(orc_runs_next(&runs), cases[i].expected[k], "%zu, %zu", i, k);
        cr_expect(!runs.is_broken, "%zu", i);
        orc_runs_next(&runs);
        cr_expect(runs.is_broken, "%zu: past the end", i);
    }
    OrcRuns runs = { 0 };
    orc_runs_begin(&runs, S("\xFF\x80"), ORC_BYTES, false);
    for (int i = 0; i < 8; i++)
        cr_expect_eq(orc_runs_next_boolean(&runs), i == 0, "%d", i);
}

#define ROWS                                                                                       \
    "rowh Column | Type\nrow name | text\nrow day | time stamp\nrow at | time stamp\n"             \
    "row price | decimal\nrow is_old | yes or no\nrow bytes | bytes\nrow lists | list\n"           \
    "row place | record\nrow map | map\nrow size | number\n"                                       \
    "rowh name | day | at | price | is_old | bytes | lists | place | map | size\n"                 \
    "row M\xC3\xBChle | 2020-01-02 00:00:00 | 2026-03-14T09:30:00Z | -12.345 | true | 0001 | "     \
    "[1], [2, 3] | x: 1, y: a | a: 2, b: 3 | 1.5\n"                                                \
    "row Rad | 2020-01-02 00:00:00 | 2026-03-14T09:30:00Z | 1.000 | false | text |  | "            \
    "x: 2, y: |  | 2.25\nmeta(rows) 3\nmeta(columns) 10\nmeta(software) 2.2.2\n"

Test(extract, orc_tables_are_rows_of_every_kind_of_value)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *got = dump_sample(arena, "../tables/uncompressed.orc", false);
    cr_expect_str_eq(got, ROWS "meta(compression) none\n", "%s", got);
    got = dump_sample(arena, "../tables/zstd.orc", false);
    cr_expect_str_eq(got, ROWS "meta(compression) zstd\n", "%s", got);
}

/* Each column is made by its own way of packing numbers; both versions of them. */
Test(extract, orc_columns_of_many_rows_are_read_in_step)
{
    static const char *const samples[] = { "../tables/runs-0.11.orc", "../tables/runs-0.12.orc" };
    static const char *const words[] = { "red", "green", "blue" };
    for (size_t i = 0; i < COUNT(samples); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        const char *got = dump_sample(arena, samples[i], false);
        Str rest = str_from(str(got), (size_t)MAX(0, str_find(str(got), S("rowh same")))), line;
        str_next(&rest, '\n', &line);
        for (int n = 0; n < 600; n++) {
            Buf row = buf_new(arena, KB(1));
            buf_addf(&row, "row %d | %d | %d | %d | %d | %s | ", n / 200, 7000 - 3 * n, n * n,
                     n * 7919 % 1009 - 500, n % 97 == 5 ? 1000000000 : n % 4, words[n % 3]);
            if (n % 3)
                buf_addf(&row, "%d", n);
            cr_assert(str_next(&rest, '\n', &line));
            cr_expect(str_equal(line, buf_str(&row)), STR_FMT " is not " STR_FMT, STR_ARG(line),
                      STR_ARG(buf_str(&row)));
        }
    }
}

Test(extract, a_damaged_orc_table_never_reads_outside_of_itself)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Error err = { 0 };
    Str bytes;
    cr_assert(file_read(arena, "tests/tables/uncompressed.orc", MB(1), &bytes, &err));
    char *copy = str_c(arena, bytes);
    for (size_t i = 0; i < bytes.length; i++) {
        AUTO_ARENA Arena *scratch = arena_new(MB(64));
        copy[i] = (char)(copy[i] ^ 0x81);
        dump(scratch, &extractor_orc, (Str){ copy, bytes.length }, (DumpOptions){ 0 });
        copy[i] = (char)(copy[i] ^ 0x81);
    }
    Str cut = str_slice(bytes, 0, bytes.length - 30);
    cr_expect_eq(extractor_orc.sniff(cut), 80);
    cr_expect_eq(extractor_orc.sniff(S("ORCs are not elves")), 0);
    cr_expect_str_eq(dump(arena, &extractor_orc, cut, (DumpOptions){ 0 }), "! damaged\n");
}
