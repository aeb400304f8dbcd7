/* card_table_test.c - tables of cards as other programs write them. */
#include "study/card_table.h"

#include <criterion/criterion.h>

static const struct {
    const char *about, *text, *cards; /* "front>back>tags|..." or NULL: refused */
} cases[] = {
    { "plain", "a,b\nc,d\n", "a>b>|c>d>|" },
    { "windows", "a,b\r\nc,d", "a>b>|c>d>|" },
    { "head in another order", "tags,Back,Front\nx y,b,a\n", "a>b>[\"x\",\"y\"]|" },
    { "head without tags", "front,back,state\na,b,new\n", "a>b>|" },
    { "semicolons", "a;b, c;x\n", "a>b, c>[\"x\"]|" },
    { "tabs", "a\tb; c, d\n", "a>b; c, d>|" },
    { "quotes", "\"a \"\"b\"\"\",\"c\nd\"\n", "a \"b\">c\nd>|" },
    { "mark at the beginning",
      "\xef\xbb\xbf"
      "a,b\n",
      "a>b>|" },
    { "remarks of Anki", "#separator:tab\n#html:true\na\tb\n", "a>b>|" },
    { "a card of its own", "a,b\n#c,d\n", "a>b>|#c>d>|" },
    { "blank lines", "\n\na,b\n\n,\n", "a>b>|" },
    { "guarded", "'=1+1,'-2\n", "=1+1>-2>|" },
    { "apostrophe", "'tis,'a\n", "'tis>'a>|" },
    { "nothing", "", "" },
    { "open quote", "\"a,b\n", NULL },
    { "text after a quote", "\"a\"b,c\n", NULL },
    { "no back", "a\n", NULL },
    { "empty front", ",b\n", NULL },
};

Test(study, a_table_of_cards_is_read)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    for (size_t i = 0; i < COUNT(cases); i++) {
        StudyCardList cards;
        Error err;
        bool ok = card_table_read(arena, str(cases[i].text), &cards, &err);
        cr_expect(ok == (cases[i].cards != NULL), "%s", cases[i].about);
        if (!ok || !cases[i].cards)
            continue;
        Buf out = buf_new(arena, KB(4));
        for (size_t k = 0; k < cards.count; k++) {
            bool is_tagged = cards.at[k].tags.length > 2;
            buf_addf(&out, STR_FMT ">" STR_FMT ">" STR_FMT "|", STR_ARG(cards.at[k].front),
                     STR_ARG(cards.at[k].back), STR_ARG(is_tagged ? cards.at[k].tags : STR_NONE));
        }
        cr_expect(str_is(buf_str(&out), cases[i].cards), "%s: " STR_FMT, cases[i].about,
                  STR_ARG(buf_str(&out)));
    }
}

Test(study, what_is_written_is_read_again)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    static const StudyCard written[] = {
        { .front = S_INIT("a, \"b\"\nc"), .back = S_INIT("@d"), .tags = S_INIT("[\"x y\",\"z\"]") },
        { .front = S_INIT("#"), .back = S_INIT("\xc3\xa9"), .tags = S_INIT("[]") },
    };
    StudyCardList read;
    Error err;
    Buf out = buf_new(arena, KB(8));
    card_table_write(&out, written, COUNT(written));
    cr_assert(card_table_read(arena, buf_str(&out), &read, &err), "%s", err.message);
    cr_assert(read.count == COUNT(written));
    for (size_t i = 0; i < read.count; i++)
        cr_expect(str_equal(read.at[i].front, written[i].front) &&
                  str_equal(read.at[i].back, written[i].back));
    cr_expect(str_is(read.at[0].tags, "[\"x_y\",\"z\"]"));
}

/* Bytes at random: read or refused, and nothing beyond the text is looked at (the sanitizer sees
 * that). */
Test(study, any_bytes_are_read_or_refused)
{
    static const char letters[] = "a,\";\t\n\r#'= \xef\xbb\xbf";
    uint32_t seed = 1;
    for (int round = 0; round < 3000; round++) {
        AUTO_ARENA Arena *arena = arena_new(MB(4));
        size_t length = (size_t)(round % 40);
        char *text = heap_alloc(length + 1);
        StudyCardList cards;
        Error err;
        for (size_t i = 0; i < length; i++) {
            seed = seed * 1664525u + 1013904223u;
            text[i] = letters[(seed >> 16) % (sizeof(letters) - 1)];
        }
        if (card_table_read(arena, (Str){ text, length }, &cards, &err))
            for (size_t i = 0; i < cards.count; i++)
                cr_expect(cards.at[i].front.length && cards.at[i].back.length);
        free(text);
    }
}
