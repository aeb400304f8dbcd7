#include "account/key_scopes.h"

#include <criterion/criterion.h>

Test(key_scopes, a_set_allows_what_is_in_it)
{
    static const struct {
        const char *words;
        unsigned needed;
        bool allowed;
    } cases[] = {
        { "", KEY_READ, true },
        { "", KEY_ADMIN | KEY_WRITE, true },
        { "", KEY_SCIM, false },
        { "read", KEY_READ, true },
        { "read", KEY_WRITE, false },
        { "read", KEY_READ | KEY_WRITE, false },
        { "read write", KEY_READ | KEY_WRITE, true },
        { "scim", KEY_SCIM, true },
        { "scim", KEY_READ, false },
        { "admin", KEY_SCIM, false },
        { "of-tomorrow", KEY_READ, false },
        { "read of-tomorrow", KEY_READ, true },
        { "read", 1u << 31, false },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(key_scopes_allow(key_scopes_read(str(cases[i].words)), cases[i].needed) ==
                      cases[i].allowed,
                  "'%s' %x", cases[i].words, cases[i].needed);
}

Test(key_scopes, words_come_back_as_they_were_wished)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Str wished[] = { S("write"), S("read"), S("write") }, wrong[] = { S("read"), S("root") };
    unsigned scopes = 0;
    Error err = { 0 };
    cr_expect(key_scopes_wished((StrList){ wished, 3 }, &scopes, &err));
    cr_expect(str_is(key_scopes_words(arena, scopes), "read write"));
    cr_expect(key_scopes_wished((StrList){ 0 }, &scopes, &err) && scopes == 0);
    cr_expect(!key_scopes_wished((StrList){ wrong, 2 }, &scopes, &err));
    cr_expect_str_eq(err.field, "scopes");
}
