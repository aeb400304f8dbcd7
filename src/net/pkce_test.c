/* pkce_test.c - the challenge of RFC 7636. */
#include "net/pkce.h"

#include <criterion/criterion.h>

Test(pkce, a_challenge_is_the_one_of_the_standard)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    /* RFC 7636, appendix B. */
    Str challenge = pkce_challenge(arena, S("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
    cr_expect(str_is(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"), STR_FMT,
              STR_ARG(challenge));
    Str a = pkce_verifier(arena), b = pkce_verifier(arena);
    cr_expect(a.length == 43 && !str_equal(a, b));
}
