/* align_test.c - sentences of a model and the passages that support them. */
#include <criterion/criterion.h>

#include "answer/align.h"

Test(answer, sentences_are_supported_by_what_says_the_same)
{
    static const struct {
        const char *sentence, *passage;
        double cosine;
        bool is_pointed_to, is_supported;
    } cases[] = {
        { "New Zealand's provinces were abolished in 1876.",
          "Government was centralised and the provinces were abolished in 1876 in New Zealand.", 0,
          false, true },
        { "The provinces were abolished in 1877.", "The provinces were abolished in 1876.", 0.95,
          true, false },
        { "Lyft was incorporated in 2007 as Bounder Web.",
          "We were incorporated in 2007 as Bounder Web, Inc., a Delaware corporation", 0, false,
          true },
        { "The chef surprised his guests.", "Last night the chef served dinner to us.", 0.2, false,
          false },
        { "The chef surprised the guests.", "Last night the chef surprised us with a dish", 0.65,
          false, true },
        { "Bananas are yellow.", "Westminster Magistrates granted a licence.", 0.1, true, false },
        { "Yes.", "Yes.", 0, false, true },
        { "It is.", "It is.", 0, false, false },
        { "The fee is 1,060.50 dollars.", "A fee of $1060.50 dollars is due", 0, false, true },
    };
    Words *words = words_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(8));
        AlignSentence sentence = align_read(arena, words, str(cases[i].sentence), NULL, NULL);
        double overlap = align_overlap(&sentence, words, str(cases[i].passage));
        cr_expect_eq(align_supports(overlap, cases[i].cosine, cases[i].is_pointed_to),
                     cases[i].is_supported, "%s: overlap %.2f", cases[i].sentence, overlap);
    }
    words_free(words);
}
