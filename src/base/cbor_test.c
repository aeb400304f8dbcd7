#include "base/cbor.h"

#include <criterion/criterion.h>

static Error err;

#define BYTES(literal) ((Str){ literal, sizeof(literal) - 1 })

/* Examples of RFC 8949, appendix A, and of what is not read. `left`: bytes after the item. */
static const struct {
    const char *about;
    Str bytes;
    bool is_read;
    CborKind kind;
    int64_t number;
    size_t text, left;
} items[] = {
    { "0", { "\x00", 1 }, true, CBOR_NUMBER, 0, 0, 0 },
    { "23", { "\x17", 1 }, true, CBOR_NUMBER, 23, 0, 0 },
    { "24", { "\x18\x18", 2 }, true, CBOR_NUMBER, 24, 0, 0 },
    { "1000", { "\x19\x03\xe8", 3 }, true, CBOR_NUMBER, 1000, 0, 0 },
    { "1000000", { "\x1a\x00\x0f\x42\x40", 5 }, true, CBOR_NUMBER, 1000000, 0, 0 },
    { "10^12",
      { "\x1b\x00\x00\x00\xe8\xd4\xa5\x10\x00", 9 },
      true,
      CBOR_NUMBER,
      1000000000000,
      0,
      0 },
    { "-1", { "\x20", 1 }, true, CBOR_NUMBER, -1, 0, 0 },
    { "-257", { "\x39\x01\x00", 3 }, true, CBOR_NUMBER, -257, 0, 0 },
    { "bytes", { "\x44\x01\x02\x03\x04", 5 }, true, CBOR_BYTES, 0, 4, 0 },
    { "a text", { "\x64IETF", 5 }, true, CBOR_TEXT, 0, 4, 0 },
    { "a list of two", { "\x82\x01\x02", 3 }, true, CBOR_LIST, 2, 0, 2 },
    { "a map of one", { "\xa1\x01\x02", 3 }, true, CBOR_MAP, 1, 0, 2 },
    { "true", { "\xf5", 1 }, true, CBOR_OTHER, 0, 0, 0 },
    { "1.1", { "\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", 9 }, true, CBOR_OTHER, 0, 0, 0 },
    { "nothing", { "", 0 }, false, 0, 0, 0, 0 },
    { "a cut number", { "\x19\x03", 2 }, false, 0, 0, 0, 0 },
    { "cut bytes", { "\x44\x01\x02\x03", 4 }, false, 0, 0, 0, 0 },
    { "2^63", { "\x1b\x80\x00\x00\x00\x00\x00\x00\x00", 9 }, false, 0, 0, 0, 0 },
    { "-2^63 - 1", { "\x3b\x80\x00\x00\x00\x00\x00\x00\x00", 9 }, false, 0, 0, 0, 0 },
    { "bytes without a length", { "\x5f\x41\x01\xff", 4 }, false, 0, 0, 0, 0 },
    { "a reserved head", { "\x1c", 1 }, false, 0, 0, 0, 0 },
    { "a tag", { "\xc0\x60", 2 }, false, 0, 0, 0, 0 },
    { "a list longer than its bytes", { "\x83\x01\x02", 3 }, false, 0, 0, 0, 0 },
    { "a map longer than its bytes", { "\xa2\x01\x02\x03", 4 }, false, 0, 0, 0, 0 },
    { "2^62 pairs", { "\xbb\x40\x00\x00\x00\x00\x00\x00\x00\x01", 10 }, false, 0, 0, 0, 0 },
};

Test(cbor, items_are_read_or_refused)
{
    for (size_t i = 0; i < COUNT(items); i++) {
        Str rest = items[i].bytes;
        CborItem item = { 0 };
        bool is_read = cbor_next(&rest, &item, &err);
        cr_expect_eq(is_read, items[i].is_read, "%s", items[i].about);
        cr_expect(!is_read || (item.kind == items[i].kind && item.number == items[i].number &&
                               item.bytes.length == items[i].text && rest.length == items[i].left),
                  "%s", items[i].about);
    }
}

Test(cbor, a_whole_item_is_passed_over)
{
    /* {1: [2, {"a": h'01'}], "b": true} and then 7 */
    Str rest = BYTES("\xa2\x01\x82\x02\xa1\x61\x61\x41\x01\x61\x62\xf5\x07"), cut;
    cut = str_slice(rest, 0, 11);
    cr_expect(cbor_pass(&rest, &err) && rest.length == 1 && rest.at[0] == 7);
    cr_expect(!cbor_pass(&cut, &err));
}

/* 60,000 lists in one another: nothing recurses. */
Test(cbor, depth_costs_nothing)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    char *deep = arena_alloc(arena, 60001);
    memset(deep, '\x81', 60000);
    Str rest = { deep, 60000 };
    cr_expect(!cbor_pass(&rest, &err));
    deep[60000] = 0;
    rest = (Str){ deep, 60001 };
    cr_expect(cbor_pass(&rest, &err) && !rest.length);
}
