/* open_names_test.c - only so many names of a workspace are recorded. */
#include <criterion/criterion.h>

#include "gateway/open_names.h"

Test(gateway, the_first_names_of_a_workspace_are_recorded_and_others_as_other)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    OpenNames *names = open_names_new();
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < OPEN_NAMES_EACH + 10; i++) {
            Str model = str_format(arena, "model-%d", i);
            Str expected = i < OPEN_NAMES_EACH ? model : S("other");
            cr_assert(str_equal(open_name(names, S("one"), model), expected));
        }
    cr_expect(str_is(open_name(names, S("two"), S("model-505")), "model-505"));
    cr_expect(str_is(open_name(names, S("two"), str_format(arena, "%0300d", 1)), "other"));
    open_names_free(names);
    open_names_free(NULL);
}

Test(gateway, all_workspaces_together_have_a_limit_of_names)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    OpenNames *names = open_names_new();
    int kept = 0;
    for (int i = 0; i < OPEN_NAMES_MAX + 1000; i++) {
        Str workspace = str_format(arena, "workspace-%d", i % 100);
        Str model = str_format(arena, "model-%d", i);
        kept += !str_is(open_name(names, workspace, model), "other");
    }
    cr_expect_eq(kept, OPEN_NAMES_MAX);
    open_names_free(names);
}
