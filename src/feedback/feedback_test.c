/* feedback_test.c - what is worse than the rest, beyond chance. */
#include <criterion/criterion.h>

#include "feedback/feedback.h"

Test(feedback, worse_is_what_chance_does_not_explain)
{
    static const struct {
        int64_t good, bad;
        double usual;
        bool is_worse;
    } cases[] = {
        { 0, 0, 0.1, false },    { 0, 2, 0.1, false },     { 0, 3, 0.1, true },
        { 2, 10, 0.1, true },    { 11, 1, 0.4, false },    { 5, 5, 0.5, false },
        { 50, 50, 0.45, false }, { 500, 500, 0.45, true }, { 0, 3, 0.9, false },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(feedback_is_worse(cases[i].good, cases[i].bad, cases[i].usual),
                     cases[i].is_worse, "%zu", i);
}
