/* parquet_test.c - Parquet tables built byte by byte. */
#include "extract/columns/parquet_values.h"
#include "extract/formats/dump.h"

extern const Extractor extractor_parquet;

/* Column "a" of optional texts, "b" of doubles, "c" of lists of days; `groups` of 3 rows. */
#define SCHEMA                                                                                     \
    "\x15\x02"            /* version 1 */                                                          \
    "\x19\x6C"            /* schema: 6 structures */                                               \
    "\x48\x01s\x15\x06\0" /* name, 3 children */                                                   \
    "\x15\x0C\x25\x02\x18\x01"                                                                     \
    "a"                                                                                            \
    "\x25\x00\0" /* bytes, optional, converted to text */                                          \
    "\x15\x0A\x25\x00\x18\x01"                                                                     \
    "b"                                                                                            \
    "\0" /* double, required */                                                                    \
    "\x35\x02\x18\x01"                                                                             \
    "c"                                                                                            \
    "\x15\x02\x15\x06\0" /* optional, 1 child, converted to a list */                              \
    "\x35\x04\x18\x04"                                                                             \
    "list"                                                                                         \
    "\x15\x02\0" /* repeated, 1 child */                                                           \
    "\x15\x02\x25\x00\x18\x07"                                                                     \
    "element"                                                                                      \
    "\x25\x0C\0" /* int32, required, converted to a date */                                        \
    "\x16\x06"   /* rows */

/* A dictionary of "one" and "two" under snappy, then the values two, -, one. */
#define TEXTS                                                                                      \
    "\x15\x04\x15\x1C\x15\x20\x4C\x15\x04\x15\x00\0\0" /* dictionary, 14 bytes, 16 packed, 2 */    \
    "\x0E\x34\x03\0\0\0one\x03\0\0\0two"                                                           \
    "\x15\x00\x15\x12\x15\x16\x2C\x15\x06\x15\x10\x15\x06\x15\x06\0\0" /* 9 bytes, 11 packed, 3 */ \
    "\x09\x20\x02\0\0\0\x03\x05\x01\x03\x01"

/* Three plain doubles. */
#define NUMBERS                                                                                    \
    "\x15\x00\x15\x30\x15\x30\x2C\x15\x06\x15\x00\x15\x06\x15\x06\0\0"                             \
    "\0\0\0\0\0\0\xF8\x3F"                                                                         \
    "\0\0\0\0\0\0\x59\xC0"                                                                         \
    "\x9A\x99\x99\x99\x99\x99\xB9\x3F"

/* [0, 1], none, [-1]: version 2, levels in bits (0 1 0 0 and 2 2 0 2), then differences. */
#define DAYS                                                                                       \
    "\x15\x06\x15\x2C\x15\x2C\x5C\x15\x08\x15\x02\x15\x06\x15\x0A\x15\x04\x15\x04\x12\0\0"         \
    "\x03\x02\x03\x8A"                                                                             \
    "\x80\x01\x04\x03\x00\x03\x02\0\0\0\x03\0\0\0\0\0\0\0"

static void add_number(Buf *out, unsigned char field, size_t number)
{
    buf_add_char(out, (char)field);
    for (number *= 2; number > 127; number >>= 7)
        buf_add_char(out, (char)(number | 0x80));
    buf_add_char(out, (char)number);
}

/* The facts of a chunk that are read: codec, values, bytes, begin, dictionary. */
static void add_chunk(Buf *out, int codec, size_t begin, size_t length, bool has_dictionary)
{
    buf_add(out, S("\x3C"));
    add_number(out, 0x45, (size_t)codec);
    add_number(out, 0x36, length);
    add_number(out, 0x26, begin);
    if (has_dictionary)
        add_number(out, 0x26, begin);
    buf_add_bytes(out, "\0\0", 2);
}

static Str sample(Arena *arena, bool has_values)
{
    Buf file = buf_new(arena, KB(4)), footer = buf_new(arena, KB(4));
    buf_add(&file, S("PAR1"));
    buf_add(&footer, S(SCHEMA));
    if (has_values) {
        buf_add(&footer, S("\x19\x1C\x19\x3C")); /* one group, three chunks */
        add_chunk(&footer, 1, file.length, sizeof TEXTS - 1, true);
        buf_add(&file, S(TEXTS));
        add_chunk(&footer, 0, file.length, sizeof NUMBERS - 1, false);
        buf_add(&file, S(NUMBERS));
        add_chunk(&footer, 0, file.length, sizeof DAYS - 1, false);
        buf_add(&file, S(DAYS));
        buf_add_bytes(&footer, "\x26\x06\0", 3); /* rows */
    } else {
        buf_add(&footer, S("\x19\x0C"));
    }
    buf_add_bytes(&footer, "\x28\x02me\0", 5); /* written by */
    uint32_t length = (uint32_t)footer.length;
    buf_add(&file, buf_str(&footer));
    buf_add_bytes(&file, &length, 4);
    buf_add(&file, S("PAR1"));
    return buf_str(&file);
}

#define COLUMNS                                                                                    \
    "rowh Column | Type | Values\nrow a | text | optional\nrow b | number | required\n"            \
    "row c | date | repeated\n"

Test(extract, parquet_tables_say_their_columns)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str file = sample(arena, false);
    const char *got = dump(arena, &extractor_parquet, file, (DumpOptions){ 0 });
    cr_expect_str_eq(got,
                     COLUMNS "meta(rows) 3\nmeta(columns) 3\nmeta(format_version) 1\n"
                             "meta(software) me\n",
                     "%s", got);
    got = dump(arena, &extractor_parquet, str_slice(file, 0, 20), (DumpOptions){ 0 });
    cr_expect_str_eq(got, "! damaged\n");
}

Test(extract, parquet_tables_show_their_rows)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    const char *got = dump(arena, &extractor_parquet, sample(arena, true), (DumpOptions){ 0 });
    cr_expect_str_eq(got,
                     COLUMNS "rowh a | b | c\nrow two | 1.5 | 1970-01-01, 1970-01-02\n"
                             "row  | -100 | \nrow one | 0.1 | 1969-12-31\n"
                             "meta(rows) 3\nmeta(columns) 3\nmeta(format_version) 1\n"
                             "meta(software) me\nmeta(compression) none, snappy\n",
                     "%s", got);
}

/* The examples of Encodings.md and blocks longer than one. */
Test(extract, parquet_differences_are_added_up)
{
    static const struct {
        Str bytes;
        int64_t expected[9];
        size_t count;
    } cases[] = {
        { S_INIT("\x80\x01\x04\x05\x02\x02\0\0\0\0"), { 1, 2, 3, 4, 5 }, 5 },
        { S_INIT("\x80\x01\x04\x08\x0E\x03\x02\0\0\0\xC0\x3F\0\0\0\0\0\0"),
          { 7, 5, 3, 1, 2, 3, 4, 5 },
          8 },
        { S_INIT("\x80\x01\x04\x01\x13"), { -10 }, 1 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ParquetDeltas deltas = parquet_deltas(cases[i].bytes);
        for (size_t j = 0; j < cases[i].count; j++)
            cr_expect_eq((int64_t)parquet_deltas_next(&deltas), cases[i].expected[j], "%zu %zu", i,
                         j);
        cr_expect(!deltas.is_broken, "%zu", i);
        parquet_deltas_next(&deltas);
        cr_expect(deltas.is_broken, "%zu: past the end", i);
    }
}

Test(extract, parquet_runs_repeat_or_are_packed)
{
    /* 5 times 1, then 0 to 7 in three bits (Encodings.md). */
    ParquetRuns runs = parquet_runs(S("\x0A\x01\x03\x88\xC6\xFA"), 3);
    for (unsigned i = 0; i < 13; i++)
        cr_expect_eq(parquet_runs_next(&runs), i < 5 ? 1 : i - 5, "%u", i);
    cr_expect(!runs.is_broken);
    parquet_runs_next(&runs);
    cr_expect(runs.is_broken);
}

Test(extract, parquet_texts_are_apart_from_their_lengths)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    ParquetColumn column = { .type = PARQUET_BYTES };
    /* "ab", "c": lengths 2 and 1. */
    ParquetValues values = { .column = &column, .arena = arena, .encoding = ENCODING_DELTA_LENGTH };
    cr_assert(parquet_values_begin(&values, S("\x80\x01\x04\x02\x04\x01\0\0\0\0abc"), 2));
    cr_expect(str_is(parquet_values_next(&values).bytes, "ab"));
    cr_expect(str_is(parquet_values_next(&values).bytes, "c"));
    cr_expect(!values.is_broken);
    /* "ab", "ac": the second has one letter of the first. */
    values = (ParquetValues){ .column = &column, .arena = arena, .encoding = ENCODING_DELTA_BYTES };
    cr_assert(parquet_values_begin(
        &values, S("\x80\x01\x04\x02\x00\x02\0\0\0\0\x80\x01\x04\x02\x04\x01\0\0\0\0abc"), 2));
    cr_expect(str_is(parquet_values_next(&values).bytes, "ab"));
    cr_expect(str_is(parquet_values_next(&values).bytes, "ac"));
    cr_expect(!values.is_broken);
    /* 1 and 258, byte by byte. */
    column.type = PARQUET_INT32;
    values = (ParquetValues){ .column = &column, .arena = arena, .encoding = ENCODING_SPLIT };
    cr_assert(parquet_values_begin(&values, S("\x01\x02\0\x01\0\0\0\0"), 2));
    cr_expect_eq(parquet_values_next(&values).bits, 1);
    cr_expect_eq(parquet_values_next(&values).bits, 258);
}
