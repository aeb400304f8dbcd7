/* plist_test.c - binary property lists. */
#include "extract/formats/dump.h"

extern const Extractor extractor_plist;

/* Objects, each at its offset, then the table and the trailer. */
static Str list(Arena *arena, const Str *objects, size_t count)
{
    Buf out = buf_new(arena, KB(4)), table = buf_new(arena, KB(1));
    buf_add(&out, S("bplist00"));
    for (size_t i = 0; i < count; i++) {
        buf_add_char(&table, (char)out.length);
        buf_add(&out, objects[i]);
    }
    size_t at = out.length;
    buf_add(&out, buf_str(&table));
    buf_add_bytes(&out, "\0\0\0\0\0\0\1\1\0\0\0\0\0\0\0", 15);
    buf_add_char(&out, (char)count);
    buf_add_bytes(&out, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
    buf_add_char(&out, (char)at);
    return buf_str(&out);
}

Test(extract, binary_property_lists_become_lines)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    const Str objects[] = {
        S("\xD3\x01\x02\x03\x04\x05\x06"),
        S("\x54Name"),
        S("\x53"
          "Age"),
        S("\x54List"),
        S("\x62\0A\0\xE9"),
        S("\x11\x01\x02"),
        S("\xA3\x07\x08\x00"),
        S("\x09"),
        S("\x33\0\0\0\0\0\0\0\0"),
    };
    Str bytes = list(arena, objects, COUNT(objects));
    cr_expect_eq(extractor_plist.sniff(bytes), 80);
    Str text = str(dump(arena, &extractor_plist, bytes, (DumpOptions){ 0 }));
    cr_expect(str_starts(text, S("p Name: A\u00e9\\nAge: 258\\nList: true\\nList: "
                                 "2001-01-01T00:00:00Z\\nList.Name: A\u00e9")),
              STR_FMT, STR_ARG(text)); /* the list holds the dictionary that holds it */
    cr_expect_str_eq(dump(arena, &extractor_plist, S("bplist00"), (DumpOptions){ 0 }),
                     "! damaged\n");
    const Str page[] = { S("\xD2\x01\x02\x03\x04"), S("\x5F\x10\x0FWebResourceData"),
                         S("\x5F\x10\x0EWebResourceURL"), S("\x42hi"),
                         S("\x5F\x10\x0Chttp://a/b.t ") };
    cr_expect_str_eq(
        dump(arena, &extractor_plist, list(arena, page, COUNT(page)), (DumpOptions){ 0 }),
        "+ a/b.t\n  p hi\n");
}

/* A dictionary whose keys are one and the same, and so are its values. */
static Str same_keys(Arena *arena, unsigned entries, unsigned characters)
{
    Buf out = buf_new(arena, MB(8));
    uint32_t at[3];
    buf_add(&out, S("bplist00"));
    at[0] = (uint32_t)out.length;
    buf_addf(&out, "\xDF\x12%c%c%c%c", 0, entries >> 16, entries >> 8 & 255, entries & 255);
    for (unsigned i = 0; i < entries * 2; i++)
        buf_add_char(&out, i < entries ? 1 : 2);
    at[1] = (uint32_t)out.length;
    buf_addf(&out, "\x6F\x12%c%c%c%c", 0, characters >> 16, characters >> 8 & 255,
             characters & 255);
    for (unsigned i = 0; i < characters; i++)
        buf_add_bytes(&out, "\0 ", 2);
    at[2] = (uint32_t)out.length;
    buf_add_char(&out, '\0');
    uint32_t table = (uint32_t)out.length;
    for (int i = 0; i < 3; i++)
        buf_addf(&out, "%c%c%c%c", at[i] >> 24, at[i] >> 16 & 255, at[i] >> 8 & 255, at[i] & 255);
    buf_add_bytes(&out, "\0\0\0\0\0\0\4\1\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0", 28);
    buf_addf(&out, "%c%c%c%c", table >> 24, table >> 16 & 255, table >> 8 & 255, table & 255);
    return buf_str(&out);
}

Test(extract, a_key_of_a_property_list_that_is_everywhere_costs_little)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = same_keys(arena, 20000, 500000);
    cr_expect_str_eq(dump(arena, &extractor_plist, bytes, (DumpOptions){ 0 }), "");
}
