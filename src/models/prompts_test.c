/* prompts_test.c - variables of prompts, and who gets which version. */
#include <criterion/criterion.h>

#include "models/prompts.h"

Test(models, variables_are_filled_and_nothing_else_is)
{
    static const struct {
        const char *template, *values, *filled; /* filled NULL: a value is missing */
    } cases[] = {
        { "Hello {{name}}!", "{\"name\":\"Ada\"}", "Hello Ada!" },
        { "{{ a }}{{b}}", "{\"a\":1,\"b\":true}", "1true" },
        { "{{a}}", "{\"a\":\"{{b}}\"}", "{{b}}" }, /* a value is no template */
        { "{ {a}} {{}} {{a-b}} {{", "{}", "{ {a}} {{}} {{a-b}} {{" },
        { "{{a}}", "{}", NULL },
        { "{{a}}", "{\"a\":[]}", NULL },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_JSON json_t *values = json_loads(cases[i].values, 0, NULL);
        Error err = { 0 };
        Str filled = S("");
        bool good = prompt_fill(arena, str(cases[i].template), values, &filled, &err);
        cr_expect(good == (cases[i].filled != NULL), "%s", cases[i].template);
        cr_expect(!good || str_is(filled, cases[i].filled), STR_FMT, STR_ARG(filled));
    }
}

Test(models, a_variable_that_is_never_closed_is_refused_where_it_stands)
{
    static const struct {
        const char *template, *message; /* NULL: good */
    } cases[] = {
        { "{{a}} { {b}} {{}} {{a-b}} }} {{{c}}}", NULL },
        { "Für {{a", "the {{ at character 5 has no }} behind it: '{{a'" },
        { "{{a}} {{b {{c}}", "the {{ at character 7 has no }} behind it: '{{b {{c}}'" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Error err = { 0 };
        Prompt prompt = { .template = S("{{x}}"), .system = str(cases[i].template) };
        cr_expect_eq(prompt_check(&prompt, &err), !cases[i].message);
        cr_expect(!cases[i].message || strcmp(err.message, cases[i].message) == 0, "%s",
                  err.message);
        cr_expect(!cases[i].message || strcmp(err.field, "system") == 0);
    }
}

Test(models, a_share_of_people_get_another_version_and_keep_it)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    const Str shares = S("[{\"version\":2,\"percent\":30}]");
    int tried = 0;
    Error err = { 0 };
    for (int i = 0; i < 1000; i++) {
        int64_t first, second;
        Str who = str_format(arena, "person %d", i);
        cr_assert(prompt_choose(arena, shares, who, 5, &first, &err));
        cr_assert(prompt_choose(arena, shares, who, 5, &second, &err));
        cr_expect(first == second && (first == 2 || first == 5));
        tried += first == 2;
    }
    cr_expect(tried > 240 && tried < 360, "%d", tried);
    int64_t version;
    cr_expect(!prompt_choose(arena,
                             S("[{\"version\":1,\"percent\":60},{\"version\":2,\"percent\":60}]"),
                             S("x"), 1, &version, &err));
    cr_expect(!prompt_choose(arena, S("{}"), S("x"), 1, &version, &err));
}
