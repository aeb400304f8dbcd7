/* phrases_test.c - what a text is about, and what kind of document it is. */
#include "classify/phrases.h"

#include <criterion/criterion.h>

#include "classify/document_type.h"

Test(classify, key_phrases_come_often_and_stand_where_they_say)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Str text =
        S("The heat pump warms the house. A heat pump needs little power. Whether a heat pump "
          "pays depends on the price of power and on the insulation of the house.");
    KeyPhraseList list = key_phrases(arena, text, LANGUAGE_ENGLISH, NULL, 5);
    cr_assert_geq(list.phrases.count, 3);
    cr_expect(str_is(list.phrases.at[0].text, "heat pump"), STR_FMT,
              STR_ARG(list.phrases.at[0].text));
    cr_expect_geq(list.phrases.at[0].count, 2);
    for (size_t i = 0; i < list.phrases.count; i++) {
        const KeyPhrase *phrase = &list.phrases.at[i];
        cr_expect(str_equal(phrase->text, str_slice(text, phrase->start, phrase->end)));
        cr_expect(i == 0 || phrase->score <= list.phrases.at[i - 1].score);
    }
    cr_expect_eq(key_phrases(arena, S(""), LANGUAGE_ENGLISH, NULL, 5).phrases.count, 0);
}

static const struct {
    const char *format, *text;
    DocumentType type;
} cases[] = {
    { "pdf", "INVOICE\nInvoice No. 17\nBill to: Acme\nAmount due: $5", DOCUMENT_TYPE_INVOICE },
    { "pdf", "Rechnung\nRechnungsnummer 17\nGesamtbetrag 5 EUR, MwSt 19 %", DOCUMENT_TYPE_INVOICE },
    { "docx", "This Agreement is made between the parties. Governing law. Termination.",
      DOCUMENT_TYPE_CONTRACT },
    { "docx", "Minutes of the board meeting\nAttendees: A, B\nAction items\nNext meeting in May",
      DOCUMENT_TYPE_MINUTES },
    { "docx", "Curriculum vitae\nWork experience\nEducation\nSkills", DOCUMENT_TYPE_CV },
    { "docx", "Dear Ms Hill,\n\nI write to thank you.\n\nYours sincerely,\nTom",
      DOCUMENT_TYPE_LETTER },
    { "pdf", "Abstract\nWe propose a method. Related work. Smith et al. References",
      DOCUMENT_TYPE_PAPER },
    { "xlsx", "whatever it says", DOCUMENT_TYPE_SPREADSHEET },
    { "pptx", "", DOCUMENT_TYPE_SLIDES },
    { "txt", "The cat sat on the mat.", DOCUMENT_TYPE_OTHER },
    { "txt", "", DOCUMENT_TYPE_OTHER },
};

Test(classify, documents_are_of_the_type_that_their_words_say)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    for (size_t i = 0; i < COUNT(cases); i++) {
        DocumentTypeFound found =
            document_type_of(arena, str(cases[i].text), str(cases[i].format), NULL);
        cr_expect_eq(found.type, cases[i].type, "%s: %s", cases[i].text,
                     document_type_name(found.type));
    }
}
