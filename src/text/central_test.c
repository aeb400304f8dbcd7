#include <criterion/criterion.h>

#include "text/central.h"

static Central rank(Arena *arena, const Str *sentences, size_t count, const double *priors)
{
    Central central;
    Words *words = words_new();
    const CentralText text = {
        .sentences = sentences, .count = count, .priors = priors, .language = LANGUAGE_ENGLISH
    };
    central_rank(arena, words, &text, &central);
    words_free(words);
    return central;
}

static const Str harbour[] = {
    S_INIT("Cats sleep."),
    S_INIT("The harbour of Rost was closed by ice in February."),
    S_INIT("Ice closed the harbour, and ferries to Rost stayed in Bodo."),
    S_INIT("Ferries from Bodo stayed away until the ice in the harbour broke."),
    S_INIT("A bakery sells rolls."),
};

Test(text, the_sentence_that_others_repeat_is_central)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Central central = rank(arena, harbour, COUNT(harbour), NULL);
    cr_assert_eq(central.scores[2], 1.0);
    cr_assert_lt(central.scores[0], 0.7);
    cr_assert_lt(central.scores[4], 0.7);
    cr_assert_float_eq((double)central.alike[1 * 5 + 2], (double)central.alike[2 * 5 + 1], 0);
}

Test(text, a_likely_sentence_is_more_central)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    const double priors[] = { 20, 1, 1, 1, 1 };
    Central central = rank(arena, harbour, COUNT(harbour), priors);
    cr_assert_eq(central.scores[0], 1.0);
}

Test(text, what_was_said_is_not_chosen_again)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    const Str sentences[] = {
        S_INIT("The mill of the valley burned down in March 1904 and was soon built again."),
        S_INIT("The mill of the valley burned down in March 1904, and was built again."),
        S_INIT("Rye of the valley is ground in winter."),
    };
    size_t chosen[2];
    const CentralWish wish = { .count_max = 2 };
    Central central = rank(arena, sentences, COUNT(sentences), NULL);
    cr_assert_eq(central_choose(arena, &central, &wish, chosen), 2);
    cr_assert(chosen[0] == 2 || chosen[1] == 2, "both of the two that say the same were chosen");
}

Test(text, chosen_sentences_keep_to_their_size)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    const size_t sizes[] = { 2, 10, 11, 12, 4 };
    size_t chosen[5], total = 0;
    const CentralWish wish = { .count_max = 5, .sizes = sizes, .size_max = 24 };
    Central central = rank(arena, harbour, COUNT(harbour), NULL);
    size_t count = central_choose(arena, &central, &wish, chosen);
    for (size_t i = 0; i < count; i++)
        total += sizes[chosen[i]];
    cr_assert_leq(total, 24);
    cr_assert_geq(count, 2);
    cr_assert_eq(chosen[0], 2);
}

Test(text, a_part_that_was_heard_makes_way_for_another)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    const Str sentences[] = {
        S_INIT("The harbour was closed by ice."),
        S_INIT("Two bakers sell rolls on Mondays."),
        S_INIT("A library opens in May."),
    };
    const double priors[] = { 10, 9, 8.6 };
    const size_t parts[] = { 0, 0, 1 };
    Central central = rank(arena, sentences, COUNT(sentences), priors);
    for (int has_parts = 0; has_parts < 2; has_parts++) {
        const CentralWish wish = { .count_max = 2, .parts = has_parts ? parts : NULL };
        size_t chosen[2];
        cr_assert_eq(central_choose(arena, &central, &wish, chosen), 2);
        cr_assert_eq(chosen[1], has_parts ? 2 : 1);
    }
}

Test(text, each_part_of_a_long_text_has_a_seat)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Words *words = words_new();
    Str sentences[500];
    size_t parts[500], kept[20];
    bool is_there[5] = { 0 };
    for (size_t i = 0; i < COUNT(sentences); i++) {
        parts[i] = i < 3 ? i : i < 490 ? 3 : 4;
        sentences[i] = str_format(arena, parts[i] == 3 ? "The harbour has ice." : "Word%zu is.", i);
    }
    const CentralText text = { .sentences = sentences,
                               .count = COUNT(sentences),
                               .parts = parts,
                               .language = LANGUAGE_ENGLISH };
    size_t count = central_narrow(arena, words, &text, COUNT(kept), kept);
    cr_assert_eq(count, COUNT(kept));
    for (size_t i = 0; i < count; i++)
        is_there[parts[kept[i]]] = true;
    for (size_t i = 0; i < COUNT(is_there); i++)
        cr_assert(is_there[i], "part %zu has none", i);
    words_free(words);
}

Test(text, nothing_and_one_sentence_are_no_trouble)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    size_t chosen[3];
    const CentralWish wish = { .count_max = 3 };
    Central none = rank(arena, harbour, 0, NULL), one = rank(arena, harbour, 1, NULL);
    cr_assert_eq(central_choose(arena, &none, &wish, chosen), 0);
    cr_assert_eq(central_choose(arena, &one, &wish, chosen), 1);
    cr_assert_eq(one.scores[0], 1.0);
}

Test(text, a_long_text_is_narrowed_to_sentences_of_all_its_parts)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Words *words = words_new();
    Str sentences[3000];
    size_t kept[100], last = 0, gap = 0;
    for (size_t i = 0; i < COUNT(sentences); i++)
        sentences[i] = str_format(arena, "Sentence %zu speaks of item %zu and the %s.", i, i % 97,
                                  i < 500 ? "harbour" : "quarry");
    const CentralText text = { .sentences = sentences,
                               .count = COUNT(sentences),
                               .language = LANGUAGE_ENGLISH };
    cr_assert_eq(central_narrow(arena, words, &text, 100, kept), 100);
    for (size_t i = 0; i < 100; i++) {
        cr_assert(i == 0 || kept[i] > last);
        gap = MAX(gap, kept[i] - last);
        last = kept[i];
    }
    cr_assert_lt(gap, 200);
    words_free(words);
}
