/* parquet_test.c - the footers of Parquet tables. */
#include "extract/formats/dump.h"

extern const Extractor extractor_parquet;

/* Two columns, "a" of text and "b" of doubles, 3 rows, no groups. */
#define FOOTER                                                                                     \
    "\x15\x02"            /* version 1 */                                                          \
    "\x19\x3C"            /* schema: 3 structures */                                               \
    "\x48\x01s\x15\x04\0" /* name, 2 children */                                                   \
    "\x15\x0C\x25\x02\x18\x01"                                                                     \
    "a"                                                                                            \
    "\x25\x00\0" /* bytes, optional, converted to text */                                          \
    "\x15\x0A\x25\x00\x18\x01"                                                                     \
    "b"                                                                                            \
    "\0"       /* double, required */                                                              \
    "\x16\x06" /* rows */                                                                          \
    "\x19\x0C" /* groups */                                                                        \
    "\x28\x02"                                                                                     \
    "me" /* written by */                                                                          \
    "\0"

Test(extract, parquet_tables_say_their_columns)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Buf file = buf_new(arena, KB(1));
    uint32_t length = sizeof FOOTER - 1;
    buf_add(&file, S("PAR1"));
    buf_add_bytes(&file, FOOTER, length);
    buf_add_bytes(&file, &length, 4);
    buf_add(&file, S("PAR1"));
    const char *got = dump(arena, &extractor_parquet, buf_str(&file), (DumpOptions){ 0 });
    cr_expect_str_eq(got,
                     "rowh Column | Type | Values\nrow a | text | optional\nrow b | double | "
                     "required\nmeta(rows) 3\nmeta(columns) 2\nmeta(format_version) 1\n"
                     "meta(software) me\n~ the values in the table are not shown, only its "
                     "columns\n",
                     "%s", got);
    got = dump(arena, &extractor_parquet, str_slice(buf_str(&file), 0, 20), (DumpOptions){ 0 });
    cr_expect_str_eq(got, "! damaged\n");
}
