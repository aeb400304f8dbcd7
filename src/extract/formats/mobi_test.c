/* mobi_test.c - Palm databases built here. */
#include "extract/formats/dump.h"
#include "extract/formats/palm.h"

extern const Extractor extractor_mobi;

static void add(Buf *out, uint64_t number, int width)
{
    for (int i = width - 1; i >= 0; i--)
        buf_add_char(out, (char)(i < 8 ? number >> (8 * i) : 0));
}

static Str database(Arena *arena, const char *type, const Str *records, size_t count)
{
    Buf out = buf_new(arena, MB(1));
    size_t at = 78 + 8 * count;
    char name[60] = "A name";
    buf_add_bytes(&out, name, sizeof name);
    buf_add(&out, str(type));
    add(&out, 0, 8);
    add(&out, (uint32_t)count, 2);
    for (size_t i = 0; i < count; i++) {
        add(&out, (uint32_t)at, 4);
        add(&out, 0, 4);
        at += records[i].length;
    }
    for (size_t i = 0; i < count; i++)
        buf_add(&out, records[i]);
    return buf_str(&out);
}

/* PalmDoc's header; the packing method and lock of it. */
static Str header(Arena *arena, uint32_t packing, uint32_t lock, size_t size)
{
    Buf out = buf_new(arena, KB(4));
    add(&out, packing, 2);
    add(&out, 0, 6);
    add(&out, 1, 2);
    add(&out, 4096, 2);
    add(&out, lock, 2);
    while (out.length < size)
        add(&out, 0, 1);
    return buf_str(&out);
}

static const char *dump_book(Arena *arena, const char *type, Str first, Str text)
{
    Str bytes = database(arena, type, (Str[]){ first, text }, 2);
    cr_expect(extractor_choose(bytes, STR_NONE, STR_NONE) == &extractor_mobi);
    return dump(arena, &extractor_mobi, bytes, (DumpOptions){ 0 });
}

Test(extract, palm_texts_are_unpacked)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    /* "abc", 6 bytes from 3 back, " d", one byte as it is. */
    const char *got =
        dump_book(arena, "TEXtREAd", header(arena, 2, 0, 16), S("abc\x80\x1B\xE4\1\xE9"));
    cr_expect_str_eq(got, "meta(title) A name\np abcabcabc d\xC3\xA9\n", "%s", got);
    got = dump_book(arena, "TEXtREAd", header(arena, 1, 0, 16), S("a\nb\n\nc"));
    cr_expect_str_eq(got, "meta(title) A name\np a\\nb\np c\n", "%s", got);
    got = dump_book(arena, "TEXtREAd", header(arena, 1, 0, 16), S("<html><h1>T</h1><p>x"));
    cr_expect_str_eq(got, "meta(title) A name\nh1 T\np x\n", "%s", got);
}

Test(extract, books_that_are_locked_or_of_other_kinds_are_refused)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    cr_expect_str_eq(dump_book(arena, "BOOKMOBI", header(arena, 1, 2, 32), S("x")),
                     "! encrypted\n");
    cr_expect_str_eq(dump_book(arena, "DataPlkr", header(arena, 1, 0, 16), S("x")),
                     "! unsupported\n");
}

Test(extract, huffman_codes_of_books_are_read)
{
    /* Codes of one bit; the phrases are "b" and "c". */
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Buf huff = buf_new(arena, KB(8)), cdic = buf_new(arena, KB(1)), out = buf_new(arena, 64);
    buf_add(&huff, S("HUFF\0\0\0\x18"));
    add(&huff, 24, 4);
    add(&huff, 24 + 1024, 4);
    add(&huff, 0, 8);
    for (uint32_t i = 0; i < 256; i++)
        add(&huff, 1U << 8 | 0x81, 4);
    add(&huff, 0, 256);
    buf_add(&cdic, S("CDIC\0\0\0\x10"));
    add(&cdic, 2, 4);
    add(&cdic, 1, 4);
    add(&cdic, 4, 2);
    add(&cdic, 7, 2);
    buf_add(&cdic, S("\x80\1b"));
    buf_add(&cdic, S("\x80\1c"));
    Str bytes = database(arena, "BOOKMOBI", (Str[]){ buf_str(&huff), buf_str(&cdic) }, 2);
    PalmFile file;
    cr_assert(palm_open(bytes, &file));
    PalmHuffman *huffman = palm_huffman(arena, &file, 0, 2);
    cr_assert(huffman != NULL);
    cr_expect(palm_huffman_unpack(huffman, S("\x0F"), &out));
    cr_expect_str_eq(buf_c(&out), "ccccbbbb", "%s", buf_c(&out));
}
