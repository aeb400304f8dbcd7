/* sentiment_test.c - for or against, and what. */
#include "classify/sentiment.h"

#include <criterion/criterion.h>

static const struct {
    Language language;
    const char *text;
    SentimentSign sign;
} cases[] = {
    { LANGUAGE_ENGLISH, "The food was excellent and the staff friendly.", SENTIMENT_POSITIVE },
    { LANGUAGE_ENGLISH, "The food was not good.", SENTIMENT_NEGATIVE },
    { LANGUAGE_ENGLISH, "I don’t like it.", SENTIMENT_NEGATIVE },
    { LANGUAGE_ENGLISH, "The room was nice, but the service was terrible.", SENTIMENT_NEGATIVE },
    { LANGUAGE_ENGLISH, "The meeting is on Tuesday at ten.", SENTIMENT_NEUTRAL },
    { LANGUAGE_ENGLISH, "See you there :-)", SENTIMENT_POSITIVE },
    { LANGUAGE_ENGLISH, "Great, it broke again \xF0\x9F\x98\xA1 \xF0\x9F\x98\xA1",
      SENTIMENT_NEGATIVE },
    { LANGUAGE_ENGLISH, "I could not be happier.", SENTIMENT_POSITIVE },
    { LANGUAGE_ENGLISH, "Couldn't be more disappointed.", SENTIMENT_NEGATIVE },
    { LANGUAGE_ENGLISH, "", SENTIMENT_NEUTRAL },
    { LANGUAGE_GERMAN, "Das Essen war ausgezeichnet.", SENTIMENT_POSITIVE },
    { LANGUAGE_GERMAN, "Der Service war nicht gut.", SENTIMENT_NEGATIVE },
    { LANGUAGE_FRENCH, "Un repas délicieux !", SENTIMENT_POSITIVE },
    { LANGUAGE_FRENCH, "Le service est très lent et désagréable.", SENTIMENT_NEGATIVE },
    { LANGUAGE_CHINESE, "\xE4\xBD\xA0\xE5\xA5\xBD", SENTIMENT_NEUTRAL },
};

Test(classify, a_text_is_for_or_against)
{
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(sentiment_of(str(cases[i].text), cases[i].language).sign, cases[i].sign, "%s",
                     cases[i].text);
}

Test(classify, intensity_capitals_and_exclamation_make_it_stronger)
{
    double good = sentiment_of(S("It is good."), LANGUAGE_ENGLISH).score;
    cr_expect_gt(sentiment_of(S("It is very good."), LANGUAGE_ENGLISH).score, good);
    cr_expect_gt(sentiment_of(S("It is GOOD."), LANGUAGE_ENGLISH).score, good);
    cr_expect_gt(sentiment_of(S("It is good!!"), LANGUAGE_ENGLISH).score, good);
    cr_expect_lt(sentiment_of(S("It is slightly good."), LANGUAGE_ENGLISH).score, good);
}

Test(classify, aspects_are_told_apart_at_a_contrast)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    SentimentReport report = sentiment_report(
        arena, S("The battery is excellent, but the screen is terrible. The battery lasts well."));
    cr_assert_geq(report.aspects.count, 2);
    cr_expect(str_is(report.aspects.at[0].name, "battery"));
    cr_expect_eq(report.aspects.at[0].sentiment.sign, SENTIMENT_POSITIVE);
    cr_expect_eq(report.aspects.at[0].count, 2);
    bool has_screen = false;
    for (size_t i = 0; i < report.aspects.count; i++)
        if (str_is(report.aspects.at[i].name, "screen")) {
            has_screen = true;
            cr_expect_eq(report.aspects.at[i].sentiment.sign, SENTIMENT_NEGATIVE);
        }
    cr_expect(has_screen);
}
