/* pattern_test.c - regular expressions: what they find, and that none takes for ever. */
#include "base/pattern.h"

#include <criterion/criterion.h>

Test(pattern, finds_the_first_match_from_a_byte_on)
{
    static const struct {
        const char *pattern, *text;
        size_t from, start, end; /* end 0: nowhere */
    } cases[] = {
        { "b+", "abbbcb", 0, 1, 4 },
        { "b+", "abbbcb", 4, 5, 6 },
        { "^\\d{4}-\\d{2}$", "2026-11", 0, 0, 7 },
        { "^\\w+$", "\xc3\xa4rger", 0, 0, 6 },
        { "\\p{Lu}", "a\xc3\x84", 0, 1, 3 },
        { "x", "abc", 0, 0, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_PATTERN Pattern *pattern = NULL;
        size_t start = 0, end = 0;
        Error err = { 0 };
        cr_assert(pattern_new(str(cases[i].pattern), &pattern, &err), "%s", err.message);
        bool found = pattern_find(pattern, str(cases[i].text), cases[i].from, &start, &end);
        cr_assert_eq(found, cases[i].end > 0, "%s", cases[i].pattern);
        cr_assert(start == cases[i].start && end == cases[i].end, "%s", cases[i].pattern);
    }
}

Test(pattern, what_is_none_is_refused_with_its_place)
{
    Pattern *pattern = NULL;
    Error err = { 0 };
    cr_assert_not(pattern_new(S("a(b"), &pattern, &err));
    cr_assert_str_eq(err.message,
                     "'a(b' is no regular expression: missing closing parenthesis at byte 3");
}

Test(pattern, one_that_takes_for_ever_does_not_match)
{
    AUTO_PATTERN Pattern *pattern = NULL;
    Error err = { 0 };
    cr_assert(pattern_new(S("^(a+)+$"), &pattern, &err));
    cr_assert_not(pattern_matches(pattern, S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab")));
}
