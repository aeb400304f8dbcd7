#include "store/scope.h"

#include <criterion/criterion.h>

/* Which role may do what another may, make one, and what is left of two: by the numbers alone an
 * auditor would be everybody's to make. */
Test(scope, an_auditor_is_made_by_administrators_alone)
{
    static const struct {
        Role role, other;
        bool covers;
        Role higher, lower;
    } cases[] = {
        { ROLE_READER, ROLE_AUDITOR, false, ROLE_READER, ROLE_NONE },
        { ROLE_EDITOR, ROLE_AUDITOR, false, ROLE_EDITOR, ROLE_NONE },
        { ROLE_ADMIN, ROLE_AUDITOR, true, ROLE_ADMIN, ROLE_AUDITOR },
        { ROLE_OWNER, ROLE_AUDITOR, true, ROLE_OWNER, ROLE_AUDITOR },
        { ROLE_AUDITOR, ROLE_AUDITOR, true, ROLE_AUDITOR, ROLE_AUDITOR },
        { ROLE_AUDITOR, ROLE_READER, false, ROLE_READER, ROLE_NONE },
        { ROLE_NONE, ROLE_AUDITOR, false, ROLE_AUDITOR, ROLE_NONE },
        { ROLE_EDITOR, ROLE_READER, true, ROLE_EDITOR, ROLE_READER },
        { ROLE_READER, ROLE_EDITOR, false, ROLE_EDITOR, ROLE_READER },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Role role = cases[i].role, other = cases[i].other;
        cr_expect(role_covers(role, other) == cases[i].covers, "covers %zu", i);
        cr_expect(role_higher(role, other) == cases[i].higher, "higher %zu", i);
        cr_expect(role_lower(role, other) == cases[i].lower, "lower %zu", i);
    }
}

Test(scope, an_auditor_looks_where_it_is_said_and_nowhere_else)
{
    Scope auditor = { .role = ROLE_AUDITOR }, nobody = { .role = ROLE_NONE };
    Error err;
    for (Role role = ROLE_READER; role <= ROLE_OWNER; role++) {
        cr_expect(!scope_needs(&auditor, role, &err) && err.code == ERROR_DENIED);
        cr_expect(scope_may_look(&auditor, role, &err));
        cr_expect(!scope_may_look(&nobody, role, &err));
    }
}

Test(scope, roles_are_read_as_they_are_written)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    for (Role role = ROLE_AUDITOR; role <= ROLE_OWNER; role++)
        cr_expect(role_named(str(role_name(role))) == role);
    cr_expect(role_named(S("none")) == ROLE_NONE && role_named(S("root")) == ROLE_NONE);
    cr_expect(str_is(role_words(arena, ROLE_ADMIN), "auditor, reader, editor or admin"));
}

Test(scope, a_file_of_a_limited_key_lands_in_a_collection_of_the_key)
{
    static const struct {
        const char *collections, *asked, *lands;
        ErrorCode code;
    } cases[] = {
        { "", "", "", ERROR_NONE },
        { "", "any", "any", ERROR_NONE },
        { "one", "", "one", ERROR_NONE },
        { "one", "one", "one", ERROR_NONE },
        { "one", "two", NULL, ERROR_NOT_FOUND },
        { "one two", "two", "two", ERROR_NONE },
        { "one two", "", NULL, ERROR_INVALID },
        { "one two", "on", NULL, ERROR_NOT_FOUND },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Scope scope = { .collections = str(cases[i].collections) };
        Str collection = str(cases[i].asked);
        Error err = { 0 };
        cr_expect(scope_landing(&scope, &collection, &err) == (cases[i].lands != NULL), "%zu", i);
        cr_expect(err.code == cases[i].code, "%zu", i);
        cr_expect(!cases[i].lands || str_is(collection, cases[i].lands), "%zu", i);
    }
}
