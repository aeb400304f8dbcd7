/* grade_test.c - answers that are right, nearly right and wrong. */
#include "study/grade.h"

#include <criterion/criterion.h>

static const struct {
    const char *right, *given;
    double score;
    GradeHow how;
} cases[] = {
    { "the Danube", "Danube", 1, GRADED_EXACT },
    { "the Danube", "  danube. ", 1, GRADED_EXACT },
    { "photosynthesis", "photosinthesis", 1, GRADED_SPELLING },
    { "photosynthesis", "photosynthsies", 1, GRADED_SPELLING },
    { "iron", "lron", 0, GRADED_DIFFERS },
    { "1998", "1998", 1, GRADED_EXACT },
    { "1998", "in 1998", 1, GRADED_NUMBER },
    { "1998", "1989", 0, GRADED_NUMBER },
    { "1,500 m", "1.5 km", 1, GRADED_NUMBER },
    { "1.5 km", "1500 metres", 1, GRADED_NUMBER },
    { "1.5 km", "1.5", 1, GRADED_NUMBER },
    { "1.5 m", "1,5 m", 1, GRADED_NUMBER },
    { "1.5 km", "1.5 kg", 0, GRADED_NUMBER },
    { "$250", "250 dollars", 1, GRADED_NUMBER },
    { "12 %", "12 percent", 1, GRADED_NUMBER },
    { "90 minutes", "1.5 hours", 1, GRADED_NUMBER },
    { "between 5 and 10", "5", 0, GRADED_NUMBER },
    { "the keeper of the lighthouse", "lighthouse keeper", 1, GRADED_WORDS },
    { "it is allowed", "it is not allowed", 0, GRADED_DIFFERS },
    { "red blood cells carry oxygen", "oxygen is carried by red cells", 1, GRADED_WORDS },
    { "red blood cells carry oxygen", "cells carry the oxygen", 0.5, GRADED_WORDS },
    { "the Black\nForest", "black\t forest", 1, GRADED_EXACT },
    { "the Danube", "", 0, GRADED_EMPTY },
    { "the Danube", " \n", 0, GRADED_EMPTY },
    { "the Danube", "the Rhine", 0, GRADED_DIFFERS },
};

Test(study, an_answer_is_graded_as_a_patient_teacher_would)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Words *words = words_new();
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str right = str(cases[i].right);
        GradeRequest request = { .given = str(cases[i].given), .accepted = { &right, 1 } };
        request.language = language_named(S("en"));
        Grade grade = grade_answer(arena, words, &request);
        cr_expect(grade.score == cases[i].score && grade.how == cases[i].how, "%s, %s: %g %s",
                  cases[i].right, cases[i].given, grade.score, grade_how_name(grade.how));
    }
    words_free(words);
}

static double all_alike(void *self, Str a, Str b)
{
    (void)a, (void)b;
    return *(double *)self;
}

Test(study, meaning_alone_is_right_in_part_and_never_beats_a_number)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Words *words = words_new();
    double cosine = 0.95;
    Str right[] = { S("the doctor of the village"), S("in 1998") };
    GradeRequest request = { .given = S("the physician"),
                             .accepted = { right, 1 },
                             .likeness = all_alike,
                             .self = &cosine };
    cr_expect(grade_answer(arena, words, &request).score == 0.5);
    request.given = S("the village physician");
    cr_expect(grade_answer(arena, words, &request).score == 1);
    cosine = 0.2;
    cr_expect(grade_answer(arena, words, &request).score == 0.5);
    cosine = 0.99;
    request.accepted = (StrList){ right + 1, 1 };
    request.given = S("in 1997");
    cr_expect(grade_answer(arena, words, &request).score == 0);
    request.accepted = (StrList){ right, 2 };
    request.given = S("1998");
    cr_expect(grade_answer(arena, words, &request).score == 1);
    words_free(words);
}
