/* doc_test.c - Word 97 and Word 2 files built here. */
#include "extract/formats/dump.h"
#include "extract/ole/ole_sample.h"

extern const Extractor extractor_doc;

static void put(Buf *buf, size_t at, uint64_t number, int width)
{
    for (int i = 0; i < width; i++)
        buf->at[at + (size_t)i] = (char)(number >> (8 * i));
}

/* A main stream with one eight-bit piece at 0x400, without formatting; text ends at `length`. */
static Str doc_of(Arena *arena, Str text, uint16_t flags)
{
    Buf main = buf_new(arena, KB(64)), table = buf_new(arena, KB(4));
    while (main.length < 0x400)
        buf_add_char(&main, 0);
    put(&main, 0, 0xA5EC, 2);
    put(&main, 2, 0xC1, 2);
    put(&main, 6, 0x409, 2);
    put(&main, 0x0A, flags, 2);
    put(&main, 0x4C, text.length, 4);
    put(&main, 0x9A + 33 * 8 + 4, 21, 4);
    buf_add(&main, text);
    while (main.length < 5000)
        buf_add_char(&main, 0);
    buf_add_char(&table, 2);
    sample_number(&table, 16, 4);
    sample_number(&table, 0, 4);
    sample_number(&table, text.length, 4);
    sample_number(&table, 0, 2);
    sample_number(&table, 0x400 * 2 | 0x40000000, 4);
    sample_number(&table, 0, 2);
    OleMember members[] = { { "WordDocument", buf_str(&main) }, { "0Table", buf_str(&table) } };
    return ole_sample(arena, members, COUNT(members));
}

Test(extract, doc_pieces_fields_and_cells_are_read)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes =
        doc_of(arena,
               S("One \x93quoted\x94\rsee \x13 HYPERLINK \"https://a.example/\" \x14the page"
                 "\x15 now\rleft\x07right\x07"
                 "after\r"),
               0);
    const char *got = dump(arena, &extractor_doc, bytes, (DumpOptions){ 0 });
    cr_expect_str_eq(got,
                     "p One “quoted”\n"
                     "p see the page now\n"
                     "note(link) https://a.example/\n"
                     "row left | right\n"
                     "p after\n",
                     "%s", got);
}

/* A header of Word 2 and its text, between fcMin and fcMac. */
static Str word_2_of(Arena *arena, Str text, uint16_t flags)
{
    Buf file = buf_new(arena, KB(64));
    while (file.length < 0x200)
        buf_add_char(&file, 0);
    put(&file, 0, 0xA5DB, 2);
    put(&file, 2, 0x2D, 2);
    put(&file, 6, 0x407, 2);
    put(&file, 0x0A, flags, 2);
    put(&file, 0x18, 0x200, 4);
    put(&file, 0x1C, 0x200 + text.length, 4);
    put(&file, 0x34, text.length, 4);
    /* Where Word 6 has the place of its pieces; here it would be anything. */
    put(&file, 0x58 + 33 * 8, 0x10, 4);
    put(&file, 0x58 + 33 * 8 + 4, 0x100, 4);
    buf_add(&file, text);
    return buf_str(&file);
}

Test(extract, doc_of_word_2_gives_its_text)
{
    static const struct {
        uint16_t flags;
        const char *expected;
    } cases[] = { { 0, "p Stra\xC3\x9F"
                       "e\nrow left | right\np after\n" },
                  { 0x0100, "! encrypted\n" },
                  { 0x0004, "! unsupported\n" } };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str bytes = word_2_of(arena,
                              S("Stra\xDF"
                                "e\rleft\x07right\x07"
                                "after\r"),
                              cases[i].flags);
        cr_expect_eq(extractor_doc.sniff(bytes), 60);
        const char *got = dump(arena, &extractor_doc, bytes, (DumpOptions){ 0 });
        cr_expect_str_eq(got, cases[i].expected, "%zu: %s", i, got);
    }
}

Test(extract, doc_without_the_password_says_so)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str bytes = doc_of(arena, S("secret\r"), 0x8100);
    cr_expect_str_eq(dump(arena, &extractor_doc, bytes, (DumpOptions){ 0 }), "! encrypted\n");
    cr_expect_str_eq(dump(arena, &extractor_doc, bytes, (DumpOptions){ .password = "no" }),
                     "! encrypted\n");
}

Test(extract, doc_spoilt_anywhere_ends)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Str bytes = doc_of(arena, S("One\rTwo\x07Three\x07\x0D"), 0);
    char *spoilt = arena_alloc(arena, bytes.length);
    for (size_t i = 0; i < bytes.length; i += 13) {
        AUTO_ARENA Arena *scratch = arena_new(MB(256));
        memcpy(spoilt, bytes.at, bytes.length);
        spoilt[i] = (char)~spoilt[i];
        dump(scratch, &extractor_doc, (Str){ spoilt, bytes.length }, (DumpOptions){ 0 });
        dump(scratch, &extractor_doc, str_slice(bytes, 0, i), (DumpOptions){ 0 });
    }
}
