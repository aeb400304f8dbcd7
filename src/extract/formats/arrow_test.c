/* arrow_test.c - the Arrow tables of tests/tables (tools/make-samples), whole, packed and cut. */
#include "extract/formats/dump.h"

extern const Extractor extractor_arrow;

#define SCHEMA                                                                                     \
    "rowh Column | Type | Values\n"                                                                \
    "row id | whole number | optional\n"                                                           \
    "row name | text | optional\n"                                                                 \
    "row view | text | optional\n"                                                                 \
    "row day | date | optional\n"                                                                  \
    "row at | time stamp | optional\n"                                                             \
    "row span | duration | optional\n"                                                             \
    "row months | duration | optional\n"                                                           \
    "row price | decimal | optional\n"                                                             \
    "row half | number | optional\n"                                                               \
    "row is_old | yes or no | optional\n"                                                          \
    "row bytes | bytes | optional\n"                                                               \
    "row key | UUID | optional\n"                                                                  \
    "row lists | list | optional\n"                                                                \
    "row pair | list | optional\n"                                                                 \
    "row view_list | list | optional\n"                                                            \
    "row place | record | optional\n"                                                              \
    "row map | map | optional\n"                                                                   \
    "row word | text | optional\n"                                                                 \
    "row nothing | nothing | optional\n"                                                           \
    "row run | text | optional\n"                                                                  \
    "row either | one of several | optional\n"                                                     \
    "row dense | one of several | optional\n"
#define ROWS                                                                                       \
    "rowh id | name | view | day | at | span | months | price | half | is_old | bytes | key | "    \
    "lists | pair | view_list | place | map | word | nothing | run | either | dense\n"             \
    "row 1 | M\xC3\xBChle | short | 2020-01-02 | 2026-03-14T09:30:00Z | 5 ms | 1 months 2 days 3 " \
    "ns | -12.345 | 1.5 | true | 0001 | 00010203-0405-0607-0809-0a0b0c0d0e0f | [1], [2, 3] | "     \
    "1, 2 | 1, 2 | x: 1, y: a | a: 2, b: 3 | yes |  | r | 1 | 1\n"                                 \
    "row 250 |  | a view of more than twelve bytes |  |  |  |  |  |  |  |  |  |  |  |  |  |  |  "  \
    "|  | r | b | a\n"                                                                             \
    "row  | Rad |  | 2020-01-02 | 2026-03-14T09:30:00Z | -5 ms |  | 1.000 | 2 | false | text | "   \
    "00000000-0000-0000-0000-000000000000 |  | 3, 4 | 3 | x: 2, y: |  | no |  | s | 3 | 2\n"

Test(extract, arrow_tables_are_rows_of_every_kind_of_value)
{
    static const struct {
        const char *sample, *expected;
    } cases[] = {
        { "../tables/plain.arrow",
          SCHEMA ROWS "meta(rows) 3\nmeta(columns) 22\nmeta(compression) none\n" },
        { "../tables/lz4.arrow",
          SCHEMA ROWS "meta(rows) 3\nmeta(columns) 22\nmeta(compression) lz4\n" },
        { "../tables/zstd.arrows",
          SCHEMA ROWS "meta(rows) 3\nmeta(columns) 22\nmeta(compression) zstd\n" },
        { "../tables/growing.arrows", "rowh Column | Type | Values\nrow word | text | optional\n"
                                      "rowh word\nrow one\nrow two\nrow three\nrow one\n"
                                      "meta(rows) 4\nmeta(columns) 1\nmeta(compression) none\n" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        const char *got = dump_sample(arena, cases[i].sample, false);
        cr_expect_str_eq(got, cases[i].expected, "%s:\n%s", cases[i].sample, got);
    }
}

static Str sample_bytes(Arena *arena, const char *path)
{
    Error err = { 0 };
    Str bytes = STR_NONE;
    cr_assert(file_read(arena, path, MB(1), &bytes, &err), "%s", err.message);
    return bytes;
}

/* The end of a stream is known by its last message, so what is cut off there is not missed. */
Test(extract, an_arrow_table_that_is_cut_gives_the_rows_before)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = sample_bytes(arena, "tests/tables/growing.arrows");
    const char *got =
        dump(arena, &extractor_arrow, str_slice(bytes, 0, bytes.length - 40), (DumpOptions){ 0 });
    cr_expect_str_eq(got,
                     "rowh Column | Type | Values\nrow word | text | optional\n"
                     "rowh word\nrow one\nrow two\n"
                     "meta(rows) 2\nmeta(columns) 1\nmeta(compression) none\n"
                     "~ the Arrow table is cut off\n",
                     "%s", got);
}

Test(extract, a_damaged_arrow_table_never_reads_outside_of_itself)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = sample_bytes(arena, "tests/tables/lz4.arrow");
    char *copy = str_c(arena, bytes);
    for (size_t i = 0; i < bytes.length; i += 3) {
        AUTO_ARENA Arena *scratch = arena_new(MB(64));
        char old = copy[i];
        copy[i] = (char)(old ^ 0x81);
        dump(scratch, &extractor_arrow, (Str){ copy, bytes.length }, (DumpOptions){ 0 });
        copy[i] = old;
    }
    const char *got =
        dump(arena, &extractor_arrow, (Str){ copy, bytes.length }, (DumpOptions){ 0 });
    cr_expect(str_find(str(got), S("row 250 |")) > 0, "%s", got);
}

Test(extract, an_arrow_stream_is_known_by_its_schema)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str stream = sample_bytes(arena, "tests/tables/zstd.arrows");
    cr_expect_eq(extractor_arrow.sniff(stream), 85);
    cr_expect_eq(extractor_arrow.sniff(S("ARROW1\0\0")), 95);
    cr_expect_eq(extractor_arrow.sniff(str_slice(stream, 0, 100)), 0);
    cr_expect_eq(extractor_arrow.sniff(S("\xFF\xFF\xFF\xFF\x08\0\0\0\xFF\xFF\xFF\x7F\0\0\0\0")), 0);
}
