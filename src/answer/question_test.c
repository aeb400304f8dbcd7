/* question_test.c - questions as they are understood. */
#include <criterion/criterion.h>

#include "answer/answer_int.h"

static Str shown(Arena *arena, const Question *question)
{
    Buf out = buf_new(arena, KB(4));
    for (size_t i = 0; i < question->word_count; i++) {
        const QuestionWord *word = &question->words[i];
        buf_addf(&out, "%s" STR_FMT "%s%s%s", i ? " " : "", STR_ARG(word->text),
                 word->is_name ? "/name" : "", word->is_number ? "/number" : "",
                 word->is_weak ? "/weak" : "");
    }
    return buf_str(&out);
}

Test(answer, words_of_a_question_have_kinds)
{
    static const struct {
        const char *question, *words;
    } cases[] = {
        { "Which explorer named New Zealand Staten Land?",
          "explor name new/name zealand/name staten/name land/name" },
        { "At what age did Luthias save Tutha?", "age luthia/name save tutha/name" },
        { "How large is Lyft's headquarters?", "larg/weak lyft/name headquart" },
        { "What was the E-Gov budget in FY 2011?", "e/weak gov/name budget fy/name 2011/number" },
        { "How many people does the WHO employ?", "mani/weak peopl who/name employ" },
        { "What is the price of style P051JTWX?", "price style p051jtwx/name" },
        { "who is it?", "" },
        { "", "" },
    };
    Words *words = words_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(8));
        Question question = question_read(arena, words, str(cases[i].question));
        Str got = shown(arena, &question);
        cr_expect(str_is(got, cases[i].words), "%s: " STR_FMT, cases[i].question, STR_ARG(got));
    }
    words_free(words);
}

Test(answer, questions_tell_the_form_of_their_answer)
{
    static const struct {
        const char *question;
        AnswerForm form;
    } cases[] = {
        { "Who wrote it?", FORM_NAME },
        { "Whose portrait is on the cover?", FORM_NAME },
        { "Where was the meeting held?", FORM_PLACE },
        { "When was Aristotle born?", FORM_DATE },
        { "In what year were the provinces abolished?", FORM_DATE },
        { "On which date did it open?", FORM_DATE },
        { "How many members sit in parliament?", FORM_NUMBER },
        { "At what age did he retire?", FORM_NUMBER },
        { "How much did the drive cost?", FORM_MONEY },
        { "What did the drive cost?", FORM_MONEY },
        { "How much rain fell?", FORM_NUMBER },
        { "What share of the range is forest?", FORM_SHARE },
        { "To which e-mail address are applications sent?", FORM_ADDRESS },
        { "In which city is the party?", FORM_PLACE },
        { "How does Lyft identify a rider?", FORM_ANY },
        { "Explain the method.", FORM_ANY },
        { "Wer hat den Brief geschrieben?", FORM_NAME },
        { "Wie hoch ist der Kaufpreis?", FORM_NUMBER },
        { "Bis wann muss geliefert werden?", FORM_DATE },
        { "In welcher Stadt steht das Haus?", FORM_PLACE },
        { "Wie funktioniert der Motor?", FORM_ANY },
        { "Quel est le prix du billet ?", FORM_MONEY },
        { "Où se trouve le bureau ?", FORM_PLACE },
    };
    Words *words = words_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(8));
        Question question = question_read(arena, words, str(cases[i].question));
        cr_expect_eq(question.form, cases[i].form, "%s: %d", cases[i].question, question.form);
    }
    words_free(words);
}

Test(answer, a_refusal_is_in_the_language_of_the_question)
{
    static const struct {
        const char *question, *refusal;
    } cases[] = {
        { "Who wrote it?", "The library does not say." },
        { "Wer hat das geschrieben?", "Die Bibliothek sagt dazu nichts." },
        { "Qui a écrit ce livre et pourquoi ?", "La bibliothèque n’en dit rien." },
        { "xyzzy", "The library does not say." },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str refusal = refusal_for(str(cases[i].question));
        cr_expect(str_is(refusal, cases[i].refusal), "%s: " STR_FMT, cases[i].question,
                  STR_ARG(refusal));
        cr_expect(is_refusal(refusal));
    }
    cr_expect(!is_refusal(S("The library says so.")));
}

Test(answer, a_follow_up_is_completed_and_a_full_question_is_not)
{
    static const struct {
        const char *question, *before, *complete;
    } cases[] = {
        { "and in 2020?", "What was the revenue of Lyft in 2021?", "and in 2020? revenue Lyft" },
        { "What about Uber?", "What was the revenue of Lyft in 2021?",
          "What about Uber? revenue 2021" },
        { "Who founded it?", "Which company is called Zimride?",
          "Who founded it? company Zimride" },
        { "Why?", "What did the court decide about Uber?", "Why? court decide Uber" },
        { "When was Aristotle born?", "Who is Plato?", "When was Aristotle born?" },
        { "Which layer handles client interactions?", "Who is Plato?",
          "Which layer handles client interactions?" },
        { "and in 2020?", "", "and in 2020?" },
    };
    Words *words = words_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(8));
        Str got = question_complete(arena, words, str(cases[i].question), str(cases[i].before));
        cr_expect(str_is(got, cases[i].complete), "%s: " STR_FMT, cases[i].question, STR_ARG(got));
    }
    words_free(words);
}

Test(answer, a_question_for_two_things_is_two_questions)
{
    static const struct {
        const char *question, *first, *second;
    } cases[] = {
        { "When was Aristotle born and when did Abel Tasman sight New Zealand?",
          "When was Aristotle born", "when did Abel Tasman sight New Zealand?" },
        { "In what year was Lyft incorporated, and to what name did it change in 2008?",
          "In what year was Lyft incorporated",
          "to what name did it change in 2008? year Lyft incorporated" },
        { "What job titles do Forrest Gump and Michael Angstadt have?",
          "What job titles do Forrest Gump have?", "What job titles do Michael Angstadt have?" },
        { "How many arrests did ICE make in FY 2011 and in FY 2010?",
          "How many arrests did ICE make in FY 2011 ?",
          "How many arrests did ICE make in FY 2010?" },
        { "What are supply and demand?", "What are supply and demand?", NULL },
        { "Who maintains the theme?", "Who maintains the theme?", NULL },
    };
    Words *words = words_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(8));
        QuestionParts parts = question_split(arena, words, str(cases[i].question));
        cr_expect_eq(parts.count, cases[i].second ? 2 : 1, "%s: %zu", cases[i].question,
                     parts.count);
        for (size_t p = 0; p < parts.count; p++) {
            const char *expected = p ? cases[i].second : cases[i].first;
            cr_expect(str_is(str_trim(parts.at[p]), expected), "%s: '" STR_FMT "'",
                      cases[i].question, STR_ARG(parts.at[p]));
        }
    }
    words_free(words);
}

Test(answer, questions_for_numbers_of_documents_go_to_the_tables)
{
    static const struct {
        const char *question, *extensions, *shown; /* shown NULL: no such question */
    } cases[] = {
        { "How many Jupyter notebooks (.ipynb) are in the library?", "ipynb",
          "Jupyter notebooks (.ipynb)" },
        { "How many PDF files are there?", "pdf", "PDF files" },
        { "How many PDFs do I have?", "pdf", "PDFs" },
        { "How many dbf files are in my library?", "dbf", "dbf files" },
        { "How many documents are in the library?", "", "documents" },
        { "how many e-mails have been uploaded?", "eml msg", "e-mails" },
        { "How many members are in the Finnish parliament?", NULL, NULL },
        { "How many documents did the FBI seize?", NULL, NULL },
        { "How many books are in the library of Alexandria?", NULL, NULL },
        { "Which files are in the library?", NULL, NULL },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(8));
        CountQuestion counts = { 0 };
        bool counting = question_counts(arena, str(cases[i].question), &counts);
        cr_expect_eq(counting, cases[i].shown != NULL, "%s", cases[i].question);
        if (!counting)
            continue;
        Str got = str_join(arena, counts.extensions.at, counts.extensions.count, S(" "));
        cr_expect(str_is(got, cases[i].extensions), "%s: " STR_FMT, cases[i].question,
                  STR_ARG(got));
        cr_expect(str_is(counts.shown, cases[i].shown), "%s: " STR_FMT, cases[i].question,
                  STR_ARG(counts.shown));
    }
}

Test(question, other_words_for_the_same_are_known)
{
    static const struct {
        const char *question, *word, *alias;
    } cases[] = {
        { "How many members sit in the Finnish parliament?", "Finnish", "finland" },
        { "Who leads the parliament of Finland?", "Finland", "finnish" },
        { "What was reviewed in March 1997?", "March", "03" },
        { "Who went to the March in Washington?", "March", "" },
    };
    Words *words = words_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(8));
        Question question = question_read(arena, words, str(cases[i].question));
        const QuestionWord *word = NULL;
        for (size_t j = 0; j < question.word_count; j++)
            if (str_is(question.words[j].written, cases[i].word))
                word = &question.words[j];
        cr_assert_not_null(word, "%s", cases[i].question);
        cr_expect(str_is(word->alias, cases[i].alias), "%s: " STR_FMT, cases[i].question,
                  STR_ARG(word->alias));
    }
    words_free(words);
}

Test(question, a_search_for_what_is_of_a_country_looks_for_the_country_too)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    cr_expect(str_is(question_widened(arena, S("How large is the Finnish parliament?")),
                     "How large is the Finnish parliament? finland"));
    cr_expect(
        str_is(question_widened(arena, S("How large is the house?")), "How large is the house?"));
}

Test(answer, a_question_has_words_that_say_what_is_asked_for)
{
    static const struct {
        const char *question, *focus;
        bool is_counted, is_money, is_measured;
    } cases[] = {
        { "How many eggs does a blobfish lay?", "egg", true, false, false },
        { "How many members of parliament are there?", "member", true, false, false },
        { "How tall was Aristotle?", "tall", false, false, true },
        { "What is Maggie Cruz's phone number in Houston?", "phone number", false, false, false },
        { "What length does the wire have?", "length", false, false, true },
        { "Who founded tealbook?", "found tealbook", false, false, false },
        { "Whose portrait is the cover?", "portrait", false, false, false },
        { "What does a ticket cost?", "ticket cost", false, true, false },
        { "How much did they pay for it?", "", true, true, false },
        { "Who paid for the study?", "paid", false, false, false },
        { "Tell me about Finland", "", false, false, false },
        { "How many", "", true, false, false },
        { "What is", "", false, false, false },
        { "", "", false, false, false },
    };
    Words *words = words_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(8));
        Question question = question_read(arena, words, str(cases[i].question));
        Buf got = buf_new(arena, KB(1));
        for (size_t w = 0; w < question.word_count; w++)
            if (question.focus >> w & 1)
                buf_addf(&got, "%s" STR_FMT, got.length ? " " : "",
                         STR_ARG(question.words[w].text));
        cr_expect(str_is(buf_str(&got), cases[i].focus), "%s: " STR_FMT, cases[i].question,
                  STR_ARG(buf_str(&got)));
        cr_expect_eq(question.is_counted, cases[i].is_counted, "%s", cases[i].question);
        cr_expect_eq(question.is_money, cases[i].is_money, "%s", cases[i].question);
        cr_expect_eq(question.measure != NULL, cases[i].is_measured, "%s", cases[i].question);
    }
    words_free(words);
}
