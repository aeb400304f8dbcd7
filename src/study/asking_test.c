/* asking_test.c - sentences turned into questions. */
#include <criterion/criterion.h>

#include "study/asking.h"

static Fact *fact_of(Arena *arena, const char *text)
{
    Material *material = arena_new_one(arena, Material);
    Words *words = words_new();
    material_of_text(arena, str(text), true, material);
    Facts facts = facts_find(arena, words, material);
    words_free(words);
    cr_assert_eq(facts.count, 1, "one sentence: %s", text);
    return facts.at;
}

static const FactKey *key_of(const Fact *fact, KeyKind kind)
{
    for (size_t i = 0; i < fact->key_count; i++)
        if (fact->keys[i].kind == kind)
            return &fact->keys[i];
    return NULL;
}

static const struct {
    Language language;
    const char *sentence;
    KeyKind kind;
    const char *answer, *question; /* question NULL: there is none */
} asked[] = {
    { LANGUAGE_ENGLISH, "The quarry at Ardal opened in 1874.", KEY_YEAR, "1874",
      "When did the quarry at Ardal open?" },
    { LANGUAGE_ENGLISH, "The quarry at Ardal employs 212 people.", KEY_NUMBER, "212",
      "How many people does the quarry at Ardal employ?" },
    { LANGUAGE_ENGLISH, "The bridge was completed in 1932.", KEY_YEAR, "1932",
      "When was the bridge completed?" },
    { LANGUAGE_ENGLISH, "In 1932, the bridge was opened to traffic.", KEY_YEAR, "1932",
      "When was the bridge opened to traffic?" },
    { LANGUAGE_ENGLISH, "The mill was founded in 1810 and closed down in 1950 again.", KEY_YEAR,
      "1810", NULL },
    { LANGUAGE_ENGLISH, "About 470 workers are needed for the harvest.", KEY_NUMBER, "470",
      "How many workers are needed for the harvest?" },
    { LANGUAGE_ENGLISH, "The alloy holds 12 % of copper by weight.", KEY_PERCENT, "12 %",
      "The alloy holds what percentage of copper by weight?" },
    { LANGUAGE_GERMAN, "Der Steinbruch wurde 1874 eröffnet.", KEY_YEAR, "1874",
      "Der Steinbruch wurde wann eröffnet?" },
    { LANGUAGE_GERMAN, "Der Steinbruch beschäftigt heute 212 Menschen.", KEY_NUMBER, "212",
      "Der Steinbruch beschäftigt heute wie viele Menschen?" },
    { LANGUAGE_GERMAN, "Kinder unter 12 Jahren zahlen im Steinbruch nichts.", KEY_NUMBER, "12",
      NULL },
    { LANGUAGE_GERMAN, "Der Steinbruch ist täglich bis 17 Uhr geöffnet.", KEY_NUMBER, "17", NULL },
    { LANGUAGE_GERMAN, "Der Eintritt kostet 6 Euro, Kinder zahlen nichts.", KEY_MONEY, "6 Euro",
      NULL },
};

Test(asking, parts_of_a_sentence_are_asked_for)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    for (size_t i = 0; i < COUNT(asked); i++) {
        const Fact *fact = fact_of(arena, asked[i].sentence);
        const FactKey *key = key_of(fact, asked[i].kind);
        Str question = STR_NONE;
        cr_assert(key, "%s", asked[i].sentence);
        cr_expect_str_eq(str_c(arena, key->text), asked[i].answer);
        bool is_asked = ask_for(arena, asked[i].language, fact, key, &question);
        cr_expect_eq(is_asked, asked[i].question != NULL, "%s: " STR_FMT, asked[i].sentence,
                     STR_ARG(question));
        if (is_asked && asked[i].question)
            cr_expect_str_eq(str_c(arena, question), asked[i].question);
    }
}

Test(asking, a_definition_is_asked_for_by_its_term_and_the_term_by_it)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str question;
    const Fact *fact =
        fact_of(arena, "The Calvin cycle is a chain of reactions that fixes carbon.");
    cr_assert(ask_what_is(arena, LANGUAGE_ENGLISH, fact, &question));
    cr_expect_str_eq(str_c(arena, question), "What is the Calvin cycle?");
    cr_expect_str_eq(str_c(arena, fact->definition), "a chain of reactions that fixes carbon");
    cr_expect_str_eq(str_c(arena, ask_term(arena, LANGUAGE_ENGLISH, fact)),
                     "Which term fits: “a chain of reactions that fixes carbon”?");
    cr_expect_str_eq(str_c(arena, ask_gap(arena, fact, &fact->keys[0], S("____"))),
                     "The ____ is a chain of reactions that fixes carbon.");
}

static const char *const no_definitions[] = {
    "About 470 quanta of light are needed for one cell of the leaf.",
    "All of the people in the hall are old and rather tired today.",
    "What he said is a matter that nobody wants to talk about now.",
    "The engine is a part of this machine and of those beside it.",
};

Test(asking, what_is_only_said_of_something_is_no_definition)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    for (size_t i = 0; i < COUNT(no_definitions); i++)
        cr_expect_eq(fact_of(arena, no_definitions[i])->term.length, 0, "%s", no_definitions[i]);
}

static const struct {
    const char *text;
    bool stands;
} sentences[] = {
    { "The quarry at Ardal employs 212 people.", true },
    { "It employs 212 people at the quarry.", false },
    { "However, the quarry employs 212 people.", false },
    { "See the appendix for a list of all people.", false },
    { "the quarry at Ardal employs 212 people.", false },
    { "The quarry at Ardal employs 212 people", false },
    { "Quarry employs people.", false },
    { "int main(void) { return x == y ? 1 : 0; } and so on.", false },
    { "The quarry (at Ardal employs 212 people.", false },
    { "Who employs 212 people at the quarry at Ardal?", false },
    { "Coffee Consumption and Cardiovascular Mortality in an Adult Population.", false },
    { "Kim, Y.; Je, Y.; Giovannucci, E. and others on coffee and health.", false },
};

Test(asking, a_sentence_stands_on_its_own_or_is_left_out)
{
    for (size_t i = 0; i < COUNT(sentences); i++)
        cr_expect_eq(fact_is_sentence(str(sentences[i].text), LANGUAGE_ENGLISH),
                     sentences[i].stands, "%s", sentences[i].text);
}
