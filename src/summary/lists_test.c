/* lists_test.c - timelines, glossaries and comparisons of texts. */
#include <criterion/criterion.h>

#include "summary/compare.h"
#include "summary/glossary.h"
#include "summary/timeline.h"

static Material read(Arena *arena, const char *text)
{
    Material material;
    material_of_text(arena, str(text), false, &material);
    return material;
}

Test(summary, dated_sentences_stand_in_the_order_of_time)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        { "The quarry closed in 1990. It opened on 3 May 1874. Some 212 people work there.",
          "on 3 May 1874, 1990" },
        { "Die Grube wurde 1904 gebaut und am 3. Mai 1990 geschlossen. Dort arbeiten 1904 "
          "Menschen.",
          "1904, am 3. Mai 1990" },
        { "Der Turm wurde 1874 errichtet. Die Kirche brannte (1904) nicht. Es gab 1750 Einwohner.",
          "1874, 1904" },
        { "Pay within 30 days. Person-years: 1891.8 of them. Built 1990.", "1990" },
        { "Version 2.1.3 has 1500 items and costs 1999 euros.", "" },
        { "J. Public Health 1989, 79, 1554\xE2\x80\x93"
          "1556. See \xC2\xA7 1519. It is hot now.",
          "1989" },
        { "The number 1700 was painted on Room 1812. In 1820 the house fell.", "1820" },
        { "", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Material material = read(arena, cases[i].text);
        Timeline timeline;
        Buf said = buf_new(arena, KB(1));
        timeline_make(arena, &material, &timeline);
        for (size_t e = 0; e < timeline.count; e++)
            buf_addf(&said, "%s" STR_FMT, e ? ", " : "", STR_ARG(timeline.events[e].said));
        cr_assert_str_eq(buf_c(&said), cases[i].said, "%s: %s", cases[i].text, buf_c(&said));
    }
}

Test(summary, terms_are_found_with_what_they_mean)
{
    static const struct {
        const char *text, *terms;
    } cases[] = {
        { "The World Health Organization (WHO) met. WHO decided.",
          "WHO=World Health Organization" },
        { "The rules of DNA (deoxyribonucleic acid) hold, as do those of ABC (something else).",
          "DNA=deoxyribonucleic acid" },
        { "The Office of Management and Budget (OMB) asked the Social Security Administration "
          "(SSA).",
          "OMB=Office of Management and Budget, SSA=Social Security Administration" },
        { "The core of Pump is a wheel. The core of Pump turns.", "" },
        { "A lock refers to a chamber that lifts ships.", "lock" },
        { "A weir is a wall across a river. The weir of Rost is old. This is a lie.", "weir" },
        { "Dredging is the process by which mud is taken out of a harbour.", "Dredging" },
        { "He is a liar and a thief of many things.", "" },
        { "- Berth: the place where a ship lies in a harbour\n- Note: short", "Berth" },
        { "Unter einer Schleuse versteht man eine Kammer, die Schiffe hebt.", "Schleuse" },
        { "Ein Wehr bezeichnet eine Mauer quer durch einen Fluss, und das ist gut.", "Wehr" },
        { "Das Bundesamt f\xC3\xBCr Strahlenschutz (BfS) misst.",
          "BfS=Bundesamt f\xC3\xBCr Strahlenschutz" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Material material = read(arena, cases[i].text);
        Glossary glossary;
        Buf terms = buf_new(arena, KB(1));
        glossary_make(arena, &material, &glossary);
        for (size_t t = 0; t < glossary.count; t++)
            buf_addf(&terms, "%s" STR_FMT "%s" STR_FMT, t ? ", " : "",
                     STR_ARG(glossary.terms[t].term), glossary.terms[t].expansion.length ? "=" : "",
                     STR_ARG(glossary.terms[t].expansion));
        cr_assert_str_eq(buf_c(&terms), cases[i].terms, "%s: %s", cases[i].text, buf_c(&terms));
    }
}

static const char before[] =
    "# Fees\n\nThe fee for a berth is 40 crowns a night. Ships pay on arrival.\n\n"
    "# Rules\n\nDogs are kept on a lead. Engines are off at night.\n";
static const char after[] =
    "# Fees\n\nThe fee for a berth is 55 crowns a night. Ships pay on arrival.\n\n"
    "# Rules\n\nEngines are off at night. Fires are forbidden on all piers.\n";

Test(summary, what_differs_between_two_texts_is_found)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Summaries *summaries = summaries_new(NULL, NULL, NULL);
    Material left = read(arena, before), right = read(arena, after);
    Comparison found;
    Error err;
    cr_assert(compare_materials(summaries, arena, &left, &right, NULL, &found, &err));
    summaries_free(summaries);
    cr_assert_eq(found.same, 2);
    cr_assert_eq(found.count, 3);
    const Difference *fee = &found.at[0];
    cr_assert_eq(fee->kind, DIFFERENCE_CHANGED);
    cr_assert(fee->left.numbers.count == 1 && str_is(fee->left.numbers.at[0], "40"));
    cr_assert(fee->right.numbers.count == 1 && str_is(fee->right.numbers.at[0], "55"));
    cr_assert_eq(fee->right.piece_count, 3);
    cr_assert(fee->right.pieces[1].is_changed && str_is(fee->right.pieces[1].text, "55 "));
    cr_assert_eq(found.at[1].kind, DIFFERENCE_REMOVED);
    cr_assert_eq(found.at[2].kind, DIFFERENCE_ADDED);
    cr_assert(str_is(found.at[2].right.citation.quote, "Fires are forbidden on all piers."));
}

static bool is_fifth_time(void *self)
{
    int *asked = self;
    return ++*asked >= 5;
}

Test(summary, a_comparison_ends_when_nobody_waits_for_it)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Summaries *summaries = summaries_new(NULL, NULL, NULL);
    Buf long_one = buf_new(arena, MB(1)), long_two = buf_new(arena, MB(1));
    for (int i = 0; i < 500; i++) {
        buf_addf(&long_one, "# Part %d\n\nThe fee of harbour %d is paid on arrival.\n\n", i, i);
        buf_addf(&long_two, "# Part %d\n\nThe fee of harbour %d was paid on leaving.\n\n", i, i);
    }
    Material left = read(arena, buf_c(&long_one)), right = read(arena, buf_c(&long_two));
    Comparison found;
    Error err;
    int asked = 0;
    const StopCheck stop = { is_fifth_time, &asked };
    cr_expect(!compare_materials(summaries, arena, &left, &right, &stop, &found, &err));
    cr_expect(err.code == ERROR_CANCELLED && asked < 12, "asked %d times", asked);
    summaries_free(summaries);
}

Test(summary, a_text_does_not_differ_from_itself)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Summaries *summaries = summaries_new(NULL, NULL, NULL);
    Material left = read(arena, before), none = read(arena, "");
    Comparison found;
    Error err;
    cr_assert(compare_materials(summaries, arena, &left, &left, NULL, &found, &err));
    cr_assert(found.count == 0 && found.same == 4);
    cr_assert(compare_materials(summaries, arena, &none, &left, NULL, &found, &err));
    cr_assert(found.added == 4 && found.count == 4);
    cr_assert(compare_materials(summaries, arena, &left, &none, NULL, &found, &err));
    cr_assert(found.removed == 4 && found.count == 4);
    summaries_free(summaries);
}
