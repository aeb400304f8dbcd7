#include <criterion/criterion.h>

#include "study/next_questions.h"

#define QUARRY "The quarry at Ardal opened in 1874.\n\nThe quarry at Ardal employs 212 people.\n"
#define OPENED "When did the quarry at Ardal open?"
#define EMPLOYS "How many people does the quarry at Ardal employ?"

/* `questions`: what is offered when `asked` was asked and `told` was said or asked before. */
static const struct {
    const char *text, *asked, *told;
    const char *questions[3];
} cases[] = {
    { QUARRY, EMPLOYS, "The quarry at Ardal employs 212 people.", { OPENED } },
    { QUARRY, "Where is the quarry?", "The quarry at Ardal opened in 1874.", { EMPLOYS } },
    { QUARRY, EMPLOYS, OPENED, { NULL } },
    { "The wind park near Bremen has 12 turbines.",
      "And the wind park near Bremen?",
      "The wind park near Bremen has 12 turbines.",
      { NULL } },
    /* Not as quizmasters ask, not of half a list, not of a name. */
    { "The alloy holds 12 % of copper by weight.", "What is an alloy?", "", { NULL } },
    { "– list of 40 disbursements from the trust accounts.", "Which lists?", "", { NULL } },
    { "Elizabeth II is the queen of New Zealand and other realms.", "Who reigns?", "", { NULL } },
    { "Contents\n\nChapter 1\n\nIt was late.", "What is it?", "", { NULL } },
    { "", "What is it?", "", { NULL } },
};

Test(study, what_is_asked_next_stands_beside_and_was_not_asked)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Words *words = words_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str told[] = { str(cases[i].asked), str(cases[i].told) }, found[3];
        size_t wanted = 0;
        size_t count = study_next_questions(arena, words, str(cases[i].text), told[0],
                                            (StrList){ told, COUNT(told) }, COUNT(found), found);
        for (; wanted < COUNT(found) && cases[i].questions[wanted]; wanted++)
            cr_expect(wanted < count && str_is(found[wanted], cases[i].questions[wanted]),
                      "case %zu", i);
        cr_expect_eq(count, wanted, "case %zu: " STR_FMT, i,
                     STR_ARG(count ? found[count - 1] : S("")));
    }
    words_free(words);
}
