/* alike_test.c - which passages count as the same. */
#include "search/alike.h"

#include <criterion/criterion.h>

Test(search, passages_that_say_the_same_are_alike)
{
    static const struct {
        const char *about, *a, *b;
        bool alike;
    } cases[] = {
        { "the same", "A violin has four strings.", "A violin has four strings.", true },
        { "case, signs and order", "A violin has four strings.", "four STRINGS has a violin",
          true },
        { "short, one word more", "A violin has four strings.", "A violin has four long strings.",
          false },
        { "nothing", "", "", false },
        { "one word of many",
          "The old quarry at Ardal opened in the spring of that year with men "
          "from the town and a crane that came by boat over the fjord",
          "The old quarry at Ardal opened in the spring of that year with men from the town and a "
          "crane which came by boat over the fjord",
          true },
        { "another number",
          "The ferry from Bergen to Ardal takes hours and costs 480 kroner for "
          "each adult who goes by it in summer or in winter time",
          "The ferry from Bergen to Ardal takes hours and costs 520 kroner for each adult who goes "
          "by it in summer or in winter time",
          false },
        { "another language", "Die Fähre nach Ardal", "The ferry to Ardal", false },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        WordSet a = word_set(arena, str(cases[i].a)), b = word_set(arena, str(cases[i].b));
        cr_expect_eq(word_sets_alike(&a, &b), cases[i].alike, "%s", cases[i].about);
        cr_expect_eq(word_sets_alike(&b, &a), cases[i].alike, "%s", cases[i].about);
    }
}
